/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a name stands for. A ring overwrites only captures. */
enum ring_file_kind {
	RING_FILE_NONE,
	RING_FILE_CAPTURE, /* a regular file that is empty, or begins like a capture */
	RING_FILE_OTHER,
};

/* Finds out what a name stands for, without following a symbolic link at its end. */
enum ring_file_kind ring_file_find(const char *name);

/* Creates a file that does not exist, for its owner alone. Returns as open(2), also with errno. */
int ring_file_create(const char *name);

/*
 * A file that a run has made. Another file of its name can have the same inode number,
 * but was made later.
 */
struct ring_file {
	char *name; /* for free(); NULL: unknown */
	uint32_t device[2];
	uint64_t inode;
	int64_t made_s;
	uint32_t made_ns;
};

/* Remembers the file with a name, which is open as fd. Without memory its name is NULL. */
void ring_file_remember(struct ring_file *file, int fd, const char *name);

/* Removes the file, unless its name stands for another file now; and forgets it. */
void ring_file_remove(struct ring_file *file);
