/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/host_names.h"
#include "client/kept_blocks.h"
#include "client/notices.h"
#include "client/record_writer.h"
#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The blocks that each file of a pcapng output has besides packets: secrets and names
 * that came with streams, and names of hosts. All zero but notices: none, one file.
 */
struct file_blocks {
	struct notices *notices;
	struct host_names *names; /* NULL: none are written */
	bool has_files;		  /* there are several files, of which each gets all: */
	uint64_t file_bytes;	  /* of -C; 0: no limit */
	size_t kept_max;	  /* bytes of them; 0: the usual limit */
	const char *label;	  /* of -split: that of the file's target; NULL: of all */
	unsigned target;
	struct kept_blocks kept;
	bool kept_is_due;   /* the present file lacks them */
	size_t names_bytes; /* of the names of hosts in the present file */
	bool is_cut;	    /* later files lack some, which was reported */
};

void file_blocks_cleanup(struct file_blocks *blocks);

/* Keeps a block of a stream for later files. */
void file_blocks_keep(struct file_blocks *blocks, const unsigned char *bytes, size_t size);

/* The next file begins. */
void file_blocks_begin_file(struct file_blocks *blocks);

/* Is there something to be written by the next function? */
static inline bool file_blocks_are_due(const struct file_blocks *blocks)
{
	return blocks->kept_is_due || (blocks->names && blocks->names->first_due);
}

/*
 * Writes what the present file lacks, which must have an interface: editcap and mergecap
 * reject a file that has these blocks before the first one. False: the output has
 * failed, or it is blocked; then it is to be tried again.
 */
bool file_blocks_write(
	struct file_blocks *blocks, struct record_writer *writer, struct error *error);
