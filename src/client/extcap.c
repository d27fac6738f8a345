/* SPDX-License-Identifier: MIT */
/*
 * extcap(4), Wireshark's interface to capture programs. In: argv of extcap. Out:
 * a response on stdout, or ddump's command line for a capture.
 */
#include "client/extcap.h"

#include "client/extcap_control.h"
#include "client/own_files.h"
#include "client/redact.h"
#include "client/tls_files.h"
#include "common/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "ddump"
/* Wireshark puts the name behind it, after a colon */
#define DISPLAY "Many hosts"
#define PREFIX "--extcap-"
#define AT(source) NULL, offsetof(struct extcap, source)

enum { EXTCAP_ROWS = 10, SHOWN_MAX = 200 };

static const struct option_row extcap_rows[EXTCAP_ROWS] = {
	{"extcap-interfaces", NULL, NULL, AT(interfaces)},
	{"extcap-dlts", NULL, NULL, AT(dlts)},
	{"extcap-config", NULL, NULL, AT(config)},
	{"capture", NULL, NULL, AT(capture)},
	{"extcap-interface", "NAME", NULL, AT(interface)},
	{"extcap-capture-filter", "EXPR", NULL, AT(filter)},
	{"fifo", "FILE", NULL, AT(fifo)},
	{"extcap-version", "N", NULL, AT(ignored)},
	{"extcap-control-in", "FILE", NULL, AT(control_in)},
	{"extcap-control-out", "FILE", NULL, AT(control_out)},
};

bool extcap_is_called(int argc, char **argv)
{
	return argc > 1 &&
	       (strncmp(argv[1], PREFIX, strlen(PREFIX)) == 0 || strcmp(argv[1], "--capture") == 0);
}

static bool copy_argv(int argc, char **argv, struct extcap *extcap, struct error *error)
{
	bool good;

	extcap->argv_copy = calloc((size_t)argc + 1, sizeof(*extcap->argv_copy));
	good = extcap->argv_copy != NULL;
	for (int i = 0; good && i < argc; i++) {
		extcap->argv_copy[i] = strdup(argv[i]);
		good = extcap->argv_copy[i] != NULL;
		/* all of it, to hide the length of a passphrase */
		if (i > 0)
			explicit_bzero(argv[i], strlen(argv[i]));
	}
	return good || error_set(error, 1, "out of memory");
}

static bool parse_argv(int argc, struct extcap *extcap, struct error *error)
{
	struct option_row rows[EXTCAP_ROWS + EXTCAP_DIALOG_FIELDS];
	char shown[SHOWN_MAX];
	int operand;

	memcpy(rows, extcap_rows, sizeof(extcap_rows));
	extcap_dialog_rows(rows + EXTCAP_ROWS, offsetof(struct extcap, dialog));
	operand = option_table_parse(
		argc, extcap->argv_copy, rows, EXTCAP_ROWS + EXTCAP_DIALOG_FIELDS, extcap, error);
	if (operand < 0)
		return false;
	/* not printed: it may be a part of a passphrase */
	if (operand < argc)
		return error_set(error, 1, "unexpected argument; try --targets TARGETS");
	if (!extcap->interface || strcmp(extcap->interface, NAME) == 0)
		return true;
	/* with the value missing, this may be a target with a password */
	redact_copy(shown, sizeof(shown), extcap->interface);
	return error_set(error, 1, "unknown interface %s; the only interface is " NAME, shown);
}

/*
 * Without a control pipe, as in tshark, Wireshark shows every message as an error, at
 * the end. With one it has a log for messages, and a status bar.
 */
static bool add_loudness(struct extcap *extcap, struct error *error)
{
	const bool has_control = extcap->control_out && *extcap->control_out;

	return argv_list_add(&extcap->line, has_control ? "--status" : "--quiet", error);
}

/* With -paths stdout is for its table, and the packets need the name of a file. */
static bool add_output(struct extcap *extcap, struct error *error)
{
	if (!extcap->dialog.paths || !extcap->fifo)
		return true;
	return argv_list_add(&extcap->line, "--w", error) &&
	       argv_list_add(&extcap->line, extcap->fifo, error);
}

/* Wireshark's capture filter, which is the only one. */
static bool add_filter(struct extcap *extcap, struct error *error)
{
	if (!extcap->filter || !*extcap->filter)
		return true;
	return argv_list_add(&extcap->line, "--filter", error) &&
	       argv_list_add(&extcap->line, extcap->filter, error);
}

bool extcap_read(int argc, char **argv, struct extcap *ret_extcap, struct error *error)
{
	struct argv_list *line = &ret_extcap->line;
	const char *passphrase;

	*ret_extcap = (struct extcap){0};
	if (!copy_argv(argc, argv, ret_extcap, error) || !parse_argv(argc, ret_extcap, error))
		return false;
	if (!ret_extcap->capture)
		return true;
	passphrase = ret_extcap->dialog.passphrase;
	if (passphrase && strlen(passphrase) >= TLS_PASSPHRASE_MAX)
		return error_set(
			error, 1, "--passphrase must be shorter than %d bytes", TLS_PASSPHRASE_MAX);
	if (!argv_list_add(line, NAME, error) || !argv_list_add(line, "--pcapng", error) ||
		!add_loudness(ret_extcap, error) || !add_filter(ret_extcap, error) ||
		!add_output(ret_extcap, error))
		return false;
	return extcap_dialog_translate(&ret_extcap->dialog, line, error);
}

static void print_interfaces(void)
{
	char help[PATH_MAX];

	printf("extcap {version=" DDUMP_VERSION "}");
	if (own_files_find(help, "doc/ddump/wireshark.html"))
		printf("{help=file://%s}", help);
	printf("\ninterface {value=" NAME "}{display=" DISPLAY "}\n");
	extcap_control_print();
}

int extcap_answer(const struct extcap *extcap)
{
	if (extcap->interfaces)
		print_interfaces();
	else if (extcap->dlts)
		/* what workers send by default; the stream itself decides */
		printf("dlt {number=113}{name=LINUX_SLL}"
		       "{display=Linux cooked-mode capture v1}\n");
	else if (extcap->config)
		extcap_dialog_print();
	else
		return EXIT_FAILURE;
	return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}

bool extcap_open(const struct extcap *extcap, struct error *error)
{
	int fd;

	if (!extcap->fifo || !*extcap->fifo)
		return error_set(error, 1, "--capture needs --fifo");
	fd = open(extcap->fifo, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(
			error, 1, "cannot open --fifo %s: %s", extcap->fifo, strerror(errno));
	/* it stays open: without a writer, its reader would end before -w opens it */
	if (extcap->dialog.paths)
		return process_replace_with_null(STDOUT_FILENO);
	if (dup2(fd, STDOUT_FILENO) < 0)
		error_set(error, 1, "cannot open --fifo %s: %s", extcap->fifo, strerror(errno));
	close(fd);
	return error->status == 0;
}

void extcap_cleanup(struct extcap *extcap)
{
	for (char **word = extcap->argv_copy; word && *word; word++) {
		explicit_bzero(*word, strlen(*word));
		free(*word);
	}
	free(extcap->argv_copy);
	argv_list_cleanup(&extcap->line);
	*extcap = (struct extcap){0};
}
