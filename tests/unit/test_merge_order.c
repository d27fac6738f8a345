/* SPDX-License-Identifier: MIT */
/*
 * The merge's order, of random streams with silences, watermarks, ends, new
 * beginnings and slight disorder. Where every delay is within the hold, all
 * packets leave exactly in the order of time. Where some are beyond, all
 * leave, too, and none but packets of such delays are out of place, or those
 * that a stream's own order puts behind one; they are what is counted as late.
 */
#include "merge_world.h"

enum { ROUNDS = 500 };

enum kind { PACKET, WATERMARK, END, BEGIN, DISCARD };

/* Something of one target, to be delivered at a time of the merge's clock. */
struct event {
	enum kind kind;
	uint64_t time; /* ns */
	uint64_t due;  /* ms */
};

struct script {
	struct event list[4 * ITEMS];
	size_t count;
	size_t next;
};

static void add_event(struct script *script, enum kind kind, uint64_t time, uint64_t due)
{
	script->list[script->count++] = (struct event){kind, time, due};
}

/* What streams are like. */
static struct {
	uint64_t hold;	/* ms */
	uint64_t grain; /* of stamps: 1 ms, for many that are equal, or 1 ns */
	bool slow;	/* delays may be beyond the hold */
} way;

static uint64_t some_step(struct seed *seed)
{
	switch (seed_below(seed, 8)) {
	case 0:
	case 1:
		return 0;
	case 2:
	case 3:
		return seed_below(seed, 3) * way.grain;
	case 4:
		return seed_below(seed, 4 * way.hold + 1) * NS_PER_MS;
	default:
		return seed_below(seed, 20 * NS_PER_MS) / way.grain * way.grain;
	}
}

static void shuffle(struct seed *seed, struct event *list, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t other = seed_below(seed, i);
		struct event event = list[i - 1];

		list[i - 1] = list[other];
		list[other] = event;
	}
}

/* When what was captured at now (ms) is delivered, behind what was before. */
static uint64_t some_due(
	struct seed *seed, const struct script *script, uint64_t now, uint64_t most)
{
	const uint64_t before = script->next;
	uint64_t due = before;

	/* not before it is captured, and less than the hold behind that */
	if (before < now || seed_below(seed, 2))
		due = now + seed_below(seed, most);
	if (way.slow && seed_below(seed, 8) == 0)
		due = now + seed_below(seed, 5 * way.hold);
	return due < before ? before : due;
}

/*
 * A delivery: packets of one moment, in disorder. Returns the time up to which
 * all were sent. script->next is when the last one was due.
 */
static uint64_t write_delivery(
	struct seed *seed, struct script *script, uint64_t time, size_t count)
{
	const size_t first = script->count;
	const uint64_t last = time / NS_PER_MS + way.hold;
	uint64_t due;

	for (size_t i = 0; i < count; i++) {
		const uint64_t step = seed_below(seed, 2) ? seed_below(seed, 3) * way.grain
							  : seed_below(seed, SLACK / 4 + 1);

		/* all of it within the hold, from the first on */
		if (i > 0 && (time + step) / NS_PER_MS < last)
			time += step / way.grain * way.grain;
		add_event(script, PACKET, time, 0);
	}
	due = some_due(seed, script, time / NS_PER_MS, last - time / NS_PER_MS);
	shuffle(seed, script->list + first, count);
	for (size_t i = first; i < script->count; i++) {
		/* some of it may be cut off, and come later */
		if (way.slow && seed_below(seed, 4) == 0)
			due += seed_below(seed, 5);
		script->list[i].due = due;
	}
	script->next = due;
	return time;
}

/* A connection is lost, and stands again. Returns from when on it sends. */
static uint64_t write_loss(struct seed *seed, struct script *script, uint64_t next)
{
	uint64_t due = script->next + seed_below(seed, 2 * way.hold);

	add_event(script, END, 0, due);
	due += seed_below(seed, 3 * way.hold);
	add_event(script, BEGIN, 0, due);
	script->next = due;
	return next > due * NS_PER_MS ? next : due * NS_PER_MS;
}

/* Writes what a target sends; packets is how many. */
static void write_script(struct seed *seed, struct script *script, uint64_t start, size_t packets)
{
	uint64_t time = start;

	*script = (struct script){0};
	while (packets > 0) {
		const size_t most = packets < 5 ? packets : 5;
		const size_t count = 1 + seed_below(seed, most);
		uint64_t next;

		time = write_delivery(seed, script, time, count);
		packets -= count;
		next = time + some_step(seed);
		if (next > time && seed_below(seed, 3) == 0)
			add_event(script, WATERMARK, time + seed_below(seed, next - time),
				script->next);
		if (!way.slow && seed_below(seed, 30) == 0)
			add_event(script, DISCARD, 0, script->next);
		if (seed_below(seed, 15) == 0)
			next = write_loss(seed, script, next);
		time = next;
	}
	if (script->count > 0 && seed_below(seed, 2))
		add_event(script, END, 0, script->next + seed_below(seed, 2 * way.hold));
	script->next = 0;
}

static void deliver(
	struct seed *seed, struct world *world, unsigned target, const struct event *event)
{
	switch (event->kind) {
	case PACKET:
		world_packet(world, target, event->time,
			(uint32_t)(seed_below(seed, 20) ? seed_below(seed, 200)
							: seed_below(seed, BODY)));
		return;
	case WATERMARK:
		world_watermark(world, target, event->time);
		return;
	case END:
		world_end(world, target);
		return;
	case BEGIN:
		world_begin(world, target);
		return;
	case DISCARD:
		world_discard(world, target);
		return;
	}
}

/* When the next event of all is due; UINT64_MAX: there is none. */
static uint64_t next_due(const struct script *scripts, unsigned count)
{
	uint64_t due = UINT64_MAX;

	for (unsigned i = 0; i < count; i++)
		if (scripts[i].next < scripts[i].count &&
			scripts[i].list[scripts[i].next].due < due)
			due = scripts[i].list[scripts[i].next].due;
	return due;
}

/* Delivers what is due now, the targets in any order. */
static void deliver_all(struct seed *seed, struct world *world, struct script *scripts)
{
	while (next_due(scripts, world->count) <= world->now) {
		unsigned target = (unsigned)seed_below(seed, world->count);
		struct script *script = &scripts[target];

		if (script->next < script->count && script->list[script->next].due <= world->now)
			deliver(seed, world, target, &script->list[script->next++]);
	}
}

static void play(struct seed *seed, struct world *world, struct script *scripts)
{
	int wait = -1;
	uint64_t due;

	while ((due = next_due(scripts, world->count)) != UINT64_MAX) {
		while (wait > 0 && world->now + (uint64_t)wait < due)
			wait = world_wait(world, wait);
		world->now = due;
		deliver_all(seed, world, scripts);
		wait = world_pump(world);
	}
	world_wait_for_all(world);
}

/* A round in that way. */
static void play_some(struct seed *seed, struct world *world)
{
	static struct script scripts[TARGETS];
	const unsigned count = 1 + (unsigned)seed_below(seed, TARGETS);

	way.hold = 1 + seed_below(seed, 200);
	way.grain = seed_below(seed, 2) ? 1 : NS_PER_MS;
	world_open(world, count, way.hold, PLENTY);
	for (unsigned i = 0; i < count; i++)
		write_script(seed, &scripts[i], (1000 + seed_below(seed, 100)) * NS_PER_MS,
			seed_below(seed, ITEMS / count));
	play(seed, world, scripts);
}

static void delays_within_the_hold_order_exact(void **state)
{
	static struct world world;
	struct seed seed = seed_start();

	(void)state;
	way.slow = false;
	for (int i = 0; i < ROUNDS; i++) {
		play_some(&seed, &world);
		check_exact(&world);
		world_close(&world);
	}
}

static bool is_delayed(const struct item *item)
{
	return item->arrived >= item->time / NS_PER_MS + way.hold;
}

/* Does it stand behind a delayed one of its own stream, which came later? */
static bool is_hidden(const struct world *world, const struct item *item)
{
	for (const struct item *at = item + 1; at < world->items + world->item_count; at++)
		if (at->target == item->target && at->time < item->time && is_delayed(at))
			return true;
	return false;
}

/* Had later ones of its own stream come before it, and left alone for long? */
static bool is_overtaken(const struct world *world, const struct item *item)
{
	for (const struct item *at = world->items; at < item; at++)
		if (at->target == item->target && at->time > item->time &&
			at->arrived + SETTLE <= item->arrived)
			return true;
	return false;
}

/* Checks each one that left behind a later one. Returns how many did. */
static uint64_t check_late(const struct world *world)
{
	uint64_t late[TARGETS] = {0};
	uint64_t latest = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < world->left; i++) {
		const struct item *item = &world->items[world->order[i]];

		if (item->time >= latest) {
			latest = item->time;
			continue;
		}
		late[item->target]++;
		assert_true(
			is_delayed(item) || is_hidden(world, item) || is_overtaken(world, item));
	}
	for (unsigned i = 0; i < world->count; i++) {
		assert_int_equal(merge_counts(world->merge, i).late, late[i]);
		sum += late[i];
	}
	return sum;
}

static void delays_beyond_the_hold_only_these_late(void **state)
{
	static struct world world;
	struct seed seed = seed_start();
	uint64_t late = 0;

	(void)state;
	way.slow = true;
	for (int i = 0; i < ROUNDS; i++) {
		play_some(&seed, &world);
		assert_int_equal(world.left, world.item_count);
		late += check_late(&world);
		world_close(&world);
	}
	assert_true(late > ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_within_the_hold_order_exact),
		cmocka_unit_test(delays_beyond_the_hold_only_these_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
