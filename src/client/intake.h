#pragma once

#include "client/members.h"

/*
 * What a member's stream brings: packets and watermarks into the merge,
 * interfaces and counters into the table of origins.
 */
struct transfer_events intake_events(struct member *member);

/*
 * Finds the link type that most members send, and refuses the others, or in
 * pcapng warns of them. To be called when all have begun or failed; those that
 * begin later are held to it.
 */
void intake_agree(struct members *members);
