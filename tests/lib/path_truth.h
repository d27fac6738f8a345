/* SPDX-License-Identifier: MIT */
/*
 * Compares what a pairing has told of a simulated world with what truly happened there.
 * In: the world, and the pairing's events. Out: counts, and each claim that is false.
 */
#pragma once

#include "client/path_pairing.h"
#include "path_world.h"

#include <stdio.h>

struct path_truth_counts {
	uint64_t packets; /* captured */
	uint64_t passed;  /* told */
	uint64_t lost;	  /* told, and not taken back */
	uint64_t taken_back;
	uint64_t doubts[PATH_DOUBTS];
	uint64_t endings;
	uint64_t false_losses;	 /* told, but not lost between the two */
	uint64_t false_passages; /* other packets, or in the wrong order */
	uint64_t skipped;	 /* passages that leave out a place that saw the packet */
	uint64_t unmarked;	 /* passages of equal packets that are not told as repeated */
	uint64_t false_bytes;	 /* flows on a stretch whose bytes that passed are wrong */
	uint64_t unbalanced;	 /* flows at a place of whose bytes not all were told */
	uint64_t balanced;
	uint64_t certain; /* lost packets that a reader of all captures could tell */
	uint64_t certain_told;
	uint64_t certain_doubts[PATH_DOUBTS + 1]; /* of the others: what was told; last: nothing */
	/* packets that were lost after a place saw them, and of which nothing was told: */
	uint64_t lost_seen;
	uint64_t silent;     /* though others of the flow were seen beyond this place */
	uint64_t silent_end; /* no others were, so that nobody can know */
};

struct path_truth;

/* For path_truth_free(). Claims that are false are printed to log, at most so many. */
struct path_truth *path_truth_new(const struct path_world *world, FILE *log, unsigned log_max);

void path_truth_free(struct path_truth *truth);

struct path_pairing_sink path_truth_sink(struct path_truth *truth);

/*
 * The packet of this number is that frame (an index), and was seen at that place. flow: what the
 * pairing calls its flow, or NULL if it is not followed.
 */
void path_truth_add(struct path_truth *truth, uint64_t number, uint32_t frame, uint16_t place,
	const struct path_flow_key *flow);

/*
 * Compares, after all events have come. is_complete: nothing was told early for lack of
 * memory, so that what is told is complete, too.
 */
struct path_truth_counts path_truth_compare(struct path_truth *truth, bool is_complete);
