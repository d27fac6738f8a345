/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"
#include "common/error.h"

#include <stdbool.h>

/* A command line with -wireshark, as it was typed. All zero: another one. */
struct wireshark_call {
	char **words;
	int count;
};

/*
 * Copies a command line that has the word -wireshark, before options_read() erases
 * parts of it. Returns false with error set. wireshark_cleanup() follows either way.
 */
bool wireshark_copy(int argc, char **argv, struct wireshark_call *ret_call, struct error *error);

/*
 * Replaces this process by Wireshark, which captures on its interface ddump, see
 * extcap.h, with the same targets and options. options are those of the call, already
 * checked. Returns only if that fails: 1 with error set.
 */
int wireshark_run(
	const struct wireshark_call *call, const struct options *options, struct error *error);

/* Erases and frees the copy. */
void wireshark_cleanup(struct wireshark_call *call);
