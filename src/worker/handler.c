/* SPDX-License-Identifier: MIT */
/*
 * Serves one connection. In: a socket. Out: one HTTP response and its reports.
 *
 * A request is read and checked before anything is done for it. capture_run.c has what
 * follows for a capture, and the order of privilege.
 */
#include "worker/handler.h"

#include "common/clock.h"
#include "worker/capture_run.h"
#include "worker/http_request.h"
#include "worker/http_response.h"
#include "worker/interfaces.h"
#include "worker/journal.h"
#include "worker/origin_check.h"
#include "worker/peer.h"

#include <stdlib.h>
#include <string.h>
#include <syslog.h>

/* A request and what it asks for. */
struct request_context {
	struct capture_run run;
	char head[REQUEST_HEAD_MAX];
	struct http_request request; /* slices of head */
	bool is_over_limit;	     /* refused by -max-clients, which the listener reports */
};

static bool read_request(struct request_context *context, struct error *error)
{
	const size_t length = http_request_read_head(
		&context->run.connection, context->head, sizeof(context->head), error);

	/* an error response to HEAD has no body, even if the request is incomplete */
	if (length == 0) {
		context->request.head_only = memcmp(context->head, "HEAD ", strlen("HEAD ")) == 0;
		return false;
	}
	context->run.request_time = clock_ns(CLOCK_REALTIME);
	return http_request_parse(context->head, length, &context->request, error);
}

/* Rejects requests by web pages, by forged proxies, and beyond -max-clients. */
static bool check_client(struct request_context *context, bool is_over_limit, struct error *error)
{
	if (!origin_check_run(&context->request.claims, context->run.settings->hosts, error))
		return false;
	if (!peer_add_forwarded(&context->run.peer, context->request.forwarded, error))
		return false;
	context->is_over_limit = is_over_limit;
	if (is_over_limit)
		return error_set(error, 503,
			"%u captures run already, the limit of -max-clients: wait for one to end",
			context->run.settings->clients);
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
	http_response_send_json(&context->run.connection, context->request.head_only, json);
	free(json);
	return true;
}

/* Starts the capture that a request asks for. */
static bool serve_capture(struct request_context *context, struct error *error)
{
	struct capture_run *run = &context->run;

	run->query = context->request.query;
	run->is_http10 = context->request.http10;
	run->head_only = context->request.head_only;
	return capture_run_serve(run, error);
}

static bool serve_request(
	struct request_context *context, int fd, bool is_over_limit, struct error *error)
{
	if (!peer_of_socket(fd, &context->run.peer, error))
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
		capture_run_describe_client(&context->run);
	context->run.report.reason = error->text;
	context->run.report.status = error->status;
	http_response_send_error(&context->run.connection, context->request.head_only, error);
	if (!context->is_over_limit)
		journal_refused(&context->run.report);
}

int handler_serve(int fd, const struct settings *settings, bool is_over_limit)
{
	struct request_context *context = calloc(1, sizeof(*context));
	struct error error = {0};

	if (!context) {
		journal_line(LOG_ERR, "out of memory");
		return 1;
	}
	capture_run_init(&context->run, settings);
	connection_open(&context->run.connection, fd);
	context->run.has_http = true;
	if (!serve_request(context, fd, is_over_limit, &error))
		refuse_request(context, &error);
	capture_run_cleanup(&context->run);
	free(context);
	return error.status == 500 ? 1 : 0;
}
