/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_events.h"

/*
 * The latest losses that were reported, so that they can be taken back. All zero: none. A
 * loss that is replaced by later ones stays reported.
 */
enum { TOLD_BUCKETS = 1024, TOLD_IN_BUCKET = 8, TOLD_BLOCK_BITS = 14 };

struct told_loss {
	struct path_identity identity;
	struct path_sight from;
	uint16_t to;
	bool is_used;
};

struct path_told {
	struct told_loss list[TOLD_BUCKETS][TOLD_IN_BUCKET];
};

void path_told_add(struct path_told *told, const struct told_loss *loss);

/*
 * Calls matches with each loss of an identity that is equal, or has bytes in common, until it
 * returns true: that one is returned in ret_loss and removed. size_max is that of the flow's
 * segments. False: there is none.
 */
bool path_told_take(struct path_told *told, const struct path_identity *identity, uint32_t size_max,
	bool (*matches)(const void *context, const struct told_loss *loss), const void *context,
	struct told_loss *ret_loss);
