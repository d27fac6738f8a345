/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target_query.h"
#include "common/error.h"

#include <stdbool.h>

enum { TCPDUMP_FILTER_MAX = 8192 };

/* The query of a tcpdump+ssh:// target. The texts are its own; NULL: not given. */
struct tcpdump_query {
	char *filter;
	char *interface;
	char *snaplen; /* digits, as are count and duration */
	char *count;
	char *duration; /* s; not with sudo */
	char *linktype; /* sll, sll2, native */
	bool sudo;
	bool no_promisc;
};

/*
 * Parses a query, form-encoded; NULL is an empty one. Options apply where it lacks a
 * parameter. True: it is for tcpdump_query_cleanup(). False: error is set.
 */
bool tcpdump_query_parse(const char *text, const struct target_defaults *defaults,
	struct tcpdump_query *ret_query, struct error *error);

/* Accepts a query that is all zero. */
void tcpdump_query_cleanup(struct tcpdump_query *query);
