/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	HOST_ADDRESS_IPV4 = 4, /* sizes in bytes */
	HOST_ADDRESS_IPV6 = 16,
	HOST_ADDRESS_TEXT = 46, /* as text, with its 0 */
};

/* An IPv4 or IPv6 address in network byte order. */
struct host_address {
	uint8_t size; /* HOST_ADDRESS_IPV4 or HOST_ADDRESS_IPV6 */
	unsigned char bytes[HOST_ADDRESS_IPV6];
};

/*
 * Can an address belong to one host alone? Not one that each host has, or each link:
 * loopback, link-local, multicast, broadcast and unspecified ones (RFC 6890).
 */
bool host_address_is_own(const struct host_address *address);

/* Returns less than, equal to or more than 0, in any order that is total. */
int host_address_compare(const struct host_address *one, const struct host_address *other);

void host_address_print(const struct host_address *address, char out[HOST_ADDRESS_TEXT]);

/*
 * Is a text an address, perhaps with brackets and a port as in a URL, or with the number that
 * makes a label unique (192.0.2.11#2)?
 */
bool host_address_is_text(const char *text);
