/*
 * Attacks a worker with requests, each on a process of its own as systemd
 * starts it, and says what that cost.
 *
 *     hostile [-no-setrlimit] SET WORKER [OPTION...]
 *
 * In: the name of a set, and the command line of a worker. Out: on stdout how
 * many raids there were, and the most time, CPU time and memory that one
 * took; on stderr each that was not answered as it must be: with one of the
 * statuses that fit, by one sentence, with one printable line in the log, by a
 * process that has ended with 0, and within the bounds below. Exits 1 if there
 * is one. HOSTILE_SHARE=N in the environment makes only every Nth raid,
 * HOSTILE_VERBOSE tells what each of them took.
 */
#include "bombs.h"
#include "requests.h"

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
	bool (*make)(struct raid *raid, size_t number);
	bool resolver; /* one on this host that never answers */
} sets[] = {
	{"bytes", raid_byte, false},
	{"escapes", raid_escape, false},
	{"splits", raid_split, false},
	{"shapes", raid_shape, false},
	{"sizes", raid_size, false},
	{"filters", raid_filter, false},
	{"names", raid_name, true},
};

/* What all runners count together. */
struct figures {
	_Atomic long raids;
	_Atomic long failed;
	_Atomic long wall_ms;
	_Atomic long cpu_ms;
	_Atomic long memory_kib;
};

struct run {
	struct figures *figures;
	char **worker; /* its command line */
	bool no_setrlimit;
	int listener;
	struct sockaddr_in address;
};

/* One raid under way. */
struct fight {
	const struct raid *raid;
	int fd;
	int log;
	pid_t pid;
	size_t sent;
	uint64_t start; /* ms */
	bool over;
	bool deaf; /* it takes no more */
	char answer[ANSWER_MAX];
	size_t answer_size;
	char log_text[ANSWER_MAX];
	size_t log_size;
};

static void raise_to(_Atomic long *most, long value)
{
	long before = atomic_load(most);

	while (value > before &&
		!atomic_compare_exchange_weak(most, &before, value))
		;
}

/* As a unit's SystemCallFilter= does it. */
static void forbid_setrlimit(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			offsetof(struct seccomp_data, nr)),
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
static pid_t start_worker(const struct run *run, int fd, int log)
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

static void open_fight(const struct run *run, struct fight *fight)
{
	const int on = 1;
	int pipe_fds[2];
	int accepted;

	fight->start = clock_ms();
	fight->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fight->fd < 0 || pipe2(pipe_fds, O_CLOEXEC) != 0 ||
		connect(fight->fd, (const struct sockaddr *)&run->address,
			sizeof(run->address)) != 0)
		err(1, "can't connect");
	accepted = accept4(run->listener, NULL, NULL, SOCK_CLOEXEC);
	fight->log = pipe_fds[0];
	fight->pid = start_worker(run, accepted, pipe_fds[1]);
	if (accepted < 0 || fight->pid < 0)
		err(1, "can't start the worker");
	close(accepted);
	close(pipe_fds[1]);
	setsockopt(fight->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	fcntl(fight->fd, F_SETFL, O_NONBLOCK);
}

/* How much of what there is may leave now; sets where it stands. */
static size_t next_piece(const struct fight *fight, const char **ret_at)
{
	const struct raid *raid = fight->raid;
	const uint64_t seconds = (clock_ms() - fight->start) / 1000;
	size_t until = raid->size;

	*ret_at = raid->bytes + fight->sent;
	if (raid->manner == TRICKLE && seconds + 1 < until)
		until = seconds + 1;
	if (raid->manner == SPLIT && fight->sent < raid->split)
		until = raid->split;
	return until > fight->sent ? until - fight->sent : 0;
}

/* What comes after all of it, in pieces of whole lines. */
static ssize_t send_more(const struct fight *fight)
{
	const struct raid *raid = fight->raid;
	const char *line = raid->bytes + raid->size - raid->split;
	char piece[16384];
	size_t used = 0;

	if (fight->sent >= ENDLESS_BYTES)
		return 0;
	while (used + raid->split <= sizeof(piece)) {
		memcpy(piece + used, line, raid->split);
		used += raid->split;
	}
	/* where it is cut does not matter, there is no end to it */
	return send(fight->fd, piece, used, MSG_NOSIGNAL);
}

/* Sends what is to be sent now; returns whether there is more at once. */
static bool send_some(struct fight *fight)
{
	const struct raid *raid = fight->raid;
	const char *at;
	size_t size = next_piece(fight, &at);
	ssize_t sent = 0;

	if (size > 0)
		sent = send(fight->fd, at, size, MSG_NOSIGNAL);
	else if (raid->manner == ENDLESS)
		sent = send_more(fight);
	if (sent < 0 && errno != EAGAIN)
		fight->deaf = true;
	if (sent > 0)
		fight->sent += (size_t)sent;
	if (raid->manner == SPLIT && fight->sent == raid->split)
		usleep(SPLIT_US);
	return !fight->deaf &&
	       (raid->manner == ENDLESS || fight->sent < raid->size);
}

static void receive_some(struct fight *fight)
{
	ssize_t got = recv(fight->fd, fight->answer + fight->answer_size,
		sizeof(fight->answer) - 1 - fight->answer_size, 0);

	if (got > 0)
		fight->answer_size += (size_t)got;
	else if (got == 0 || errno != EAGAIN)
		fight->over = true;
}

/* To the end of the answer, or of all patience. */
static void carry_out(struct fight *fight)
{
	struct pollfd fd = {.fd = fight->fd};
	const bool waits = fight->raid->manner == TRICKLE;
	bool more = true;

	while (!fight->over && clock_ms() - fight->start < WALL_MS * SLOWER) {
		fd.events = POLLIN | (more && !waits ? POLLOUT : 0);
		if (poll(&fd, 1, waits ? 100 : 1000) < 0)
			err(1, "poll");
		if (more && (waits || (fd.revents & POLLOUT)))
			more = send_some(fight);
		if (fd.revents & (POLLIN | POLLERR | POLLHUP))
			receive_some(fight);
	}
	close(fight->fd);
}

static bool complain(const struct fight *fight, const char *what)
{
	fprintf(stderr, "%s: %s\nanswer: %.*s\nlog: %.*s\n", fight->raid->label,
		what,
		(int)(fight->answer_size < 600 ? fight->answer_size : 600),
		fight->answer, (int)fight->log_size, fight->log_text);
	return false;
}

static bool is_printable(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((text[i] < ' ' || text[i] > '~') && text[i] != '\n')
			return false;
	return true;
}

static size_t count_lines(const char *text, size_t size)
{
	size_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	return lines;
}

/* A sentence, as long as the head says. */
static bool check_sentence(const struct fight *fight)
{
	const char *body = strstr(fight->answer, "\r\n\r\n");
	const char *length = strstr(fight->answer, "\r\nContent-Length: ");
	size_t size;

	if (!body || !length)
		return complain(fight, "the answer has no end of its head");
	body += 4;
	size = fight->answer_size - (size_t)(body - fight->answer);
	if (memcmp(fight->raid->bytes, "HEAD ", 5) == 0)
		return size == 0 || complain(fight, "HEAD has a body");
	if (strtoul(length + strlen("\r\nContent-Length: "), NULL, 10) != size)
		return complain(fight, "the answer is not whole");
	if (!is_printable(body, size) || count_lines(body, size) != 1 ||
		body[size - 1] != '\n')
		return complain(fight, "the answer is not one sentence");
	return true;
}

static bool check_answer(const struct fight *fight)
{
	const char *statuses = fight->raid->statuses;
	const bool captures =
		strstr(fight->answer, "\r\nTransfer-Encoding: chunked\r\n");
	char status[4] = "";
	size_t lines = 1;

	if (sscanf(fight->answer, "HTTP/1.1 %3[0-9] ", status) != 1)
		return complain(fight, "no answer");
	if (statuses ? !strstr(statuses, status)
		     : status[0] == '5' && strcmp(status, "505") != 0)
		return complain(fight, "another answer");
	if (strstr(fight->answer, "\nHTTP/1."))
		return complain(fight, "two answers");
	if (*status != '2' && !check_sentence(fight))
		return false;
	if (*status == '2')
		lines = captures && memcmp(fight->raid->bytes, "HEAD", 4) != 0
				? 2
				: 0;
	if (count_lines(fight->log_text, fight->log_size) != lines)
		return complain(fight, "not one line for each event");
	return is_printable(fight->log_text, fight->log_size) ||
	       complain(fight, "the log has a control character");
}

static long milliseconds(const struct timeval *time)
{
	return (long)time->tv_sec * 1000 + (long)time->tv_usec / 1000;
}

/* The process, and the child that tried its filter, are gone. */
static bool check_end(const struct run *run, struct fight *fight)
{
	struct rusage usage;
	int status;
	long wall;
	long cpu;
	ssize_t got;

	/* to its end, when nobody has it open any more */
	while ((got = read(fight->log, fight->log_text + fight->log_size,
			sizeof(fight->log_text) - fight->log_size)) > 0)
		fight->log_size += (size_t)got;
	close(fight->log);
	if (wait4(fight->pid, &status, 0, &usage) != fight->pid)
		err(1, "wait4");
	wall = (long)(clock_ms() - fight->start);
	cpu = milliseconds(&usage.ru_utime) + milliseconds(&usage.ru_stime);
	raise_to(&run->figures->wall_ms, wall);
	raise_to(&run->figures->cpu_ms, cpu);
	raise_to(&run->figures->memory_kib, usage.ru_maxrss);
	if (getenv("HOSTILE_VERBOSE"))
		printf("%6ld ms %6ld ms of CPU time %7ld KiB %.12s %s\n", wall,
			cpu, usage.ru_maxrss, fight->answer,
			fight->raid->label);
	if (status != 0)
		return complain(fight, "the worker has failed");
	if (!fight->over || wall > WALL_MS * SLOWER)
		return complain(fight, "it took too long");
	if (cpu > CPU_MS * SLOWER)
		return complain(fight, "it took too much CPU time");
	return usage.ru_maxrss <= MEMORY_KIB * SLOWER ||
	       complain(fight, "it took too much memory");
}

static void fight_once(const struct run *run, const struct raid *raid)
{
	struct fight *fight = calloc(1, sizeof(*fight));
	bool ended;

	if (!fight)
		err(1, "calloc");
	fight->raid = raid;
	open_fight(run, fight);
	carry_out(fight);
	ended = check_end(run, fight);
	if (!ended || !check_answer(fight))
		atomic_fetch_add(&run->figures->failed, 1);
	atomic_fetch_add(&run->figures->raids, 1);
	free(fight);
}

/* Every RUNNERS-th raid of a set. */
static void run_share(struct run *run, size_t set, size_t first, size_t step)
{
	struct raid raid = {.bytes = malloc(RAID_MAX)};
	socklen_t size = sizeof(run->address);

	run->address = (struct sockaddr_in){.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	run->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!raid.bytes || run->listener < 0 ||
		bind(run->listener, (struct sockaddr *)&run->address, size) !=
			0 ||
		listen(run->listener, 1) != 0 ||
		getsockname(run->listener, (struct sockaddr *)&run->address,
			&size) != 0)
		err(1, "can't listen");
	for (size_t i = first; sets[set].make(&raid, i); i += step) {
		fight_once(run, &raid);
		raid = (struct raid){.bytes = raid.bytes};
	}
	free(raid.bytes);
}

static size_t find_set(const char *name)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (strcmp(sets[i].name, name) == 0)
			return i;
	errx(2, "there is no set %s", name);
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

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address,
			      sizeof(address)) != 0)
		err(1, "no resolver");
}

static void start_runners(struct run *run, size_t set)
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
	struct run run = {0};
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
	printf("%s: %ld raids, %ld failed; at most %ld ms, %ld ms of CPU "
	       "time, %ld KiB\n",
		argv[1], run.figures->raids, run.figures->failed,
		run.figures->wall_ms, run.figures->cpu_ms,
		run.figures->memory_kib);
	return good && run.figures->raids > 0 && run.figures->failed == 0 ? 0
									  : 1;
}
