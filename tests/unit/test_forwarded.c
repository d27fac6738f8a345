/* SPDX-License-Identifier: MIT */
/*
 * The Forwarded field: the shapes of RFC 7239 give their addresses and ports,
 * others are refused, and what comes out is always an address.
 */
#include "worker/forwarded.h"

#include "unit.h"

#include <arpa/inet.h>
#include <string.h>

enum { ROUNDS = 20000 };

static int parse(const char *value, struct forwarded_hop hops[FORWARDED_MAX])
{
	struct error error = {0};
	int count = forwarded_parse(value, hops, &error);

	assert_int_equal(error.status, count < 0 ? 400 : 0);
	assert_true(count <= FORWARDED_MAX);
	return count;
}

static void forwarded_one_hop_is_parsed(void **state)
{
	static const struct {
		const char *value;
		struct forwarded_hop hop;
	} good[] = {
		{"for=192.0.2.43", {{"192.0.2.43", 0}, {"", 0}}},
		{"for=192.0.2.43:47011", {{"192.0.2.43", 47011}, {"", 0}}},
		{"for=\"192.0.2.43:47011\"", {{"192.0.2.43", 47011}, {"", 0}}},
		{"For=\"[2001:db8:cafe::17]:4711\"", {{"2001:db8:cafe::17", 4711}, {"", 0}}},
		{"for=[2001:db8::17]:4711", {{"2001:db8::17", 4711}, {"", 0}}},
		{"for=\"[::ffff:192.0.2.1]\"", {{"192.0.2.1", 0}, {"", 0}}},
		{"for=192.0.2.60;proto=http;by=203.0.113.43:443",
			{{"192.0.2.60", 0}, {"203.0.113.43", 443}}},
		{"BY=198.51.100.1:65535; FOR=192.0.2.1:1 ",
			{{"192.0.2.1", 1}, {"198.51.100.1", 65535}}},
		{"for=unknown", {{"", 0}, {"", 0}}},
		{"for=Unknown:80", {{"", 80}, {"", 0}}},
		{"for=\"_gazonk\"", {{"", 0}, {"", 0}}},
		{"for=192.0.2.1:_hidden", {{"192.0.2.1", 0}, {"", 0}}},
		{"for=_a:_b;by=_SEVKISEK:8443", {{"", 0}, {"", 8443}}},
		{"host=\"a;for=192.0.2.9,b\";by=192.0.2.1:80", {{"", 0}, {"192.0.2.1", 80}}},
		{"host=\"\\\"\\;\";by=\"192.0.2.\\1:80\"", {{"", 0}, {"192.0.2.1", 80}}},
		{"averyveryverylongname=x;for=192.0.2.1", {{"192.0.2.1", 0}, {"", 0}}},
		{" ; ;for=192.0.2.1; ", {{"192.0.2.1", 0}, {"", 0}}},
	};
	struct forwarded_hop hops[FORWARDED_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (parse(good[i].value, hops) != 1)
			fail_msg("not one hop: %s", good[i].value);
		assert_string_equal(hops[0].from.address, good[i].hop.from.address);
		assert_int_equal(hops[0].from.port, good[i].hop.from.port);
		assert_string_equal(hops[0].by.address, good[i].hop.by.address);
		assert_int_equal(hops[0].by.port, good[i].hop.by.port);
	}
}

static void forwarded_many_hops_are_parsed(void **state)
{
	struct forwarded_hop hops[FORWARDED_MAX];
	char value[FORWARDED_MAX * 32] = "";

	(void)state;
	assert_int_equal(parse("for=192.0.2.1:1,for=unknown , by=\"[::1]:3\"", hops), 3);
	assert_int_equal(hops[0].from.port, 1);
	assert_string_equal(hops[0].by.address, "");
	assert_string_equal(hops[1].from.address, "");
	assert_string_equal(hops[2].by.address, "::1");
	assert_int_equal(hops[2].by.port, 3);
	for (int i = 1; i <= FORWARDED_MAX; i++)
		sprintf(value + strlen(value), "%sfor=192.0.2.%d:%d", i > 1 ? "," : "", i,
			1000 + i);
	assert_int_equal(parse(value, hops), FORWARDED_MAX);
	assert_string_equal(hops[15].from.address, "192.0.2.16");
	assert_int_equal(hops[15].from.port, 1016);
	assert_int_equal(parse(strcat(value, ","), hops), -1);
}

static void forwarded_malformed_value_is_rejected(void **state)
{
	static const char *const bad[] = {"for", "for=", "=192.0.2.1", "for =192.0.2.1",
		"for= 192.0.2.1", "for=192.0.2.1 by=x", "for=\"192.0.2.1", "for=\"192.0.2.1\"x",
		"for=192.0.2.1\"\"", "for=\"192.0.2.1\\", "for=192.0.2", "for=192.0.2.256",
		"for=192.0.2.1:65536", "for=192.0.2.1:-1", "for=192.0.2.1:8o",
		"for=192.0.2.1:80:90", "for=[::1", "for=[::1]80", "for=[::g]", "for=[192.0.2.1]",
		"for=[unknown]", "for=[_x]", "for=::1", "for=\"::1\"", "for=example.org",
		"for=unknownx", "for=192.0.2.1;by=192.0.2.1 or tcp", "for=\"192.0.2.1 or tcp\"",
		"for=\"192.0.2.1) or (tcp\"", "for=[fe80::1%25eth0]", "for=[fe80::1%eth0]",
		"for=1111111111111111111111111111111111111111111111111111",
		"for=[1111111111111111111111111111111111111111111111111111]"};
	struct forwarded_hop hops[FORWARDED_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(bad[i], hops) >= 0)
			fail_msg("taken: %s", bad[i]);
}

/* Section 6: a nodename is never empty, nor is a port; "unknown" is whole. */
static void forwarded_cut_node_is_rejected(void **state)
{
	static const char *const bad[] = {"for=\"\"", "for=:80", "for=u", "for=unk",
		"for=unknow:80", "for=192.0.2.1:", "for=\"[::1]:\"", "by=unknown:"};
	struct forwarded_hop hops[FORWARDED_MAX];
	int taken = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (parse(bad[i], hops) >= 0) {
			print_message("taken: %s\n", bad[i]);
			taken++;
		}
	assert_int_equal(taken, 0);
}

static void forwarded_long_value_is_rejected(void **state)
{
	struct forwarded_hop hops[FORWARDED_MAX];
	char value[2048];

	(void)state;
	for (int size = 1000; size < 1050; size++) {
		snprintf(value, sizeof(value), "host=%0*d", size, 0);
		assert_int_equal(parse(value, hops), size < 1024 ? 1 : -1);
		snprintf(value, sizeof(value), "host=\"%0*d\"", size, 0);
		assert_int_equal(parse(value, hops), size < 1024 ? 1 : -1);
	}
}

static void assert_node(const struct forwarded_node *node)
{
	struct in6_addr binary;

	if (*node->address)
		assert_true(inet_pton(AF_INET, node->address, &binary) == 1 ||
			    inet_pton(AF_INET6, node->address, &binary) == 1);
}

/* These addresses go into a filter: nothing but addresses may come out. */
static void forwarded_results_are_addresses(void **state)
{
	static const char *const words[] = {"for=", "by=", "proto=", ";", ",", "\"", "\\", "[", "]",
		":", "192.0.2.1", "::1", "2001:db8::2", "unknown", "_x", "80", "65536", " ", "\t",
		"0", "x", "\xff"};
	struct seed seed = seed_start();
	struct forwarded_hop hops[FORWARDED_MAX];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char value[512] = "for=";
		size_t count = seed_below(&seed, 30);
		int found;

		while (count--)
			strcat(value, words[seed_below(&seed, sizeof(words) / sizeof(*words))]);
		found = parse(value, hops);
		for (int j = 0; j < found; j++) {
			assert_node(&hops[j].from);
			assert_node(&hops[j].by);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forwarded_one_hop_is_parsed),
		cmocka_unit_test(forwarded_many_hops_are_parsed),
		cmocka_unit_test(forwarded_malformed_value_is_rejected),
		cmocka_unit_test(forwarded_cut_node_is_rejected),
		cmocka_unit_test(forwarded_long_value_is_rejected),
		cmocka_unit_test(forwarded_results_are_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
