#pragma once

#include "common/failure.h"
#include "worker/span.h"

/*
 * What a request tells of who is behind it: a program, or a browser, which any
 * web page may make ask for anything. The spans are places within its head.
 */
struct caller {
	struct span host;   /* the Host field; NULL: none */
	struct span origin; /* Origin */
	struct span site;   /* Sec-Fetch-Site, of the Fetch Metadata */
	bool browser;	    /* it has a field that tells one */
};

/* Takes a field over, if it is one of these; false: it comes twice, 400. */
bool caller_take_field(struct caller *caller, struct span name,
	struct span value, struct failure *failure);

/*
 * May it ask? hosts are the names that this worker is asked by, NULL: any.
 * False is a 403: another site's page makes a browser ask, a browser does not
 * say whose page, or the name is none of ours.
 */
bool caller_check(const struct caller *caller, const char *hosts,
	struct failure *failure);
