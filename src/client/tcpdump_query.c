/* SPDX-License-Identifier: MIT */
/*
 * Query of a tcpdump+ssh:// target. In: the query of the URL, and defaults from options.
 * Out: values for tcpdump's command line.
 */
#include "client/tcpdump_query.h"

#include "common/text.h"
#include "format/packet.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DURATION_MAX_S = 31536000 }; /* a year, as for a worker */

/* Decodes a form-encoded text. NULL, with error set: it has a NUL, or out of memory. */
static char *decode(const char *text, size_t size, struct error *error)
{
	char *out = malloc(size + 1);
	size_t used = 0;

	if (!out) {
		error_set(error, 1, "out of memory");
		return NULL;
	}
	for (size_t i = 0; i < size; i++) {
		const int byte = text_percent(text + i, size - i);

		if (byte == 0) {
			error_set(error, 1, "a parameter contains a NUL");
			free(out);
			return NULL;
		}
		out[used] = text[i];
		if (text[i] == '+')
			out[used] = ' ';
		if (byte > 0) {
			out[used] = (char)byte;
			i += 2;
		}
		used++;
	}
	out[used] = '\0';
	return out;
}

/* A ')' that closes nothing would separate the filter from what is joined to it. */
static bool check_filter(const char *filter, struct error *error)
{
	unsigned open = 0;

	if (strlen(filter) > TCPDUMP_FILTER_MAX)
		return error_set(
			error, 1, "filter: it has more than %d characters", TCPDUMP_FILTER_MAX);
	for (const char *c = filter; *c; c++) {
		if (*c == ')' && open == 0)
			return error_set(error, 1, "filter: a ')' has no '('");
		open += *c == '(';
		open -= *c == ')';
	}
	return open == 0 || error_set(error, 1, "filter: a '(' has no ')'");
}

static bool check_number(
	const char *name, const char *value, uint64_t min, uint64_t max, struct error *error)
{
	uint64_t number;

	if (text_number(value, max, &number) && number >= min)
		return true;
	return error_set(error, 1, "%s: \"%s\" is not a number from %ju to %ju", name, value,
		(uintmax_t)min, (uintmax_t)max);
}

static bool check_interface(const char *name, struct error *error)
{
	return *name || error_set(error, 1, "interface: the name is empty");
}

static bool set_sudo(struct tcpdump_query *query, const char *value, struct error *error)
{
	query->sudo = strcmp(value, "1") == 0;
	return query->sudo || strcmp(value, "0") == 0 ||
	       error_set(error, 1, "sudo: \"%s\" is neither 0 nor 1", value);
}

/* tcpdump has the pseudo-header for all interfaces only, and that of an interface for one. */
static bool check_linktype(const struct tcpdump_query *query, struct error *error)
{
	const char *type = query->linktype;
	const bool is_any = !query->interface || strcmp(query->interface, "any") == 0;

	if (strcmp(type, "native") == 0)
		return !is_any ||
		       error_set(error, 1,
			       "linktype: native needs one interface, and not any; try -i NAME");
	if (strcmp(type, "sll") != 0 && strcmp(type, "sll2") != 0)
		return error_set(
			error, 1, "linktype: \"%s\" is neither sll, sll2 nor native", type);
	return is_any ||
	       error_set(error, 1, "linktype: for one interface tcpdump has only native, not %s",
		       type);
}

/* sudo may be allowed for tcpdump only, and then nothing can end tcpdump in time. */
static bool check_duration(const struct tcpdump_query *query, struct error *error)
{
	if (!check_number("duration", query->duration, 1, DURATION_MAX_S, error))
		return false;
	return !query->sudo ||
	       error_set(error, 1,
		       "duration: with sudo=1 the user must not end tcpdump; try -duration");
}

/* Checks the values that the query and the options have. */
static bool check_values(const struct tcpdump_query *query, struct error *error)
{
	if (query->filter && !check_filter(query->filter, error))
		return false;
	if (query->interface && !check_interface(query->interface, error))
		return false;
	if (query->snaplen && !check_number("snaplen", query->snaplen, 0, PACKET_MAX, error))
		return false;
	if (query->count && !check_number("count", query->count, 1, INT32_MAX, error))
		return false;
	if (query->linktype && !check_linktype(query, error))
		return false;
	return !query->duration || check_duration(query, error);
}

/* Who asks for packets without payload must not get payload. */
static bool reject_payload(struct error *error)
{
	return error_set(
		error, 1, "payload: tcpdump cannot leave it out; install ddump-worker on the host");
}

/* Where a parameter's value belongs; NULL: the name is unknown. */
static char **find_field(struct tcpdump_query *query, const char *name, char **sudo)
{
	if (strcmp(name, "filter") == 0)
		return &query->filter;
	if (strcmp(name, "interface") == 0)
		return &query->interface;
	if (strcmp(name, "snaplen") == 0)
		return &query->snaplen;
	if (strcmp(name, "count") == 0)
		return &query->count;
	if (strcmp(name, "duration") == 0)
		return &query->duration;
	if (strcmp(name, "linktype") == 0)
		return &query->linktype;
	return strcmp(name, "sudo") == 0 ? sudo : NULL;
}

/* Stores the value of NAME=VALUE, which it cuts in two. False, with error set. */
static bool store_pair(struct tcpdump_query *query, char *pair, char **sudo, struct error *error)
{
	char *equals = strchr(pair, '=');
	char **field;

	if (!equals)
		return error_set(error, 1, "the parameter \"%s\" has no value", pair);
	*equals = '\0';
	field = find_field(query, pair, sudo);
	if (!field && strcmp(pair, "payload") == 0)
		return reject_payload(error);
	if (!field)
		return error_set(error, 1,
			"unknown parameter \"%s\"; those for tcpdump are filter, interface, "
			"snaplen, count, duration, linktype and sudo",
			pair);
	if (*field)
		return error_set(error, 1, "%s is given twice", pair);
	*field = strdup(equals + 1);
	return *field || error_set(error, 1, "out of memory");
}

static bool parse_pairs(
	const char *text, struct tcpdump_query *query, char **sudo, struct error *error)
{
	while (*text) {
		const size_t size = strcspn(text, "&");
		char *pair = decode(text, size, error);
		bool is_stored;

		if (!pair)
			return false;
		is_stored = size == 0 || store_pair(query, pair, sudo, error);
		free(pair);
		if (!is_stored)
			return false;
		text += size;
		text += *text == '&';
	}
	return true;
}

/* Sets a field that the query lacks. False: out of memory. */
static bool set_default(char **field, const char *value)
{
	if (!*field && value)
		*field = strdup(value);
	return *field || !value;
}

static bool set_defaults(
	struct tcpdump_query *query, const struct target_defaults *defaults, struct error *error)
{
	const char *interface = defaults->interface_count > 0 ? defaults->interfaces[0] : NULL;

	if (defaults->payload)
		return reject_payload(error);
	if (!query->interface && defaults->interface_count > 1)
		return error_set(error, 1, "tcpdump captures on one interface, or on all");
	query->no_promisc = defaults->no_promisc;
	if (!set_default(&query->filter, defaults->filter) ||
		!set_default(&query->interface, interface) ||
		!set_default(&query->snaplen, defaults->snaplen) ||
		!set_default(&query->linktype, defaults->linktype))
		return error_set(error, 1, "out of memory");
	return true;
}

bool tcpdump_query_parse(const char *text, const struct target_defaults *defaults,
	struct tcpdump_query *ret_query, struct error *error)
{
	struct tcpdump_query query = {0};
	char *sudo = NULL;
	bool is_good = parse_pairs(text ? text : "", &query, &sudo, error) &&
		       (!sudo || set_sudo(&query, sudo, error)) &&
		       set_defaults(&query, defaults, error) && check_values(&query, error);

	free(sudo);
	if (is_good)
		*ret_query = query;
	else
		tcpdump_query_cleanup(&query);
	return is_good;
}

void tcpdump_query_cleanup(struct tcpdump_query *query)
{
	free(query->filter);
	free(query->interface);
	free(query->snaplen);
	free(query->count);
	free(query->duration);
	free(query->linktype);
	*query = (struct tcpdump_query){0};
}
