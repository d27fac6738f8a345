/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "common/option_table.h"

#include <stdbool.h>
#include <stddef.h>

enum { EXTCAP_DIALOG_FIELDS = 22 };

/*
 * The values of Wireshark's dialog. Texts belong to the caller; NULL or empty:
 * not entered.
 */
struct extcap_dialog {
	char *targets;
	char *interfaces;
	char *snaplen;
	char *payload;
	char *linktype;
	char *require;
	char *ca;
	char *crl;
	char *cert;
	char *key;
	char *passphrase; /* of key */
	char *headers;
	char *ssh;
	char *hold;
	char *once_at;
	bool no_promisc;
	bool retry;
	bool netrc;
	bool align;
	bool paths;
	bool once;
	bool no_names;
};

/* A command line. Its words belong to others, and end with a NULL. */
struct argv_list {
	char **list;
	int count;
};

/* Returns option rows for a struct extcap_dialog at offset in the settings. */
void extcap_dialog_rows(struct option_row out[EXTCAP_DIALOG_FIELDS], size_t offset);

/* Prints the dialog to stdout in the syntax of extcap(4). */
void extcap_dialog_print(void);

/*
 * Calls take with the name of each field, except the passphrase, and its value or
 * default. Returns false as soon as take does.
 */
bool extcap_dialog_each(const struct extcap_dialog *dialog,
	bool (*take)(void *context, const char *name, const char *value), void *context);

/*
 * Appends the dialog's values, except the passphrase, to a command line as
 * options and targets. Splits texts of several words in place. words is for
 * argv_list_cleanup(). Returns false with error set.
 */
bool extcap_dialog_translate(
	const struct extcap_dialog *dialog, struct argv_list *words, struct error *error);

/* Appends a word, without a copy. Returns false with error set. */
bool argv_list_add(struct argv_list *words, const char *word, struct error *error);

void argv_list_cleanup(struct argv_list *words);
