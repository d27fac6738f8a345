/*
 * The parameters of a capture. In: an undecoded query string. Out: a struct
 * query whose every member is within its range.
 */
#include "worker/query.h"

#include "common/text.h"
#include "format/linktype.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_SIZE = 32, SHOWN = 40 };

struct parameter {
	const char *name;
	bool repeats;
	bool (*take)(struct query *query, const char *value,
		struct failure *failure);
};

static bool take_filter(
	struct query *query, const char *value, struct failure *failure)
{
	(void)failure; /* the decoder has bounded it */
	snprintf(query->filter, sizeof(query->filter), "%s", value);
	/* shells make multi-line arguments easy */
	for (char *c = query->filter; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	return true;
}

static bool take_interface(
	struct query *query, const char *value, struct failure *failure)
{
	size_t size = strlen(value);

	if (size == 0 || size >= IF_NAMESIZE || value[0] == '.' ||
		value[strcspn(value, "/ \t\n\r")])
		return failure_set(failure, 400,
			"interface: \"%s\" is no interface's name", value);
	if (query->interface_count == QUERY_INTERFACES_MAX)
		return failure_set(failure, 400,
			"interface: more than %d of them",
			QUERY_INTERFACES_MAX);
	memcpy(query->interfaces[query->interface_count++], value, size + 1);
	return true;
}

static bool take_number(const char *name, const char *value, uint64_t max,
	uint32_t *ret_value, struct failure *failure)
{
	uint64_t number;

	if (!text_number(value, max, &number) || number == 0)
		return failure_set(failure, 400,
			"%s: \"%s\" is no number from 1 to %llu", name, value,
			(unsigned long long)max);
	*ret_value = (uint32_t)number;
	return true;
}

static bool take_snaplen(
	struct query *query, const char *value, struct failure *failure)
{
	if (strcmp(value, "0") == 0) /* tcpdump's way to say "all of it" */
		return true;
	return take_number(
		"snaplen", value, PACKET_MAX, &query->snaplen, failure);
}

static bool take_count(
	struct query *query, const char *value, struct failure *failure)
{
	return take_number(
		"count", value, QUERY_COUNT_MAX, &query->count, failure);
}

static bool take_duration(
	struct query *query, const char *value, struct failure *failure)
{
	return take_number("duration", value, QUERY_DURATION_MAX,
		&query->duration, failure);
}

static bool take_either(const char *name, const char *value,
	const char *const choices[2], bool *ret_second, struct failure *failure)
{
	if (strcmp(value, choices[0]) != 0 && strcmp(value, choices[1]) != 0)
		return failure_set(failure, 400,
			"%s: \"%s\" is neither %s nor %s", name, value,
			choices[0], choices[1]);
	*ret_second = strcmp(value, choices[1]) == 0;
	return true;
}

static bool take_format(
	struct query *query, const char *value, struct failure *failure)
{
	return take_either("format", value,
		(const char *const[]){"pcap", "pcapng"}, &query->pcapng,
		failure);
}

static bool take_precision(
	struct query *query, const char *value, struct failure *failure)
{
	return take_either("precision", value,
		(const char *const[]){"micro", "nano"}, &query->nano, failure);
}

static bool take_linktype(
	struct query *query, const char *value, struct failure *failure)
{
	bool sll2 = false;

	if (!take_either("linktype", value,
		    (const char *const[]){"sll", "sll2"}, &sll2, failure))
		return false;
	query->linktype = sll2 ? LINKTYPE_SLL2 : LINKTYPE_SLL;
	return true;
}

static const struct parameter parameters[] = {
	{"filter", false, take_filter},
	{"interface", true, take_interface},
	{"snaplen", false, take_snaplen},
	{"count", false, take_count},
	{"duration", false, take_duration},
	{"format", false, take_format},
	{"precision", false, take_precision},
	{"linktype", false, take_linktype},
};

enum { PARAMETERS = sizeof(parameters) / sizeof(*parameters) };

/*
 * Decodes one form-encoded name or value (WHATWG URL, section 5.1) of size
 * bytes into out.
 */
static bool decode(const char *text, size_t size, char *out, size_t room,
	struct failure *failure)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int c = text[i] == '+' ? ' ' : (unsigned char)text[i];

		if (c == '%') {
			c = text_percent(text + i, size - i);
			if (c < 0)
				return failure_set(failure, 400,
					"the query has a '%%' that is not "
					"followed by two hex digits");
			i += 2;
		}
		/* to some it ends a parameter, as '&' does */
		if (c == ';' && text[i] == ';')
			return failure_set(failure, 400,
				"the query has a ';': write it as %%3B");
		if ((c < ' ' && !strchr("\t\n\r", c)) || c == 0x7f || c == 0)
			return failure_set(failure, 400,
				"the query has a control character (0x%02x)",
				(unsigned)c);
		if (used + 1 >= room)
			return failure_set(failure, 400,
				"the query has a name or value of more than "
				"%zu bytes: \"%.*s\"",
				room - 1, size < SHOWN ? (int)size : SHOWN,
				text);
		out[used++] = (char)c;
	}
	out[used] = '\0';
	return true;
}

static bool take_pair(const char *pair, size_t size, struct query *query,
	bool seen[PARAMETERS], struct failure *failure)
{
	const char *equals = memchr(pair, '=', size);
	size_t name_size = equals ? (size_t)(equals - pair) : size;
	char name[NAME_MAX_SIZE];
	char value[QUERY_FILTER_MAX] = "";

	if (!decode(pair, name_size, name, sizeof(name), failure))
		return false;
	if (equals && !decode(equals + 1, size - name_size - 1, value,
			      sizeof(value), failure))
		return false;
	for (size_t i = 0; i < PARAMETERS; i++) {
		if (strcmp(name, parameters[i].name) != 0)
			continue;
		if (seen[i] && !parameters[i].repeats)
			return failure_set(failure, 400,
				"the parameter %s comes twice", name);
		seen[i] = true;
		return parameters[i].take(query, value, failure);
	}
	return failure_set(failure, 400,
		"there is no parameter \"%s\"; there are filter, interface, "
		"snaplen, count, duration, format, precision, linktype%s",
		name,
		strchr(name, ' ') ? " (write '&' within a filter as %26)" : "");
}

bool query_parse(
	const char *text, struct query *ret_query, struct failure *failure)
{
	bool seen[PARAMETERS] = {false};

	memset(ret_query, 0, sizeof(*ret_query));
	ret_query->snaplen = PACKET_MAX;
	ret_query->linktype = LINKTYPE_SLL;
	while (*text) {
		size_t size = strcspn(text, "&");

		if (size > 0 &&
			!take_pair(text, size, ret_query, seen, failure))
			return false;
		text += size;
		text += *text == '&';
	}
	return true;
}
