/* SPDX-License-Identifier: MIT */
#pragma once

#include "header_map.h"

#include <stddef.h>
#include <stdint.h>

enum { RANDOM_FRAME_MAX = 4096 };

/* A packet that has headers of all kinds, right and wrong, and random bytes between. */
struct random_frame {
	unsigned char bytes[RANDOM_FRAME_MAX];
	size_t size;
};

/* Starts a sequence of packets, the same for the same seed. */
void random_frames_seed(unsigned short state[3], uint64_t seed);

/* Makes the next packet, of at most size_max bytes, and at least its link header. */
void random_frame_make(struct random_frame *ret_frame, unsigned short state[3],
	enum header_link link, size_t size_max);
