/* SPDX-License-Identifier: MIT */
/*
 * Serves one connection. In: a socket. Out: one HTTP response and its reports. Or the
 * same capture without HTTP, to a pipe.
 *
 * The order of serve_capture() is the order of privilege: the request is
 * parsed; the client's expression is compiled in a child that has no privilege,
 * for a device with the help of a handle that receives nothing; the capture is
 * opened, with the filter in place before its first packet; the privilege is given
 * up; then the process
 * gives up all system calls but those that sending needs. Packets are sent only
 * after all of that.
 */
#include "worker/handler.h"

#include "common/clock.h"
#include "common/process.h"
#include "format/linktype.h"
#include "worker/capture.h"
#include "worker/capture_loop.h"
#include "worker/capture_params.h"
#include "worker/encoder.h"
#include "worker/exclusions.h"
#include "worker/filter.h"
#include "worker/filter_compile.h"
#include "worker/http_request.h"
#include "worker/http_response.h"
#include "worker/interface_choice.h"
#include "worker/interfaces.h"
#include "worker/journal.h"
#include "worker/kernel_filter.h"
#include "worker/privileges.h"
#include "worker/promiscuous.h"
#include "worker/syscall_filter.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { COMMENT_SIZE = 128 };

/* All that one connection needs, from its request to its report. */
struct request_context {
	const struct settings *settings;
	struct connection connection;
	struct peer peer;
	char head[REQUEST_HEAD_MAX];
	struct http_request request; /* slices of head */
	uint64_t request_time;	     /* ns, CLOCK_REALTIME: when the head had been read */
	bool is_over_limit;	     /* refused by -max-clients, which the listener reports */
	bool has_http;		     /* false: the stream alone, to a pipe */
	struct capture_params params;
	struct interface_choice interfaces;
	int promiscuous_fd; /* keeps the interfaces promiscuous; -1: not */
	struct capture_filter filter;
	struct filter_program program;
	struct capture *capture;
	struct http_body *body;
	struct encoder *encoder;
	char comment[COMMENT_SIZE]; /* of the capture's interfaces */
	struct report report;
	char client[PEER_NAME_SIZE];
};

static bool read_request(struct request_context *context, struct error *error)
{
	const size_t length = http_request_read_head(
		&context->connection, context->head, sizeof(context->head), error);

	/* an error response to HEAD has no body, even if the request is incomplete */
	if (length == 0) {
		context->request.head_only = memcmp(context->head, "HEAD ", strlen("HEAD ")) == 0;
		return false;
	}
	context->request_time = clock_ns(CLOCK_REALTIME);
	return http_request_parse(context->head, length, &context->request, error);
}

/* Rejects requests by web pages, by forged proxies, and beyond -max-clients. */
static bool check_client(struct request_context *context, bool is_over_limit, struct error *error)
{
	if (!origin_check_run(&context->request.claims, context->settings->hosts, error))
		return false;
	if (!peer_add_forwarded(&context->peer, context->request.forwarded, error))
		return false;
	context->is_over_limit = is_over_limit;
	if (is_over_limit)
		return error_set(error, 503,
			"%u captures run already, the limit of -max-clients: wait for one to end",
			context->settings->clients);
	return true;
}

static bool serve_interfaces(struct request_context *context, struct error *error)
{
	char *json;

	if (*context->request.query)
		return error_set(error, 400, "/interfaces takes no parameters");
	json = interfaces_json();
	if (!json)
		return error_set(error, 503, "out of memory or descriptors");
	http_response_send_json(&context->connection, context->request.head_only, json);
	free(json);
	return true;
}

/* Parses the parameters of a capture, applies the limits, and resolves the interfaces. */
static bool choose_capture(struct request_context *context, struct error *error)
{
	const char *query = context->has_http ? context->request.query : context->settings->capture;

	if (!capture_params_parse(query, &context->params, error))
		return false;
	if (!capture_params_limit(context->settings, &context->params, error))
		return false;
	if (context->has_http && context->settings->proxy && !peer_has_proxy(&context->peer))
		return error_set(error, 403,
			"the worker's -proxy yes needs a Forwarded field with the proxy's port in "
			"by=; see the proxy examples");
	return interface_choice_resolve(
		&context->interfaces, &context->params, context->settings, error);
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
static const char *find_device(const struct request_context *context)
{
	return context->params.native ? context->interfaces.names[0] : NULL;
}

/* Opens a handle for compiling the filter, and finds the link type of a device. */
static pcap_t *open_compiler(struct request_context *context, struct error *error)
{
	struct capture_filter *filter = &context->filter;
	struct capture_link link;
	pcap_t *pcap;

	if (!context->params.native) {
		filter->link = &header_sll2;
		filter->snaplen =
			captured_length(context->params.snaplen, context->params.linktype);
		return filter_compile_open_cooked(filter->snaplen, error);
	}
	filter->snaplen = context->params.snaplen;
	pcap = capture_open_probe(find_device(context), filter->snaplen, &link, error);
	if (!pcap)
		return NULL;
	filter->link = link.header;
	context->params.linktype = link.linktype;
	return pcap;
}

/* Fills in the parts of the filter that do not depend on the link layer. */
static bool collect_filter(struct request_context *context, struct error *error)
{
	const struct settings *settings = context->settings;
	struct capture_filter *filter = &context->filter;

	if (!exclusions_collect(&filter->exclusions, settings, &context->peer, error))
		return false;
	/* the other connections of a user's ssh client are not its own */
	if (!context->has_http && context->peer.remote.family)
		exclusions_add_endpoint(&filter->exclusions, &context->peer.remote);
	/* the capture of a device receives nothing from others */
	filter->interfaces = context->interfaces.indexes;
	filter->interface_count = context->params.native ? 0 : context->interfaces.count;
	filter->user = context->params.filter;
	filter->limits_payload = context->params.limits_payload;
	filter->payload = context->params.payload;
	filter->steps = settings->filter_steps;
	return true;
}

static bool compile_filter(struct request_context *context, struct error *error)
{
	const uint32_t visible = context->settings->snaplen;
	struct capture_filter *filter = &context->filter;
	pcap_t *pcap;
	bool good;

	if (!collect_filter(context, error))
		return false;
	pcap = open_compiler(context, error);
	if (!pcap)
		return false;
	filter->linktype = context->params.linktype;
	/* 0 would mean all bytes: only headers may be read */
	if (context->settings->limits_payload)
		filter->visible = 1;
	else if (visible > 0)
		filter->visible = captured_length(visible, filter->linktype);
	good = filter_build(pcap, filter, &context->program, error);
	pcap_close(pcap);
	if (!good)
		return false;
	if (filter->link->is_cooked && !kernel_filter_translate(&context->program, error))
		return false;
	return kernel_filter_try(&context->program, error);
}

static bool set_promiscuous(struct request_context *context, struct error *error)
{
	const struct interface_choice *interfaces = &context->interfaces;

	if (!context->params.promisc)
		return true;
	context->promiscuous_fd = promiscuous_open(interfaces->indexes, interfaces->count, error);
	return context->promiscuous_fd >= 0;
}

static bool open_capture(struct request_context *context, struct error *error)
{
	const struct capture_options options = {
		.device = find_device(context),
		.link = context->filter.link,
		.snaplen = context->filter.snaplen,
		.ring = context->settings->ring,
		.filter = &context->program,
	};

	context->capture = capture_open(&options, error);
	return context->capture && set_promiscuous(context, error);
}

static bool sends_chunks(const struct request_context *context)
{
	return context->has_http && !context->request.http10;
}

/* Who reads the file must know that packets lack something. */
static const char *describe_limit(struct request_context *context)
{
	const struct settings *settings = context->settings;
	const struct capture_params *params = &context->params;
	const bool is_limit = settings->limits_payload && settings->payload == params->payload;

	if (!params->limits_payload)
		return NULL;
	snprintf(context->comment, sizeof(context->comment),
		"of each packet, the headers and at most %u bytes of payload are kept (%s)",
		params->payload, is_limit ? "-max-payload of the worker" : "payload=");
	return context->comment;
}

static bool open_encoder(struct request_context *context, struct error *error)
{
	const struct encoder_options options = {
		.pcapng = context->params.pcapng,
		.nano = context->params.nano,
		.linktype = context->params.linktype,
		.device = find_device(context),
		.snaplen = context->params.snaplen,
		.link = context->filter.link,
		.limits_payload = context->params.limits_payload,
		.payload = context->params.payload,
		.comment = describe_limit(context),
		.filter = context->params.filter,
		.socket = capture_fd(context->capture),
	};

	context->body = http_body_new(&context->connection, sends_chunks(context));
	context->encoder = encoder_new(context->body, &options);
	if (!context->body || !context->encoder)
		return error_set(error, 503, "out of memory");
	return true;
}

/* From now on SIGTERM does not kill, but makes stop_fd readable. */
static bool open_stop_fd(struct request_context *context, struct error *error)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	context->connection.stop_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (context->connection.stop_fd < 0)
		return error_set(error, 503, "out of descriptors");
	return true;
}

static bool send_response_head(struct request_context *context)
{
	return !context->has_http ||
	       http_response_start_capture(&context->connection, sends_chunks(context),
		       context->params.pcapng, context->request_time);
}

/*
 * From now on this process can do nothing but send this capture. Where that
 * cannot be enforced, it is reported, and the limits of the unit remain.
 */
static void limit_system_calls(const struct request_context *context)
{
	const int capture = capture_fd(context->capture);
	const struct syscall_filter_fds fds = {
		.connection = context->connection.fd,
		.is_pipe = context->connection.is_pipe,
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

/* Fills in the client and its request, as far as they are known. */
static void describe_client(struct request_context *context)
{
	if (context->has_http) {
		peer_client(&context->peer, context->client);
		context->report.owner = peer_owner(context->connection.fd);
	}
	context->report.client = context->client;
	context->report.is_promiscuous = context->params.promisc;
	context->report.limits_payload = context->params.limits_payload;
	context->report.payload = context->params.payload;
	context->report.filter = context->params.filter;
	context->report.interfaces = context->interfaces.text;
}

static void report_start(struct request_context *context)
{
	describe_client(context);
	context->report.reason = "";
	context->report.status = 200;
	journal_started(&context->report);
}

static void report_end(struct request_context *context, enum capture_end end, uint64_t start_ns,
	const struct error *error)
{
	struct report *report = &context->report;
	struct capture_counts counts;

	report->reason = error->status ? error->text : capture_end_text(end);
	if (error->status)
		report->status = error->status;
	capture_read_counts(context->capture, &counts);
	report->bytes = http_body_bytes(context->body);
	report->received = counts.received;
	report->dropped = counts.dropped;
	report->duration = (clock_ns(CLOCK_MONOTONIC) - start_ns) / 1000;
	journal_ended(report);
}

static void send_capture(struct request_context *context, struct error *error)
{
	const uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);
	const struct capture_loop loop = {
		.connection = &context->connection,
		.capture = context->capture,
		.body = context->body,
		.encoder = context->encoder,
		.sends_watermarks = context->params.pcapng,
		.interfaces = &context->interfaces,
		.packet_count = context->params.count,
		.duration_s = context->params.duration,
	};
	enum capture_end end = CAPTURE_END_CLIENT_LEFT;
	const bool has_started = send_response_head(context) && encoder_start(context->encoder);

	/* after the first bytes: to find the peer's user takes a while */
	report_start(context);
	limit_system_calls(context);
	if (has_started)
		end = capture_loop_run(&loop, &context->report.packets, error);
	report_end(context, end, start_ns, error);
}

static bool serve_capture(struct request_context *context, struct error *error)
{
	if (!choose_capture(context, error))
		return false;
	/* in a child without privilege, as far as it is the client's text */
	if (!compile_filter(context, error))
		return false;
	/* CAP_NET_RAW is used up to here, and given up by the next step */
	if (!context->request.head_only && !open_capture(context, error))
		return false;
	if (!privileges_drop_all(error))
		return false;
	if (context->request.head_only) {
		send_response_head(context);
		return true;
	}
	if (!open_encoder(context, error) || !open_stop_fd(context, error))
		return false;
	send_capture(context, error);
	return true;
}

static bool serve_request(
	struct request_context *context, int fd, bool is_over_limit, struct error *error)
{
	if (!peer_of_socket(fd, &context->peer, error))
		return false;
	if (!read_request(context, error))
		return false;
	if (!check_client(context, is_over_limit, error))
		return false;
	if (context->request.resource == REQUEST_INTERFACES)
		return serve_interfaces(context, error);
	return serve_capture(context, error);
}

static void refuse_request(struct request_context *context, const struct error *error)
{
	/* a peer that connects and leaves without a request is not reported */
	if (error->status == 0)
		return;
	/* before the answer: the peer's user is found only while it is connected */
	if (!context->is_over_limit)
		describe_client(context);
	context->report.reason = error->text;
	context->report.status = error->status;
	http_response_send_error(&context->connection, context->request.head_only, error);
	if (!context->is_over_limit)
		journal_refused(&context->report);
}

static struct request_context *new_context(const struct settings *settings)
{
	struct request_context *context = calloc(1, sizeof(*context));

	if (!context) {
		journal_line(LOG_ERR, "out of memory");
		return NULL;
	}
	context->settings = settings;
	context->promiscuous_fd = -1;
	context->report.owner = -1;
	return context;
}

static void free_context(struct request_context *context)
{
	/* first the capture: it stops, and the ring's memory is free */
	capture_free(context->capture);
	if (context->promiscuous_fd >= 0)
		close(context->promiscuous_fd);
	connection_close(&context->connection);
	if (context->connection.stop_fd >= 0)
		close(context->connection.stop_fd);
	encoder_free(context->encoder);
	http_body_free(context->body);
	free(context);
}

int handler_serve(int fd, const struct settings *settings, bool is_over_limit)
{
	struct request_context *context = new_context(settings);
	struct error error = {0};

	if (!context)
		return 1;
	connection_open(&context->connection, fd);
	context->has_http = true;
	context->report.peer = context->peer.name;
	if (!serve_request(context, fd, is_over_limit, &error))
		refuse_request(context, &error);
	free_context(context);
	return error.status == 500 ? 1 : 0;
}

/*
 * Identifies who reads the stream, whose connection must not be captured: a socket's
 * peer, or that of the ssh session.
 */
static bool find_reader(
	int fd, const struct settings *settings, struct peer *peer, struct error *error)
{
	if (isatty(fd))
		return error_set(error, 1,
			"standard output is a terminal; send it to a file or a program, such as "
			"\"tcpdump -nr -\"");
	if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 0, 0) > 0)
		return peer_of_socket(fd, peer, error);
	return peer_of_ssh(settings->ssh_connection, peer, error);
}

/* Keeps nothing open that the caller has: the process reads what clients send. */
static bool close_others(struct error *error)
{
	process_close_from(STDERR_FILENO + 1);
	return process_replace_with_null(STDIN_FILENO) ||
	       error_set(error, 1, "cannot open /dev/null: %s", strerror(errno));
}

int handler_capture(int fd, const struct settings *settings)
{
	const uid_t user = getuid();
	struct request_context *context = new_context(settings);
	struct error error = {0};

	if (!context)
		return 1;
	connection_open_pipe(&context->connection, fd);
	context->report.peer = context->peer.name;
	context->report.owner = user;
	if (find_reader(fd, settings, &context->peer, &error) && close_others(&error) &&
		privileges_keep_net_raw(&error))
		serve_capture(context, &error);
	if (!error.status && context->connection.write_error &&
		context->connection.write_error != EPIPE)
		error_set(&error, 1, "cannot write to standard output: %s",
			strerror(context->connection.write_error));
	if (error.status)
		fprintf(stderr, "ddump-worker: %s\n", error.text);
	free_context(context);
	return error.status ? 1 : 0;
}
