/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/extcap_dialog.h"
#include "common/error.h"

#include <stdbool.h>

/*
 * One call as an extcap program, extcap(4): Wireshark queries interfaces, link
 * types and a dialog, and reads packets from a fifo.
 */
struct extcap {
	char **argv_copy;
	struct argv_list line; /* the command line of a capture, for options_read() */
	struct extcap_dialog dialog;
	/* NULL: not given */
	char *interface;
	char *filter;
	char *fifo;
	char *control_in; /* of the pipes of extcap_control.h */
	char *control_out;
	char *ignored;
	bool interfaces;
	bool dlts;
	bool config;
	bool capture;
};

/* Is this a call by Wireshark, by its first argument? */
bool extcap_is_called(int argc, char **argv);

/*
 * Parses such a call, and erases argv, which ps(1) shows. ret_extcap is for
 * extcap_cleanup() either way, and its fifo is set even if this fails.
 */
bool extcap_read(int argc, char **argv, struct extcap *ret_extcap, struct error *error);

/*
 * Prints the response to a query. Returns the exit status: 1 for the check of a
 * filter, which is "unknown" to Wireshark, because only workers can check it.
 */
int extcap_answer(const struct extcap *extcap);

/*
 * Opens the fifo as stdout, and waits until it has a reader. With -paths stdout is
 * discarded, and the fifo is opened for its reader only: it is the file of -w.
 */
bool extcap_open(const struct extcap *extcap, struct error *error);

/* Frees and erases the copies. */
void extcap_cleanup(struct extcap *extcap);
