/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_stretches.h"

/*
 * Sorts stretches, whose places are known, for people: each row is followed by the one that
 * goes on from its end, so that the stretches of a way are together. Without memory, the
 * order is left as it is.
 */
void path_row_order_sort(const struct path_stretch **rows, size_t count);
