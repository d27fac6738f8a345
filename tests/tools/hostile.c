/* SPDX-License-Identifier: MIT */
/*
 * Sends malicious requests to a worker, each to a process of its own as under
 * systemd, and measures the cost.
 *
 *     hostile [-no-setrlimit] SET WORKER [OPTION...]
 *
 * In: the name of a set, and the command line of a worker. Out: on stdout the
 * number of requests, and the maximum of time, CPU time, and memory of one
 * request; on stderr each wrong response. A correct one has one of the expected
 * statuses, a message of one line, one printable line in the log, a process
 * that ends with status 0, and a cost within the limits below. Exits 1 if one
 * is wrong. HOSTILE_SHARE=N in the environment sends only every Nth request,
 * HOSTILE_VERBOSE prints the cost of each.
 */
#include "../lib/filter_bombs.h"
#include "../lib/hostile_requests.h"
#include "../lib/printable.h"

#include "common/clock.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_UNDEFINED__)
#define SLOWER 20
#else
#define SLOWER 1
#endif

enum {
	RUNNERS = 6,
	ANSWER_MAX = 1 << 17,
	SPLIT_US = 2000,
	RESOLVER_PORT = 53,
	ENDLESS_BYTES = 1 << 30,
	/*
	 * 10 s for a head, 5 s for a filter, 2 s to drain; and a busy machine
	 */
	WALL_MS = 30000,
	/* 2 s of a filter's trial, as much for the filter itself */
	CPU_MS = 5000,
	/* libraries, a ring of 8 MiB, and 64 MiB for a filter */
	MEMORY_KIB = 96 << 10,
};

static const struct {
	const char *name;
	bool (*make)(struct hostile_request *request, size_t number);
	bool resolver; /* one on this host that never answers */
} sets[] = {
	{"bytes", hostile_byte, false},
	{"escapes", hostile_escape, false},
	{"splits", hostile_split, false},
	{"shapes", hostile_shape, false},
	{"sizes", hostile_size, false},
	{"filters", hostile_filter, false},
	{"names", hostile_name, true},
};

/* The sums of all threads. */
struct attack_costs {
	_Atomic long requests;
	_Atomic long failed;
	_Atomic long wall_ms;
	_Atomic long cpu_ms;
	_Atomic long memory_kib;
};

struct attack_run {
	struct attack_costs *figures;
	char **worker; /* its command line */
	bool no_setrlimit;
	int listener;
	struct sockaddr_in address;
};

/* One request in progress. */
struct attack_connection {
	const struct hostile_request *request;
	int fd;
	int log;
	pid_t pid;
	size_t sent;
	uint64_t start; /* ms */
	bool over;
	bool unwritable; /* the worker reads no more */
	char answer[ANSWER_MAX];
	size_t answer_size;
	char log_text[ANSWER_MAX];
	size_t log_size;
};

static void raise_to(_Atomic long *most, long value)
{
	long before = atomic_load(most);

	while (value > before && !atomic_compare_exchange_weak(most, &before, value))
		;
}

/* Like SystemCallFilter= of a unit. */
static void forbid_setrlimit(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prlimit64, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_setrlimit, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter), .filter = filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		err(1, "seccomp");
}

/* The connection is the worker's stdin and stdout, the log its stderr. */
static pid_t start_worker(const struct attack_run *run, int fd, int log)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (run->no_setrlimit)
		forbid_setrlimit();
	execv(run->worker[0], run->worker);
	err(127, "%s", run->worker[0]);
}

static void open_attack(const struct attack_run *run, struct attack_connection *attack)
{
	const int on = 1;
	int pipe_fds[2];
	int accepted;

	attack->start = clock_ms();
	attack->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (attack->fd < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0 ||
		connect(attack->fd, (const struct sockaddr *)&run->address, sizeof(run->address)) !=
			0)
		err(1, "can't connect");
	accepted = accept4(run->listener, NULL, NULL, SOCK_CLOEXEC);
	attack->log = pipe_fds[0];
	attack->pid = start_worker(run, accepted, pipe_fds[1]);
	if (accepted < 0 || attack->pid < 0)
		err(1, "can't start the worker");
	close(accepted);
	close(pipe_fds[1]);
	setsockopt(attack->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(attack->fd, F_SETFL, O_NONBLOCK);
}

/* The number of bytes to send now; sets where they are. */
static size_t next_piece(const struct attack_connection *attack, const char **ret_at)
{
	const struct hostile_request *request = attack->request;
	const uint64_t seconds = (clock_ms() - attack->start) / 1000;
	size_t until = request->size;

	*ret_at = request->bytes + attack->sent;
	if (request->manner == TRICKLE && seconds + 1 < until)
		until = seconds + 1;
	if (request->manner == SPLIT && attack->sent < request->split)
		until = request->split;
	return until > attack->sent ? until - attack->sent : 0;
}

/* The bytes after the request: whole lines, repeated. */
static ssize_t send_more(const struct attack_connection *attack)
{
	const struct hostile_request *request = attack->request;
	const char *line = request->bytes + request->size - request->split;
	char piece[16384];
	size_t used = 0;

	if (attack->sent >= ENDLESS_BYTES)
		return 0;
	while (used + request->split <= sizeof(piece)) {
		memcpy(piece + used, line, request->split);
		used += request->split;
	}
	/* it may be cut anywhere, because it has no end */
	return send(attack->fd, piece, used, MSG_NOSIGNAL);
}

/* Sends the bytes that are due; returns whether there are more at once. */
static bool send_some(struct attack_connection *attack)
{
	const struct hostile_request *request = attack->request;
	const char *at;
	size_t size = next_piece(attack, &at);
	ssize_t sent = 0;

	if (size > 0)
		sent = send(attack->fd, at, size, MSG_NOSIGNAL);
	else if (request->manner == ENDLESS)
		sent = send_more(attack);
	if (sent < 0 && errno != EAGAIN)
		attack->unwritable = true;
	if (sent > 0)
		attack->sent += (size_t)sent;
	if (request->manner == SPLIT && attack->sent == request->split)
		usleep(SPLIT_US);
	return !attack->unwritable && (request->manner == ENDLESS || attack->sent < request->size);
}

static void receive_some(struct attack_connection *attack)
{
	ssize_t got = recv(attack->fd, attack->answer + attack->answer_size,
		sizeof(attack->answer) - 1 - attack->answer_size, 0);

	if (got > 0)
		attack->answer_size += (size_t)got;
	else if (got == 0 || errno != EAGAIN)
		attack->over = true;
}

/* Until the end of the response, or the timeout. */
static void carry_out(struct attack_connection *attack)
{
	struct pollfd fd = {.fd = attack->fd};
	const bool waits = attack->request->manner == TRICKLE;
	bool more = true;

	while (!attack->over && clock_ms() - attack->start < WALL_MS * SLOWER) {
		fd.events = POLLIN | (more && !waits ? POLLOUT : 0);
		if (poll(&fd, 1, waits ? 100 : 1000) < 0)
			err(1, "poll");
		if (more && (waits || (fd.revents & POLLOUT)))
			more = send_some(attack);
		if (fd.revents & (POLLIN | POLLERR | POLLHUP))
			receive_some(attack);
	}
	close(attack->fd);
}

static bool complain(const struct attack_connection *attack, const char *what)
{
	fprintf(stderr, "%s: %s\nanswer: %.*s\nlog: %.*s\n", attack->request->label, what,
		(int)(attack->answer_size < 600 ? attack->answer_size : 600), attack->answer,
		(int)attack->log_size, attack->log_text);
	return false;
}

static size_t count_lines(const char *text, size_t size)
{
	size_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

/* Is it a message of the length in its head? */
static bool check_sentence(const struct attack_connection *attack)
{
	const char *body = strstr(attack->answer, "\r\n\r\n");
	const char *length = strstr(attack->answer, "\r\nContent-Length: ");
	size_t size;

	if (!body || !length)
		return complain(attack, "the answer has no end of its head");
	body += 4;
	size = attack->answer_size - (size_t)(body - attack->answer);
	if (memcmp(attack->request->bytes, "HEAD ", 5) == 0)
		return size == 0 || complain(attack, "HEAD has a body");
	if (strtoul(length + strlen("\r\nContent-Length: "), NULL, 10) != size)
		return complain(attack, "the answer is not whole");
	if (!printable_text(body, size, true) || count_lines(body, size) != 1 ||
		body[size - 1] != '\n')
		return complain(attack, "the answer is not one sentence");
	return true;
}

static bool check_answer(const struct attack_connection *attack)
{
	static const char unlimited[] = "system calls are not limited in this build";
	const char *statuses = attack->request->statuses;
	const bool captures = strstr(attack->answer, "\r\nTransfer-Encoding: chunked\r\n");
	char status[4] = "";
	size_t lines = 1;

	if (sscanf(attack->answer, "HTTP/1.1 %3[0-9] ", status) != 1)
		return complain(attack, "no answer");
	if (statuses ? !strstr(statuses, status) : status[0] == '5' && strcmp(status, "505") != 0)
		return complain(attack, "another answer");
	if (strstr(attack->answer, "\nHTTP/1."))
		return complain(attack, "two answers");
	if (*status != '2' && !check_sentence(attack))
		return false;
	if (*status == '2')
		lines = captures && memcmp(attack->request->bytes, "HEAD", 4) != 0 ? 2 : 0;
	/* a build with a sanitizer */
	if (memmem(attack->log_text, attack->log_size, unlimited, strlen(unlimited)))
		lines++;
	if (count_lines(attack->log_text, attack->log_size) != lines)
		return complain(attack, "not one line for each event");
	return printable_text(attack->log_text, attack->log_size, true) ||
	       complain(attack, "the log has a control character");
}

static long milliseconds(const struct timeval *time)
{
	return (long)time->tv_sec * 1000 + (long)time->tv_usec / 1000;
}

/* The process and the child that tried its filter are gone. */
static bool check_end(const struct attack_run *run, struct attack_connection *attack)
{
	struct rusage usage;
	int status;
	long wall;
	long cpu;
	ssize_t got;

	/* until no process has it open any more */
	while ((got = read(attack->log, attack->log_text + attack->log_size,
			sizeof(attack->log_text) - attack->log_size)) > 0)
		attack->log_size += (size_t)got;
	close(attack->log);
	if (wait4(attack->pid, &status, 0, &usage) != attack->pid)
		err(1, "wait4");
	wall = (long)(clock_ms() - attack->start);
	cpu = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
	raise_to(&run->figures->wall_ms, wall);
	raise_to(&run->figures->cpu_ms, cpu);
	raise_to(&run->figures->memory_kib, usage.ru_maxrss);
	if (getenv("HOSTILE_VERBOSE"))
		printf("%6ld ms %6ld ms of CPU time %7ld KiB %.12s %s\n", wall, cpu,
			usage.ru_maxrss, attack->answer, attack->request->label);
	if (status != 0)
		return complain(attack, "the worker has failed");
	if (!attack->over || wall > WALL_MS * SLOWER)
		return complain(attack, "it took too long");
	if (cpu > CPU_MS * SLOWER)
		return complain(attack, "it took too much CPU time");
	return usage.ru_maxrss <= MEMORY_KIB * SLOWER ||
	       complain(attack, "it took too much memory");
}

static void attack_once(const struct attack_run *run, const struct hostile_request *request)
{
	struct attack_connection *attack = calloc(1, sizeof(*attack));
	bool ended;

	if (!attack)
		err(1, "calloc");
	attack->request = request;
	open_attack(run, attack);
	carry_out(attack);
	ended = check_end(run, attack);
	if (!ended || !check_answer(attack))
		atomic_fetch_add(&run->figures->failed, 1);
	atomic_fetch_add(&run->figures->requests, 1);
	free(attack);
}

/* Every RUNNERS-th request of a set. */
static void run_share(struct attack_run *run, size_t set, size_t first, size_t step)
{
	struct hostile_request request = {.bytes = malloc(HOSTILE_MAX)};
	socklen_t size = sizeof(run->address);

	run->address = (struct sockaddr_in){
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	run->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!request.bytes || run->listener < 0 ||
		bind(run->listener, (struct sockaddr *)&run->address, size) != 0 ||
		listen(run->listener, 1) != 0 ||
		getsockname(run->listener, (struct sockaddr *)&run->address, &size) != 0)
		err(1, "can't listen");
	for (size_t i = first; sets[set].make(&request, i); i += step) {
		attack_once(run, &request);
		request = (struct hostile_request){.bytes = request.bytes};
	}
	free(request.bytes);
}

static size_t find_set(const char *name)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (strcmp(sets[i].name, name) == 0)
			return i;
	errx(2, "unknown set %s", name);
}

static size_t share(void)
{
	const char *given = getenv("HOSTILE_SHARE");
	unsigned long number = given ? strtoul(given, NULL, 10) : 1;

	return number > 0 ? number : 1;
}

static void open_silent_resolver(void)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(RESOLVER_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		err(1, "no resolver");
}

static void start_runners(struct attack_run *run, size_t set)
{
	for (size_t i = 0; i < RUNNERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (pid > 0)
			continue;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run_share(run, set, i * share(), RUNNERS * share());
		exit(0);
	}
}

int main(int argc, char **argv)
{
	struct attack_run run = {0};
	size_t set;
	int status;
	bool good = true;

	if (argc > 1 && strcmp(argv[1], "-no-setrlimit") == 0) {
		run.no_setrlimit = true;
		argv++;
		argc--;
	}
	if (argc < 3)
		errx(2, "Usage: hostile [-no-setrlimit] SET WORKER "
			"[OPTION...]");
	set = find_set(argv[1]);
	run.worker = argv + 2;
	run.figures = mmap(NULL, sizeof(*run.figures), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run.figures == MAP_FAILED)
		err(1, "mmap");
	if (sets[set].resolver)
		open_silent_resolver();
	start_runners(&run, set);
	while (wait(&status) > 0)
		good = good && status == 0;
	printf("%s: %ld requests, %ld failed; at most %ld ms, %ld ms of CPU "
	       "time, %ld KiB\n",
		argv[1], run.figures->requests, run.figures->failed, run.figures->wall_ms,
		run.figures->cpu_ms, run.figures->memory_kib);
	return good && run.figures->requests > 0 && run.figures->failed == 0 ? 0 : 1;
}
