/* SPDX-License-Identifier: MIT */
/*
 * The status line: of each target where that fits, else of all together; never
 * longer than what it is given, and with figures that are right.
 */
#include "client/status_line.h"

#include "client/sources.h"

#include "offline.h"

#include <string.h>

enum { MOST = 9, ROUNDS = 30, WIDTH_MAX = 512 };

static const uint64_t S = 1000000000;
static const uint64_t REAL = UINT64_C(1700000000) * 1000000000;

/* A run without any network. */
struct run {
	struct options options;
	struct target targets[MOST];
	struct source list[MOST];
	struct source_snapshot snapshots[MOST];
	struct sources sources;
	struct offline offline;
	struct status_line status;
	uint64_t packets[MOST];
};

static struct run run;

static bool take(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	(void)packet;
	return true;
}

static void run_open(unsigned count)
{
	static char labels[MOST][16];
	const struct merge_limits limits = {.hold_ms = 1000, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {.packet = take};

	run = (struct run){0};
	run.sources = (struct sources){
		.common = offline_open(&run.offline, &run.options, count, &limits, &sink),
		.list = run.list,
		.snapshots = run.snapshots,
		.count = count,
	};
	run.status.packets = run.packets;
	for (unsigned i = 0; i < count; i++) {
		snprintf(labels[i], sizeof(labels[i]), "web%u", i + 1);
		run.targets[i].label = labels[i];
		run.list[i] = (struct source){.common = &run.sources.common,
			.target = &run.targets[i],
			.index = i,
			.state = SOURCE_RUNNING,
			.has_watermarks = true};
	}
	run.sources.common.in_state[SOURCE_RUNNING] = count;
}

static void run_close(void)
{
	offline_close(&run.offline, &run.sources.common);
}

static void set_state(unsigned target, enum source_state state)
{
	run.sources.common.in_state[run.list[target].state]--;
	run.sources.common.in_state[state]++;
	run.list[target].state = state;
}

static void packets(unsigned target, uint64_t count, uint64_t time)
{
	const struct packet packet = {.time = time};

	for (uint64_t i = 0; i < count; i++)
		assert_true(merge_packet(run.sources.common.merge, target, &packet, 0));
	assert_true(merge_drain(run.sources.common.merge, 0));
}

static void drops(unsigned target, uint64_t dropped, uint64_t by_interface)
{
	const struct interface interface = {.name = "eth0", .filter = ""};
	struct statistics now = {
		.valid = STATISTICS_ALL, .dropped = dropped, .interface_dropped = by_interface};
	struct error error;

	assert_true(interface_table_find(
		&run.offline.interfaces, target, &interface, &now.interface, &error));
	interface_table_add_counts(&run.offline.interfaces, &now);
}

/* Formats into just as many bytes as it may take. Belongs to free(). */
static char *format(uint64_t now, size_t width)
{
	char *line = malloc(width);

	assert_non_null(line);
	memset(line, 'x', width);
	status_line_format(&run.status, sources_snapshots(&run.sources, now, REAL),
		run.sources.count, now, line, width);
	assert_non_null(memchr(line, '\0', width));
	return line;
}

static void check(uint64_t now, size_t width, const char *expected)
{
	char *line = format(now, width);

	assert_string_equal(line, expected);
	free(line);
}

static void line_has_each_target(void **state)
{
	(void)state;
	run_open(3);
	packets(0, 30, REAL - 3 * S / 2);
	packets(1, 7, REAL - S);
	run.packets[0] = 10;
	run.status.shown_ms = 5000;
	run.list[1].has_watermarks = false;
	drops(1, 3, 2);
	set_state(2, SOURCE_CONNECTING);
	/* 20 of them in 2 s */
	check(7000, WIDTH_MAX,
		"web1: 30 packets, 10/s, lag 1.5 s; "
		"web2: 7 packets, 3/s, 5 dropped; "
		"web3 (connecting): 0 packets, 0/s");
	run_close();
}

static void line_has_all_states(void **state)
{
	(void)state;
	run_open(4);
	set_state(0, SOURCE_LOST);
	run.list[0].stream_began_ms = 1;
	set_state(1, SOURCE_OVER);
	set_state(2, SOURCE_OVER);
	run.list[2].ended = true;
	run.list[3].has_watermarks = false;
	check(1000, WIDTH_MAX,
		"web1 (lost): 0 packets, 0/s; web2 (failed): 0 packets, 0/s; "
		"web3 (ended): 0 packets, 0/s; web4: 0 packets, 0/s");
	run_close();
}

/* Sums, and the largest lag. */
static void line_too_long_has_sums(void **state)
{
	(void)state;
	run_open(4);
	packets(0, 10, REAL - S);
	packets(1, 20, REAL - 3 * S);
	packets(2, 30, REAL);
	run.list[3].has_watermarks = false;
	set_state(3, SOURCE_LOST);
	drops(0, 1, 0);
	drops(2, 0, 4);
	check(1000, 100, "3 of 4 targets: 60 packets, 60/s, 5 dropped, lag 3.0 s");
	run_close();
}

/* By a clock that is ahead: what has been told is late all the same. */
static void waiting_packet_is_lag(void **state)
{
	const struct packet packet = {.time = REAL + 30 * S};

	(void)state;
	run_open(1);
	assert_true(merge_packet(run.sources.common.merge, 0, &packet, 3000));
	check(5000, WIDTH_MAX, "web1: 1 packets, 0/s, lag 2.0 s");
	run_close();
}

/* Clocks that are wrong make no lag, whether stamps are corrected or not. */
static void lag_uses_this_hosts_clock(void **state)
{
	(void)state;
	for (int align = 0; align < 2; align++) {
		run_open(1);
		run.options.align = align;
		run.list[0].clock_offset = (struct clock_offset){true, 5 * (int64_t)S, 0};
		packets(0, 1, align ? REAL - 2 * S : REAL + 3 * S);
		check(1000, WIDTH_MAX, "web1: 1 packets, 1/s, lag 2.0 s");
		run_close();
	}
	/* what is of the future is in time */
	run_open(1);
	packets(0, 1, REAL + S);
	check(1000, WIDTH_MAX, "web1: 1 packets, 1/s, lag 0.0 s");
	run_close();
}

static void some_run(struct seed *seed)
{
	run_open(1 + (unsigned)seed_below(seed, MOST));
	for (unsigned i = 0; i < run.sources.count; i++) {
		packets(i, seed_below(seed, 30), REAL - seed_below(seed, S));
		set_state(i, (enum source_state)seed_below(seed, SOURCE_STATES));
		run.list[i].has_watermarks = seed_below(seed, 2);
		if (seed_below(seed, 2))
			drops(i, seed_u32(seed), seed_u32(seed));
	}
	run.status.shown_ms = seed_below(seed, 3000);
}

/* All of it where it fits, or what there is room for of the sum. */
static void check_width(const char *whole, size_t width)
{
	char *line = format(2000, width);
	char start[32];
	size_t size = (size_t)snprintf(start, sizeof(start),
		"%u of %u targets: ", run.sources.common.in_state[SOURCE_RUNNING],
		run.sources.count);

	if (strlen(whole) < width)
		assert_string_equal(line, whole);
	else
		assert_memory_equal(line, start, strlen(line) < size ? strlen(line) : size);
	free(line);
}

static void line_fits_any_width(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char *whole;

		some_run(&seed);
		whole = format(2000, 4096);
		for (size_t width = 1; width <= WIDTH_MAX; width++)
			check_width(whole, width);
		free(whole);
		run_close();
	}
}

/* Nothing is divided by 0, nor by less. */
static void line_after_0_ms(void **state)
{
	(void)state;
	run_open(1);
	packets(0, 3, REAL);
	run.status.shown_ms = 5000;
	check(5000, WIDTH_MAX, "web1: 3 packets, 3000/s, lag 0.0 s");
	check(4000, WIDTH_MAX, "web1: 3 packets, 3000/s, lag 0.0 s");
	run_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_has_each_target),
		cmocka_unit_test(line_has_all_states),
		cmocka_unit_test(line_too_long_has_sums),
		cmocka_unit_test(waiting_packet_is_lag),
		cmocka_unit_test(lag_uses_this_hosts_clock),
		cmocka_unit_test(line_fits_any_width),
		cmocka_unit_test(line_after_0_ms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
