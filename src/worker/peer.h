#pragma once

#include "common/failure.h"
#include "worker/filter.h"

#include <stdint.h>

/* Who is at the other end of a connection; the socket's own word for it. */
struct peer {
	char name[128];	     /* "192.0.2.1:4711", "unix:uid=33,pid=812" */
	uint16_t local_port; /* the TCP port here; 0 on a unix socket */
	bool trusted; /* unix or loopback: its Forwarded field is believed */
};

/*
 * False, with 503: the socket does not tell its own port, which must never be
 * captured.
 */
bool peer_of_socket(int fd, struct peer *ret_peer, struct failure *failure);

/*
 * Adds what keeps a connection's own stream out of its capture: its port
 * here, and what a trusted peer's Forwarded field says of the way behind it.
 * Returns false, with 400, if that field is malformed.
 */
bool peer_exclude(const struct peer *peer, const char *forwarded,
	struct filter *filter, struct failure *failure);
