/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Sets interfaces promiscuous for as long as the returned descriptor is open, however
 * this process ends: packet(7), PACKET_MR_PROMISC. Others may have set them
 * promiscuous, too; the kernel counts. Nothing can be received from the descriptor.
 * Needs CAP_NET_RAW. Returns -1 with error set (500, 503).
 */
int promiscuous_open(const uint32_t *indexes, size_t count, struct error *error);
