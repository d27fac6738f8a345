/*
 * Any bytes as the words of others: a refusal's body, libcurl's sentence with
 * a server's in it, a header's value, an interface's name. What is said of
 * them is one printable line, and a clock is known with its bound or not at
 * all.
 */
#include "fuzz.h"

#include "client/explain.h"
#include "client/offset.h"
#include "common/text.h"

#include <string.h>

static void check_line(const char *text)
{
	for (const char *c = text; *c; c++)
		must(*c >= ' ' && *c <= '~', "a line is printable");
}

static void check_failure(const struct failure *failure)
{
	must(failure->status == 1 && *failure->text,
		"a failure has its sentence");
	check_line(failure->text);
}

/* What is escaped fits, and is cut so that one sees it. */
static void try_escape(const char *text, size_t room)
{
	char *out = malloc(room ? room : 1);

	must(out, "there is memory");
	text_escape(out, room, text);
	if (room > 0) {
		must(strnlen(out, room) < room, "a text ends in its room");
		check_line(out);
		must(strlen(text) > strlen(out) || *text == '\0' ||
				strstr(out, "\\x") || strcmp(out, text) == 0 ||
				strstr(out, "..."),
			"what is plain stays as it is");
	}
	free(out);
}

static void try_offset(const char *value, size_t size, uint64_t came)
{
	static const uint64_t took = 1000000;
	struct offset offset;
	char text[128];

	if (came < took)
		return;
	offset = offset_estimate(value, size, came - took, came);
	must(offset.is_known || (offset.ns == 0 && offset.bound == 0),
		"what is not known is nothing");
	must(offset.bound <= (took + 1) / 2,
		"a bound is half of the round trip at most");
	offset_describe(&offset, text, sizeof(text));
	check_line(text);
	if (offset.is_known && offset.ns > INT64_MIN / 4 &&
		offset.ns < INT64_MAX / 4)
		must(offset_correct(
			     &offset, UINT64_MAX / 2 + (uint64_t)offset.ns) ==
				UINT64_MAX / 2,
			"what is corrected is our time");
	must(offset_is_notable(&offset) <= offset.is_known,
		"what is not known is not notable");
}

/* The first bytes: a status or result, a place in time, and a room. */
struct numbers {
	uint16_t status;
	uint16_t room;
	uint64_t came;
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static CURL *easy;
	struct failure failure = {0};
	struct numbers numbers;
	char *text;

	if (size < sizeof(numbers))
		return 0;
	memcpy(&numbers, bytes, sizeof(numbers));
	bytes += sizeof(numbers);
	size -= sizeof(numbers);
	easy = easy ? easy : curl_easy_init();
	text = strndup((const char *)bytes, size);
	must(easy && text, "there is memory");
	must(!explain_status(
		     numbers.status % 1000, text, numbers.room & 1, &failure),
		"a status that is explained is a failure");
	check_failure(&failure);
	failure.status = 0;
	must(!explain_result(easy, 1 + numbers.status % (CURL_LAST - 1), text,
		     &failure),
		"a result that is explained is a failure");
	check_failure(&failure);
	try_escape(text, numbers.room % 300);
	free(text);
	text = copy(bytes, size);
	try_offset(text, size, numbers.came);
	free(text);
	return 0;
}
