/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stddef.h>

/*
 * Returns the interfaces of a target as lines for the user, each with the target's label
 * before it, for free(). bytes are a worker's answer to GET /interfaces. All that comes
 * from the host is escaped, and the fields have no spaces in them. Returns NULL with error
 * set if the answer is damaged.
 */
char *interface_lines_of_worker(
	const char *label, const void *bytes, size_t size, struct error *error);

/* The same for what tcpdump -D prints on a host; its lines are not changed otherwise. */
char *interface_lines_of_tcpdump(
	const char *label, const void *bytes, size_t size, struct error *error);
