/*
 * Through ssh. In: a host. Out: an address that leads to a port of that host's
 * loopback, and ssh's own words when it does not.
 *
 * libcurl wants to connect by itself (7.88 can't do with a socket that is
 * connected already), so it connects to a socket of ours, and ssh gets the
 * other end.
 *
 * ssh asks nothing (BatchMode), and does not become the master of other
 * connections, which would end with it.
 */
#include "client/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char worker[] = TARGET_LOOPBACK ":" TARGET_PORT;

enum {
	BACKLOG = 16,
	WORDS_MAX = 1024, /* of what ssh says, the last ones */
};

struct tunnel {
	pid_t pid;     /* 0: it does not run */
	int listening; /* -1: not any more */
	int words;     /* what it writes to stderr; -1: not yet */
};

/*
 * The address is of the abstract kind that the kernel makes up: it goes with
 * the socket, and has no more bytes than a struct sockaddr.
 */
static bool listen_somewhere(
	int fd, struct sockaddr *ret_address, socklen_t *ret_size)
{
	const struct sockaddr any = {.sa_family = AF_UNIX};

	*ret_size = sizeof(*ret_address);
	return fd >= 0 && bind(fd, &any, sizeof(any.sa_family)) == 0 &&
	       listen(fd, BACKLOG) == 0 &&
	       getsockname(fd, ret_address, ret_size) == 0 &&
	       *ret_size <= sizeof(*ret_address);
}

struct tunnel *tunnel_open(struct sockaddr *ret_address, socklen_t *ret_size,
	struct failure *failure)
{
	struct tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (!tunnel) {
		failure_set(failure, 1, "out of memory");
		return NULL;
	}
	tunnel->words = -1;
	tunnel->listening =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listen_somewhere(tunnel->listening, ret_address, ret_size))
		return tunnel;
	failure_set(failure, 1, "no socket for ssh: %s", strerror(errno));
	tunnel_close(tunnel);
	return NULL;
}

/* Anybody on this machine may connect to such a socket: only we count. */
static bool is_ours(int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       peer.pid == getpid();
}

/* Returns the other end of our connection, -1: there is none. */
static int accept_own(int listening)
{
	int fd;

	while ((fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		if (is_ours(fd))
			return fd;
		close(fd);
	}
	return -1;
}

/* Runs ssh on a socket and a pipe. Returns an error number. */
static int run(struct tunnel *tunnel, const struct ssh *ssh, int socket)
{
	/* a host that dies without a word is noticed in 20 to 30 s */
	static const char *const options[] = {"-o", "BatchMode=yes", "-o",
		"ControlMaster=no", "-o", "ConnectTimeout=10", "-o",
		"ServerAliveInterval=10", "-o", "ServerAliveCountMax=2", "-W",
		worker, NULL};
	int pipes[2];
	int error;

	/* neither side waits for the other: words too many are lost */
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0)
		return errno;
	tunnel->words = pipes[0];
	error = ssh_run(ssh, options, (const int[]){socket, socket, pipes[1]},
		&tunnel->pid);
	if (error)
		tunnel->pid = 0;
	close(pipes[1]);
	return error;
}

bool tunnel_start(
	struct tunnel *tunnel, const struct ssh *ssh, struct failure *failure)
{
	int socket = accept_own(tunnel->listening);
	int error = errno;

	close(tunnel->listening);
	tunnel->listening = -1;
	if (socket >= 0) {
		error = run(tunnel, ssh, socket);
		close(socket);
	}
	if (!error)
		return true;
	return failure_set(failure, 1,
		"ssh can't be run: %s (install OpenSSH's client, or name one "
		"by -ssh)",
		strerror(error));
}

/* The last line of a text, in place. */
static const char *last_line(char *text)
{
	size_t size = strlen(text);
	char *line;

	while (size > 0 && strchr("\r\n", text[size - 1]))
		text[--size] = '\0';
	line = strrchr(text, '\n');
	return line ? line + 1 : text;
}

/* Reads what ssh has said; keeps the end of it. */
static void read_words(struct tunnel *tunnel, char words[WORDS_MAX])
{
	size_t used = 0;
	ssize_t size;

	while ((size = read(tunnel->words, words + used,
			WORDS_MAX - 1 - used)) > 0) {
		used += (size_t)size;
		if (used < WORDS_MAX - 1)
			continue;
		used = WORDS_MAX / 2;
		memmove(words, words + WORDS_MAX - 1 - used, used);
	}
	words[used] = '\0';
}

static const char *advice(const char *words)
{
	if (strstr(words, "administratively prohibited"))
		return " (AllowTcpForwarding of sshd there is in the way)";
	if (strstr(words, "open failed"))
		return " (no worker there: systemctl enable --now "
		       "ddump-worker.socket)";
	if (strstr(words, "Permission denied"))
		return " (ssh must not have to ask: use keys, or an agent)";
	if (strstr(words, "Host key verification failed"))
		return " (log in there once by ssh, to accept its key)";
	return "";
}

void tunnel_explain(struct tunnel *tunnel, bool begun, struct failure *failure)
{
	const struct failure before = *failure;
	char words[WORDS_MAX];
	const char *line;

	if (tunnel->words < 0)
		return;
	read_words(tunnel, words);
	line = last_line(words);
	if (strncmp(line, "ssh: ", strlen("ssh: ")) == 0)
		line += strlen("ssh: ");
	if (!*line)
		return;
	if (begun)
		failure_set(failure, 1, "%s; ssh: %s", before.text, line);
	else
		failure_set(failure, 1, "ssh: %s%s", line, advice(words));
}

void tunnel_close(struct tunnel *tunnel)
{
	if (!tunnel)
		return;
	if (tunnel->listening >= 0)
		close(tunnel->listening);
	if (tunnel->words >= 0)
		close(tunnel->words);
	if (tunnel->pid > 0)
		ssh_end(tunnel->pid);
	free(tunnel);
}
