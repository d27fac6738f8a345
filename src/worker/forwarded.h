/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <netinet/in.h>
#include <stdint.h>

enum { FORWARDED_MAX = 16 };

/* One address of a Forwarded field, RFC 7239, section 6. */
struct forwarded_node {
	char address[INET6_ADDRSTRLEN]; /* "": hidden */
	uint16_t port;			/* 0: not given */
};

/* One hop of the field. */
struct forwarded_hop {
	struct forwarded_node from; /* for=: the client of the proxy */
	struct forwarded_node by;   /* by=: where the proxy received the request */
};

/*
 * Parses the value of a Forwarded field into at most FORWARDED_MAX hops. Returns
 * how many; -1 with 400 if it is malformed.
 */
int forwarded_parse(const char *value, struct forwarded_hop *ret_hops, struct error *error);
