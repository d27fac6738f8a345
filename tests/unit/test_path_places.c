/* SPDX-License-Identifier: MIT */
/*
 * Places: each has one number, which is found again; a time at which a place had a packet that
 * could not be identified is never forgotten. Links: the least and most times of each stretch.
 */
#include "client/path_links.h"
#include "client/path_places.h"

#include "unit.h"

enum { INTERFACES = 50, FINDS = 20000, DAMAGED = 300, SIDE = 100 };

#define MS UINT64_C(1000000)

static void each_place_one_number(void **state)
{
	struct seed seed = seed_start();
	struct path_places places = {0};

	(void)state;
	for (unsigned i = 0; i < FINDS; i++) {
		const struct path_place place = {
			.target = 3,
			.interface = (uint32_t)seed_below(&seed, INTERFACES),
			.direction = (enum path_direction)seed_below(&seed, 3),
			.is_second = seed_below(&seed, 2),
			.tunnels = (uint8_t)seed_below(&seed, PATH_TUNNELS_MAX + 1),
		};
		const uint32_t before = places.count;
		const uint16_t number = path_places_find(&places, &place);

		assert_true(number < places.count);
		/* another place may have been added before it: that without tunnel */
		assert_true(places.count == before || number == places.count - 1U);
		assert_int_equal(places.list[number].interface, place.interface);
		assert_int_equal(places.list[number].direction, place.direction);
		assert_int_equal(places.list[number].is_second, place.is_second);
		assert_int_equal(places.list[number].tunnels, place.tunnels);
	}
	assert_int_equal(places.count, INTERFACES * 6 * (PATH_TUNNELS_MAX + 1));
	path_places_cleanup(&places);
}

static void damaged_packet_of_a_time_never_forgotten(void **state)
{
	struct seed seed = seed_start();
	struct path_places places = {0};
	const struct path_place place = {.interface = 1};
	uint64_t times_ns[DAMAGED];
	uint64_t now_ns = 1000 * MS;

	(void)state;
	assert_int_equal(path_places_find(&places, &place), 0);
	assert_false(path_places_was_damaged(&places, 0, 0, UINT64_MAX));
	for (unsigned i = 0; i < DAMAGED; i++) {
		now_ns += seed_below(&seed, 8) ? seed_below(&seed, 20) * MS : 100000 * MS;
		times_ns[i] = now_ns - seed_below(&seed, 5) * MS;
		path_places_note_damaged(&places, &(struct path_sight){.time_ns = times_ns[i]});
		for (unsigned j = 0; j <= i; j++)
			assert_true(path_places_was_damaged(
				&places, 0, times_ns[j] - seed_below(&seed, 3), times_ns[j]));
		assert_false(path_places_was_damaged(&places, 0, now_ns + 1, now_ns + MS));
	}
	path_places_cleanup(&places);
}

static void least_and_most_times_of_each_stretch(void **state)
{
	static struct path_links links;
	static int64_t least[SIDE][SIDE], most[SIDE][SIDE];
	static bool is_known[SIDE][SIDE];
	struct seed seed = seed_start();
	unsigned unknown = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		const size_t from = seed_below(&seed, SIDE), to = seed_below(&seed, SIDE);
		const int64_t time_ns = (int64_t)seed_below(&seed, 1000) - 500;

		path_links_add(&links, (uint16_t)from, (uint16_t)to, time_ns);
		if (!path_links_find(&links, (uint16_t)from, (uint16_t)to)) {
			unknown++;
			continue;
		}
		if (!is_known[from][to])
			least[from][to] = most[from][to] = time_ns;
		is_known[from][to] = true;
		least[from][to] = time_ns < least[from][to] ? time_ns : least[from][to];
		most[from][to] = time_ns > most[from][to] ? time_ns : most[from][to];
	}
	assert_true(unknown > 0); /* there are more stretches than fit */
	for (unsigned from = 0; from < SIDE; from++)
		for (unsigned to = 0; to < SIDE; to++) {
			const struct path_link *link =
				path_links_find(&links, (uint16_t)from, (uint16_t)to);

			assert_int_equal(link != NULL, is_known[from][to]);
			assert_true(!link || (link->least_ns == least[from][to] &&
						     link->most_ns == most[from][to]));
		}
}

/* It may be a packet of any tunnel, and of a second visit. */
static void damaged_packet_of_an_interface_in_all_its_tunnels(void **state)
{
	struct path_places places = {0};
	const struct path_place plain = {.interface = 1};
	const struct path_place tunnel = {.interface = 1, .tunnels = 2, .is_second = true};
	const struct path_place other = {.interface = 2, .tunnels = 2};
	const uint16_t before = path_places_find(&places, &tunnel);

	(void)state;
	path_places_note_damaged(&places, &(struct path_sight){.time_ns = 5 * MS,
						  .place = path_places_find(&places, &plain)});
	assert_true(path_places_was_damaged(&places, before, 5 * MS, 5 * MS));
	assert_false(
		path_places_was_damaged(&places, path_places_find(&places, &other), 0, UINT64_MAX));
	path_places_cleanup(&places);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_place_one_number),
		cmocka_unit_test(damaged_packet_of_an_interface_in_all_its_tunnels),
		cmocka_unit_test(damaged_packet_of_a_time_never_forgotten),
		cmocka_unit_test(least_and_most_times_of_each_stretch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
