/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/forwarded.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { PEER_NAME_SIZE = 128 };

/* One end of a TCP connection. */
struct endpoint {
	int family;					/* AF_INET, AF_INET6; 0: unknown */
	unsigned char address[sizeof(struct in6_addr)]; /* in network byte order */
	uint16_t port;
};

/* The other end of a connection, as its socket reports it. */
struct peer {
	char name[PEER_NAME_SIZE]; /* "192.0.2.1:4711", "unix:uid=33,pid=812" */
	struct endpoint local;	   /* of this host; family 0 on a unix socket */
	struct endpoint remote;	   /* of the peer */
	bool trusted;		   /* unix or loopback: its Forwarded field is used */
	/* the hops of that field, before a trusted peer: */
	struct forwarded_hop hops[FORWARDED_MAX];
	int hop_count;
};

/* Parses an IPv4 or IPv6 address. False: it is malformed. */
bool endpoint_parse(const char *address, uint16_t port, struct endpoint *ret_endpoint);

/*
 * Identifies the peer of a socket. False, with 503: the local port is unknown, which
 * must never be captured.
 */
bool peer_of_socket(int fd, struct peer *ret_peer, struct error *error);

/*
 * The same for a process without a socket that runs in an ssh session: connection is
 * the value of SSH_CONNECTION, ssh(1), or NULL. Its local port stays 0, because other
 * connections to sshd are not the session's. False, with 1: it is malformed.
 */
bool peer_of_ssh(const char *connection, struct peer *ret_peer, struct error *error);

/*
 * Stores the hops of a Forwarded field (RFC 7239; "": none) if the peer is trusted.
 * Returns false, with 400, if it is malformed.
 */
bool peer_add_forwarded(struct peer *peer, const char *forwarded, struct error *error);

/*
 * Has the nearest proxy sent the port on which it received the request? Without that
 * the stream to its client cannot be excluded from a capture. Earlier hops may be
 * forged by the client.
 */
bool peer_has_proxy(const struct peer *peer);

/*
 * Writes the client of the nearest proxy: "192.0.2.1:4711"; "" if it is unknown.
 */
void peer_client(const struct peer *peer, char client[PEER_NAME_SIZE]);

/*
 * Returns the uid of the other end of a TCP connection over the loopback interface;
 * -1 if it is unknown.
 */
int64_t peer_owner(int fd);
