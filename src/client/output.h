#pragma once

#include "common/failure.h"
#include "format/packet.h"
#include "format/pcapng.h"

#include <stddef.h>

/*
 * Whole records of a capture file, to a file or to stdout. Functions that
 * fail set failure with status 1, or 0 where the reader has simply left.
 */
struct output;

/* A packet of the largest size with a comment, or any other block. */
enum { OUTPUT_RECORD_MAX = PACKET_MAX + PCAPNG_BLOCK_MAX };

/*
 * Opens path (NULL or "-": stdout) and checks that it is no terminal. Nothing
 * is written yet. NULL: failure is set.
 */
struct output *output_open(const char *path, struct failure *failure);

/* The descriptor, to be watched for a reader that leaves. */
int output_fd(const struct output *output);

/* Empties the file: something will be written. */
bool output_start(struct output *output, struct failure *failure);

/*
 * Where the next record is to be written: OUTPUT_RECORD_MAX bytes. NULL when
 * none is taken: output_is_blocked(), or it has failed.
 */
unsigned char *output_room(struct output *output);

/*
 * Takes the record of size bytes (16 at least) that was written there. Where
 * it fails this one has not been added.
 */
bool output_add(struct output *output, size_t size, bool is_packet,
	struct failure *failure);

/* Hands on what is buffered, as far as the reader takes it. */
bool output_flush(struct output *output, struct failure *failure);

/* Does a program read it, by a pipe or a socket? */
bool output_is_piped(const struct output *output);

/* After a flush: is the reader too slow for what is buffered? */
bool output_is_blocked(const struct output *output);

/* How many packets were added that the reader, or the disk, has not taken. */
uint64_t output_pending(const struct output *output);

/* Waits until a slow reader takes more; false: it took nothing for ms. */
bool output_wait(const struct output *output, int ms);

/* Flushes, and closes. What a slow reader has not taken is lost. Takes NULL. */
bool output_close(struct output *output, struct failure *failure);
