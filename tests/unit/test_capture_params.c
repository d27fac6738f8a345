/* SPDX-License-Identifier: MIT */
/*
 * The parameters of a capture: any filter survives its encoding, defaults are
 * the documented ones, and what is wrong is refused by its name.
 */
#include "worker/capture_params.h"

#include "format/linktype.h"
#include "format/packet.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>

enum { ROUNDS = 3000, SAMPLE_MAX = 200 };

static void good(const char *text, struct capture_params *params)
{
	struct error error = {0};

	if (!capture_params_parse(text, params, &error))
		fail_msg("%s: %s", text, error.text);
	assert_int_equal(error.status, 0);
}

static void bad(const char *text, const char *sentence)
{
	struct error error = {0};
	struct capture_params params;

	if (capture_params_parse(text, &params, &error))
		fail_msg("taken: %s", text);
	assert_int_equal(error.status, 400);
	if (!strstr(error.text, sentence))
		fail_msg("%s: %s", text, error.text);
}

static void params_empty_query_has_defaults(void **state)
{
	static const char *const texts[] = {"", "&", "&&&", "filter=", "filter", "snaplen=0",
		"format=pcap&precision=micro", "linktype=sll&filter"};
	struct capture_params params;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		good(texts[i], &params);
		assert_string_equal(params.filter, "");
		assert_int_equal(params.interface_count, 0);
		assert_int_equal(params.snaplen, PACKET_MAX);
		assert_false(params.limits_payload);
		assert_int_equal(params.count, 0);
		assert_int_equal(params.duration, 0);
		assert_int_equal(params.linktype, LINKTYPE_SLL);
		assert_int_equal(params.watermark, 50);
		assert_false(params.nano);
		assert_false(params.pcapng);
	}
}

static void params_all_are_parsed(void **state)
{
	struct capture_params params;

	(void)state;
	good("filter=tcp+port%2080&interface=eth0&interface=lo&snaplen=96&"
	     "payload=40&count=2000000000&duration=31536000&format=pcapng&"
	     "precision=nano&linktype=sll2&watermark=1000",
		&params);
	assert_int_equal(params.watermark, 1000);
	assert_string_equal(params.filter, "tcp port 80");
	assert_int_equal(params.interface_count, 2);
	assert_string_equal(params.interfaces[0], "eth0");
	assert_string_equal(params.interfaces[1], "lo");
	assert_int_equal(params.snaplen, 96);
	assert_true(params.limits_payload);
	assert_int_equal(params.payload, 40);
	assert_int_equal(params.count, 2000000000);
	assert_int_equal(params.duration, 31536000);
	assert_int_equal(params.linktype, LINKTYPE_SLL2);
	assert_true(params.nano);
	assert_true(params.pcapng);

	good("f%69lter=a%3Db=c&&%63ount=1", &params);
	assert_string_equal(params.filter, "a=b=c");
	assert_int_equal(params.count, 1);
}

static void params_unknown_or_repeated_are_named(void **state)
{
	(void)state;
	bad("filtre=icmp", "\"filtre\"");
	bad("Filter=icmp", "\"Filter\"");
	bad("=icmp", "\"\"");
	bad("filter =icmp", "\"filter \"");
	bad("count=1;duration=2", "';' must be written as %3B");
	bad("filter=a;b", "%3B");
	bad("filter=a&filter=b", "filter: given more than once");
	bad("filter&filter", "filter: given more than once");
	bad("count=1&snaplen=2&count=1", "count: given more than once");
	bad("snaplen=0&snaplen=0", "snaplen: given more than once");
	bad("a%0ab=1", "\"a\\x0ab\"");
	bad("abcdefghijklmnopqrstuvwxyzabcdefghij=1", "more than 31 bytes");
}

/* What a shell's user writes as in tcpdump's manual. */
static void params_unencoded_ampersand_gets_a_hint(void **state)
{
	static const char *const queries[] = {"filter=tcp[13]&2!=0", "filter=tcp[13]&2=0",
		"filter=tcp[13] & 2 != 0", "filter=tcp[tcpflags]&(tcp-syn|tcp-ack)!=0",
		"filter=ip[6:2]&0x1fff=0", "filter=tcp&port 80", "filter=tcp&&port+80",
		"filter=tcp&udp"};

	static const char *const others[] = {"filter=tcp&snaplne=5", "filtre=icmp", "icmp"};
	struct error error = {0};
	struct capture_params params;

	(void)state;
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		bad(queries[i], "(write '&' within a filter as %26)");
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		assert_false(capture_params_parse(others[i], &params, &error));
		assert_null(strstr(error.text, "%26"));
	}
}

static void params_numbers_are_in_range(void **state)
{
	struct capture_params params;

	(void)state;
	good("snaplen=1&count=1&duration=1", &params);
	assert_int_equal(params.snaplen, 1);
	good("snaplen=262144", &params);
	assert_int_equal(params.snaplen, PACKET_MAX);
	good("payload=0", &params);
	assert_true(params.limits_payload);
	assert_int_equal(params.payload, 0);
	good("payload=262144", &params);
	assert_int_equal(params.payload, PACKET_MAX);
	bad("watermark=9", "watermark: \"9\" is not a number from 10 to 1000");
	bad("watermark=1001", "watermark: \"1001\"");
	bad("watermark=50&watermark=50", "watermark: given more than once");
	bad("payload=262145", "payload: \"262145\"");
	bad("payload=-1", "payload: \"-1\"");
	bad("payload", "payload: \"\"");
	bad("snaplen=262145", "snaplen: \"262145\"");
	bad("snaplen=-1", "snaplen: \"-1\"");
	bad("snaplen=", "snaplen: \"\"");
	bad("snaplen", "snaplen: \"\"");
	bad("snaplen=00", "snaplen: \"00\"");
	bad("count=0", "count: \"0\"");
	bad("count=2000000001", "count: \"2000000001\"");
	bad("count=4294967297", "count:");
	bad("count=18446744073709551617", "count:");
	bad("count=+1", "count: \" 1\"");
	bad("duration=0", "duration: \"0\"");
	bad("duration=31536001", "duration:");
	bad("duration=1s", "duration: \"1s\"");
}

static void params_choices_match_the_manual(void **state)
{
	(void)state;
	bad("format=PCAP", "format: \"PCAP\" is neither pcap nor pcapng");
	bad("format=", "format: \"\"");
	bad("precision=milli", "neither micro nor nano");
	bad("linktype=ether", "neither sll, sll2 nor native");
	bad("linktype=sll2%20", "linktype: \"sll2 \"");
}

static void params_native_and_promiscuous_need_an_interface(void **state)
{
	struct capture_params params;

	(void)state;
	good("linktype=native&interface=eth0", &params);
	assert_true(params.native);
	good("interface=any&linktype=sll2", &params);
	assert_false(params.native);
	bad("linktype=native", "native needs one interface");
	bad("linktype=native&interface=any", "native needs one interface");
	bad("interface=eth0&linktype=native&interface=eth1", "native needs one interface");
	good("promisc=1&interface=eth0&interface=eth1", &params);
	assert_true(params.promisc);
	good("promisc=0", &params);
	assert_false(params.promisc);
	bad("promisc=1", "not possible on all interfaces");
	bad("promisc=1&interface=eth0&interface=any", "not possible on all interfaces");
	bad("promisc=2&interface=eth0", "promisc: \"2\" is not a number from 0 to 1");
}

static void params_announced_names_are_known(void **state)
{
	char names[] = CAPTURE_PARAMS_NAMES;
	char *rest;

	(void)state;
	for (char *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
		char text[64];
		struct capture_params params;
		struct error error = {0};

		snprintf(text, sizeof(text), "%s=", name);
		capture_params_parse(text, &params, &error);
		assert_null(strstr(error.text, "unknown parameter"));
	}
	/* and the other way: what is refused lists all of them */
	bad("x=1", CAPTURE_PARAMS_NAMES);
}

static void params_promiscuous_mode_is_limited(void **state)
{
	const struct settings settings = {.no_promisc = true};
	struct capture_params params;
	struct error error = {0};

	(void)state;
	good("interface=eth0", &params);
	assert_true(capture_params_limit(&settings, &params, &error));
	good("interface=eth0&promisc=1", &params);
	assert_false(capture_params_limit(&settings, &params, &error));
	assert_int_equal(error.status, 403);
}

static void params_interfaces_are_names(void **state)
{
	char text[SETTINGS_INTERFACES_MAX * 16 + 32] = "";
	struct capture_params params;

	(void)state;
	good("interface=eth0.7%40x", &params);
	assert_string_equal(params.interfaces[0], "eth0.7@x");
	good("interface=fifteenletters1", &params);
	bad("interface=sixteenletters16", "\"sixteenletters16\"");
	bad("interface=", "interface: \"\"");
	bad("interface=..", "interface: \"..\"");
	bad("interface=..%2f..%2fetc", "interface:");
	bad("interface=a%2Fb", "interface: \"a/b\"");
	bad("interface=a+b", "interface: \"a b\"");
	for (int i = 0; i < SETTINGS_INTERFACES_MAX; i++)
		sprintf(text + strlen(text), "interface=i%d&", i);
	good(text, &params);
	assert_int_equal(params.interface_count, SETTINGS_INTERFACES_MAX);
	assert_string_equal(params.interfaces[31], "i31");
	bad(strcat(text, "interface=x"), "more than 32");
}

static void params_escapes_are_complete(void **state)
{
	(void)state;
	bad("filter=%", "two hex digits");
	bad("filter=%4", "two hex digits");
	bad("filter=%4&count=1", "two hex digits");
	bad("filter=%&41", "two hex digits");
	bad("filter=%zz", "two hex digits");
	bad("filter=%4g", "two hex digits");
	bad("filter=%+1", "two hex digits");
	bad("filter=%%34", "two hex digits");
	bad("%=1", "two hex digits");
}

/* White space in a filter becomes a blank; other controls are refused. */
static void params_control_characters_are_rejected(void **state)
{
	struct capture_params params;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[32];

		snprintf(text, sizeof(text), "filter=a%%%02xb", c);
		if (c == '\t' || c == '\n' || c == '\r') {
			good(text, &params);
			assert_string_equal(params.filter, "a b");
		} else if (c < ' ' || c == 0x7f) {
			bad(text, "control character");
		} else {
			good(text, &params);
			assert_int_equal((unsigned char)params.filter[1], c);
		}
	}
}

/* Encodes a byte in one of the ways that a form may. */
static char *put_encoded(char *to, unsigned char c, struct seed *seed)
{
	bool plain = isalnum(c) || (c && strchr("-._~()=!/", c));

	if (c == ' ' && seed_below(seed, 2))
		return to + sprintf(to, "+");
	if (plain && seed_below(seed, 4))
		return to + sprintf(to, "%c", c);
	return to + sprintf(to, seed_below(seed, 2) ? "%%%02x" : "%%%02X", c);
}

static void params_any_filter_survives_encoding(void **state)
{
	struct seed seed = seed_start();
	struct capture_params params;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char filter[SAMPLE_MAX + 1] = "";
		char text[SAMPLE_MAX * 3 + 32] = "count=7&filter=";
		char *to = text + strlen(text);
		size_t size = seed_below(&seed, SAMPLE_MAX);

		for (size_t j = 0; j < size; j++) {
			unsigned char c = (unsigned char)(' ' + seed_below(&seed, 256 - ' '));

			if (c == 0x7f)
				c = ' ';
			filter[j] = (char)c;
			to = put_encoded(to, c, &seed);
		}
		strcpy(to, i % 2 ? "&duration=9" : "");
		good(text, &params);
		assert_string_equal(params.filter, filter);
		assert_int_equal(params.count, 7);
		assert_int_equal(params.duration, i % 2 ? 9 : 0);
	}
}

static void params_longest_filter_fits(void **state)
{
	struct capture_params *params = malloc(sizeof(*params));
	char *text = malloc(CAPTURE_PARAMS_FILTER_MAX + 64);

	(void)state;
	assert_non_null(params);
	assert_non_null(text);
	strcpy(text, "filter=");
	memset(text + 7, 'x', CAPTURE_PARAMS_FILTER_MAX);
	text[7 + CAPTURE_PARAMS_FILTER_MAX - 1] = '\0';
	good(text, params);
	assert_int_equal(strlen(params->filter), CAPTURE_PARAMS_FILTER_MAX - 1);
	text[7 + CAPTURE_PARAMS_FILTER_MAX - 1] = 'x';
	text[7 + CAPTURE_PARAMS_FILTER_MAX] = '\0';
	bad(text, "more than 16383 bytes");
	free(text);
	free(params);
}

/* Returns the status: 0 if the limits allow the query. */
static int limit(const struct settings *settings, const char *text, struct capture_params *params)
{
	struct error error = {0};

	good(text, params);
	capture_params_limit(settings, params, &error);
	return error.status;
}

static void params_payload_has_a_limit(void **state)
{
	static const struct settings limits[] = {
		{.limits_payload = true}, {.limits_payload = true, .payload = 64}};
	struct capture_params params;

	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		assert_int_equal(limit(&limits[i], "", &params), 0);
		assert_true(params.limits_payload);
		assert_int_equal(params.payload, limits[i].payload);
		assert_int_equal(limit(&limits[i], "snaplen=262144&payload=0", &params), 0);
		assert_int_equal(params.payload, 0);
		/* the default without a limit is no exception */
		assert_int_equal(limit(&limits[i], "payload=65", &params), 403);
		assert_int_equal(limit(&limits[i], "payload=262144", &params), 403);
		/* packets that match would show payload */
		assert_int_equal(limit(&limits[i], "filter=udp[8]=1", &params), 403);
		assert_int_equal(limit(&limits[i], "filter=udp+port+53", &params), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(params_empty_query_has_defaults),
		cmocka_unit_test(params_all_are_parsed),
		cmocka_unit_test(params_unknown_or_repeated_are_named),
		cmocka_unit_test(params_unencoded_ampersand_gets_a_hint),
		cmocka_unit_test(params_numbers_are_in_range),
		cmocka_unit_test(params_choices_match_the_manual),
		cmocka_unit_test(params_native_and_promiscuous_need_an_interface),
		cmocka_unit_test(params_announced_names_are_known),
		cmocka_unit_test(params_promiscuous_mode_is_limited),
		cmocka_unit_test(params_interfaces_are_names),
		cmocka_unit_test(params_escapes_are_complete),
		cmocka_unit_test(params_control_characters_are_rejected),
		cmocka_unit_test(params_any_filter_survives_encoding),
		cmocka_unit_test(params_longest_filter_fits),
		cmocka_unit_test(params_payload_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
