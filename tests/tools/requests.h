/*
 * Requests that mean harm, as the hostile tool sends them. In: the name of a
 * set and a number. Out: the bytes, how they are sent, and which answers are
 * in order. The sets are whole: every byte at every place, every split.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	RAID_MAX = 1 << 20,
	LABEL_MAX = 96,
};

enum manner {
	WHOLE,
	SPLIT,	 /* in two, at the place that is named */
	TRICKLE, /* a byte a second */
	ENDLESS, /* and then the last line again, up to a GiB */
};

struct raid {
	char label[LABEL_MAX];
	char *bytes;
	size_t size;
	enum manner manner;
	size_t split;
	const char *statuses; /* "400 431"; any but 500 if NULL */
};

static inline void raid_add(struct raid *raid, const void *bytes, size_t size)
{
	if (raid->size + size > RAID_MAX)
		abort();
	memcpy(raid->bytes + raid->size, bytes, size);
	raid->size += size;
}

static inline void raid_say(struct raid *raid, const char *text)
{
	raid_add(raid, text, strlen(text));
}

static inline void raid_repeat(
	struct raid *raid, const char *text, size_t count)
{
	while (count--)
		raid_say(raid, text);
}

/* Says a pattern with a number in the place of each '#'. */
static inline void raid_fill(
	struct raid *raid, const char *pattern, const char *number)
{
	for (; *pattern; pattern++)
		if (*pattern == '#')
			raid_say(raid, number);
		else
			raid_add(raid, pattern, 1);
}

#define REST " HTTP/1.1\r\nHost: a\r\n"
#define GET_IT "GET /interfaces HTTP/1.1\r\n"

/* A request with a '@' where a byte goes; each place of a request has one. */
static const char *const places[] = {
	"@GET /interfaces" REST "\r\n",
	"G@T /interfaces" REST "\r\n",
	"GET@/interfaces" REST "\r\n",
	"GET /@interfaces" REST "\r\n",
	"GET /interfaces@" REST "\r\n",
	"GET http@//a/interfaces" REST "\r\n",
	"GET http://a@/interfaces" REST "\r\n",
	"HEAD /capture?@=1" REST "\r\n",
	"HEAD /capture?filter=udp@" REST "\r\n",
	"HEAD /capture?interface=lo@" REST "\r\n",
	"GET /interfaces@HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /interfaces HTTP@1.1\r\nHost: a\r\n\r\n",
	"GET /interfaces HTTP/1.@\r\nHost: a\r\n\r\n",
	"GET /interfaces HTTP/1.1@\nHost: a\r\n\r\n",
	"GET /interfaces HTTP/1.1\r@Host: a\r\n\r\n",
	GET_IT "@Host: a\r\n\r\n",
	GET_IT "Host@: a\r\n\r\n",
	GET_IT "Host@a\r\n\r\n",
	GET_IT "Host:@a\r\n\r\n",
	GET_IT "Host: a@\r\n\r\n",
	GET_IT "Host: a@b\r\n\r\n",
	GET_IT "Host: [::1@]:1\r\n\r\n",
	GET_IT "Host: a\r\nX@: b\r\n\r\n",
	GET_IT "Host: a\r\nX: @\r\n\r\n",
	GET_IT "Host: a\r\nX: b\r\n@\r\n\r\n",
	GET_IT "Host: a\r\nForwarded: for=@\r\n\r\n",
	GET_IT "Host: a\r\nOrigin: @\r\n\r\n",
	GET_IT "Host: a\r\nContent-Length: @\r\n\r\n",
	GET_IT "Host: a\r\nX: b\r\n\r@",
};

enum { PLACES = sizeof(places) / sizeof(*places) };

/* Every byte at every place; what isn't complete by it, is so behind it. */
static inline bool raid_byte(struct raid *raid, size_t number)
{
	const char *place;
	const char *at;
	const char byte = (char)(number % 256);

	if (number >= (size_t)PLACES * 256)
		return false;
	place = places[number / 256];
	at = strchr(place, '@');
	snprintf(raid->label, LABEL_MAX, "byte 0x%02x at %td of \"%.40s\"",
		(unsigned char)byte, at - place, place);
	raid_add(raid, place, (size_t)(at - place));
	raid_add(raid, &byte, 1);
	raid_say(raid, at + 1);
	raid_say(raid, "\r\n\r\n");
	return true;
}

/* The same bytes escaped, which is where a query's come from. */
static inline bool raid_escape(struct raid *raid, size_t number)
{
	static const char *const heads[] = {"HEAD /capture?filter=udp%#",
		"HEAD /capture?%#=1", "HEAD /capture?interface=%#",
		"HEAD /capture?format=%#", "HEAD /c%#apture",
		"HEAD http://a/%#"};
	char byte[3];

	if (number >= sizeof(heads) / sizeof(*heads) * 256)
		return false;
	snprintf(byte, sizeof(byte), "%02x", (unsigned)(number % 256));
	raid_fill(raid, heads[number / 256], byte);
	snprintf(raid->label, LABEL_MAX, "%.*s", (int)raid->size, raid->bytes);
	raid_say(raid, REST "\r\n");
	return true;
}

static inline bool raid_split(struct raid *raid, size_t number)
{
	static const char *const heads[] = {
		"\r\nGET http://a/interfaces HTTP/1.1\r\nHost: a:8475\r\n"
		"X-Field: caf\xc3\xa9\r\nForwarded: for=\"[::1]:1\"\r\n\r\n",
		"GET /nowhere" REST "\r\n",
	};
	static const char *const statuses[] = {"200", "404"};
	size_t which = 0;

	while (number >= strlen(heads[which])) {
		number -= strlen(heads[which]);
		if (++which == sizeof(heads) / sizeof(*heads))
			return false;
	}
	snprintf(raid->label, LABEL_MAX, "split of %zu at %zu", which, number);
	raid_say(raid, heads[which]);
	raid->manner = SPLIT;
	raid->split = number;
	raid->statuses = statuses[which];
	return true;
}

/* What parsers are known to read in two ways; behind it waits a capture. */
static const struct {
	const char *head;
	const char *statuses;
} shapes[] = {
	{GET_IT "Host: a\r\nContent-Length: 9\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0\r\n\r\n", "200"},
	{GET_IT "Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nContent-Length: 0, 0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: +0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0x0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: -1\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 18446744073709551616\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nContent-Length : 0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nTransfer-Encoding: identity\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nTransfer-Encoding\t: chunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\ntransfer-ENCODING: xchunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nX: a\r\n\t\r\n\r\n", "400"},
	{GET_IT " Host: a\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nX: a\rTransfer-Encoding: chunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nX: a\nTransfer-Encoding: chunked\r\n\r\n", "400"},
	{"GET /interfaces HTTP/1.1\nHost: a\n\n", "400"},
	{"GET /interfaces HTTP/1.1\rHost: a\r\r", "400"},
	{GET_IT "Host: a\r\n\nGET /interfaces HTTP/1.1\r\n\r\n", "400"},
	{GET_IT "Host: a\r\n\r\r\n", "400"},
	{GET_IT "Host: a\r\nHost: b\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nHost: a\r\n\r\n", "400"},
	{GET_IT "Host: a, b\r\n\r\n", "400"},
	{GET_IT "Host: a b\r\n\r\n", "400"},
	{GET_IT "Host: u@a\r\n\r\n", "400"},
	{GET_IT "Host: a/b\r\n\r\n", "400"},
	{GET_IT "Host: \r\n\r\n", "400"},
	{GET_IT "X: a\r\n\r\n", "400"},
	{"GET http://b/interfaces" REST "\r\n", "400"},
	{"GET http://u:p@a/interfaces" REST "\r\n", "400"},
	{"GET http://a/interfaces" REST "\r\n", "200"},
	{"GET HTTPS://A:443/interfaces" REST "\r\n", "200"},
	{"GET http:///interfaces" REST "\r\n", "400"},
	{"GET http:/interfaces" REST "\r\n", "400"},
	{"GET file:///interfaces" REST "\r\n", "400"},
	{"GET //a/interfaces" REST "\r\n", "404"},
	{"GET \\interfaces" REST "\r\n", "400"},
	{"GET /x/../interfaces" REST "\r\n", "404"},
	{"GET /interfaces/." REST "\r\n", "404"},
	{"GET /interfaces;x" REST "\r\n", "404"},
	{"GET /interfaces%3f" REST "\r\n", "404"},
	{"GET /%2finterfaces" REST "\r\n", "404"},
	{"GET *" REST "\r\n", "400"},
	{"OPTIONS *" REST "\r\n", "400"},
	{"CONNECT a:443" REST "\r\n", "400"},
	{"GET a:443" REST "\r\n", "400"},
	{"GET /interfaces\r\n\r\n", "400"},
	{"GET /interfaces HTTP/0.9\r\n\r\n", "505"},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
	{"GET /interfaces HTTP/1.1 \r\nHost: a\r\n\r\n", "400"},
	{"GET  /interfaces" REST "\r\n", "400"},
	{"GET /interfaces HTTP/1.10\r\nHost: a\r\n\r\n", "400"},
	{"GET /interfaces HTTP/01.1\r\nHost: a\r\n\r\n", "400"},
	{"POST /interfaces" REST "Content-Length: 9\r\n\r\n", "405"},
	{"TRACE /interfaces" REST "\r\n", "405"},
	{"\r\n" GET_IT "Host: a\r\n\r\n", "200"},
	{"\r\n\r\n" GET_IT "Host: a\r\n\r\n", "400"},
	{"\n" GET_IT "Host: a\r\n\r\n", "400"},
	{"\xef\xbb\xbf" GET_IT "Host: a\r\n\r\n", "400"},
	{"\x16\x03\x01\x02", "400"},
	{"SSH-2.0-OpenSSH_9.2\r\n", "400"},
	{GET_IT "Host: a\r\nConnection: keep-alive\r\n\r\n", "200"},
	{GET_IT "Host: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
		"200"},
	{GET_IT "Host: a\r\nExpect: 100-continue\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nRange: bytes=0-1\r\n\r\n", "200"},
};

/* Pipelined behind it is what must not be answered. */
static inline bool raid_shape(struct raid *raid, size_t number)
{
	const char *head;

	if (number >= sizeof(shapes) / sizeof(*shapes))
		return false;
	head = shapes[number].head;
	snprintf(raid->label, LABEL_MAX, "shape %zu \"%.60s\"", number, head);
	raid_say(raid, head);
	raid_say(raid, "GET /capture?duration=1" REST "\r\n");
	raid->statuses = shapes[number].statuses;
	return true;
}

/* Heads that are long, slow, or have no end. */
static inline bool raid_size(struct raid *raid, size_t number)
{
	static const struct {
		const char *label;
		const char *head;
		const char *more;
		size_t count;
		enum manner manner;
		const char *statuses;
	} sizes[] = {
		{"silence", "", "", 0, WHOLE, "408"},
		{"half a request", GET_IT "Host: a\r\n", "", 0, WHOLE, "408"},
		{"a byte a second", GET_IT "Host: a\r\n\r\n", "", 0, TRICKLE,
			"408"},
		{"a filter, a byte a second", "GET /capture?filter=", "udp", 9,
			TRICKLE, "408"},
		{"an empty line, and silence", "\r\n", "", 0, WHOLE, "408"},
		{"a field without end", GET_IT "Host: a\r\nX: ", "b", 1,
			ENDLESS, "431"},
		{"fields without end", GET_IT "Host: a\r\n", "X: b\r\n", 1,
			ENDLESS, "431"},
		{"a name without end", GET_IT "Host: a\r\n", "X", 1, ENDLESS,
			"431"},
		{"a target without end", "GET /", "x", 1, ENDLESS, "414"},
		{"a query without end", "GET /capture?filter=", "%20", 1,
			ENDLESS, "414"},
		{"a method without end", "G", "E", 1, ENDLESS, "414"},
		{"bytes 0x01 without end", "", "\x01", 1, ENDLESS, "400"},
		{"a body without end",
			"POST /capture" REST "Content-Length: 1073741824"
			"\r\n\r\n",
			"x", 1, ENDLESS, "405"},
		{"requests without end", "", "GET /nowhere" REST "\r\n", 1,
			ENDLESS, "404"},
		{"10,000 fields", GET_IT "Host: a\r\n", "A: b\r\n", 10000,
			WHOLE, "431"},
		{"101 fields", GET_IT "Host: a\r\n", "A: b\r\n", 101, WHOLE,
			"431"},
		{"99 fields", GET_IT "Host: a\r\n", "A: b\r\n", 99, WHOLE,
			"200"},
		{"5,000 hosts", GET_IT, "Host: a\r\n", 5000, WHOLE, "400 431"},
		{"10,000 empty lines", "", "\r\n", 10000, WHOLE, "400"},
		{"a Forwarded of 40 KB", GET_IT "Host: a\r\nForwarded: ",
			"for=a,", 7000, WHOLE, "431"},
	};

	if (number >= sizeof(sizes) / sizeof(*sizes))
		return false;
	snprintf(raid->label, LABEL_MAX, "%s", sizes[number].label);
	raid_say(raid, sizes[number].head);
	raid_repeat(raid, sizes[number].more, sizes[number].count);
	raid->manner = sizes[number].manner;
	if (sizes[number].count > 1 && raid->manner == WHOLE)
		raid_say(raid, "\r\n\r\n");
	if (raid->manner == ENDLESS)
		raid->split = strlen(sizes[number].more);
	raid->statuses = sizes[number].statuses;
	return true;
}
