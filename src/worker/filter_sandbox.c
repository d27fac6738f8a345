/* SPDX-License-Identifier: MIT */
/*
 * Compiles a client's expression in a child process with limits. In: a filter.
 * Out: a BPF program, or an error.
 *
 * libpcap's optimizer may need minutes, and much memory, for a few kilobytes of
 * text, and cannot be stopped; a child can. The child's program is used as it is:
 * compiled again, names might resolve to other addresses.
 *
 * An expression that exploits a bug of libpcap's compiler controls the child: a
 * process with no capability, and no descriptor but stderr. Its result is copied
 * once, because it may continue to write, and the copy is checked.
 */
#include "worker/filter_sandbox.h"

#include "common/process.h"
#include "worker/filter_check.h"
#include "worker/filter_compile.h"
#include "worker/payload_check.h"
#include "worker/privileges.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	COMPILE_CPU_S = 2,
	COMPILE_S = 5, /* to resolve names takes time, but no CPU */
};

/* The result of the child, in memory that both share. */
struct compile_result {
	struct error error; /* status 0: there is a program */
	struct filter_program program;
};

/*
 * Limits the memory that this process may still allocate. Where the unit forbids
 * setrlimit(2), its MemoryMax= is the limit.
 */
static void limit_memory(void)
{
	FILE *in = fopen("/proc/self/statm", "re");
	struct rlimit limit;
	unsigned long pages;

	/* proc(5): the sixth is data and stack */
	if (in && getrlimit(RLIMIT_DATA, &limit) == 0 &&
		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers */
		fscanf(in, "%*u %*u %*u %*u %*u %lu", &pages) == 1) {
		limit.rlim_cur = pages * (rlim_t)sysconf(_SC_PAGESIZE) +
				 ((rlim_t)FILTER_COMPILE_MEMORY_MIB << 20);
		setrlimit(RLIMIT_DATA, &limit);
	}
	if (in)
		fclose(in);
}

/* Closes all descriptors but stderr: the client's connection, the listener's socket. */
static void close_descriptors(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	process_close_from(STDERR_FILENO + 1);
}

/* The parent of the worker may have blocked the signals of these timers. */
static void limit_time(void)
{
	const struct itimerval cpu = {.it_value.tv_sec = COMPILE_CPU_S};

	process_unblock_signals();
	signal(SIGPROF, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_PROF, &cpu, NULL);
	alarm(COMPILE_S);
}

/* Compiles all as one expression: libpcap rejects many that nothing can match. */
static bool check_joined(pcap_t *pcap, const struct capture_filter *filter, struct error *error)
{
	char *whole = filter_expression_join(filter);
	bool good = whole ? filter_compile_check(
				    pcap, whole, "filter, combined with the exclusions", error)
			  : error_set(error, 503, "out of memory");

	free(whole);
	return good;
}

/* In the child: compiles, or is killed by a limit. */
static void compile_in_child(
	pcap_t *pcap, const struct capture_filter *filter, struct compile_result *result)
{
	limit_memory();
	close_descriptors();
	if (!privileges_drop_all(&result->error)) {
		result->error.status = 503;
		return;
	}
	limit_time();
	/* alone first: the message is then about the client's text */
	if (filter_compile_expression(
		    pcap, filter->user, "filter", &result->program, &result->error) &&
		result->program.length <= BPF_MAXINSNS)
		check_joined(pcap, filter, &result->error);
}

static bool reject_by_signal(int signal, struct error *error)
{
	if (signal == SIGPROF)
		return error_set(error, 400,
			"filter: needs more than %d s of CPU time to compile; make it simpler",
			COMPILE_CPU_S);
	if (signal == SIGALRM)
		return error_set(error, 400,
			"filter: needs more than %d s to compile (a name that does not resolve, "
			"or a busy host)",
			COMPILE_S);
	return error_set(error, 400,
		"filter: needs too much memory to compile, or libpcap failed (signal %d)", signal);
}

/* Runs the child and waits for its end. False: it has no result. */
static bool run_child(pcap_t *pcap, const struct capture_filter *filter,
	struct compile_result *result, struct error *error)
{
	pid_t self = getpid();
	pid_t child = fork();
	pid_t ended;
	int status;

	if (child == 0) {
		if (!process_signal_at_parent_end(self, SIGKILL))
			_exit(1);
		compile_in_child(pcap, filter, result);
		_exit(0);
	}
	if (child < 0)
		return error_set(error, 503, "cannot fork: %s", strerror(errno));
	while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
		;
	if (ended < 0)
		return error_set(
			error, 503, "cannot wait for the compiler process: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return reject_by_signal(WTERMSIG(status), error);
	/* libpcap's scanner exits when it lacks memory */
	return WEXITSTATUS(status) == 0 ||
	       error_set(error, 400, "filter: needs too much memory to compile");
}

/* In: a copy of the result of the child, which may be an attacker's. */
static bool check_result(struct compile_result *result, const struct capture_filter *filter,
	struct filter_program *ret_program, struct error *error)
{
	uint32_t steps;

	if (result->error.status) {
		result->error.text[sizeof(result->error.text) - 1] = '\0';
		return error_set(
			error, result->error.status == 503 ? 503 : 400, "%s", result->error.text);
	}
	if (result->program.length > BPF_MAXINSNS)
		return error_set(error, 400,
			"filter: has %u instructions when compiled, the limit of the kernel is %d",
			result->program.length, BPF_MAXINSNS);
	if (!filter_check_program(&result->program, filter->link, filter->snaplen, error))
		return false;
	steps = filter_check_steps(&result->program, filter->link);
	if (steps > filter->steps)
		return error_set(error, 403,
			"filter: needs %u steps, the worker's limit is %u; shorten it, or raise "
			"DDUMP_MAX_FILTER there",
			steps, filter->steps);
	if (filter->visible > 0 &&
		!payload_check_program(&result->program, filter->link, filter->visible, error))
		return false;
	*ret_program = result->program;
	return true;
}

bool filter_sandbox_compile(pcap_t *pcap, const struct capture_filter *filter,
	struct filter_program *ret_program, struct error *error)
{
	struct compile_result *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct compile_result *copy;
	bool compiled = false;

	if (shared == MAP_FAILED)
		return error_set(error, 503, "out of memory");
	if (run_child(pcap, filter, shared, error)) {
		/* only now: the child does not share it */
		copy = malloc(sizeof(*copy));
		if (copy)
			*copy = *shared;
		compiled = copy ? check_result(copy, filter, ret_program, error)
				: error_set(error, 503, "out of memory");
		free(copy);
	}
	munmap(shared, sizeof(*shared));
	return compiled;
}
