/* SPDX-License-Identifier: MIT */
/*
 * The main program of ddump-worker, which captures packets for HTTP clients. In: a
 * connection from systemd or inetd, or an address to listen on. Out: an exit status.
 */
#include "common/process.h"
#include "worker/config.h"
#include "worker/connection.h"
#include "worker/handler.h"
#include "worker/http_response.h"
#include "worker/journal.h"
#include "worker/listen.h"
#include "worker/listen_address.h"
#include "worker/pipe_capture.h"
#include "worker/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define DEFAULT_ADDRESS ":8475"

static void print_help(void)
{
	printf("Usage: ddump-worker [OPTION]...\n"
	       "Capture packets for one HTTP connection, or for many with -listen.\n"
	       "\n");
	option_table_print(stdout, settings_rows, settings_row_count);
	printf("\n"
	       "Variables: DDUMP_EXCLUDE, DDUMP_HOSTS, DDUMP_PROXY, DDUMP_PROMISC, DDUMP_NAMES,\n"
	       "DDUMP_RING, DDUMP_INTERFACES, DDUMP_MAX_DURATION, DDUMP_MAX_SNAPLEN,\n"
	       "DDUMP_MAX_PAYLOAD and DDUMP_MAX_FILTER set the same.  See ddump-worker(8).\n");
}

static void print_version(void)
{
	printf("ddump-worker %s\n%s\n", DDUMP_VERSION, pcap_lib_version());
}

/* inetd passes the connection as stderr, too: no message may reach a client. */
static void protect_client(void)
{
	struct stat in;
	struct stat err;

	if (fstat(STDIN_FILENO, &in) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
		S_ISSOCK(in.st_mode) && in.st_dev == err.st_dev && in.st_ino == err.st_ino &&
		!freopen("/dev/null", "w", stderr))
		close(STDERR_FILENO);
}

static int serve_address(const char *address, const struct settings *settings)
{
	struct error error = {0};
	int fd = listen_address_open(address, settings, &error);

	if (fd < 0) {
		journal_line(LOG_ERR, "%s", error.text);
		return 1;
	}
	journal_line(LOG_INFO, "listens on %s", address);
	return listen_run(fd, settings, handler_serve);
}

static int serve_passed_fd(int fd, const struct settings *settings)
{
	struct error error = {0};

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0)
		return listen_run(fd, settings, handler_serve);
	if (!privileges_keep_net_raw(&error)) {
		journal_line(LOG_ERR, "%s", error.text);
		return 1;
	}
	return handler_serve(fd, settings, false);
}

/* Is it a stream socket? Negative: it is another socket, or that cannot be checked. */
static int is_stream(int fd)
{
	int is = sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, -1);

	if (is == 0 && sd_is_socket(fd, AF_UNSPEC, 0, -1) > 0)
		return -EPROTOTYPE;
	return is == -EBADF ? 0 : is; /* closed */
}

/*
 * Is standard input a terminal, /dev/null, or closed? A program that passes a pipe
 * or a file does not expect a port that is open to all.
 */
static bool may_listen(void)
{
	struct stat in;

	return fstat(STDIN_FILENO, &in) != 0 || S_ISCHR(in.st_mode);
}

/* Answers a passed connection with an error, without details of the settings. */
static void reject_passed_fd(void)
{
	const int fd = sd_listen_fds(0) == 1 ? SD_LISTEN_FDS_START : STDIN_FILENO;
	struct connection connection;
	struct error error;

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 0) <= 0)
		return;
	error_set(&error, 500, "the worker's settings are invalid; see its journal");
	connection_open(&connection, fd);
	http_response_send_error(&connection, false, &error);
	connection_close(&connection);
}

static int serve(const struct settings *settings)
{
	int passed = sd_listen_fds(1);
	int is_socket;

	if (settings->capture)
		return pipe_capture_serve(STDOUT_FILENO, settings);
	if (settings->listen)
		return serve_address(settings->listen, settings);
	if (passed > 1) {
		journal_line(LOG_ERR, "%d sockets were passed, only one is supported", passed);
		return 1;
	}
	if (passed == 1)
		return serve_passed_fd(SD_LISTEN_FDS_START, settings);
	is_socket = is_stream(STDIN_FILENO);
	if (is_socket > 0) {
		protect_client();
		return serve_passed_fd(STDIN_FILENO, settings);
	}
	/* if a connection may have been passed, do not open a port to all */
	if (passed < 0 || is_socket < 0) {
		protect_client();
		journal_line(LOG_ERR, "cannot check for a passed socket: %s",
			strerror(passed < 0 ? -passed : -is_socket));
		return 1;
	}
	if (!may_listen()) {
		journal_line(LOG_ERR,
			"standard input is not a socket; try -listen ADDRESS:PORT, or enable "
			"ddump-worker.socket");
		return 1;
	}
	return serve_address(DEFAULT_ADDRESS, settings);
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct error error = {0};

	/* a packet socket must not get the number of standard output or error */
	const bool has_stdout = fcntl(STDOUT_FILENO, F_GETFD) >= 0;

	if (!process_fill_standard_fds())
		return EXIT_FAILURE;
	signal(SIGPIPE, SIG_IGN);
	/* stderr may be a file with a limited size */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* if it were ignored, waitpid() would not see a child's end */
	if (!settings_read(argc, argv, &settings, &error)) {
		protect_client();
		journal_line(LOG_ERR, "%s", error.text);
		reject_passed_fd();
		return EXIT_FAILURE;
	}
	if (settings.capture && !has_stdout) {
		journal_line(LOG_ERR, "-capture: standard output is closed");
		return EXIT_FAILURE;
	}
	if (settings.help)
		print_help();
	else if (settings.version)
		print_version();
	else
		return serve(&settings);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
