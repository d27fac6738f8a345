#pragma once

#include <stdint.h>

/*
 * The network interfaces of this host, found without netlink: the unit allows
 * none.
 */

/* Returns the index of the interface of that name, 0 if there is none. */
uint32_t interfaces_index(const char *name);

/*
 * Returns all interfaces as a JSON array of objects (index, name, up,
 * addresses), for free(); NULL without memory.
 */
char *interfaces_json(void);
