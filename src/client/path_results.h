/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_endings.h"
#include "client/path_lossy_flows.h"
#include "client/path_pairing.h"
#include "client/path_stretches.h"
#include "client/path_translations.h"
#include "client/path_ways.h"

/* Names for the output, escaped for a terminal, and valid until the next call. */
struct path_names {
	void *context;
	/* Returns "web1:eth0". */
	const char *(*place)(void *context, const struct path_place *place);
	/* Returns "web1". */
	const char *(*target)(void *context, unsigned target);
};

/* What path_table collects, and path_print and path_json print. */
struct path_results {
	struct path_names names;
	const struct path_pairing *pairing; /* NULL: there are no places yet */
	struct path_stretches stretches;
	struct path_pairs pairs;
	struct path_endings endings;
	struct path_lossy_flows lossy_flows;
	struct path_ways ways;			      /* of flows that have ended */
	const struct path_translations *translations; /* NULL: nobody looks for them */
	bool lists_all_ways; /* and translations: all of them, also if no two have the same ends */
};
