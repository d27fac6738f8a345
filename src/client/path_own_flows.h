/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_headers.h"
#include "client/target_list.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The TCP connections by which the streams of the targets come to ddump. Each worker leaves out
 * its own one, but other targets may see it on its way. Then it would seem to end there.
 */
struct path_own_flows;

/* One end of a connection: an address as inet_pton(3) reads it, perhaps with a zone. */
struct path_own_end {
	const char *address;
	unsigned port;
};

/*
 * Begins with the targets that are reached by ssh. Nothing shows by which connection of ssh(1):
 * all connections to that port are left out, if the target is an address. NULL: out of memory.
 */
struct path_own_flows *path_own_flows_new(const struct target_list *targets);

/* Accepts NULL. */
void path_own_flows_free(struct path_own_flows *own);

/*
 * A target's stream comes by a connection between these. That of its stream before is kept,
 * since packets of it may follow. What is no address is ignored.
 */
void path_own_flows_connect(struct path_own_flows *own, unsigned target,
	const struct path_own_end *local, const struct path_own_end *peer);

/* Is a flow a direction of one of these? */
bool path_own_flows_have(const struct path_own_flows *own, const struct path_flow_key *flow);
