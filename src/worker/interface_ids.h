/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	INTERFACE_IDS_MAX = 3000, /* further interfaces get number 0 */
	INTERFACE_IDS_SLOTS = 4096,
};

/*
 * The interfaces of a capture, with the numbers of their IDBs in its pcapng
 * section. IDB 0 is "any". All zero: no interface yet.
 */
struct interface_ids {
	struct {
		uint32_t index; /* of the interface; 0: the slot is free */
		uint32_t number;
	} slots[INTERFACE_IDS_SLOTS];
	uint32_t count;
};

/*
 * Returns the number of an interface, or 0 when there are too many. ret_is_new is
 * true if this call has assigned it.
 */
uint32_t interface_ids_get(struct interface_ids *interface_ids, uint32_t index, bool *ret_is_new);
