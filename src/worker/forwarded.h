#pragma once

#include "common/failure.h"

#include <netinet/in.h>
#include <stdint.h>

enum { FORWARDED_MAX = 16 };

/* One address of a Forwarded field, RFC 7239, section 6. */
struct forwarded_node {
	char address[INET6_ADDRSTRLEN]; /* "": hidden or not an address */
	uint16_t port;			/* 0: not told */
};

/* What the field tells about one hop. */
struct forwarded_hop {
	struct forwarded_node from; /* for=: whose request it was */
	struct forwarded_node by;   /* by=: where the proxy took it */
};

/*
 * Parses the value of a Forwarded field into at most FORWARDED_MAX hops.
 * Returns how many; -1, with 400 in failure, if it is malformed.
 */
int forwarded_parse(const char *value, struct forwarded_hop *ret_hops,
	struct failure *failure);
