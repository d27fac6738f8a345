/*
 * Names of hosts. In: what a request says it was meant for. Out: which host
 * that is, and whether the name can have been bent.
 */
#include "worker/host.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

enum { NAME_SIZE = 256, PORT_DIGITS = 5, PORT_MAX = 65535 };

static bool is_address(int family, struct span name)
{
	struct in6_addr binary;
	char text[INET6_ADDRSTRLEN] = "";

	if (name.size >= sizeof(text))
		return false;
	memcpy(text, name.at, name.size);
	return strlen(text) == name.size &&
	       inet_pton(family, text, &binary) == 1;
}

/* Labels of letters, digits, "-" and "_"; a dot may end the last one. */
static bool is_name(struct span name)
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

/* ":PORT", or nothing. */
static bool is_port(struct span text)
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

bool host_parse(struct span text, struct host *ret_host)
{
	struct host host = {.name = text};
	const bool bracketed = text.size > 0 && *text.at == '[';
	struct span rest = text;

	if (bracketed) {
		rest.at++;
		rest.size--;
		if (!span_cut(&rest, ']', &host.name))
			return false;
		host.address = is_address(AF_INET6, host.name);
	} else {
		if (span_cut(&rest, ':', &host.name)) {
			rest.at--;
			rest.size++;
		} else {
			rest.size = 0;
		}
		host.address = is_address(AF_INET, host.name);
	}
	if (!is_port(rest) || (bracketed && !host.address) ||
		(!bracketed && !is_name(host.name)))
		return false;
	*ret_host = host;
	return true;
}

static bool ends_in(struct span text, const char *end)
{
	const size_t size = strlen(end);

	return text.size >= size &&
	       span_is((struct span){text.at + text.size - size, size}, end);
}

/* The dot of a name that is meant from the root. */
static struct span without_last_dot(struct span name)
{
	if (name.size > 0 && name.at[name.size - 1] == '.')
		name.size--;
	return name;
}

bool host_is_fixed(const struct host *host)
{
	const struct span name = without_last_dot(host->name);

	/* browsers ask no name server for these, RFC 6761, section 6.3 */
	return host->address || span_is(name, "localhost") ||
	       ends_in(name, ".localhost");
}

bool host_is_listed(const struct host *host, const char *names)
{
	static const char blanks[] = " \t\r\n";
	const struct span name = without_last_dot(host->name);

	for (names += strspn(names, blanks); *names;
		names += strspn(names, blanks)) {
		const size_t size = strcspn(names, blanks);

		if (span_same((struct span){names, size}, name))
			return true;
		names += size;
	}
	return false;
}
