/*
 * Through ssh. In: a host. Out: an address that leads to a port of that host's
 * loopback, and ssh's own words when it does not.
 *
 * libcurl wants to connect by itself (7.88 can't do with a socket that is
 * connected already), so it connects to a socket of ours, and ssh gets the
 * other end.
 *
 * ssh runs in a session of its own: no terminal to ask at, no Ctrl-C before we
 * have drained, and one process group to end. It asks nothing (BatchMode), and
 * does not become the master of other connections, which would end with it.
 */
#include "client/tunnel.h"

#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char worker[] = TARGET_LOOPBACK ":" TARGET_PORT;

enum {
	BACKLOG = 16,
	ARGUMENTS_MAX = 32,
	WORDS_MAX = 1024,   /* of what ssh says, the last ones */
	CONFIG_MAX = 16384, /* of ssh -G, and how long that may take */
	CONFIG_MS = 2000,
	PATIENCE_MS = 200,
	STEP_MS = 1,
};

struct tunnel {
	pid_t pid;     /* 0: it does not run */
	int listening; /* -1: not any more */
	int words;     /* what it writes to stderr; -1: not yet */
};

/* "sh -c 'exec COMMAND "$@"' COMMAND …", as git and rsync take theirs. */
static void add_command(const char **argv, size_t *count, const char *command,
	char **ret_script)
{
	*ret_script = NULL;
	if (!command) {
		argv[(*count)++] = "ssh";
		return;
	}
	if (asprintf(ret_script, "exec %s \"$@\"", command) < 0)
		*ret_script = NULL;
	argv[(*count)++] = "sh";
	argv[(*count)++] = "-c";
	argv[(*count)++] = *ret_script;
	argv[(*count)++] = command;
}

/* The last arguments: where to. */
static void add_host(
	const char **argv, size_t *count, const struct target *target)
{
	if (target->ssh_port) {
		argv[(*count)++] = "-p";
		argv[(*count)++] = target->ssh_port;
	}
	if (target->ssh_user) {
		argv[(*count)++] = "-l";
		argv[(*count)++] = target->ssh_user;
	}
	argv[(*count)++] = "--";
	argv[(*count)++] = target->ssh_host;
}

/* A host that dies without a word is noticed in 20 to 30 s. */
static void add_options(const char **argv, size_t *count)
{
	static const char *const fixed[] = {"-o", "BatchMode=yes", "-o",
		"ControlMaster=no", "-o", "ConnectTimeout=10", "-o",
		"ServerAliveInterval=10", "-o", "ServerAliveCountMax=2", "-W",
		worker};

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		argv[(*count)++] = fixed[i];
}

/* Starts argv with what is to be its descriptors 0 to 2; an error number. */
static int spawn(pid_t *ret_pid, const char **argv, const int ends[3])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	sigset_t none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_adddup2(&actions, ends[fd], fd);
	/* libcurl's sockets are not closed by exec: other targets' streams */
	posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID |
						      POSIX_SPAWN_SETSIGDEF |
						      POSIX_SPAWN_SETSIGMASK);
	error = posix_spawnp(ret_pid, argv[0], &actions, &attributes,
		(char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error;
}

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
static int run(struct tunnel *tunnel, const struct target *target,
	const char *command, int socket)
{
	const char *argv[ARGUMENTS_MAX] = {NULL};
	char *script = NULL;
	size_t count = 0;
	int pipes[2];
	int error;

	/* neither side waits for the other: words too many are lost */
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) != 0)
		return errno;
	tunnel->words = pipes[0];
	add_command(argv, &count, command, &script);
	add_options(argv, &count);
	add_host(argv, &count, target);
	error = spawn(
		&tunnel->pid, argv, (const int[]){socket, socket, pipes[1]});
	if (error)
		tunnel->pid = 0;
	close(pipes[1]);
	free(script);
	return error;
}

bool tunnel_start(struct tunnel *tunnel, const struct target *target,
	const char *command, struct failure *failure)
{
	int socket = accept_own(tunnel->listening);
	int error = errno;

	close(tunnel->listening);
	tunnel->listening = -1;
	if (socket >= 0) {
		error = run(tunnel, target, command, socket);
		close(socket);
	}
	return !error ||
	       failure_set(failure, 1, "ssh can't be run: %s", strerror(error));
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
	else if (strstr(words, "open failed"))
		failure_set(failure, 1,
			"ssh: %s (does ddump-worker.socket listen on %s "
			"there?)",
			line, worker);
	else
		failure_set(failure, 1, "ssh: %s", line);
}

static bool is_reaped(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

/* It needs no more time than a signal takes, unless something is wrong. */
static void reap(pid_t pid)
{
	kill(-pid, SIGTERM);
	for (int ms = 0; ms < PATIENCE_MS; ms += STEP_MS) {
		if (is_reaped(pid))
			return;
		poll(NULL, 0, STEP_MS);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
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
		reap(tunnel->pid);
	free(tunnel);
}

/* Reads what comes until its end, for a while. */
static void read_config(int fd, char config[CONFIG_MAX])
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	size_t used = 0;
	ssize_t size = 1;

	while (size > 0 && used < CONFIG_MAX - 1 &&
		poll(&poll_fd, 1, CONFIG_MS) > 0) {
		size = read(fd, config + used, CONFIG_MAX - 1 - used);
		used += size > 0 ? (size_t)size : 0;
	}
	config[used] = '\0';
}

/* What "ssh -G" says: its configuration, as far as that has come. */
static void ask_config(const struct target *target, const char *command,
	char config[CONFIG_MAX])
{
	const char *argv[ARGUMENTS_MAX] = {NULL};
	char *script = NULL;
	size_t count = 0;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pipes[2];
	pid_t pid;

	config[0] = '\0';
	if (null < 0 || pipe2(pipes, O_CLOEXEC) != 0)
		goto out;
	add_command(argv, &count, command, &script);
	argv[count++] = "-G";
	add_host(argv, &count, target);
	if (spawn(&pid, argv, (const int[]){null, pipes[1], null}) == 0) {
		close(pipes[1]);
		read_config(pipes[0], config);
		reap(pid);
	} else {
		close(pipes[1]);
	}
	close(pipes[0]);
out:
	free(script);
	if (null >= 0)
		close(null);
}

void tunnel_port(const struct target *target, const char *command,
	char ret_port[TUNNEL_PORT_SIZE])
{
	static const char key[] = "\nport ";
	char config[CONFIG_MAX];
	uint64_t number;
	const char *at;

	snprintf(ret_port, TUNNEL_PORT_SIZE, "%s",
		target->ssh_port ? target->ssh_port : "22");
	if (target->ssh_port)
		return;
	ask_config(target, command, config);
	at = strstr(config, key);
	if (!at)
		return;
	at += strlen(key);
	config[(size_t)(at - config) + strspn(at, "0123456789")] = '\0';
	if (text_number(at, UINT16_MAX, &number))
		snprintf(ret_port, TUNNEL_PORT_SIZE, "%u", (unsigned)number);
}
