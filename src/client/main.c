/* SPDX-License-Identifier: MIT */
/*
 * Program ddump: captures on many hosts at once. In: a command line. Out: one
 * stream of packets in order of time, and an exit status.
 */
#include "client/config.h"
#include "client/descriptor_limit.h"
#include "client/extcap.h"
#include "client/extcap_control.h"
#include "client/interface_list.h"
#include "client/session.h"
#include "client/wireshark.h"
#include "common/process.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void print_help(void)
{
	printf("Usage: ddump [OPTION]... TARGET...                          "
	       "(more: man ddump)\n"
	       "TARGET: [LABEL=][http[s]://|[tcpdump+]ssh://][USER@]HOST[:PORT]"
	       "[/PATH][?QUERY],\n"
	       "        [LABEL=]exec:COMMAND, [LABEL=]./CAPTURE, -, or @FILE\n");
	option_table_print(stdout, options_rows, options_row_count);
}

static void print_version(void)
{
	printf("ddump %s\n%s\n%s\n", DDUMP_VERSION, curl_version(),
		OpenSSL_version(OPENSSL_VERSION));
}

/*
 * Opens /dev/null as stdin and stderr if they are closed. Otherwise, the next
 * file would get their number, and messages would be written into the capture.
 */
static void fill_descriptors(void)
{
	static const int filled[] = {STDIN_FILENO, STDERR_FILENO};

	for (size_t i = 0; i < sizeof(filled) / sizeof(*filled); i++)
		if (fcntl(filled[i], F_GETFD) < 0 && errno == EBADF)
			process_replace_with_null(filled[i]);
}

static int print_error(const struct error *error)
{
	if (error->status)
		fprintf(stderr, "ddump: %s\n", error->text);
	return EXIT_FAILURE;
}

/* Wireshark stores its dialog, and passes it on without a question. */
static bool check_extcap_targets(const struct target_list *targets, struct error *error)
{
	for (size_t i = 0; i < targets->count; i++)
		if (targets->list[i].kind == TARGET_COMMAND)
			return error_set(error, 1,
				"%s: exec: is not allowed in Wireshark's dialog; pipe ddump into "
				"wireshark -k -i -",
				targets->list[i].label);
	return true;
}

/*
 * Adds what Wireshark does not pass as an option; extcap may be NULL. False, with error
 * set: it passes what is not allowed there.
 */
static bool apply_extcap(struct options *options, const struct extcap *extcap, struct error *error)
{
	if (!extcap)
		return true;
	if (!check_extcap_targets(&options->targets, error))
		return false;
	options->extcap = true;
	if (extcap->dialog.passphrase)
		snprintf(options->credentials.passphrase, TLS_PASSPHRASE_MAX, "%s",
			extcap->dialog.passphrase);
	return true;
}

/* Runs what the options ask for, and returns the exit status. */
static int run_options(
	struct options *options, const struct wireshark_call *wireshark, struct error *error)
{
	if (options->wireshark)
		return wireshark_run(wireshark, options, error);
	descriptor_limit_raise();
	if (!descriptor_limit_check(options, error))
		return EXIT_FAILURE;
	if (options->list_interfaces)
		return interface_list_run(options, error);
	return session_run(options, error);
}

static int run_command_line(int argc, char **argv, const struct extcap *extcap)
{
	struct wireshark_call wireshark = {0};
	struct options options;
	struct error error = {0};
	int status = EXIT_FAILURE;

	if (!wireshark_copy(argc, argv, &wireshark, &error))
		return print_error(&error);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (options_read(argc, argv, &options, &error)) {
		if (options.help || options.version) {
			options.help ? print_help() : print_version();
			status = fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
		} else if (apply_extcap(&options, extcap, &error)) {
			status = run_options(&options, &wireshark, &error);
		}
	}
	print_error(&error);
	options_cleanup(&options);
	wireshark_cleanup(&wireshark);
	curl_global_cleanup();
	return status;
}

/*
 * Runs as an extcap program of Wireshark. A new session has no terminal: ddump
 * does not prompt there, and Ctrl-C interrupts only Wireshark, which then ends
 * ddump.
 */
static int run_extcap(int argc, char **argv)
{
	struct extcap extcap;
	struct error error = {0};
	int status;

	bool is_read;

	is_read = extcap_read(argc, argv, &extcap, &error);
	/* Wireshark waits until its pipes are opened, after an error as well */
	extcap_control_open(extcap.control_in, extcap.control_out);
	if (!is_read) {
		status = print_error(&error);
		extcap_open(&extcap, &error);
	} else if (!extcap.capture) {
		status = extcap_answer(&extcap);
	} else if (!extcap_open(&extcap, &error)) {
		status = print_error(&error);
	} else {
		setsid();
		status = run_command_line(extcap.line.count, extcap.line.list, &extcap);
	}
	extcap_control_close();
	extcap_cleanup(&extcap);
	return status;
}

int main(int argc, char **argv)
{
	/* it always holds passwords, keys and packets of other people */
	process_hide_memory();
	fill_descriptors();
	if (extcap_is_called(argc, argv))
		return run_extcap(argc, argv);
	return run_command_line(argc, argv, NULL);
}
