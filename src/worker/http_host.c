/* SPDX-License-Identifier: MIT */
/*
 * Parses the Host field (RFC 9110, section 7.2). In: its value, or the authority of
 * a URL. Out: the host, and whether DNS could make the name point elsewhere.
 */
#include "worker/http_host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

enum { NAME_SIZE = 256, PORT_DIGITS = 5, PORT_MAX = 65535 };

static bool is_address(int family, struct slice name)
{
	struct in6_addr binary;
	char text[INET6_ADDRSTRLEN] = "";

	if (name.size >= sizeof(text))
		return false;
	memcpy(text, name.at, name.size);
	return strlen(text) == name.size && inet_pton(family, text, &binary) == 1;
}

/* Is it labels of letters, digits, "-" and "_", with an optional dot at the end? */
static bool is_name(struct slice name)
{
	bool in_label = false;

	for (size_t i = 0; i < name.size; i++) {
		unsigned char c = (unsigned char)name.at[i];

		if (c == '.' && !in_label)
			return false;
		in_label = c != '.';
		if (in_label && !isalnum(c) && c != '-' && c != '_')
			return false;
	}
	return name.size > 0 && name.size < NAME_SIZE;
}

/* Is it ":PORT", or nothing? */
static bool is_port(struct slice text)
{
	unsigned port = 0;

	if (text.size == 0)
		return true;
	if (*text.at != ':' || text.size < 2 || text.size > 1 + PORT_DIGITS)
		return false;
	for (size_t i = 1; i < text.size; i++) {
		if (!isdigit((unsigned char)text.at[i]))
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	return port <= PORT_MAX;
}

bool http_host_parse(struct slice text, struct http_host *ret_host)
{
	struct http_host host = {.name = text};
	const bool bracketed = text.size > 0 && *text.at == '[';
	struct slice rest = text;

	if (bracketed) {
		rest.at++;
		rest.size--;
		if (!slice_cut(&rest, ']', &host.name))
			return false;
		host.address = is_address(AF_INET6, host.name);
	} else {
		if (slice_cut(&rest, ':', &host.name)) {
			rest.at--;
			rest.size++;
		} else {
			rest.size = 0;
		}
		host.address = is_address(AF_INET, host.name);
	}
	if (!is_port(rest) || (bracketed && !host.address) || (!bracketed && !is_name(host.name)))
		return false;
	*ret_host = host;
	return true;
}

static bool ends_in(struct slice text, const char *end)
{
	const size_t size = strlen(end);

	return text.size >= size && slice_is((struct slice){text.at + text.size - size, size}, end);
}

/* Removes the dot at the end of a fully qualified name. */
static struct slice without_last_dot(struct slice name)
{
	if (name.size > 0 && name.at[name.size - 1] == '.')
		name.size--;
	return name;
}

bool http_host_is_fixed(const struct http_host *host)
{
	const struct slice name = without_last_dot(host->name);

	/* browsers do not look these names up, RFC 6761, section 6.3 */
	return host->address || slice_is(name, "localhost") || ends_in(name, ".localhost");
}

bool http_host_is_listed(const struct http_host *host, const char *names)
{
	static const char spaces[] = " \t\r\n";
	const struct slice name = without_last_dot(host->name);

	for (names += strspn(names, spaces); *names; names += strspn(names, spaces)) {
		const size_t size = strcspn(names, spaces);

		if (slice_same((struct slice){names, size}, name))
			return true;
		names += size;
	}
	return false;
}
