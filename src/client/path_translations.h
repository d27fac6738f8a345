/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_identity.h"

#include <stddef.h>

/*
 * Flows whose addresses or ports a router changes (NAT): which flow becomes which other one.
 * path_translations.c has the theory.
 */
struct path_translations;

enum { PATH_TRANSLATIONS_MAX = 1024 }; /* that are listed; others are counted */

struct path_translation {
	unsigned target;
	struct path_flow_key from; /* as the packets come */
	struct path_flow_key to;   /* as they leave */
	bool is_both_ways;	   /* the opposite of to becomes the opposite of from */
};

/* One packet at an interface of a target. */
struct path_translation_packet {
	unsigned target;
	uint64_t time_ns; /* by the target's clock */
	const unsigned char *data;
	uint32_t linktype;
	uint32_t caplen;
	uint32_t len;
};

/* For so many targets. NULL: out of memory. key stays the caller's. */
struct path_translations *path_translations_new(const struct path_hash_key *key, unsigned targets);

/* Accepts NULL. */
void path_translations_free(struct path_translations *translations);

/* Adds a packet in the order of its target's clock; identity is its own. */
void path_translations_add(struct path_translations *translations,
	const struct path_translation_packet *packet, const struct path_identity *identity);

/*
 * Sets which flow a flow becomes on a target. False: it becomes none, or that is not known.
 */
bool path_translations_find(const struct path_translations *translations, unsigned target,
	const struct path_flow_key *flow, struct path_flow_key *ret_flow);

/* Returns the translations in the order in which they were found, and how many there are. */
const struct path_translation *path_translations_list(
	const struct path_translations *translations, size_t *ret_count);

/* Returns how many were found when the list was full. */
uint64_t path_translations_others(const struct path_translations *translations);
