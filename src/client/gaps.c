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

enum {
	GAPS_REMARKED = 5, /* of one target: others need room, too */
	NAMED_MAX = 5,	   /* targets, of which as much is to be told */
	SILENT_MS = 1000,  /* at the end: many watermarks */
	SLOW_NS = 500,	   /* by which a clock may be slow in a ms */
	DUMB_MS = 10000,   /* under way: the network may have its moments */
	LOOK_MS = 1000,	   /* between two looks at who is silent */
};

/* At the end: a clock may have been set back by half of that, unseen. */
static const uint64_t BEHIND_NS = 2000000000;

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

/* True: it has told nothing for long, or tells again, and is to be named. */
static bool has_changed(struct member *member, uint64_t now)
{
	const bool was_silent = member->is_silent;

	if (member->state != MEMBER_RUNNING) {
		member->is_silent = false;
		return false;
	}
	if (now <= member->heard + DUMB_MS)
		member->is_silent = false;
	else if (now > member->deaf + DUMB_MS)
		member->is_silent = member->has_watermarks;
	return member->is_silent != was_silent;
}

static void name(const struct member *member, uint64_t now)
{
	const bool is_alone = member->all->in_state[MEMBER_RUNNING] == 1;
	const char *label = member->target->label;
	char since[64];

	if (!member->is_silent) {
		say_warning("%s: tells again", label);
		return;
	}
	print_time(gaps_begin(member, now), since, sizeof(since));
	say_warning("%s: tells nothing since %s UTC%s", label, since,
		is_alone ? ""
			 : "; packets of the others wait for it, up to -hold");
}

void gaps_listen(struct members *members, uint64_t now)
{
	/* who looks late has been held up, and has not listened either */
	const bool is_late = now > members->look + LOOK_MS;
	unsigned silent = 0;
	unsigned back = 0;

	for (unsigned i = 0; i < members->count; i++) {
		struct member *member = &members->list[i];

		if (is_late || (member->transfer &&
				       transfer_is_paused(member->transfer)))
			member->deaf = now;
		if (!has_changed(member, now))
			continue;
		if ((member->is_silent ? silent++ : back++) < NAMED_MAX)
			name(member, now);
	}
	if (silent > NAMED_MAX)
		say_warning("%u more targets tell nothing", silent - NAMED_MAX);
	if (back > NAMED_MAX)
		say_warning("%u more targets tell again", back - NAMED_MAX);
	members->look = now + LOOK_MS;
}

/* Has it not told what it captured last? now is in ms. */
static bool is_behind(const struct member *member, uint64_t now)
{
	const uint64_t doubt =
		2 * member->offset.bound + (now - member->began) * SLOW_NS;

	if (member->state != MEMBER_RUNNING || !member->has_watermarks)
		return false;
	return now > member->heard + SILENT_MS ||
	       pace_lag(&member->pace, clock_ns(CLOCK_BOOTTIME)) >
		       BEHIND_NS + doubt;
}

unsigned gaps_close(struct members *members)
{
	static const char sentence[] =
		"%s: what it captured since %s UTC had not come when the "
		"capture was ended, and is missing";
	static const char more[] =
		"%u more targets: what they captured last had not come, "
		"either";
	const uint64_t now = clock_ms();
	unsigned count = 0;
	char since[64];

	for (unsigned i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];

		if (!is_behind(member, now) || count++ >= NAMED_MAX)
			continue;
		print_time(gaps_begin(member, now), since, sizeof(since));
		say_warning(sentence, member->target->label, since);
		remarks_add(&members->remarks, sentence, member->target->label,
			since);
	}
	if (count > NAMED_MAX) {
		say_warning(more, count - NAMED_MAX);
		remarks_add(&members->remarks, more, count - NAMED_MAX);
	}
	return count;
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
