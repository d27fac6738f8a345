/*
 * libpcap. In: packets of all interfaces, through the kernel's ring. Out: the
 * same packets, through a sink, and what was dropped.
 *
 * The "any" device is switched to SLL2, on which the kernel itself can filter
 * by interface, and to stamps in nanoseconds. TPACKET_V3 it is, by leaving
 * immediate mode alone: it takes a tenth of the CPU, and loses nothing where
 * V2 does. Whoever waits for packets polls; a handle never blocks.
 */
#include "worker/capture.h"

#include "format/linktype.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	BLOCK_TIMEOUT_MS = 10,
	COMPILE_CPU_S = 2,
	COMPILE_S = 5,
	COMPILE_BYTES = 64 << 20,
	DISPATCH_MAX = 4096, /* so that the caller sees signals and clocks */
};

struct capture {
	pcap_t *pcap;
	bool dead;			 /* without a device */
	const struct capture_sink *sink; /* while in capture_dispatch() */
	struct pcap_stat last;
	struct capture_counts counts;
};

static struct capture *capture_new(struct failure *failure)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		failure_set(failure, 503, "out of memory");
	return capture;
}

static bool explain_activation(
	pcap_t *pcap, int status, struct failure *failure)
{
	if (status == PCAP_ERROR_PERM_DENIED)
		return failure_set(failure, 500,
			"the worker lacks CAP_NET_RAW: run \"setcap "
			"cap_net_raw=eip\" on ddump-worker, or start it by "
			"the unit ddump-worker.socket");
	return failure_set(failure, errno == ENOMEM ? 503 : 500,
		"can't capture: %s: %s", pcap_statustostr(status),
		pcap_geterr(pcap));
}

static bool activate(
	pcap_t *pcap, uint32_t snaplen, uint32_t ring, struct failure *failure)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	int status;

	pcap_set_snaplen(pcap, (int)snaplen);
	pcap_set_timeout(pcap, BLOCK_TIMEOUT_MS);
	pcap_set_buffer_size(pcap, (int)ring);
	pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO);
	errno = 0;
	status = pcap_activate(pcap);
	if (status < 0)
		return explain_activation(pcap, status, failure);
	if (pcap_set_datalink(pcap, DLT_LINUX_SLL2) != 0 ||
		pcap_get_tstamp_precision(pcap) != PCAP_TSTAMP_PRECISION_NANO)
		return failure_set(failure, 500,
			"this host's libpcap is too old: %s",
			pcap_lib_version());
	if (pcap_setnonblock(pcap, 1, error) != 0)
		return failure_set(failure, 500, "can't capture: %s", error);
	return true;
}

struct capture *capture_open(
	uint32_t snaplen, uint32_t ring, struct failure *failure)
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct capture *capture = capture_new(failure);

	if (!capture)
		return NULL;
	capture->pcap = pcap_create("any", error);
	if (!capture->pcap)
		failure_set(failure, 500, "can't capture: %s", error);
	else if (activate(capture->pcap, snaplen, ring, failure))
		return capture;
	capture_free(capture);
	return NULL;
}

struct capture *capture_open_dead(uint32_t snaplen, struct failure *failure)
{
	struct capture *capture = capture_new(failure);

	if (!capture)
		return NULL;
	capture->dead = true;
	capture->pcap = pcap_open_dead(DLT_LINUX_SLL2, (int)snaplen);
	if (capture->pcap)
		return capture;
	failure_set(failure, 503, "out of memory");
	capture_free(capture);
	return NULL;
}

static bool compile(pcap_t *pcap, struct bpf_program *ret_program,
	const char *expression, const char *whose, struct failure *failure)
{
	if (pcap_compile(pcap, ret_program, expression, 1,
		    PCAP_NETMASK_UNKNOWN) == 0)
		return true;
	return failure_set(failure, 400, "%s: %s", whose, pcap_geterr(pcap));
}

static bool install(
	pcap_t *pcap, struct bpf_program *program, struct failure *failure)
{
	const int on = 1;

	if (pcap_setfilter(pcap, program) != 0)
		return failure_set(failure, 500, "can't set the filter: %s",
			pcap_geterr(pcap));
	if (setsockopt(pcap_fileno(pcap), SOL_SOCKET, SO_LOCK_FILTER, &on,
		    sizeof(on)) != 0)
		return failure_set(failure, 500, "can't lock the filter: %s",
			strerror(errno));
	return true;
}

bool capture_check(struct capture *capture, const char *expression,
	struct failure *failure)
{
	struct bpf_program program;

	if (!compile(capture->pcap, &program, expression,
		    "the worker's -exclude", failure)) {
		failure->status = 500;
		return false;
	}
	pcap_freecode(&program);
	return true;
}

/* In a child: compiles both within its limits, or dies of them. */
static void try_compiling(
	pcap_t *pcap, const char *user, const char *whole, pid_t parent)
{
	const struct itimerval cpu = {.it_value.tv_sec = COMPILE_CPU_S};
	struct bpf_program program;
	struct failure failure;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPROF, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	setitimer(ITIMER_PROF, &cpu, NULL);
	alarm(COMPILE_S); /* resolvers take time, but no CPU */
	if (compile(pcap, &program, user, "", &failure))
		compile(pcap, &program, whole, "", &failure);
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
	if (in && fscanf(in, "%*u %*u %*u %*u %*u %lu", &pages) == 1) {
		limit.rlim_cur =
			pages * (rlim_t)sysconf(_SC_PAGESIZE) + COMPILE_BYTES;
		limit.rlim_max = limit.rlim_cur;
		setrlimit(RLIMIT_DATA, &limit);
	}
	if (in)
		fclose(in);
}

/*
 * libpcap's optimizer may take minutes for a few kilobytes of text, and can't
 * be stopped. So a child tries first: it can be.
 */
static bool compiles_in_time(pcap_t *pcap, const char *user, const char *whole,
	struct failure *failure)
{
	pid_t self = getpid();
	pid_t child;
	int status = 0;

	limit_memory();
	child = fork();
	if (child == 0)
		try_compiling(pcap, user, whole, self);
	if (child < 0)
		return failure_set(
			failure, 503, "can't fork: %s", strerror(errno));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFSIGNALED(status))
		return true;
	return failure_set(failure, 400,
		"filter: it takes too long to compile (%d s of CPU time), make "
		"it simpler",
		COMPILE_CPU_S);
}

bool capture_set_filter(struct capture *capture, const char *user,
	const char *whole, struct failure *failure)
{
	struct bpf_program program;
	bool set;

	if (!compiles_in_time(capture->pcap, user, whole, failure))
		return false;
	if (!compile(capture->pcap, &program, user, "filter", failure))
		return false;
	pcap_freecode(&program);
	if (!compile(capture->pcap, &program, whole,
		    "filter, with what is never captured", failure))
		return false;
	set = capture->dead || install(capture->pcap, &program, failure);
	pcap_freecode(&program);
	return set;
}

int capture_fd(const struct capture *capture)
{
	return pcap_get_selectable_fd(capture->pcap);
}

static void take_packet(unsigned char *context,
	const struct pcap_pkthdr *header, const unsigned char *data)
{
	struct capture *capture = (struct capture *)context;
	const struct packet packet = {
		/* with this precision tv_usec holds nanoseconds */
		.time = (uint64_t)header->ts.tv_sec * 1000000000 +
			(uint64_t)header->ts.tv_usec,
		.caplen = header->caplen,
		.len = header->len,
		.data = data,
	};

	if (!capture->sink->packet(capture->sink->context, &packet))
		pcap_breakloop(capture->pcap);
}

int capture_dispatch(struct capture *capture, const struct capture_sink *sink,
	struct failure *failure)
{
	int count;

	capture->sink = sink;
	count = pcap_dispatch(capture->pcap, DISPATCH_MAX, take_packet,
		(unsigned char *)capture);
	if (count == PCAP_ERROR_BREAK)
		return 0;
	if (count >= 0)
		return count;
	failure_set(failure, 500, "the capture failed: %s",
		pcap_geterr(capture->pcap));
	return -1;
}

void capture_count(struct capture *capture, struct capture_counts *ret_counts)
{
	struct pcap_stat now;

	/* the kernel's are 32 bits: differences survive their wrapping */
	if (pcap_stats(capture->pcap, &now) == 0) {
		capture->counts.received += now.ps_recv - capture->last.ps_recv;
		capture->counts.dropped += now.ps_drop - capture->last.ps_drop;
		capture->counts.interface_dropped +=
			now.ps_ifdrop - capture->last.ps_ifdrop;
		capture->last = now;
	}
	*ret_counts = capture->counts;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture);
}
