/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/tls.h"
#include "common/error.h"

enum { TLS_PASSPHRASE_MAX = 1024 };

/* The PEM files of -ca, -crl, -cert and -key; NULL: not given. */
struct tls_files {
	struct tls *tls;		     /* set by tls_files_check() */
	const char *ca;			     /* the only authorities to trust */
	const char *crl;		     /* revocation lists for servers */
	const char *cert;		     /* the client's certificate, with its chain */
	const char *key;		     /* of cert; NULL: in the same file */
	bool was_asked;			     /* for the passphrase */
	char passphrase[TLS_PASSPHRASE_MAX]; /* of key; "": unknown */
};

/*
 * Reads the files before ddump connects to any target, and sets files->tls.
 * Asks on the terminal for the passphrase of an encrypted key if it is unknown,
 * and keeps it. files is for tls_files_cleanup() either way. Returns false with
 * error set if a file cannot be used.
 */
bool tls_files_check(struct tls_files *files, struct error *error);

/* Frees files->tls, and erases the passphrase. */
void tls_files_cleanup(struct tls_files *files);
