#pragma once

#include "client/members.h"

/*
 * A running member is lost, which is noticed at now (ms). Returns up to when
 * its packets are there: ns, by the clock of their stamps.
 */
uint64_t gaps_begin(const struct member *member, uint64_t now);

/* A lost member is back: says which of its packets are missing, everywhere. */
void gaps_end(struct member *member);

/*
 * Says who has told nothing for long, though it could, and who tells again. Is
 * to be called at members->look (ms), and moves that on.
 */
void gaps_listen(struct members *members, uint64_t now);

/*
 * The run is ended while targets still capture: says whose last packets have
 * not come, everywhere. Returns how many these targets are.
 */
unsigned gaps_close(struct members *members);

/*
 * The run is over, and all packets have left: remarks what is still lost, what
 * was dropped, and what came late.
 */
void gaps_remark(struct members *members);
