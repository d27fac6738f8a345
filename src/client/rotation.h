/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "client/ring_file.h"
#include "common/error.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

enum { ROTATION_COUNT_MAX = 100000 };

/*
 * The files of a run that writes several (-C, -G): their names, when the next one is
 * due, and which of them a ring overwrites. There are three ways to name files:
 *
 *     numbered ring   cap0.pcap to cap9.pcap, again and again
 *     ring by time    new names; the oldest file is removed for a new one
 *     no ring         new names; a name that exists gets a number, or a larger one
 *
 * Nothing follows a symbolic link at the end of a name, and only regular files that
 * begin like a capture are overwritten or removed. Times in ms are those of clock_ms().
 */
struct rotation {
	const struct options *options;
	const char *output; /* the name of -w, or with -split that of a target's files */
	const char *mark;   /* in front of the numbers of files */
	bool is_on;
	bool is_ring;
	bool has_conversion; /* the name of -w, for strftime(3) */
	unsigned digits;     /* of the numbers in a numbered ring */
	uint64_t begun;	     /* files */
	uint64_t number;     /* of the last one */
	char base[PATH_MAX]; /* its name without the number */
	char name[PATH_MAX]; /* of the file that is written */
	char next_name[PATH_MAX];
	struct ring_file *made; /* of a ring by time, as many as -W */
	uint64_t removed;	/* of them, the oldest ones */
	uint64_t start_ms;
	uint64_t due_ms;   /* of the next file; CLOCK_NEVER: by its size only */
	uint64_t retry_ms; /* not before, after a file could not be opened */
};

/*
 * Checks that the names of a ring are free or those of captures. rotation is for
 * rotation_cleanup() either way. Returns false with error set. Without -C and -G,
 * rotation->is_on is false, and no other function may be called. output is the name of
 * the files, which stays the caller's.
 */
bool rotation_init(struct rotation *rotation, const struct options *options, const char *output,
	time_t now, struct error *error);

void rotation_cleanup(struct rotation *rotation);

/*
 * Opens the first file and sets rotation->name. If a ring has such a file, its content
 * is still there. Returns a descriptor, or -1 with error set. ret_created: it is new.
 */
int rotation_open_first(
	struct rotation *rotation, time_t now, bool *ret_created, struct error *error);

/*
 * The first packet may come at now_ms. The intervals of -G have begun at start_ms, which is
 * earlier for a target that connects later than others.
 */
void rotation_start(struct rotation *rotation, uint64_t start_ms, uint64_t now_ms);

/* Is the file so large that the next packet belongs to another one? */
bool rotation_is_full(const struct rotation *rotation, uint64_t bytes, uint64_t now_ms);

/* Is this the last file, after which -W ends the run? */
bool rotation_is_last(const struct rotation *rotation);

/*
 * Opens the next file, empty. Returns a descriptor for rotation_accept() or
 * rotation_discard(), or -1 with error set; then it is to be tried again at
 * rotation->due_ms, or when rotation_is_full() returns true.
 */
int rotation_open_next(struct rotation *rotation, time_t now, uint64_t now_ms, struct error *error);

/* The next file, fd, is the present one: rotation->name. */
void rotation_accept(struct rotation *rotation, int fd);

/* The next file is not needed: closes and removes it. */
void rotation_discard(struct rotation *rotation, int fd);
