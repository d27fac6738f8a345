/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

/* Both functions return false with 500 if the kernel refuses; see capabilities(7). */

/*
 * Keeps CAP_NET_RAW, if the process has it, and no other capability; to be called
 * before a byte of a client is read. Root becomes nobody; in a user namespace without
 * nobody it stays the user who created it, unless that is the host's root. New
 * privileges cannot be gained any more.
 */
bool privileges_keep_net_raw(struct error *error);

/* Drops CAP_NET_RAW as well. */
bool privileges_drop_all(struct error *error);
