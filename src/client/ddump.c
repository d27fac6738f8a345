/*
 * ddump: captures on many hosts at once. In: a command line. Out: one stream
 * of packets in the order of time, and an exit status.
 */
#include "client/arguments.h"
#include "client/credentials.h"
#include "client/extcap.h"
#include "client/output.h"
#include "client/session.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void print_help(void)
{
	printf("Usage: ddump [OPTION]... TARGET... | tcpdump -nr -          "
	       "(more: man ddump)\n"
	       "TARGET: [LABEL=][http[s]://|ssh://][USER@]HOST[:PORT][/PATH]"
	       "[?QUERY] or @FILE\n");
	options_print(stdout, arguments_rows, arguments_row_count);
}

static void print_version(void)
{
	printf("ddump %s\n%s\n%s\n", DDUMP_VERSION, curl_version(),
		OpenSSL_version(OPENSSL_VERSION));
}

/* Each target takes a descriptor, and while it is looked up some more. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/*
 * Somebody may have closed stdin or stderr. What is opened next would get
 * their numbers, and messages would end up in the capture.
 */
static void fill_descriptors(void)
{
	static const int filled[] = {STDIN_FILENO, STDERR_FILENO};

	for (size_t i = 0; i < sizeof(filled) / sizeof(*filled); i++) {
		int fd;

		if (fcntl(filled[i], F_GETFD) >= 0 || errno != EBADF)
			continue;
		fd = open("/dev/null", O_RDWR);
		if (fd == filled[i] || fd < 0)
			continue;
		dup2(fd, filled[i]);
		close(fd);
	}
}

static int capture(struct arguments *arguments, struct failure *failure)
{
	struct output *output = output_open(arguments->output, failure);
	int status = 1;

	if (output && credentials_check(&arguments->credentials, failure))
		status = session_run(arguments, output, failure);
	if (!output_close(output, failure) && failure->status)
		status = 1;
	return status;
}

static int complain(const struct failure *failure)
{
	if (failure->status)
		fprintf(stderr, "ddump: %s\n", failure->text);
	return EXIT_FAILURE;
}

/* What Wireshark says besides a command line; NULL: it is not there. */
static void add_extcap(struct arguments *arguments, const struct extcap *extcap)
{
	if (!extcap)
		return;
	arguments->extcap = true;
	if (extcap->dialog.passphrase)
		snprintf(arguments->credentials.passphrase,
			CREDENTIALS_PASSPHRASE_MAX, "%s",
			extcap->dialog.passphrase);
}

static int run(int argc, char **argv, const struct extcap *extcap)
{
	struct arguments arguments;
	struct failure failure = {0};
	int status = EXIT_FAILURE;

	raise_limits();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (arguments_read(argc, argv, &arguments, &failure)) {
		if (arguments.help || arguments.version) {
			arguments.help ? print_help() : print_version();
			status = fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
		} else {
			add_extcap(&arguments, extcap);
			status = capture(&arguments, &failure);
		}
	}
	complain(&failure);
	arguments_clear(&arguments);
	curl_global_cleanup();
	return status;
}

/*
 * For Wireshark. A session of our own has no terminal: nothing is asked there,
 * and an interrupt typed there is Wireshark's, which then ends us.
 */
static int serve(int argc, char **argv)
{
	struct extcap extcap;
	struct failure failure = {0};
	int status;

	if (!extcap_read(argc, argv, &extcap, &failure)) {
		status = complain(&failure);
		/* it waits for somebody to open the fifo, come what may */
		extcap_open(&extcap, &failure);
	} else if (!extcap.capture) {
		status = extcap_answer(&extcap);
	} else if (!extcap_open(&extcap, &failure)) {
		status = complain(&failure);
	} else {
		setsid();
		status = run(extcap.line.count, extcap.line.list, &extcap);
	}
	extcap_clear(&extcap);
	return status;
}

/*
 * Passwords, keys and other people's packets are in our memory all the time:
 * none of that goes into a core dump, nor to another process of this user. A
 * limit of 0 would not keep it from a program that takes the dumps.
 */
static void hide_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	hide_memory();
	fill_descriptors();
	if (extcap_is_called(argc, argv))
		return serve(argc, argv);
	return run(argc, argv, NULL);
}
