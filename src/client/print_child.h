/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/print_text.h"
#include "common/error.h"
#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PRINT_CHILD_ERROR_SIZE = 256 };

/*
 * A tcpdump that prints the packets of one link type. Its descriptors do not block;
 * -1: closed.
 */
struct print_child {
	uint32_t linktype;
	pid_t pid;
	int in;
	int out;
	int messages;	       /* its stderr */
	unsigned char *record; /* bytes for it, of which start are written */
	size_t start;
	size_t used;
	char *text; /* what it has printed, and nobody has taken yet */
	size_t text_start;
	size_t text_used;
	uint32_t sent;			      /* packets */
	uint32_t seen;			      /* packets of which a line was taken */
	char message[PRINT_CHILD_ERROR_SIZE]; /* the last line of its stderr */
};

/* Starts tcpdump. The child is for print_child_free() either way. */
bool print_child_start(struct print_child *child, uint32_t linktype,
	const struct print_text_options *options, struct error *error);

/* Adds a packet; NULL adds a mark: an empty packet, for which tcpdump prints one line. */
void print_child_add(struct print_child *child, const struct packet *packet);

/* Is everything written that was added? */
bool print_child_is_written(const struct print_child *child);

/* Writes what the child accepts. It ended if child->in is -1 afterwards. */
void print_child_write(struct print_child *child);

/* No more packets follow: closes its input when all is written. */
void print_child_finish(struct print_child *child);

/* Reads what it has printed, as far as there is space. */
void print_child_read(struct print_child *child);
void print_child_read_messages(struct print_child *child);

/*
 * Returns the next whole line without its line feed, or NULL. A line that is longer
 * than the buffer is cut; the last line may lack its end.
 */
const char *print_child_line(const struct print_child *child, size_t *ret_size);

/* Takes the line of that size. */
void print_child_take(struct print_child *child, size_t size);

/* Waits for its end, and returns the exit status. */
int print_child_wait(struct print_child *child);

void print_child_free(struct print_child *child);
