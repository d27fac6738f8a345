#pragma once

#include "common/failure.h"

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QUERY_FILTER_MAX = 16384,
	QUERY_INTERFACES_MAX = 32,
	QUERY_COUNT_MAX = 2000000000,
	QUERY_DURATION_MAX = 31536000,
};

/* The parameters of GET /capture, decoded and checked one by one. */
struct query {
	char filter[QUERY_FILTER_MAX]; /* "": everything */
	char interfaces[QUERY_INTERFACES_MAX][IF_NAMESIZE];
	size_t interface_count; /* 0: all interfaces */
	uint32_t snaplen;	/* bytes of each packet, link header included */
	uint32_t count;		/* packets; 0: no end */
	uint32_t duration;	/* seconds; 0: no end */
	uint32_t linktype;	/* LINKTYPE_SLL or LINKTYPE_SLL2 */
	bool nano;
	bool pcapng;
};

/*
 * Parses a form-encoded query: %XX and '+' decode, what is unknown, repeated,
 * or out of its range is refused by name, with 400.
 */
bool query_parse(
	const char *text, struct query *ret_query, struct failure *failure);
