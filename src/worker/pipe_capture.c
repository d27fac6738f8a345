/* SPDX-License-Identifier: MIT */
/*
 * Serves -capture. In: standard output, and the query in the settings. Out: the stream,
 * without HTTP, and errors on stderr.
 *
 * The user who starts it has the privilege, and nobody else can send a request. So only
 * what the process has from its caller is given up first: descriptors and other
 * capabilities. capture_run.c has what follows, as for a request.
 */
#include "worker/pipe_capture.h"

#include "common/process.h"
#include "worker/capture_run.h"
#include "worker/peer.h"
#include "worker/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

/*
 * Identifies who reads the stream, whose connection must not be captured: a socket's
 * peer, or that of the ssh session.
 */
static bool find_reader(
	int fd, const struct settings *settings, struct peer *peer, struct error *error)
{
	if (isatty(fd))
		return error_set(error, 1,
			"standard output is a terminal; send it to a file or a program, such as "
			"\"tcpdump -nr -\"");
	if (sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 0, 0) > 0)
		return peer_of_socket(fd, peer, error);
	return peer_of_ssh(settings->ssh_connection, peer, error);
}

/* Keeps nothing open that the caller has: the process reads what clients send. */
static bool close_others(struct error *error)
{
	process_close_from(STDERR_FILENO + 1);
	return process_replace_with_null(STDIN_FILENO) ||
	       error_set(error, 1, "cannot open /dev/null: %s", strerror(errno));
}

/* With error set: there is no capture, or it has failed. */
static void run_capture(struct capture_run *run, int fd, struct error *error)
{
	if (!find_reader(fd, run->settings, &run->peer, error))
		return;
	if (!close_others(error))
		return;
	if (!privileges_keep_net_raw(error))
		return;
	capture_run_serve(run, error);
}

int pipe_capture_serve(int fd, const struct settings *settings)
{
	const uid_t user = getuid();
	struct capture_run run;
	struct error error = {0};
	int write_error;

	capture_run_init(&run, settings);
	connection_open_pipe(&run.connection, fd);
	run.query = settings->capture;
	run.report.owner = user;
	run_capture(&run, fd, &error);
	write_error = run.connection.write_error;
	if (!error.status && write_error && write_error != EPIPE)
		error_set(&error, 1, "cannot write to standard output: %s", strerror(write_error));
	if (error.status)
		fprintf(stderr, "ddump-worker: %s\n", error.text);
	capture_run_cleanup(&run);
	return error.status ? 1 : 0;
}
