/* SPDX-License-Identifier: MIT */
/* What the parts of path_truth share: claims are added up by path_tally.c. */
#pragma once

#include "path_truth.h"

enum { TRUTH_PLACES = 1024, TRUTH_FLOWS = 512 };

/* Both sums of one thing at one stretch. */
struct tally {
	uint64_t key;
	uint32_t from, to; /* places: see place_of() */
	uint64_t told, truth;
	uint64_t ended;	  /* told as an ending */
	uint64_t certain; /* what a reader of all captures can tell */
	uint64_t certain_packets;
	uint64_t taken_back;
	uint64_t latest; /* true time */
	uint32_t frame;	 /* an example, from 1 */
	bool is_uncertain;
};

struct tallies {
	WORLD_ARRAY(tally, items);
};

struct told {
	const struct path_world_frame *frame;
	uint32_t to; /* place */
	uint32_t bytes;
	unsigned what; /* enum path_doubt */
};

/* A flow that was told to have ended at a place. */
struct ended {
	struct path_flow_key flow;
	uint32_t place;
};

struct path_truth {
	const struct path_world *world;
	FILE *log;
	unsigned log_left;
	uint32_t *frames; /* by number */
	size_t frame_room;
	uint32_t places[TRUTH_PLACES]; /* of the pairing's numbers */
	struct tallies by_frame, by_identity, taken_back, passed, balance;
	bool is_unordered[TRUTH_FLOWS]; /* places whose order clocks alone tell */
	bool is_repeated[TRUTH_FLOWS];
	unsigned begun; /* a bit for each target of which a packet has come */
	WORLD_ARRAY(told, doubts);
	struct path_flow_key keys[TRUTH_FLOWS]; /* by flow */
	WORLD_ARRAY(ended, ended);
	struct path_truth_counts counts;
};

/* Appends a tally. */
void tallies_add(struct tallies *tallies, struct tally tally);

/* Adds up all tallies of one thing, and sorts them. */
void tallies_sum_up(struct tallies *tallies);

/* Returns the tally of a thing after tallies_sum_up(); NULL: there is none. */
const struct tally *tallies_find(
	const struct tallies *tallies, uint64_t key, uint32_t from, uint32_t to);

void *truth_grow(void *array, size_t count, size_t *room, size_t size);

/* A place: an interface, and a direction if the link type has it. */
uint32_t truth_place(
	const struct path_world *world, uint32_t interface, enum path_direction direction);

/* Returns one of four buffers in turn. */
const char *truth_place_name(const struct path_world *world, uint32_t place);

uint32_t truth_visit_place(const struct path_world *world, const struct path_world_visit *visit);

/* How much a claim counts: bytes of TCP, packets of everything else. */
uint64_t truth_weight(const struct path_world_atom *atom, uint32_t bytes);

/* Are packets that an interface captures followed? Not if their headers are cut. */
bool truth_is_followed(const struct path_world *world, uint32_t interface);

/* Is another packet equal? */
bool truth_is_uncertain(const struct path_world_atom *atom);

bool truth_may_log(struct path_truth *truth);

/* Prints which way the packets in a frame truly took. */
void truth_log_frame(struct path_truth *truth, const struct path_world_frame *frame);

/* Counts lost packets of which nothing was told, after all events have come. */
void truth_count_silent(struct path_truth *truth);
