/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "format/packet.h"
#include "format/pcapng_copy_options.h"
#include "format/pcapng_write.h"

#include <stddef.h>

/*
 * The output: whole records of a capture file, written to a file or stdout.
 * Functions that fail set error with status 1, or 0 if the reader has closed
 * the pipe.
 */
struct output;

/* A packet of the largest size with its options, or any other block. */
enum { OUTPUT_RECORD_MAX = PCAPNG_COPY_BLOCK_MAX + PCAPNG_BLOCK_MAX };
_Static_assert(PACKET_MAX + PCAPNG_COPY_OPTIONS_MAX <= PCAPNG_COPY_BLOCK_MAX,
	"a packet with its options is no larger than any other block");

/*
 * Opens path (NULL or "-": stdout), and rejects a terminal. Writes nothing yet.
 * Returns NULL with error set.
 */
struct output *output_open(const char *path, struct error *error);

/*
 * The same for a regular file that is open: fd, which is closed with the output.
 * was_created: the file is removed if nothing is started. path stays the caller's.
 */
struct output *output_open_file(int fd, const char *path, bool was_created, struct error *error);

/* The same for a pipe to another part of this program. */
struct output *output_open_pipe(int fd, struct error *error);

/* Is stdout a terminal to which a program in the foreground may print? */
bool output_is_terminal(void);

/*
 * Flushes and closes the output, a regular file, and continues with another one: fd,
 * which gets the descriptor number of the first. fd stays the caller's if it fails.
 */
bool output_switch(struct output *output, int fd, const char *path, struct error *error);

/* Returns the bytes of the present file, since it was opened. */
uint64_t output_file_bytes(const struct output *output);

/*
 * Writes as soon as this many bytes are buffered, so that many outputs need less memory.
 * At most what is the default.
 */
void output_set_buffer(struct output *output, size_t bytes);

/* The descriptor, to watch for a reader that closes it. */
int output_fd(const struct output *output);

/* Truncates the file, before the first record. */
bool output_start(struct output *output, struct error *error);

/*
 * The space for the next record, OUTPUT_RECORD_MAX bytes. NULL: the output is
 * blocked or has failed.
 */
unsigned char *output_buffer(struct output *output);

/*
 * Adds the record of size bytes (at least 16) in that space. If it fails, the
 * record is not counted as pending.
 */
bool output_add(struct output *output, size_t size, bool is_packet, struct error *error);

/* Writes what is buffered, as far as the reader accepts it without waiting. */
bool output_flush(struct output *output, struct error *error);

/* Is the output a pipe or a socket? */
bool output_is_piped(const struct output *output);

/* After a flush: has the reader not accepted all that is buffered? */
bool output_is_blocked(const struct output *output);

/* The number of packets that were added but not written. */
uint64_t output_pending(const struct output *output);

/* Waits until the output is writable, for ms at most; false: it is not. */
bool output_wait(const struct output *output, int ms);

/* Flushes and closes. Records that do not fit into a pipe are lost. Accepts NULL. */
bool output_close(struct output *output, struct error *error);
