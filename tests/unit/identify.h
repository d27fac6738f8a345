/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

/* Identifies a packet from a copy of exactly its captured size, so that overreads are seen. */
static inline struct path_identity identify_copy(const struct path_hash_key *key, uint32_t linktype,
	const unsigned char *bytes, size_t caplen, size_t len)
{
	unsigned char *own = malloc(caplen ? caplen : 1);
	struct path_identity identity;

	assert_non_null(own);
	memcpy(own, bytes, caplen);
	path_identify(key, linktype, own, (uint32_t)caplen, (uint32_t)len, &identity);
	free(own);
	return identity;
}
