/* SPDX-License-Identifier: MIT */
/*
 * The order of the places of one packet: whatever order the sights come in, it is the order of
 * the way, or not known; clocks of two hosts never decide.
 */
#include "client/path_order.h"

#include "unit.h"

#define IN PATH_INCOMING
#define OUT PATH_OUTGOING
#define ANY PATH_DIRECTION_UNKNOWN

enum { TURNS = 50 };

/* a sight outside of all tunnels has only the first four values */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* A sight on the true way: the target, its direction, TTL, and time by the target's clock. */
struct step {
	unsigned target;
	enum path_direction direction;
	uint8_t ttl;
	uint64_t time_ns;
	uint8_t tunnels; /* that it is in, their TTLs (the innermost first), and which ones */
	uint8_t outer_ttl[2];
	uint16_t tunnel;
};

static bool order(struct seed *seed, const struct step *steps, size_t count, uint16_t *ret_order)
{
	struct path_place places[PATH_SIGHTS_MAX];
	struct path_sight sights[PATH_SIGHTS_MAX];
	bool is_known;

	for (size_t i = 0; i < count; i++) {
		places[i] = (struct path_place){.target = steps[i].target,
			.direction = steps[i].direction,
			.tunnels = steps[i].tunnels};
		sights[i] = (struct path_sight){.time_ns = steps[i].time_ns,
			.number = i + 1,
			.place = (uint16_t)i,
			.ttl = steps[i].ttl,
			.outer_ttl = {steps[i].outer_ttl[0], steps[i].outer_ttl[1]},
			.tunnel = steps[i].tunnel};
	}
	for (size_t i = count - 1; i > 0; i--) {
		const size_t other = seed_below(seed, i + 1);
		const struct path_sight sight = sights[i];

		sights[i] = sights[other];
		sights[other] = sight;
	}
	is_known = path_order(places, sights, count);
	for (size_t i = 0; i < count; i++)
		ret_order[i] = sights[i].place;
	return is_known;
}

static void must_be_ordered(const struct step *steps, size_t count)
{
	struct seed seed = seed_start();

	for (unsigned turn = 0; turn < TURNS; turn++) {
		uint16_t got[PATH_SIGHTS_MAX];

		assert_true(order(&seed, steps, count, got));
		for (size_t i = 0; i < count; i++)
			assert_int_equal(got[i], i);
	}
}

static void must_not_be_known(const struct step *steps, size_t count)
{
	struct seed seed = seed_start();
	uint16_t got[PATH_SIGHTS_MAX];

	for (unsigned turn = 0; turn < TURNS; turn++)
		assert_false(order(&seed, steps, count, got));
}

#define ORDERED(...)                                                                               \
	must_be_ordered((const struct step[]){__VA_ARGS__},                                        \
		sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))
#define UNKNOWN(...)                                                                               \
	must_not_be_known((const struct step[]){__VA_ARGS__},                                      \
		sizeof((const struct step[]){__VA_ARGS__}) / sizeof(struct step))

static void routers_by_ttl_whatever_the_clocks(void **state)
{
	(void)state;
	ORDERED({0, OUT, 64, 900}, {1, IN, 64, 100}, {1, OUT, 63, 101}, {2, IN, 63, 500},
		{2, OUT, 62, 501}, {3, IN, 62, 1});
}

static void two_hosts_on_a_link_by_direction(void **state)
{
	(void)state;
	ORDERED({1, OUT, 64, 900}, {0, IN, 64, 100});
	ORDERED({0, OUT, 64, 100}, {1, IN, 64, 100});
}

static void bridge_between_two_hosts(void **state)
{
	(void)state;
	ORDERED({2, OUT, 64, 900}, {0, IN, 64, 100}, {0, OUT, 64, 110}, {1, IN, 64, 5});
}

static void interfaces_of_one_host_by_its_clock(void **state)
{
	(void)state;
	ORDERED({0, OUT, 64, 100}, {0, OUT, 64, 200}, {1, IN, 64, 50}, {1, IN, 64, 51});
	/* one timestamp: by the number of the packet */
	ORDERED({1, IN, 64, 50}, {1, IN, 64, 50});
}

static void two_bridges_not_known(void **state)
{
	(void)state;
	UNKNOWN({0, OUT, 64, 1}, {1, IN, 64, 2}, {1, OUT, 64, 3}, {2, IN, 64, 4}, {2, OUT, 64, 5},
		{3, IN, 64, 6});
}

static void hosts_without_directions_not_known(void **state)
{
	(void)state;
	UNKNOWN({0, ANY, 64, 1}, {1, ANY, 64, 2});
	/* but routers between them order them */
	ORDERED({0, ANY, 64, 900}, {1, ANY, 63, 2});
}

static void two_senders_not_known(void **state)
{
	(void)state;
	UNKNOWN({0, OUT, 64, 1}, {1, OUT, 64, 2});
	UNKNOWN({0, IN, 64, 1}, {1, IN, 64, 2});
}

static void order_of_last_leg_known_whatever_the_others(void **state)
{
	const struct step steps[] = {
		{0, OUT, 64, 1}, {1, OUT, 64, 2}, {3, OUT, 63, 900}, {2, IN, 63, 5}};
	struct seed seed = seed_start();
	uint16_t got[PATH_SIGHTS_MAX];

	(void)state;
	for (unsigned turn = 0; turn < TURNS; turn++) {
		assert_false(order(&seed, steps, 4, got));
		assert_int_equal(got[2], 2);
		assert_int_equal(got[3], 3);
	}
}

static void clock_against_ttl_not_known(void **state)
{
	(void)state;
	UNKNOWN({0, IN, 64, 200}, {0, OUT, 63, 100});
	UNKNOWN({0, IN, 64, 200}, {1, IN, 63, 150}, {0, OUT, 62, 100});
}

/* Of a packet in one tunnel, or in two. */
#define T(outer) 1, {outer}, 7
#define TT(inner, outer) 2, {inner, outer}, 8

static void tunnel_between_two_hosts(void **state)
{
	(void)state;
	/* VXLAN from host to host, over a router; the last two have one timestamp */
	ORDERED({0, OUT, 64, 900}, {0, OUT, 64, 901, T(64)}, {1, IN, 64, 5, T(64)},
		{1, OUT, 64, 6, T(63)}, {2, IN, 64, 50, T(63)}, {2, IN, 64, 50});
	/* the interfaces of the tunnel are not captured */
	ORDERED({0, OUT, 64, 901, T(64)}, {1, IN, 64, 5, T(64)}, {1, OUT, 64, 6, T(63)},
		{2, IN, 64, 50, T(63)});
	/* bridges put packets of other hosts into the tunnel */
	ORDERED({0, OUT, 64, 9000}, {1, IN, 64, 5}, {1, OUT, 64, 6}, {1, OUT, 64, 7, T(64)},
		{2, IN, 64, 800, T(64)}, {2, IN, 64, 801}, {2, OUT, 64, 802}, {3, IN, 64, 1});
}

static void tunnel_between_two_routers(void **state)
{
	(void)state;
	ORDERED({0, OUT, 64, 9000}, {1, IN, 64, 5}, {1, OUT, 63, 6}, {1, OUT, 63, 7, T(255)},
		{2, IN, 63, 800, T(250)}, {2, IN, 63, 801}, {2, OUT, 62, 802}, {3, IN, 62, 1});
	/* one tunnel after the other, since a router is between them */
	ORDERED({0, OUT, 64, 1, T(64)}, {1, IN, 64, 5, T(60)}, {1, OUT, 63, 6, 1, {64}, 9},
		{2, IN, 63, 1, 1, {64}, 9});
}

static void tunnel_in_a_tunnel(void **state)
{
	(void)state;
	ORDERED({0, OUT, 64, 9000}, {0, OUT, 64, 9001, T(64)}, {1, IN, 64, 5, T(64)},
		{1, OUT, 64, 6, T(63)}, {1, OUT, 64, 7, TT(63, 64)}, {2, IN, 64, 1, TT(63, 64)},
		{2, OUT, 64, 2, TT(63, 63)}, {3, IN, 64, 70, TT(63, 63)}, {3, IN, 64, 71, T(63)},
		{3, IN, 64, 72});
}

static void copies_in_tunnels_not_known(void **state)
{
	(void)state;
	/* to an analyzer, by the router between two hosts */
	UNKNOWN({0, OUT, 64, 9000}, {1, IN, 64, 5}, {1, OUT, 64, 6, T(64)}, {1, OUT, 64, 7},
		{2, IN, 64, 800, T(64)}, {3, IN, 64, 801});
	/* two tunnels at one inner TTL */
	UNKNOWN({0, OUT, 64, 1, T(64)}, {1, IN, 64, 5, T(64)}, {1, OUT, 64, 6, 1, {64}, 9},
		{2, IN, 64, 1, 1, {64}, 9});
	/* a host that receives the tunnel's packet after the inner one */
	UNKNOWN({0, OUT, 64, 1}, {1, IN, 64, 5}, {1, IN, 64, 6, T(64)});
	/* a bridge that may be on either side */
	UNKNOWN({0, OUT, 64, 1}, {1, IN, 64, 5}, {1, OUT, 64, 6}, {2, IN, 64, 1, T(64)},
		{3, IN, 64, 2});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routers_by_ttl_whatever_the_clocks),
		cmocka_unit_test(two_hosts_on_a_link_by_direction),
		cmocka_unit_test(bridge_between_two_hosts),
		cmocka_unit_test(interfaces_of_one_host_by_its_clock),
		cmocka_unit_test(two_bridges_not_known),
		cmocka_unit_test(hosts_without_directions_not_known),
		cmocka_unit_test(two_senders_not_known),
		cmocka_unit_test(order_of_last_leg_known_whatever_the_others),
		cmocka_unit_test(clock_against_ttl_not_known),
		cmocka_unit_test(tunnel_between_two_hosts),
		cmocka_unit_test(tunnel_between_two_routers),
		cmocka_unit_test(tunnel_in_a_tunnel),
		cmocka_unit_test(copies_in_tunnels_not_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
