/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "common/slice.h"

/*
 * The fields of a request that show whether a program sent it, or a browser, which
 * any web page can make send requests. The slices are parts of the head.
 */
struct origin_claims {
	struct slice host;   /* the Host field; NULL: none */
	struct slice origin; /* Origin */
	struct slice site;   /* Sec-Fetch-Site, of Fetch Metadata */
	bool browser;	     /* it has a field that only browsers send */
};

/* Stores a field if it is one of these. False, with 400: it is repeated. */
bool origin_check_add_field(
	struct origin_claims *claims, struct slice name, struct slice value, struct error *error);

/*
 * Is the request allowed? hosts are the names that requests may use, separated by
 * spaces; NULL: any. False, with 403: a browser sent it for a page of another site,
 * or of an unknown one, or its host is not allowed.
 */
bool origin_check_run(const struct origin_claims *claims, const char *hosts, struct error *error);
