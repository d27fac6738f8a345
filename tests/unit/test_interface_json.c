/* SPDX-License-Identifier: MIT */
/*
 * Lists of interfaces in JSON: what a worker prints is parsed to the same values, and
 * what is damaged, cut, or beyond a limit is rejected.
 */
#include "client/interface_json.h"

#include "unit.h"
#include "worker/interfaces.h"

#include <string.h>

#define LO "{\"index\":1,\"name\":\"lo\",\"up\":true,\"addresses\":[]}"

enum { TEXT_SIZE = 1024 };

/* All interfaces that were passed, as one text. */
struct seen {
	char text[TEXT_SIZE];
	size_t used;
	unsigned count;
	char name[INTERFACE_JSON_NAME_SIZE]; /* of the last one */
};

static void see(void *context, const struct listed_interface *interface)
{
	struct seen *seen = context;

	seen->count++;
	memcpy(seen->name, interface->name, sizeof(seen->name));
	if (seen->used < TEXT_SIZE)
		seen->used += (size_t)snprintf(seen->text + seen->used, TEXT_SIZE - seen->used,
			"%u|%s|%d|%s|%s\n", interface->index, interface->name, interface->is_up,
			interface->linktype, interface->addresses);
}

static bool parse(const char *text, struct seen *seen, struct error *error)
{
	*seen = (struct seen){0};
	return interface_json_parse(text, strlen(text), see, seen, error);
}

static void list_is_parsed(void **state)
{
	static const struct {
		const char *json, *expected;
	} rows[] = {
		{"[]", ""},
		{"[" LO "]", "1|lo|1||\n"},
		{"[" LO ",\n " LO "]\n", "1|lo|1||\n1|lo|1||\n"},
		{"[{\"linktype\":null,\"addresses\":[\"192.0.2.1\",\"::1\"],\"up\":false,"
		 "\"name\":\"a b\",\"index\":4294967295}]",
			"4294967295|a b|0||192.0.2.1 ::1\n"},
		{" [ { \"index\" : 7 , \"name\" : \"e\" , \"up\" : true ,\t\"addresses\" : [ "
		 "\"::\" ] , \"linktype\" : \"EN10MB\" } ] ",
			"7|e|1|EN10MB|::\n"},
		{"[{\"index\":1,\"name\":\"\\\"\\\\\\/\\u0041\\u00e9\\u20AC\",\"up\":true,"
		 "\"addresses\":[]}]",
			"1|\"\\/A\xc3\xa9\xe2\x82\xac|1||\n"},
		/* of later workers */
		{"[{\"mtu\":1500,\"index\":1,\"flags\":[\"a\",null,-1.5e+3],\"name\":\"lo\","
		 "\"up\":true,\"x\":[],\"addresses\":[],\"alias\":\"x\\n\"}]",
			"1|lo|1||\n"},
	};
	struct error error = {0};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!parse(rows[i].json, &seen, &error))
			fail_msg("%s: %s", rows[i].json, error.text);
		assert_string_equal(seen.text, rows[i].expected);
	}
}

static void damaged_list_named_with_its_place(void **state)
{
	static const struct {
		const char *json, *sentence;
	} rows[] = {
		{"", "not a list of interfaces; check port and path"},
		{"<html>", "not a list of interfaces; check port and path"},
		{"[", "byte 1: '{' is missing"},
		{"[" LO, "']' is missing"},
		{"[" LO "]x", "more follows the list"},
		{"[" LO ",]", "'{' is missing"},
		{"[{}]", "byte 2: a string is missing"},
		{"[{\"index\"}]", "byte 9: ':' is missing"},
		{"[{\"index\":}]", "an index is wrong"},
		{"[{\"index\":0}]", "an index is wrong"},
		{"[{\"index\":01}]", "an index is wrong"},
		{"[{\"index\":-1}]", "an index is wrong"},
		{"[{\"index\":4294967296}]", "an index is wrong"},
		{"[{\"index\":1,\"index\":1}]", "a member is there twice"},
		{"[{\"index\":1}]", "a member is missing"},
		{"[{\"name\":\"\"}]", "a name is empty"},
		{"[{\"name\":null}]", "a string is missing"},
		{"[{\"name\":\"a\tb\"}]", "a control character"},
		{"[{\"name\":\"a", "a string has no end"},
		{"[{\"name\":\"\\", "an escape is cut"},
		{"[{\"name\":\"\\u00", "an escape is cut"},
		{"[{\"name\":\"\\u00g0\"", "an escape is wrong"},
		{"[{\"name\":\"\\a\"", "an escape is wrong"},
		{"[{\"name\":\"\\u0000\"", "an escape is not allowed"},
		{"[{\"name\":\"\\ud800\"", "an escape is not allowed"},
		{"[{\"up\":1}]", "true or false is missing"},
		{"[{\"up\":truer}]", "true or false is missing"},
		{"[{\"addresses\":null}]", "'[' is missing"},
		{"[{\"addresses\":[\"\"]}]", "an address is wrong"},
		{"[{\"addresses\":[\"x\"]}]", "an address is wrong"},
		{"[{\"addresses\":[\"1.2.3.4 \"]}]", "an address is wrong"},
		{"[{\"addresses\":[\"1.2.3.4\";]}]", "']' is missing"},
		{"[{\"x\":{}}]", "a value is wrong"},
		{"[{\"x\":[[]]}]", "a value is wrong"},
		{"[{\"x\":[1;]}]", "']' is missing"},
		{"[" LO LO "]", "']' is missing"},
		{"[{\"x\":1 \"y\":1}]", "'}' is missing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct error error = {0};
		struct seen seen;

		if (parse(rows[i].json, &seen, &error))
			fail_msg("accepted: %s", rows[i].json);
		assert_int_equal(error.status, 1);
		if (!strstr(error.text, rows[i].sentence))
			fail_msg("%s: %s", rows[i].json, error.text);
	}
}

/* Each copy has exactly its size, so that a sanitizer notices a byte read after it. */
static void list_cut_at_every_byte_is_rejected(void **state)
{
	static const char text[] =
		"[{\"index\":1,\"name\":\"\\u00e9\\n\",\"up\":true,\"addresses\":[\"::1\"],"
		"\"x\":[1,\"y\"],\"linktype\":null}," LO "]";

	(void)state;
	for (size_t size = 0; size < sizeof(text) - 1; size++) {
		struct error error = {0};
		struct seen seen = {0};
		char *cut = malloc(size ? size : 1);

		assert_non_null(cut);
		memcpy(cut, text, size);
		assert_false(interface_json_parse(cut, size, see, &seen, &error));
		free(cut);
	}
}

/* Returns a list of count interfaces, for free(). */
static char *make_list(unsigned count)
{
	char *text = malloc(count * sizeof(LO ",") + 8);
	char *at = text;

	assert_non_null(text);
	at = stpcpy(at, "[");
	for (unsigned i = 0; i < count; i++)
		at = stpcpy(at, i ? "," LO : LO);
	stpcpy(at, "]");
	return text;
}

static void limits_are_kept(void **state)
{
	struct error error = {0};
	char name[INTERFACE_JSON_NAME_SIZE + 64];
	struct seen seen;
	char *text = make_list(INTERFACE_JSON_COUNT_MAX);
	char *large = calloc(1, INTERFACE_JSON_MAX + 1);

	(void)state;
	assert_true(parse(text, &seen, &error));
	assert_int_equal(seen.count, INTERFACE_JSON_COUNT_MAX);
	free(text);
	text = make_list(INTERFACE_JSON_COUNT_MAX + 1);
	assert_false(parse(text, &seen, &error));
	assert_non_null(strstr(error.text, "too many interfaces"));
	free(text);
	for (int size = INTERFACE_JSON_NAME_SIZE - 1; size <= INTERFACE_JSON_NAME_SIZE; size++) {
		snprintf(name, sizeof(name), "[{\"name\":\"%0*d\"}]", size, 0);
		assert_false(parse(name, &seen, &error));
		assert_true((strstr(error.text, "too long") != NULL) ==
			    (size == INTERFACE_JSON_NAME_SIZE));
	}
	assert_non_null(large);
	memset(large, ' ', INTERFACE_JSON_MAX);
	assert_false(parse(large, &seen, &error));
	assert_non_null(strstr(error.text, "not a list of interfaces"));
	assert_false(interface_json_parse(large, INTERFACE_JSON_MAX + 1, see, &seen, &error));
	assert_non_null(strstr(error.text, "more than 2097152 bytes"));
	free(large);
}

static void worker_list_of_this_host_is_parsed(void **state)
{
	struct error error = {0};
	struct seen seen;
	char *text;

	(void)state;
	/* qemu-user does not have the kernel's lists */
	if (is_emulated())
		return;
	text = interfaces_json();
	assert_non_null(text);
	if (!parse(text, &seen, &error))
		fail_msg("%s: %s", text, error.text);
	assert_true(seen.count > 0);
	free(text);
}

/* UTF-8 stays, and of other names each byte becomes the character of that number. */
static void worker_name_any_bytes_is_parsed(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < 20000; round++) {
		unsigned char name[16] = "";
		char expected[2 * sizeof(name) + 1];
		char *to = expected;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);
		struct error error = {0};
		struct seen seen;

		assert_non_null(out);
		for (size_t i = 0; i < 1 + (size_t)round % 15; i++)
			name[i] = (unsigned char)(1 + seed_below(&seed, round % 2 ? 255 : 127));
		for (const unsigned char *c = name; *c; c++) {
			if (*c >= 0x80)
				*to++ = (char)(0xc0 | *c >> 6);
			*to++ = (char)(*c >= 0x80 ? 0x80 | (*c & 0x3f) : *c);
		}
		*to = '\0';
		fputs("[{\"index\":1,\"up\":true,\"addresses\":[],\"name\":", out);
		interfaces_print_name(out, (char *)name);
		fputs("}]", out);
		fclose(out);
		if (!parse(text, &seen, &error))
			fail_msg("%s: %s", text, error.text);
		if (strcmp(seen.name, (char *)name) != 0)
			assert_string_equal(seen.name, expected);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_is_parsed),
		cmocka_unit_test(damaged_list_named_with_its_place),
		cmocka_unit_test(list_cut_at_every_byte_is_rejected),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(worker_list_of_this_host_is_parsed),
		cmocka_unit_test(worker_name_any_bytes_is_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
