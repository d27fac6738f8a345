#pragma once

#include "common/failure.h"

enum { CREDENTIALS_PASSPHRASE_MAX = 1024 };

/* What TLS is done with, PEM files all; NULL: not given. */
struct credentials {
	struct trust *trust; /* after credentials_check() */
	const char *ca;	     /* trust this bundle and no other */
	const char *crl;     /* lists of what is revoked, of servers */
	const char *cert;    /* the client's certificate, with its chain */
	const char *key;     /* of cert; NULL: it is in the same file */
	bool asked;	     /* for a passphrase, once */
	char passphrase[CREDENTIALS_PASSPHRASE_MAX]; /* of key; "": unknown */
};

/*
 * Reads the files as they will be used and tells what is wrong with them
 * before anything is connected. Asks on the terminal for an unknown passphrase
 * of an encrypted key, and keeps it for credentials_wipe().
 */
bool credentials_check(
	struct credentials *credentials, struct failure *failure);

/* Frees trust, and forgets the passphrase. */
void credentials_wipe(struct credentials *credentials);
