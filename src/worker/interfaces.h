#pragma once

#include <net/if.h>
#include <stdint.h>

/*
 * The network interfaces of this host, found without netlink: the unit allows
 * none.
 */

/* Returns the index of the interface of that name, 0 if there is none. */
uint32_t interfaces_index(const char *name);

/*
 * Writes the name of the interface with that index; of one that is gone,
 * "ifindex" and the index.
 */
void interfaces_name(uint32_t index, char name[IF_NAMESIZE]);

/*
 * Returns all interfaces as a JSON array of objects (index, name, up,
 * addresses), for free(); NULL without memory.
 */
char *interfaces_json(void);
