/* SPDX-License-Identifier: MIT */
/*
 * The check of a request's origin: programs may use any host name; browsers must
 * send Sec-Fetch-Site, and a host name that DNS cannot have changed. And texts
 * that are host names.
 */
#include "worker/http_host.h"
#include "worker/origin_check.h"

#include "unit.h"

#include <string.h>
#include <strings.h>

enum { FIELDS_MAX = 8, ROUNDS = 20000 };

static struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

static const struct {
	const char *text;
	const char *name; /* NULL: it is no host */
	bool fixed;
} samples[] = {
	{"web1", "web1", false},
	{"web1:8475", "web1", false},
	{"WEB1.example.", "WEB1.example.", false},
	{"web_1-x.0", "web_1-x.0", false},
	{"127.0.0.1", "127.0.0.1", true},
	{"192.0.2.1:65535", "192.0.2.1", true},
	{"[::1]", "::1", true},
	{"[2001:db8::1]:80", "2001:db8::1", true},
	{"[::ffff:192.0.2.1]", "::ffff:192.0.2.1", true},
	{"localhost", "localhost", true},
	{"LOCALhost.:1", "LOCALhost.", true},
	{"a.localhost", "a.localhost", true},
	/* they only look like it */
	{"127.1", "127.1", false},
	{"127.0.0.1.evil.example", "127.0.0.1.evil.example", false},
	{"127.0.0.1.", "127.0.0.1.", false},
	{"0127.0.0.1", "0127.0.0.1", false},
	{"localhost.evil.example", "localhost.evil.example", false},
	{"evillocalhost", "evillocalhost", false},
	{"1.127.0.0.1", "1.127.0.0.1", false},
	{"", NULL, false},
	{":80", NULL, false},
	{".", NULL, false},
	{".localhost", NULL, false},
	{"a..b", NULL, false},
	{"a:", NULL, false},
	{"a:65536", NULL, false},
	{"a:000080", NULL, false},
	{"a:8x", NULL, false},
	{"a:+8", NULL, false},
	{"a:1:2", NULL, false},
	{"::1", NULL, false},
	{"[::1", NULL, false},
	{"[]", NULL, false},
	{"[::1]80", NULL, false},
	{"[::1]:", NULL, false},
	{"[fe80::1%eth0]", NULL, false},
	{"[127.0.0.1]", NULL, false},
	{"[web1]", NULL, false},
	{"a b", NULL, false},
	{"a@b", NULL, false},
	{"a/b", NULL, false},
	{"a%2e", NULL, false},
	{"a,b", NULL, false},
	{"caf\xc3\xa9", NULL, false},
};

static void http_host_accepts_names_and_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		struct http_host host;
		const char *name = samples[i].name;

		if (http_host_parse(slice_of(samples[i].text), &host) != !!name)
			fail_msg("%s", samples[i].text);
		if (!name)
			continue;
		assert_int_equal(host.name.size, strlen(name));
		assert_memory_equal(host.name.at, name, strlen(name));
		if (http_host_is_fixed(&host) != samples[i].fixed)
			fail_msg("%s", samples[i].text);
	}
}

/* Every byte at every place of every sample, copied to just its size. */
static void http_host_reads_within_its_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
		for (size_t at = 0; at < strlen(samples[i].text); at++)
			for (int byte = 0; byte < 256; byte++) {
				struct slice text = slice_of(samples[i].text);
				char *copy = malloc(text.size);
				struct http_host host;

				assert_non_null(copy);
				memcpy(copy, text.at, text.size);
				copy[at] = (char)byte;
				text.at = copy;
				if (http_host_parse(text, &host) &&
					(byte <= ' ' || byte > '~' || strchr("/@#?%,;\\", byte)))
					fail_msg("0x%02x at %zu of %s", byte, at, samples[i].text);
				free(copy);
			}
}

static void http_host_list_has_whole_names(void **state)
{
	static const struct {
		const char *host;
		const char *names;
		bool listed;
	} lists[] = {
		{"web1", "web1", true},
		{"WEB1.:80", " db1 \t web1\n", true},
		{"web1", "web1.example web10 aweb1", false},
		{"web1.example", "web1", false},
		{"web1", "", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		struct http_host host;

		assert_true(http_host_parse(slice_of(lists[i].host), &host));
		if (http_host_is_listed(&host, lists[i].names) != lists[i].listed)
			fail_msg("%s in %s", lists[i].host, lists[i].names);
	}
}

/* The status that a claims with these fields deserves; NAME, VALUE, ... */
static int ask(const char *const *fields, const char *hosts)
{
	struct origin_claims claims = {0};
	struct error error = {0};

	for (; *fields; fields += 2)
		if (!origin_check_add_field(
			    &claims, slice_of(fields[0]), slice_of(fields[1]), &error))
			return error.status;
	return origin_check_run(&claims, hosts, &error) ? 0 : error.status;
}

#define LANGUAGE "Accept-Language", "de"
#define AGENT "User-Agent", "Mozilla/5.0 (X11) HeadlessChrome/80.0"
#define PLAIN "User-Agent", "curl/8.0", "Accept", "*/*"
#define OWN "Sec-Fetch-Site", "same-origin"

static const struct {
	const char *fields[FIELDS_MAX];
	const char *hosts;
	int status;
} callers[] = {
	/* programs ask by any name */
	{{"Host", "web1:8475", PLAIN}, NULL, 0},
	{{"Host", "evil.example", PLAIN}, NULL, 0},
	{{PLAIN}, NULL, 0},
	/* unless the administrator names them all */
	{{"Host", "web1:8475", PLAIN}, "web1", 0},
	{{"Host", "evil.example", PLAIN}, "web1", 403},
	{{"Host", "192.0.2.1", PLAIN}, "web1", 0},
	{{"Host", "localhost:1", PLAIN}, "web1", 0},
	{{PLAIN}, "web1", 403},
	/* a name that was made to lead here: browsers send no Sec-Fetch-Site to it */
	{{"Host", "evil.example:8475", LANGUAGE}, NULL, 403},
	{{"Host", "evil.example:8475", AGENT}, NULL, 403},
	{{"Host", "evil.example:8475", "Referer", "http://evil.example:8475/"}, NULL, 403},
	{{"Host", "evil.example", "Upgrade-Insecure-Requests", "1"}, NULL, 403},
	{{"Host", "evil.example", "Sec-WebSocket-Key", "x"}, NULL, 403},
	{{"Host", "evil.example", "Origin", "http://evil.example"}, NULL, 403},
	/* ... or do, though they should not */
	{{"Host", "evil.example", LANGUAGE, OWN}, NULL, 403},
	{{"Host", "evil.example", OWN, "Origin", "http://evil.example"}, NULL, 403},
	{{"Host", "evil.example", LANGUAGE, "Sec-Fetch-Site", "none"}, NULL, 403},
	{{"Host", "evil.example", LANGUAGE, OWN}, "web1", 403},
	{{"Host", "web1", LANGUAGE, OWN}, "web1", 0},
	{{"Host", "web1", LANGUAGE}, "web1", 403},
	{{LANGUAGE, OWN}, "web1", 403},
	/* browsers send Sec-Fetch-Site to loopback addresses, and not to others */
	{{"Host", "127.0.0.1:8475", LANGUAGE, "Sec-Fetch-Site", "none"}, NULL, 0},
	{{"Host", "localhost:8475", AGENT, OWN}, NULL, 0},
	{{"Host", "192.0.2.1:8475", LANGUAGE}, NULL, 403},
	/* pages of other sites */
	{{"Host", "127.0.0.1", "Sec-Fetch-Site", "cross-site"}, NULL, 403},
	{{"Host", "127.0.0.1", "Sec-Fetch-Site", "same-site"}, NULL, 403},
	{{"Host", "127.0.0.1", "Sec-Fetch-Site", ""}, NULL, 403},
	{{"Host", "127.0.0.1", "Sec-Fetch-Site", "none, none"}, NULL, 403},
	{{"Host", "127.0.0.1", "Sec-Fetch-Mode", "no-cors"}, NULL, 403},
	{{"Host", "127.0.0.1", OWN, "Sec-Fetch-Site", "none"}, NULL, 400},
	{{"Host", "127.0.0.1", "Host", "127.0.0.1"}, NULL, 400},
	/* an Origin must fit */
	{{"Host", "[::1]:8475", OWN, "Origin", "http://[::1]:8475"}, NULL, 0},
	{{"Host", "localhost", OWN, "Origin", "HTTPS://LOCALHOST"}, NULL, 0},
	{{"Host", "localhost", OWN, "Origin", "http://localhost:80"}, NULL, 403},
	{{"Host", "localhost:80", OWN, "Origin", "http://localhost"}, NULL, 403},
	{{"Host", "localhost", OWN, "Origin", "http://b://localhost"}, NULL, 403},
	{{"Host", "localhost", OWN, "Origin", "null"}, NULL, 403},
	{{"Host", "localhost", OWN, "Origin", ""}, NULL, 403},
	{{"Host", "localhost", OWN, "Origin", "localhost"}, NULL, 403},
	{{"Host", "localhost", OWN, "Origin", "http:/localhost"}, NULL, 403},
	{{"Host", "localhost", OWN, "Origin", "http:/"}, NULL, 403},
	{{OWN, "Origin", "http://"}, NULL, 403},
};

static void origin_check_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(callers) / sizeof(*callers); i++) {
		int status = ask(callers[i].fields, callers[i].hosts);

		if (status != callers[i].status)
			fail_msg("row %zu, of %s: %d", i, callers[i].fields[1], status);
	}
}

/* More fields never let anybody in who was not. */
static void origin_check_browser_cannot_pass_as_a_program(void **state)
{
	static const char *const more[] = {LANGUAGE, AGENT, PLAIN, OWN, "Origin",
		"http://evil.example", "Referer", "x", "X-Field", ""};
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const char *fields[2 * FIELDS_MAX] = {"Host", "evil.example", LANGUAGE};
		size_t used = 4;

		while (used < 2 * FIELDS_MAX - 2 && seed_below(&seed, 4)) {
			size_t which = 2 * seed_below(&seed, sizeof(more) / sizeof(*more) / 2);

			fields[used++] = more[which];
			fields[used++] = more[which + 1];
		}
		assert_true(ask(fields, NULL) == 403 || ask(fields, NULL) == 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_host_accepts_names_and_addresses),
		cmocka_unit_test(http_host_reads_within_its_bounds),
		cmocka_unit_test(http_host_list_has_whole_names),
		cmocka_unit_test(origin_check_table),
		cmocka_unit_test(origin_check_browser_cannot_pass_as_a_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
