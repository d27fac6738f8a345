/* SPDX-License-Identifier: MIT */
/*
 * The responses of a malicious server. In: a name from the table at the end of
 * attacks.c. Out: the bytes to send, and those to repeat without end after them.
 *
 * client_attacks.bats runs each of them next to a target that works.
 */
#pragma once

#include "pcapng_blocks.h"

#include <stdio.h>

enum {
	ATTACK_NEVER = 0, /* the connection stays open and silent */
	ATTACK_MANY = 1000,
	ATTACK_VERY_MANY = 20000,
	/* of pcap */
	ATTACK_SLL = 113,
	ATTACK_SIZE = 64, /* bytes of most packets */
	FILE_HEAD = 1024, /* bytes for a response head before a file */
};

struct attack {
	struct blocks out;
	size_t again; /* offset of the bytes to repeat, or ATTACK_NEVER */
	bool ends;    /* the connection is closed after the last byte */
	bool slow;    /* one byte per packet */
	size_t step;  /* bytes every few ms; 0: as many as the client reads */
};

/* Prints the names of all attacks that end soon, one a line. */
void attack_list(void);

/* Frees an attack; NULL is allowed. */
void attack_free(struct attack *attack);

/* Returns a response with the bytes of a file, for attack_free(); closes the file. */
struct attack *attack_of_file(FILE *file);

/* Returns the attack of that name, for attack_free(); NULL if there is none. */
struct attack *attack_new(const char *name);
