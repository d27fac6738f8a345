#pragma once

#include "common/failure.h"
#include "common/options.h"

#include <stdbool.h>
#include <stddef.h>

enum { DIALOG_FIELDS = 15 };

/*
 * What is entered in Wireshark's dialog. Texts are the caller's; NULL or empty:
 * nothing was.
 */
struct dialog {
	char *targets;
	char *filter;
	char *interfaces;
	char *snaplen;
	char *require;
	char *ca;
	char *crl;
	char *cert;
	char *key;
	char *passphrase; /* of key */
	char *ssh;
	char *hold;
	bool retry;
	bool netrc;
	bool align;
};

/* A command line; its words are other people's, behind them is a NULL. */
struct words {
	char **list;
	int count;
};

/* Options that set a struct dialog, which is at offset in the settings. */
void dialog_rows(struct option_row out[DIALOG_FIELDS], size_t offset);

/* Prints the dialog to stdout in the words of extcap(4). */
void dialog_print(void);

/*
 * Appends what was entered as options and targets, all but the passphrase.
 * Texts of several words are cut up in place. words is for words_clear().
 */
bool dialog_translate(const struct dialog *dialog, struct words *words,
	struct failure *failure);

bool words_add(struct words *words, const char *word, struct failure *failure);

void words_clear(struct words *words);
