/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The progress of one source. Times in ms are those of clock_ms(). */
struct source_clock {
	bool running;			/* it may still send */
	bool is_ordered;		/* in order of time, and without delay */
	uint64_t watermark_ns;		/* no packet up to this time will come */
	uint64_t promised_ns;		/* the same, but never deduced from a packet */
	uint64_t newest_ns;		/* of its packets and watermarks */
	uint64_t newest_at_ms;		/* when that came */
	uint64_t last_ms;		/* when anything came */
	uint64_t resumed_ms;		/* when reading it began, or went on after a pause */
	uint64_t watermark_at_ms;	/* when the last watermark came; 0: none yet */
	uint64_t watermark_interval_ms; /* between two of them: a recent maximum */
};

/* The state of all sources of a merge. */
struct release {
	struct source_clock *sources;
	unsigned source_count;
	uint64_t hold_ms;
	uint64_t watermark_ms;	    /* the interval of watermarks that the sources were asked for */
	size_t full_count;	    /* sources with full queues */
	size_t running_count;	    /* sources that are running */
	size_t ordered_count;	    /* those of them that are ordered */
	uint64_t source_resumed_ms; /* the latest resumed_ms of all */
	uint64_t output_resumed_ms; /* when the output's last long pause ended */
};

/* When the first packet of all may leave. */
struct release_decision {
	uint64_t wait_ms;  /* 0: now */
	uint64_t up_to_ns; /* later packets up to this time may leave, too; 0: none */
};

/* A source sends its packets in order of time, without delay: it is a file. */
void release_set_ordered(struct release *release, unsigned source);

/* Are all running sources ordered? */
bool release_has_only_ordered(const struct release *release);

/* A source may send from now on. */
void release_source_begins(struct release *release, unsigned source);

/* A source sends nothing more. */
void release_source_ends(struct release *release, unsigned source);

/* A source begins to send at now (ms), or is read again after a pause. */
void release_source_resumed(struct release *release, unsigned source, uint64_t now);

/*
 * A packet of the time time_ns came from a source at now (ms), which will send
 * none up to watermark_ns.
 */
void release_packet_came(struct release *release, unsigned source, uint64_t time_ns,
	uint64_t watermark_ns, uint64_t now);

/* A watermark of the time time_ns came from a source at now (ms). */
void release_watermark_came(
	struct release *release, unsigned source, uint64_t time_ns, uint64_t now);

/*
 * Returns in ret_ns up to which time no running source will send a packet. False: none
 * runs, or one does not send watermarks.
 */
bool release_promise(const struct release *release, uint64_t *ret_ns);

/*
 * Decides at now (ms) on the first packet of all, which has the time time_ns and
 * arrived at arrived (ms).
 */
struct release_decision release_decide(
	const struct release *release, uint64_t time_ns, uint64_t arrived, uint64_t now);

/*
 * Returns when (ms) the hold of such a packet ends if it waits not only for the
 * sources that block it, but also for the source number earlier, whose first
 * packet precedes it.
 */
uint64_t release_due_ms(
	const struct release *release, uint64_t time_ns, uint64_t arrived, unsigned earlier);
