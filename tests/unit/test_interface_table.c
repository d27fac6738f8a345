/* SPDX-License-Identifier: MIT */
/*
 * The table of interfaces: each interface once, with its number for good; texts
 * that hurt no terminal; a bound on what a target may tell; and sums that no
 * new section or connection takes anything from.
 */
#include "client/interface_table.h"

#include "../lib/printable.h"
#include "unit.h"

#include <string.h>

enum { TARGETS = 5, ROUNDS = 40, STEPS = 400, KINDS = 4 };

static struct interface_table interfaces;

static uint32_t find(unsigned target, const struct interface *interface)
{
	struct error error = {0};
	uint32_t number = INTERFACE_TABLE_NONE;

	if (!interface_table_find(&interfaces, target, interface, &number, &error))
		fail_msg("%s", error.text);
	return number;
}

/* One of KINDS to the 5th different ones; texts are copied and then gone. */
static uint32_t find_some(unsigned target, size_t kind)
{
	char name[16];
	char filter[16];
	struct interface interface = {.name = name, .filter = filter};
	uint32_t number;

	snprintf(name, sizeof(name), "eth%zu", kind % KINDS);
	kind /= KINDS;
	snprintf(filter, sizeof(filter), "port %zu", kind % KINDS);
	kind /= KINDS;
	interface.linktype = (uint32_t)(kind % KINDS);
	kind /= KINDS;
	interface.snaplen = (uint32_t)(kind % KINDS);
	kind /= KINDS;
	interface.nano = kind % 2;
	number = find(target, &interface);
	memset(name, 'x', sizeof(name));
	memset(filter, 'x', sizeof(filter));
	return number;
}

static void check_origin(uint32_t number, unsigned target, size_t kind)
{
	const struct interface_entry *entry = interfaces.list[number];
	char text[16];

	assert_int_equal(entry->number, number);
	assert_int_equal(entry->target, target);
	assert_false(entry->is_written);
	snprintf(text, sizeof(text), "eth%zu", kind % KINDS);
	assert_string_equal(entry->interface.name, text);
	kind /= KINDS;
	snprintf(text, sizeof(text), "port %zu", kind % KINDS);
	assert_string_equal(entry->interface.filter, text);
	kind /= KINDS;
	assert_int_equal(entry->interface.linktype, kind % KINDS);
	kind /= KINDS;
	assert_int_equal(entry->interface.snaplen, kind % KINDS ? kind % KINDS : PACKET_MAX);
	kind /= KINDS;
	assert_int_equal(entry->interface.nano, kind % 2);
}

/* A target's own, in the order in which it has told of them. */
static void check_chain(unsigned target, const unsigned *owners)
{
	uint32_t at = interfaces.targets[target].first;

	for (uint32_t i = 0; i < interfaces.count; i++) {
		if (owners[i] != target)
			continue;
		assert_int_equal(at, i);
		at = interfaces.list[at]->next;
	}
	assert_int_equal(at, INTERFACE_TABLE_NONE);
}

static void interface_found_twice_has_one_entry(void **state)
{
	struct seed seed = seed_start();
	struct seen {
		unsigned target;
		size_t kind;
	} seen[STEPS];
	unsigned owners[STEPS];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const size_t kinds = 1 + seed_below(&seed, 512);
		uint32_t count = 0;

		assert_true(interface_table_init(&interfaces, TARGETS));
		for (int j = 0; j < STEPS; j++) {
			const struct seen one = {
				(unsigned)seed_below(&seed, TARGETS), seed_below(&seed, kinds)};
			const uint32_t number = find_some(one.target, one.kind);
			uint32_t expected = 0;

			while (expected < count && (seen[expected].target != one.target ||
							   seen[expected].kind != one.kind))
				expected++;
			if (expected == count) {
				owners[count] = one.target;
				seen[count++] = one;
			}
			assert_int_equal(number, expected);
			assert_int_equal(interfaces.count, count);
		}
		for (uint32_t j = 0; j < count; j++)
			check_origin(j, seen[j].target, seen[j].kind);
		for (unsigned j = 0; j < TARGETS; j++)
			check_chain(j, owners);
		interface_table_cleanup(&interfaces);
	}
}

/* Streams tell "all of it" in many ways, and one interface is one. */
static void snaplen_0_is_the_largest(void **state)
{
	static const uint32_t all[] = {0, PACKET_MAX, PACKET_MAX + 1, INT32_MAX, UINT32_MAX};
	static const uint32_t others[] = {1, 65535, PACKET_MAX - 1};
	struct interface interface = {.name = "eth0", .filter = ""};

	(void)state;
	for (size_t first = 0; first < sizeof(all) / sizeof(*all); first++) {
		assert_true(interface_table_init(&interfaces, 1));
		interface.snaplen = all[first];
		find(0, &interface);
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
			interface.snaplen = all[i];
			assert_int_equal(find(0, &interface), 0);
		}
		assert_int_equal(interfaces.list[0]->interface.snaplen, PACKET_MAX);
		for (uint32_t i = 0; i < 3; i++) {
			interface.snaplen = others[i];
			assert_int_equal(find(0, &interface), i + 1);
			assert_int_equal(interfaces.list[i + 1]->interface.snaplen, others[i]);
		}
		interface_table_cleanup(&interfaces);
	}
}

static void control_characters_are_escaped(void **state)
{
	static const struct interface evil = {.name = "\033[2Jeth\n\xff", .filter = "tcp\r\x01"};
	static const struct interface foreign = {.name = "gr\xc3\xb6\xc3\x9f"
							 "e",
		.filter = ""};
	struct seed seed = seed_start();
	uint32_t number;

	(void)state;
	assert_true(interface_table_init(&interfaces, 1));
	number = find(0, &evil);
	assert_string_equal(interfaces.list[number]->interface.name, "\\x1b[2Jeth\\x0a\\xff");
	assert_string_equal(interfaces.list[number]->interface.filter, "tcp\\x0d\\x01");
	assert_int_equal(find(0, &evil), number);
	number = find(0, &foreign);
	assert_string_equal(interfaces.list[number]->interface.name, foreign.name);
	for (int i = 0; i < 200; i++) {
		char name[300] = "";
		char filter[2000] = "";
		const struct interface any = {.name = name, .filter = filter};

		seed_bytes(&seed, name, seed_below(&seed, sizeof(name)));
		seed_bytes(&seed, filter, seed_below(&seed, sizeof(filter)));
		number = find(0, &any);
		assert_true(printable_line(interfaces.list[number]->interface.name));
		assert_true(printable_line(interfaces.list[number]->interface.filter));
	}
	interface_table_cleanup(&interfaces);
}

/* Puts a number where a text has eight characters. */
static void put_number(char *text, unsigned number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%08u", number);
	memcpy(text, digits, 8);
}

/* Tells of ever new ones until it is refused. Returns how many that took. */
static unsigned fill(unsigned target, struct interface *interface, char *vary)
{
	const size_t largest = sizeof(struct interface_entry) + 2 * 300 + 16384;
	struct error error = {0};
	unsigned count = 0;
	uint32_t number;

	do
		put_number(vary, count++);
	while (interface_table_find(&interfaces, target, interface, &number, &error));
	assert_int_equal(error.status, 1);
	assert_true(strlen(error.text) > 0);
	assert_uint_in_range(interfaces.targets[target].bytes, INTERFACE_TABLE_BYTES,
		INTERFACE_TABLE_BYTES + largest);
	return count - 1;
}

static void memory_of_a_target_is_bounded(void **state)
{
	static char filter[16000];
	char name[] = "--------";
	struct interface interface = {.name = name, .filter = filter};
	struct error error;
	uint32_t number;
	unsigned many;

	(void)state;
	memset(filter, 'y', sizeof(filter) - 10);
	assert_true(interface_table_init(&interfaces, 2));
	/* the same filter costs nothing more */
	many = fill(0, &interface, name);
	assert_uint_in_range(many, 1000, INTERFACE_TABLE_BYTES / sizeof(struct interface_entry));
	/* others' room is their own; different ones cost what they take */
	assert_uint_in_range(fill(1, &interface, filter), 60, 70);
	/* the known ones stay known */
	put_number(name, many / 2);
	memset(filter, 'y', 8);
	assert_true(interface_table_find(&interfaces, 0, &interface, &number, &error));
	assert_int_equal(number, many / 2);
	interface_table_cleanup(&interfaces);
}

/* What has been counted on one interface, by all streams together. */
struct model {
	unsigned told;
	uint64_t time;
	uint64_t received;
	uint64_t dropped;
	uint64_t interface_dropped;
};

static void add_to(struct model *model, const struct statistics *more)
{
	model->told |= more->valid;
	model->time = more->time;
	model->received += more->received;
	model->dropped += more->dropped;
	model->interface_dropped += more->interface_dropped;
}

static void check_total(const struct statistics *total, const struct model *model)
{
	assert_int_equal(total->valid, model->told);
	assert_int_equal(total->time, model->time);
	assert_int_equal(total->received, model->received);
	assert_int_equal(total->dropped, model->dropped);
	assert_int_equal(total->interface_dropped, model->interface_dropped);
}

static struct statistics some_counts(struct seed *seed, uint32_t number, uint64_t time)
{
	struct statistics more = {
		.time = time,
		.interface = number,
		.valid = (unsigned)seed_below(seed, STATISTICS_ALL + 1),
	};

	if (more.valid & STATISTICS_RECEIVED)
		more.received = seed_u32(seed);
	if (more.valid & STATISTICS_DROPPED)
		more.dropped = seed_below(seed, 10);
	if (more.valid & STATISTICS_INTERFACE_DROPPED)
		more.interface_dropped = seed_below(seed, 3);
	return more;
}

static void random_counts_are_kept(void **state)
{
	enum { EACH = 3 };
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct model models[2 * EACH] = {0};
		struct model targets[2] = {0};
		uint32_t numbers[2 * EACH];

		assert_true(interface_table_init(&interfaces, 2));
		for (unsigned j = 0; j < 2 * EACH; j++)
			numbers[j] = find_some(j / EACH, j);
		for (unsigned j = 0; j < STEPS; j++) {
			const size_t which = seed_below(&seed, 2 * EACH);
			const struct statistics more = some_counts(&seed, numbers[which], j);

			interface_table_add_counts(&interfaces, &more);
			add_to(&models[which], &more);
			add_to(&targets[which / EACH], &more);
			check_total(&interfaces.list[numbers[which]]->total, &models[which]);
			for (unsigned k = 0; k < 2; k++)
				check_total(interface_table_total(&interfaces, k), &targets[k]);
		}
		for (unsigned j = 0; j < 2 * EACH; j++)
			check_total(&interfaces.list[numbers[j]]->total, &models[j]);
		interface_table_cleanup(&interfaces);
	}
}

/* A total runs on where it was, however many interfaces come to it. */
static void total_has_a_stable_address(void **state)
{
	const struct statistics *total;
	struct statistics more = {.valid = STATISTICS_DROPPED, .dropped = 2};

	(void)state;
	assert_true(interface_table_init(&interfaces, 3));
	total = interface_table_total(&interfaces, 1);
	assert_int_equal(total->valid, 0);
	for (unsigned i = 0; i < 200; i++) {
		more.interface = find_some(1, i);
		interface_table_add_counts(&interfaces, &more);
		assert_int_equal(total->dropped, 2 * (i + 1));
	}
	assert_int_equal(total->valid, STATISTICS_DROPPED);
	assert_int_equal(interface_table_total(&interfaces, 0)->valid, 0);
	assert_int_equal(interface_table_total(&interfaces, 2)->dropped, 0);
	interface_table_cleanup(&interfaces);
}

/* The number of an interface at that place of a section. */
static uint32_t find_at(unsigned target, uint32_t index, const char *name)
{
	const struct interface interface = {.index = index, .name = name, .filter = ""};

	return find(target, &interface);
}

/* Alike interfaces of one section stay apart, and are known in the next one. */
static void equal_interfaces_of_a_section_stay_apart(void **state)
{
	(void)state;
	assert_true(interface_table_init(&interfaces, 2));
	for (int section = 0; section < 3; section++) {
		assert_int_equal(find_at(0, 0, ""), 0);
		assert_int_equal(find_at(0, 1, ""), 1);
		assert_int_equal(find_at(0, 2, "eth0"), 2);
		assert_int_equal(find_at(0, 3, ""), 3);
		assert_int_equal(find_at(0, 4, "eth0"), 4);
		/* another target's are its own */
		assert_int_equal(find_at(1, 0, ""), 5);
		assert_int_equal(find_at(1, 1, "eth0"), 6);
	}
	/* a section of less has less */
	assert_int_equal(find_at(0, 0, "eth0"), 2);
	assert_int_equal(find_at(0, 1, ""), 0);
	assert_int_equal(interfaces.count, 7);
	interface_table_cleanup(&interfaces);
}

static const char *shown(unsigned target, uint32_t index, const char *name)
{
	const uint32_t number = find_at(target, index, name);

	return interfaces.list[number]->shown;
}

/* Whatever they are named, no two of a target are shown by one name. */
static void equal_names_get_numbers(void **state)
{
	struct interface interface = {.index = 7, .name = "eth0", .filter = "udp"};
	uint32_t number;

	(void)state;
	assert_true(interface_table_init(&interfaces, 2));
	assert_string_equal(shown(0, 0, "eth0#2"), "eth0#2");
	assert_string_equal(shown(0, 1, "eth0"), "eth0");
	assert_string_equal(shown(0, 2, "eth0"), "eth0#3");
	assert_string_equal(shown(0, 3, "eth0#2"), "eth0#2#2");
	assert_string_equal(shown(0, 4, ""), "");
	assert_string_equal(shown(0, 5, ""), "#2");
	assert_string_equal(shown(0, 6, "#2"), "#2#2");
	/* they are not alike, but have one name */
	number = find(0, &interface);
	assert_string_equal(interfaces.list[number]->shown, "eth0#4");
	assert_string_equal(shown(1, 0, "eth0"), "eth0");
	assert_string_equal(shown(1, 0, "eth0"), "eth0");
	interface_table_cleanup(&interfaces);
}

static void descriptions_make_interfaces_differ(void **state)
{
	static const unsigned char options[] = "\3\0\5\0front\0\0\0";
	static const unsigned char others[] = "\3\0\5\0frost\0\0\0";
	struct interface plain = {.name = "eth0", .filter = "udp"};
	struct interface front = plain;
	struct interface back = plain;
	struct interface other;
	uint32_t number;

	(void)state;
	front.options = options;
	front.options_size = sizeof(options) - 1;
	back.options = others;
	back.options_size = front.options_size;
	assert_true(interface_table_init(&interfaces, 1));
	number = find(0, &plain);
	assert_int_not_equal(find(0, &front), number);
	assert_int_not_equal(find(0, &back), number);
	assert_int_not_equal(find(0, &back), find(0, &front));
	assert_int_equal(find(0, &plain), number);
	number = find(0, &front);
	assert_ptr_not_equal(interfaces.list[number]->interface.options, options);
	assert_int_equal(interfaces.list[number]->interface.options_size, sizeof(options) - 1);
	assert_memory_equal(
		interfaces.list[number]->interface.options, options, sizeof(options) - 1);
	assert_string_equal(interfaces.list[number]->interface.name, "eth0");
	assert_string_equal(interfaces.list[number]->interface.filter, "udp");
	other = front;
	other.filter = "tcp";
	number = find(0, &other);
	assert_string_equal(interfaces.list[number]->interface.name, "eth0");
	assert_string_equal(interfaces.list[number]->interface.filter, "tcp");
	assert_memory_equal(
		interfaces.list[number]->interface.options, options, sizeof(options) - 1);
	interface_table_cleanup(&interfaces);
}

static void times_are_first_start_and_last_end(void **state)
{
	const struct interface interface = {.name = "eth0", .filter = ""};
	const struct statistics *total;
	struct statistics more = {
		.valid = STATISTICS_START | STATISTICS_END | STATISTICS_DELIVERED |
			 STATISTICS_INTERFACE_RECEIVED,
		.start = 50,
		.end = 60,
		.delivered = 3,
		.interface_received = 4,
	};

	(void)state;
	assert_true(interface_table_init(&interfaces, 1));
	more.interface = find(0, &interface);
	interface_table_add_counts(&interfaces, &more);
	more.start = 40;
	more.end = 55;
	interface_table_add_counts(&interfaces, &more);
	more = (struct statistics){.interface = more.interface, .valid = STATISTICS_DROPPED};
	interface_table_add_counts(&interfaces, &more);
	total = &interfaces.list[more.interface]->total;
	assert_int_equal(total->start, 40);
	assert_int_equal(total->end, 60);
	assert_int_equal(total->delivered, 6);
	assert_int_equal(total->interface_received, 8);
	interface_table_cleanup(&interfaces);
}

/* As many as a section may have take no time, and keep within the bound. */
static void many_equal_interfaces_are_fast(void **state)
{
	const struct interface first = {.name = "", .filter = ""};
	struct interface interface = first;
	struct error error = {0};
	uint32_t number;

	(void)state;
	assert_true(interface_table_init(&interfaces, 1));
	while (interface_table_find(&interfaces, 0, &interface, &number, &error)) {
		assert_int_equal(number, interface.index);
		interface.index++;
	}
	assert_in_range(interface.index, 3000, 16384);
	for (uint32_t i = 0; i < 3000; i++) {
		interface.index = i;
		assert_int_equal(find(0, &interface), i);
	}
	interface_table_cleanup(&interfaces);
}

static void cleanup_frees_all(void **state)
{
	(void)state;
	interfaces = (struct interface_table){0};
	interface_table_cleanup(&interfaces);
	assert_true(interface_table_init(&interfaces, 1));
	interface_table_cleanup(&interfaces);
	interface_table_cleanup(&interfaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interface_found_twice_has_one_entry),
		cmocka_unit_test(snaplen_0_is_the_largest),
		cmocka_unit_test(control_characters_are_escaped),
		cmocka_unit_test(memory_of_a_target_is_bounded),
		cmocka_unit_test(random_counts_are_kept),
		cmocka_unit_test(total_has_a_stable_address),
		cmocka_unit_test(equal_interfaces_of_a_section_stay_apart),
		cmocka_unit_test(equal_names_get_numbers),
		cmocka_unit_test(descriptions_make_interfaces_differ),
		cmocka_unit_test(times_are_first_start_and_last_end),
		cmocka_unit_test(many_equal_interfaces_are_fast),
		cmocka_unit_test(cleanup_frees_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
