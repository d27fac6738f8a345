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

/* Writes a packet of that link type, or one that converts to it. */
bool output_packet(struct output *output, const struct packet *packet,
	uint32_t linktype, struct failure *failure);

/* Hands on what is buffered. */
bool output_flush(struct output *output, struct failure *failure);

/* Flushes and closes. Takes NULL. */
bool output_close(struct output *output, struct failure *failure);
