/* SPDX-License-Identifier: MIT */
#include "answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct page {
	const char *path; /* what the target begins with */
	void (*make)(struct answer *answer, const char *target);
};

const char *answer_query(const char *target)
{
	const char *query = strchr(target, '?');

	return query ? query + 1 : "";
}

void answer_page(struct answer *answer, const char *status, const char *lines, const char *body)
{
	int size = snprintf(answer->first, FIRST_MAX,
		"HTTP/1.1 %s\r\n%sConnection: close\r\n\r\n%s", status, lines, body);

	answer->first_size = size < FIRST_MAX ? (size_t)size : FIRST_MAX - 1;
	answer->ending = END_CUT;
}

static enum ending answer_ending(const char *query)
{
	if (param_is(query, "end", "cut"))
		return END_CUT;
	if (param_is(query, "end", "middle"))
		return END_MIDDLE;
	if (param_is(query, "end", "reset"))
		return END_RESET;
	return param_is(query, "end", "never") ? END_NEVER : END_CLEAN;
}

static void make_stream(struct answer *answer, const char *target)
{
	const char *query = answer_query(target);
	const bool old = param_is(query, "http", "1.0");

	answer->stream = true;
	answer->chunked = !old;
	answer->ending = answer_ending(query);
	answer->first_size = (size_t)snprintf(answer->first, FIRST_MAX,
		"HTTP/1.%d 200 OK\r\n"
		"Content-Type: application/vnd.tcpdump.pcap\r\n%s"
		"Connection: close\r\n\r\n",
		!old, old ? "" : "Transfer-Encoding: chunked\r\n");
}

/*
 * clocks=N: a response head with N Ddump-Clock fields that are an hour ahead.
 */
static void make_clocks(struct answer *answer, const char *target)
{
	const char *query = answer_query(target);
	const unsigned long count = param_number(query, "clocks", 1);
	const uint64_t time = (uint64_t)(clock_ns(CLOCK_REALTIME) + UINT64_C(3600000000000));
	size_t used;

	make_stream(answer, target);
	used = answer->first_size - strlen("\r\n");
	for (unsigned long i = 0; i < count && used < FIRST_MAX - 100; i++)
		used += (size_t)snprintf(answer->first + used, FIRST_MAX - used,
			"Ddump-Clock: %" PRIu64 " %" PRIu64 "\r\n", time, time);
	used += (size_t)snprintf(answer->first + used, FIRST_MAX - used, "\r\n");
	answer->first_size = used;
}

static void make_slow_head(struct answer *answer, const char *target)
{
	make_stream(answer, target);
	answer->slow = true;
}

static void make_head_only(struct answer *answer, const char *target)
{
	make_stream(answer, target);
	answer->stream = false;
	answer->ending = END_NEVER;
}

static void make_status(struct answer *answer, const char *target)
{
	const int number = atoi(target + strlen("/status/"));
	char status[64];
	char body[64];

	snprintf(status, sizeof(status), "%d Refused", number);
	snprintf(body, sizeof(body), "refused with %d on purpose\n", number);
	answer_page(answer, status, "Content-Type: text/plain\r\n", body);
}

/*
 * A worker that does not support promisc=, watermark= and linktype=native. list=NAMES: it
 * announces these parameters.
 */
static void make_old(struct answer *answer, const char *target)
{
	const char *query = answer_query(target);
	const char *list = param_find(query, "list");
	char lines[256] = "Content-Type: text/plain\r\n";

	if (list)
		snprintf(lines, sizeof(lines),
			"Content-Type: text/plain\r\nDdump-Parameters: %.*s\r\n",
			(int)strcspn(list, "&"), list);
	if (param_find(query, "promisc"))
		answer_page(answer, "400 Bad Request", lines,
			"unknown parameter \"promisc\"; try filter\n");
	else if (param_find(query, "watermark"))
		answer_page(answer, "400 Bad Request", lines,
			"unknown parameter \"watermark\"; try filter\n");
	else if (param_is(query, "linktype", "native"))
		answer_page(answer, "400 Bad Request", lines,
			"linktype: \"native\" is neither sll nor sll2\n");
	else
		make_stream(answer, target);
}

static void make_redirect(struct answer *answer, const char *target)
{
	const char *to = param_find(answer_query(target), "to");
	char line[1024];

	snprintf(line, sizeof(line), "Location: %s\r\n", to ? to : "/stream");
	answer_page(answer, "302 Found", line, "it is elsewhere\n");
}

static void make_html(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "200 OK", "Content-Type: text/html\r\n",
		"<html><body>It works!</body></html>\n");
}

static void make_garbage(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "200 OK", "Content-Type: application/vnd.tcpdump.pcap\r\n",
		"\x1b]0;owned\x07 this is no capture, it is garbage\n");
}

/* Like a server that cannot start: the connection is closed. */
static void make_nothing(struct answer *answer, const char *target)
{
	(void)target;
	answer->first_size = 0;
	answer->ending = END_CUT;
}

static void make_empty(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "200 OK",
		"Content-Type: application/vnd.tcpdump.pcap\r\n"
		"Content-Length: 0\r\n",
		"");
}

static void make_gzip(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "200 OK",
		"Content-Type: application/vnd.tcpdump.pcap\r\n"
		"Content-Encoding: gzip\r\n",
		"\x1f\x8b\x08 nobody asked for this encoding\n");
}

/*
 * A capture may follow: libcurl decompresses it even if that was not requested.
 */
static void make_packed(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "200 OK", "Transfer-Encoding: gzip, chunked\r\n",
		"a\r\n\x1f\x8b\x08 1234567\r\n0\r\n\r\n");
}

static void make_escape(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "500 \x1b[31mRed", "Content-Type: text/plain\r\n",
		"\x1b[2J\x1b]0;owned\x07 first line\nforged line\n");
}

static void make_endless(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "500 Talkative", "Content-Type: text/plain\r\n",
		"this sentence never ends ");
	answer->endless = true;
}

/* The response of a proxy to CONNECT. */
static void make_no_way(struct answer *answer, const char *target)
{
	(void)target;
	answer_page(answer, "407 No Way",
		"Proxy-Authenticate: Basic realm=\"test\"\r\n"
		"Content-Length: 9223372036854775807\r\n",
		"this sentence never ends ");
	answer->endless = true;
}

/* A file header, and a packet with a size of 4 GiB. */
static void make_lying_length(struct answer *answer, const char *target)
{
	struct packet_stream *stream = packet_stream_new(answer_query(target));
	unsigned char *end = (unsigned char *)answer->first;
	const uint32_t record[] = {1700000000, 0, UINT32_MAX - 15, 60};

	answer_page(answer, "200 OK", "Content-Type: application/vnd.tcpdump.pcap\r\n", "");
	if (!stream)
		return;
	end += answer->first_size;
	memcpy(end, stream->bytes, PCAP_HEADER);
	for (size_t i = 0; i < 4; i++)
		packet_stream_put(end + PCAP_HEADER + 4 * i, record[i], &stream->recipe);
	answer->first_size += PCAP_HEADER + PCAP_RECORD;
	free(stream);
}

/* /attack/NAME: the names are in attacks.c. */
static void make_attack(struct answer *answer, const char *target)
{
	answer->attack = attack_new(target + strlen("/attack/"));
	if (!answer->attack)
		answer_page(answer, "404 Not Found", "", "no such attack\n");
	else if (answer->attack->ends)
		answer->ending = END_CUT;
}

/* A file of this machine: /file/tmp/x is /tmp/x. step=N: bytes every few ms. */
static void make_file(struct answer *answer, const char *target)
{
	const char *name = target + strlen("/file");
	char path[FIRST_MAX];
	FILE *file;

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(name, "?"), name);
	file = fopen(path, "rbe");
	answer->attack = file ? attack_of_file(file) : NULL;
	if (!answer->attack) {
		answer_page(answer, "404 Not Found", "", "no such file\n");
		return;
	}
	answer->attack->step = param_number(answer_query(target), "step", 0);
	answer->ending = END_CUT;
}

void answer_make(struct answer *answer, const char *target, const char *credentials,
	const char *authorization)
{
	static const struct page pages[] = {
		{"/attack/", make_attack},
		{"/file/", make_file},
		{"/status/", make_status},
		{"/old", make_old},
		{"/redirect", make_redirect},
		{"/html", make_html},
		{"/garbage", make_garbage},
		{"/empty", make_empty},
		{"/nothing", make_nothing},
		{"/gzip", make_gzip},
		{"/packed", make_packed},
		{"/escape", make_escape},
		{"/endless", make_endless},
		{"no-way.example:", make_no_way},
		{"/lying-length", make_lying_length},
		{"/headonly", make_head_only},
		{"/slowhead", make_slow_head},
		{"/clocks", make_clocks},
		{"/stream", make_stream},
		{"/capture", make_stream},
		{"/auth", make_stream},
	};

	*answer = (struct answer){.ending = END_NEVER};
	if (!strncmp(target, "/silent", strlen("/silent")))
		return;
	if (!strncmp(target, "/auth", strlen("/auth")) && strcmp(credentials, authorization) != 0) {
		answer_page(answer, "401 Unauthorized",
			"WWW-Authenticate: Basic realm=\"test\"\r\n", "who are you?\n");
		return;
	}
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (!strncmp(target, pages[i].path, strlen(pages[i].path))) {
			pages[i].make(answer, target);
			return;
		}
	answer_page(
		answer, "404 Not Found", "Content-Type: text/plain\r\n", "there is no such page\n");
}
