/*
 * HTTP answers. In: what was decided. Out: heads, and the bodies that are no
 * captures.
 */
#include "worker/answer.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_HEAD_MAX = 1024 };

#define NO_STORE "Cache-Control: no-store, no-transform\r\n"

static const char *reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} reasons[] = {
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{414, "URI Too Long"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Error";
}

bool answer_capture_head(struct connection *connection, bool chunked,
	bool pcapng, uint64_t asked)
{
	char head[ANSWER_HEAD_MAX];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/%s\r\n"
		"%s" NO_STORE "X-Accel-Buffering: no\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Ddump-Clock: %" PRIu64 " %" PRIu64 "\r\n"
		"Connection: close\r\n"
		"\r\n",
		pcapng ? "x-pcapng" : "vnd.tcpdump.pcap",
		chunked ? "Transfer-Encoding: chunked\r\n" : "", asked,
		clock_ns(CLOCK_REALTIME));
	return connection_write(connection, head, strlen(head));
}

static bool answer_body(struct connection *connection, bool head_only,
	const char *head, const char *body)
{
	return connection_write(connection, head, strlen(head)) &&
	       (head_only || connection_write(connection, body, strlen(body)));
}

bool answer_json(
	struct connection *connection, bool head_only, const char *json)
{
	char head[ANSWER_HEAD_MAX];

	snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\n"
		"Content-Type: application/json\r\n"
		"Content-Length: %zu\r\n" NO_STORE
		"X-Content-Type-Options: nosniff\r\n"
		"Connection: close\r\n"
		"\r\n",
		strlen(json));
	return answer_body(connection, head_only, head, json);
}

bool answer_failure(struct connection *connection, bool head_only,
	const struct failure *failure)
{
	char body[sizeof(failure->text) + 1];
	char head[ANSWER_HEAD_MAX];

	snprintf(body, sizeof(body), "%s\n", failure->text);
	snprintf(head, sizeof(head),
		"HTTP/1.1 %d %s\r\n"
		"Content-Type: text/plain; charset=us-ascii\r\n"
		"Content-Length: %zu\r\n"
		"%s" NO_STORE "X-Content-Type-Options: nosniff\r\n"
		"Connection: close\r\n"
		"\r\n",
		failure->status, reason_of(failure->status), strlen(body),
		failure->status == 405 ? "Allow: GET, HEAD\r\n" : "");
	return answer_body(connection, head_only, head, body);
}
