/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_align.h"
#include "client/path_results.h"
#include "client/path_window.h"

/* Receives that nothing of the packet with this number was seen after a place. */
typedef void path_last_seen_receiver(void *context, uint64_t number, const char *place);

/*
 * What the pairing reports, on its way to the table. All members but the last two are for the
 * caller to set before the pairing gets its first packet.
 */
struct path_reports {
	const struct path_pairing *pairing;
	struct path_names names;
	struct path_window *window;
	const struct path_align *align; /* NULL: without -align-traffic */
	struct path_pairing_sink table;
	bool lists_lost;		       /* each lost packet, as a notice */
	path_last_seen_receiver *on_last_seen; /* NULL: nobody asks */
	void *context;			       /* of on_last_seen */
	uint64_t listed;
};

/* Returns the sink for a pairing; reports must live as long. */
struct path_pairing_sink path_reports_sink(struct path_reports *reports);
