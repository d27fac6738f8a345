/*
 * From a stream into the merge. In: what a transfer and its reader tell. Out:
 * packets in their order, numbers of origins, counts.
 */
#include "client/intake.h"

#include "client/say.h"
#include "common/clock.h"
#include "format/linktype.h"

#include <inttypes.h>

enum {
	DROPS_MS = 10000, /* between two warnings */
	STEPS_MS = 1000,
	STEPS_TOLD = 5, /* of one target: others need room, too */
};

static uint64_t corrected(const struct member *member, uint64_t time)
{
	return member->all->arguments->align
		       ? offset_correct(&member->offset, time)
		       : time;
}

/* The request leaves: from now on its packets may come. */
static void on_asks(void *context)
{
	struct member *member = context;

	if (member->state == MEMBER_LOST)
		merge_begin(member->all->merge, member->index, clock_ms());
}

static void on_clock(void *context, const struct offset *offset)
{
	struct member *member = context;
	const bool aligns = member->all->arguments->align;
	char text[128];

	member->offset = *offset;
	member->pace = pace_begin(
		offset, clock_ns(CLOCK_REALTIME), clock_ns(CLOCK_BOOTTIME));
	if (!offset_is_notable(offset))
		return;
	offset_describe(offset, text, sizeof(text));
	say_warning("%s: its clock is %s%s", member->target->label, text,
		aligns		 ? "; its stamps are corrected by that"
		: offset->ns > 0 ? "; its packets come out of order, and later "
				   "by up to that (-align corrects it)"
				 : "; its packets come out of order (-align "
				   "corrects it)");
}

static void on_comes(void *context)
{
	struct member *member = context;

	member->all->now = clock_ms();
	member->heard = member->all->now;
}

static bool on_wants(void *context)
{
	struct member *member = context;

	if (!merge_is_full(member->all->merge, member->index))
		return true;
	member->all->paused++;
	member->was_full = true;
	return false;
}

static bool is_odd(const struct members *members, const struct origin *origin)
{
	return !linktype_converts(
		origin->interface.linktype, members->linktype);
}

/*
 * Of an interface whose packets are not of the common link type: in pcap there
 * is no place for them. In pcapng there is, and tcpdump won't read it.
 */
static bool check_linktype(struct member *member, const struct origin *origin,
	struct failure *failure)
{
	const struct members *members = member->all;
	const uint32_t linktype = origin->interface.linktype;

	if (!members->has_agreed || !is_odd(members, origin))
		return true;
	if (!members->arguments->pcapng) {
		member->is_refused = true;
		return failure_set(failure, 1,
			"sends packets of link type %" PRIu32
			", most of the others %" PRIu32
			": one pcap file can't hold both (-pcapng can)",
			linktype, members->linktype);
	}
	if (!member->is_odd)
		say_warning("%s: sends packets of link type %" PRIu32
			    ", most of the others %" PRIu32
			    ": Wireshark reads both in one file, tcpdump "
			    "refuses it",
			member->target->label, linktype, members->linktype);
	member->is_odd = true;
	return true;
}

static bool on_interface(void *context, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	struct member *member = context;
	struct origins *origins = &member->all->origins;

	if (!origins_find(
		    origins, member->index, interface, ret_number, failure)) {
		member->is_refused = true;
		return false;
	}
	if (member->state != MEMBER_RUNNING)
		members_begin(member);
	return check_linktype(member, origins->list[*ret_number], failure);
}

static bool on_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	struct member *member = context;
	struct packet moved;

	if (member->all->arguments->align) {
		moved = *packet;
		moved.time = corrected(member, packet->time);
		packet = &moved;
	}
	if (merge_packet(member->all->merge, member->index, packet,
		    member->all->now))
		return true;
	return failure_set(failure, 1, "out of memory");
}

static void warn_of_drops(struct member *member)
{
	const struct statistics *total =
		origins_total(&member->all->origins, member->index);
	const uint64_t drops = statistics_drops(total);
	const uint64_t now = member->all->now;

	if (drops <= member->drops || now < member->drops_told + DROPS_MS)
		return;
	say_warning("%s: %" PRIu64 " packets were dropped there, because %s",
		member->target->label, drops,
		member->was_full
			? "the output is not read fast enough (write "
			  "to a file by -w, and read that)"
			: "they came faster than the worker ran or the "
			  "network took them (a narrower -filter, a "
			  "-snaplen, or a larger ring helps)");
	member->was_full = false;
	member->drops = drops;
	member->drops_told = now;
}

/* It makes disorder, which nothing else would explain. */
static void warn_of_step(struct member *member, uint64_t time)
{
	static const char sentence[] =
		"%s: its clock was set %s by %.1f s; its packets from then on "
		"are stamped by that%s";
	const char *label = member->target->label;
	const uint64_t now = member->all->now;
	const int64_t step =
		pace_step(&member->pace, time, clock_ns(CLOCK_BOOTTIME));
	const char *direction = step < 0 ? "back" : "forward";
	const double seconds = (double)step / (step < 0 ? -1e9 : 1e9);
	const char *last;

	if (step == 0 || member->steps == STEPS_TOLD ||
		(member->step_told > 0 && now < member->step_told + STEPS_MS))
		return;
	last = ++member->steps == STEPS_TOLD
		       ? "; if it is set again, that is not told"
		       : "";
	say_warning(sentence, label, direction, seconds, last);
	remarks_add(&member->all->remarks, sentence, label, direction, seconds,
		last);
	member->step_told = now;
}

static bool on_statistics(void *context, const struct statistics *statistics,
	struct failure *failure)
{
	struct member *member = context;
	struct statistics in = *statistics;

	(void)failure;
	if (in.is_watermark)
		warn_of_step(member, in.time);
	in.time = corrected(member, in.time);
	member->has_watermarks = member->has_watermarks || in.is_watermark;
	if (in.is_watermark)
		merge_watermark(member->all->merge, member->index, in.time,
			member->all->now);
	if (in.told) {
		origins_count(&member->all->origins, &in);
		warn_of_drops(member);
	}
	return true;
}

struct transfer_events intake_events(struct member *member)
{
	return (struct transfer_events){
		.context = member,
		.asks = on_asks,
		.tells_clock = on_clock,
		.comes = on_comes,
		.wants = on_wants,
		.messages = &member->messages,
		.stream =
			{
				.interface = on_interface,
				.packet = on_packet,
				.statistics = on_statistics,
				.context = member,
			},
	};
}

/* Does the link type of each interface that a member has told of fit? */
static bool all_fit(struct member *member, struct failure *failure)
{
	const struct origins *origins = &member->all->origins;
	uint32_t i = origins->targets[member->index].first;

	for (; i != ORIGINS_NONE; i = origins->list[i]->next)
		if (!check_linktype(member, origins->list[i], failure))
			return false;
	return true;
}

/* The link type of a member's first interface; false: it has none. */
static bool first_linktype(
	const struct members *members, unsigned index, uint32_t *ret_linktype)
{
	const uint32_t first = members->origins.targets[index].first;

	if (first == ORIGINS_NONE)
		return false;
	*ret_linktype = members->origins.list[first]->interface.linktype;
	return true;
}

/* How many members' packets can be written under that link type. */
static unsigned count_converting(
	const struct members *members, uint32_t linktype)
{
	unsigned count = 0;
	uint32_t own;

	for (unsigned i = 0; i < members->count; i++)
		count += first_linktype(members, i, &own) &&
			 linktype_converts(own, linktype);
	return count;
}

/* The link type of most members, the first's of several. */
static uint32_t common_linktype(const struct members *members)
{
	uint32_t common = LINKTYPE_SLL; /* where nobody tells */
	unsigned most = 0;
	uint32_t own;

	for (unsigned i = 0; i < members->count; i++) {
		unsigned count;

		if (!first_linktype(members, i, &own) ||
			(most > 0 && own == common))
			continue;
		count = count_converting(members, own);
		if (count > most) {
			common = own;
			most = count;
		}
	}
	return common;
}

void intake_agree(struct members *members)
{
	members->linktype = common_linktype(members);
	members->has_agreed = true;
	for (unsigned i = 0; i < members->count; i++) {
		struct member *member = &members->list[i];
		struct failure failure = {0};

		if (all_fit(member, &failure))
			continue;
		members_end(member, &failure);
		merge_discard(members->merge, i);
	}
}
