/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/capture_file.h"
#include "client/options.h"
#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The files of -split: one for each target, or several with -C and -G. Packets still come
 * from the merge, in order; each one goes to the file of its target. Each file has only
 * this target's interfaces, secrets, counters and notes, and the notes of the whole run.
 *
 * A target has a file from when its stream begins. Its name is made of that of -w and of
 * the target's label, see split_names.h and file_name_of_label(). A capture with this name
 * is removed, and anything else is refused.
 */
struct split_files {
	const struct options *options;
	struct capture_file *whole; /* counts and prints all packets, and writes none */
	char **names;		    /* of the files of each target, without time and number */
	struct split_file *list;    /* of each target */
	unsigned count;		    /* 0: there is no -split */
	unsigned *waiting;	    /* targets whose files have bytes in their buffers */
	unsigned waiting_count;
	uint64_t start_ms; /* of the first interval of -G */
	uint64_t due_ms;   /* when the next file of -G begins; CLOCK_NEVER: none */
};

/* One target's file, for reports. */
struct split_file_status {
	uint64_t files;	  /* 0: none */
	const char *name; /* of the last one */
};

/*
 * Checks all names. Opens no file yet. files is for split_files_cleanup() either way.
 * Returns false with error set.
 */
bool split_files_init(
	struct split_files *files, const struct options *options, struct error *error);

void split_files_cleanup(struct split_files *files);

/* Opens the files of the targets whose streams have begun. If that fails, whole fails. */
void split_files_start(struct split_files *files, struct capture_file *whole);

/* Writes a packet, for struct merge_sink; context is the files. False: not now. */
bool split_files_packet(void *context, unsigned target, const struct packet *packet);

/* The same for a block of a stream. */
bool split_files_block(void *context, unsigned target, const unsigned char *bytes, size_t size);

/* Writes what is buffered. */
void split_files_flush(struct split_files *files);

/* Writes counters, as capture_file_write_counters(), and opens files of new targets. */
void split_files_write_counters(struct split_files *files);

/* Begins new files if -G is due. False: those were the last ones of -W. */
bool split_files_rotate(struct split_files *files, uint64_t now_ms);

/* Writes the end of each file, also if another one has failed. */
void split_files_write_end(struct split_files *files);

/* Returns the number of packets that were accepted and not written. */
uint64_t split_files_pending(const struct split_files *files);

/* Closes all files and starts -z for them. Sets error if a file could not be closed. */
void split_files_close(struct split_files *files, struct error *error);

/* Reports targets without a file. */
void split_files_report_missing(const struct split_files *files);

/* Returns the files of a target. */
struct split_file_status split_files_status(const struct split_files *files, unsigned target);

/* Returns the number of all files. */
uint64_t split_files_total(const struct split_files *files);
