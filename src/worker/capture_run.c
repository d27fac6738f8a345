/* SPDX-License-Identifier: MIT */
/*
 * Runs one capture. In: the query, and the connection to its reader. Out: the stream, and
 * reports of its start and end.
 *
 * The order of capture_run_serve() is the order of privilege: the query is parsed; the
 * client's expression is compiled in a child that has no privilege, for a device with the
 * help of a handle that receives nothing; the capture is opened, with the filter in place
 * before its first packet; the privilege is given up; then the process gives up all
 * system calls but those that sending needs. Packets are sent only after all of that.
 */
#include "worker/capture_run.h"

#include "common/clock.h"
#include "format/linktype.h"
#include "worker/capture.h"
#include "worker/capture_loop.h"
#include "worker/encoder.h"
#include "worker/exclusions.h"
#include "worker/filter_compile.h"
#include "worker/http_response.h"
#include "worker/kernel_filter.h"
#include "worker/privileges.h"
#include "worker/promiscuous.h"
#include "worker/syscall_filter.h"

#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

void capture_run_init(struct capture_run *run, const struct settings *settings)
{
	*run = (struct capture_run){
		.settings = settings,
		.promiscuous_fd = -1,
		.report.owner = -1,
	};
	run->report.peer = run->peer.name;
}

/* Parses the parameters of a capture, applies the limits, and resolves the interfaces. */
static bool choose_capture(struct capture_run *run, struct error *error)
{
	if (!capture_params_parse(run->query, &run->params, error))
		return false;
	if (!capture_params_limit(run->settings, &run->params, error))
		return false;
	if (run->has_http && run->settings->proxy && !peer_has_proxy(&run->peer))
		return error_set(error, 403,
			"the worker's -proxy yes needs a Forwarded field with the proxy's port in "
			"by=; see the proxy examples");
	return interface_choice_resolve(&run->interfaces, &run->params, run->settings, error);
}

/* The conversion to SLL removes four bytes, which are captured in addition. */
static uint32_t captured_length(uint32_t snaplen, uint32_t linktype)
{
	uint32_t length = snaplen;

	if (linktype != LINKTYPE_SLL && linktype != LINKTYPE_SLL2)
		return length;
	if (linktype == LINKTYPE_SLL)
		length += SLL2_SIZE - SLL_SIZE;
	if (length < SLL2_SIZE)
		length = SLL2_SIZE;
	return length < PACKET_MAX ? length : PACKET_MAX;
}

/* The device of a capture in the native form; NULL: all interfaces, cooked. */
static const char *find_device(const struct capture_run *run)
{
	return run->params.native ? run->interfaces.names[0] : NULL;
}

/* Opens a handle for compiling the filter, and finds the link type of a device. */
static pcap_t *open_compiler(struct capture_run *run, struct error *error)
{
	struct capture_filter *filter = &run->filter;
	struct capture_link link;
	pcap_t *pcap;

	if (!run->params.native) {
		filter->link = &header_sll2;
		filter->snaplen = captured_length(run->params.snaplen, run->params.linktype);
		return filter_compile_open_cooked(filter->snaplen, error);
	}
	filter->snaplen = run->params.snaplen;
	pcap = capture_open_probe(find_device(run), filter->snaplen, &link, error);
	if (!pcap)
		return NULL;
	filter->link = link.header;
	run->params.linktype = link.linktype;
	return pcap;
}

/* Fills in the parts of the filter that do not depend on the link layer. */
static bool collect_filter(struct capture_run *run, struct error *error)
{
	const struct settings *settings = run->settings;
	struct capture_filter *filter = &run->filter;

	if (!exclusions_collect(&filter->exclusions, settings, &run->peer, error))
		return false;
	/* the other connections of a user's ssh client are not its own */
	if (!run->has_http && run->peer.remote.family)
		exclusions_add_endpoint(&filter->exclusions, &run->peer.remote);
	/* the capture of a device receives nothing from others */
	filter->interfaces = run->interfaces.indexes;
	filter->interface_count = run->params.native ? 0 : run->interfaces.count;
	filter->user = run->params.filter;
	filter->limits_payload = run->params.limits_payload;
	filter->payload = run->params.payload;
	filter->steps = settings->filter_steps;
	return true;
}

static bool compile_filter(struct capture_run *run, struct error *error)
{
	const uint32_t visible = run->settings->snaplen;
	struct capture_filter *filter = &run->filter;
	pcap_t *pcap;
	bool good;

	if (!collect_filter(run, error))
		return false;
	pcap = open_compiler(run, error);
	if (!pcap)
		return false;
	filter->linktype = run->params.linktype;
	/* 0 would mean all bytes: only headers may be read */
	if (run->settings->limits_payload)
		filter->visible = 1;
	else if (visible > 0)
		filter->visible = captured_length(visible, filter->linktype);
	good = filter_build(pcap, filter, &run->program, error);
	pcap_close(pcap);
	if (!good)
		return false;
	if (filter->link->is_cooked && !kernel_filter_translate(&run->program, error))
		return false;
	return kernel_filter_try(&run->program, error);
}

static bool set_promiscuous(struct capture_run *run, struct error *error)
{
	const struct interface_choice *interfaces = &run->interfaces;

	if (!run->params.promisc)
		return true;
	run->promiscuous_fd = promiscuous_open(interfaces->indexes, interfaces->count, error);
	return run->promiscuous_fd >= 0;
}

static bool open_capture(struct capture_run *run, struct error *error)
{
	const struct capture_options options = {
		.device = find_device(run),
		.link = run->filter.link,
		.snaplen = run->filter.snaplen,
		.ring = run->settings->ring,
		.filter = &run->program,
	};

	run->capture = capture_open(&options, error);
	return run->capture && set_promiscuous(run, error);
}

static bool sends_chunks(const struct capture_run *run)
{
	return run->has_http && !run->is_http10;
}

/* Who reads the file must know that packets lack something. */
static const char *describe_limit(struct capture_run *run)
{
	const struct settings *settings = run->settings;
	const struct capture_params *params = &run->params;
	const bool is_limit = settings->limits_payload && settings->payload == params->payload;

	if (!params->limits_payload)
		return NULL;
	snprintf(run->comment, sizeof(run->comment),
		"of each packet, the headers and at most %u bytes of payload are kept (%s)",
		params->payload, is_limit ? "-max-payload of the worker" : "payload=");
	return run->comment;
}

static bool open_encoder(struct capture_run *run, struct error *error)
{
	const bool has_names = run->params.pcapng && !run->settings->no_names;
	const struct encoder_options options = {
		.pcapng = run->params.pcapng,
		.nano = run->params.nano,
		.linktype = run->params.linktype,
		.device = find_device(run),
		.snaplen = run->params.snaplen,
		.link = run->filter.link,
		.limits_payload = run->params.limits_payload,
		.payload = run->params.payload,
		.comment = describe_limit(run),
		.filter = run->params.filter,
		.addresses = has_names ? &run->addresses : NULL,
		.socket = capture_fd(run->capture),
	};

	if (has_names)
		host_addresses_find(&run->addresses);
	run->body = http_body_new(&run->connection, sends_chunks(run));
	run->encoder = encoder_new(run->body, &options);
	if (!run->body || !run->encoder)
		return error_set(error, 503, "out of memory");
	return true;
}

/* From now on SIGTERM does not kill, but makes stop_fd readable. */
static bool open_stop_fd(struct capture_run *run, struct error *error)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	run->connection.stop_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (run->connection.stop_fd < 0)
		return error_set(error, 503, "out of descriptors");
	return true;
}

static bool send_response_head(struct capture_run *run)
{
	return !run->has_http || http_response_start_capture(&run->connection, sends_chunks(run),
					 run->params.pcapng, run->request_time);
}

/*
 * From now on this process can do nothing but send this capture. Where that
 * cannot be enforced, it is reported, and the limits of the unit remain.
 */
static void limit_system_calls(const struct capture_run *run)
{
	const int capture = capture_fd(run->capture);
	const struct syscall_filter_fds fds = {
		.connection = run->connection.fd,
		.is_pipe = run->connection.is_pipe,
		.journal = journal_fd(),
		.journal_address_size = JOURNAL_ADDRESS_SIZE,
		/* if it was closed at the start, the capture may have its number */
		.errors = capture == STDERR_FILENO ? -1 : STDERR_FILENO,
	};
	struct error error;

	if (!syscall_filter_is_supported())
		journal_line(LOG_NOTICE,
			"system calls are not limited in this build; see SECURITY in "
			"ddump-worker(8)");
	else if (!syscall_filter_install(&fds, &error))
		journal_line(LOG_WARNING, "%s", error.text);
}

void capture_run_describe_client(struct capture_run *run)
{
	if (run->has_http) {
		peer_client(&run->peer, run->client);
		run->report.owner = peer_owner(run->connection.fd);
	}
	run->report.client = run->client;
	run->report.is_promiscuous = run->params.promisc;
	run->report.limits_payload = run->params.limits_payload;
	run->report.payload = run->params.payload;
	run->report.filter = run->params.filter;
	run->report.interfaces = run->interfaces.text;
}

static void report_start(struct capture_run *run)
{
	capture_run_describe_client(run);
	run->report.reason = "";
	run->report.status = 200;
	journal_started(&run->report);
}

static void report_end(
	struct capture_run *run, enum capture_end end, uint64_t start_ns, const struct error *error)
{
	struct report *report = &run->report;
	struct capture_counts counts;

	report->reason = error->status ? error->text : capture_end_text(end);
	if (error->status)
		report->status = error->status;
	capture_read_counts(run->capture, &counts);
	report->bytes = http_body_bytes(run->body);
	report->received = counts.received;
	report->dropped = counts.dropped;
	report->duration = (clock_ns(CLOCK_MONOTONIC) - start_ns) / 1000;
	journal_ended(report);
}

static void send_capture(struct capture_run *run, struct error *error)
{
	const uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);
	const struct capture_loop loop = {
		.connection = &run->connection,
		.capture = run->capture,
		.body = run->body,
		.encoder = run->encoder,
		.sends_watermarks = run->params.pcapng,
		.watermark_ms = run->params.watermark,
		.interfaces = &run->interfaces,
		.packet_count = run->params.count,
		.duration_s = run->params.duration,
	};
	enum capture_end end = CAPTURE_END_CLIENT_LEFT;
	const bool has_started = send_response_head(run) && encoder_start(run->encoder);

	/* after the first bytes: to find the peer's user takes a while */
	report_start(run);
	limit_system_calls(run);
	if (has_started)
		end = capture_loop_run(&loop, &run->report.packets, error);
	report_end(run, end, start_ns, error);
}

bool capture_run_serve(struct capture_run *run, struct error *error)
{
	if (!choose_capture(run, error))
		return false;
	/* in a child without privilege, as far as it is the client's text */
	if (!compile_filter(run, error))
		return false;
	/* CAP_NET_RAW is used up to here, and given up by the next step */
	if (!run->head_only && !open_capture(run, error))
		return false;
	if (!privileges_drop_all(error))
		return false;
	if (run->head_only) {
		send_response_head(run);
		return true;
	}
	if (!open_encoder(run, error) || !open_stop_fd(run, error))
		return false;
	send_capture(run, error);
	return true;
}

void capture_run_cleanup(struct capture_run *run)
{
	/* first the capture: it stops, and the ring's memory is free */
	capture_free(run->capture);
	if (run->promiscuous_fd >= 0)
		close(run->promiscuous_fd);
	connection_close(&run->connection);
	if (run->connection.stop_fd >= 0)
		close(run->connection.stop_fd);
	encoder_free(run->encoder);
	http_body_free(run->body);
}
