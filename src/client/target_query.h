/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "common/slice.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TARGET_INTERFACES_MAX = 32 };

/* Parameters from the options, for each target whose URL does not have them. */
struct target_defaults {
	const char *filter;   /* NULL: not given */
	const char *snaplen;  /* NULL: not given */
	const char *payload;  /* NULL: not given */
	const char *linktype; /* NULL: not given */
	const char *interfaces[TARGET_INTERFACES_MAX];
	size_t interface_count;
	bool no_promisc;
};

/*
 * Parameters that ddump adds by itself, bits of a set. An older worker would reject the
 * request because of them, so they are not in the URL of a target.
 */
enum target_addition {
	TARGET_PROMISC = 1,
	TARGET_WATERMARK = 2,	  /* the interval of watermarks, with many targets */
	TARGET_ADDITIONS_END = 4, /* above all of them */
};

/*
 * Adds the defaults that a URL's query does not have, and format=pcapng unless
 * the query has a format or precision. ret_additions: what to add to it besides.
 * Returns false with error set, for the target that is shown as in the command line.
 */
bool target_query_add(CURLU *url, const struct target_defaults *defaults, const char *shown,
	unsigned *ret_additions, struct error *error);

/* Does a URL ask for watermarks, and not for an interval of them? */
bool target_query_accepts_watermark(const char *url);

/*
 * Returns a URL with a query and these additions, for free(); NULL: out of memory.
 * watermark_ms: the value of TARGET_WATERMARK.
 */
char *target_query_extend(const char *url, unsigned additions, uint64_t watermark_ms);

/* Returns which additions are in a list of parameters, the value of Ddump-Parameters. */
unsigned target_query_supported(struct slice list);

/*
 * Returns a message about targets for which one of the additions is left out; NULL: the
 * user misses nothing.
 */
const char *target_query_left_out(enum target_addition addition);

/* Returns the filter in the query of a URL, decoded, for curl_free(); NULL: none, or no memory. */
char *target_query_filter(const char *url);

/*
 * Has the query of a URL a parameter, or a link type, that workers of version 0.1 do
 * not have?
 */
bool target_query_is_newer(const char *url);
