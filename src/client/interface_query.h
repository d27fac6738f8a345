/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target.h"

/* The request for a target's list of interfaces. All zero: none. */
struct interface_query {
	struct target target; /* as the target of a capture; its texts belong to that, but: */
	char *text;	      /* the URL or the script of target */
};

/*
 * Makes the request for the interfaces of a target, which must outlive it. True: it is for
 * interface_query_cleanup(). False, with error set: the target has no such list.
 */
bool interface_query_make(
	const struct target *target, struct interface_query *ret_query, struct error *error);

void interface_query_cleanup(struct interface_query *query);
