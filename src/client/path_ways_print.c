/* SPDX-License-Identifier: MIT */
/*
 * The ways of flows, for people and scripts. In: results. Out: a table, or JSON. Ways with the
 * same ends follow each other, the one with the most packets first.
 */
#include "client/path_ways_print.h"

#include "client/json_text.h"
#include "client/path_place_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WAY_TEXT_MAX = PATH_SIGHTS_MAX * (PATH_PLACE_TEXT_MAX + 3) };

static void add(void *context, const struct path_way_count *way)
{
	path_ways_add(context, way);
}

bool path_ways_collect(const struct path_results *results, struct path_ways *ret_ways)
{
	if (!path_ways_init(ret_ways))
		return false;
	path_ways_add_all(ret_ways, &results->ways);
	if (results->pairing)
		path_pairing_report_ways(results->pairing, add, ret_ways);
	return true;
}

/* An end of a way, and what is next to it. */
struct end {
	uint16_t number;
	unsigned target;
	bool is_passed; /* packets passed through the host: only the interface is an end */
};

static struct end find_end(const struct path_results *results, uint16_t place, uint16_t next)
{
	const unsigned target = path_pairing_get_place(results->pairing, place)->target;

	return (struct end){
		.number = place,
		.target = target,
		.is_passed = path_pairing_get_place(results->pairing, next)->target == target,
	};
}

static int compare(uint64_t one, uint64_t other)
{
	return (one > other) - (one < other);
}

static int compare_ends(const struct end *one, const struct end *other)
{
	if (one->target != other->target)
		return compare(one->target, other->target);
	if (one->is_passed != other->is_passed)
		return compare(one->is_passed, other->is_passed);
	return one->is_passed ? compare(one->number, other->number) : 0;
}

/* Compares both ends of two ways. */
static int compare_ways(const struct path_results *results, const struct path_way *one,
	const struct path_way *other)
{
	const uint16_t *a = one->places;
	const uint16_t *b = other->places;
	const struct end begin_a = find_end(results, a[0], a[1]);
	const struct end begin_b = find_end(results, b[0], b[1]);
	const struct end end_a = find_end(results, a[one->count - 1], a[one->count - 2]);
	const struct end end_b = find_end(results, b[other->count - 1], b[other->count - 2]);
	const int begin = compare_ends(&begin_a, &begin_b);

	return begin != 0 ? begin : compare_ends(&end_a, &end_b);
}

static int compare_counts(const void *one, const void *other, void *results)
{
	const struct path_way_count *a = one;
	const struct path_way_count *b = other;
	const int ends = compare_ways(results, &a->way, &b->way);

	if (ends != 0)
		return ends;
	if (a->packets != b->packets)
		return -compare(a->packets, b->packets);
	return memcmp(a->way.places, b->way.places, sizeof(a->way.places));
}

/* Sorts the list; its map is of no use after that. */
static void sort(const struct path_results *results, struct path_ways *ways)
{
	struct path_results copy = *results;

	if (ways->count > 1)
		qsort_r(ways->list, ways->count, sizeof(*ways->list), compare_counts, &copy);
}

/* Writes "web1:eth0 > r1:eth0 > db1:eth0" to out. */
static void describe_way(
	const struct path_results *results, const struct path_way *way, char out[WAY_TEXT_MAX])
{
	size_t size = 0;

	for (unsigned i = 0; i < way->count; i++) {
		char place[PATH_PLACE_TEXT_MAX];

		path_place_describe_among(results, way->places, way->count, i, place);
		size += (size_t)snprintf(
			out + size, WAY_TEXT_MAX - size, "%s%s", i > 0 ? " > " : "", place);
	}
}

static void print_row(FILE *out, const char *text, size_t width, const struct path_way_count *count)
{
	fprintf(out, "%s%*s  %7" PRIu64 "  %8" PRIu64 "\n", text,
		(int)(width - path_place_text_width(text)), "", count->flows, count->packets);
}

static size_t find_width(const struct path_results *results, const struct path_ways *ways)
{
	size_t width = strlen("other ways");

	for (size_t i = 0; i < ways->count; i++) {
		char text[WAY_TEXT_MAX];
		size_t own;

		describe_way(results, &ways->list[i].way, text);
		own = path_place_text_width(text);
		width = own > width ? own : width;
	}
	return width;
}

/* Are there several ways between the same ends? The list is sorted. */
static bool has_several(const struct path_results *results, const struct path_ways *ways)
{
	for (size_t i = 1; i < ways->count; i++)
		if (compare_ways(results, &ways->list[i - 1].way, &ways->list[i].way) == 0)
			return true;
	return false;
}

static void print_sorted(
	const struct path_results *results, FILE *out, const struct path_ways *ways)
{
	const size_t width = find_width(results, ways);

	fprintf(out, "\n%-*s  %7s  %8s\n", (int)width, "WAY", "FLOWS", "PACKETS");
	for (size_t i = 0; i < ways->count; i++) {
		char text[WAY_TEXT_MAX];

		describe_way(results, &ways->list[i].way, text);
		print_row(out, text, width, &ways->list[i]);
	}
	if (ways->others.packets > 0)
		print_row(out, "other ways", width, &ways->others);
}

void path_ways_print(const struct path_results *results, FILE *out)
{
	struct path_ways ways;

	if (path_ways_collect(results, &ways)) {
		sort(results, &ways);
		if (ways.count > 0 && (results->lists_all_ways || has_several(results, &ways)))
			print_sorted(results, out, &ways);
	}
	path_ways_cleanup(&ways);
}

static void print_way_json(
	const struct path_results *results, FILE *out, const struct path_way_count *count)
{
	fputs("\n    {\"places\": [", out);
	for (unsigned i = 0; i < count->way.count; i++) {
		char text[PATH_PLACE_TEXT_MAX];

		path_place_describe_among(results, count->way.places, count->way.count, i, text);
		fputs(i > 0 ? ", " : "", out);
		json_print_string(out, text);
	}
	fprintf(out, "], \"flows\": %" PRIu64 ", \"packets\": %" PRIu64 "}", count->flows,
		count->packets);
}

void path_ways_print_json(const struct path_results *results, FILE *out)
{
	struct path_ways ways;

	fputs("\"ways\": [", out);
	if (path_ways_collect(results, &ways)) {
		sort(results, &ways);
		for (size_t i = 0; i < ways.count; i++) {
			fputs(i > 0 ? "," : "", out);
			print_way_json(results, out, &ways.list[i]);
		}
	}
	fprintf(out, "],\n  \"other_ways\": {\"flows\": %" PRIu64 ", \"packets\": %" PRIu64 "}",
		ways.others.flows, ways.others.packets);
	path_ways_cleanup(&ways);
}
