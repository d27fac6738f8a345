/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * The watermark of a capture: a time up to which all packets have been handed
 * on. All zero: nothing is known yet. Times are ns of CLOCK_REALTIME, which
 * timestamps packets, too.
 */
struct watermark {
	uint64_t time_ns;	     /* the watermark, 0 at first */
	uint64_t packets_taken;	     /* by libpcap, out of the ring */
	uint64_t drained_ns;	     /* start of the last read that left no closed block; 0: none */
	uint64_t advanced_ns;	     /* last watermark_advance(); 0: never */
	uint64_t packets_received;   /* as counted then */
	uint64_t counter_changed_ns; /* last advance that found another count */
	bool must_move_back;	     /* time_ns is of the clock before it was set back */
};

/* Counts a packet that was taken out of the ring. */
void watermark_count_packet(struct watermark *watermark);

/* Reports a read of the ring that began at start_ns and left no closed block. */
void watermark_mark_drained(struct watermark *watermark, uint64_t start_ns);

/*
 * Returns the new watermark. received and dropped are the kernel's counters
 * since the start of the capture, read after now_ns. The watermark moves back
 * only when the clock was set back, and not before it is known again.
 */
uint64_t watermark_advance(
	struct watermark *watermark, uint64_t now_ns, uint64_t received, uint64_t dropped);
