/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_state.h"

/*
 * What becomes of journeys at their end: packets that passed, were lost, or wait for a later
 * packet of their flow. The theory is at the head of path_pairing.c.
 */

/*
 * Ends a journey if it was at all places that saw packets of its flow, so that no other sight
 * can follow. Otherwise does nothing.
 */
void path_losses_end_complete(struct path_pairing *pairing, struct journey *journey);

/* Ends a journey that no sight can follow. It is gone then, or waits. */
void path_losses_end(struct path_pairing *pairing, struct journey *journey);

/* Ends a journey before its time, for lack of space. */
void path_losses_end_early(struct path_pairing *pairing, struct journey *journey);

/* A sight has come for a journey that waits: it is under way again. */
void path_losses_resume(struct path_pairing *pairing, struct journey *journey);

/* Ends a flow: all its journeys wait. is_last: no packet of any flow follows. */
void path_losses_end_flow(struct path_pairing *pairing, struct flow *flow, bool is_last);
