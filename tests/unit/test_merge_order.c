/*
 * The merge's order: of random streams whose every delay is within the hold,
 * with silences, watermarks, ends and slight disorder, all packets leave, and
 * exactly in the order of time.
 */
#include "merge_world.h"

enum { ROUNDS = 500 };

enum kind { PACKET, WATERMARK, END, DISCARD };

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

static void add_event(
	struct script *script, enum kind kind, uint64_t time, uint64_t due)
{
	script->list[script->count++] = (struct event){kind, time, due};
}

/* How far apart stamps are at least: 1 ms, for many that are equal, or 1 ns. */
static uint64_t grain;

static uint64_t some_step(struct seed *seed, uint64_t hold)
{
	switch (seed_below(seed, 8)) {
	case 0:
	case 1:
		return 0;
	case 2:
	case 3:
		return seed_below(seed, 3) * grain;
	case 4:
		return seed_below(seed, 4 * hold + 1) * NS_PER_MS;
	default:
		return seed_below(seed, 20 * NS_PER_MS) / grain * grain;
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

/*
 * A delivery: packets of one moment, in disorder. Returns the time up to which
 * all were sent.
 */
static uint64_t write_delivery(struct seed *seed, struct script *script,
	uint64_t time, uint64_t hold, size_t count)
{
	const size_t first = script->count;
	uint64_t due = first > 0 ? script->list[first - 1].due : 0;
	const uint64_t last = time / NS_PER_MS + hold;
	uint64_t now;

	for (size_t i = 0; i < count; i++) {
		const uint64_t step = seed_below(seed, 3) * grain;

		/* all of it within the hold, from the first on */
		if (i > 0 && (time + step) / NS_PER_MS < last)
			time += step;
		add_event(script, PACKET, time, 0);
	}
	/* not before it is captured, and less than the hold behind that */
	now = time / NS_PER_MS;
	if (due < now || seed_below(seed, 2))
		due = now + seed_below(seed, last - now);
	if (first > 0 && due < script->list[first - 1].due)
		due = script->list[first - 1].due;
	for (size_t i = first; i < script->count; i++)
		script->list[i].due = due;
	shuffle(seed, script->list + first, count);
	return time;
}

/* Writes what a target sends; packets is how many. */
static void write_script(struct seed *seed, struct script *script,
	uint64_t start, uint64_t hold, size_t packets)
{
	uint64_t time = start;

	*script = (struct script){0};
	while (packets > 0) {
		const size_t most = packets < 5 ? packets : 5;
		const size_t count = 1 + seed_below(seed, most);
		uint64_t due;
		uint64_t next;

		time = write_delivery(seed, script, time, hold, count);
		due = script->list[script->count - 1].due;
		packets -= count;
		next = time + some_step(seed, hold);
		if (next > time && seed_below(seed, 3) == 0)
			add_event(script, WATERMARK,
				time + seed_below(seed, next - time), due);
		if (seed_below(seed, 30) == 0)
			add_event(script, DISCARD, 0, due);
		time = next;
	}
	if (script->count > 0 && seed_below(seed, 2))
		add_event(script, END, 0,
			script->list[script->count - 1].due +
				seed_below(seed, 2 * hold));
}

static void deliver(struct seed *seed, struct world *world, unsigned target,
	const struct event *event)
{
	switch (event->kind) {
	case PACKET:
		world_packet(world, target, event->time,
			(uint32_t)(seed_below(seed, 20)
					   ? seed_below(seed, 200)
					   : seed_below(seed, BODY)));
		return;
	case WATERMARK:
		world_watermark(world, target, event->time);
		return;
	case END:
		world_end(world, target);
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
static void deliver_all(
	struct seed *seed, struct world *world, struct script *scripts)
{
	while (next_due(scripts, world->count) <= world->now) {
		unsigned target = (unsigned)seed_below(seed, world->count);
		struct script *script = &scripts[target];

		if (script->next < script->count &&
			script->list[script->next].due <= world->now)
			deliver(seed, world, target,
				&script->list[script->next++]);
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

static void delays_within_the_hold_cost_no_order(void **state)
{
	static struct script scripts[TARGETS];
	static struct world world;
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const unsigned count = 1 + (unsigned)seed_below(&seed, TARGETS);
		const uint64_t hold = 1 + seed_below(&seed, 200);

		grain = i % 2 ? 1 : NS_PER_MS;
		world_open(&world, count, hold, PLENTY);
		for (unsigned j = 0; j < count; j++)
			write_script(&seed, &scripts[j],
				(1000 + seed_below(&seed, 100)) * NS_PER_MS,
				hold, seed_below(&seed, ITEMS / count));
		play(&seed, &world, scripts);
		check_exact(&world);
		world_close(&world);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delays_within_the_hold_cost_no_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
