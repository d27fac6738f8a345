/* SPDX-License-Identifier: MIT */
/*
 * The paths of packets. In: what each capture covers, from the streams as they come, and
 * packets in the order of the output. Out: a table, for each packet the number of its first
 * sight, and, with -align-traffic, corrected timestamps.
 */
#include "client/paths.h"

#include "client/notices.h"
#include "client/path_alignment.h"
#include "client/path_datagrams.h"
#include "client/path_filters.h"
#include "client/path_pairing.h"
#include "client/path_reports.h"
#include "client/path_table.h"
#include "client/path_translations.h"
#include "client/path_window.h"
#include "common/clock.h"
#include "format/linktype.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

enum {
	JOURNEYS_MAX = 3 << 15, /* some 390 bytes each */
	FLOWS_MAX = 1 << 14,	/* some 1,150 bytes each */
};

#define AHEAD_NS UINT64_C(5000000000) /* how far a timestamp may be after the local time */

enum { NAME_SIZE = 512 };

struct paths {
	const struct options *options;
	const struct interface_table *interfaces;
	unsigned targets;
	struct path_hash_key key;
	struct path_coverage *coverage; /* by target */
	uint64_t *counted_ns;		/* by target: when its drops were last counted; 0: never */
	struct path_datagrams *datagrams;
	struct path_identity parts[PATH_PARTS_MAX];
	struct path_pairing *pairing;
	struct path_table *table;
	struct path_reports reports;
	struct path_own_flows *own_flows;
	struct path_translations *translations;
	struct notices *notices;
	struct path_window window;
	struct path_align *align; /* NULL: without -align-traffic */
	struct path_alignment alignment;
	char name[NAME_SIZE];
	bool is_finished;
};

static const char *name_target(void *context, unsigned target)
{
	const struct paths *paths = context;

	return paths->interfaces->targets[target].label;
}

static const char *name_place(void *context, const struct path_place *place)
{
	struct paths *paths = context;
	const char *interface = paths->interfaces->list[place->interface]->shown;

	snprintf(paths->name, sizeof(paths->name), "%s%s%s%s%s", name_target(paths, place->target),
		*interface ? ":" : "", interface, place->tunnels > 0 ? " (tunnel)" : "",
		place->is_second ? " (again)" : "");
	return paths->name;
}

/* False: out of memory. */
static bool init_alignment(struct paths *paths)
{
	paths->align = path_align_new(paths->targets);
	paths->alignment = (struct path_alignment){
		.align = paths->align,
		.interfaces = paths->interfaces,
		.notices = paths->notices,
		.targets = paths->targets,
	};
	return paths->align != NULL;
}

/* False: out of memory, or no random numbers. Either way paths_free() follows. */
static bool init(struct paths *paths)
{
	const struct path_names names = {paths, name_place, name_target};
	const bool has_window = path_window_init(&paths->window, paths->options->hold,
		paths->interfaces, paths->targets, paths->notices);
	const struct path_limits limits = {
		.journeys = JOURNEYS_MAX,
		.flows = FLOWS_MAX,
		.window_ns = paths->window.ns,
	};
	const struct path_pairing_sink sink = path_reports_sink(&paths->reports);

	paths->coverage = calloc(paths->targets, sizeof(*paths->coverage));
	paths->counted_ns = calloc(paths->targets, sizeof(*paths->counted_ns));
	if (paths->options->align_traffic && !init_alignment(paths))
		return false;
	paths->own_flows = path_own_flows_new(&paths->options->targets);
	if (!paths->coverage || !paths->counted_ns || !has_window || !paths->own_flows ||
		!path_hash_key_init(&paths->key))
		return false;
	paths->table = path_table_new(&names);
	paths->pairing = path_pairing_new(&limits, paths->coverage, &sink);
	paths->datagrams = path_datagrams_new(&paths->key);
	paths->translations = path_translations_new(&paths->key, paths->targets);
	if (!paths->table || !paths->pairing || !paths->datagrams || !paths->translations)
		return false;
	path_table_set_pairing(paths->table, paths->pairing);
	path_table_set_translations(paths->table, paths->translations);
	paths->reports = (struct path_reports){
		.pairing = paths->pairing,
		.names = names,
		.window = &paths->window,
		.align = paths->align,
		.table = path_table_sink(paths->table),
		.lists_lost = paths->options->verbose,
	};
	if (paths->options->verbose)
		path_table_list_all_ways(paths->table);
	return true;
}

struct paths *paths_new(const struct paths_plan *plan)
{
	struct paths *paths = calloc(1, sizeof(*paths));

	if (!paths)
		return NULL;
	paths->options = plan->options;
	paths->interfaces = plan->interfaces;
	paths->targets = plan->targets;
	paths->notices = plan->notices;
	if (init(paths))
		return paths;
	paths_free(paths);
	return NULL;
}

void paths_free(struct paths *paths)
{
	if (!paths)
		return;
	path_pairing_free(paths->pairing);
	path_table_free(paths->table);
	path_align_free(paths->align);
	path_own_flows_free(paths->own_flows);
	path_translations_free(paths->translations);
	path_window_cleanup(&paths->window);
	path_datagrams_free(paths->datagrams);
	free(paths->coverage);
	free(paths->counted_ns);
	free(paths);
}

void paths_on_last_seen(struct paths *paths, path_last_seen_receiver *receiver, void *context)
{
	if (!paths)
		return;
	paths->reports.on_last_seen = receiver;
	paths->reports.context = context;
}

uint64_t paths_window_ns(const struct paths *paths)
{
	return paths->window.ns;
}

void paths_arrived(struct paths *paths, unsigned target, uint64_t time_ns)
{
	struct path_coverage *coverage;

	if (!paths)
		return;
	coverage = &paths->coverage[target];
	if (!coverage->is_running)
		path_coverage_begin(coverage, time_ns);
	path_coverage_advance(coverage, time_ns);
}

void paths_statistics(struct paths *paths, unsigned target, const struct statistics *statistics)
{
	struct path_coverage *coverage;

	if (!paths)
		return;
	coverage = &paths->coverage[target];
	if (statistics->is_watermark) {
		if (!coverage->is_running)
			path_coverage_begin(coverage, statistics->time);
		path_coverage_watermark(coverage, statistics->time);
	}
	if (statistics_drops(statistics) > 0) {
		path_coverage_add_drops(coverage, paths->counted_ns[target], statistics->time);
		/* losses of the past have been reported by now */
		if (!statistics->is_watermark)
			path_table_doubt_target(paths->table, target);
	}
	if (statistics->valid && statistics->is_watermark)
		paths->counted_ns[target] = statistics->time;
}

void paths_stream_ended(struct paths *paths, unsigned target)
{
	if (paths && paths->coverage[target].is_running)
		path_coverage_end(&paths->coverage[target]);
}

void paths_clock(struct paths *paths, unsigned target, const struct clock_offset *offset)
{
	const uint64_t now_ns = clock_ns(CLOCK_REALTIME);

	if (!paths || !offset->is_known)
		return;
	if (paths->align)
		path_align_begin(paths->align, target, offset->ns, offset->bound, now_ns);
	/* the table gets raw times with -align-traffic, but not with -align */
	if (paths->align || !paths->options->align)
		path_table_set_clock(paths->table, target, offset->ns, offset->bound, now_ns);
	if (paths->options->align)
		return;
	path_window_add_clock(&paths->window, target, offset);
	path_pairing_set_window(paths->pairing, paths->window.ns);
}

uint64_t paths_align_time(const struct paths *paths, unsigned target, uint64_t time_ns)
{
	return path_align_at(paths->align, target, time_ns);
}

uint64_t paths_align_packet(struct paths *paths, unsigned target, uint64_t time_ns)
{
	return path_align_packet(paths->align, target, time_ns);
}

uint64_t paths_align_watermark(struct paths *paths, unsigned target, uint64_t time_ns)
{
	return path_align_watermark(paths->align, target, time_ns);
}

void paths_connection(struct paths *paths, unsigned target, const struct path_own_end *local,
	const struct path_own_end *peer)
{
	if (paths)
		path_own_flows_connect(paths->own_flows, target, local, peer);
}

void paths_output_begins(struct paths *paths)
{
	if (paths)
		path_filters_check(&paths->options->targets, paths->interfaces, paths->notices);
}

/* Adds what segmentation offload makes of a packet. Returns the number of its first sight. */
static uint64_t add_parts(struct paths *paths, const struct packet *packet,
	const struct path_sight *sight, const struct path_identity *identity)
{
	const size_t count = path_datagrams_split(
		paths->datagrams, identity, packet->data + identity->payload, paths->parts);
	uint64_t first = sight->number;

	for (size_t i = 0; i < count; i++)
		first = clock_earlier(
			first, path_pairing_add(paths->pairing, sight, &paths->parts[i]));
	return first;
}

static void add_translated(struct paths *paths, unsigned target, const struct packet *packet,
	const struct path_identity *identity)
{
	const struct interface_entry *entry = paths->interfaces->list[packet->interface];
	const struct path_translation_packet translated = {
		.target = target,
		.time_ns = packet->time,
		.data = packet->data,
		.linktype = linktype_bare(entry->interface.linktype),
		.caplen = packet->caplen,
		.len = packet->len,
	};

	path_translations_add(paths->translations, &translated, identity);
}

uint64_t paths_add(
	struct paths *paths, unsigned target, const struct packet *packet, uint64_t number)
{
	const struct interface_entry *entry = paths->interfaces->list[packet->interface];
	struct path_place place = {.target = target, .interface = packet->interface};
	struct path_sight sight = {.time_ns = packet->time, .number = number};
	struct path_identity identity;

	paths_advance(paths, packet->time);
	path_identify(&paths->key, linktype_bare(entry->interface.linktype), packet->data,
		packet->caplen, packet->len, &identity);
	if (path_own_flows_have(paths->own_flows, &identity.flow))
		return number;
	place.direction = identity.direction;
	place.tunnels = identity.tunnels;
	sight.place = path_pairing_place(paths->pairing, &place);
	sight.ttl = identity.ttl;
	if (sight.place == PATH_PLACE_NONE)
		return number;
	add_translated(paths, target, packet, &identity);
	return add_parts(paths, packet, &sight, &identity);
}

uint64_t paths_plausible_ns(uint64_t time_ns)
{
	return clock_earlier(time_ns, clock_ns(CLOCK_REALTIME) + AHEAD_NS);
}

void paths_advance(struct paths *paths, uint64_t now_ns)
{
	if (!paths)
		return;
	path_pairing_advance(paths->pairing, paths_plausible_ns(now_ns));
	if (paths->align && path_alignment_advance(&paths->alignment,
				    path_table_pairs(paths->table), now_ns, paths->options->quiet))
		path_pairing_forget_times(paths->pairing);
}

void paths_finish(struct paths *paths)
{
	if (!paths || paths->is_finished)
		return;
	paths->is_finished = true;
	for (unsigned i = 0; i < paths->targets; i++)
		paths_stream_ended(paths, i);
	path_pairing_finish(paths->pairing);
	path_table_finish(paths->table);
	if (paths->align)
		path_alignment_note(&paths->alignment);
}

/* Returns the width of a terminal; 0: it is none, or not known. */
static unsigned columns_of(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void paths_print(const struct paths *paths, FILE *out)
{
	path_table_print(paths->table, out, columns_of(out));
}

void paths_print_json(const struct paths *paths, FILE *out)
{
	path_table_print_json(paths->table, out);
}
