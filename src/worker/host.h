#pragma once

#include "worker/span.h"

/* A host as URLs and the Host field have it, RFC 3986, section 3.2. */
struct host {
	struct span name; /* "web1", "192.0.2.1", "2001:db8::1" */
	bool address;
};

/*
 * Parses NAME, NAME:PORT, or the same of an address, IPv6 in brackets. Names
 * are those of the DNS, underscores included: what else RFC 3986 allows no two
 * programs read alike. False: it is none.
 */
bool host_parse(struct span text, struct host *ret_host);

/* Is it an address or localhost, which no name server can lead elsewhere? */
bool host_is_fixed(const struct host *host);

/* Is it one of these names, which have blanks between them? */
bool host_is_listed(const struct host *host, const char *names);
