#pragma once

#include "client/arguments.h"
#include "client/loop.h"
#include "client/merge.h"
#include "format/pcapfile.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The targets under way. Each connects, runs from the moment its capture's
 * header is here, and is over in good order or as a failure, which is said on
 * stderr with the target's name first.
 */
struct member;

struct members {
	const struct arguments *arguments;
	struct loop *loop;
	struct merge *merge;
	struct member *list;
	unsigned count;
	unsigned connecting;
	unsigned over;
	unsigned failed;
	unsigned paused;	/* at most: some may have ended since */
	uint64_t first_failure; /* ms; 0: none */
};

/* Starts them all; loop and merge stay the caller's. False: out of memory. */
bool members_start(struct members *members, const struct arguments *arguments,
	struct loop *loop, struct merge *merge);

/* Ends and frees all; takes a struct that is all zero. */
void members_stop(struct members *members);

/* Takes note of transfers that libcurl has ended. */
void members_collect(struct members *members);

/* Fails all that have not come to run. */
void members_expire(struct members *members, unsigned seconds);

/* Lets go on what had paused and has room again. */
void members_resume(struct members *members);

/*
 * Finds the one header that all packets can be written under. Members whose
 * link type does not convert to that of most fail, and their packets go.
 */
struct pcapfile members_agree(struct members *members);

bool members_is_connecting(const struct members *members, unsigned index);
bool members_has_failed(const struct members *members, unsigned index);

/* The link type of a member's packets. */
uint32_t members_linktype(const struct members *members, unsigned index);
