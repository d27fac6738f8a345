/* SPDX-License-Identifier: MIT */
/*
 * Tunnel through ssh(1). In: a host. Out: an address that is forwarded to the
 * worker on that host's loopback, and ssh's error message.
 *
 * libcurl needs to connect by itself (7.88 cannot use a connected socket). So
 * it connects to a listening socket of ddump, and ssh gets the accepted one.
 *
 * ssh never prompts (BatchMode). It does not become the master of other
 * connections (ControlMaster), which would end together with this one.
 */
#include "client/ssh_tunnel.h"

#include "client/child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char worker[] = TARGET_LOOPBACK ":" TARGET_PORT;

enum {
	BACKLOG = 16,
	STDERR_SIZE = 1024, /* the end of ssh's stderr that is kept */
};

struct ssh_tunnel {
	pid_t pid;     /* 0: not started */
	int listening; /* -1: closed */
	int stderr_fd; /* a pipe from ssh's stderr; -1: not started */
};

/*
 * Listens at an abstract address that the kernel assigns: it needs no file, and
 * fits into a struct sockaddr.
 */
static bool listen_on_abstract(int fd, struct sockaddr *ret_address, socklen_t *ret_size)
{
	const struct sockaddr any = {.sa_family = AF_UNIX};

	*ret_size = sizeof(*ret_address);
	if (fd < 0 || bind(fd, &any, sizeof(any.sa_family)) != 0)
		return false;
	if (listen(fd, BACKLOG) != 0 || getsockname(fd, ret_address, ret_size) != 0)
		return false;
	return *ret_size <= sizeof(*ret_address);
}

struct ssh_tunnel *ssh_tunnel_open(
	struct sockaddr *ret_address, socklen_t *ret_size, struct error *error)
{
	struct ssh_tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (!tunnel) {
		error_set(error, 1, "out of memory");
		return NULL;
	}
	tunnel->stderr_fd = -1;
	tunnel->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listen_on_abstract(tunnel->listening, ret_address, ret_size))
		return tunnel;
	error_set(error, 1, "cannot open a socket for ssh: %s", strerror(errno));
	ssh_tunnel_free(tunnel);
	return NULL;
}

/* Was the connection made by this process? Any process can connect. */
static bool is_own_connection(int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

/* Returns the accepted socket of this process, or -1. */
static int accept_own_connection(int listening)
{
	int fd;

	while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (is_own_connection(fd))
			return fd;
		close(fd);
	}
	return -1;
}

/* Starts ssh on a socket and a pipe. Returns an error number. */
static int start_ssh(struct ssh_tunnel *tunnel, const struct ssh_process *ssh, int socket)
{
	/* ssh ends 20 to 30 s after its host stops responding */
	static const char *const options[] = {"-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o",
		"ConnectTimeout=10", "-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=2",
		"-W", worker, NULL};
	int pipes[2];
	int error_number;

	/* ssh does not wait if the pipe is full: the rest is lost */
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0)
		return errno;
	tunnel->stderr_fd = pipes[0];
	error_number = ssh_process_start(
		ssh, options, (const int[]){socket, socket, pipes[1]}, &tunnel->pid);
	if (error_number)
		tunnel->pid = 0;
	close(pipes[1]);
	return error_number;
}

bool ssh_tunnel_start(struct ssh_tunnel *tunnel, const struct ssh_process *ssh, struct error *error)
{
	int socket = accept_own_connection(tunnel->listening);
	int error_number = errno;

	close(tunnel->listening);
	tunnel->listening = -1;
	if (socket >= 0) {
		error_number = start_ssh(tunnel, ssh, socket);
		close(socket);
	}
	if (!error_number)
		return true;
	return error_set(error, 1,
		"cannot run ssh: %s; install the OpenSSH client, or try -ssh COMMAND",
		strerror(error_number));
}

/* Returns the last line of a text; truncates the text. */
static const char *cut_last_line(char *text)
{
	size_t size = strlen(text);
	char *line;

	while (size > 0 && strchr("\r\n", text[size - 1]))
		text[--size] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/* Reads what ssh has written to stderr, and keeps the end of it. */
static void read_stderr(struct ssh_tunnel *tunnel, char text[STDERR_SIZE])
{
	size_t used = 0;
	ssize_t size;

	while ((size = read(tunnel->stderr_fd, text + used, STDERR_SIZE - 1 - used)) > 0) {
		used += (size_t)size;
		if (used < STDERR_SIZE - 1)
			continue;
		used = STDERR_SIZE / 2;
		memmove(text, text + STDERR_SIZE - 1 - used, used);
	}
	text[used] = '\0';
}

/* ssh exits with 255 for every error: only its text names the cause. */
static const char *find_advice(const char *text)
{
	static const struct {
		const char *part;
		const char *advice;
	} advices[] = {
		{"administratively prohibited", "; try AllowTcpForwarding yes for the host's sshd"},
		{"open failed", "; try systemctl enable --now ddump-worker.socket on the host, or "
				"tcpdump+ssh://"},
		{"Permission denied", "; ssh cannot prompt, try a key or an agent"},
		{"Host key verification failed", "; log in with ssh once to accept the host key"},
	};

	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (strstr(text, advices[i].part))
			return advices[i].advice;
	return "";
}

void ssh_tunnel_explain(struct ssh_tunnel *tunnel, bool has_response, struct error *error)
{
	const struct error before = *error;
	char text[STDERR_SIZE];
	const char *line;

	if (tunnel->stderr_fd < 0)
		return;
	read_stderr(tunnel, text);
	line = cut_last_line(text);
	if (strncmp(line, "ssh: ", strlen("ssh: ")) == 0)
		line += strlen("ssh: ");
	if (!*line)
		return;
	if (has_response)
		error_set(error, 1, "%s; ssh: %s", before.text, line);
	else
		error_set(error, 1, "ssh: %s%s", line, find_advice(text));
}

void ssh_tunnel_free(struct ssh_tunnel *tunnel)
{
	if (!tunnel)
		return;
	if (tunnel->listening >= 0)
		close(tunnel->listening);
	if (tunnel->stderr_fd >= 0)
		close(tunnel->stderr_fd);
	if (tunnel->pid > 0)
		child_process_end(tunnel->pid);
	free(tunnel);
}
