#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How far a host's clock is from ours, as far as one exchange can tell. */
struct offset {
	bool is_known;
	int64_t ns;	/* its time minus ours */
	uint64_t bound; /* ns: by how much that may be wrong */
};

/*
 * Estimates it from the value of Ddump-Clock (size bytes, "ASKED SENT": its
 * time when it had read the request and when it sent the answer, in ns), and
 * from ours when the request left and when the answer came. The true offset is
 * within the bound, which is half of the round trip, whatever the network
 * did; RFC 5905, section 8, has the arithmetic. Not known if the value is
 * none.
 */
struct offset offset_estimate(
	const char *value, size_t size, uint64_t left, uint64_t came);

/* Is it more than the exchange's uncertainty, and than 50 ms? */
bool offset_is_notable(const struct offset *offset);

/* Writes "3.000000 s ahead of this one (+-0.000400 s)" or so into out. */
void offset_describe(const struct offset *offset, char *out, size_t size);

/* Turns its time into ours. */
uint64_t offset_correct(const struct offset *offset, uint64_t time);

/* What a stream's watermarks tell of its host's clock: is it set meanwhile? */
struct pace {
	bool is_known;
	uint64_t told; /* ns: the latest watermark */
	int64_t ahead; /* ns: of CLOCK_BOOTTIME here, at the most */
};

/* Of a host with that offset at now and uptime, both in ns: times of ours. */
struct pace pace_begin(
	const struct offset *offset, uint64_t now, uint64_t uptime);

/*
 * By how many ns the clock was set before it told that time, as far as that is
 * sure and more than a second; 0: it was not. What is late is no sign of that.
 */
int64_t pace_step(struct pace *pace, uint64_t time, uint64_t uptime);

/*
 * By how many ns what it told last is behind its clock at uptime, at most: up
 * to twice the offset's bound of that is none, and whatever pace_step() can't
 * see. 0: that is not known.
 */
uint64_t pace_lag(const struct pace *pace, uint64_t uptime);
