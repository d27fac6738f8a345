/*
 * One connection. In: a socket. Out: one answer and its reports.
 *
 * The order is the point: the request is parsed; the capture is opened, the
 * one step with a privilege; privilege is given up; only then is the user's
 * expression compiled; and only when all of it stands does the answer begin.
 */
#include "worker/serve.h"

#include "common/clock.h"
#include "format/linktype.h"
#include "worker/answer.h"
#include "worker/capture.h"
#include "worker/filter.h"
#include "worker/interfaces.h"
#include "worker/journal.h"
#include "worker/limits.h"
#include "worker/peer.h"
#include "worker/privilege.h"
#include "worker/query.h"
#include "worker/relay.h"
#include "worker/request.h"
#include "worker/stream.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

enum { NAMES_SIZE = QUERY_INTERFACES_MAX * (IF_NAMESIZE + 1) };

struct serving {
	const struct settings *settings;
	struct connection connection;
	struct peer peer;
	struct request request;
	struct query query;
	uint64_t asked; /* when the request had been read */
	uint32_t interfaces[QUERY_INTERFACES_MAX];
	char interface_names[NAMES_SIZE]; /* "eth0,eth1" */
	struct filter filter;
	struct capture *capture;
	struct body *body;
	struct stream *stream;
	struct report report;
	char head[REQUEST_HEAD_MAX];
};

static bool take_request(
	struct serving *serving, bool busy, struct failure *failure)
{
	size_t length = connection_read_head(&serving->connection,
		serving->head, sizeof(serving->head), failure);

	/* as far as it is known: what is no request may still begin like one */
	if (length == 0) {
		serving->request.head_only =
			memcmp(serving->head, "HEAD ", strlen("HEAD ")) == 0;
		return false;
	}
	serving->asked = clock_ns(CLOCK_REALTIME);
	if (!request_parse(serving->head, length, &serving->request, failure) ||
		!caller_check(&serving->request.caller,
			serving->settings->hosts, failure))
		return false;
	if (busy)
		return failure_set(failure, 503,
			"%u captures run here already, which is its limit: "
			"wait for one to end (-max-clients)",
			serving->settings->clients);
	return true;
}

static bool send_interfaces(struct serving *serving, struct failure *failure)
{
	char *json;

	if (*serving->request.query)
		return failure_set(
			failure, 400, "/interfaces takes no parameters");
	json = interfaces_json();
	if (!json)
		return failure_set(
			failure, 503, "out of memory or descriptors");
	answer_json(&serving->connection, serving->request.head_only, json);
	free(json);
	return true;
}

static bool find_interfaces(struct serving *serving, struct failure *failure)
{
	const struct query *query = &serving->query;
	char *names = serving->interface_names;
	bool all = false;

	for (size_t i = 0; i < query->interface_count; i++) {
		const char *name = query->interfaces[i];

		if (!interfaces_index(name, &serving->interfaces[i], failure))
			return false;
		all = all || strcmp(name, "any") == 0;
		if (!serving->interfaces[i] && strcmp(name, "any") != 0)
			return failure_set(failure, 400,
				"interface: there is no %s here, see "
				"/interfaces",
				name);
		sprintf(names + strlen(names), "%s%s", i ? "," : "", name);
	}
	serving->filter.interfaces = serving->interfaces;
	serving->filter.interface_count = all ? 0 : query->interface_count;
	return true;
}

/*
 * What leaves by the loopback interface comes in there, too. libpcap takes one
 * of the two; leaving the other to the kernel keeps it out of the ring, and
 * out of the counters.
 */
static bool exclude_outgoing(struct filter *filter, struct failure *failure)
{
	uint32_t loopback;

	if (!interfaces_index("lo", &loopback, failure))
		return false;
	if (loopback)
		filter_exclude(filter, "ifindex %u and outbound", loopback);
	return true;
}

static bool decide_filter(struct serving *serving, struct failure *failure)
{
	if (!find_interfaces(serving, failure) ||
		!peer_exclude(&serving->peer, serving->request.forwarded,
			&serving->filter, failure) ||
		!exclude_outgoing(&serving->filter, failure))
		return false;
	if (serving->settings->exclude)
		filter_exclude(
			&serving->filter, "%s", serving->settings->exclude);
	serving->filter.user = serving->query.filter;
	return true;
}

/* The step to SLL loses four bytes, which are captured on top. */
static uint32_t captured_length(const struct query *query)
{
	uint32_t length = query->snaplen;

	if (query->linktype == LINKTYPE_SLL)
		length += SLL2_SIZE - SLL_SIZE;
	if (length < SLL2_SIZE)
		length = SLL2_SIZE;
	return length < PACKET_MAX ? length : PACKET_MAX;
}

static bool open_capture(struct serving *serving, struct failure *failure)
{
	const uint32_t length = captured_length(&serving->query);
	const char *exclude = serving->settings->exclude;

	serving->capture = serving->request.head_only
				   ? capture_open_dead(length, failure)
				   : capture_open(length,
					     serving->settings->ring, failure);
	if (!serving->capture || !privilege_drop(failure))
		return false;
	if (exclude && !capture_check(serving->capture, exclude, failure))
		return false;
	return capture_set_filter(serving->capture, &serving->filter, failure);
}

static bool open_stream(struct serving *serving, struct failure *failure)
{
	const struct stream_options options = {
		.pcapng = serving->query.pcapng,
		.nano = serving->query.nano,
		.linktype = serving->query.linktype,
		.snaplen = serving->query.snaplen,
		.filter = serving->query.filter,
	};

	serving->body =
		body_new(&serving->connection, !serving->request.http10);
	serving->stream = stream_new(serving->body, &options);
	if (!serving->body || !serving->stream)
		return failure_set(failure, 503, "out of memory");
	return true;
}

/* From here on SIGTERM is something to be read, not to die of. */
static bool catch_stop(struct serving *serving, struct failure *failure)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	serving->connection.stop_fd =
		signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (serving->connection.stop_fd < 0)
		return failure_set(failure, 503, "out of descriptors");
	return true;
}

static bool send_head(struct serving *serving)
{
	return answer_capture_head(&serving->connection,
		!serving->request.http10, serving->query.pcapng,
		serving->asked);
}

static void describe(struct serving *serving)
{
	serving->report.filter = serving->query.filter;
	serving->report.interfaces = serving->interface_names;
	serving->report.reason = "";
	serving->report.status = 200;
}

static bool run_capture(struct serving *serving, struct failure *failure)
{
	const uint64_t start = clock_ns(CLOCK_MONOTONIC);
	const struct relay relay = {
		.connection = &serving->connection,
		.capture = serving->capture,
		.body = serving->body,
		.stream = serving->stream,
		.tells = serving->query.pcapng,
		.interfaces = serving->filter.interfaces,
		.names = serving->query.interfaces,
		.interface_count = serving->filter.interface_count,
		.count = serving->query.count,
		.duration = serving->query.duration,
	};
	struct capture_counts counts;

	describe(serving);
	journal_started(&serving->report);
	serving->report.reason =
		send_head(serving) && stream_start(serving->stream)
			? relay_run(&relay, &serving->report.packets, failure)
			: relay_left;
	if (failure->status) {
		serving->report.reason = failure->text;
		serving->report.status = failure->status;
	}
	capture_count(serving->capture, &counts);
	serving->report.bytes = body_bytes(serving->body);
	serving->report.received = counts.received;
	serving->report.dropped = counts.dropped;
	serving->report.interface_dropped = counts.interface_dropped;
	serving->report.duration = (clock_ns(CLOCK_MONOTONIC) - start) / 1000;
	journal_ended(&serving->report);
	return true;
}

static bool send_capture(struct serving *serving, struct failure *failure)
{
	if (!query_parse(serving->request.query, &serving->query, failure))
		return false;
	if (!limits_apply(serving->settings, &serving->query, failure))
		return false;
	if (!decide_filter(serving, failure) || !open_capture(serving, failure))
		return false;
	if (serving->request.head_only) {
		send_head(serving);
		return true;
	}
	return open_stream(serving, failure) && catch_stop(serving, failure) &&
	       run_capture(serving, failure);
}

static void refuse(struct serving *serving, const struct failure *failure)
{
	serving->report.filter = serving->query.filter;
	serving->report.interfaces = serving->interface_names;
	serving->report.reason = failure->text;
	serving->report.status = failure->status;
	/* a peer that only looked whether somebody is there is no event */
	if (failure->status == 0)
		return;
	answer_failure(
		&serving->connection, serving->request.head_only, failure);
	journal_refused(&serving->report);
}

int serve_connection(int fd, const struct settings *settings, bool busy)
{
	struct serving *serving = calloc(1, sizeof(*serving));
	struct failure failure = {0};
	bool served;

	if (!serving) {
		journal_line(LOG_ERR, "out of memory");
		return 1;
	}
	serving->settings = settings;
	connection_open(&serving->connection, fd);
	serving->report.peer = serving->peer.name;
	served = peer_of_socket(fd, &serving->peer, &failure) &&
		 take_request(serving, busy, &failure) &&
		 (serving->request.resource == REQUEST_INTERFACES
				 ? send_interfaces(serving, &failure)
				 : send_capture(serving, &failure));
	if (!served)
		refuse(serving, &failure);
	/* first of all: the ring's memory, and no more packets */
	capture_free(serving->capture);
	connection_close(&serving->connection);
	if (serving->connection.stop_fd >= 0)
		close(serving->connection.stop_fd);
	stream_free(serving->stream);
	body_free(serving->body);
	free(serving);
	return failure.status == 500 ? 1 : 0;
}
