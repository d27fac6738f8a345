/* SPDX-License-Identifier: MIT */
#include "mutant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHANGES_MAX = 2 };

/* A random entry of a list; rarely one of the invalid ones. */
#define PICK(mutant, list) ((list)[mutant_below(mutant, sizeof(list) / sizeof(*(list)))])
#define PICK_GOOD(mutant, good, bad)                                                               \
	(mutant_below(mutant, 25) ? PICK(mutant, good) : PICK(mutant, bad))

void mutant_seed(struct mutant *mutant, uint64_t seed)
{
	for (int i = 0; i < 3; i++)
		mutant->state[i] = (unsigned short)(seed >> 16 * i);
}

static size_t mutant_below(struct mutant *mutant, size_t below)
{
	return (size_t)nrand48(mutant->state) % below;
}

static void mutant_add(struct mutant *mutant, char byte)
{
	if (mutant->size < MUTANT_MAX - 64)
		mutant->bytes[mutant->size++] = byte;
}

static void mutant_say(struct mutant *mutant, const char *text)
{
	for (; *text; text++)
		mutant_add(mutant, *text);
}

/* Some bytes are written as %XX, in either case. */
static void mutant_escape(struct mutant *mutant, const char *text, size_t every)
{
	char escaped[4];

	for (; *text; text++) {
		if (mutant_below(mutant, every) != 0) {
			mutant_add(mutant, *text);
			continue;
		}
		snprintf(escaped, sizeof(escaped), mutant_below(mutant, 2) ? "%%%02x" : "%%%02X",
			(unsigned char)*text);
		mutant_say(mutant, escaped);
	}
}

static const char *mutant_parameter(struct mutant *mutant, size_t parameter)
{
	static const char *const filters[] = {"filter=icmp", "filter=tcp+port+80",
		"filter=host%20a%26b", "filter=", "filter=%3d%3D%2B+%25", "filter=a=b?c/d:e@f",
		"filter", "filter=(not(udp))and['~!$*\",.|^<>\\{}`]", "filter=%0a%09x",
		"filter=%c3%a9%ff", "filter=%3b"};
	static const char *const interfaces[] = {"interface=lo", "interface=eth0.1",
		"interface=%25d", "interface=any", "interface=lo&interface=eth0"};
	static const char *const snaplens[] = {"snaplen=0", "snaplen=96", "snaplen=00262144",
		"payload=0", "payload=0096", "snaplen=96&payload=1"};
	static const char *const formats[] = {"format=pcap", "format=pcapng", "precision=nano",
		"linktype=sll2", "precision=micro", "watermark=10", "watermark=001000"};
	static const char *const bounds[] = {
		"count=7", "count=2000000000", "duration=1", "duration=31536000", ""};

	switch (parameter) {
	case 0:
		return PICK(mutant, filters);
	case 1:
		return PICK(mutant, interfaces);
	case 2:
		return PICK(mutant, snaplens);
	case 3:
		return PICK(mutant, formats);
	default:
		return PICK(mutant, bounds);
	}
}

static void mutant_query(struct mutant *mutant)
{
	static const char *const ends[] = {"", "", "&", "&&"};
	static const char *const bad[] = {"other=1", "Filter=x", "filter=%2", "count=-1",
		"filter=a;b", "count=1;filter=x", "=", "filter=#"};

	for (size_t i = 0; i < 5; i++) {
		if (mutant_below(mutant, 3) != 0)
			continue;
		mutant_escape(mutant, mutant_parameter(mutant, i), 25);
		mutant_say(mutant, mutant_below(mutant, 9) ? "&" : "&&");
	}
	if (mutant_below(mutant, 25) == 0)
		mutant_say(mutant, PICK(mutant, bad));
	mutant_say(mutant, PICK(mutant, ends));
}

static void mutant_target(struct mutant *mutant)
{
	static const char *const authorities[] = {
		"", "", "", "", "http://a", "HTTP://A", "https://a:8475"};
	static const char *const others[] = {
		"http://[::1]", "http://b", "http://", "ftp://a", "http:/"};
	static const char *const paths[] = {
		"/capture", "/capture", "/capture", "/capture", "/interfaces"};
	static const char *const nowhere[] = {"/capture/", "//capture", "/x/../capture",
		"/./capture", "/capture%2f", "capture", "*"};

	mutant_say(mutant, PICK_GOOD(mutant, authorities, others));
	mutant_escape(mutant, PICK_GOOD(mutant, paths, nowhere), 20);
	if (mutant_below(mutant, 6) == 0)
		return;
	mutant_say(mutant, "?");
	mutant_query(mutant);
}

/*
 * Each field comes once. The worker rejects repeated fields that it reads; only
 * nginx rejects repetitions of others, such as Authorization, as RFC 9110,
 * section 5.3, allows.
 */
static void mutant_field(struct mutant *mutant)
{
	static const char *const fields[] = {"Connection: close", "Connection: keep-alive, x",
		"Connection:", "X-Empty:", "X-Blank: \t ", "X-Tab:\ta\tb",
		"X-High: caf\xc3\xa9\xff", "!#$%&'*+-.^_`|~: x", "x_y: z", "0: 1", "-: -", "_:_",
		"Forwarded: for=192.0.2.1", "Forwarded: for=\"[::1]:1\";by=_x",
		"Accept: */*, \"a:b\"", "Cookie: a=b; c=\"d\"",
		"X-Colons: a: b:c::", "TE: trailers", "Upgrade: h2c", "Range: bytes=0-0",
		"User-Agent: curl/8", "Authorization: Basic eDp5", "Date: x",
		"Accept-Encoding: gzip", "Keep-Alive: 1", "Via: 1.1 p", "X-Forwarded-For: a",
		"Priority: u=1", "Proxy-Connection: x", "Content-Type: a/b", "Trailer: x",
		"X-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "Content-Length: 0",
		"content-length:0"};
	static const char *const bad[] = {"Content-Length: 00", "Content-Length: 5",
		"Transfer-Encoding: chunked", "Host: a", " folded", "no colon",
		"Expect: 100-continue", "Space : x", "Transfer-Encoding:"};

	const char *field = PICK_GOOD(mutant, fields, bad);

	if (memmem(mutant->bytes, mutant->size, field, strcspn(field, ":")))
		return;
	mutant_say(mutant, field);
	mutant_say(mutant, "\r\n");
}

static void mutant_lines(struct mutant *mutant)
{
	static const char *const methods[] = {"GET", "GET", "GET", "HEAD"};
	static const char *const others[] = {"POST", "get", "HEADS", "G"};
	static const char *const versions[] = {
		"HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2"};
	static const char *const strange[] = {
		"HTTP/2.0", "HTTP/1.10", "HTTP/0.9", "http/1.1", "HTTP/1"};
	static const char *const hosts[] = {
		"Host: a", "hOsT:a", "Host: A:8475", "Host:   a:80  ", "Host: a", "Host: a:0"};
	static const char *const odd[] = {"Host: [::1]:80", "Host: a.", "Host: a-b_c.d",
		"Host: 192.0.2.1", "Host: ", "Host: a:", "Host: a..b", "X-Host: a", "Host: a,b",
		"Host:\ta", "Host: a\t", "Host: a/b", "Host: a?b", "Host: [a]", "Host: u@a"};
	size_t fields = mutant_below(mutant, 4);

	if (mutant_below(mutant, 20) == 0)
		mutant_say(mutant, "\r\n");
	mutant_say(mutant, PICK_GOOD(mutant, methods, others));
	mutant_say(mutant, " ");
	mutant_target(mutant);
	mutant_say(mutant, " ");
	mutant_say(mutant, PICK_GOOD(mutant, versions, strange));
	mutant_say(mutant, "\r\n");
	while (fields--)
		mutant_field(mutant);
	mutant_say(mutant, mutant_below(mutant, 4) ? PICK(mutant, hosts) : PICK(mutant, odd));
	mutant_say(mutant, "\r\n");
	while (mutant_below(mutant, 3) == 0)
		mutant_field(mutant);
	mutant_say(mutant, "\r\n");
}

/*
 * Replaces, inserts, removes, or doubles a byte, except in the final empty
 * line.
 */
static void mutant_change(struct mutant *mutant)
{
	static const char spice[] = "\r\n\t :;,/\\?&=%+#@[]()\"'<>{}|^`~*!$_-."
				    "0aZ\x01\x1f\x7f\x80\xff";
	const size_t at = mutant_below(mutant, mutant->size - 4);
	const char byte = spice[mutant_below(mutant, sizeof(spice) - 1)];
	char *place = mutant->bytes + at;
	const size_t rest = mutant->size - at;

	switch (mutant_below(mutant, 4)) {
	case 0:
		*place = byte;
		break;
	case 1:
		memmove(place + 1, place, rest);
		*place = byte;
		mutant->size++;
		break;
	case 2:
		memmove(place, place + 1, rest - 1);
		mutant->size--;
		break;
	default:
		memmove(place + 1, place, rest);
		mutant->size++;
		break;
	}
}

void mutant_make(struct mutant *mutant)
{
	size_t changes = mutant_below(mutant, 2) ? 0 : CHANGES_MAX;

	mutant->size = 0;
	mutant_lines(mutant);
	if (changes > 0)
		changes = 1 + mutant_below(mutant, changes);
	while (changes--)
		mutant_change(mutant);
}
