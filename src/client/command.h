/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/fd_stream.h"
#include "client/options.h"
#include "client/target.h"

/* Callbacks of a command. */
struct command_events {
	struct fd_stream_events fd;
	/* The last counters of tcpdump on a host, with the same context. */
	void (*on_counters)(void *context, const struct statistics *counters);
};

/* A program that writes a capture stream to its stdout. */
struct command;

/*
 * Starts the program of a target, or tcpdump on its host; target and options must outlive it. chunk
 * is the most bytes that are read at once. A program that cannot be started is a command that has
 * ended. Returns a command for command_free(); NULL: out of memory or descriptors.
 */
struct command *command_new(const struct target *target, const struct options *options,
	struct event_loop *loop, size_t chunk, const struct command_events *events);

/* Ends the program, if it still runs. Accepts NULL. */
void command_free(struct command *command);

bool command_is_paused(const struct command *command);

/* Resumes after a pause. */
void command_resume(struct command *command);

/*
 * Closes the program's stdin. tcpdump on a host then reports its counters and ends; of
 * other programs it depends on what they do.
 */
void command_ask_to_end(struct command *command);

/* Was on_end of the events called? */
bool command_has_ended(const struct command *command);

/*
 * After that: is the result known? If not, the program has closed its
 * stdout, and has some time to exit: call this again after a few ms.
 */
bool command_has_result(struct command *command, uint64_t now_ms);

/*
 * Returns how the command ended, once it has a result: true if the stream is complete
 * and the program has exited with status 0, or false with error set.
 */
bool command_result(struct command *command, struct error *error);
