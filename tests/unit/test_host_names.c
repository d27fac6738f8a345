/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts: after any blocks, each address that one target alone has named is known
 * to a reader under its label, and no other address under any name but itself.
 */
#include "client/host_names.h"

#include "format/pcapng_nrb.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { TARGETS = 5, LAST = 40, STEPS = 300, WORLDS = 200, RECORD_NAME = 64 };

static struct interface_table interfaces;
static struct notices notices;
static struct host_names names;

/* What a reader has under each last byte of 10.0.0.x; "": no name. */
static char known[256][RECORD_NAME];
static size_t record_count;

static void open_names(void)
{
	static const char *const labels[TARGETS] = {"web1", "web2", "db1", "web1:8476", "10.9.0.1"};

	assert_true(interface_table_init(&interfaces, TARGETS));
	assert_true(notices_init(&notices, TARGETS));
	for (unsigned i = 0; i < TARGETS; i++)
		interfaces.targets[i].label = labels[i];
	assert_true(host_names_init(&names, &interfaces, &notices));
	memset(known, 0, sizeof(known));
	record_count = 0;
}

static void close_names(void)
{
	host_names_cleanup(&names);
	notices_cleanup(&notices);
	interface_table_cleanup(&interfaces);
}

static struct host_address ipv4(const char *text)
{
	struct host_address address = {.size = HOST_ADDRESS_IPV4};

	assert_int_equal(inet_pton(AF_INET, text, address.bytes), 1);
	return address;
}

static void add(unsigned target, unsigned last)
{
	const struct host_address address = {
		.size = HOST_ADDRESS_IPV4, .bytes = {10, 0, 0, (unsigned char)last}};

	host_names_add(&names, target, &address);
}

/* Reads records as Wireshark does: a later one replaces an earlier one. */
static void read_block(const unsigned char *bytes, size_t size)
{
	const struct pcapng_block block = {.size = (uint32_t)size, .bytes = bytes};
	size_t offset = BLOCK_HEAD;
	struct pcapng_option record;
	struct error error;

	assert_int_equal(size % 4, 0);
	while (pcapng_option(&block, &offset, &record, &error) > 0) {
		assert_int_equal(record.code, 1);
		assert_true(record.size > 5 && record.value[record.size - 1] == '\0');
		snprintf(known[record.value[3]], RECORD_NAME, "%s",
			(const char *)record.value + HOST_ADDRESS_IPV4);
		record_count++;
	}
	assert_int_equal(offset + 4, size - BLOCK_TAIL);
}

static void write_all(void)
{
	/* on the heap, so that a sanitizer sees what is behind it */
	unsigned char *block = malloc(HOST_NAMES_BLOCK_MAX);
	size_t size;

	assert_non_null(block);
	while ((size = host_names_write(&names, block, HOST_NAMES_BLOCK_MAX)) > 0)
		read_block(block, size);
	free(block);
}

static void address_has_the_label_of_its_target(void **state)
{
	(void)state;
	open_names();
	add(0, 1);
	add(3, 2);
	add(0, 1);
	write_all();
	assert_string_equal(known[1], "web1");
	assert_string_equal(known[2], "web1:8476");
	assert_int_equal(record_count, 2);
	write_all();
	assert_int_equal(record_count, 2);
	close_names();
}

static void address_of_two_targets_has_no_name(void **state)
{
	(void)state;
	open_names();
	add(0, 1);
	add(1, 1);
	add(0, 2);
	write_all();
	assert_string_equal(known[1], "");
	assert_string_equal(known[2], "web1");
	/* it was written before the second one came */
	add(2, 2);
	write_all();
	assert_string_equal(known[2], "10.0.0.2");
	add(3, 2);
	write_all();
	assert_int_equal(record_count, 2);
	close_names();
}

static void each_file_has_the_names_that_are_right_then(void **state)
{
	(void)state;
	open_names();
	add(0, 1);
	add(0, 2);
	write_all();
	add(1, 2);
	memset(known, 0, sizeof(known));
	host_names_begin_file(&names);
	write_all();
	assert_string_equal(known[1], "web1");
	assert_string_equal(known[2], "");
	close_names();
}

static void label_that_is_an_address_names_no_other(void **state)
{
	(void)state;
	open_names();
	add(4, 1);
	write_all();
	assert_int_equal(record_count, 0);
	close_names();
}

static void addresses_that_each_host_has_get_no_name(void **state)
{
	static const char *const none[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.9.9.9",
		"169.254.0.1", "224.0.0.251", "239.1.2.3", "255.255.255.255", "240.0.0.1"};
	static const char *const none6[] = {
		"::", "::1", "fe80::1", "febf::1", "ff02::1", "ff0e::1"};
	static const char *const own[] = {
		"10.0.0.1", "169.253.0.1", "223.255.255.254", "192.0.2.1"};
	static const char *const own6[] = {"::2", "2001:db8::1", "fec0::1", "fd00::1", "1::1"};
	struct host_address address = {.size = HOST_ADDRESS_IPV6};

	(void)state;
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++) {
		address = ipv4(none[i]);
		assert_false(host_address_is_own(&address));
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
		address = ipv4(own[i]);
		assert_true(host_address_is_own(&address));
	}
	address.size = HOST_ADDRESS_IPV6;
	for (size_t i = 0; i < sizeof(none6) / sizeof(*none6); i++) {
		assert_int_equal(inet_pton(AF_INET6, none6[i], address.bytes), 1);
		assert_false(host_address_is_own(&address));
	}
	for (size_t i = 0; i < sizeof(own6) / sizeof(*own6); i++) {
		assert_int_equal(inet_pton(AF_INET6, own6[i], address.bytes), 1);
		assert_true(host_address_is_own(&address));
	}
}

static void labels_that_are_addresses(void **state)
{
	static const char *const texts[] = {"10.0.0.1", "10.0.0.1#2", "10.0.0.1:8475",
		"10.0.0.1:8475#2", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]#2",
		"[2001:db8::1]:8475"};
	static const char *const others[] = {"web1", "web1:8475", "web1#2", "10.0.0",
		"10.0.0.1.example.org", "", "[", "[web1]", "1"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_true(host_address_is_text(texts[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(host_address_is_text(others[i]));
}

/* A hostile worker takes neither memory without end, nor the names of others. */
static void addresses_of_a_target_are_bounded(void **state)
{
	struct host_address address = {.size = HOST_ADDRESS_IPV4, .bytes = {11}};

	(void)state;
	open_names();
	for (unsigned i = 0; i < 100000; i++) {
		address.bytes[1] = (unsigned char)(i >> 16);
		address.bytes[2] = (unsigned char)(i >> 8);
		address.bytes[3] = (unsigned char)i;
		host_names_add(&names, 0, &address);
	}
	assert_int_equal(names.count, HOST_NAMES_TARGET_MAX);
	assert_string_equal(notes_text(&notices.headers),
		"web1: more than 256 addresses; the others get no names");
	add(1, 1);
	host_names_begin_file(&names);
	assert_int_equal(names.count, HOST_NAMES_TARGET_MAX + 1);
	close_names();
}

/* A block takes no more space than there is, and the rest follows in another one. */
static void block_fits_its_space(void **state)
{
	(void)state;
	for (size_t space = 0; space < 3000; space += 100) {
		unsigned char *block = malloc(space + 1);
		size_t size;

		assert_non_null(block);
		open_names();
		for (unsigned i = 1; i < 200; i++)
			add(0, i);
		while ((size = host_names_write(&names, block, space)) > 0) {
			assert_true(size <= space);
			read_block(block, size);
		}
		assert_true(record_count == 199 || (record_count == 0 && space < 600));
		close_names();
		free(block);
	}
}

/* What the test itself knows: the target of each address, NONE, or SHARED. */
enum { NONE = -1, SHARED = -2 };

static void check(const int *owners)
{
	char text[RECORD_NAME];

	for (unsigned i = 1; i < LAST; i++) {
		snprintf(text, sizeof(text), "10.0.0.%u", i);
		if (owners[i] >= 0)
			assert_string_equal(known[i], interfaces.targets[owners[i]].label);
		else if (*known[i])
			assert_string_equal(known[i], text);
	}
}

static void reader_has_only_right_names(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int world = 0; world < WORLDS; world++) {
		int owners[LAST];

		for (size_t i = 0; i < LAST; i++)
			owners[i] = NONE;
		open_names();
		for (int step = 0; step < STEPS; step++) {
			const int target = (int)seed_below(&seed, TARGETS - 1);
			const unsigned last = 1 + (unsigned)seed_below(&seed, LAST - 1);

			/* most addresses stay with one target */
			if (seed_below(&seed, 20) > 0 && owners[last] != NONE)
				continue;
			add((unsigned)target, last);
			if (owners[last] == NONE)
				owners[last] = target;
			else if (owners[last] != target)
				owners[last] = SHARED;
			if (seed_below(&seed, 4) > 0)
				continue;
			if (seed_below(&seed, 10) == 0) {
				memset(known, 0, sizeof(known));
				host_names_begin_file(&names);
			}
			write_all();
			check(owners);
		}
		close_names();
	}
}

static void collect(void *context, const struct host_address *address)
{
	struct host_address *list = context;

	list[list[0].bytes[0]++ + 1] = *address;
}

static void written_addresses_are_parsed(void **state)
{
	static unsigned char bytes[3 * PCAPNG_NRB_RECORD_MAX];
	struct host_address list[4] = {0};
	struct host_address six = {.size = HOST_ADDRESS_IPV6};
	const struct host_address four = ipv4("192.0.2.1");
	struct pcapng_nrb writer = pcapng_nrb_begin(bytes);
	struct pcapng_block block = {.bytes = bytes};

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", six.bytes), 1);
	pcapng_nrb_add(&writer, &four, "a");
	pcapng_nrb_add(&writer, &six, "web1");
	block.size = (uint32_t)pcapng_nrb_end(&writer, "a comment");
	assert_true(pcapng_nrb_parse(&block, collect, list));
	assert_int_equal(list[0].bytes[0], 2);
	assert_int_equal(host_address_compare(&list[1], &four), 0);
	assert_int_equal(host_address_compare(&list[2], &six), 0);
	/* a record that is too short for its address, and one beyond the block */
	bytes[10] = 3;
	assert_false(pcapng_nrb_parse(&block, collect, list));
	bytes[10] = 0xff;
	bytes[11] = 0xff;
	assert_false(pcapng_nrb_parse(&block, collect, list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(address_has_the_label_of_its_target),
		cmocka_unit_test(address_of_two_targets_has_no_name),
		cmocka_unit_test(each_file_has_the_names_that_are_right_then),
		cmocka_unit_test(label_that_is_an_address_names_no_other),
		cmocka_unit_test(addresses_that_each_host_has_get_no_name),
		cmocka_unit_test(labels_that_are_addresses),
		cmocka_unit_test(addresses_of_a_target_are_bounded),
		cmocka_unit_test(block_fits_its_space),
		cmocka_unit_test(reader_has_only_right_names),
		cmocka_unit_test(written_addresses_are_parsed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
