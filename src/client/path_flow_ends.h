/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

/*
 * May a packet that ended at a place from which no packet of its flow is known to continue have
 * been on its way to another place? Only in a flow whose order of places is not known.
 */
bool path_flow_ends_may_lack(
	const struct path_pairing *pairing, const struct flow *flow, const struct journey *journey);

/* Reports the places where packets of a flow ended that has no packets under way. */
void path_flow_ends_report(const struct path_pairing *pairing, const struct flow *flow);
