/* SPDX-License-Identifier: MIT */
#include "hostile_requests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void hostile_add(struct hostile_request *request, const void *bytes, size_t size)
{
	if (request->size + size > HOSTILE_MAX)
		abort();
	memcpy(request->bytes + request->size, bytes, size);
	request->size += size;
}

void hostile_say(struct hostile_request *request, const char *text)
{
	hostile_add(request, text, strlen(text));
}

void hostile_repeat(struct hostile_request *request, const char *text, size_t count)
{
	while (count--)
		hostile_say(request, text);
}

void hostile_fill(struct hostile_request *request, const char *pattern, const char *number)
{
	for (; *pattern; pattern++)
		if (*pattern == '#')
			hostile_say(request, number);
		else
			hostile_add(request, pattern, 1);
}

/* Requests with '@' in place of a byte, once for each position of a request. */
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

bool hostile_byte(struct hostile_request *request, size_t number)
{
	const char *place;
	const char *at;
	const char byte = (char)(number % 256);

	if (number >= (size_t)PLACES * 256)
		return false;
	place = places[number / 256];
	at = strchr(place, '@');
	snprintf(request->label, LABEL_MAX, "byte 0x%02x at %td of \"%.40s\"", (unsigned char)byte,
		at - place, place);
	hostile_add(request, place, (size_t)(at - place));
	hostile_add(request, &byte, 1);
	hostile_say(request, at + 1);
	hostile_say(request, "\r\n\r\n");
	return true;
}

bool hostile_escape(struct hostile_request *request, size_t number)
{
	static const char *const heads[] = {"HEAD /capture?filter=udp%#", "HEAD /capture?%#=1",
		"HEAD /capture?interface=%#", "HEAD /capture?format=%#", "HEAD /c%#apture",
		"HEAD http://a/%#"};
	char byte[3];

	if (number >= sizeof(heads) / sizeof(*heads) * 256)
		return false;
	snprintf(byte, sizeof(byte), "%02x", (unsigned)(number % 256));
	hostile_fill(request, heads[number / 256], byte);
	snprintf(request->label, LABEL_MAX, "%.*s", (int)request->size, request->bytes);
	hostile_say(request, REST "\r\n");
	return true;
}

bool hostile_split(struct hostile_request *request, size_t number)
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
	snprintf(request->label, LABEL_MAX, "split of %zu at %zu", which, number);
	hostile_say(request, heads[which]);
	request->manner = SPLIT;
	request->split = number;
	request->statuses = statuses[which];
	return true;
}

/*
 * Requests that parsers are known to read differently; a capture request
 * follows each.
 */
static const struct {
	const char *head;
	const char *statuses;
} shapes[] = {
	{GET_IT "Host: a\r\nContent-Length: 9\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0\r\n\r\n", "200"},
	{GET_IT "Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0, 0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: +0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0x0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: -1\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 18446744073709551616\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length : 0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nContent-Length: 0\r\n"
		"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"400"},
	{GET_IT "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nTransfer-Encoding: identity\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nTransfer-Encoding\t: chunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\ntransfer-ENCODING: xchunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nX: a\r\n Transfer-Encoding: chunked\r\n\r\n", "400"},
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
	{GET_IT "Host: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n", "200"},
	{GET_IT "Host: a\r\nExpect: 100-continue\r\n\r\n", "400"},
	{GET_IT "Host: a\r\nRange: bytes=0-1\r\n\r\n", "200"},
};

bool hostile_shape(struct hostile_request *request, size_t number)
{
	const char *head;

	if (number >= sizeof(shapes) / sizeof(*shapes))
		return false;
	head = shapes[number].head;
	snprintf(request->label, LABEL_MAX, "shape %zu \"%.60s\"", number, head);
	hostile_say(request, head);
	hostile_say(request, "GET /capture?duration=1" REST "\r\n");
	request->statuses = shapes[number].statuses;
	return true;
}

bool hostile_size(struct hostile_request *request, size_t number)
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
		{"a byte a second", GET_IT "Host: a\r\n\r\n", "", 0, TRICKLE, "408"},
		{"a filter, a byte a second", "GET /capture?filter=", "udp", 9, TRICKLE, "408"},
		{"an empty line, and silence", "\r\n", "", 0, WHOLE, "408"},
		{"a field without end", GET_IT "Host: a\r\nX: ", "b", 1, ENDLESS, "431"},
		{"fields without end", GET_IT "Host: a\r\n", "X: b\r\n", 1, ENDLESS, "431"},
		{"a name without end", GET_IT "Host: a\r\n", "X", 1, ENDLESS, "431"},
		{"a target without end", "GET /", "x", 1, ENDLESS, "414"},
		{"a query without end", "GET /capture?filter=", "%20", 1, ENDLESS, "414"},
		{"a method without end", "G", "E", 1, ENDLESS, "414"},
		{"bytes 0x01 without end", "", "\x01", 1, ENDLESS, "400"},
		{"a body without end",
			"POST /capture" REST "Content-Length: 1073741824"
			"\r\n\r\n",
			"x", 1, ENDLESS, "405"},
		{"requests without end", "", "GET /nowhere" REST "\r\n", 1, ENDLESS, "404"},
		{"10,000 fields", GET_IT "Host: a\r\n", "A: b\r\n", 10000, WHOLE, "431"},
		{"101 fields", GET_IT "Host: a\r\n", "A: b\r\n", 101, WHOLE, "431"},
		{"99 fields", GET_IT "Host: a\r\n", "A: b\r\n", 99, WHOLE, "200"},
		{"5,000 hosts", GET_IT, "Host: a\r\n", 5000, WHOLE, "400 431"},
		{"10,000 empty lines", "", "\r\n", 10000, WHOLE, "400"},
		{"a Forwarded of 40 KB", GET_IT "Host: a\r\nForwarded: ", "for=a,", 7000, WHOLE,
			"431"},
	};

	if (number >= sizeof(sizes) / sizeof(*sizes))
		return false;
	snprintf(request->label, LABEL_MAX, "%s", sizes[number].label);
	hostile_say(request, sizes[number].head);
	hostile_repeat(request, sizes[number].more, sizes[number].count);
	request->manner = sizes[number].manner;
	if (sizes[number].count > 1 && request->manner == WHOLE)
		hostile_say(request, "\r\n\r\n");
	if (request->manner == ENDLESS)
		request->split = strlen(sizes[number].more);
	request->statuses = sizes[number].statuses;
	return true;
}
