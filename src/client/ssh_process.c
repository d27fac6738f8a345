/* SPDX-License-Identifier: MIT */
/*
 * Processes of ssh(1). In: a host, and ssh's options. Out: a process, or ssh's
 * configuration for the host.
 *
 * ssh runs in its own session: it has no terminal for prompts, Ctrl-C does not
 * end it before ddump has drained the stream, and one signal ends its children.
 */
#include "client/ssh_process.h"

#include "common/process.h"
#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 32, /* with options */
	CONFIG_MAX = 16384, /* output of ssh -G */
	CONFIG_MS = 2000,   /* wait for each part of it */
	TERMINATE_MS = 200, /* between SIGTERM and SIGKILL */
	STEP_MS = 1,
};

/*
 * Adds "ssh", or "sh -c 'exec COMMAND "$@"' COMMAND", which git and rsync use as
 * well. False: out of memory.
 */
static bool add_command(const char **argv, size_t *count, const char *command, char **ret_script)
{
	*ret_script = NULL;
	if (!command) {
		argv[(*count)++] = "ssh";
		return true;
	}
	if (asprintf(ret_script, "exec %s \"$@\"", command) < 0) {
		*ret_script = NULL;
		return false;
	}
	argv[(*count)++] = "sh";
	argv[(*count)++] = "-c";
	argv[(*count)++] = *ret_script;
	argv[(*count)++] = command;
	return true;
}

/* Adds the last options, and the host. */
static void add_host(const char **argv, size_t *count, const struct target *target)
{
	if (target->ssh_port) {
		argv[(*count)++] = "-p";
		argv[(*count)++] = target->ssh_port;
	}
	if (target->ssh_user) {
		argv[(*count)++] = "-l";
		argv[(*count)++] = target->ssh_user;
	}
	argv[(*count)++] = "--";
	argv[(*count)++] = target->ssh_host;
}

/* Starts argv with fds as descriptors 0 to 2. Returns an error number. */
static int spawn_argv(pid_t *ret_pid, const char **argv, const int fds[3])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	sigset_t none;
	int error_number = 0;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int fd = 0; fd < 3 && !error_number; fd++)
		error_number = posix_spawn_file_actions_adddup2(&actions, fds[fd], fd);
	process_close_on_exec();
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (!error_number)
		error_number = posix_spawnp(
			ret_pid, argv[0], &actions, &attributes, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error_number;
}

int ssh_process_start(
	const struct ssh_process *ssh, const char *const *options, const int fds[3], pid_t *ret_pid)
{
	const char *argv[ARGUMENTS_MAX] = {NULL};
	char *script;
	size_t count = 0;
	int error_number = ENOMEM;

	if (add_command(argv, &count, ssh->command, &script)) {
		while (*options)
			argv[count++] = *options++;
		add_host(argv, &count, ssh->target);
		error_number = spawn_argv(ret_pid, argv, fds);
	}
	free(script);
	return error_number;
}

static bool is_reaped(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) != 0;
}

void ssh_process_end(pid_t pid)
{
	kill(-pid, SIGTERM);
	for (int ms = 0; ms < TERMINATE_MS; ms += STEP_MS) {
		if (is_reaped(pid))
			return;
		poll(NULL, 0, STEP_MS);
	}
	kill(-pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Reads until end of file, or until nothing arrives for CONFIG_MS. */
static void read_config(int fd, char config[CONFIG_MAX])
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	size_t used = 0;
	ssize_t size = 1;

	while (size > 0 && used < CONFIG_MAX - 1 && poll(&poll_fd, 1, CONFIG_MS) > 0) {
		size = read(fd, config + used, CONFIG_MAX - 1 - used);
		used += size > 0 ? (size_t)size : 0;
	}
	config[used] = '\0';
}

/* Runs "ssh -G", and reads the configuration that it prints; "" if it fails. */
static void get_config(const struct ssh_process *ssh, char config[CONFIG_MAX])
{
	static const char *const options[] = {"-G", NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pipes[2];
	pid_t pid;
	int error_number;

	config[0] = '\0';
	if (null < 0)
		return;
	if (pipe2(pipes, O_CLOEXEC) == 0) {
		error_number =
			ssh_process_start(ssh, options, (const int[]){null, pipes[1], null}, &pid);
		close(pipes[1]);
		if (!error_number) {
			read_config(pipes[0], config);
			ssh_process_end(pid);
		}
		close(pipes[0]);
	}
	close(null);
}

void ssh_process_find_port(const struct ssh_process *ssh, char ret_port[SSH_PORT_SIZE])
{
	static const char key[] = "\nport ";
	char config[CONFIG_MAX];
	uint64_t number;
	const char *at;

	snprintf(ret_port, SSH_PORT_SIZE, "%s",
		ssh->target->ssh_port ? ssh->target->ssh_port : "22");
	if (ssh->target->ssh_port)
		return;
	get_config(ssh, config);
	at = strstr(config, key);
	if (!at)
		return;
	at += strlen(key);
	config[(size_t)(at - config) + strspn(at, "0123456789")] = '\0';
	if (text_number(at, UINT16_MAX, &number))
		snprintf(ret_port, SSH_PORT_SIZE, "%u", (unsigned)number);
}
