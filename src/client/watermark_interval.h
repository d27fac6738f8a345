/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"

enum { WATERMARK_INTERVAL_DEFAULT_MS = 50 }; /* of a worker that is not asked for another */

/*
 * Returns how often a silent worker is to send a watermark: ms. With many targets less
 * often, so that all of them together send no more than 10,000 a second; but often enough
 * that a late one does not end the hold.
 */
uint64_t watermark_interval_ms(const struct options *options);
