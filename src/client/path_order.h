/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_events.h"

enum { PATH_SIGHTS_MAX = 10 };

/*
 * Sorts the sights of one packet (count of 1 to PATH_SIGHTS_MAX) into the order of its
 * way. places is the array that sight->place indexes. False: the order is not known; then
 * sights are sorted by TTL, and those with one TTL where their order is known. The theory in
 * path_pairing.c has the rules.
 */
bool path_order(const struct path_place *places, struct path_sight *sights, size_t count);
