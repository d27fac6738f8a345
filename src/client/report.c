/*
 * Words for the user. In: what is known of the targets. Out: lines on stderr.
 */
#include "client/report.h"

#include "client/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 5, KERNEL_SIZE = 160 };

void report_waiting(const struct members *members, char *out, size_t size)
{
	unsigned named = 0;
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < members->count && named < NAMED_MAX; i++) {
		if (members->list[i].state != MEMBER_CONNECTING)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s",
			named++ ? ", " : "", members->list[i].target->label);
		if (used >= size)
			return;
	}
	if (members->in_state[MEMBER_CONNECTING] > named)
		snprintf(out + used, size - used, " and %u more",
			members->in_state[MEMBER_CONNECTING] - named);
}

static void print_count(
	char out[KERNEL_SIZE], bool is_told, uint64_t count, const char *what)
{
	const size_t used = strlen(out);
	const char *separator = used ? ", " : "";

	if (is_told)
		snprintf(out + used, KERNEL_SIZE - used, "%s%" PRIu64 " %s",
			separator, count, what);
	else
		snprintf(out + used, KERNEL_SIZE - used, "%s? %s", separator,
			what);
}

/* What a target's kernel has counted, as far as it tells. */
static void print_kernel(const struct statistics *total, char out[KERNEL_SIZE])
{
	snprintf(out, KERNEL_SIZE, "%s", total->told ? "" : "drops not told");
	if (!total->told)
		return;
	print_count(out, total->told & STATISTICS_RECEIVED, total->received,
		"received by filter");
	print_count(out, total->told & STATISTICS_DROPPED, total->dropped,
		"dropped by kernel");
	print_count(out, total->told & STATISTICS_INTERFACE_DROPPED,
		total->interface_dropped, "by interface");
}

/* Has it failed, and then gone on? */
static bool has_gaps(const struct member *member)
{
	return member->failed &&
	       (member->state == MEMBER_RUNNING || member->ended);
}

/* How it stands with a target whose capture has begun. */
static const char *fate(const struct member *member)
{
	if (!member->failed)
		return "";
	if (has_gaps(member))
		return "; with gaps";
	return member->state == MEMBER_LOST ? "; lost" : "; until it failed";
}

static void report_member(const struct member *member)
{
	const struct members *members = member->all;
	const struct merge_counts counts =
		merge_count(members->merge, member->index);
	const struct statistics *total =
		origins_total(&members->origins, member->index);
	char kernel[KERNEL_SIZE];

	print_kernel(total, kernel);
	if (member->failed && counts.received == 0 && !has_gaps(member))
		say("%s: %s", member->target->label,
			member->state == MEMBER_LOST ? "not reached yet"
						     : "failed");
	else
		say("%s: %" PRIu64 " packets, %" PRIu64 " written, %" PRIu64
		    " late; %s%s",
			member->target->label, counts.received, counts.written,
			counts.late, kernel, fate(member));
}

void report_counts(
	const struct members *members, uint64_t written, uint64_t pending)
{
	unsigned gaps = 0;
	char lost[48] = "";
	char failed[48] = "";
	char gapped[48] = "";

	for (unsigned i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];

		report_member(member);
		gaps += has_gaps(member);
	}
	if (members->failed > gaps)
		snprintf(failed, sizeof(failed), ", %u failed",
			members->failed - gaps);
	if (gaps > 0)
		snprintf(gapped, sizeof(gapped), ", %u had gaps", gaps);
	if (pending > 0)
		snprintf(lost, sizeof(lost), ", %" PRIu64 " did not get out",
			pending);
	say("%" PRIu64 " packets of %u target%s%s%s%s", written, members->count,
		members->count == 1 ? "" : "s", lost, failed, gapped);
}

void report_losses(const struct members *members)
{
	for (unsigned i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];
		const struct statistics *total =
			origins_total(&members->origins, i);
		const struct merge_counts counts =
			merge_count(members->merge, i);

		if (statistics_drops(total) > 0)
			say_warning("%s: %" PRIu64
				    " packets were dropped there",
				member->target->label, statistics_drops(total));
		if (counts.late > 0)
			say_warning(
				"%s: %" PRIu64 " packets came too late to "
				"be in order (a longer -hold helps, unless a "
				"clock is wrong or was set)",
				member->target->label, counts.late);
	}
}

void report_unwritten(const struct members *members, uint64_t pending)
{
	uint64_t unwritten = pending;

	for (unsigned i = 0; i < members->count; i++) {
		struct merge_counts counts = merge_count(members->merge, i);

		unwritten += counts.received - counts.written;
	}
	if (unwritten > 0)
		say_warning("%" PRIu64
			    " packets that had arrived did not reach the "
			    "reader (to have them, end by -duration or -c, or "
			    "write "
			    "by -w)",
			unwritten);
}
