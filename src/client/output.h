#pragma once

#include "common/failure.h"
#include "format/packet.h"
#include "format/pcapfile.h"

/*
 * The merged stream, in whole records, to a file or to stdout. Functions that
 * fail set failure with status 1, or 0 where the reader has simply left.
 */
struct output;

/*
 * Opens path (NULL or "-": stdout) and checks that it is no terminal. Nothing
 * is written yet. NULL: failure is set.
 */
struct output *output_open(const char *path, struct failure *failure);

/* The descriptor, to be watched for a reader that leaves. */
int output_fd(const struct output *output);

/* Writes the header that all packets come under. */
bool output_start(struct output *output, const struct pcapfile *file,
	struct failure *failure);

/*
 * Writes a packet of that link type, or one that converts to it. Returns false
 * when it failed, or when the buffer is full and output_is_blocked(): then the
 * packet is not taken.
 */
bool output_packet(struct output *output, const struct packet *packet,
	uint32_t linktype, struct failure *failure);

/* Hands on what is buffered, as far as the reader takes it. */
bool output_flush(struct output *output, struct failure *failure);

/* Is the reader too slow for what is buffered? */
bool output_is_blocked(const struct output *output);

/* How many packets were written that the reader has not taken. */
uint64_t output_pending(const struct output *output);

/* Waits until a slow reader takes more; false: it took nothing for ms. */
bool output_wait(const struct output *output, int ms);

/* Flushes, and closes. What a slow reader has not taken is lost. Takes NULL. */
bool output_close(struct output *output, struct failure *failure);
