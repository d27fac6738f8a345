/*
 * ddump-worker: captures packets for whoever connects. In: a connection, by
 * systemd, by inetd, or by a listener of its own. Out: an exit status.
 */
#include "worker/address.h"
#include "worker/answer.h"
#include "worker/connection.h"
#include "worker/journal.h"
#include "worker/listen.h"
#include "worker/privilege.h"
#include "worker/serve.h"
#include "worker/settings.h"

#include <errno.h>
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
	       "Captures packets for one HTTP client at a time, or for many "
	       "with -listen.\n\n");
	options_print(stdout, settings_rows, settings_row_count);
	printf("\nDDUMP_EXCLUDE, DDUMP_HOSTS, DDUMP_RING, "
	       "DDUMP_INTERFACES,\nDDUMP_MAX_DURATION and DDUMP_MAX_SNAPLEN in "
	       "the environment stand for these\noptions.  More in "
	       "ddump-worker(8).\n");
}

static void print_version(void)
{
	printf("ddump-worker %s\n%s\n", DDUMP_VERSION, pcap_lib_version());
}

/* inetd gives the connection as stderr, too: no message may reach a client. */
static void protect_client(void)
{
	struct stat in;
	struct stat err;

	if (fstat(STDIN_FILENO, &in) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
		S_ISSOCK(in.st_mode) && in.st_dev == err.st_dev &&
		in.st_ino == err.st_ino && !freopen("/dev/null", "w", stderr))
		close(STDERR_FILENO);
}

static int serve_address(const char *address, const struct settings *settings)
{
	struct failure failure = {0};
	int fd = address_open(address, settings, &failure);

	if (fd < 0) {
		journal_line(LOG_ERR, "%s", failure.text);
		return 1;
	}
	journal_line(LOG_INFO, "listens on %s", address);
	return listen_run(fd, settings, serve_connection);
}

static int serve_given(int fd, const struct settings *settings)
{
	struct failure failure = {0};

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) > 0)
		return listen_run(fd, settings, serve_connection);
	if (!privilege_reduce(&failure)) {
		journal_line(LOG_ERR, "%s", failure.text);
		return 1;
	}
	return serve_connection(fd, settings, false);
}

/* Is it a socket of streams? Negative: of others, or that can't be told. */
static int is_stream(int fd)
{
	int is = sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, -1);

	if (is == 0 && sd_is_socket(fd, AF_UNSPEC, 0, -1) > 0)
		return -EPROTOTYPE;
	return is == -EBADF ? 0 : is; /* closed: it is none */
}

/* Whoever is connected gets an answer, but is not told what was wrong. */
static void refuse_given(void)
{
	const int fd =
		sd_listen_fds(0) == 1 ? SD_LISTEN_FDS_START : STDIN_FILENO;
	struct connection connection;
	struct failure failure;

	if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 0) <= 0)
		return;
	failure_set(&failure, 500,
		"the worker's settings are wrong: its journal says which");
	connection_open(&connection, fd);
	answer_failure(&connection, false, &failure);
	connection_close(&connection);
}

static int run(const struct settings *settings)
{
	int given = sd_listen_fds(1);
	int is_socket;

	if (settings->listen)
		return serve_address(settings->listen, settings);
	if (given > 1) {
		journal_line(LOG_ERR,
			"%d sockets given, only one can be served", given);
		return 1;
	}
	if (given == 1)
		return serve_given(SD_LISTEN_FDS_START, settings);
	is_socket = is_stream(STDIN_FILENO);
	if (is_socket > 0) {
		protect_client();
		return serve_given(STDIN_FILENO, settings);
	}
	/* who may be given a connection must not open a port to everybody */
	if (given < 0 || is_socket < 0) {
		protect_client();
		journal_line(LOG_ERR,
			"can't tell whether a socket is given: %s",
			strerror(given < 0 ? -given : -is_socket));
		return 1;
	}
	return serve_address(DEFAULT_ADDRESS, settings);
}

int main(int argc, char **argv)
{
	struct settings settings;
	struct failure failure = {0};

	signal(SIGPIPE, SIG_IGN);
	/* for sd_journal_send(3), which may try to write a file */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGCHLD, SIG_DFL); /* ignored, no child's end would be told */
	if (!settings_read(argc, argv, &settings, &failure)) {
		protect_client();
		journal_line(LOG_ERR, "%s", failure.text);
		refuse_given();
		return EXIT_FAILURE;
	}
	if (settings.help)
		print_help();
	else if (settings.version)
		print_version();
	else
		return run(&settings);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
