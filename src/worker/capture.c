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

#include "common/clock.h"
#include "worker/compile.h"
#include "worker/program.h"
#include "worker/reach.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BLOCK_TIMEOUT_MS = 10,
	DISPATCH_MAX = 4096, /* so that the caller sees signals and clocks */
	BEGIN_TRIES = 20,
	BEGIN_NS = 50000,
	CACHE_LINE = 64,
	AHEAD = 4096,	    /* bytes of the ring, some packets */
	RING_OVERHEAD = 80, /* about, of each of them */
};

/* From a packet's stamp to its being counted: a backlog lies in between. */
static const uint64_t IN_FLIGHT_NS = 10000000;

/* After which no block stays open: the kernel's timer has had many turns. */
static const uint64_t BLOCK_CLOSED_NS = 100000000;

struct capture {
	pcap_t *pcap;
	bool dead;			 /* without a device */
	const struct capture_sink *sink; /* while in capture_dispatch() */
	struct pcap_stat last;
	struct capture_counts counts;
	uint64_t created; /* ns: before any packet came */
	uint64_t since;	  /* ns: older packets are not wanted; 0: all are */
	uint64_t opened;  /* ns, CLOCK_MONOTONIC: at that time */
	uint64_t taken;	  /* packets that libpcap has taken out of the ring */
	uint64_t drained; /* ns: when a dispatch began that left no block */
	/* of the last capture_settled(): */
	uint64_t asked;	   /* ns: when it was called, 0: never */
	uint64_t settled;  /* ns: what it answered */
	uint64_t received; /* what had been counted */
	uint64_t changed;  /* ns: when that had last been less */
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
	capture->created = clock_ns(CLOCK_REALTIME);
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

/*
 * What the kernel does not take libpcap would run in this process, on every
 * packet of the host, and say so on stderr: those with loops. Any socket tells.
 * The layout of both structs is one.
 */
static bool try_kernel(
	const struct bpf_program *program, struct failure *failure)
{
	const struct sock_fprog filter = {
		.len = (unsigned short)program->bf_len,
		.filter = (struct sock_filter *)program->bf_insns,
	};
	int fd;
	bool taken;

	if (reach_needs_header(program))
		return failure_set(failure, 400,
			"filter: it reads a part of the link header that the "
			"kernel does not have");
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failure_set(failure, 503, "can't try the filter: %s",
			strerror(errno));
	taken = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
			sizeof(filter)) == 0;
	close(fd);
	return taken || failure_set(failure, 400,
				"filter: the kernel does not take it, which is "
				"so with protochain");
}

static bool install(
	pcap_t *pcap, struct bpf_program *program, struct failure *failure)
{
	const int on = 1;
	socklen_t length = 0; /* in instructions: none is asked for, all told */

	if (pcap_setfilter(pcap, program) != 0)
		return failure_set(failure, 500, "can't set the filter: %s",
			pcap_geterr(pcap));
	if (getsockopt(pcap_fileno(pcap), SOL_SOCKET, SO_GET_FILTER, NULL,
		    &length) != 0)
		return failure_set(failure, 500,
			"can't ask the kernel for its filter: %s",
			strerror(errno));
	if (length != program->bf_len)
		return failure_set(failure, 500,
			"libpcap did not give the filter to the kernel");
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

	if (!program_of_expression(capture->pcap, expression,
		    "the worker's -exclude", &program, failure)) {
		failure->status = 500;
		return false;
	}
	pcap_freecode(&program);
	return true;
}

/*
 * Has a packet of that time come before the filter stood? One from before the
 * capture was opened can't have: the clock was set back since.
 */
static bool is_unfiltered(const struct capture *capture, uint64_t time)
{
	return time < capture->since &&
	       time + BLOCK_CLOSED_NS > capture->created;
}

/*
 * What was captured before the filter stood is neither counted nor sent. The
 * two are read one behind the other: again, if too much time went by between.
 */
static void begin(struct capture *capture)
{
	struct capture_counts before;
	uint64_t start;

	for (int i = 0; i < BEGIN_TRIES; i++) {
		start = clock_ns(CLOCK_MONOTONIC);
		capture_count(capture, &before);
		capture->since = clock_ns(CLOCK_REALTIME);
		capture->opened = clock_ns(CLOCK_MONOTONIC);
		if (capture->opened - start < BEGIN_NS)
			break;
	}
	capture->counts = (struct capture_counts){0};
}

bool capture_set_filter(struct capture *capture, const struct filter *filter,
	struct failure *failure)
{
	struct bpf_program program;
	bool set;

	if (!compile_bounded(capture->pcap, filter, &program, failure))
		return false;
	reach_keep(&program);
	set = try_kernel(&program, failure) &&
	      (capture->dead || install(capture->pcap, &program, failure));
	pcap_freecode(&program);
	if (set && !capture->dead)
		begin(capture);
	return set;
}

int capture_fd(const struct capture *capture)
{
	return pcap_get_selectable_fd(capture->pcap);
}

/*
 * Brings what follows some packets later in the ring: it is in the cache of
 * the processor that received it. Behind the ring that does nothing.
 */
static void prefetch(const unsigned char *data, uint32_t size)
{
	for (uint32_t i = 0; i < size + RING_OVERHEAD && i < AHEAD;
		i += CACHE_LINE)
		__builtin_prefetch(data + AHEAD + i);
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

	prefetch(data, header->caplen);
	if (is_unfiltered(capture, packet.time))
		return;
	capture->taken++;
	if (!capture->sink->packet(capture->sink->context, &packet))
		pcap_breakloop(capture->pcap);
}

/* A dispatch that began at now has left no closed block. */
static void note_drained(struct capture *capture, uint64_t now)
{
	capture->drained = now;
	/* for that no clock is trusted longer than it must be */
	if (clock_ns(CLOCK_MONOTONIC) - capture->opened > BLOCK_CLOSED_NS)
		capture->since = 0;
}

int capture_dispatch(struct capture *capture, const struct capture_sink *sink,
	struct failure *failure)
{
	const uint64_t now = clock_ns(CLOCK_REALTIME);
	int count;

	capture->sink = sink;
	count = pcap_dispatch(capture->pcap, DISPATCH_MAX, take_packet,
		(unsigned char *)capture);
	if (count == PCAP_ERROR_BREAK)
		return 0;
	if (count >= 0 && count < DISPATCH_MAX)
		note_drained(capture, now);
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

/*
 * A packet may sit in the open block, which only the kernel sees. But it has
 * been counted: when as many have been taken out as were put in, nothing is
 * left in the ring. Where something is left, what had arrived well before the
 * ring was last found without a closed block has been taken.
 *
 * What libpcap discards by itself (packets from before the filter was set)
 * would disturb the count for good, so it is made equal again when nothing has
 * arrived for so long that no block can be open.
 */
uint64_t capture_settled(
	struct capture *capture, struct capture_counts *ret_counts)
{
	const uint64_t now = clock_ns(CLOCK_REALTIME);
	uint64_t settled = 0;

	capture_count(capture, ret_counts);
	if (!capture->asked || now < capture->asked ||
		ret_counts->received != capture->received)
		capture->changed = now;
	if (capture->drained > capture->changed + BLOCK_CLOSED_NS)
		capture->taken = ret_counts->received - ret_counts->dropped;
	if (capture->drained > BLOCK_CLOSED_NS)
		settled = capture->drained - BLOCK_CLOSED_NS;
	if (capture->taken == ret_counts->received - ret_counts->dropped)
		settled = now - IN_FLIGHT_NS;
	/* a promise is not taken back, unless the clock was */
	if (now < capture->asked || settled > capture->settled)
		capture->settled = settled;
	capture->asked = now;
	capture->received = ret_counts->received;
	return capture->settled;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	if (capture->pcap)
		pcap_close(capture->pcap);
	free(capture);
}
