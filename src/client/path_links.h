/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * By which time packets have passed the stretches between places, as the timestamps show it:
 * arrival minus sending, clocks' difference included. All zero: no stretch is known.
 */
enum { PATH_LINKS_MAX = 8192 }; /* a power of two */

struct path_link {
	bool is_used;
	uint16_t from;
	uint16_t to;
	int64_t least_ns;
	int64_t most_ns;
};

struct path_links {
	uint32_t used;
	struct path_link list[PATH_LINKS_MAX];
};

/*
 * Adds a packet's times; decades are left out. Beyond three quarters of PATH_LINKS_MAX, new
 * stretches are left out.
 */
void path_links_add(struct path_links *links, uint16_t from, uint16_t to, int64_t difference_ns);

/* Returns by how much times differ on a stretch, or at_least_ns if that is more. */
int64_t path_link_slack_ns(const struct path_link *link, int64_t at_least_ns);

/* Returns what is known of a stretch, or NULL. */
const struct path_link *path_links_find(const struct path_links *links, uint16_t from, uint16_t to);
