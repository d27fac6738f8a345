/* SPDX-License-Identifier: MIT */
/*
 * Stream of a program. In: a target, and what its program writes to stdout and stderr.
 * Out: packets for the handler, lines for the user, and the error at the end.
 *
 * The program's stdin is a pipe, to which nothing is written. It closes when ddump
 * ends, however that happens: a program on another host, such as one that ssh(1) has
 * started, can notice it there.
 *
 * For a host with tcpdump the program is ssh(1), and its stdin begins with a script for
 * the host's shell: see tcpdump_script.c.
 */
#include "client/command.h"

#include "client/child_process.h"
#include "client/notices.h"
#include "client/program_messages.h"
#include "client/ssh_process.h"
#include "client/tcpdump_report.h"
#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	EXIT_MS = 2000, /* to exit after its stdout has ended */
	STDERR_CHUNK = 4096,
	STDERR_CHUNKS_MAX = 64, /* at the end: children may write to it without end */
};

static const char shell[] = "/bin/sh";

struct command {
	const struct target *target;
	const struct options *options;
	struct event_loop *loop;
	struct command_events events;
	struct fd_stream *stream; /* of its stdout; NULL: the program was not started */
	struct event_watch stderr_watch;
	struct program_messages messages;
	struct tcpdump_report report; /* of TARGET_TCPDUMP */
	pid_t pid;		      /* 0: not started */
	int stdin_fd;
	bool stdout_ended;
	uint64_t exit_by_ms; /* after the end of stdout */
	bool has_exit;
	struct child_exit exit;
	struct error error; /* why the program was not started */
};

/* Returns the number of bytes that were read from stderr; 0 or less: none now. */
static ssize_t read_stderr(struct command *command)
{
	char bytes[STDERR_CHUNK];
	const ssize_t size = read(command->stderr_watch.fd, bytes, sizeof(bytes));

	if (size > 0)
		program_messages_push(&command->messages, bytes, (size_t)size, clock_ms());
	return size;
}

static void on_stderr(void *context)
{
	struct command *command = context;

	if (read_stderr(command) == 0)
		event_loop_unwatch(command->loop, &command->stderr_watch);
}

static void close_stdin(struct command *command)
{
	if (command->stdin_fd >= 0)
		close(command->stdin_fd);
	command->stdin_fd = -1;
}

static void before_data(void *context)
{
	const struct command *command = context;

	command->events.fd.before_data(command->events.fd.context);
}

static bool can_accept(void *context)
{
	const struct command *command = context;

	return command->events.fd.can_accept(command->events.fd.context);
}

/* An fd_stream event: stdout has ended. The program may still run for a while. */
static void on_stdout_end(void *context)
{
	struct command *command = context;

	command->stdout_ended = true;
	command->exit_by_ms = clock_ms() + EXIT_MS;
	close_stdin(command);
	command->events.fd.on_end(command->events.fd.context);
}

/* The pipes of a program: [0] is read, [1] is written. */
struct pipes {
	int in[2];
	int out[2];
	int error[2];
};

static void close_pipes(const struct pipes *pipes)
{
	const int fds[] = {pipes->in[0], pipes->in[1], pipes->out[0], pipes->out[1],
		pipes->error[0], pipes->error[1]};

	for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static bool open_pipe(int pipe[2])
{
	if (pipe2(pipe, O_CLOEXEC) == 0)
		return true;
	pipe[0] = -1;
	pipe[1] = -1;
	return false;
}

/* False: out of descriptors, and none is open. */
static bool open_pipes(struct pipes *ret_pipes)
{
	*ret_pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (open_pipe(ret_pipes->in) && open_pipe(ret_pipes->out) && open_pipe(ret_pipes->error)) {
		/* the program's own ends block */
		fcntl(ret_pipes->out[0], F_SETFL, O_NONBLOCK);
		fcntl(ret_pipes->error[0], F_SETFL, O_NONBLOCK);
		return true;
	}
	close_pipes(ret_pipes);
	return false;
}

/* Runs the shell command of a target. Returns an error number. */
static int start_shell(const struct target *target, const int fds[3], pid_t *ret_pid)
{
	const char *const argv[] = {shell, "-c", target->command, NULL};

	return child_process_start(argv, fds, ret_pid);
}

/* Runs ssh, and there the shell that will read the script. Returns an error number. */
static int start_ssh(const struct command *command, const int fds[3], pid_t *ret_pid)
{
	static const char *const options[] = {"-T", "-o", "BatchMode=yes", "-o", "ControlMaster=no",
		"-o", "ControlPath=none", "-o", "ConnectTimeout=10", "-o", "ServerAliveInterval=10",
		"-o", "ServerAliveCountMax=2", "-o", "ClearAllForwardings=yes", "-o",
		"RemoteCommand=none", NULL};
	const struct ssh_process ssh = {
		.target = command->target,
		.command = command->options->ssh,
		.remote = "exec sh",
	};

	return ssh_process_start(&ssh, options, fds, ret_pid);
}

/* Starts the program on its ends of the pipes, and closes these. Returns an error number. */
static int start_program(struct command *command, struct pipes *pipes)
{
	const int fds[] = {pipes->in[0], pipes->out[1], pipes->error[1]};
	const int error_number = command->target->kind == TARGET_TCPDUMP
					 ? start_ssh(command, fds, &command->pid)
					 : start_shell(command->target, fds, &command->pid);

	if (error_number)
		command->pid = 0;
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	pipes->in[0] = -1;
	pipes->out[1] = -1;
	pipes->error[1] = -1;
	return error_number;
}

/*
 * Writes the script to a pipe that nobody may read yet. It has space for the script: see
 * TCPDUMP_FILTER_MAX. False: out of descriptors.
 */
static bool write_script(const struct target *target, int fd)
{
	const size_t size = strlen(target->command);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	return write(fd, target->command, size) == (ssize_t)size;
}

/* Makes the command one that has ended, because its program was not started. */
static void set_start_error(struct command *command, int error_number)
{
	if (command->target->kind == TARGET_TCPDUMP)
		error_set(&command->error, 1,
			"cannot run ssh: %s; install the OpenSSH client, or try -ssh COMMAND",
			strerror(error_number));
	else
		error_set(&command->error, 1, "cannot run %s: %s", shell, strerror(error_number));
	command->stdout_ended = true;
	command->events.fd.on_end(command->events.fd.context);
}

/* False: out of memory or descriptors. */
static bool start(struct command *command, size_t chunk)
{
	const struct fd_stream_events events = {
		.context = command,
		.before_data = before_data,
		.can_accept = can_accept,
		.on_end = on_stdout_end,
		.stream = command->events.fd.stream,
	};
	struct pipes pipes;
	int error_number;

	if (!open_pipes(&pipes))
		return false;
	/* larger chunks cost less; the kernel may refuse that */
	fcntl(pipes.out[0], F_SETPIPE_SZ, (int)chunk);
	/* before ssh can end and close the pipe */
	if (command->target->kind == TARGET_TCPDUMP &&
		!write_script(command->target, pipes.in[1])) {
		close_pipes(&pipes);
		return false;
	}
	error_number = start_program(command, &pipes);
	if (error_number) {
		close_pipes(&pipes);
		set_start_error(command, error_number);
		return true;
	}
	command->stdin_fd = pipes.in[1];
	command->stderr_watch = (struct event_watch){
		.fd = pipes.error[0],
		.on_readable = on_stderr,
		.context = command,
	};
	command->stream = fd_stream_new(command->loop, pipes.out[0], chunk, &events);
	return command->stream && event_loop_watch(command->loop, &command->stderr_watch);
}

/* A program_messages event. */
static bool on_tcpdump_line(void *context, const char *line)
{
	struct command *command = context;

	/* what comes before the capture is the reason why there is none, and reported as that */
	return tcpdump_report_add(&command->report, line) || !fd_stream_has_begun(command->stream);
}

struct command *command_new(const struct target *target, const struct options *options,
	struct event_loop *loop, size_t chunk, const struct command_events *events)
{
	struct command *command = calloc(1, sizeof(*command));

	if (!command)
		return NULL;
	command->target = target;
	command->options = options;
	command->loop = loop;
	command->events = *events;
	command->messages = (struct program_messages){
		.label = target->label,
		.is_quiet = options->quiet,
		.on_line = target->kind == TARGET_TCPDUMP ? on_tcpdump_line : NULL,
		.context = command,
	};
	command->stdin_fd = -1;
	command->stderr_watch.fd = -1;
	if (start(command, chunk))
		return command;
	command_free(command);
	return NULL;
}

void command_free(struct command *command)
{
	if (!command)
		return;
	close_stdin(command);
	if (command->pid > 0)
		child_process_end(command->pid);
	fd_stream_free(command->stream);
	if (command->stderr_watch.fd >= 0) {
		event_loop_unwatch(command->loop, &command->stderr_watch);
		close(command->stderr_watch.fd);
	}
	free(command);
}

bool command_is_paused(const struct command *command)
{
	return command->stream && fd_stream_is_paused(command->stream);
}

void command_resume(struct command *command)
{
	fd_stream_resume(command->stream);
}

void command_ask_to_end(struct command *command)
{
	close_stdin(command);
}

bool command_has_ended(const struct command *command)
{
	return command->stdout_ended;
}

bool command_has_result(struct command *command, uint64_t now_ms)
{
	struct error unused;

	/* a program whose stream is damaged is not waited for */
	if (!command->stream || fd_stream_has_failed(command->stream, &unused))
		return true;
	command->has_exit = child_process_has_ended(command->pid, &command->exit);
	return command->has_exit || now_ms >= command->exit_by_ms;
}

/* Reads the rest of stderr, as far as it has arrived. */
static void finish_stderr(struct command *command)
{
	int chunks = 0;

	while (chunks < STDERR_CHUNKS_MAX && read_stderr(command) > 0)
		chunks++;
	program_messages_end(&command->messages, clock_ms());
}

/* Returns false, with error set to how the program ended and its last message. */
static bool describe_exit(const struct command *command, struct error *error)
{
	const struct child_exit *exit = &command->exit;
	const char *last = command->messages.last;

	if (exit->by_signal)
		return error_set(error, 1, "the program was ended by signal %d (%s)%s%s",
			exit->number, strsignal(exit->number), *last ? ": " : "", last);
	return error_set(error, 1, "the program exited with status %d%s%s", exit->number,
		*last ? ": " : "", last);
}

bool command_result(struct command *command, struct error *error)
{
	if (command->error.status) {
		*error = command->error;
		return false;
	}
	finish_stderr(command);
	if (command->report.counters.valid)
		command->events.on_counters(command->events.fd.context, &command->report.counters);
	if (fd_stream_has_failed(command->stream, error))
		return false;
	if (!command->has_exit)
		return error_set(error, 1,
			"the program closed its output, and did not exit within %d s",
			EXIT_MS / 1000);
	if (command->target->kind == TARGET_TCPDUMP && !command->exit.by_signal &&
		command->exit.number != 0)
		return tcpdump_report_exit(&command->report, command->exit.number, error);
	if (command->exit.by_signal || command->exit.number != 0)
		return describe_exit(command, error);
	return fd_stream_is_complete(command->stream, error);
}
