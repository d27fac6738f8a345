/* SPDX-License-Identifier: MIT */
/*
 * The table of paths: each event is counted once, at its stretch, in the text and in JSON;
 * losses that are doubted or taken back stay counted; names of hosts are harmless.
 */
#include "client/path_table.h"

#include "common/clock.h"
#include "json.h"

enum {
	TARGETS = 3,
	INTERFACES = 1000, /* of a target */
	PLACES = 8,
	EVENTS = 3000,
	ROUNDS = 20,
	PAIRS = (PLACES + 1) * (PLACES + 1),
};

static const uint64_t BEGIN = UINT64_C(1700000000000000000);

/* What was told of one stretch. */
struct tally {
	uint64_t passed, lost, doubts[PATH_DOUBTS];
};

struct world {
	struct path_table *table;
	struct path_pairing *pairing;
	struct path_pairing_sink sink;
	struct tally tallies[PAIRS];
	uint64_t ended;
	char *text;
	size_t size;
};

static const char *odd_name; /* instead of an interface's name */

static const char *name_target(void *context, unsigned target)
{
	static char name[64];

	(void)context;
	snprintf(name, sizeof(name), "host%u", target);
	return name;
}

static const char *name_place(void *context, const struct path_place *place)
{
	static char name[256];

	(void)context;
	if (odd_name)
		return odd_name;
	snprintf(name, sizeof(name), "host%u:eth%" PRIu32, place->target,
		place->interface % INTERFACES);
	return name;
}

static uint16_t add_place(
	struct world *world, unsigned target, uint32_t interface, enum path_direction direction)
{
	const struct path_place place = {.target = target,
		.interface = target * INTERFACES + interface,
		.direction = direction};

	return path_pairing_place(world->pairing, &place);
}

static void set_up(struct world *world)
{
	const struct path_names names = {.place = name_place, .target = name_target};
	static struct path_coverage coverage[TARGETS];
	const struct path_limits limits = {.journeys = 16, .flows = 16, .window_ns = NS_PER_S};

	*world = (struct world){0};
	odd_name = NULL;
	world->table = path_table_new(&names);
	assert_non_null(world->table);
	world->sink = path_table_sink(world->table);
	world->pairing = path_pairing_new(&limits, coverage, &world->sink);
	assert_non_null(world->pairing);
	path_table_set_pairing(world->table, world->pairing);
}

static void tear_down(struct world *world)
{
	path_pairing_free(world->pairing);
	path_table_free(world->table);
	free(world->text);
}

static const char *print(struct world *world, bool is_json, unsigned columns)
{
	FILE *out;

	free(world->text);
	out = open_memstream(&world->text, &world->size);
	assert_non_null(out);
	if (is_json) {
		putc('{', out);
		path_table_print_json(world->table, out);
		putc('}', out);
	} else {
		path_table_print(world->table, out, columns);
	}
	fclose(out);
	return world->text;
}

static struct path_flow_key make_flow(uint8_t number)
{
	return (struct path_flow_key){.source = {192, 0, 2, number},
		.destination = {198, 51, 100, 7},
		.source_port = {0x13, number},
		.destination_port = {0, 80},
		.protocol = 6,
		.version = 4};
}

/* Returns a pair of places by number, of which one may be none. */
static size_t choose_pair(struct seed *seed, bool is_known, uint16_t *ret_from, uint16_t *ret_to)
{
	size_t from;
	size_t to;

	do {
		from = seed_below(seed, PLACES + !is_known);
		to = seed_below(seed, PLACES + !is_known);
	} while (from == to);
	*ret_from = from == PLACES ? PATH_PLACE_NONE : (uint16_t)from;
	*ret_to = to == PLACES ? PATH_PLACE_NONE : (uint16_t)to;
	return from * (PLACES + 1) + to;
}

static void tell_passed(struct world *world, struct seed *seed)
{
	const struct path_flow_key flow = make_flow((uint8_t)seed_below(seed, 256));
	struct path_passage passage = {.flow = &flow, .bytes = 100};
	const size_t pair = choose_pair(seed, true, &passage.from.place, &passage.to.place);

	passage.from.time_ns = BEGIN + seed_below(seed, 1000000000);
	passage.to.time_ns = passage.from.time_ns + seed_below(seed, 1000000);
	passage.is_repeated = seed_below(seed, 20) == 0;
	world->sink.passed(world->sink.context, &passage);
	world->tallies[pair].passed++;
}

static void tell_lost(struct world *world, struct seed *seed)
{
	const struct path_flow_key flow = make_flow((uint8_t)seed_below(seed, 256));
	struct path_missing missing = {.flow = &flow, .bytes = 100};
	const size_t pair = choose_pair(seed, true, &missing.from.place, &missing.to);

	world->sink.lost(world->sink.context, &missing);
	world->tallies[pair].lost++;
	/* as the pairing does: what is taken back was lost before */
	if (seed_below(seed, 10) > 0)
		return;
	world->sink.take_back(world->sink.context, &missing, PATH_DOUBT_LATE);
	world->tallies[pair].lost--;
	world->tallies[pair].doubts[PATH_DOUBT_LATE]++;
}

static void tell_doubt(struct world *world, struct seed *seed)
{
	const struct path_flow_key flow = make_flow((uint8_t)seed_below(seed, 256));
	struct path_missing missing = {.flow = &flow, .bytes = 100};
	const size_t pair = choose_pair(seed, false, &missing.from.place, &missing.to);
	const enum path_doubt doubt = (enum path_doubt)seed_below(seed, PATH_DOUBTS);

	world->sink.doubt(world->sink.context, &missing, doubt);
	world->tallies[pair].doubts[doubt]++;
}

static void tell_ending(struct world *world, struct seed *seed)
{
	const struct path_flow_key flow = make_flow((uint8_t)seed_below(seed, 256));
	const struct path_ending ending = {.flow = &flow,
		.place = (uint16_t)seed_below(seed, PLACES),
		.packets = 1 + seed_below(seed, 10),
		.first_ns = BEGIN,
		.last_ns = BEGIN + 5};

	world->sink.ending(world->sink.context, &ending);
	world->ended += ending.packets;
}

static void tell_events(struct world *world, struct seed *seed)
{
	static void (*const tells[])(struct world *, struct seed *) = {
		tell_passed, tell_passed, tell_lost, tell_doubt, tell_ending};

	for (int i = 0; i < EVENTS; i++)
		tells[seed_below(seed, sizeof(tells) / sizeof(*tells))](world, seed);
}

/* Adds up a member of all objects of a JSON text. */
static uint64_t sum_of(const char *json, const char *name)
{
	uint64_t sum = 0;
	char key[64];

	snprintf(key, sizeof(key), "\"%s\": ", name);
	for (const char *at = json; (at = strstr(at, key)); at += strlen(key))
		sum += strtoull(at + strlen(key), NULL, 10);
	return sum;
}

static const char *const doubt_names[PATH_DOUBTS] = {
	[PATH_DOUBT_NOT_RUNNING] = "not_running",
	[PATH_DOUBT_DROPPED] = "dropped",
	[PATH_DOUBT_ENDED] = "ended",
	[PATH_DOUBT_FIRST] = "first",
	[PATH_DOUBT_WAYS] = "several_ways",
	[PATH_DOUBT_ORDER] = "order",
	[PATH_DOUBT_REPEATED] = "repeated",
	[PATH_DOUBT_CHANGED] = "changed",
	[PATH_DOUBT_EXPIRED] = "expired",
	[PATH_DOUBT_TUNNEL] = "tunnel",
	[PATH_DOUBT_LATE] = "late",
	[PATH_DOUBT_MEMORY] = "memory",
};

static void check_sums(struct world *world)
{
	const char *json = print(world, true, 0);
	struct tally all = {0};

	for (size_t i = 0; i < PAIRS; i++) {
		all.passed += world->tallies[i].passed;
		all.lost += world->tallies[i].lost;
		for (size_t j = 0; j < PATH_DOUBTS; j++)
			all.doubts[j] += world->tallies[i].doubts[j];
	}
	json_check(json);
	assert_int_equal(sum_of(json, "packets_passed"), all.passed);
	assert_int_equal(sum_of(json, "bytes_passed"), 100 * all.passed);
	assert_int_equal(sum_of(json, "packets_lost"), all.lost);
	assert_int_equal(sum_of(json, "bytes_lost"), 100 * all.lost);
	assert_int_equal(
		sum_of(json, "delay_count") + sum_of(json, "delay_not_known_count"), all.passed);
	for (size_t i = 0; i < PATH_DOUBTS; i++)
		assert_int_equal(sum_of(json, doubt_names[i]), all.doubts[i]);
}

static void random_events_each_counted_once(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		struct world world;

		set_up(&world);
		for (uint32_t i = 0; i < PLACES; i++)
			assert_int_equal(
				add_place(&world, i % TARGETS, i, (enum path_direction)(i % 3)), i);
		tell_events(&world, &seed);
		path_table_finish(world.table);
		check_sums(&world);
		tear_down(&world);
	}
}

/* A world with places of all targets, and random events. */
static void set_up_with_events(struct world *world, struct seed *seed)
{
	set_up(world);
	for (uint32_t i = 0; i < PLACES; i++)
		add_place(world, i % TARGETS, i, PATH_DIRECTION_UNKNOWN);
	tell_events(world, seed);
}

/* Losses before a target are doubted: they become another count, and those elsewhere stay. */
static void doubted_target_losses_not_known(void **state)
{
	struct seed seed = seed_start();
	struct world world;

	(void)state;
	set_up_with_events(&world, &seed);
	path_table_doubt_target(world.table, 1);
	for (size_t i = 0; i < PAIRS; i++) {
		struct tally *tally = &world.tallies[i];

		if (i % (PLACES + 1) % TARGETS != 1 || i % (PLACES + 1) == PLACES)
			continue;
		tally->doubts[PATH_DOUBT_DROPPED] += tally->lost;
		tally->lost = 0;
	}
	path_table_finish(world.table);
	check_sums(&world);
	/* one of them comes late after all */
	for (size_t i = 0; i < PAIRS; i++) {
		const struct path_flow_key flow = make_flow(0);
		struct tally *tally = &world.tallies[i];
		const size_t from = i / (PLACES + 1);
		const size_t to = i % (PLACES + 1);

		if (to != 1 || from == PLACES || tally->doubts[PATH_DOUBT_DROPPED] == 0)
			continue;
		world.sink.take_back(world.sink.context,
			&(struct path_missing){.flow = &flow,
				.from.place = (uint16_t)from,
				.to = (uint16_t)to,
				.bytes = 100},
			PATH_DOUBT_LATE);
		tally->doubts[PATH_DOUBT_DROPPED]--;
		tally->doubts[PATH_DOUBT_LATE]++;
	}
	check_sums(&world);
	tear_down(&world);
}

/* Passes a packet from place to place, a microsecond each; back is the same. */
static void pass_along(struct world *world, const uint16_t *places, size_t count, uint64_t number)
{
	const struct path_flow_key flow = make_flow(1);

	for (size_t i = 0; i + 1 < count; i++) {
		const struct path_passage passage = {.flow = &flow,
			.from = {.place = places[i],
				.time_ns = BEGIN + number * NS_PER_MS + i * 3000},
			.to = {.place = places[i + 1],
				.time_ns = BEGIN + number * NS_PER_MS + (i + 1) * 3000}};

		world->sink.passed(world->sink.context, &passage);
	}
}

static void lose_packets(struct world *world, uint16_t from, uint16_t to, size_t count)
{
	const struct path_flow_key flow = make_flow(1);
	const struct path_missing missing = {.flow = &flow, .from.place = from, .to = to};

	for (size_t i = 0; i < count; i++)
		world->sink.lost(world->sink.context, &missing);
}

static void make_line(struct world *world)
{
	const uint16_t there[] = {add_place(world, 0, 0, PATH_DIRECTION_UNKNOWN),
		add_place(world, 1, 0, PATH_DIRECTION_UNKNOWN),
		add_place(world, 1, 1, PATH_DIRECTION_UNKNOWN),
		add_place(world, 2, 0, PATH_DIRECTION_UNKNOWN)};
	const uint16_t back[] = {there[3], there[2], there[1], there[0]};

	for (uint64_t i = 0; i < 381; i++) {
		pass_along(world, there, 4, i);
		pass_along(world, back, 4, i);
	}
	lose_packets(world, there[1], there[2], 19);
}

/* The figures of a line of hosts, as text: in 80 columns, in the order of the way. */
static void line_of_hosts_table_in_80_columns(void **state)
{
	struct world world;
	const char *text;

	(void)state;
	set_up(&world);
	make_line(&world);
	path_table_finish(world.table);
	text = print(&world, false, 80);
	assert_non_null(strstr(text,
		"PATH                     PACKETS      LOST  DELAY p50     p99     max  CLOCKS\n"
		"host0:eth0 > host1:eth0      381   0 0.0 %"));
	assert_non_null(strstr(text, "\nhost1:eth0 > host1:eth1      381  19 4.8 %     3.0 us  "
				     "3.0 us  3.0 us  same host\n"));
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		assert_true(strcspn(line, "\n") <= 80);
	assert_non_null(strstr(text, "     19  host1:eth0 > host1:eth1  "
				     "TCP 192.0.2.1.4865 > 198.51.100.7.80\n"));
	tear_down(&world);
}

/* Rows too wide for the terminal: names on one line, figures below. */
static void narrow_terminal_two_lines_a_row(void **state)
{
	struct world world;
	const char *text;

	(void)state;
	set_up(&world);
	make_line(&world);
	path_table_finish(world.table);
	text = print(&world, false, 70);
	assert_non_null(strstr(text, "\nhost1:eth0 > host1:eth1\n        "));
	tear_down(&world);
}

/* What is not known is told with its cause, and nothing of causes that are zero. */
static void doubts_told_by_cause(void **state)
{
	const struct path_flow_key flow = make_flow(1);
	struct path_missing missing = {.flow = &flow, .to = PATH_PLACE_NONE};
	struct world world;
	const char *text;

	(void)state;
	set_up(&world);
	missing.from.place = add_place(&world, 0, 0, PATH_DIRECTION_UNKNOWN);
	world.sink.doubt(world.sink.context, &missing, PATH_DOUBT_WAYS);
	missing.to = add_place(&world, 1, 0, PATH_DIRECTION_UNKNOWN);
	for (int i = 0; i < 12; i++)
		world.sink.doubt(world.sink.context, &missing, PATH_DOUBT_DROPPED);
	text = print(&world, false, 80);
	assert_non_null(strstr(text, "No packet was captured; check the filter"));
	assert_non_null(strstr(text, "host0:eth0 > ?                 1  lost or not: the flow has "
				     "several ways\n"));
	assert_non_null(strstr(text, "host0:eth0 > host1:eth0       12  lost or not: the next "
				     "kernel dropped packets\n"));
	assert_null(strstr(text, "before or after"));
	assert_null(strstr(text, "identical"));
	text = print(&world, false, 70);
	assert_non_null(strstr(text, "\nNOT KNOWN        PACKETS\n"
				     "host0:eth0 > ?         1  lost or not: the flow has "
				     "several ways\n"
				     "host0:eth0 > host1:eth0\n"
				     "                      12  lost or not: the next kernel "
				     "dropped packets\n"));
	tear_down(&world);
}

/* Flows that ended are first; those without an answer before the others. */
static void endings_first(void **state)
{
	const struct path_flow_key flow = make_flow(1);
	struct path_ending ending = {.flow = &flow, .packets = 3, .was_answered = true};
	struct world world;
	const char *text;

	(void)state;
	set_up(&world);
	make_line(&world);
	ending.place = 3;
	world.sink.ending(world.sink.context, &ending);
	ending.was_answered = false;
	ending.place = 0;
	ending.packets = 2;
	for (int i = 0; i < 2; i++)
		world.sink.ending(world.sink.context, &ending);
	text = print(&world, false, 80);
	assert_int_equal(strncmp(text, "2 flows, 4 packets: seen at host0:eth0, never beyond\n",
				 strlen("2 flows, 4 packets: seen at host0:eth0, never beyond\n")),
		0);
	assert_non_null(strstr(text, "\n1 flow, 3 packets: seen at host2:eth0, never beyond; "
				     "1 had answers\n"));
	/* the flows of both, and no others */
	assert_non_null(strstr(text, ": 4 packets\n"));
	assert_non_null(strstr(text, ": 3 packets\n"));
	assert_null(strstr(text, ": 0 packets\n"));
	tear_down(&world);
}

/* Of each place, those with the most packets. */
static void three_flows_that_ended_are_shown(void **state)
{
	struct world world;
	const char *text;

	(void)state;
	set_up(&world);
	make_line(&world);
	for (unsigned i = 1; i <= 4; i++) {
		const struct path_flow_key flow = make_flow(i);
		const struct path_ending ending = {.flow = &flow, .packets = 10 * i};

		world.sink.ending(world.sink.context, &ending);
	}
	text = print(&world, false, 80);
	assert_non_null(strstr(text, "4 flows, 100 packets: seen at host0:eth0"));
	assert_non_null(strstr(text, ": 40 packets\n"));
	assert_non_null(strstr(text, ": 20 packets\n"));
	assert_null(strstr(text, ": 10 packets\n"));
	tear_down(&world);
}

/* Directions are told where names alone would be ambiguous. */
static void equal_rows_have_directions(void **state)
{
	struct world world;
	uint16_t way[2];
	const char *text;

	(void)state;
	set_up(&world);
	way[0] = add_place(&world, 0, 0, PATH_INCOMING);
	way[1] = add_place(&world, 0, 0, PATH_OUTGOING);
	pass_along(&world, way, 2, 0);
	way[0] = add_place(&world, 1, 0, PATH_OUTGOING);
	way[1] = add_place(&world, 1, 1, PATH_INCOMING);
	pass_along(&world, way, 2, 0);
	text = print(&world, false, 0);
	assert_non_null(strstr(text, "\nhost0:eth0 in > host0:eth0 out "));
	assert_non_null(strstr(text, "\nhost1:eth0    > host1:eth1     "));
	/* two ways with the same names */
	way[0] = add_place(&world, 2, 0, PATH_INCOMING);
	way[1] = add_place(&world, 2, 1, PATH_DIRECTION_UNKNOWN);
	pass_along(&world, way, 2, 0);
	way[0] = add_place(&world, 2, 0, PATH_OUTGOING);
	pass_along(&world, way, 2, 0);
	text = print(&world, false, 0);
	assert_non_null(strstr(text, "\nhost2:eth0 in  > host2:eth1 "));
	assert_non_null(strstr(text, "\nhost2:eth0 out > host2:eth1 "));
	tear_down(&world);
}

/* Traffic in one direction: no delay is shown, one side of the clocks' difference is. */
static void one_direction_no_delay(void **state)
{
	struct world world;
	uint16_t way[2];
	const char *text;

	(void)state;
	set_up(&world);
	way[0] = add_place(&world, 0, 0, PATH_DIRECTION_UNKNOWN);
	way[1] = add_place(&world, 1, 0, PATH_DIRECTION_UNKNOWN);
	for (uint64_t i = 0; i < 10; i++)
		pass_along(&world, way, 2, i);
	path_table_finish(world.table);
	text = print(&world, false, 80);
	assert_non_null(strstr(text, "10  0 0.0 %          -    -    -  not known\n"));
	assert_non_null(strstr(text, "host1 is at most "));
	assert_non_null(strstr(text, "in one direction only"));
	text = print(&world, true, 0);
	assert_non_null(strstr(text, "\"delay_p50_ns\": null"));
	assert_non_null(strstr(text, "\"offset_low_ns\": null"));
	assert_null(strstr(text, "\"offset_high_ns\": null"));
	tear_down(&world);
}

/* More stretches than are kept are counted, and the first ones stay right. */
static void too_many_stretches_counted(void **state)
{
	struct world world;
	uint16_t way[2];
	char wanted[64];
	const size_t places = 100;

	(void)state;
	set_up(&world);
	for (uint32_t i = 0; i < places; i++)
		add_place(&world, 0, i, PATH_DIRECTION_UNKNOWN);
	for (way[0] = 0; way[0] < places; way[0]++)
		for (way[1] = 0; way[1] < places; way[1]++)
			if (way[0] != way[1])
				pass_along(&world, way, 2, 0);
	assert_int_equal(sum_of(print(&world, true, 0), "packets_passed"), PATH_STRETCHES_MAX);
	snprintf(wanted, sizeof(wanted), "%zu of too many stretches\n",
		places * (places - 1) - PATH_STRETCHES_MAX);
	assert_non_null(strstr(print(&world, false, 0), wanted));
	tear_down(&world);
}

static void names_of_hosts_harmless_in_json(void **state)
{
	struct seed seed = seed_start();
	struct world world;

	(void)state;
	set_up_with_events(&world, &seed);
	for (int i = 0; i < 50; i++) {
		char name[40];

		seed_bytes(&seed, name, sizeof(name));
		name[seed_below(&seed, sizeof(name))] = '\0';
		odd_name = name;
		json_check(print(&world, true, 0));
	}
	tear_down(&world);
}

/* Before the first packet, and without a pairing. */
static void nothing_followed_nothing_claimed(void **state)
{
	struct world world;

	(void)state;
	set_up(&world);
	assert_string_equal(print(&world, false, 80),
		"No packet was captured; check the filter and the interfaces.\n");
	json_check(print(&world, true, 0));
	path_table_set_pairing(world.table, NULL);
	assert_string_equal(print(&world, false, 80), "No packet was followed.\n");
	json_check(print(&world, true, 0));
	tear_down(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_events_each_counted_once),
		cmocka_unit_test(doubted_target_losses_not_known),
		cmocka_unit_test(line_of_hosts_table_in_80_columns),
		cmocka_unit_test(narrow_terminal_two_lines_a_row),
		cmocka_unit_test(doubts_told_by_cause),
		cmocka_unit_test(endings_first),
		cmocka_unit_test(three_flows_that_ended_are_shown),
		cmocka_unit_test(equal_rows_have_directions),
		cmocka_unit_test(one_direction_no_delay),
		cmocka_unit_test(too_many_stretches_counted),
		cmocka_unit_test(names_of_hosts_harmless_in_json),
		cmocka_unit_test(nothing_followed_nothing_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
