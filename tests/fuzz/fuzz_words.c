/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as text from outside: the body of an error response, libcurl's
 * message with a server's text in it, a header's value, an interface's name.
 * The message made from them is one printable line, and a clock is known with
 * its bound or not at all.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "client/clock_offset.h"
#include "client/curl_error.h"
#include "client/print_text.h"
#include "client/target_query.h"
#include "common/text.h"

#include <stdarg.h>
#include <string.h>

static void check_line(const char *text)
{
	must(printable_line(text), "a line is printable");
}

static void check_failure(const struct error *error)
{
	must(error->status == 1 && *error->text, "a failure has its sentence");
	check_line(error->text);
}

/* An escaped text fits, and a cut is visible. */
static void try_escape(const char *text, size_t room)
{
	char *out = malloc(room ? room : 1);

	must(out, "there is memory");
	text_escape(out, room, text);
	if (room > 0) {
		must(strnlen(out, room) < room, "a text ends in its room");
		check_line(out);
		must(strlen(text) > strlen(out) || *text == '\0' || strstr(out, "\\x") ||
				strcmp(out, text) == 0 || strstr(out, "..."),
			"what is plain stays as it is");
	}
	free(out);
}

static void try_offset(const char *value, size_t size, uint64_t came)
{
	static const uint64_t took = 1000000;
	struct clock_offset offset;
	char text[128];

	if (came < took)
		return;
	offset = clock_offset_estimate(value, size, came - took, came);
	must(offset.is_known || (offset.ns == 0 && offset.bound == 0),
		"what is not known is nothing");
	must(offset.bound <= (took + 1) / 2, "a bound is half of the round trip at most");
	clock_offset_describe(&offset, text, sizeof(text));
	check_line(text);
	if (offset.is_known && offset.ns > INT64_MIN / 4 && offset.ns < INT64_MAX / 4)
		must(clock_offset_correct(&offset, UINT64_MAX / 2 + (uint64_t)offset.ns) ==
				UINT64_MAX / 2,
			"what is corrected is our time");
	must(clock_offset_is_notable(&offset) <= offset.is_known,
		"what is not known is not notable");
	must(offset.is_known || clock_offset_correct(&offset, came) == came, "nor is it corrected");
	/* there is no time before 1970, nor after the last one */
	must(offset.ns <= 0 || clock_offset_correct(&offset, 0) == 0,
		"a time stays at the first one");
	must(offset.ns >= 0 || clock_offset_correct(&offset, UINT64_MAX) == UINT64_MAX,
		"a time stays at the last one");
}

/* A clock that sends these times, one a second; any of them may be wrong. */
static void try_pace(const char *value, size_t size, uint64_t came)
{
	static const uint64_t second = 1000000000;
	const struct clock_offset offset = {true, (int64_t)(came ^ size), size};
	struct clock_watch pace = clock_watch_begin(&offset, came, second);
	uint64_t time = came;

	for (uint64_t at = 1; at <= size && at < 100; at++) {
		const char c = value[at - 1];
		uint64_t lag;
		int64_t step;

		/* some continue correctly, others anywhere */
		time = c & 1 ? time + second : time * (uint64_t)c + at;
		step = clock_watch_find_step(&pace, time, at * second);
		must(step == 0 || step > (int64_t)second || step < -(int64_t)second,
			"a reported step is one");
		lag = clock_watch_lag_ns(&pace, at * second);
		must(pace.is_known || lag == 0, "an unknown clock has no lag");
	}
}

/* The first bytes. */
struct error_inputs {
	uint16_t status; /* of HTTP; or a result of libcurl's */
	uint16_t room;
	uint8_t cause; /* an error number */
	uint8_t verified;
	uint8_t times; /* what has been reached: a bit each */
	uint8_t alert;
	uint64_t came; /* ns */
};

/* libcurl's description of a transfer. */
static struct error_inputs numbers;
static const char *type;

#undef curl_easy_getinfo
CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	va_list args;
	void *place;

	(void)easy;
	va_start(args, info);
	place = va_arg(args, void *);
	va_end(args);
	if (info == CURLINFO_OS_ERRNO)
		*(long *)place = numbers.cause;
	else if (info == CURLINFO_RESPONSE_CODE)
		*(long *)place = numbers.times & 1 ? 200 : 0;
	else if (info == CURLINFO_NAMELOOKUP_TIME_T)
		*(curl_off_t *)place = numbers.times & 2;
	else if (info == CURLINFO_CONNECT_TIME_T)
		*(curl_off_t *)place = numbers.times & 4;
	else if (info == CURLINFO_SCHEME)
		*(const char **)place = numbers.times & 8 ? "HTTPS" : "HTTP";
	else if (info == CURLINFO_CONTENT_TYPE)
		*(const char **)place = numbers.times & 16 ? type : NULL;
	else
		must(false, "nothing else is asked");
	return CURLE_OK;
}

static void try_explain(const char *text)
{
	static const struct error none;
	const struct handshakes handshakes = {
		.messages = numbers.times & 1,
		.certificate_error = (int)numbers.verified,
		.alert = numbers.alert,
		.is_foreign = numbers.times & 2,
	};
	const CURLcode result = 1 + numbers.status % (CURL_LAST - 1);
	const struct rejected_request request = {numbers.room & 1, numbers.room & 4};
	struct error error = none;

	must(!curl_error_from_status(numbers.status % 1000, text, &request, &error),
		"a status that is explained is a failure");
	check_failure(&error);
	error = none;
	must(!curl_error_from_result(NULL, result, &handshakes, numbers.room & 2, text, &error),
		"a result that is explained is a failure");
	check_failure(&error);
	error = none;
	type = text;
	curl_error_from_text(NULL, &error);
	if (error.status)
		check_failure(&error);
}

/* A list of parameters: what is in it is found, whatever else is. */
static void try_parameters(const char *bytes, size_t size)
{
	static const char name[] = ",promisc,";
	const unsigned supported = target_query_supported((struct slice){bytes, size});
	char *longer = malloc(strlen(name) + size);

	must(longer, "there is memory");
	memcpy(longer, name, strlen(name));
	memcpy(longer + strlen(name), bytes, size);
	must((supported & ~(unsigned)TARGET_PROMISC) == 0, "only what ddump adds is found");
	must(target_query_supported((struct slice){longer, strlen(name) + size}) == TARGET_PROMISC,
		"a name in a list is found");
	free(longer);
}

/* A line of tcpdump is that of one packet at most, and its text is within it. */
static void try_line(const char *line, size_t size, uint32_t due)
{
	size_t text = size + 1;

	if (!print_text_begins(line, size, due, &text)) {
		must(text == size + 1, "a line that is refused changes nothing");
		return;
	}
	must(text >= 3 && text <= size, "the text is in the line");
	must(!print_text_begins(line, size, due + 1, &text), "a line has one number");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text;

	if (size < sizeof(numbers))
		return 0;
	memcpy(&numbers, bytes, sizeof(numbers));
	bytes += sizeof(numbers);
	size -= sizeof(numbers);
	text = strndup((const char *)bytes, size);
	must(text, "there is memory");
	try_explain(text);
	try_escape(text, numbers.room % 300);
	free(text);
	text = copy(bytes, size);
	try_offset(text, size, numbers.came);
	try_pace(text, size, numbers.came);
	try_parameters(text, size);
	try_line(text, size, numbers.room);
	try_line(text, size, 1);
	free(text);
	return 0;
}
