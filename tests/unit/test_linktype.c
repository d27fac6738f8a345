/*
 * Cooked link layers: every field of an SLL2 header stands where an SLL
 * header has it, only that step between link types is taken, and a packet
 * that takes it keeps all the rest.
 */
#include "format/linktype.h"

#include "unit.h"

#include <string.h>

static void every_field_has_its_place(void **state)
{
	static const unsigned char sll2[SLL2_SIZE] = {
		0x86, 0xdd,		/* protocol */
		0xee, 0xee,		/* reserved */
		0xff, 0xff, 0xff, 0xff, /* interface */
		0x03, 0x01,		/* ARPHRD */
		0x04,			/* packet type */
		0x06,			/* address length */
		1, 2, 3, 4, 5, 6, 7, 8, /* address */
	};
	static const unsigned char expected[SLL_SIZE] = {
		0x00, 0x04,		/* packet type */
		0x03, 0x01,		/* ARPHRD */
		0x00, 0x06,		/* address length */
		1, 2, 3, 4, 5, 6, 7, 8, /* address */
		0x86, 0xdd,		/* protocol */
	};
	unsigned char sll[SLL_SIZE];

	(void)state;
	memset(sll, 0xaa, sizeof(sll));
	linktype_sll2_to_sll(sll2, sll);
	assert_memory_equal(sll, expected, sizeof(sll));
}

static void interface_and_reserved_change_nothing(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		unsigned char one[SLL2_SIZE];
		unsigned char two[SLL2_SIZE];
		unsigned char sll[2][SLL_SIZE];

		seed_bytes(&seed, one, sizeof(one));
		memcpy(two, one, sizeof(two));
		seed_bytes(&seed, two + 2, 6);
		linktype_sll2_to_sll(one, sll[0]);
		linktype_sll2_to_sll(two, sll[1]);
		assert_memory_equal(sll[0], sll[1], SLL_SIZE);
		/* and every other byte does */
		two[8 + seed_below(&seed, 12)] ^= 1;
		linktype_sll2_to_sll(two, sll[1]);
		assert_memory_not_equal(sll[0], sll[1], SLL_SIZE);
	}
}

static void only_one_step_is_taken(void **state)
{
	(void)state;
	assert_true(linktype_converts(LINKTYPE_SLL2, LINKTYPE_SLL));
	assert_true(linktype_converts(LINKTYPE_SLL, LINKTYPE_SLL));
	assert_true(linktype_converts(LINKTYPE_SLL2, LINKTYPE_SLL2));
	assert_true(linktype_converts(1, 1));
	assert_false(linktype_converts(LINKTYPE_SLL, LINKTYPE_SLL2));
	assert_false(linktype_converts(1, LINKTYPE_SLL));
	assert_false(linktype_converts(LINKTYPE_SLL2, 1));
}

/* Copies caplen random bytes, from and to memory of just the right size. */
static void check_copy(struct seed *seed, uint32_t to, uint32_t caplen)
{
	const bool turns = to == LINKTYPE_SLL;
	const bool cut = turns && caplen < SLL2_SIZE;
	const uint32_t copied = cut ? 0 : caplen - (turns ? 4 : 0);
	unsigned char *data = malloc(caplen ? caplen : 1);
	unsigned char *out = malloc(copied ? copied : 1);
	struct packet packet = {.time = 5, .caplen = caplen, .len = 1500};
	unsigned char sll[SLL_SIZE];

	assert_non_null(data);
	assert_non_null(out);
	seed_bytes(seed, data, caplen);
	packet.data = data;
	linktype_copy(out, &packet, LINKTYPE_SLL2, to);
	assert_int_equal(packet.time, 5);
	assert_int_equal(packet.caplen, copied);
	assert_int_equal(packet.len, turns ? 1496 : 1500);
	if (turns && !cut) {
		linktype_sll2_to_sll(data, sll);
		assert_memory_equal(out, sll, SLL_SIZE);
		assert_memory_equal(
			out + SLL_SIZE, data + SLL2_SIZE, copied - SLL_SIZE);
	} else {
		assert_memory_equal(out, data, copied);
	}
	free(out);
	free(data);
}

static void packets_are_copied_whole(void **state)
{
	struct seed seed = seed_start();
	struct packet tiny = {.len = 3};

	(void)state;
	for (uint32_t caplen = 0; caplen < 200; caplen++) {
		check_copy(&seed, LINKTYPE_SLL, caplen);
		check_copy(&seed, LINKTYPE_SLL2, caplen);
	}
	/* a length that can't be does not wrap */
	linktype_copy(NULL, &tiny, LINKTYPE_SLL2, LINKTYPE_SLL);
	assert_int_equal(tiny.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_has_its_place),
		cmocka_unit_test(interface_and_reserved_change_nothing),
		cmocka_unit_test(only_one_step_is_taken),
		cmocka_unit_test(packets_are_copied_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
