/* SPDX-License-Identifier: MIT */
/*
 * What the pairing reports, on its way to the table. Passages get the times before
 * -align-traffic corrected them, since the table compares clocks; lost packets are listed with
 * -verbose.
 */
#include "client/path_reports.h"

#include "client/notices.h"
#include "client/path_flow_text.h"
#include "client/path_pairing.h"
#include "client/path_place_text.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { LISTED_MAX = 1000, TIME_SIZE = 32 };

static const char *name_number(const struct path_reports *reports, uint16_t place)
{
	return reports->names.place(
		reports->names.context, path_pairing_get_place(reports->pairing, place));
}

static unsigned target_of(const struct path_reports *reports, uint16_t place)
{
	return path_pairing_get_place(reports->pairing, place)->target;
}

/* Undoes the correction of a time. */
static bool undo(const struct path_reports *reports, struct path_sight *sight)
{
	return path_align_undo(
		reports->align, target_of(reports, sight->place), sight->time_ns, &sight->time_ns);
}

static void passed(void *context, const struct path_passage *passage)
{
	struct path_reports *reports = context;
	struct path_passage raw = *passage;

	path_window_check(reports->window, target_of(reports, raw.from.place), raw.from.time_ns,
		target_of(reports, raw.to.place), raw.to.time_ns);
	/* of a repeated packet, the delay is not used either */
	if (reports->align && (!undo(reports, &raw.from) || !undo(reports, &raw.to)))
		raw.is_repeated = true;
	reports->table.passed(reports->table.context, &raw);
}

static void print_time(uint64_t time_ns, char out[TIME_SIZE])
{
	const time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm tm;
	const size_t size = strftime(out, TIME_SIZE, "%T", gmtime_r(&seconds, &tm));

	snprintf(out + size, TIME_SIZE - size, ".%06u", (unsigned)(time_ns / 1000 % 1000000));
}

/* Lists a lost packet, with -verbose. */
static void list_lost(struct path_reports *reports, const struct path_missing *missing)
{
	char flow[PATH_FLOW_TEXT_MAX];
	char time[TIME_SIZE];
	char from[PATH_PLACE_TEXT_MAX];

	if (!reports->lists_lost || reports->listed > LISTED_MAX)
		return;
	if (reports->listed++ == LISTED_MAX) {
		notice("more packets were lost than the %d that are listed", LISTED_MAX);
		return;
	}
	path_flow_describe(missing->flow, flow);
	print_time(missing->from.time_ns, time);
	snprintf(from, sizeof(from), "%s", name_number(reports, missing->from.place));
	notice("%s UTC: lost between %s and %s: %s, %" PRIu32 " bytes of payload", time, from,
		name_number(reports, missing->to), flow, missing->bytes);
}

static void lost(void *context, const struct path_missing *missing)
{
	struct path_reports *reports = context;

	list_lost(reports, missing);
	reports->table.lost(reports->table.context, missing);
}

static void take_back(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	const struct path_reports *reports = context;

	reports->table.take_back(reports->table.context, missing, doubt);
}

static void doubt(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	const struct path_reports *reports = context;

	reports->table.doubt(reports->table.context, missing, doubt);
}

static void ending(void *context, const struct path_ending *ending)
{
	const struct path_reports *reports = context;

	reports->table.ending(reports->table.context, ending);
}

static void flow_way(void *context, const struct path_way_count *way)
{
	const struct path_reports *reports = context;

	reports->table.flow_way(reports->table.context, way);
}

static void last_seen(void *context, const struct path_missing *missing)
{
	struct path_reports *reports = context;

	if (reports->on_last_seen)
		reports->on_last_seen(reports->context, missing->from.number,
			name_number(reports, missing->from.place));
}

struct path_pairing_sink path_reports_sink(struct path_reports *reports)
{
	return (struct path_pairing_sink){
		.context = reports,
		.passed = passed,
		.lost = lost,
		.take_back = take_back,
		.doubt = doubt,
		.ending = ending,
		.flow_way = flow_way,
		.last_seen = last_seen,
	};
}
