/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "client/output.h"
#include "client/printer.h"
#include "client/rotation.h"
#include "common/error.h"

/*
 * Where the packets of a run go: standard output, a file, several files, or a process
 * that prints them. With -print beside -w, they go to files and to this process.
 */
struct outputs {
	struct output *main;
	struct output *print; /* beside main, for the printer; NULL: none */
	struct printer printer;
	struct rotation rotation;
};

/*
 * Opens the first file or stdout, and starts the printer, as the options say. Sets
 * those that follow from stdout, such as -print. Returns false with error set. In both
 * cases outputs_cleanup() follows.
 */
bool outputs_open(struct outputs *outputs, struct options *options, struct error *error);

/* Returns the output with a reader that may be slow or leave: a file beside it has none. */
struct output *outputs_reader(const struct outputs *outputs);

/* Returns the output that accepts no more at present, or NULL. */
const struct output *outputs_blocked(const struct outputs *outputs);

/*
 * Waits until all packets are printed, so that other text comes after them, and closes
 * the output to the printer. Returns false if packets could not be printed.
 */
bool outputs_end_printing(struct outputs *outputs);

/* Closes all that is still open. Accepts a struct that is all zero. */
void outputs_cleanup(struct outputs *outputs);
