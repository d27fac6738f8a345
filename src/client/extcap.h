#pragma once

#include "client/dialog.h"
#include "common/failure.h"

#include <stdbool.h>

/*
 * Wireshark's way to use a program as an interface, extcap(4): it asks for
 * interfaces, link types and a dialog, and has packets written to a fifo.
 */
struct extcap {
	char **given;	   /* a copy of argv */
	char *both;	   /* filters, joined */
	struct words line; /* to capture: for arguments_read() */
	struct dialog dialog;
	/* NULL: it is not said */
	char *interface;
	char *filter;
	char *fifo;
	char *unused;
	bool interfaces;
	bool dlts;
	bool config;
	bool capture;
};

/* Is this a call of Wireshark's? Its first argument tells. */
bool extcap_is_called(int argc, char **argv);

/*
 * Takes such a call over, and wipes argv, which all read in ps(1). ret_extcap
 * is for extcap_clear() either way; the fifo is known even if it fails.
 */
bool extcap_read(int argc, char **argv, struct extcap *ret_extcap,
	struct failure *failure);

/*
 * Answers on stdout what is no capture. Returns the exit status: 1 for a
 * filter to be checked, which Wireshark takes for "unknown"; workers can tell.
 */
int extcap_answer(const struct extcap *extcap);

/* Makes the fifo stdout; waits until it has a reader. */
bool extcap_open(const struct extcap *extcap, struct failure *failure);

void extcap_clear(struct extcap *extcap);
