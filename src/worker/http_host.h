/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/slice.h"

/* The host of a URL or a Host field, RFC 3986, section 3.2. */
struct http_host {
	struct slice name; /* "web1", "192.0.2.1", "2001:db8::1" */
	bool address;
};

/*
 * Parses NAME, NAME:PORT, or the same with an address, IPv6 in brackets. Names are
 * those of DNS, with underscores: programs differ on what else RFC 3986 allows.
 * False: it is malformed.
 */
bool http_host_parse(struct slice text, struct http_host *ret_host);

/* Is it an address or localhost, which DNS cannot make point elsewhere? */
bool http_host_is_fixed(const struct http_host *host);

/* Is it one of these names, which spaces separate? */
bool http_host_is_listed(const struct http_host *host, const char *names);
