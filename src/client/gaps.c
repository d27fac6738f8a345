/*
 * What is missing. In: what became of each target. Out: sentences, for stderr
 * and for the file.
 */
#include "client/gaps.h"

#include "client/say.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { GAPS_REMARKED = 5 }; /* of one target: others need room, too */

/* Time of day in UTC, as journals and Wireshark can show it. */
static void print_time(uint64_t time, char *out, size_t size)
{
	const time_t seconds = (time_t)(time / 1000000000);
	char date[32];
	struct tm tm;

	strftime(date, sizeof(date), "%FT%T", gmtime_r(&seconds, &tm));
	snprintf(out, size, "%s.%03u", date, (unsigned)(time / 1000000 % 1000));
}

/* A time of ours as the stamps of a member's packets tell it in the file. */
static uint64_t as_stamped(const struct member *member, uint64_t time)
{
	const struct offset back = {
		.is_known = member->offset.is_known,
		.ns = -member->offset.ns,
	};

	return member->all->arguments->align ? time
					     : offset_correct(&back, time);
}

uint64_t gaps_begin(const struct member *member, uint64_t now)
{
	if (member->has_watermarks)
		return merge_spoken(member->all->merge, member->index);
	return as_stamped(member,
		clock_ns(CLOCK_REALTIME) - (now - member->heard) * 1000000);
}

void gaps_end(struct member *member)
{
	const uint64_t now = as_stamped(member, clock_ns(CLOCK_REALTIME));
	const char *label = member->target->label;
	char from[64];
	char to[64];

	print_time(member->lost, from, sizeof(from));
	print_time(now, to, sizeof(to));
	if (member->began) {
		say_warning("%s: is back; packets between %s and %s UTC are "
			    "missing",
			label, from, to);
		snprintf(member->gap, sizeof(member->gap),
			"%s: no packets from %s to %s UTC: %s", label, from, to,
			member->cause);
	} else {
		say_warning("%s: is reached; its packets before %s UTC are "
			    "missing",
			label, to);
		snprintf(member->gap, sizeof(member->gap),
			"%s: no packets before %s UTC: %s", label, to,
			member->cause);
	}
	if (member->gaps++ < GAPS_REMARKED)
		remarks_add(&member->all->remarks, "%s", member->gap);
	member->said[0] = '\0';
}

static void remark(struct member *member)
{
	const struct members *members = member->all;
	const char *label = member->target->label;
	const struct statistics *total =
		origins_total(&members->origins, member->index);
	const uint64_t late = merge_count(members->merge, member->index).late;
	struct remarks *remarks = &member->all->remarks;
	char since[64];

	if (member->gaps > GAPS_REMARKED)
		remarks_add(remarks, "%s: %u more such gaps", label,
			member->gaps - GAPS_REMARKED);
	print_time(member->lost, since, sizeof(since));
	if (member->state == MEMBER_LOST && member->began)
		remarks_add(remarks, "%s: no packets since %s UTC: %s", label,
			since, member->cause);
	else if (member->state == MEMBER_LOST)
		remarks_add(
			remarks, "%s: never reached: %s", label, member->cause);
	if (statistics_drops(total) > 0)
		remarks_add(remarks,
			"%s: %" PRIu64 " packets dropped by kernel, %" PRIu64
			" by interface",
			label, total->dropped, total->interface_dropped);
	if (late > 0)
		remarks_add(remarks,
			"%s: %" PRIu64 " packets late, out of their order",
			label, late);
}

void gaps_remark(struct members *members)
{
	for (unsigned i = 0; i < members->count; i++)
		remark(&members->list[i]);
}
