/* SPDX-License-Identifier: MIT */
/*
 * The results as JSON, for scripts. In: results. Out: members of an object; ddump(1) has
 * their meaning, in the section JSON REPORT.
 */
#include "client/path_json.h"

#include "client/json_text.h"
#include "client/path_flow_text.h"
#include "client/path_place_text.h"
#include "client/path_translations_print.h"
#include "client/path_ways_print.h"

#include <inttypes.h>
#include <stdlib.h>

enum { LOSSY_FLOWS = 100 };

static void print_number(FILE *out, const char *name, bool is_known, uint64_t value)
{
	if (is_known)
		fprintf(out, ", \"%s\": %" PRIu64, name, value);
	else
		fprintf(out, ", \"%s\": null", name);
}

/* Prints the name of a place, or null, and its direction, or null. */
static void print_place(const struct path_results *results, FILE *out, const char *name,
	const char *direction, uint16_t place)
{
	static const char *const directions[] = {
		[PATH_DIRECTION_UNKNOWN] = "null",
		[PATH_INCOMING] = "\"in\"",
		[PATH_OUTGOING] = "\"out\"",
	};
	char text[PATH_PLACE_TEXT_MAX];

	fprintf(out, "\"%s\": ", name);
	if (place == PATH_PLACE_NONE) {
		fprintf(out, "null, \"%s\": null", direction);
		return;
	}
	path_place_describe(results, place, false, text);
	json_print_string(out, text);
	fprintf(out, ", \"%s\": %s", direction,
		directions[path_pairing_get_place(results->pairing, place)->direction]);
}

static void print_flow(FILE *out, const struct path_flow_key *flow)
{
	char text[PATH_FLOW_TEXT_MAX];

	path_flow_describe(flow, text);
	fputs("{\"flow\": ", out);
	json_print_string(out, text);
}

static void print_doubts(FILE *out, const struct path_stretch *stretch)
{
	static const char *const names[PATH_DOUBTS] = {
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

	fputs(",\n      \"packets_not_known\": {", out);
	for (size_t i = 0; i < PATH_DOUBTS; i++)
		fprintf(out, "%s\"%s\": %" PRIu64, i > 0 ? ", " : "", names[i], stretch->doubts[i]);
	putc('}', out);
}

static void print_histogram(FILE *out, const struct path_histogram *histogram)
{
	bool is_first = true;

	fputs(",\n      \"histogram\": [", out);
	for (size_t i = 0; histogram && i < PATH_HISTOGRAM_BUCKETS; i++) {
		uint64_t up_to_ns = path_histogram_up_to_ns(i);

		if (histogram->buckets[i] == 0)
			continue;
		/* the last bucket has no end */
		up_to_ns = up_to_ns < histogram->most_ns ? up_to_ns : histogram->most_ns;
		fprintf(out, "%s{\"up_to_ns\": %" PRIu64 ", \"packets\": %" PRIu64 "}",
			is_first ? "" : ", ", up_to_ns, histogram->buckets[i]);
		is_first = false;
	}
	putc(']', out);
}

static void print_delays(FILE *out, const struct path_delays *delays)
{
	const struct path_histogram *histogram = delays->histogram;
	const bool is_known = histogram != NULL;

	fprintf(out, ",\n      \"delay_count\": %" PRIu64, is_known ? histogram->count : 0);
	print_number(out, "delay_min_ns", is_known, is_known ? histogram->least_ns : 0);
	print_number(out, "delay_p50_ns", is_known,
		is_known ? path_histogram_percentile(histogram, 0.5) : 0);
	print_number(out, "delay_p99_ns", is_known,
		is_known ? path_histogram_percentile(histogram, 0.99) : 0);
	print_number(out, "delay_max_ns", is_known, is_known ? histogram->most_ns : 0);
	print_number(out, "clock_bound_ns", is_known, delays->bound_ns);
	print_number(out, "delay_not_known_count", true, delays->unknown);
	print_histogram(out, histogram);
}

static void print_stretch(
	const struct path_results *results, FILE *out, const struct path_stretch *stretch)
{
	fputs("\n    {", out);
	print_place(results, out, "from", "from_direction", stretch->from);
	fputs(", ", out);
	print_place(results, out, "to", "to_direction", stretch->to);
	fprintf(out, ",\n      \"same_host\": %s", stretch->is_same_host ? "true" : "false");
	print_number(out, "packets_passed", true, stretch->passed);
	print_number(out, "bytes_passed", true, stretch->bytes_passed);
	print_number(out, "packets_lost", true, stretch->lost);
	print_number(out, "bytes_lost", true, stretch->bytes_lost);
	print_doubts(out, stretch);
	print_delays(out, &stretch->delays);
	putc('}', out);
}

static void print_continues_as(FILE *out, const struct path_flow_key *flow)
{
	char text[PATH_FLOW_TEXT_MAX];

	fputs(", \"continues_as\": ", out);
	if (flow->version == 0) {
		fputs("null", out);
		return;
	}
	path_flow_describe(flow, text);
	json_print_string(out, text);
}

static void print_ended_flows(FILE *out, const struct path_place_endings *endings)
{
	fputs(",\n      \"worst\": [", out);
	for (size_t i = 0; i < endings->worst_count; i++) {
		const struct path_ended_flow *flow = &endings->worst[i];

		fputs(i > 0 ? ",\n        " : "\n        ", out);
		print_flow(out, &flow->flow);
		print_number(out, "packets", true, flow->packets);
		print_continues_as(out, &flow->continues_as);
		fputs(", \"first\": ", out);
		json_print_time(out, flow->first_ns);
		fputs(", \"last\": ", out);
		json_print_time(out, flow->last_ns);
		putc('}', out);
	}
	putc(']', out);
}

static void print_endings(const struct path_results *results, FILE *out)
{
	uint16_t *places = calloc(PATH_PLACES_MAX, sizeof(*places));
	const size_t count = places ? path_endings_sort(&results->endings, places) : 0;

	for (size_t i = 0; i < count; i++) {
		const struct path_place_endings *endings = &results->endings.places[places[i]];

		fputs(i > 0 ? ",\n    {" : "\n    {", out);
		print_place(results, out, "place", "direction", places[i]);
		print_number(out, "flows", true, endings->flows);
		print_number(out, "packets", true, endings->packets);
		print_number(out, "bytes", true, endings->bytes);
		print_number(out, "answered_flows", true, endings->answered_flows);
		print_number(out, "continued_flows", true, endings->continued_flows);
		print_number(out, "translated_flows", true, endings->translated_flows);
		print_ended_flows(out, endings);
		putc('}', out);
	}
	free(places);
}

static void print_lossy_flows(const struct path_results *results, FILE *out)
{
	const struct path_lossy_flow *flows[LOSSY_FLOWS];
	const size_t count = path_lossy_flows_sort(&results->lossy_flows, flows, LOSSY_FLOWS);

	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ",\n    " : "\n    ", out);
		print_flow(out, &flows[i]->flow);
		print_number(out, "lost", true, flows[i]->lost);
		fputs(", ", out);
		print_place(results, out, "from", "from_direction", flows[i]->from);
		fputs(", ", out);
		print_place(results, out, "to", "to_direction", flows[i]->to);
		putc('}', out);
	}
}

static void print_offset(FILE *out, const char *name, bool is_known, int64_t offset_ns)
{
	if (is_known)
		fprintf(out, ", \"%s\": %" PRId64, name, offset_ns);
	else
		fprintf(out, ", \"%s\": null", name);
}

static void print_clocks(const struct path_results *results, FILE *out)
{
	const struct path_names *names = &results->names;

	for (size_t i = 0; i < results->pairs.count; i++) {
		const struct path_pair *pair = results->pairs.list[i];

		fprintf(out, "%s\n    {\"one\": ", i > 0 ? "," : "");
		json_print_string(out, names->target(names->context, pair->one));
		fputs(", \"other\": ", out);
		json_print_string(out, names->target(names->context, pair->other));
		print_offset(out, "offset_low_ns", pair->latest.has_low, pair->latest.low_ns);
		print_offset(out, "offset_high_ns", pair->latest.has_high, pair->latest.high_ns);
		print_number(out, "steps", true, pair->steps);
		print_number(out, "window_ms", true, PATH_CLOCK_WINDOW_MS);
		putc('}', out);
	}
}

static void print_counts(const struct path_results *results, FILE *out)
{
	struct path_counts counts = {0};

	if (results->pairing)
		counts = path_pairing_counts(results->pairing);
	fprintf(out, "\"packets\": %" PRIu64 ", \"not_followed\": {\"not_ip\": %" PRIu64,
		counts.packets, counts.by_kind[PATH_NOT_IP]);
	print_number(out, "fragments", true, counts.by_kind[PATH_FRAGMENT]);
	print_number(out, "group", true, counts.by_kind[PATH_GROUP]);
	print_number(out, "damaged", true, counts.by_kind[PATH_DAMAGED]);
	fprintf(out, "}, \"repeated\": %" PRIu64, counts.repeated);
}

void path_json_print(const struct path_results *results, FILE *out)
{
	print_counts(results, out);
	fputs(",\n  \"stretches\": [", out);
	for (size_t i = 0; i < results->stretches.count; i++) {
		if (i > 0)
			putc(',', out);
		print_stretch(results, out, &results->stretches.list[i]);
	}
	fputs("],\n  \"endings\": [", out);
	print_endings(results, out);
	fputs("],\n  ", out);
	path_ways_print_json(results, out);
	fputs(",\n  ", out);
	path_translations_print_json(results, out);
	fputs(",\n  \"flows\": [", out);
	print_lossy_flows(results, out);
	fputs("],\n  \"clocks\": [", out);
	print_clocks(results, out);
	putc(']', out);
}
