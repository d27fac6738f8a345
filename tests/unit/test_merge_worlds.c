/* SPDX-License-Identifier: MIT */
/*
 * The merge among hosts that were measured, under a simulated clock: readers
 * that sleep or are slow, sources that hang, that stay full, that send old
 * timestamps, or whose watermarks are rare. merge_world.h checks that no packet
 * waits too long; here the order is checked, too.
 */
#include "merge_world.h"

enum {
	ROUNDS = 20,
	HOLD = 2000,	   /* ms */
	QUEUE = 20000,	   /* bytes: a few packets */
	LONG_BLOCK = 1000, /* ms of a blocked output, after which the hold restarts */
	RUN_MAX = 400000,  /* ms: a run must be over by then */
};

/* A host: it captures packets at a rate, and sends what the merge accepts. */
struct host {
	uint64_t every;	       /* ms between two packets; 0: it is silent */
	uint64_t delay;	       /* ms from capture to arrival */
	uint64_t chunk;	       /* ms between two deliveries, each with a watermark */
	size_t packets;	       /* still to be captured and sent */
	uint64_t next;	       /* ms: when the next one is captured */
	uint64_t delivered_at; /* ms */
	bool sends_the_past;   /* as much as the merge accepts, for ever */
	uint32_t caplen;
};

/* The output's reader. */
struct reader {
	uint64_t sleeps_from;  /* ms */
	uint64_t sleeps_until; /* ms */
	uint64_t every;	       /* ms for a packet; 0: as fast as they come */
};

static uint64_t capture_time(uint64_t ms)
{
	return (1000000 + ms) * NS_PER_MS;
}

static void deliver(struct world *world, unsigned target, struct host *host)
{
	const uint64_t up_to = world->now > host->delay ? world->now - host->delay : 0;

	if (world->now < host->delivered_at + host->chunk)
		return;
	while (host->packets > 0 && host->next <= up_to && !merge_is_full(world->merge, target)) {
		world_packet(world, target, capture_time(host->next), host->caplen);
		host->next += host->every;
		host->packets--;
	}
	/* a host that is paused sends no watermark, either */
	if (merge_is_full(world->merge, target))
		return;
	world_watermark(world, target, capture_time(up_to) - 1);
	host->delivered_at = world->now;
}

static void step_host(struct world *world, unsigned target, struct host *host)
{
	if (host->sends_the_past) {
		while (!merge_is_full(world->merge, target) && host->packets > 0) {
			world_packet(world, target, ++host->next, host->caplen);
			host->packets--;
		}
	} else if (host->every > 0) {
		deliver(world, target, host);
	}
}

static bool is_asleep(const struct reader *reader, uint64_t now)
{
	return now >= reader->sleeps_from && now < reader->sleeps_until;
}

/* Lets all hosts send and the reader read, until every packet has left. */
static void run(struct world *world, struct host *hosts, const struct reader *reader)
{
	uint64_t blocked_since = 0;
	size_t left = 1;

	world->space = reader->every ? 0 : SIZE_MAX;
	for (world->now = 1; left > 0 || first_of(world); world->now++) {
		assert_true(world->now < RUN_MAX);
		left = 0;
		for (unsigned i = 0; i < world->count; i++) {
			step_host(world, i, &hosts[i]);
			left += hosts[i].packets;
		}
		if (is_asleep(reader, world->now)) {
			if (!blocked_since)
				blocked_since = world->now;
			continue;
		}
		if (blocked_since && world->now > blocked_since + LONG_BLOCK)
			world_resume(world);
		blocked_since = 0;
		if (reader->every && world->now % reader->every == 0)
			world->space = 1;
		world_pump(world);
	}
}

static struct host some_host(struct seed *seed, size_t packets, uint64_t every)
{
	return (struct host){
		.every = 1 + seed_below(seed, every),
		.delay = seed_below(seed, HOLD / 4),
		.chunk = 20 + seed_below(seed, 80),
		.packets = packets,
		.next = seed_below(seed, 100),
		.caplen = 1000 + (uint32_t)seed_below(seed, 4000),
	};
}

static void open_hosts(
	struct seed *seed, struct world *world, struct host *hosts, unsigned count, uint64_t every)
{
	world_open(world, count, HOLD, QUEUE);
	for (unsigned i = 0; i < count; i++)
		hosts[i] = some_host(seed, ITEMS / count - 1, every);
}

static void check_reader(uint64_t sleep, uint64_t every, uint64_t host_every)
{
	static struct world world;
	struct host hosts[TARGETS];
	struct seed seed = seed_start();

	for (int i = 0; i < ROUNDS; i++) {
		const struct reader reader = {1000, 1000 + sleep, every};

		open_hosts(&seed, &world, hosts, 2 + (unsigned)seed_below(&seed, 3), host_every);
		run(&world, hosts, &reader);
		assert_int_equal(world.left, world.item_count);
		check_exact(&world);
		world_close(&world);
	}
}

static void reader_sleeps_4_s_order_exact(void **state)
{
	(void)state;
	check_reader(4000, 0, 50);
}

static void reader_sleeps_60_s_order_exact(void **state)
{
	(void)state;
	check_reader(60000, 0, 500);
}

static void reader_is_slow_order_exact(void **state)
{
	(void)state;
	check_reader(0, 40, 20);
}

/* Returns how many packets of the other sources were late. */
static uint64_t late_of_others(const struct world *world)
{
	uint64_t late = 0;

	for (unsigned i = 1; i < world->count; i++)
		late += merge_counts(world->merge, i).late;
	return late;
}

/* One source is as given: it costs two others, of so many packets, no order. */
static void check_others(struct host one, size_t packets)
{
	static struct world world;
	struct host hosts[TARGETS];
	struct seed seed = seed_start();
	const struct reader reader = {0};

	for (int i = 0; i < ROUNDS; i++) {
		open_hosts(&seed, &world, hosts, 3, 50);
		hosts[0] = one;
		hosts[1].packets = hosts[2].packets = packets;
		run(&world, hosts, &reader);
		assert_int_equal(late_of_others(&world), 0);
		world_close(&world);
	}
}

static void source_hangs_others_in_order(void **state)
{
	(void)state;
	check_others((struct host){0}, ITEMS / 3 - 1);
}

/* Its packets are of 1970, it sends them as fast as it can, and never stops. */
static void source_floods_the_past_others_in_order(void **state)
{
	const struct host flood = {.sends_the_past = true, .packets = ITEMS - 50, .caplen = 15000};

	(void)state;
	check_others(flood, 20);
}

/* A source of tcpdump's: it delivers what it has once a second. */
static void queue_full_beside_rare_watermarks_order_exact(void **state)
{
	static struct world world;
	struct host hosts[TARGETS];
	struct seed seed = seed_start();
	const struct reader reader = {0};

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		open_hosts(&seed, &world, hosts, 2, 5);
		hosts[0].chunk = 1000;
		hosts[0].delay = 0;
		hosts[0].every = 50;
		hosts[0].caplen = 60;
		hosts[1].next = 3000 + seed_below(&seed, 500);
		run(&world, hosts, &reader);
		check_exact(&world);
		world_close(&world);
	}
}

static void hold_0_nothing_waits(void **state)
{
	static struct world world;
	struct seed seed = seed_start();

	(void)state;
	world_open(&world, 4, 0, QUEUE);
	for (size_t i = 0; i < ITEMS - 1; i++) {
		world.now += seed_below(&seed, 3);
		world_packet(&world, (unsigned)seed_below(&seed, 4),
			capture_time(seed_below(&seed, 1000)), 100);
		assert_int_equal(world_pump(&world), -1);
		assert_null(first_of(&world));
	}
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_sleeps_4_s_order_exact),
		cmocka_unit_test(reader_sleeps_60_s_order_exact),
		cmocka_unit_test(reader_is_slow_order_exact),
		cmocka_unit_test(source_hangs_others_in_order),
		cmocka_unit_test(source_floods_the_past_others_in_order),
		cmocka_unit_test(queue_full_beside_rare_watermarks_order_exact),
		cmocka_unit_test(hold_0_nothing_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
