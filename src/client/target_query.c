/* SPDX-License-Identifier: MIT */
/*
 * Query of a target's URL. In: the user's query, and defaults from options.
 * Out: a query with both.
 */
#include "client/target_query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum target_addition addition;
	const char *name;
	const char *value;    /* NULL: a number */
	const char *left_out; /* a message about workers that do not support it; NULL: none */
} additions[] = {
	{TARGET_PROMISC, "promisc", "1",
		"promiscuous mode is off, because ddump-worker there is too old or does not allow "
		"it; try -p"},
	/* watermarks then come more often, which only costs CPU */
	{TARGET_WATERMARK, "watermark", NULL, NULL},
};

enum { ADDITIONS = sizeof(additions) / sizeof(*additions), NUMBER_SIZE = 24 };

/* Has the query a parameter of that name? query may be NULL. */
static bool has_parameter(const char *query, const char *name)
{
	bool has = false;

	for (const char *at = query; at && *at && !has; at += *at == '&') {
		size_t size = strcspn(at, "&=");

		has = size == strlen(name) && memcmp(at, name, size) == 0;
		at += strcspn(at, "&");
	}
	return has;
}

static CURLUcode add_parameter(CURLU *url, const char *name, const char *value)
{
	char *pair = NULL;
	CURLUcode code;

	if (asprintf(&pair, "%s=%s", name, value) < 0)
		return CURLUE_OUT_OF_MEMORY;
	code = curl_url_set(url, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE);
	free(pair);
	return code;
}

static CURLUcode add_missing_parameters(
	CURLU *url, const char *query, const struct target_defaults *defaults)
{
	const bool has_interface = has_parameter(query, "interface");
	CURLUcode code = CURLUE_OK;

	if (defaults->filter && !has_parameter(query, "filter"))
		code = add_parameter(url, "filter", defaults->filter);
	if (!code && defaults->snaplen && !has_parameter(query, "snaplen"))
		code = add_parameter(url, "snaplen", defaults->snaplen);
	/* an old worker rejects it: payload must not be captured in silence */
	if (!code && defaults->payload && !has_parameter(query, "payload"))
		code = add_parameter(url, "payload", defaults->payload);
	if (!code && defaults->linktype && !has_parameter(query, "linktype"))
		code = add_parameter(url, "linktype", defaults->linktype);
	for (size_t i = 0; i < defaults->interface_count && !has_interface; i++)
		if (!code)
			code = add_parameter(url, "interface", defaults->interfaces[i]);
	/* precision is a parameter of pcap; pcapng has watermarks and counters */
	if (code || has_parameter(query, "format") || has_parameter(query, "precision"))
		return code;
	return add_parameter(url, "format", "pcapng");
}

/*
 * Do the options ask for what every worker rejects, the link type of an interface
 * without naming just one? What the query has is checked by the worker.
 */
static bool lacks_interface(const char *query, const struct target_defaults *defaults)
{
	if (!defaults->linktype || strcmp(defaults->linktype, "native") != 0)
		return false;
	if (has_parameter(query, "linktype") || has_parameter(query, "interface"))
		return false;
	return defaults->interface_count != 1 || strcmp(defaults->interfaces[0], "any") == 0;
}

/*
 * As tcpdump does, a capture on named interfaces is promiscuous. It is not possible on
 * all interfaces at once.
 */
static bool wants_promisc(const char *query, const struct target_defaults *defaults)
{
	if (defaults->no_promisc || defaults->interface_count == 0)
		return false;
	for (size_t i = 0; i < defaults->interface_count; i++)
		if (strcmp(defaults->interfaces[i], "any") == 0)
			return false;
	return !has_parameter(query, "interface") && !has_parameter(query, "promisc");
}

bool target_query_add(CURLU *url, const struct target_defaults *defaults, const char *shown,
	unsigned *ret_additions, struct error *error)
{
	char *query = NULL;
	CURLUcode code = curl_url_get(url, CURLUPART_QUERY, &query, 0);
	const bool is_read = code == CURLUE_OK || code == CURLUE_NO_QUERY;
	const bool is_rejected = is_read && lacks_interface(query, defaults);

	*ret_additions = wants_promisc(query, defaults) ? TARGET_PROMISC : 0;
	if (is_read && !is_rejected)
		code = add_missing_parameters(url, query, defaults);
	curl_free(query);
	if (is_rejected)
		return error_set(error, 1,
			"%s: -linktype native needs one interface, and not any; try -i NAME",
			shown);
	return code == CURLUE_OK || error_set(error, 1, "%s: %s", shown, curl_url_strerror(code));
}

/* The same bytes? */
static bool is_equal(struct slice slice, const char *text)
{
	return slice.size == strlen(text) && memcmp(slice.at, text, slice.size) == 0;
}

bool target_query_accepts_watermark(const char *url)
{
	const char *query = strchr(url, '?');
	bool is_pcapng = false;

	for (const char *at = query; at && !is_pcapng; at = strchr(at + 1, '&'))
		is_pcapng = is_equal((struct slice){at + 1, strcspn(at + 1, "&")}, "format=pcapng");
	return is_pcapng && !has_parameter(query + 1, "watermark");
}

char *target_query_extend(const char *url, unsigned set, uint64_t watermark_ms)
{
	char *extended = strdup(url);
	char number[NUMBER_SIZE];

	snprintf(number, sizeof(number), "%" PRIu64, watermark_ms);

	for (size_t i = 0; i < ADDITIONS && extended; i++) {
		char *shorter = extended;

		if (!(set & additions[i].addition))
			continue;
		if (asprintf(&extended, "%s&%s=%s", shorter, additions[i].name,
			    additions[i].value ? additions[i].value : number) < 0)
			extended = NULL;
		free(shorter);
	}
	return extended;
}

/* The addition of a name, 0: none. */
static unsigned find_addition(struct slice name)
{
	for (size_t i = 0; i < ADDITIONS; i++)
		if (is_equal(name, additions[i].name))
			return additions[i].addition;
	return 0;
}

unsigned target_query_supported(struct slice list)
{
	unsigned supported = 0;
	struct slice name;

	while (slice_cut(&list, ',', &name))
		supported |= find_addition(slice_trim(name));
	return supported | find_addition(slice_trim(list));
}

const char *target_query_left_out(enum target_addition addition)
{
	for (size_t i = 0; i < ADDITIONS; i++)
		if (additions[i].addition == addition)
			return additions[i].left_out;
	return NULL;
}

/* Is it a name of the list, which ends with a NULL? */
static bool is_listed(struct slice name, const char *const *list)
{
	for (; *list; list++)
		if (is_equal(name, *list))
			return true;
	return false;
}

bool target_query_is_newer(const char *url)
{
	/* all parameters of version 0.1, which will not get more */
	static const char *const old[] = {"filter", "interface", "snaplen", "count", "duration",
		"format", "precision", "linktype", NULL};
	const char *at = strchr(url, '?');

	for (; at; at = strchr(at + 1, '&')) {
		const struct slice name = {at + 1, strcspn(at + 1, "&=")};
		const struct slice pair = {at + 1, strcspn(at + 1, "&")};

		if (pair.size == 0)
			continue;
		if (!is_listed(name, old) || is_equal(pair, "linktype=native"))
			return true;
	}
	return false;
}

char *target_query_filter(const char *url)
{
	static const char name[] = "filter";
	const char *at = url + strcspn(url, "?");
	char *copy;
	char *decoded;

	/* without "=", it is empty */
	while (*at &&
		(strncmp(at + 1, name, strlen(name)) != 0 || !strchr("=&", at[1 + strlen(name)])))
		at += 1 + strcspn(at + 1, "&");
	if (!*at)
		return NULL;
	at += 1 + strlen(name);
	at += *at == '=';
	copy = strndup(at, strcspn(at, "&"));
	if (!copy)
		return NULL;
	for (char *plus = copy; (plus = strchr(plus, '+'));)
		*plus = ' ';
	decoded = curl_easy_unescape(NULL, copy, 0, NULL);
	free(copy);
	return decoded;
}
