/*
 * The query of a target's URL. In: what the user wrote there, and options. Out:
 * a query with both.
 */
#include "client/parameters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does the query say anything of a parameter? */
static bool has_parameter(CURLU *url, const char *name)
{
	char *query = NULL;
	const char *at;
	bool has = false;

	if (curl_url_get(url, CURLUPART_QUERY, &query, 0) != CURLUE_OK)
		return false;
	for (at = query; *at && !has; at += *at == '&') {
		size_t size = strcspn(at, "&=");

		has = size == strlen(name) && memcmp(at, name, size) == 0;
		at += strcspn(at, "&");
	}
	curl_free(query);
	return has;
}

static CURLUcode add_parameter(CURLU *url, const char *name, const char *value)
{
	char *pair = NULL;
	CURLUcode code;

	if (asprintf(&pair, "%s=%s", name, value) < 0)
		return CURLUE_OUT_OF_MEMORY;
	code = curl_url_set(url, CURLUPART_QUERY, pair,
		CURLU_APPENDQUERY | CURLU_URLENCODE);
	free(pair);
	return code;
}

CURLUcode parameters_add(CURLU *url, const struct target_defaults *defaults)
{
	const bool has_interface = has_parameter(url, "interface");
	CURLUcode code = CURLUE_OK;

	if (defaults->filter && !has_parameter(url, "filter"))
		code = add_parameter(url, "filter", defaults->filter);
	if (!code && defaults->snaplen && !has_parameter(url, "snaplen"))
		code = add_parameter(url, "snaplen", defaults->snaplen);
	for (size_t i = 0; i < defaults->interface_count && !has_interface; i++)
		if (!code)
			code = add_parameter(
				url, "interface", defaults->interfaces[i]);
	/* pcapng has watermarks, interfaces and counters; pcap precision */
	if (code || has_parameter(url, "format") ||
		has_parameter(url, "precision"))
		return code;
	return add_parameter(url, "format", "pcapng");
}
