/* SPDX-License-Identifier: MIT */
/*
 * The summary of a run. In: values of all sources. Out: lines on stderr.
 */
#include "client/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { KERNEL_SIZE = 160, PART_SIZE = 48 };

void summary_list_waiting(
	const struct source_snapshot *sources, unsigned count, struct label_list *ret_labels)
{
	*ret_labels = (struct label_list){0};
	for (unsigned i = 0; i < count; i++)
		if (sources[i].status == SOURCE_IS_CONNECTING)
			label_list_add(ret_labels, sources[i].label);
}

static void append_count(char out[KERNEL_SIZE], bool is_known, uint64_t count, const char *what)
{
	const size_t used = strlen(out);
	const char *separator = used ? ", " : "";

	if (is_known)
		snprintf(
			out + used, KERNEL_SIZE - used, "%s%" PRIu64 " %s", separator, count, what);
	else
		snprintf(out + used, KERNEL_SIZE - used, "%s? %s", separator, what);
}

/* Prints the counters of a target's kernel, as far as they are known. */
static void print_kernel(const struct statistics *total, char out[KERNEL_SIZE])
{
	snprintf(out, KERNEL_SIZE, "%s", total->valid ? "" : "drops unknown");
	if (!total->valid)
		return;
	append_count(
		out, total->valid & STATISTICS_RECEIVED, total->received, "received by filter");
	append_count(out, total->valid & STATISTICS_DROPPED, total->dropped, "dropped by kernel");
	/* the sum over all interfaces is not known to a worker */
	if (total->valid & STATISTICS_INTERFACE_DROPPED)
		append_count(out, true, total->interface_dropped, "by interface");
}

static const char *describe_failure(const struct source_snapshot *source)
{
	if (!source->has_failed)
		return "";
	if (source->had_outages)
		return "; with outages";
	return source->status == SOURCE_HAS_FAILED ? "; until it failed" : "; lost";
}

static void print_source(const struct source_snapshot *source)
{
	const struct merge_counts *counts = &source->counts;
	char kernel[KERNEL_SIZE];
	char left_out[PART_SIZE] = "";

	if (source->has_failed && counts->received == 0 && !source->had_outages) {
		notice("%s: %s", source->label,
			source->status == SOURCE_HAS_FAILED ? "failed" : "not connected");
		return;
	}
	print_kernel(&source->total, kernel);
	if (source->left_out > 0)
		snprintf(left_out, sizeof(left_out), ", %" PRIu64 " left out", source->left_out);
	notice("%s: %" PRIu64 " packets, %" PRIu64 " written%s, %" PRIu64 " late; %s%s",
		source->label, counts->received, counts->written, left_out, counts->late, kernel,
		describe_failure(source));
}

void summary_print_counts(
	const struct source_snapshot *sources, unsigned count, uint64_t written, uint64_t pending)
{
	unsigned outages = 0;
	unsigned failures = 0;
	char unwritten[PART_SIZE] = "";
	char failed[PART_SIZE] = "";
	char interrupted[PART_SIZE] = "";

	for (unsigned i = 0; i < count; i++) {
		print_source(&sources[i]);
		outages += sources[i].had_outages;
		failures += sources[i].has_failed && !sources[i].had_outages;
	}
	if (failures > 0)
		snprintf(failed, sizeof(failed), ", %u failed", failures);
	if (outages > 0)
		snprintf(interrupted, sizeof(interrupted), ", %u had outages", outages);
	if (pending > 0)
		snprintf(unwritten, sizeof(unwritten), ", %" PRIu64 " not written", pending);
	notice("%" PRIu64 " packets of %u target%s%s%s%s", written, count, count == 1 ? "" : "s",
		unwritten, failed, interrupted);
}

void summary_print_once(const struct once *once)
{
	struct once_counts counts;
	char split[PART_SIZE] = "";
	char elsewhere[PART_SIZE] = "";

	if (!once)
		return;
	counts = once_counts(once);
	if (counts.split > 0)
		snprintf(split, sizeof(split), ", %" PRIu64 " from several interfaces",
			counts.split);
	if (counts.elsewhere > 0)
		snprintf(elsewhere, sizeof(elsewhere), ", %" PRIu64 " not seen by -once-at",
			counts.elsewhere);
	notice("-once: %" PRIu64 " packets left out, which other interfaces saw; %" PRIu64
	       " connection%s%s%s",
		counts.left_out, counts.connections, counts.connections == 1 ? "" : "s", split,
		elsewhere);
}

bool summary_warn_of_losses(const struct source_snapshot *sources, unsigned count)
{
	bool is_missing = false;

	for (unsigned i = 0; i < count; i++) {
		const uint64_t drops = statistics_drops(&sources[i].total);
		const uint64_t late = sources[i].counts.late;

		is_missing = is_missing || drops > 0;
		if (drops > 0)
			notice_warning("%s: %" PRIu64 " packets dropped on that host",
				sources[i].label, drops);
		if (late > 0)
			notice_warning("%s: %" PRIu64 " packets came too late to be in order; try "
				       "a longer -hold, or check the clock of that host",
				sources[i].label, late);
	}
	return is_missing;
}

void summary_warn_of_unwritten(
	const struct source_snapshot *sources, unsigned count, uint64_t pending)
{
	uint64_t unwritten = pending;

	for (unsigned i = 0; i < count; i++)
		unwritten += sources[i].counts.received - sources[i].counts.written -
			     sources[i].left_out;
	if (unwritten > 0)
		notice_warning("%" PRIu64 " packets arrived but did not reach the output's reader; "
			       "end by -duration or -c, or try -w FILE",
			unwritten);
}
