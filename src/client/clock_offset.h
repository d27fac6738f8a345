/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The difference of a host's clock from the local one, by one request. */
struct clock_offset {
	bool is_known;
	int64_t ns;	/* its time minus local time */
	uint64_t bound; /* ns: the largest error of it */
};

/*
 * Estimates the offset from the value of Ddump-Clock (size bytes, "RECEIVED
 * SENT": the host's time in ns when it had read the request, and when it sent
 * the response), and from the local time when the request was sent and the
 * response received (RFC 5905, section 8). The true offset is within the bound,
 * half of the round trip, whatever the network delay. Unknown if the value is
 * not valid.
 */
struct clock_offset clock_offset_estimate(
	const char *value, size_t size, uint64_t sent, uint64_t received);

/* Is the offset larger than its bound and than 50 ms? */
bool clock_offset_is_notable(const struct clock_offset *offset);

/* Writes text such as "3.000000 s ahead of this one (+-0.000400 s)" to out. */
void clock_offset_describe(const struct clock_offset *offset, char *out, size_t size);

/* Converts a time of the host to local time, in ns. */
uint64_t clock_offset_correct(const struct clock_offset *offset, uint64_t time);

/* Detects by a stream's watermarks whether its host's clock is set. */
struct clock_watch {
	bool is_known;
	uint64_t watermark_ns; /* the latest one; 0: none */
	int64_t ahead_ns;      /* the most it can be ahead of local CLOCK_BOOTTIME */
};

/* Starts with the offset at now and uptime: local times in ns. */
struct clock_watch clock_watch_begin(
	const struct clock_offset *offset, uint64_t now, uint64_t uptime);

/*
 * Notes a watermark. Returns by how many ns the clock has been set since the
 * last one, or 0 if that is less than a second or not certain: a watermark that
 * is delayed does not count.
 */
int64_t clock_watch_find_step(struct clock_watch *watch, uint64_t watermark, uint64_t uptime);

/*
 * Returns the most ns by which the last watermark can lag behind the host's
 * clock at uptime, or 0 if unknown. Up to twice the offset's bound, and steps
 * that clock_watch_find_step() cannot detect, are included.
 */
uint64_t clock_watch_lag_ns(const struct clock_watch *watch, uint64_t uptime);
