/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>
#include <sys/types.h>

enum { FILE_COMMANDS_MAX = 64 }; /* that run at the same time */

/* One command that runs for a file. */
struct file_command {
	pid_t pid;
	char *name; /* of the file */
};

/* The commands of -z. All zero but command: none runs. Times are those of clock_ms(). */
struct file_commands {
	const char *command; /* a program, without arguments; NULL: none */
	struct file_command running[FILE_COMMANDS_MAX];
	unsigned count;
	uint64_t check_ms; /* when to look for commands that have ended */
	/* files that wait until fewer commands run: */
	unsigned waiting_max; /* with more, no command is started for a file */
	unsigned waiting_count;
	char **waiting; /* their names, the oldest one first */
};

/*
 * Starts the command for a finished file, and returns at once. If too many commands run, the
 * file waits. Warns if that fails, or if too many files wait.
 */
void file_commands_start(struct file_commands *commands, const char *name, uint64_t now_ms);

/* Returns when file_commands_check() must run: ms, or CLOCK_NEVER. */
uint64_t file_commands_due_ms(const struct file_commands *commands);

/* Warns of commands that have failed, and starts those for files that wait. */
void file_commands_check(struct file_commands *commands, uint64_t now_ms);

/*
 * Waits for all commands, for at most ms after the last one was started, and frees the
 * names. Those that still run then continue without ddump; a line reports them.
 */
void file_commands_finish(struct file_commands *commands, int ms);
