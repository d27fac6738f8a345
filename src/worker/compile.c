/*
 * Filters. In: expressions, the client's among them. Out: programs for the
 * kernel, or libpcap's own sentence.
 *
 * libpcap's optimizer may take minutes, and much memory, for a few kilobytes
 * of text, and can't be stopped. So a child tries first: it can be.
 */
#include "worker/compile.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	COMPILE_CPU_S = 2,
	COMPILE_S = 5, /* resolvers take time, but no CPU */
	COMPILE_BYTES = 64 << 20,
};

bool compile_filter(pcap_t *pcap, struct bpf_program *ret_program,
	const char *expression, const char *whose, struct failure *failure)
{
	errno = 0;
	if (pcap_compile(pcap, ret_program, expression, 1,
		    PCAP_NETMASK_UNKNOWN) == 0)
		return true;
	/* libpcap's own sentence is "malloc" */
	if (errno == ENOMEM)
		return failure_set(failure, 400,
			"%s: it takes more than %d MiB to compile, make it "
			"simpler",
			whose, COMPILE_BYTES >> 20);
	return failure_set(failure, 400, "%s: %s", whose, pcap_geterr(pcap));
}

static bool compiles(pcap_t *pcap, const char *expression)
{
	struct bpf_program program;
	struct failure failure;

	if (!compile_filter(pcap, &program, expression, "", &failure))
		return false;
	pcap_freecode(&program);
	return true;
}

/* In a child: compiles both within its limits, or dies of them. */
static void try_compiling(
	pcap_t *pcap, const char *user, const char *whole, pid_t parent)
{
	const struct itimerval cpu = {.it_value.tv_sec = COMPILE_CPU_S};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPROF, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_PROF, &cpu, NULL);
	alarm(COMPILE_S);
	if (compiles(pcap, user))
		compiles(pcap, whole);
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
			pages * (rlim_t)sysconf(_SC_PAGESIZE) + COMPILE_BYTES;
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

bool compile_is_bounded(pcap_t *pcap, const char *user, const char *whole,
	struct failure *failure)
{
	pid_t self = getpid();
	pid_t child;
	pid_t ended;
	int status;

	limit_memory();
	child = fork();
	if (child == 0)
		try_compiling(pcap, user, whole, self);
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
