/* SPDX-License-Identifier: MIT */
/*
 * Collects the results of the pairing. In: its events, each of one packet or flow. Out:
 * counts and delays by stretch, flows that ended, flows that lost packets.
 *
 * Memory is limited: PATH_STRETCHES_MAX, and the limits of path_delays.h, path_endings.h
 * and path_lossy_flows.h, 32 MB together.
 */
#include "client/path_table.h"

#include "client/path_json.h"
#include "client/path_print.h"

#include <stdlib.h>

struct path_table {
	struct path_results results;
};

struct path_table *path_table_new(const struct path_names *names)
{
	struct path_table *table = calloc(1, sizeof(*table));
	struct path_results *results;
	bool has_memory;

	if (!table)
		return NULL;
	results = &table->results;
	results->names = *names;
	has_memory = path_stretches_init(&results->stretches);
	has_memory = path_pairs_init(&results->pairs) && has_memory;
	has_memory = path_endings_init(&results->endings) && has_memory;
	has_memory = path_lossy_flows_init(&results->lossy_flows) && has_memory;
	has_memory = path_ways_init(&results->ways) && has_memory;
	if (has_memory)
		return table;
	path_table_free(table);
	return NULL;
}

void path_table_free(struct path_table *table)
{
	if (!table)
		return;
	path_stretches_cleanup(&table->results.stretches);
	path_pairs_cleanup(&table->results.pairs);
	path_endings_cleanup(&table->results.endings);
	path_lossy_flows_cleanup(&table->results.lossy_flows);
	path_ways_cleanup(&table->results.ways);
	free(table);
}

void path_table_set_pairing(struct path_table *table, const struct path_pairing *pairing)
{
	table->results.pairing = pairing;
}

void path_table_set_translations(
	struct path_table *table, const struct path_translations *translations)
{
	table->results.translations = translations;
}

void path_table_list_all_ways(struct path_table *table)
{
	table->results.lists_all_ways = true;
}

static unsigned target_of(const struct path_results *results, uint16_t place)
{
	return path_pairing_get_place(results->pairing, place)->target;
}

/* Finds or adds a stretch, and finds out whether it is on one host. */
static struct path_stretch *find_stretch(struct path_results *results, uint16_t from, uint16_t to)
{
	struct path_stretch *stretch = path_stretches_find(&results->stretches, from, to);
	unsigned from_target;
	unsigned to_target;

	if (!stretch || !stretch->is_new)
		return stretch;
	stretch->is_new = false;
	if (from == PATH_PLACE_NONE || to == PATH_PLACE_NONE)
		return stretch;
	from_target = target_of(results, from);
	to_target = target_of(results, to);
	stretch->is_same_host = from_target == to_target;
	stretch->is_back = from_target > to_target;
	if (!stretch->is_same_host)
		stretch->pair = path_pairs_find(&results->pairs, from_target, to_target);
	return stretch;
}

static void add_delay(struct path_results *results, struct path_stretch *stretch,
	const struct path_passage *passage)
{
	const uint64_t sent_ns = passage->from.time_ns;
	const uint64_t arrived_ns = passage->to.time_ns;
	const struct path_pending packet = {
		.delays = &stretch->delays,
		.sent_ns = sent_ns,
		.arrived_ns = arrived_ns,
		.is_back = stretch->is_back,
	};

	if (!passage->is_repeated && stretch->is_same_host && arrived_ns >= sent_ns)
		path_delays_add(&stretch->delays, arrived_ns - sent_ns, 0);
	else if (!passage->is_repeated && stretch->pair)
		path_pairs_add(&results->pairs, stretch->pair, &packet);
	else
		stretch->delays.unknown++;
}

static void note_passed(void *context, const struct path_passage *passage)
{
	struct path_table *table = context;
	struct path_stretch *stretch =
		find_stretch(&table->results, passage->from.place, passage->to.place);

	if (!stretch)
		return;
	stretch->passed++;
	stretch->bytes_passed += passage->bytes;
	add_delay(&table->results, stretch, passage);
}

static void note_lost(void *context, const struct path_missing *missing)
{
	struct path_table *table = context;
	struct path_stretch *stretch =
		find_stretch(&table->results, missing->from.place, missing->to);

	if (!stretch)
		return;
	stretch->lost++;
	stretch->bytes_lost += missing->bytes;
	path_lossy_flows_add(&table->results.lossy_flows, missing);
}

/* A loss may have become a doubt since: see path_table_doubt_target(). */
static void take_back(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	struct path_table *table = context;
	struct path_stretch *stretch =
		find_stretch(&table->results, missing->from.place, missing->to);

	if (!stretch)
		return;
	path_lossy_flows_take_back(&table->results.lossy_flows, missing);
	if (stretch->lost > 0) {
		stretch->lost--;
		stretch->bytes_lost -=
			missing->bytes < stretch->bytes_lost ? missing->bytes : stretch->bytes_lost;
	} else if (stretch->doubts[PATH_DOUBT_DROPPED] > 0) {
		stretch->doubts[PATH_DOUBT_DROPPED]--;
	}
	stretch->doubts[doubt]++;
}

static void note_doubt(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	struct path_table *table = context;
	struct path_stretch *stretch =
		find_stretch(&table->results, missing->from.place, missing->to);

	if (stretch)
		stretch->doubts[doubt]++;
}

static void note_ending(void *context, const struct path_ending *ending)
{
	struct path_table *table = context;
	const struct path_results *results = &table->results;
	struct path_flow_key other;
	const bool is_translated = results->translations &&
				   path_translations_find(results->translations,
					   target_of(results, ending->place), ending->flow, &other);

	path_endings_add(&table->results.endings, ending, is_translated ? &other : NULL);
}

static void note_flow_way(void *context, const struct path_way_count *way)
{
	struct path_table *table = context;

	path_ways_add(&table->results.ways, way);
}

struct path_pairing_sink path_table_sink(struct path_table *table)
{
	return (struct path_pairing_sink){
		.context = table,
		.passed = note_passed,
		.lost = note_lost,
		.take_back = take_back,
		.doubt = note_doubt,
		.ending = note_ending,
		.flow_way = note_flow_way,
	};
}

struct doubted {
	const struct path_results *results;
	unsigned target;
};

static bool is_of_target(const struct doubted *doubted, uint16_t place)
{
	return place != PATH_PLACE_NONE && target_of(doubted->results, place) == doubted->target;
}

static bool ends_at_target(const void *context, const struct path_lossy_flow *flow)
{
	return is_of_target(context, flow->to);
}

void path_table_doubt_target(struct path_table *table, unsigned target)
{
	struct path_stretches *stretches = &table->results.stretches;
	const struct doubted doubted = {.results = &table->results, .target = target};

	for (size_t i = 0; i < stretches->count; i++) {
		struct path_stretch *stretch = &stretches->list[i];

		if (stretch->lost == 0 || !is_of_target(&doubted, stretch->to))
			continue;
		stretch->doubts[PATH_DOUBT_DROPPED] += stretch->lost;
		stretch->lost = 0;
		stretch->bytes_lost = 0;
	}
	path_lossy_flows_remove(&table->results.lossy_flows, ends_at_target, &doubted);
}

void path_table_set_clock(struct path_table *table, unsigned target, int64_t offset_ns,
	uint64_t bound_ns, uint64_t at_ns)
{
	const struct path_known_clock clock = {
		.is_known = true,
		.offset_ns = offset_ns,
		.bound_ns = bound_ns,
		.at_ns = at_ns,
	};

	path_pairs_set_clock(&table->results.pairs, target, &clock);
}

void path_table_finish(struct path_table *table)
{
	path_pairs_finish(&table->results.pairs);
}

const struct path_pairs *path_table_pairs(const struct path_table *table)
{
	return &table->results.pairs;
}

void path_table_print(const struct path_table *table, FILE *out, unsigned columns)
{
	path_print(&table->results, out, columns);
}

void path_table_print_json(const struct path_table *table, FILE *out)
{
	path_json_print(&table->results, out);
}
