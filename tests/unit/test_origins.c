/*
 * The table of origins: each interface once, with its number for good; texts
 * that hurt no terminal; a bound on what a target may tell; and sums that no
 * new section or connection takes anything from.
 */
#include "client/origins.h"

#include "unit.h"

#include <string.h>

enum { TARGETS = 5, ROUNDS = 40, STEPS = 400, KINDS = 4 };

static struct origins origins;

static uint32_t find(unsigned target, const struct interface *interface)
{
	struct failure failure = {0};
	uint32_t number = ORIGINS_NONE;

	if (!origins_find(&origins, target, interface, &number, &failure))
		fail_msg("%s", failure.text);
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
	const struct origin *origin = origins.list[number];
	char text[16];

	assert_int_equal(origin->number, number);
	assert_int_equal(origin->target, target);
	assert_false(origin->is_written);
	snprintf(text, sizeof(text), "eth%zu", kind % KINDS);
	assert_string_equal(origin->interface.name, text);
	kind /= KINDS;
	snprintf(text, sizeof(text), "port %zu", kind % KINDS);
	assert_string_equal(origin->interface.filter, text);
	kind /= KINDS;
	assert_int_equal(origin->interface.linktype, kind % KINDS);
	kind /= KINDS;
	assert_int_equal(origin->interface.snaplen,
		kind % KINDS ? kind % KINDS : PACKET_MAX);
	kind /= KINDS;
	assert_int_equal(origin->interface.nano, kind % 2);
}

/* A target's own, in the order in which it has told of them. */
static void check_chain(unsigned target, const unsigned *owners)
{
	uint32_t at = origins.targets[target].first;

	for (uint32_t i = 0; i < origins.count; i++) {
		if (owners[i] != target)
			continue;
		assert_int_equal(at, i);
		at = origins.list[at]->next;
	}
	assert_int_equal(at, ORIGINS_NONE);
}

static void each_is_there_once(void **state)
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

		assert_true(origins_init(&origins, TARGETS));
		for (int j = 0; j < STEPS; j++) {
			const struct seen one = {
				(unsigned)seed_below(&seed, TARGETS),
				seed_below(&seed, kinds)};
			const uint32_t number = find_some(one.target, one.kind);
			uint32_t expected = 0;

			while (expected < count &&
				(seen[expected].target != one.target ||
					seen[expected].kind != one.kind))
				expected++;
			if (expected == count) {
				owners[count] = one.target;
				seen[count++] = one;
			}
			assert_int_equal(number, expected);
			assert_int_equal(origins.count, count);
		}
		for (uint32_t j = 0; j < count; j++)
			check_origin(j, seen[j].target, seen[j].kind);
		for (unsigned j = 0; j < TARGETS; j++)
			check_chain(j, owners);
		origins_clear(&origins);
	}
}

/* Streams tell "all of it" in many ways, and one interface is one. */
static void no_limit_is_the_largest(void **state)
{
	static const uint32_t all[] = {
		0, PACKET_MAX, PACKET_MAX + 1, INT32_MAX, UINT32_MAX};
	static const uint32_t others[] = {1, 65535, PACKET_MAX - 1};
	struct interface interface = {.name = "eth0", .filter = ""};

	(void)state;
	for (size_t first = 0; first < sizeof(all) / sizeof(*all); first++) {
		assert_true(origins_init(&origins, 1));
		interface.snaplen = all[first];
		find(0, &interface);
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
			interface.snaplen = all[i];
			assert_int_equal(find(0, &interface), 0);
		}
		assert_int_equal(
			origins.list[0]->interface.snaplen, PACKET_MAX);
		for (uint32_t i = 0; i < 3; i++) {
			interface.snaplen = others[i];
			assert_int_equal(find(0, &interface), i + 1);
			assert_int_equal(origins.list[i + 1]->interface.snaplen,
				others[i]);
		}
		origins_clear(&origins);
	}
}

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

static void texts_are_escaped(void **state)
{
	static const struct interface evil = {
		.name = "\033[2Jeth\n\xff", .filter = "tcp\r\x01"};
	struct seed seed = seed_start();
	uint32_t number;

	(void)state;
	assert_true(origins_init(&origins, 1));
	number = find(0, &evil);
	assert_string_equal(
		origins.list[number]->interface.name, "\\x1b[2Jeth\\x0a\\xff");
	assert_string_equal(
		origins.list[number]->interface.filter, "tcp\\x0d\\x01");
	assert_int_equal(find(0, &evil), number);
	for (int i = 0; i < 200; i++) {
		char name[300] = "";
		char filter[2000] = "";
		const struct interface any = {.name = name, .filter = filter};

		seed_bytes(&seed, name, seed_below(&seed, sizeof(name)));
		seed_bytes(&seed, filter, seed_below(&seed, sizeof(filter)));
		number = find(0, &any);
		assert_true(is_printable(origins.list[number]->interface.name));
		assert_true(
			is_printable(origins.list[number]->interface.filter));
	}
	origins_clear(&origins);
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
	const size_t largest = sizeof(struct origin) + 256 + 16384;
	struct failure failure = {0};
	unsigned count = 0;
	uint32_t number;

	do
		put_number(vary, count++);
	while (origins_find(&origins, target, interface, &number, &failure));
	assert_int_equal(failure.status, 1);
	assert_true(strlen(failure.text) > 0);
	assert_in_range(origins.targets[target].bytes, ORIGINS_BYTES,
		ORIGINS_BYTES + largest);
	return count - 1;
}

static void what_a_target_may_tell_is_bounded(void **state)
{
	static char filter[16000];
	char name[] = "--------";
	struct interface interface = {.name = name, .filter = filter};
	struct failure failure;
	uint32_t number;
	unsigned many;

	(void)state;
	memset(filter, 'y', sizeof(filter) - 10);
	assert_true(origins_init(&origins, 2));
	/* the same filter costs nothing more */
	many = fill(0, &interface, name);
	assert_in_range(many, 1000, ORIGINS_BYTES / sizeof(struct origin));
	/* others' room is their own; different ones cost what they take */
	assert_in_range(fill(1, &interface, filter), 60, 70);
	/* the known ones stay known */
	put_number(name, many / 2);
	memset(filter, 'y', 8);
	assert_true(origins_find(&origins, 0, &interface, &number, &failure));
	assert_int_equal(number, many / 2);
	origins_clear(&origins);
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
	model->told |= more->told;
	model->time = more->time;
	model->received += more->received;
	model->dropped += more->dropped;
	model->interface_dropped += more->interface_dropped;
}

static void check_total(
	const struct statistics *total, const struct model *model)
{
	assert_int_equal(total->told, model->told);
	assert_int_equal(total->time, model->time);
	assert_int_equal(total->received, model->received);
	assert_int_equal(total->dropped, model->dropped);
	assert_int_equal(total->interface_dropped, model->interface_dropped);
}

static struct statistics some_counts(
	struct seed *seed, uint32_t number, uint64_t time)
{
	struct statistics more = {
		.time = time,
		.interface = number,
		.told = (unsigned)seed_below(seed, STATISTICS_ALL + 1),
	};

	if (more.told & STATISTICS_RECEIVED)
		more.received = seed_u32(seed);
	if (more.told & STATISTICS_DROPPED)
		more.dropped = seed_below(seed, 10);
	if (more.told & STATISTICS_INTERFACE_DROPPED)
		more.interface_dropped = seed_below(seed, 3);
	return more;
}

static void nothing_that_was_counted_is_lost(void **state)
{
	enum { EACH = 3 };
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct model models[2 * EACH] = {0};
		struct model targets[2] = {0};
		uint32_t numbers[2 * EACH];

		assert_true(origins_init(&origins, 2));
		for (unsigned j = 0; j < 2 * EACH; j++)
			numbers[j] = find_some(j / EACH, j);
		for (unsigned j = 0; j < STEPS; j++) {
			const size_t which = seed_below(&seed, 2 * EACH);
			const struct statistics more =
				some_counts(&seed, numbers[which], j);

			origins_count(&origins, &more);
			add_to(&models[which], &more);
			add_to(&targets[which / EACH], &more);
			check_total(&origins.list[numbers[which]]->total,
				&models[which]);
			for (unsigned k = 0; k < 2; k++)
				check_total(origins_total(&origins, k),
					&targets[k]);
		}
		for (unsigned j = 0; j < 2 * EACH; j++)
			check_total(
				&origins.list[numbers[j]]->total, &models[j]);
		origins_clear(&origins);
	}
}

/* A total runs on where it was, however many interfaces come to it. */
static void a_total_stays_where_it_is(void **state)
{
	const struct statistics *total;
	struct statistics more = {.told = STATISTICS_DROPPED, .dropped = 2};

	(void)state;
	assert_true(origins_init(&origins, 3));
	total = origins_total(&origins, 1);
	assert_int_equal(total->told, 0);
	for (unsigned i = 0; i < 200; i++) {
		more.interface = find_some(1, i);
		origins_count(&origins, &more);
		assert_int_equal(total->dropped, 2 * (i + 1));
	}
	assert_int_equal(total->told, STATISTICS_DROPPED);
	assert_int_equal(origins_total(&origins, 0)->told, 0);
	assert_int_equal(origins_total(&origins, 2)->dropped, 0);
	origins_clear(&origins);
}

static void clearing_takes_all(void **state)
{
	(void)state;
	origins = (struct origins){0};
	origins_clear(&origins);
	assert_true(origins_init(&origins, 1));
	origins_clear(&origins);
	origins_clear(&origins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_there_once),
		cmocka_unit_test(no_limit_is_the_largest),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(what_a_target_may_tell_is_bounded),
		cmocka_unit_test(nothing_that_was_counted_is_lost),
		cmocka_unit_test(a_total_stays_where_it_is),
		cmocka_unit_test(clearing_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
