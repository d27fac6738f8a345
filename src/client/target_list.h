/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target.h"

/* A list of targets; all zero: empty. */
struct target_list {
	struct target *list;
	size_t count;
	bool has_stdin;		  /* it is a target, or was a file of targets */
	bool allow_exec;	  /* files of targets may have commands */
	size_t capacity;	  /* of list */
	struct label_slot *slots; /* a hash table of the labels */
	size_t slot_count;	  /* a power of two, or 0 */
};

/*
 * Adds a target, or those of @FILE, one per line ("@-": stdin), with unique
 * labels. Returns false with error set.
 */
bool target_list_add(struct target_list *targets, const char *argument,
	const struct target_defaults *defaults, struct error *error);

/* Is the file, by any of its names, one that a target reads? It must not be overwritten. */
bool target_list_reads(const struct target_list *targets, const char *path);

/* Frees all targets. */
void target_list_cleanup(struct target_list *targets);
