/* SPDX-License-Identifier: MIT */
/*
 * Maps interfaces to IDBs. In: the index of a packet's interface. Out: the number
 * of its IDB. A hash table with open addressing and a fixed size: container hosts
 * have thousands of interfaces, and create many more during a capture.
 */
#include "worker/interface_ids.h"

uint32_t interface_ids_get(struct interface_ids *interface_ids, uint32_t index, bool *ret_is_new)
{
	/* indexes are dense, so their lowest bits are a good hash */
	uint32_t slot = index % INTERFACE_IDS_SLOTS;

	*ret_is_new = false;
	while (interface_ids->slots[slot].index != 0) {
		if (interface_ids->slots[slot].index == index)
			return interface_ids->slots[slot].number;
		slot = (slot + 1) % INTERFACE_IDS_SLOTS;
	}
	if (index == 0 || interface_ids->count == INTERFACE_IDS_MAX)
		return 0;
	*ret_is_new = true;
	interface_ids->slots[slot].index = index;
	interface_ids->slots[slot].number = ++interface_ids->count;
	return interface_ids->count;
}
