/* SPDX-License-Identifier: MIT */
#include "client/path_datagram_key.h"

#include "client/path_flow_key.h"

uint64_t datagram_mix(uint64_t value)
{
	value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
	return value ^ value >> 31;
}

uint64_t datagram_flow(const struct path_identity *identity)
{
	return identity->flow_digest + path_flow_key_is_descending(&identity->flow);
}

uint64_t datagram_key(const struct path_identity *identity)
{
	return datagram_mix(datagram_flow(identity) ^
			    datagram_mix((uint64_t)identity->checks[PATH_CHECK_ALL] << 32 |
					 identity->size)) |
	       1;
}

uint64_t datagram_head(const struct path_identity *identity)
{
	return datagram_mix(datagram_flow(identity) ^
			    datagram_mix(identity->checks[DATAGRAM_HEAD_CHECK])) |
	       1;
}

bool datagram_has_head(const struct path_identity *identity)
{
	return identity->size >= path_check_sizes[DATAGRAM_HEAD_CHECK];
}

int32_t datagram_id(const struct path_identity *identity)
{
	return identity->has_id ? identity->id : DATAGRAM_ID_UNKNOWN;
}

void datagram_set_range(struct path_identity *part, uint64_t digest, uint32_t sequence)
{
	part->kind = PATH_BYTES;
	part->digest = digest;
	part->sequence = sequence;
	/* parts of one digest are of one sending: no other identification contradicts */
	part->has_id = true;
	part->id = 1;
}
