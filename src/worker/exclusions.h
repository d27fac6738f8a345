/* SPDX-License-Identifier: MIT */
#pragma once

#include "worker/bpf_assembler.h"
#include "worker/bpf_header_walk.h"
#include "worker/peer.h"
#include "worker/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum {
	/* a request has up to 17, the longest expression some 160 */
	EXCLUSIONS_PORTS_MAX = 192,
	EXCLUSIONS_ENDPOINTS_MAX = 16,
	EXCLUSIONS_EXPRESSION_SIZE = 1024,
};

/* The packets that no client captures, whatever its filter is. */
struct exclusions {
	uint16_t ports[EXCLUSIONS_PORTS_MAX]; /* of TCP, at any address */
	size_t port_count;
	struct endpoint endpoints[EXCLUSIONS_ENDPOINTS_MAX];
	size_t endpoint_count;
	/* between these addresses no later fragment of TCP is captured */
	struct endpoint local;
	struct endpoint remote;
	uint32_t loopback;	/* packets that leave by this interface; 0: none */
	const char *expression; /* pcap-filter(7); NULL: none */
};

/*
 * Collects all that a capture for this peer never contains: the administrator's
 * expression, the peer's own stream, and the second copy of loopback packets.
 * False, with 503: the loopback interface cannot be looked up.
 */
bool exclusions_collect(struct exclusions *ret_exclusions, const struct settings *settings,
	const struct peer *peer, struct error *error);

/*
 * Adds what keeps a connection's own stream out of its capture: its local port,
 * and the ports of the proxies on its way.
 */
void exclusions_add_peer(struct exclusions *exclusions, const struct peer *peer);

/*
 * Checks the administrator's expression. False: it is too long, or has a word
 * that would shift the offsets of the rest.
 */
bool exclusions_check_expression(const char *expression, struct error *error);

/*
 * Sets the expression. If its terms are joined by "or" alone, the ports of those
 * like "tcp port 80" or "port 80" are added to the list of ports as well, which is
 * also applied after extension headers.
 */
void exclusions_set_expression(struct exclusions *exclusions, const char *expression);

/* Adds a port unless it is in the list, which must not be full. */
void exclusions_add_port(struct exclusions *exclusions, uint16_t port);

/* Adds an endpoint to the list, which must not be full. */
void exclusions_add_endpoint(struct exclusions *exclusions, const struct endpoint *endpoint);

/*
 * Appends instructions that reject what the ports, the endpoints, the addresses of
 * fragments and the loopback interface exclude. Other packets continue with the
 * instruction after them.
 */
void exclusions_assemble(const struct exclusions *exclusions, const struct bpf_header_link *link,
	struct filter_program *program);

/*
 * Prints the exclusions, the expression included, as pcap-filter(7), joined by
 * "or"; nothing if there are none. It is an approximation: libpcap does not skip
 * extension headers.
 */
void exclusions_print(FILE *out, const struct exclusions *exclusions);
