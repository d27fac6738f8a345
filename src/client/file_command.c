/* SPDX-License-Identifier: MIT */
/*
 * Commands for finished files (-z). In: names of files. Out: a process for each, and
 * warnings of those that fail.
 *
 * A command runs without a shell, with the lowest priority, in a process group of its
 * own: Ctrl-C ends the capture and not the compression of a file. It is not waited for
 * while the capture runs.
 */
#include "client/file_command.h"

#include "client/notices.h"
#include "common/clock.h"
#include "common/process.h"
#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHECK_MS = 1000,
	WAIT_STEP_MS = 10,
	LOWEST_PRIORITY = 19,
	SHOWN_MAX = 512,
};

/* A warning about the command and one file, whose names are the user's. */
static void warn(const struct file_commands *commands, const char *name, const char *what)
{
	char command[SHOWN_MAX];
	char file[SHOWN_MAX];

	text_escape(command, sizeof(command), commands->command);
	text_escape(file, sizeof(file), name);
	notice_warning("-z %s: %s: %s", command, file, what);
}

static void set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t all;
	sigset_t none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(attributes);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* The command has no input; what it prints goes to stderr. Returns an error number. */
static int spawn(const char *command, const char *name, pid_t *ret_pid)
{
	char *const argv[] = {(char *)command, (char *)name, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error_number;

	posix_spawn_file_actions_init(&actions);
	set_attributes(&attributes);
	error_number =
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!error_number)
		error_number =
			posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	process_close_on_exec();
	if (!error_number)
		error_number = posix_spawnp(ret_pid, command, &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error_number;
}

/* Returns the name for the command, for free(): it must not look like an option. */
static char *argument_of(const char *name)
{
	char *argument = NULL;

	if (asprintf(&argument, "%s%s", *name == '-' ? "./" : "", name) < 0)
		return NULL;
	return argument;
}

/* Starts the command for a file. */
static void start(struct file_commands *commands, const char *name, uint64_t now_ms)
{
	struct file_command *started = &commands->running[commands->count];
	char *argument = argument_of(name);
	int error_number = ENOMEM;

	if (argument)
		error_number = spawn(commands->command, argument, &started->pid);
	if (error_number) {
		warn(commands, name, strerror(error_number));
		free(argument);
		return;
	}
	setpriority(PRIO_PROCESS, (id_t)started->pid, LOWEST_PRIORITY);
	started->name = argument;
	commands->count++;
	commands->check_ms = now_ms + CHECK_MS;
}

/* Keeps the name of a file until fewer commands run. False: there is no space for it. */
static bool keep_waiting(struct file_commands *commands, const char *name)
{
	char *copy;

	if (commands->waiting_count == commands->waiting_max)
		return false;
	if (!commands->waiting)
		commands->waiting = calloc(commands->waiting_max, sizeof(char *));
	copy = commands->waiting ? strdup(name) : NULL;
	if (!copy)
		return false;
	commands->waiting[commands->waiting_count++] = copy;
	return true;
}

void file_commands_start(struct file_commands *commands, const char *name, uint64_t now_ms)
{
	if (!commands->command)
		return;
	file_commands_check(commands, now_ms);
	if (commands->count < FILE_COMMANDS_MAX)
		start(commands, name, now_ms);
	else if (!keep_waiting(commands, name))
		warn(commands, name, "not started, because too many commands still run");
}

uint64_t file_commands_due_ms(const struct file_commands *commands)
{
	return commands->count > 0 ? commands->check_ms : CLOCK_NEVER;
}

/* Warns of an end that is not a success. */
static void report_end(const struct file_commands *commands, const char *name, int status)
{
	char what[SHOWN_MAX];

	if (WIFSIGNALED(status))
		snprintf(what, sizeof(what), "ended by signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(what, sizeof(what), "failed with exit status %d", WEXITSTATUS(status));
	else
		return;
	warn(commands, name, what);
}

/* Starts the commands for files that have waited, as many as may run. */
static void start_waiting(struct file_commands *commands, uint64_t now_ms)
{
	unsigned taken = 0;

	for (; taken < commands->waiting_count && commands->count < FILE_COMMANDS_MAX; taken++) {
		start(commands, commands->waiting[taken], now_ms);
		free(commands->waiting[taken]);
	}
	if (taken == 0)
		return;
	commands->waiting_count -= taken;
	memmove(commands->waiting, commands->waiting + taken,
		commands->waiting_count * sizeof(char *));
}

void file_commands_check(struct file_commands *commands, uint64_t now_ms)
{
	unsigned left = 0;

	commands->check_ms = now_ms + CHECK_MS;
	for (unsigned i = 0; i < commands->count; i++) {
		struct file_command *command = &commands->running[i];
		int status = 0;

		if (waitpid(command->pid, &status, WNOHANG) == 0) {
			commands->running[left++] = *command;
			continue;
		}
		report_end(commands, command->name, status);
		free(command->name);
	}
	commands->count = left;
	start_waiting(commands, now_ms);
}

/* The names of files that still wait are not needed any more. */
static void forget_waiting(struct file_commands *commands)
{
	for (unsigned i = 0; i < commands->waiting_count; i++)
		free(commands->waiting[i]);
	free(commands->waiting);
	commands->waiting = NULL;
	commands->waiting_count = 0;
}

void file_commands_finish(struct file_commands *commands, int ms)
{
	for (int left = ms; commands->count > 0 && left > 0; left -= WAIT_STEP_MS) {
		const unsigned waiting = commands->waiting_count;

		poll(NULL, 0, WAIT_STEP_MS);
		file_commands_check(commands, clock_ms());
		if (commands->waiting_count < waiting)
			left = ms;
	}
	if (commands->waiting_count > 0)
		notice_warning("-z: not started for %u files, because too many commands still run",
			commands->waiting_count);
	forget_waiting(commands);
	if (commands->count > 0)
		notice_warning(
			"-z: %u commands still run; ddump does not wait for them", commands->count);
	while (commands->count > 0)
		free(commands->running[--commands->count].name);
}
