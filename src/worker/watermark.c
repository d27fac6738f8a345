/* SPDX-License-Identifier: MIT */
/*
 * Infers the watermark of a capture. In: packets taken out of the ring, the
 * kernel's counters, a clock. Out: a time up to which all packets have been
 * handed on.
 *
 * Theory of operation
 *
 * A packet may sit in the ring's open block, which only the kernel sees. The
 * watermark is right nevertheless, for one of two reasons:
 *
 * 1. The ring is empty. The kernel counts a packet when it enters the ring or
 *    is dropped. When packets taken == packets received - packets dropped, no
 *    packet is left in the ring, and all packets up to now have been handed on.
 *    A margin of IN_FLIGHT_NS covers packets that have a timestamp but have not
 *    been counted yet.
 * 2. The ring is not empty, but its closed blocks have been read. The kernel
 *    closes a block soon, at the latest after BLOCK_CLOSED_NS. A packet that is
 *    older than that when the read begins is in a closed block, and has been
 *    handed on.
 *
 * Repair: libpcap discards some packets itself (one of two copies of a CAN
 * frame), and the first comparison would never hold again. When no packet has
 * been counted for so long that no block can be open, the ring is known to be
 * empty, and the count is made equal again.
 *
 * When the clock is set back, the start of the last read is a time of the clock
 * before that, and is forgotten. Until one of the reasons holds again, the watermark
 * keeps its value; then it moves back.
 */
#include "worker/watermark.h"

#include "common/clock.h"

/* From a packet's timestamp to its being counted: a backlog lies in between. */
static const uint64_t IN_FLIGHT_NS = 10 * NS_PER_MS;

/* After this no block stays open: the kernel's timer has run many times. */
static const uint64_t BLOCK_CLOSED_NS = 100 * NS_PER_MS;

void watermark_count_packet(struct watermark *watermark)
{
	watermark->packets_taken++;
}

void watermark_mark_drained(struct watermark *watermark, uint64_t start_ns)
{
	watermark->drained_ns = start_ns;
}

static void note_counter(
	struct watermark *watermark, uint64_t now_ns, bool clock_set_back, uint64_t received)
{
	const bool is_first = watermark->advanced_ns == 0;

	if (is_first || clock_set_back || received != watermark->packets_received)
		watermark->counter_changed_ns = now_ns;
	watermark->packets_received = received;
}

/* Makes the counts equal where the ring is known to be empty. */
static void repair_count(struct watermark *watermark, uint64_t packets_stored)
{
	if (watermark->drained_ns > watermark->counter_changed_ns + BLOCK_CLOSED_NS)
		watermark->packets_taken = packets_stored;
}

/* Returns the watermark that the two reasons of the theory allow now; 0: none. */
static uint64_t infer_time(
	const struct watermark *watermark, uint64_t now_ns, uint64_t packets_stored)
{
	if (watermark->packets_taken == packets_stored)
		return now_ns - IN_FLIGHT_NS;
	if (watermark->drained_ns > BLOCK_CLOSED_NS)
		return watermark->drained_ns - BLOCK_CLOSED_NS;
	return 0;
}

uint64_t watermark_advance(
	struct watermark *watermark, uint64_t now_ns, uint64_t received, uint64_t dropped)
{
	const uint64_t packets_stored = received - dropped;
	const bool clock_set_back = now_ns < watermark->advanced_ns;
	uint64_t time_ns;

	if (clock_set_back) {
		watermark->must_move_back = true;
		watermark->drained_ns = 0;
	}
	note_counter(watermark, now_ns, clock_set_back, received);
	repair_count(watermark, packets_stored);
	watermark->advanced_ns = now_ns;
	time_ns = infer_time(watermark, now_ns, packets_stored);
	if (time_ns == 0)
		return watermark->time_ns;
	if (watermark->must_move_back || time_ns > watermark->time_ns)
		watermark->time_ns = time_ns;
	watermark->must_move_back = false;
	return watermark->time_ns;
}
