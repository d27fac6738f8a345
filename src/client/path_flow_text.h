/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

enum { PATH_FLOW_TEXT_MAX = 160 };

/* Writes a flow for people, as tcpdump(1) does: "TCP 192.0.2.1.5000 > 198.51.100.7.80". */
void path_flow_describe(const struct path_flow_key *flow, char out[PATH_FLOW_TEXT_MAX]);
