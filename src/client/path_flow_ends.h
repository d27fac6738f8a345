/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

/* Reports the places where packets of a flow ended that has no packets under way. */
void path_flow_ends_report(const struct path_pairing *pairing, const struct flow *flow);
