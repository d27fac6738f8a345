/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/*
 * Keeps the memory of this process from core dumps and from other processes of
 * its user. False: the kernel refused, see errno.
 */
bool process_hide_memory(void);

/*
 * Makes a child receive the signal when its parent ends. False: the parent has
 * ended already, and no signal will come.
 */
bool process_signal_at_parent_end(pid_t parent, int signal);

/* Unblocks all signals, which a program inherits blocked from who started it. */
void process_unblock_signals(void);

/* Closes all descriptors from the first one on. */
void process_close_from(int first);

/*
 * Opens /dev/null for each of standard input, output and error that is closed, so that
 * no other file gets its number, and what is written to it. False: that is impossible.
 */
bool process_fill_standard_fds(void);

/* Replaces the file of a descriptor with /dev/null. False: see errno. */
bool process_replace_with_null(int fd);

/* Sets close-on-exec on all descriptors above 2: a child inherits none of them. */
void process_close_on_exec(void);
