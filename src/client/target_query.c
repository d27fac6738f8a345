/* SPDX-License-Identifier: MIT */
/*
 * Query of a target's URL. In: the user's query, and defaults from options.
 * Out: a query with both.
 */
#include "client/target_query.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	for (size_t i = 0; i < defaults->interface_count && !has_interface; i++)
		if (!code)
			code = add_parameter(url, "interface", defaults->interfaces[i]);
	/* precision is a parameter of pcap; pcapng has watermarks and counters */
	if (code || has_parameter(query, "format") || has_parameter(query, "precision"))
		return code;
	return add_parameter(url, "format", "pcapng");
}

CURLUcode target_query_add(CURLU *url, const struct target_defaults *defaults)
{
	char *query = NULL;
	CURLUcode code = curl_url_get(url, CURLUPART_QUERY, &query, 0);

	if (code == CURLUE_OK || code == CURLUE_NO_QUERY)
		code = add_missing_parameters(url, query, defaults);
	curl_free(query);
	return code;
}
