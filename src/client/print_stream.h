/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/print_text.h"

/* An exit status: nobody reads the text any more. */
enum { PRINT_STREAM_READER_GONE = 2 };

/*
 * Reads pcapng from the descriptor input, and prints each packet to stdout, until the
 * input ends, nobody reads the text, or an error, which it prints. Returns an exit
 * status: EXIT_SUCCESS, PRINT_STREAM_READER_GONE or EXIT_FAILURE.
 */
int print_stream(int input, const struct print_text_options *options);
