/* SPDX-License-Identifier: MIT */
/*
 * Parses the parameters of a capture. In: an undecoded query string. Out: struct
 * capture_params, each value within its range and the administrator's limits.
 */
#include "worker/capture_params.h"

#include "common/option_table.h"
#include "common/text.h"
#include "format/linktype.h"
#include "format/packet.h"
#include "worker/payload_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_SIZE = 32, SHOWN = 40 };

struct parameter {
	const char *name;
	bool repeats;
	bool (*parse)(struct capture_params *params, const char *value, struct error *error);
};

static bool parse_filter(struct capture_params *params, const char *value, struct error *error)
{
	(void)error; /* its length was checked when it was decoded */
	snprintf(params->filter, sizeof(params->filter), "%s", value);
	/* a filter from a shell may have several lines */
	for (char *c = params->filter; *c; c++)
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	return true;
}

static bool parse_interface(struct capture_params *params, const char *value, struct error *error)
{
	size_t size = strlen(value);

	if (size == 0 || size >= IF_NAMESIZE || value[0] == '.' ||
		value[strcspn(value, "/ \t\n\r")])
		return error_set(error, 400, "interface: \"%s\" is not an interface name", value);
	if (params->interface_count == SETTINGS_INTERFACES_MAX)
		return error_set(
			error, 400, "interface: more than %d names", SETTINGS_INTERFACES_MAX);
	memcpy(params->interfaces[params->interface_count++], value, size + 1);
	return true;
}

static bool parse_number(const struct option_range *range, const char *value, uint32_t *ret_number,
	struct error *error)
{
	uint64_t number;

	if (!option_range_parse(range, value, &number))
		return option_range_reject(range, value, 400, error);
	*ret_number = (uint32_t)number;
	return true;
}

static bool parse_snaplen(struct capture_params *params, const char *value, struct error *error)
{
	static const struct option_range range = {"snaplen", NULL, 1, PACKET_MAX};

	/* as for tcpdump: 0 is the default, which is the maximum */
	return strcmp(value, "0") == 0 || parse_number(&range, value, &params->snaplen, error);
}

static bool parse_payload(struct capture_params *params, const char *value, struct error *error)
{
	static const struct option_range range = {"payload", NULL, 0, PACKET_MAX};

	params->limits_payload = true;
	return parse_number(&range, value, &params->payload, error);
}

static bool parse_count(struct capture_params *params, const char *value, struct error *error)
{
	static const struct option_range range = {"count", NULL, 1, CAPTURE_PARAMS_COUNT_MAX};

	return parse_number(&range, value, &params->count, error);
}

static bool parse_duration(struct capture_params *params, const char *value, struct error *error)
{
	static const struct option_range range = {"duration", NULL, 1, CAPTURE_PARAMS_DURATION_MAX};

	return parse_number(&range, value, &params->duration, error);
}

static bool parse_promisc(struct capture_params *params, const char *value, struct error *error)
{
	static const struct option_range range = {"promisc", NULL, 0, 1};
	uint32_t number = 0;

	if (!parse_number(&range, value, &number, error))
		return false;
	params->promisc = number;
	return true;
}

static bool parse_watermark(struct capture_params *params, const char *value, struct error *error)
{
	static const struct option_range range = {
		"watermark", NULL, CAPTURE_PARAMS_WATERMARK_MIN, CAPTURE_PARAMS_WATERMARK_MAX};

	return parse_number(&range, value, &params->watermark, error);
}

static bool parse_choice(const char *name, const char *value, const char *const choices[2],
	bool *ret_second, struct error *error)
{
	if (strcmp(value, choices[0]) != 0 && strcmp(value, choices[1]) != 0)
		return error_set(error, 400, "%s: \"%s\" is neither %s nor %s", name, value,
			choices[0], choices[1]);
	*ret_second = strcmp(value, choices[1]) == 0;
	return true;
}

static bool parse_format(struct capture_params *params, const char *value, struct error *error)
{
	return parse_choice(
		"format", value, (const char *const[]){"pcap", "pcapng"}, &params->pcapng, error);
}

static bool parse_precision(struct capture_params *params, const char *value, struct error *error)
{
	return parse_choice(
		"precision", value, (const char *const[]){"micro", "nano"}, &params->nano, error);
}

static bool parse_linktype(struct capture_params *params, const char *value, struct error *error)
{
	static const struct {
		const char *name;
		uint32_t linktype;
		bool native;
	} choices[] = {
		{"sll", LINKTYPE_SLL, false},
		{"sll2", LINKTYPE_SLL2, false},
		{"native", 0, true},
	};

	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		if (strcmp(value, choices[i].name) != 0)
			continue;
		params->linktype = choices[i].linktype;
		params->native = choices[i].native;
		return true;
	}
	return error_set(error, 400, "linktype: \"%s\" is neither sll, sll2 nor native", value);
}

static const struct parameter parameters[] = {
	{"filter", false, parse_filter},
	{"interface", true, parse_interface},
	{"snaplen", false, parse_snaplen},
	{"payload", false, parse_payload},
	{"count", false, parse_count},
	{"duration", false, parse_duration},
	{"format", false, parse_format},
	{"precision", false, parse_precision},
	{"linktype", false, parse_linktype},
	{"promisc", false, parse_promisc},
	{"watermark", false, parse_watermark},
};

enum {
	PARAMETERS = sizeof(parameters) / sizeof(*parameters),
	PARAMETER_FILTER = 0, /* its index */
};

/*
 * Decodes one form-encoded name or value (WHATWG URL, section 5.1) of size bytes
 * into out, which has out_size bytes.
 */
static bool decode_text(
	const char *text, size_t size, char *out, size_t out_size, struct error *error)
{
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		int c = text[i] == '+' ? ' ' : (unsigned char)text[i];

		if (c == '%') {
			c = text_percent(text + i, size - i);
			if (c < 0)
				return error_set(error, 400,
					"query: '%%' is not followed by two hex digits");
			i += 2;
		}
		/* some parsers end a parameter at it, as at '&' */
		if (c == ';' && text[i] == ';')
			return error_set(error, 400, "query: ';' must be written as %%3B");
		if ((c < ' ' && !strchr("\t\n\r", c)) || c == 0x7f || c == 0)
			return error_set(
				error, 400, "query: control character 0x%02x", (unsigned)c);
		if (used + 1 >= out_size)
			return error_set(error, 400,
				"query: a name or value has more than %zu bytes: \"%.*s\"",
				out_size - 1, size < SHOWN ? (int)size : SHOWN, text);
		out[used++] = (char)c;
	}
	out[used] = '\0';
	return true;
}

/*
 * Is a parameter the rest of a filter with an unencoded '&'? The names of
 * parameters have only letters; after a filter it may be one word of it.
 */
static bool is_rest_of_filter(const char *name, bool has_value, const bool seen[PARAMETERS])
{
	bool is_word = true;

	for (const char *c = name; *c; c++)
		is_word = is_word && isalpha((unsigned char)*c);
	return !is_word || (seen[PARAMETER_FILTER] && !has_value);
}

static bool parse_pair(const char *pair, size_t size, struct capture_params *params,
	bool seen[PARAMETERS], struct error *error)
{
	const char *equals = memchr(pair, '=', size);
	size_t name_size = equals ? (size_t)(equals - pair) : size;
	char name[NAME_MAX_SIZE];
	char value[CAPTURE_PARAMS_FILTER_MAX] = "";

	if (!decode_text(pair, name_size, name, sizeof(name), error))
		return false;
	if (equals && !decode_text(equals + 1, size - name_size - 1, value, sizeof(value), error))
		return false;
	for (size_t i = 0; i < PARAMETERS; i++) {
		if (strcmp(name, parameters[i].name) != 0)
			continue;
		if (seen[i] && !parameters[i].repeats)
			return error_set(error, 400, "%s: given more than once", name);
		seen[i] = true;
		return parameters[i].parse(params, value, error);
	}
	return error_set(error, 400, "unknown parameter \"%s\"; try " CAPTURE_PARAMS_NAMES "%s",
		name,
		is_rest_of_filter(name, equals != NULL, seen)
			? " (write '&' within a filter as %26)"
			: "");
}

/* Do the parameters that are about one interface, or some, have them? */
static bool check_interfaces(const struct capture_params *params, struct error *error)
{
	bool has_any = params->interface_count == 0;

	for (size_t i = 0; i < params->interface_count; i++)
		has_any = has_any || strcmp(params->interfaces[i], "any") == 0;
	if (params->native && (has_any || params->interface_count > 1))
		return error_set(error, 400,
			"linktype: native needs one interface; try interface=NAME (ddump -i NAME)");
	if (params->promisc && has_any)
		return error_set(error, 400,
			"promisc: is not possible on all interfaces at once; try interface=NAME "
			"(ddump -i NAME)");
	return true;
}

bool capture_params_parse(const char *text, struct capture_params *ret_params, struct error *error)
{
	bool seen[PARAMETERS] = {false};

	memset(ret_params, 0, sizeof(*ret_params));
	ret_params->snaplen = PACKET_MAX;
	ret_params->linktype = LINKTYPE_SLL;
	ret_params->watermark = CAPTURE_PARAMS_WATERMARK;
	while (*text) {
		size_t size = strcspn(text, "&");

		if (size > 0 && !parse_pair(text, size, ret_params, seen, error))
			return false;
		text += size;
		text += *text == '&';
	}
	return check_interfaces(ret_params, error);
}

enum { LIMIT_SIZE = 32 }; /* "-max-snaplen 64" */

static bool limit_duration(
	const struct settings *settings, struct capture_params *params, struct error *error)
{
	if (settings->duration == 0 ||
		(params->duration > 0 && params->duration <= settings->duration))
		return true;
	if (params->duration > 0)
		return error_set(
			error, 403, "duration: the worker's limit is %u s", settings->duration);
	params->duration = settings->duration;
	return true;
}

static bool limit_snaplen(
	const struct settings *settings, struct capture_params *params, struct error *error)
{
	if (settings->snaplen == 0 || params->snaplen <= settings->snaplen)
		return true;
	/* the maximum is the default: it was not asked for */
	if (params->snaplen < PACKET_MAX)
		return error_set(
			error, 403, "snaplen: the worker's limit is %u bytes", settings->snaplen);
	params->snaplen = settings->snaplen;
	return true;
}

static bool limit_payload(
	const struct settings *settings, struct capture_params *params, struct error *error)
{
	if (!settings->limits_payload ||
		(params->limits_payload && params->payload <= settings->payload))
		return true;
	if (params->limits_payload)
		return error_set(error, 403,
			"payload: the worker's limit is %u bytes; leave it out, or ask for less",
			settings->payload);
	params->limits_payload = true;
	params->payload = settings->payload;
	return true;
}

/* A filter must not reveal the bytes that a limit hides. */
static bool limit_filter(
	const struct settings *settings, const struct capture_params *params, struct error *error)
{
	char limit[LIMIT_SIZE];

	if (settings->limits_payload)
		snprintf(limit, sizeof(limit), "-max-payload %u", settings->payload);
	else if (settings->snaplen > 0)
		snprintf(limit, sizeof(limit), "-max-snaplen %u", settings->snaplen);
	else
		return true;
	return payload_check_expression(params->filter, limit, error);
}

bool capture_params_limit(
	const struct settings *settings, struct capture_params *params, struct error *error)
{
	if (!limit_duration(settings, params, error))
		return false;
	if (!limit_snaplen(settings, params, error))
		return false;
	if (!limit_payload(settings, params, error))
		return false;
	if (settings->no_promisc && params->promisc)
		return error_set(error, 403,
			"promisc: the worker's -no-promisc forbids it; leave it out (ddump -p)");
	return limit_filter(settings, params, error);
}
