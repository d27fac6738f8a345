/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/sources.h"

/*
 * Chooses the link type of a pcap output, the one that most sources send, and
 * ends sources that it cannot hold; a pcapng output needs none. To be called
 * when all sources have begun or failed; now is in ms. False: the choice waits
 * for first packets, at most until sources->linktype_by_ms; call it again.
 */
bool linktype_vote(struct sources *sources, uint64_t now);
