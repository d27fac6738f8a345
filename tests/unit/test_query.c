/*
 * The parameters of a capture: any filter survives its encoding, defaults are
 * the documented ones, and what is wrong is refused by its name.
 */
#include "worker/query.h"

#include "format/linktype.h"
#include "format/packet.h"
#include "unit.h"

#include <ctype.h>
#include <string.h>

enum { ROUNDS = 3000, SAMPLE_MAX = 200 };

static void good(const char *text, struct query *query)
{
	struct failure failure = {0};

	if (!query_parse(text, query, &failure))
		fail_msg("%s: %s", text, failure.text);
	assert_int_equal(failure.status, 0);
}

static void bad(const char *text, const char *sentence)
{
	struct failure failure = {0};
	struct query query;

	if (query_parse(text, &query, &failure))
		fail_msg("taken: %s", text);
	assert_int_equal(failure.status, 400);
	if (!strstr(failure.text, sentence))
		fail_msg("%s: %s", text, failure.text);
}

static void nothing_means_the_defaults(void **state)
{
	static const char *const texts[] = {"", "&", "&&&", "filter=", "filter",
		"snaplen=0", "format=pcap&precision=micro",
		"linktype=sll&filter"};
	struct query query;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		good(texts[i], &query);
		assert_string_equal(query.filter, "");
		assert_int_equal(query.interface_count, 0);
		assert_int_equal(query.snaplen, PACKET_MAX);
		assert_int_equal(query.count, 0);
		assert_int_equal(query.duration, 0);
		assert_int_equal(query.linktype, LINKTYPE_SLL);
		assert_false(query.nano);
		assert_false(query.pcapng);
	}
}

static void every_parameter_is_taken(void **state)
{
	struct query query;

	(void)state;
	good("filter=tcp+port%2080&interface=eth0&interface=lo&snaplen=96&"
	     "count=2000000000&duration=31536000&format=pcapng&"
	     "precision=nano&linktype=sll2",
		&query);
	assert_string_equal(query.filter, "tcp port 80");
	assert_int_equal(query.interface_count, 2);
	assert_string_equal(query.interfaces[0], "eth0");
	assert_string_equal(query.interfaces[1], "lo");
	assert_int_equal(query.snaplen, 96);
	assert_int_equal(query.count, 2000000000);
	assert_int_equal(query.duration, 31536000);
	assert_int_equal(query.linktype, LINKTYPE_SLL2);
	assert_true(query.nano);
	assert_true(query.pcapng);

	good("f%69lter=a%3Db=c&&%63ount=1", &query);
	assert_string_equal(query.filter, "a=b=c");
	assert_int_equal(query.count, 1);
}

static void unknown_and_repeated_are_named(void **state)
{
	(void)state;
	bad("filtre=icmp", "\"filtre\"");
	bad("Filter=icmp", "\"Filter\"");
	bad("=icmp", "\"\"");
	bad("filter =icmp", "\"filter \"");
	bad("count=1;duration=2", "';': write it as %3B");
	bad("filter=a;b", "%3B");
	bad("filter=a&filter=b", "filter comes twice");
	bad("filter&filter", "filter comes twice");
	bad("count=1&snaplen=2&count=1", "count comes twice");
	bad("snaplen=0&snaplen=0", "snaplen comes twice");
	bad("a%0ab=1", "\"a\\x0ab\"");
	bad("abcdefghijklmnopqrstuvwxyzabcdefghij=1", "more than 31 bytes");
}

static void numbers_are_in_their_range(void **state)
{
	struct query query;

	(void)state;
	good("snaplen=1&count=1&duration=1", &query);
	assert_int_equal(query.snaplen, 1);
	good("snaplen=262144", &query);
	assert_int_equal(query.snaplen, PACKET_MAX);
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

static void choices_are_the_documented_ones(void **state)
{
	(void)state;
	bad("format=PCAP", "format: \"PCAP\" is neither pcap nor pcapng");
	bad("format=", "format: \"\"");
	bad("precision=milli", "neither micro nor nano");
	bad("linktype=ether", "neither sll nor sll2");
	bad("linktype=sll2%20", "linktype: \"sll2 \"");
}

static void interfaces_are_names(void **state)
{
	char text[QUERY_INTERFACES_MAX * 16 + 32] = "";
	struct query query;

	(void)state;
	good("interface=eth0.7%40x", &query);
	assert_string_equal(query.interfaces[0], "eth0.7@x");
	good("interface=fifteenletters1", &query);
	bad("interface=sixteenletters16", "\"sixteenletters16\"");
	bad("interface=", "interface: \"\"");
	bad("interface=..", "interface: \"..\"");
	bad("interface=..%2f..%2fetc", "interface:");
	bad("interface=a%2Fb", "interface: \"a/b\"");
	bad("interface=a+b", "interface: \"a b\"");
	for (int i = 0; i < QUERY_INTERFACES_MAX; i++)
		sprintf(text + strlen(text), "interface=i%d&", i);
	good(text, &query);
	assert_int_equal(query.interface_count, QUERY_INTERFACES_MAX);
	assert_string_equal(query.interfaces[31], "i31");
	bad(strcat(text, "interface=x"), "more than 32");
}

static void escapes_are_whole(void **state)
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
static void control_characters_never_arrive(void **state)
{
	struct query query;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char text[32];

		snprintf(text, sizeof(text), "filter=a%%%02xb", c);
		if (c == '\t' || c == '\n' || c == '\r') {
			good(text, &query);
			assert_string_equal(query.filter, "a b");
		} else if (c < ' ' || c == 0x7f) {
			bad(text, "control character");
		} else {
			good(text, &query);
			assert_int_equal((unsigned char)query.filter[1], c);
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

static void any_filter_survives_its_encoding(void **state)
{
	struct seed seed = seed_start();
	struct query query;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char filter[SAMPLE_MAX + 1] = "";
		char text[SAMPLE_MAX * 3 + 32] = "count=7&filter=";
		char *to = text + strlen(text);
		size_t size = seed_below(&seed, SAMPLE_MAX);

		for (size_t j = 0; j < size; j++) {
			unsigned char c =
				(unsigned char)(' ' +
						seed_below(&seed, 256 - ' '));

			if (c == 0x7f)
				c = ' ';
			filter[j] = (char)c;
			to = put_encoded(to, c, &seed);
		}
		strcpy(to, i % 2 ? "&duration=9" : "");
		good(text, &query);
		assert_string_equal(query.filter, filter);
		assert_int_equal(query.count, 7);
		assert_int_equal(query.duration, i % 2 ? 9 : 0);
	}
}

static void the_longest_filter_fits(void **state)
{
	struct query *query = malloc(sizeof(*query));
	char *text = malloc(QUERY_FILTER_MAX + 64);

	(void)state;
	assert_non_null(query);
	assert_non_null(text);
	strcpy(text, "filter=");
	memset(text + 7, 'x', QUERY_FILTER_MAX);
	text[7 + QUERY_FILTER_MAX - 1] = '\0';
	good(text, query);
	assert_int_equal(strlen(query->filter), QUERY_FILTER_MAX - 1);
	text[7 + QUERY_FILTER_MAX - 1] = 'x';
	text[7 + QUERY_FILTER_MAX] = '\0';
	bad(text, "more than 16383 bytes");
	free(text);
	free(query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_means_the_defaults),
		cmocka_unit_test(every_parameter_is_taken),
		cmocka_unit_test(unknown_and_repeated_are_named),
		cmocka_unit_test(numbers_are_in_their_range),
		cmocka_unit_test(choices_are_the_documented_ones),
		cmocka_unit_test(interfaces_are_names),
		cmocka_unit_test(escapes_are_whole),
		cmocka_unit_test(control_characters_never_arrive),
		cmocka_unit_test(any_filter_survives_its_encoding),
		cmocka_unit_test(the_longest_filter_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
