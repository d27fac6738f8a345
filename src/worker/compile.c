/*
 * Compiling within bounds. In: a filter, the client's expression in it. Out: a
 * program for the kernel, or why there is none.
 *
 * libpcap's optimizer may take minutes, and much memory, for a few kilobytes
 * of text, and can't be stopped. So a child does it: it can be. What it leaves
 * is used: compiled again, names might resolve to something else.
 */
#include "worker/compile.h"

#include "worker/program.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	COMPILE_CPU_S = 2,
	COMPILE_S = 5, /* resolvers take time, but no CPU */
};

/* What the child leaves, in memory that both share. */
struct outcome {
	struct failure failure; /* status 0: there is a program */
	struct program program;
};

/* In a child: compiles within its limits, or dies of them. */
static void compile_in_child(
	pcap_t *pcap, const struct filter *filter, struct outcome *outcome)
{
	const struct itimerval cpu = {.it_value.tv_sec = COMPILE_CPU_S};
	sigset_t none;

	/* whoever started the worker may have blocked or ignored them */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPROF, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_PROF, &cpu, NULL);
	alarm(COMPILE_S);
	program_compile(pcap, filter, &outcome->program, &outcome->failure);
	_exit(0);
}

/*
 * Lets this process, and its children, allocate only so much more. Where the
 * unit forbids setrlimit(2), its MemoryMax= does it.
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
		limit.rlim_cur =
			pages * (rlim_t)sysconf(_SC_PAGESIZE) + PROGRAM_MEMORY;
		setrlimit(RLIMIT_DATA, &limit);
	}
	if (in)
		fclose(in);
}

static bool explain_death(int signal, struct failure *failure)
{
	if (signal == SIGPROF)
		return failure_set(failure, 400,
			"filter: it takes more than %d s of CPU time to "
			"compile, make it simpler",
			COMPILE_CPU_S);
	if (signal == SIGALRM)
		return failure_set(failure, 400,
			"filter: it takes more than %d s to compile: a name "
			"in it that does not resolve, or a busy host",
			COMPILE_S);
	return failure_set(failure, 400,
		"filter: it takes too much memory to compile, or libpcap "
		"fails on it (signal %d)",
		signal);
}

/* Runs the child to its end, whatever that is. */
static bool run_child(pcap_t *pcap, const struct filter *filter,
	struct outcome *outcome, struct failure *failure)
{
	pid_t self = getpid();
	pid_t child = fork();
	pid_t ended;
	int status;

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == self)
			compile_in_child(pcap, filter, outcome);
		_exit(1);
	}
	if (child < 0)
		return failure_set(
			failure, 503, "can't fork: %s", strerror(errno));
	while ((ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
		;
	if (ended < 0)
		return failure_set(failure, 503, "can't wait for a child: %s",
			strerror(errno));
	if (WIFSIGNALED(status))
		return explain_death(WTERMSIG(status), failure);
	/* libpcap's scanner exits where memory is short */
	return WEXITSTATUS(status) == 0 ||
	       failure_set(failure, 400,
		       "filter: it takes too much memory to compile");
}

static bool take_program(const struct outcome *outcome,
	struct bpf_program *ret_program, struct failure *failure)
{
	const struct program *program = &outcome->program;
	const size_t size = program->length * sizeof(*program->insns);
	struct bpf_insn *insns;

	if (outcome->failure.status) {
		*failure = outcome->failure;
		return false;
	}
	if (program->length > BPF_MAXINSNS)
		return failure_set(failure, 400,
			"filter: it has %u instructions when compiled, the "
			"kernel takes %d",
			program->length, BPF_MAXINSNS);
	insns = malloc(size);
	if (!insns)
		return failure_set(failure, 503, "out of memory");
	memcpy(insns, program->insns, size);
	ret_program->bf_len = program->length;
	ret_program->bf_insns = insns;
	return true;
}

bool compile_bounded(pcap_t *pcap, const struct filter *filter,
	struct bpf_program *ret_program, struct failure *failure)
{
	struct outcome *outcome = mmap(NULL, sizeof(*outcome),
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	bool compiled;

	if (outcome == MAP_FAILED)
		return failure_set(failure, 503, "out of memory");
	limit_memory();
	compiled = run_child(pcap, filter, outcome, failure) &&
		   take_program(outcome, ret_program, failure);
	munmap(outcome, sizeof(*outcome));
	return compiled;
}
