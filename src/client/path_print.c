/* SPDX-License-Identifier: MIT */
/*
 * The results, for people. In: results. Out: the flows that ended on their way first, then
 * the table of stretches, then what is not known, by cause, and the clocks.
 */
#include "client/path_print.h"

#include "client/path_flow_text.h"
#include "client/path_place_text.h"
#include "client/path_rows.h"
#include "client/path_translations_print.h"
#include "client/path_units.h"
#include "client/path_ways_print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	ENDED_FLOWS = 3, /* of each place; -report has more */
	LOSSY_FLOWS = 5,
	DOUBT_SPACE = 2 + 7 + 2, /* the number, and the space around it */
	INDENT = 4,
	STRETCH_TEXT_MAX = 2 * PATH_PLACE_TEXT_MAX + 4,
};

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_ended_flows(FILE *out, const struct path_place_endings *endings)
{
	for (size_t i = 0; i < endings->worst_count && i < ENDED_FLOWS; i++) {
		const struct path_ended_flow *flow = &endings->worst[i];
		char text[PATH_FLOW_TEXT_MAX];

		path_flow_describe(&flow->flow, text);
		fprintf(out, "%*s%s: %" PRIu64 " packet%s", INDENT, "", text, flow->packets,
			plural(flow->packets));
		if (flow->continues_as.version != 0) {
			path_flow_describe(&flow->continues_as, text);
			fprintf(out, "; continues as %s", text);
		}
		putc('\n', out);
	}
	if (endings->flows > ENDED_FLOWS && endings->worst_count == PATH_ENDINGS_WORST)
		fprintf(out, "%*sand more\n", INDENT, "");
}

static void print_ending(FILE *out, const struct path_place_endings *endings, const char *name)
{
	fprintf(out, "%" PRIu64 " flow%s, %" PRIu64 " packet%s: seen at %s, never beyond",
		endings->flows, plural(endings->flows), endings->packets, plural(endings->packets),
		name);
	if (endings->answered_flows > 0)
		fprintf(out, "; %" PRIu64 " had answers", endings->answered_flows);
	if (endings->continued_flows > 0)
		fprintf(out, "; earlier packets of %" PRIu64 " passed", endings->continued_flows);
	if (endings->translated_flows > 0)
		fprintf(out, "; %" PRIu64 " continue%s with other addresses",
			endings->translated_flows, endings->translated_flows == 1 ? "s" : "");
	putc('\n', out);
	print_ended_flows(out, endings);
}

static size_t print_endings(const struct path_results *results, FILE *out)
{
	uint16_t *places = calloc(PATH_PLACES_MAX, sizeof(*places));
	const size_t count = places ? path_endings_sort(&results->endings, places) : 0;

	for (size_t i = 0; i < count; i++) {
		char name[PATH_PLACE_TEXT_MAX];

		path_place_describe_among(results, places, count, i, name);
		print_ending(out, &results->endings.places[places[i]], name);
	}
	if (count > 0)
		putc('\n', out);
	free(places);
	return count;
}

static void print_lossy_flows(const struct path_results *results, FILE *out)
{
	const struct path_lossy_flow *flows[LOSSY_FLOWS];
	const size_t count = path_lossy_flows_sort(&results->lossy_flows, flows, LOSSY_FLOWS);

	if (count > 0)
		fprintf(out, "\nFlows that lost the most packets%s:\n",
			results->lossy_flows.forgotten > 0 ? ", or more than these" : "");
	for (size_t i = 0; i < count; i++) {
		char flow[PATH_FLOW_TEXT_MAX];
		char from[PATH_PLACE_TEXT_MAX];
		char to[PATH_PLACE_TEXT_MAX];

		path_flow_describe(&flows[i]->flow, flow);
		path_place_describe(results, flows[i]->from, true, from);
		path_place_describe(results, flows[i]->to, true, to);
		fprintf(out, "%7" PRIu64 "  %s > %s  %s\n", flows[i]->lost, from, to, flow);
	}
}

/* What is not known of a stretch: the doubts, and PATH_DOUBTS for delays. */
static uint64_t count_doubt(const struct path_stretch *stretch, int doubt)
{
	return doubt == PATH_DOUBTS ? stretch->delays.unknown : stretch->doubts[doubt];
}

static const char *describe_doubt(int doubt)
{
	static const char *const texts[PATH_DOUBTS + 1] = {
		[PATH_DOUBT_NOT_RUNNING] = "lost or not: before or after the next capture",
		[PATH_DOUBT_DROPPED] = "lost or not: the next kernel dropped packets",
		[PATH_DOUBT_ENDED] = "lost or not: no later packet of the flow passed",
		[PATH_DOUBT_FIRST] = "lost or not: no earlier packet of the flow passed",
		[PATH_DOUBT_WAYS] = "lost or not: the flow has several ways",
		[PATH_DOUBT_ORDER] = "which way: the order of places is not certain",
		[PATH_DOUBT_REPEATED] = "lost or not: identical packets were under way",
		[PATH_DOUBT_CHANGED] = "lost or changed: the next place had others",
		[PATH_DOUBT_EXPIRED] = "lost or not: TTL had run out, or a fragment",
		[PATH_DOUBT_TUNNEL] = "lost or not: a tunnel's end is not captured",
		[PATH_DOUBT_LATE] = "lost or late: its capture was behind",
		[PATH_DOUBT_MEMORY] = "lost or not: too many packets were under way",
		[PATH_DOUBTS] = "delay: clocks not known, or identical packets",
	};

	return texts[doubt];
}

/* Writes "web1:eth0 > r1:eth0", with directions, to out. */
static void describe_stretch(const struct path_results *results, const struct path_stretch *stretch,
	char out[STRETCH_TEXT_MAX])
{
	char from[PATH_PLACE_TEXT_MAX];
	char to[PATH_PLACE_TEXT_MAX];

	path_place_describe(results, stretch->from, false, from);
	path_place_describe(results, stretch->to, false, to);
	if (strcmp(from, to) == 0) {
		path_place_describe(results, stretch->from, true, from);
		path_place_describe(results, stretch->to, true, to);
	}
	snprintf(out, STRETCH_TEXT_MAX, "%s > %s", from, to);
}

/* Returns the width of the longest cause that is not zero; 0: there is none. */
static size_t widest_doubt(const struct path_stretch *stretch)
{
	size_t width = 0;

	for (int doubt = 0; doubt <= PATH_DOUBTS; doubt++) {
		const size_t own = strlen(describe_doubt(doubt));

		if (count_doubt(stretch, doubt) > 0 && own > width)
			width = own;
	}
	return width;
}

/* Prints the causes of one stretch. If its name is wider than width, that is a line above. */
static void print_doubts(const struct path_results *results, FILE *out,
	const struct path_stretch *stretch, size_t width)
{
	char text[STRETCH_TEXT_MAX];
	size_t own;

	describe_stretch(results, stretch, text);
	own = path_place_text_width(text);
	if (own > width && widest_doubt(stretch) > 0) {
		fprintf(out, "%s\n", text);
		text[0] = '\0';
		own = 0;
	}
	for (int doubt = 0; doubt <= PATH_DOUBTS; doubt++) {
		const uint64_t count = count_doubt(stretch, doubt);

		if (count > 0)
			fprintf(out, "%s%*s  %7" PRIu64 "  %s\n", text, (int)(width - own), "",
				count, describe_doubt(doubt));
	}
}

/* In lines of that many columns, if names that are too long stand alone; 0: of any. */
static void print_all_doubts(const struct path_results *results, FILE *out, unsigned columns)
{
	const struct path_stretches *stretches = &results->stretches;
	size_t cause_width = 0;
	size_t width = 0;

	for (size_t i = 0; i < stretches->count; i++) {
		const size_t cause = widest_doubt(&stretches->list[i]);
		char text[STRETCH_TEXT_MAX];
		size_t own;

		if (cause == 0)
			continue;
		describe_stretch(results, &stretches->list[i], text);
		own = path_place_text_width(text);
		width = own > width ? own : width;
		cause_width = cause > cause_width ? cause : cause_width;
	}
	if (width == 0)
		return;
	cause_width += DOUBT_SPACE;
	if (columns > 0 && width + cause_width > columns)
		width = columns > cause_width ? columns - cause_width : 0;
	width = width < strlen("NOT KNOWN") ? strlen("NOT KNOWN") : width;
	fprintf(out, "\n%-*s  PACKETS\n", (int)width, "NOT KNOWN");
	for (size_t i = 0; i < stretches->count; i++)
		print_doubts(results, out, &stretches->list[i], width);
}

/* Prints a part of a list after the first one's colon, if it is not zero. */
static void print_part(FILE *out, bool *is_first, uint64_t count, const char *what)
{
	if (count == 0)
		return;
	fprintf(out, "%s%" PRIu64 " %s", *is_first ? "\nNot followed: " : ", ", count, what);
	*is_first = false;
}

static void print_not_followed(const struct path_results *results, FILE *out)
{
	const struct path_counts counts = path_pairing_counts(results->pairing);
	bool is_first = true;

	print_part(out, &is_first, counts.by_kind[PATH_NOT_IP], "not IP");
	print_part(out, &is_first, counts.by_kind[PATH_FRAGMENT], "later fragments");
	print_part(out, &is_first, counts.by_kind[PATH_GROUP], "multicast or broadcast");
	print_part(out, &is_first, counts.by_kind[PATH_DAMAGED], "damaged, or cut by -snaplen");
	print_part(out, &is_first, results->stretches.left_out, "of too many stretches");
	if (!is_first)
		putc('\n', out);
}

/* Prints how far other is from one by a limit, such as "at most 3 s ahead of". */
static void print_limit(FILE *out, const char *limit, int64_t offset_ns)
{
	char text[PATH_UNITS_SIZE];

	path_units_duration((uint64_t)llabs(offset_ns), text);
	fprintf(out, "%s %s %s", limit, text, offset_ns < 0 ? "behind" : "ahead of");
}

static void print_interval(FILE *out, const struct path_clock_interval *interval)
{
	const int64_t middle = path_clock_middle(interval);
	char distance[PATH_UNITS_SIZE];

	path_units_offset((uint64_t)llabs(middle), path_clock_bound(interval), distance);
	fprintf(out, "%s %s", distance, middle < 0 ? "behind" : "ahead of");
}

static void print_clock(const struct path_results *results, FILE *out, const struct path_pair *pair)
{
	const struct path_clock_interval *latest = &pair->latest;
	char bound[PATH_UNITS_SIZE];

	fprintf(out, "%*s%s is ", INDENT, "",
		results->names.target(results->names.context, pair->other));
	if (latest->has_low && latest->has_high)
		print_interval(out, latest);
	else if (latest->has_low)
		print_limit(out, latest->low_ns < 0 ? "at most" : "at least", latest->low_ns);
	else
		print_limit(out, latest->high_ns < 0 ? "at least" : "at most", latest->high_ns);
	fprintf(out, " %s", results->names.target(results->names.context, pair->one));
	if (latest->has_low && latest->has_high) {
		path_units_duration(path_clock_bound(latest), bound);
		fprintf(out, " (+-%s)", bound);
	} else {
		fputs("; packets passed in one direction only", out);
	}
	if (pair->steps > 0)
		fprintf(out, "; a clock was set %" PRIu64 " time%s", pair->steps,
			plural(pair->steps));
	putc('\n', out);
}

static void print_clocks(const struct path_results *results, FILE *out)
{
	bool is_first = true;

	for (size_t i = 0; i < results->pairs.count; i++) {
		const struct path_pair *pair = results->pairs.list[i];

		if (!pair->latest.has_low && !pair->latest.has_high)
			continue;
		if (is_first)
			fprintf(out, "\nClocks, by the latest packets (of %d ms):\n",
				PATH_CLOCK_WINDOW_MS);
		is_first = false;
		print_clock(results, out, pair);
	}
}

/* Prints why there are no rows, and what to try. */
static void print_no_rows(const struct path_results *results, FILE *out)
{
	if (path_pairing_counts(results->pairing).packets == 0)
		fputs("No packet was captured; check the filter and the interfaces.\n", out);
	else
		fputs("No packet was seen at two places; name hosts that the same packets pass.\n",
			out);
}

void path_print(const struct path_results *results, FILE *out, unsigned columns)
{
	size_t rows;

	if (!results->pairing) {
		fputs("No packet was followed.\n", out);
		return;
	}
	print_endings(results, out);
	rows = path_rows_print(results, out, columns);
	if (rows == 0)
		print_no_rows(results, out);
	path_ways_print(results, out);
	path_translations_print(results, out);
	print_lossy_flows(results, out);
	print_all_doubts(results, out, columns);
	print_not_followed(results, out);
	print_clocks(results, out);
}
