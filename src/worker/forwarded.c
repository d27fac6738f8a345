/* SPDX-License-Identifier: MIT */
/*
 * Parses the Forwarded field (RFC 7239). In: its value, from a proxy on this host.
 * Out: the addresses and ports of each hop.
 */
#include "worker/forwarded.h"

#include "common/text.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

enum { VALUE_MAX = 1024, NAME_SIZE = 16 };

struct pair {
	char name[NAME_SIZE]; /* cut; all known names are shorter */
	char value[VALUE_MAX];
};

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

static const char *parse_quoted(const char *text, char *out)
{
	size_t used = 0;

	for (text++; *text != '"'; text++) {
		if (*text == '\\')
			text++;
		if (!*text || used + 1 >= VALUE_MAX)
			return NULL;
		out[used++] = *text;
	}
	out[used] = '\0';
	return text + 1;
}

/* Some proxies do not quote addresses with ports: all but the separators is accepted. */
static const char *parse_plain(const char *text, char *out)
{
	size_t size = strcspn(text, " \t,;\"");

	if (size == 0 || size >= VALUE_MAX)
		return NULL;
	memcpy(out, text, size);
	out[size] = '\0';
	return text + size;
}

/* Parses NAME=VALUE; returns what follows, NULL if it is malformed. */
static const char *parse_pair(const char *text, struct pair *ret_pair)
{
	size_t size = strcspn(text, "=,; \t\"");
	size_t kept = size < NAME_SIZE - 1 ? size : NAME_SIZE - 1;

	if (size == 0 || text[size] != '=')
		return NULL;
	memcpy(ret_pair->name, text, kept);
	ret_pair->name[kept] = '\0';
	text += size + 1;
	return *text == '"' ? parse_quoted(text, ret_pair->value)
			    : parse_plain(text, ret_pair->value);
}

/* Is it a substitute for an address that a proxy hides? */
static bool is_hidden(const char *value, size_t size)
{
	static const char unknown[] = "unknown";

	return *value == '_' || (size == strlen(unknown) && strncasecmp(value, unknown, size) == 0);
}

/* Parses ":PORT", ":_name" for a hidden port, or nothing. */
static bool parse_port(const char *text, uint16_t *ret_port)
{
	uint64_t port = 0;

	if (*text && *text != ':')
		return false;
	if (*text && text[1] != '_' && !text_number(text + 1, UINT16_MAX, &port))
		return false;
	*ret_port = (uint16_t)port;
	return true;
}

/*
 * Returns the size of the address of a node. IPv6 needs brackets, but some proxies
 * omit them: then the port follows the last colon.
 */
static size_t address_size(const char *value, bool bracketed)
{
	const char *colon = strrchr(value, ':');

	if (bracketed)
		return strcspn(value, "]");
	return colon ? (size_t)(colon - value) : strlen(value);
}

/* Parses a node, section 6: an address, "unknown" or "_name", and an optional port. */
static bool parse_node(const char *value, struct forwarded_node *ret_node)
{
	struct in6_addr binary;
	struct forwarded_node node = {0};
	bool bracketed = *value == '[';
	size_t size = address_size(value += bracketed, bracketed);
	const char *rest = value + size;
	int family = memchr(value, ':', size) ? AF_INET6 : AF_INET;

	if (size < sizeof(node.address))
		memcpy(node.address, value, size);
	if (inet_pton(family, node.address, &binary) != 1) {
		if (bracketed || !is_hidden(value, size))
			return false;
		node.address[0] = '\0';
	}
	if (*node.address && family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&binary))
		inet_ntop(AF_INET, binary.s6_addr + 12, node.address, sizeof(node.address));
	if (bracketed && (family != AF_INET6 || *rest++ != ']'))
		return false;
	if (!parse_port(rest, &node.port))
		return false;
	*ret_node = node;
	return true;
}

static bool store_pair(const struct pair *pair, struct forwarded_hop *hop)
{
	if (strcasecmp(pair->name, "for") == 0)
		return parse_node(pair->value, &hop->from);
	if (strcasecmp(pair->name, "by") == 0)
		return parse_node(pair->value, &hop->by);
	return true;
}

/* Parses the pairs of one hop; returns what follows, NULL if malformed. */
static const char *parse_hop(const char *text, struct forwarded_hop *hop)
{
	struct pair pair;

	for (;;) {
		text = skip_spaces(text);
		if (*text && *text != ';' && *text != ',') {
			text = parse_pair(text, &pair);
			if (!text || !store_pair(&pair, hop))
				return NULL;
			text = skip_spaces(text);
		}
		if (*text != ';')
			return text;
		text++;
	}
}

int forwarded_parse(const char *value, struct forwarded_hop *ret_hops, struct error *error)
{
	const char *text = value;
	int count = 0;

	for (;;) {
		if (count == FORWARDED_MAX) {
			error_set(error, 400, "the Forwarded field has more than %d hops",
				FORWARDED_MAX);
			return -1;
		}
		memset(&ret_hops[count], 0, sizeof(ret_hops[count]));
		text = parse_hop(text, &ret_hops[count]);
		if (!text || (*text && *text != ',')) {
			error_set(error, 400, "the Forwarded field is malformed: %s", value);
			return -1;
		}
		count++;
		if (!*text)
			return count;
		text++;
	}
}
