#pragma once

#include "common/failure.h"

#include <net/if.h>
#include <stdint.h>

/*
 * The network interfaces of this host, found without netlink: the unit allows
 * none.
 */

/*
 * Sets the index of the interface of that name, 0 if there is none. False,
 * with 503: that can't be told.
 */
bool interfaces_index(
	const char *name, uint32_t *ret_index, struct failure *failure);

/*
 * Writes the name of the interface with that index; of one that is gone,
 * "ifindex" and the index.
 */
void interfaces_name(uint32_t index, char name[IF_NAMESIZE]);

/*
 * Is there an interface with that index? One that was made again has another.
 * What can't be told is taken to be there.
 */
bool interfaces_has(uint32_t index);

/*
 * Returns all interfaces as a JSON array of objects (index, name, up,
 * addresses), for free(); NULL without memory or descriptors: it tells all or
 * nothing.
 */
char *interfaces_json(void);
