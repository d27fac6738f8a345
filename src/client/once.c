/* SPDX-License-Identifier: MIT */
/*
 * The stage of -once. In: packets in the order of the merge. Out: the same without what others
 * than the places of connections saw, counts, and warnings.
 *
 * A packet is decided when it comes, if that is possible. If not, it waits in the queue, and
 * so does all that comes after it. Each packet that comes may decide those that wait: they are
 * looked at from the first one on, as far as they are decided.
 */
#include "client/once.h"

#include "client/once_connections.h"
#include "client/once_key.h"
#include "client/once_name.h"
#include "client/once_queue.h"
#include "client/paths.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECTIONS_MAX = 1 << 16, /* some 500 bytes each */
	BYTES_MAX = 64 << 20,	   /* of packets that wait; with more, they leave early */
};

/* Packets of one target. */
struct once_target {
	uint64_t left_out;
	uint64_t waiting;
	bool is_place; /* packets of connections were written as it saw them */
};

enum name_match { MATCH_UNKNOWN, MATCH_NONE, MATCH_FOUND };

struct once {
	struct once_plan plan;
	struct once_keys keys;
	struct once_connections *connections;
	struct once_target *targets;
	enum name_match label;	/* does the name of -once-at have that of a target? */
	unsigned char *matches; /* by interface: enum name_match */
	uint32_t match_count;
	struct once_queue queue;
	uint64_t now_ns;   /* the progress of the merge */
	bool is_refused;   /* the last packet, by the sink */
	bool name_matched; /* some interface */
	bool full_warned;
	bool early_warned;
	bool drops_warned;
	bool is_finished;
	struct once_counts counts;
};

struct once *once_new(const struct once_plan *plan)
{
	struct once *once = calloc(1, sizeof(*once));

	if (!once)
		return NULL;
	once->plan = *plan;
	once_queue_init(&once->queue);
	once->targets = calloc(plan->targets, sizeof(*once->targets));
	once->connections = once_connections_new(CONNECTIONS_MAX);
	if (once->targets && once->connections && once_keys_init(&once->keys))
		return once;
	once_free(once);
	return NULL;
}

void once_free(struct once *once)
{
	if (!once)
		return;
	once_queue_cleanup(&once->queue); /* it uses the connections */
	once_connections_free(once->connections);
	free(once->targets);
	free(once->matches);
	free(once);
}

/* Makes space for the interfaces that have come. False: out of memory, so none is named. */
static bool grow_matches(struct once *once)
{
	const uint32_t count = once->plan.interfaces->count;
	unsigned char *grown;

	if (count <= once->match_count)
		return true;
	grown = realloc(once->matches, count);
	if (!grown)
		return false;
	memset(grown + once->match_count, MATCH_UNKNOWN, count - once->match_count);
	once->matches = grown;
	once->match_count = count;
	return true;
}

/* Does the name of -once-at have the label of a target? Labels never change. */
static bool names_target(struct once *once)
{
	if (once->label != MATCH_UNKNOWN)
		return once->label == MATCH_FOUND;
	once->label = MATCH_NONE;
	for (unsigned i = 0; i < once->plan.targets && once->label == MATCH_NONE; i++)
		if (once_name_has_label(once->plan.name, once->plan.interfaces->targets[i].label))
			once->label = MATCH_FOUND;
	return once->label == MATCH_FOUND;
}

static bool is_named(struct once *once, const struct interface_entry *entry)
{
	unsigned char *match;

	if (!once->plan.name || !grow_matches(once))
		return false;
	match = &once->matches[entry->number];
	if (*match == MATCH_UNKNOWN)
		*match = once_name_means(once->plan.name, names_target(once),
				 once->plan.interfaces->targets[entry->target].label, entry->shown)
				 ? MATCH_FOUND
				 : MATCH_NONE;
	once->name_matched = once->name_matched || *match == MATCH_FOUND;
	return *match == MATCH_FOUND;
}

/* A host whose clock is years ahead must not end the waiting of all others. */
static void note_time(struct once *once, uint64_t time_ns)
{
	if (time_ns > once->now_ns)
		once->now_ns = clock_later(once->now_ns, paths_plausible_ns(time_ns));
}

static void warn_of_full(struct once *once)
{
	if (once->full_warned)
		return;
	once->full_warned = true;
	notices_warn(once->plan.notices,
		"-once: more than %d connections at a time; packets of some are written as all "
		"targets saw them",
		CONNECTIONS_MAX);
}

/* Finds the sight that a packet is. connection NULL: it is written anyway. */
static void find_sight(struct once *once, unsigned target, const struct packet *packet,
	struct once_sight *ret_sight)
{
	const struct interface_entry *entry = once->plan.interfaces->list[packet->interface];
	struct once_packet_key key;

	*ret_sight = (struct once_sight){.seen_ns = once->now_ns};
	if (!once_keys_read(&once->keys, entry->interface.linktype, packet->interface, packet->data,
		    packet->caplen, packet->len, &key)) {
		once->counts.unconnected++;
		return;
	}
	ret_sight->connection =
		once_connections_find(once->connections, &key.key, key.digest, once->now_ns);
	if (!ret_sight->connection) {
		once->counts.unchecked++;
		warn_of_full(once);
		return;
	}
	ret_sight->direction = key.direction;
	ret_sight->place = (struct once_place){
		.vlans = key.vlans,
		.interface = packet->interface,
		.target = target,
		.direction = key.link_direction,
		.is_named = is_named(once, entry),
	};
}

static void count_left_out(struct once *once, unsigned target)
{
	once->counts.left_out++;
	once->targets[target].left_out++;
}

/* Counts a connection when packets of its first, and of its second place are written. */
static void count_written(struct once *once, unsigned target, const struct once_sight *sight)
{
	const bool has_name = once->plan.name != NULL;
	unsigned before;

	once->counts.written++;
	if (!sight->connection)
		return;
	before = sight->connection->ranks_written;
	once->counts.in_doubt += once_connection_written(sight, has_name);
	once->targets[target].is_place = true;
	if (has_name && before == 0 && sight->rank > ONCE_ALSO_NAMED)
		once->counts.elsewhere++;
	if ((before & (before - 1)) == 0 && before != 0 &&
		before != sight->connection->ranks_written)
		once->counts.split++;
}

/* Passes a packet on. False: the sink does not accept it now. */
static bool pass_on(struct once *once, unsigned target, const struct packet *packet,
	const struct once_sight *sight)
{
	once->is_refused = !once->plan.sink.packet(once->plan.sink.context, target, packet);
	if (!once->is_refused)
		count_written(once, target, sight);
	return !once->is_refused;
}

/* Decides on the first packet that waits; is_due: it waits no longer. */
static enum once_decision decide_first(const struct once *once, bool is_due)
{
	enum once_decision decision;

	if (once->queue.first->is_decided)
		return ONCE_WRITE;
	decision = once_connection_decide(
		&once->queue.first->sight, once->plan.name != NULL, once->now_ns);
	return decision == ONCE_WAIT && is_due ? ONCE_WRITE : decision;
}

/* Handles the first packet that waits. False: it waits on, or the sink does not accept it. */
static bool handle_first(struct once *once, bool is_due)
{
	const struct waiting_packet *first = once->queue.first;

	switch (decide_first(once, is_due)) {
	case ONCE_WAIT:
		return false;
	case ONCE_LEAVE_OUT:
		count_left_out(once, first->target);
		once->counts.in_doubt += once_connection_is_doubtful(&first->sight);
		break;
	case ONCE_WRITE:
		if (!pass_on(once, first->target, &first->packet, &first->sight))
			return false;
		break;
	}
	once->targets[first->target].waiting--;
	once_queue_remove_first(&once->queue);
	return true;
}

/*
 * Handles those that wait, as far as they are decided, and with too many of them also others.
 * False: the sink does not accept packets.
 */
static bool handle_waiting(struct once *once)
{
	once->is_refused = false;
	while (once->queue.first && handle_first(once, once->queue.bytes >= BYTES_MAX)) {
	}
	return !once->is_refused;
}

static void warn_of_early(struct once *once)
{
	if (once->early_warned || once->queue.bytes < BYTES_MAX)
		return;
	once->early_warned = true;
	notices_warn(once->plan.notices,
		"-once: packets come too fast to wait for the place of their connection; some are "
		"written as several targets saw them");
}

/* Passes a packet on after those that wait. False: out of memory. */
static bool pass_on_later(struct once *once, unsigned target, const struct packet *packet,
	const struct once_sight *sight, bool is_decided)
{
	/* it may have decided those that waited for its place */
	if (once->queue.first)
		handle_waiting(once);
	if (is_decided && !once->queue.first && pass_on(once, target, packet, sight))
		return true;
	if (!once_queue_add(&once->queue, target, packet, sight, is_decided))
		return false;
	once->targets[target].waiting++;
	warn_of_early(once);
	return true;
}

bool once_packet(void *context, unsigned target, const struct packet *packet)
{
	struct once *once = context;
	enum once_decision decision = ONCE_WRITE;
	struct once_sight sight;

	note_time(once, packet->time);
	if (!handle_waiting(once))
		return false;
	find_sight(once, target, packet, &sight);
	if (sight.connection)
		decision = once_connection_see(&sight, once->plan.name != NULL);
	if (decision == ONCE_LEAVE_OUT) {
		count_left_out(once, target);
		return true;
	}
	if (pass_on_later(once, target, packet, &sight, decision == ONCE_WRITE))
		return true;
	once->plan.fail(once->plan.file, "out of memory");
	return false;
}

bool once_block(void *context, unsigned target, const unsigned char *bytes, size_t size)
{
	const struct once *once = context;

	return once->plan.sink.block(once->plan.sink.context, target, bytes, size);
}

void once_advance(struct once *once, uint64_t time_ns, uint64_t now_ms)
{
	note_time(once, time_ns);
	once_queue_date(&once->queue, now_ms + once_connection_wait_ns() / NS_PER_MS);
	if (!handle_waiting(once) || time_ns > 0)
		return;
	while (once->queue.first && now_ms >= once->queue.first->due_ms &&
		handle_first(once, true)) {
	}
}

uint64_t once_due_ms(const struct once *once)
{
	return once->queue.first ? once->queue.first->due_ms : CLOCK_NEVER;
}

uint64_t once_promise(const struct once *once, uint64_t time_ns)
{
	if (!once->queue.first || once->queue.first->packet.time == 0)
		return time_ns;
	return clock_earlier(time_ns, once->queue.first->packet.time - 1);
}

void once_check_drops(struct once *once)
{
	const struct interface_table *interfaces = once->plan.interfaces;

	for (unsigned i = 0; i < once->plan.targets && !once->drops_warned; i++) {
		if (!once->targets[i].is_place ||
			statistics_drops(interface_table_total(interfaces, i)) == 0)
			continue;
		once->drops_warned = true;
		notices_warn(once->plan.notices,
			"-once: %s dropped packets; they are missing, even those that other "
			"targets saw",
			interfaces->targets[i].label);
	}
}

/* Warns of what is not as the user may expect. */
static void report_end(struct once *once)
{
	const struct once_counts *counts = &once->counts;

	once_check_drops(once);
	if (once->plan.name && !once->name_matched)
		notices_warn(once->plan.notices,
			"-once-at %s: no interface of this name saw a packet; each connection is "
			"as the "
			"first interface saw it; check the name with ddump -D",
			once->plan.name);
	if (counts->in_doubt > 0)
		notices_warn(once->plan.notices,
			"-once: up to %" PRIu64 " packets are missing, which others saw while the "
			"interface of their connection saw none; try without -once",
			counts->in_doubt);
}

bool once_finish(struct once *once)
{
	while (once->queue.first)
		if (!handle_first(once, true))
			return false;
	if (!once->is_finished)
		report_end(once);
	once->is_finished = true;
	return true;
}

struct once_counts once_counts(const struct once *once)
{
	struct once_counts counts = once->counts;

	counts.connections = once_connections_count(once->connections);
	return counts;
}

uint64_t once_left_out(const struct once *once, unsigned target)
{
	return once ? once->targets[target].left_out : 0;
}

uint64_t once_waiting(const struct once *once, unsigned target)
{
	return once ? once->targets[target].waiting : 0;
}
