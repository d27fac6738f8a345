/*
 * Wireshark's interface to other programs. In: an argv as extcap(4) has it.
 * Out: an answer on stdout, or a command line of ours that captures.
 */
#include "client/extcap.h"

#include "client/credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "ddump"
#define PREFIX "--extcap-"
#define AT(member) NULL, offsetof(struct extcap, member)

enum { OWN_ROWS = 10 };

static const struct option_row own_rows[OWN_ROWS] = {
	{"extcap-interfaces", NULL, NULL, AT(interfaces)},
	{"extcap-dlts", NULL, NULL, AT(dlts)},
	{"extcap-config", NULL, NULL, AT(config)},
	{"capture", NULL, NULL, AT(capture)},
	{"extcap-interface", "NAME", NULL, AT(interface)},
	{"extcap-capture-filter", "EXPR", NULL, AT(filter)},
	{"fifo", "FILE", NULL, AT(fifo)},
	{"extcap-version", "N", NULL, AT(unused)},
	{"extcap-control-in", "FILE", NULL, AT(unused)},
	{"extcap-control-out", "FILE", NULL, AT(unused)},
};

bool extcap_is_called(int argc, char **argv)
{
	return argc > 1 && (strncmp(argv[1], PREFIX, strlen(PREFIX)) == 0 ||
				   strcmp(argv[1], "--capture") == 0);
}

static bool take_over(
	int argc, char **argv, struct extcap *extcap, struct failure *failure)
{
	bool good;

	extcap->given = calloc((size_t)argc + 1, sizeof(*extcap->given));
	good = extcap->given != NULL;
	for (int i = 0; good && i < argc; i++) {
		extcap->given[i] = strdup(argv[i]);
		good = extcap->given[i] != NULL;
		/* all of it: a gap would tell how long a passphrase is */
		if (i > 0)
			explicit_bzero(argv[i], strlen(argv[i]));
	}
	return good || failure_set(failure, 1, "out of memory");
}

static bool parse(int argc, struct extcap *extcap, struct failure *failure)
{
	struct option_row rows[OWN_ROWS + DIALOG_FIELDS];
	int operand;

	memcpy(rows, own_rows, sizeof(own_rows));
	dialog_rows(rows + OWN_ROWS, offsetof(struct extcap, dialog));
	operand = options_parse(argc, extcap->given, rows,
		OWN_ROWS + DIALOG_FIELDS, extcap, failure);
	if (operand < 0)
		return false;
	/* not shown: it may be a part of a passphrase */
	if (operand < argc)
		return failure_set(failure, 1,
			"an argument belongs to no option; targets are those "
			"of --targets");
	if (extcap->interface && strcmp(extcap->interface, NAME) != 0)
		return failure_set(failure, 1,
			"%s is no interface that I have, " NAME " is",
			extcap->interface);
	return true;
}

/* Wireshark has a line for a filter, and so has the dialog. */
static bool join_filters(struct extcap *extcap, struct failure *failure)
{
	char **filter = &extcap->dialog.filter;

	if (!extcap->filter || !*extcap->filter)
		return true;
	if (!*filter || !**filter) {
		*filter = extcap->filter;
		return true;
	}
	if (asprintf(&extcap->both, "(%s) and (%s)", *filter, extcap->filter) <
		0) {
		extcap->both = NULL;
		return failure_set(failure, 1, "out of memory");
	}
	*filter = extcap->both;
	return true;
}

bool extcap_read(int argc, char **argv, struct extcap *ret_extcap,
	struct failure *failure)
{
	struct words *line = &ret_extcap->line;
	const char *passphrase;

	*ret_extcap = (struct extcap){0};
	if (!take_over(argc, argv, ret_extcap, failure) ||
		!parse(argc, ret_extcap, failure))
		return false;
	if (!ret_extcap->capture)
		return true;
	passphrase = ret_extcap->dialog.passphrase;
	if (passphrase && strlen(passphrase) >= CREDENTIALS_PASSPHRASE_MAX)
		return failure_set(failure, 1, "--passphrase: it is too long");
	/* quiet: Wireshark shows whatever is said, and as an error */
	return join_filters(ret_extcap, failure) &&
	       words_add(line, NAME, failure) &&
	       words_add(line, "--pcapng", failure) &&
	       words_add(line, "--quiet", failure) &&
	       dialog_translate(&ret_extcap->dialog, line, failure);
}

int extcap_answer(const struct extcap *extcap)
{
	if (extcap->interfaces)
		printf("extcap {version=" DDUMP_VERSION "}\n"
		       "interface {value=" NAME
		       "}{display=ddump: distributed capture}\n");
	else if (extcap->dlts)
		/* what workers send; the stream has the last word */
		printf("dlt {number=113}{name=LINUX_SLL}"
		       "{display=Linux cooked-mode capture v1}\n");
	else if (extcap->config)
		dialog_print();
	else
		return EXIT_FAILURE;
	return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}

bool extcap_open(const struct extcap *extcap, struct failure *failure)
{
	int fd;

	if (!extcap->fifo || !*extcap->fifo)
		return failure_set(failure, 1, "--capture needs --fifo");
	fd = open(extcap->fifo, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		failure_set(failure, 1, "--fifo %s: %s", extcap->fifo,
			strerror(errno));
	if (fd >= 0)
		close(fd);
	return failure->status == 0;
}

void extcap_clear(struct extcap *extcap)
{
	for (char **word = extcap->given; word && *word; word++) {
		explicit_bzero(*word, strlen(*word));
		free(*word);
	}
	free(extcap->given);
	free(extcap->both);
	words_clear(&extcap->line);
	*extcap = (struct extcap){0};
}
