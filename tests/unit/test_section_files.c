/* SPDX-License-Identifier: MIT */
/*
 * The files of tests/data/pcapng through the push parser: each says by its
 * name how it must end, in one piece and in any; the important ones are known
 * down to each stamp.
 */
#include "section_world.h"

#include <dirent.h>

static int is_sample(const struct dirent *entry)
{
	return strchr(entry->d_name, '-') != NULL;
}

/* Calls test for each file whose name begins so. */
static void with_files(
	const char *begin, void (*test)(const char *name, const struct blocks *blocks))
{
	struct blocks blocks = new_blocks();
	struct dirent **names;
	int count = scandir(corpus, &names, is_sample, alphasort);
	int tested = 0;

	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		const char *name = names[i]->d_name;

		if (strncmp(name, begin, strlen(begin)) == 0) {
			load(&blocks, name);
			test(name, &blocks);
			tested++;
		}
		free(names[i]);
	}
	assert_true(tested > 10);
	free(names);
	free(blocks.bytes);
}

static enum ending ending_of(const char *name)
{
	if (strncmp(name, "good-", 5) == 0)
		return GOOD;
	return strncmp(name, "cut-", 4) == 0 ? CUT : BAD;
}

static void try_every_split(const char *name, const struct blocks *blocks)
{
	struct result whole = read_whole(blocks);

	if (whole.ending != ending_of(name))
		fail_msg("%s: %s", name, whole.error.text);
	for (size_t first = 0; first <= blocks->size; first++) {
		static const size_t rests[] = {0, 1, 7};

		for (size_t i = 0; i < 3; i++) {
			struct result split;

			/* byte by byte and so on once, not from everywhere */
			if (i > 0 && first > 0)
				break;
			split = read_pieces(blocks->bytes, blocks->size, first, rests[i]);
			if (split.ending != whole.ending)
				print_error("%s: split at %zu\n", name, first);
			assert_same(&split, &whole);
			seen_free(split.seen);
		}
	}
	seen_free(whole.seen);
}

static void section_files_any_split_gives_the_same(void **state)
{
	(void)state;
	with_files("", try_every_split);
}

/* The sizes of blocks, as their heads tell them; big changes on the way. */
static size_t next_size(const struct blocks *blocks, size_t at, bool *big)
{
	const unsigned char *in = blocks->bytes + at;
	uint32_t size = 0;

	if (memcmp(in, "\n\r\r\n", 4) == 0)
		*big = in[8] == 0x1a;
	for (unsigned i = 0; i < 4; i++)
		size |= (uint32_t)in[4 + i] << 8 * (*big ? 3 - i : i);
	return size;
}

/*
 * Is a worker's end word outstanding behind this block, if it was so before?
 * In the samples that is the first option of its block.
 */
static bool next_lacks(const unsigned char *in, size_t size, bool big, bool lacks)
{
	static const char worker[] = "ddump-worker ";
	static const unsigned char none[4] = {0};

	if (memcmp(in, "\n\r\r\n", 4) == 0)
		return memmem(in, size, worker, strlen(worker)) != NULL;
	if (in[big ? 3 : 0] == BLOCKS_STATISTICS && size > 24 && memcmp(in + 8, none, 4) == 0 &&
		in[big ? 21 : 20] == 3)
		return false;
	return lacks;
}

/*
 * A good stream is whole where a block ends, and nowhere else; a worker's only
 * behind its end word.
 */
static void try_every_end(const char *name, const struct blocks *blocks)
{
	size_t begin = 0;
	size_t end = 0;
	bool big = false;
	bool lacks = false;

	for (size_t size = 1; size <= blocks->size; size++) {
		struct result result = read_pieces(blocks->bytes, size, 0, 0);

		if (size > end) {
			begin = end;
			end += next_size(blocks, end, &big);
		}
		if (size == end)
			lacks = next_lacks(blocks->bytes + begin, end - begin, big, lacks);
		if (result.ending != (size == end && !lacks ? GOOD : CUT))
			fail_msg("%s: %zu bytes: %s", name, size, result.error.text);
		seen_free(result.seen);
	}
	assert_int_equal(end, blocks->size);
}

static void section_files_any_end_is_noticed(void **state)
{
	(void)state;
	with_files("good-", try_every_end);
}

/* What is in the other byte order says the same. */
static void try_twin(const char *name, const struct blocks *blocks)
{
	struct blocks other = new_blocks();
	struct result one = read_whole(blocks);
	struct result two;
	char twin[256];

	snprintf(twin, sizeof(twin), "%s", name);
	if (!blocks->big)
		strcpy(strrchr(twin, '-'), "-big");
	else
		strcpy(strrchr(twin, '-'), "-little");
	load(&other, twin);
	two = read_whole(&other);
	if (one.ending == GOOD)
		assert_same(&one, &two);
	seen_free(one.seen);
	seen_free(two.seen);
	free(other.bytes);
}

static void section_files_byte_order_changes_nothing(void **state)
{
	(void)state;
	with_files("good-", try_twin);
}

/* Files that are known in and out; NULL: not looked at. */
static const struct {
	const char *name;
	const char *packets; /* interface, ns, caplen/len */
	const char *interfaces;
	const char *statistics;
} known[] = {
	{"section-alone", "", "", ""},
	{"section-options", "eth0 1700000000000001000 42/42\n", "eth0 00000001 0 us ''\n", ""},
	{"section-of-known-length",
		"eth0 1700000000000001000 42/42\n"
		"eth0 1700000000000002000 42/42\n",
		NULL, ""},
	{"section-minor-2", "eth0 1700000000000001000 42/42\n", NULL, ""},
	{"section-in-a-block",
		"eth0 1700000000000001000 42/42\n"
		"eth0 1700000000000002000 42/42\n",
		"eth0 00000001 0 us ''\n", ""},
	{"sections-of-both-orders",
		"first 1700000000000000000 42/42\n"
		"one more 1700000000000010000 42/42\n"
		"second 1700000000000001000 42/42\n"
		"one more 1700000000000011000 42/42\n"
		"third 1700000000000002000 42/42\n"
		"one more 1700000000000012000 42/42\n",
		NULL, ""},
	{"options-without-end", "eth0 1700000000000000000 42/42\n", "eth0 00000001 0 us ''\n",
		"eth0 1700000000000000000\n"},
	{"options-behind-end", "eth0 1700000000000001000 42/42\n", "eth0 00000001 0 us ''\n", ""},
	{"interface-options", "eth0 1700000000123456789 42/42\n",
		"eth0 24000001 65535 ns 'tcp port 23'\n", ""},
	{"interface-without-options", "? 1700000000000001000 42/42\n", "? 00000001 0 us ''\n", ""},
	{"interfaces-between-packets",
		"eth0 1700000000000000000 42/42\n"
		"eth0 1700000000000010000 42/42\n"
		"eth1 1700000000000011000 42/42\n"
		"eth0 1700000000000020000 42/42\n"
		"eth1 1700000000000021000 42/42\n"
		"eth2 1700000000000022000 42/42\n",
		NULL, ""},
	{"interfaces-many",
		"veth0 1700000000000001000 42/42\n"
		"veth34 1700000000000002000 42/42\n"
		"veth17 1700000000000003000 42/42\n",
		NULL, ""},
	{"filter-of-bytecode", NULL, "eth0 00000001 0 us ''\n", ""},
	{"texts-with-zeros", NULL, "eth0 00000001 0 us 'udp'\n", ""},
	{"texts-empty", NULL, "eth0 00000001 0 us ''\n", ""},
	{"link-types", NULL,
		"eth0 00000001 0 us ''\ntun0 00000065 0 us ''\n"
		"any 00000071 0 us ''\nmon0 0000007f 0 us ''\n"
		"tun1 000000e4 0 us ''\nall 00000114 0 us ''\n",
		""},
	{"fcslen", NULL,
		"none 00000001 0 us ''\nppp0 14000001 0 us ''\n"
		"eth0 24000001 0 us ''\nnibble 00000001 0 us ''\n"
		"odd 00000001 0 us ''\n",
		""},
	{"tsresol-0", "eth0 1700000000000000000 42/42\n", "eth0 00000001 0 us ''\n", ""},
	{"tsresol-3", "eth0 1700000000123000000 42/42\n", NULL, ""},
	{"tsresol-6", "eth0 1700000000123456000 42/42\n", "eth0 00000001 0 us ''\n", ""},
	{"tsresol-9", "eth0 1700000000123456789 42/42\n", "eth0 00000001 0 ns ''\n", ""},
	{"tsresol-12", "eth0 17000000999999999 42/42\n", "eth0 00000001 0 ns ''\n", ""},
	{"tsresol-19", "eth0 1234567890 42/42\n", NULL, ""},
	{"tsresol-127", "eth0 0 42/42\n", NULL, ""},
	{"tsresol-binary-0", "eth0 1700000000000000000 42/42\n", NULL, ""},
	{"tsresol-binary-10", "eth0 1700000000999023437 42/42\n", "eth0 00000001 0 us ''\n", ""},
	{"tsresol-binary-20", "eth0 1700000000000000953 42/42\n", "eth0 00000001 0 ns ''\n", ""},
	{"tsresol-binary-32", "eth0 1700000000999999999 42/42\n", NULL, ""},
	{"tsresol-binary-63", "eth0 1500000000 42/42\n", NULL, ""},
	{"tsresol-binary-127", "eth0 0 42/42\n", NULL, ""},
	{"tsoffset-positive", "eth0 1700000000123456789 42/42\n", NULL, ""},
	{"tsoffset-negative", "eth0 1700000000000007000 42/42\n", NULL, ""},
	{"tsoffset-exact", "eth0 0 42/42\n", NULL, ""},
	{"stamp-first", "eth0 0 42/42\n", NULL, ""},
	{"stamp-last", "eth0 18446744073709551615 42/42\n", NULL, ""},
	{"stamp-before-1970", "eth0 0 42/42\n", NULL, ""},
	{"stamp-lowest", "eth0 0 42/42\n", NULL, ""},
	{"stamp-highest", "eth0 18446744073709551615 42/42\n", NULL, ""},
	{"stamp-by-1-too-high", "eth0 18446744073709551615 42/42\n", NULL, ""},
	{"stamp-of-seconds-too-high", "eth0 18446744073709551615 42/42\n", NULL, ""},
	{"statistics-stamp-too-high", "eth0 2000000000 42/42\n", NULL,
		"eth0 18446744073709551615\n"},
	{"stamps-of-two-clocks",
		"eth0 1700000000000000001 42/42\n"
		"eth1 1700000000000002000 42/42\n",
		"eth0 00000001 0 ns ''\neth1 00000001 0 us ''\n",
		"eth1 1700000000000003000\neth0 1700000000000000004\n"},
	{"packet-options",
		"eth0 1700000000000000000 42/42\n"
		"eth0 1700000000000001000 42/42\n",
		NULL, ""},
	{"packet-sizes",
		"eth0 1700000000000000000 0/1400\n"
		"eth0 1700000000000001000 1/1401\n"
		"eth0 1700000000000002000 2/1402\n"
		"eth0 1700000000000003000 3/1403\n"
		"eth0 1700000000000004000 4/1404\n"
		"eth0 1700000000000005000 5/1405\n"
		"eth0 1700000000000006000 6/1406\n"
		"eth0 1700000000000007000 7/1407\n"
		"eth0 1700000000000008000 8/1408\n"
		"eth0 1700000000000009000 9/1409\n",
		NULL, ""},
	{"packet-len-below-caplen", "eth0 1700000000000001000 42/20\n", NULL, ""},
	{"packet-len-largest", "eth0 1700000000000001000 42/4294967295\n", NULL, ""},
	{"old-packets",
		"eth0 1700000000000000000 42/42\n"
		"eth1 1700000000000001000 41/41\n",
		NULL, ""},
	{"simple-packets",
		"eth0 0 42/42\n"
		"eth0 1700000000000005000 42/42\n"
		"eth0 1700000000000005000 41/41\n"
		"eth0 1700000000000005000 0/0\n",
		NULL, ""},
	{"simple-packets-with-snaplen",
		"eth1 1700000000000005000 42/42\n"
		"eth0 1700000000000005000 21/1500\n"
		"eth0 1700000000000005000 21/21\n"
		"eth0 1700000000000005000 20/20\n",
		"eth0 00000001 21 us ''\neth1 00000001 0 us ''\n", ""},
	{"statistics",
		"eth0 1700000000000001000 42/42\n"
		"eth0 1700000000000003000 42/42\n"
		"eth0 1700000000000005000 42/42\n",
		NULL,
		"eth0 1700000000000002000\n"
		"eth0 1700000000000004000 25769803785 30064771081 "
		"21474836489\n"},
	{"watermarks",
		"lo 1700000000000001000 42/42\n"
		"all 1700000000000007000 42/42\n",
		NULL,
		"all 1700000000000005000 watermark\n"
		"lo 1700000000000006000\n"
		"all 1700000000000008000 watermark\n"},
	{"worker-end-of-another",
		"all 1700000000000001000 42/42\n"
		"lo 1700000000000003000 42/42\n",
		NULL, "all 1700000000000002000\n"},
	{"worker-packets-behind-end",
		"lo 1700000000000001000 42/42\n"
		"all 1700000000000007000 42/42\n"
		"lo 1700000000000009000 42/42\n"
		"all 1700000000000011000 42/42\n",
		NULL,
		"all 1700000000000005000 watermark\n"
		"lo 1700000000000006000\n"
		"all 1700000000000008000 watermark\n"
		"all 1700000000000010000 watermark\n"},
	{"names",
		"eth0 1700000000000001000 42/42\n"
		"eth0 1700000000000002000 42/42\n",
		NULL, ""},
	{"journal",
		"eth0 1700000000000001000 42/42\n"
		"eth0 1700000000000003000 42/42\n",
		NULL, ""},
	{"secrets", "eth0 1700000000000001000 42/42\n", NULL, ""},
	{"custom-blocks",
		"eth0 1700000000000001000 42/42\n"
		"eth0 1700000000000001000 42/42\n",
		NULL, ""},
};

static void section_files_known_content_is_exact(void **state)
{
	struct blocks blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(known) / sizeof(*known); i++) {
		const size_t at = i / 2;
		struct result result;
		char name[64];

		snprintf(
			name, sizeof(name), "good-%s-%s", known[at].name, i % 2 ? "big" : "little");
		load(&blocks, name);
		result = read_whole(&blocks);
		print_message("# %s\n", name);
		assert_int_equal(result.ending, GOOD);
		if (known[at].packets)
			assert_string_equal(lines_of(result.seen, PACKETS), known[at].packets);
		if (known[at].interfaces)
			assert_string_equal(
				lines_of(result.seen, INTERFACES), known[at].interfaces);
		if (known[at].statistics)
			assert_string_equal(
				lines_of(result.seen, STATISTICS), known[at].statistics);
		seen_free(result.seen);
	}
	free(blocks.bytes);
}

/* A timestamp out of range is told as it stands in the file. */
static void section_files_invalid_times_are_reported(void **state)
{
	static const char *const told[][2] = {
		{"good-stamp-before-1970-little", "1700000000999999 x 10^-6 s - 1700000001 s: 0\n"},
		{"good-stamp-lowest-big", "0 x 10^-0 s - 9223372036854775808 s: 0\n"},
		{"good-stamp-highest-little",
			"18446744073709551615 x 10^-0 s + 9223372036854775807 "
			"s: 18446744073709551615\n"},
		{"good-stamp-of-seconds-too-high-big",
			"18446744074 x 10^-0 s: 18446744073709551615\n"},
		{"good-statistics-stamp-too-high-little", "18446744073709551615 x 10^-9 s + 2 s: "
							  "18446744073709551615\n"},
		{"good-stamp-last-big", ""},
		{"good-stamp-first-big", ""},
		{"good-tsresol-binary-127-big", ""},
	};
	struct blocks blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		struct result result;

		load(&blocks, told[i][0]);
		result = read_whole(&blocks);
		assert_string_equal(lines_of(result.seen, ODD_TIMES), told[i][1]);
		seen_free(result.seen);
	}
	free(blocks.bytes);
}

/* What a person is told. */
static void section_files_damage_is_named(void **state)
{
	static const char *const told[][2] = {
		{"bad-section-order-big", "unknown byte order"},
		{"bad-version-2-0-little", "version 2.0"},
		{"bad-packet-tail-little", "lengths of a block are 76 and 80"},
		{"bad-unknown-tail-big", "two lengths"},
		{"bad-packet-size-28-big", "type 6 has an invalid length of 28 bytes"},
		{"bad-interface-1-of-1-little", "refers to interface 1 of 1"},
		{"bad-caplen-all-ones-big", "of 4294967295 bytes is longer"},
		{"bad-packet-option-little", "option 1 of 5 bytes is longer"},
		{"bad-tsresol-of-4-bytes-big", "option 9 of an interface has 4"},
		{"bad-pseudo-header-erf-little", "17 bytes lacks the header of its link type 197"},
		{"bad-osdrop-of-12-bytes-big", "counter 7 has 12 bytes"},
		{"cut-in-type-big", "before a capture began"},
		{"cut-in-unknown-tail-little", "cut within"},
		{"cut-worker-in-end-big", "cut within"},
		{"cut-watermarks-without-end-big", "before its end mark"},
		{"cut-worker-alone-little", "before its end mark"},
		{"cut-worker-sections-big", "before its end mark"},
		{"cut-worker-end-of-another-little", "before its end mark"},
		{"cut-worker-end-of-second-big", "before its end mark"},
	};
	struct blocks blocks = new_blocks();

	(void)state;
	for (size_t i = 0; i < sizeof(told) / sizeof(*told); i++) {
		struct result result;

		load(&blocks, told[i][0]);
		result = read_whole(&blocks);
		if (!strstr(result.error.text, told[i][1]))
			fail_msg("%s: %s", told[i][0], result.error.text);
		seen_free(result.seen);
	}
	free(blocks.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(section_files_any_split_gives_the_same),
		cmocka_unit_test(section_files_any_end_is_noticed),
		cmocka_unit_test(section_files_byte_order_changes_nothing),
		cmocka_unit_test(section_files_known_content_is_exact),
		cmocka_unit_test(section_files_invalid_times_are_reported),
		cmocka_unit_test(section_files_damage_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
