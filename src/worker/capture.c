/* SPDX-License-Identifier: MIT */
/*
 * Captures by libpcap. In: packets of all interfaces, or of one device, from the
 * kernel's ring. Out: the same packets to a sink, and the kernel's counters.
 *
 * The "any" device is set to SLL2, on which the kernel can filter by interface; a
 * device by its name keeps its own link layer. Timestamps are in nanoseconds. Without immediate
 * mode libpcap uses TPACKET_V3, which takes a tenth of the CPU time of V2, and loses nothing where
 * V2 does. A handle never blocks: callers poll.
 *
 * No unfiltered packet is captured: until the filter is set, the socket is bound
 * to no protocol and receives nothing. To bind it to an unused protocol instead
 * would double the time to the first byte, because the kernel then waits for all
 * processors before the next bind().
 */
#include "worker/capture.h"

#include "common/clock.h"
#include "format/linktype.h"
#include "worker/kernel_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netpacket/packet.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	BLOCK_TIMEOUT_MS = 10,
	DISPATCH_MAX = 4096, /* packets, so that the caller can check timers */
	/*
	 * Its lower 16 bits, which packet(7) uses, are 0: a socket of that
	 * protocol receives nothing. For libpcap 0 itself would mean all.
	 */
	NO_PROTOCOL = 0x10000,
	CACHE_LINE = 64,
	PREFETCH_BYTES = 4096, /* some packets ahead in the ring */
	RING_OVERHEAD = 80,    /* bytes, about, of each packet */
	PROBE_RING = 65536,    /* bytes; libpcap makes one block of it */
};

struct capture {
	pcap_t *pcap;
	const struct capture_sink *sink; /* while in capture_dispatch() */
	struct pcap_stat last;
	struct capture_counts counts;
};

static bool reject_activation(pcap_t *pcap, int status, struct error *error)
{
	/* it was there a moment ago */
	if (status == PCAP_ERROR_NO_SUCH_DEVICE)
		return error_set(error, 503, "the interface is gone: %s", pcap_geterr(pcap));
	if (status == PCAP_ERROR_PERM_DENIED)
		return error_set(error, 500,
			"the worker lacks CAP_NET_RAW; start it by ddump-worker.socket, run "
			"\"setcap cap_net_raw=eip\" on ddump-worker, or give its container "
			"NET_RAW");
	return error_set(error, errno == ENOMEM ? 503 : 500, "cannot capture: %s: %s",
		pcap_statustostr(status), pcap_geterr(pcap));
}

static bool reject_libpcap(struct error *error)
{
	return error_set(error, 500, "cannot capture: libpcap is too old (%s)", pcap_lib_version());
}

static bool set_options(pcap_t *pcap, uint32_t snaplen, uint32_t ring)
{
	return pcap_set_snaplen(pcap, (int)snaplen) == 0 &&
	       pcap_set_timeout(pcap, BLOCK_TIMEOUT_MS) == 0 &&
	       pcap_set_buffer_size(pcap, (int)ring) == 0 &&
	       pcap_set_protocol_linux(pcap, NO_PROTOCOL) == 0 &&
	       pcap_set_tstamp_precision(pcap, PCAP_TSTAMP_PRECISION_NANO) == 0;
}

static bool activate_handle(pcap_t *pcap, uint32_t snaplen, uint32_t ring, struct error *error)
{
	char detail[PCAP_ERRBUF_SIZE] = "";
	int status;

	if (!set_options(pcap, snaplen, ring))
		return error_set(
			error, 500, "cannot capture: %s rejects the options", pcap_lib_version());
	errno = 0;
	status = pcap_activate(pcap);
	if (status < 0)
		return reject_activation(pcap, status, error);
	if (pcap_get_tstamp_precision(pcap) != PCAP_TSTAMP_PRECISION_NANO)
		return reject_libpcap(error);
	if (pcap_setnonblock(pcap, 1, detail) != 0)
		return error_set(error, 500, "cannot capture: %s", detail);
	return true;
}

/*
 * Finds the link layer of an activated handle. For devices that it does not know, or
 * not well, libpcap itself falls back to the cooked form.
 */
static bool find_link(
	pcap_t *pcap, const char *device, struct capture_link *ret_link, struct error *error)
{
	static const struct {
		int dlt;
		struct capture_link link;
	} links[] = {
		{DLT_EN10MB, {LINKTYPE_ETHERNET, &header_ethernet}},
		{DLT_RAW, {LINKTYPE_RAW, &header_raw_ip}},
	};
	const int dlt = pcap_datalink(pcap);
	const char *name = pcap_datalink_val_to_name(dlt);

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (links[i].dlt == dlt) {
			*ret_link = links[i].link;
			return true;
		}
	return error_set(error, 400,
		"linktype: native is not possible on %s, whose link type is %s and neither "
		"Ethernet nor raw IP; try sll2",
		device, name ? name : "unknown");
}

pcap_t *capture_open_probe(
	const char *device, uint32_t snaplen, struct capture_link *ret_link, struct error *error)
{
	char detail[PCAP_ERRBUF_SIZE] = "";
	pcap_t *pcap = pcap_create(device, detail);

	if (!pcap) {
		error_set(error, 500, "cannot capture: %s", detail);
		return NULL;
	}
	if (activate_handle(pcap, snaplen, PROBE_RING, error) &&
		find_link(pcap, device, ret_link, error))
		return pcap;
	pcap_close(pcap);
	return NULL;
}

/* Binds the socket to all protocols: from now on it receives packets. */
static bool start_receiving(pcap_t *pcap, struct error *error)
{
	struct sockaddr_ll address = {0};
	socklen_t size = sizeof(address);
	struct pcap_stat before;

	if (pcap_stats(pcap, &before) != 0 ||
		getsockname(pcap_fileno(pcap), (struct sockaddr *)&address, &size) != 0)
		return error_set(error, 500, "cannot capture: %s", strerror(errno));
	if (before.ps_recv > 0)
		return error_set(error, 503,
			"cannot capture: a packet arrived before the filter was set; try again");
	address.sll_protocol = htons(ETH_P_ALL);
	if (bind(pcap_fileno(pcap), (struct sockaddr *)&address, sizeof(address)) != 0)
		return error_set(error, 500, "cannot capture: %s", strerror(errno));
	return true;
}

/* Sets, or checks, the link layer that the filter was made for. */
static bool check_link(pcap_t *pcap, const struct capture_options *options, struct error *error)
{
	struct capture_link link = {0};

	if (!options->device)
		return pcap_set_datalink(pcap, DLT_LINUX_SLL2) == 0 || reject_libpcap(error);
	if (!find_link(pcap, options->device, &link, error))
		return false;
	return link.header == options->link ||
	       error_set(error, 503,
		       "interface: %s has another link type than a moment ago; "
		       "try again",
		       options->device);
}

/* Opens the handle with its filter. False, with error set. */
static bool open_handle(
	struct capture *capture, const struct capture_options *options, struct error *error)
{
	const char *device = options->device ? options->device : "any";
	char detail[PCAP_ERRBUF_SIZE] = "";

	capture->pcap = pcap_create(device, detail);
	if (!capture->pcap)
		return error_set(error, 500, "cannot capture: %s", detail);
	if (!activate_handle(capture->pcap, options->snaplen, options->ring, error))
		return false;
	if (!check_link(capture->pcap, options, error))
		return false;
	if (!kernel_filter_attach(pcap_fileno(capture->pcap), options->filter, error))
		return false;
	/* last: no packet arrives before the filter is attached */
	return start_receiving(capture->pcap, error);
}

struct capture *capture_open(const struct capture_options *options, struct error *error)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture) {
		error_set(error, 503, "out of memory");
		return NULL;
	}
	if (open_handle(capture, options, error))
		return capture;
	capture_free(capture);
	return NULL;
}

int capture_fd(const struct capture *capture)
{
	return pcap_get_selectable_fd(capture->pcap);
}

/*
 * Prefetches the part of the ring that comes some packets later, which is in the
 * cache of the processor that received it. Beyond the ring that has no effect.
 */
static void prefetch_ring(const unsigned char *data, uint32_t size)
{
	for (uint32_t i = 0; i < size + RING_OVERHEAD && i < PREFETCH_BYTES; i += CACHE_LINE)
		__builtin_prefetch(data + PREFETCH_BYTES + i);
}

static void pass_packet(
	unsigned char *context, const struct pcap_pkthdr *header, const unsigned char *data)
{
	struct capture *capture = (struct capture *)context;
	const struct packet packet = {
		/* with this precision tv_usec holds nanoseconds */
		.time = (uint64_t)header->ts.tv_sec * NS_PER_S + (uint64_t)header->ts.tv_usec,
		.caplen = header->caplen,
		.len = header->len,
		.data = data,
	};

	prefetch_ring(data, header->caplen);
	if (!capture->sink->packet(capture->sink->context, &packet))
		pcap_breakloop(capture->pcap);
}

int capture_dispatch(struct capture *capture, const struct capture_sink *sink, bool *ret_drained,
	struct error *error)
{
	int count;

	capture->sink = sink;
	count = pcap_dispatch(capture->pcap, DISPATCH_MAX, pass_packet, (unsigned char *)capture);
	*ret_drained = count >= 0 && count < DISPATCH_MAX;
	if (count == PCAP_ERROR_BREAK)
		return 0;
	if (count >= 0)
		return count;
	error_set(error, 500, "the capture failed: %s", pcap_geterr(capture->pcap));
	return -1;
}

void capture_read_counts(struct capture *capture, struct capture_counts *ret_counts)
{
	struct pcap_stat now;

	/* the kernel's counters have 32 bits: their differences survive a wrap */
	if (pcap_stats(capture->pcap, &now) == 0) {
		capture->counts.received += now.ps_recv - capture->last.ps_recv;
		capture->counts.dropped += now.ps_drop - capture->last.ps_drop;
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
