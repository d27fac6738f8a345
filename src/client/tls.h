/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * TLS settings of all connections: a shared store of certificate authorities
 * and revocation lists, and a limit on handshake messages.
 */
struct tls;

/*
 * The maximum number of handshake messages and records on the connections of
 * one transfer. Key updates count too; a server sends one per hundreds of GiB.
 */
enum { TLS_MESSAGES_MAX = 10000 };

/* What the TLS handshakes of one transfer's connections have reported. */
struct handshakes {
	unsigned messages;     /* at most TLS_MESSAGES_MAX + 1 */
	int certificate_error; /* X509_V_ERR_* of a rejected certificate, or 0 */
	int alert;	       /* SSL_AD_* of the last fatal alert, or 0 */
	bool is_foreign;       /* received bytes that are not TLS */
};

/*
 * Trusts the certificate authorities in the PEM file ca and no others; if ca is
 * NULL, those that SSL_CERT_FILE and SSL_CERT_DIR name, or libcurl's defaults,
 * which are read with the first connection. If crl, a PEM file of revocation
 * lists, is not NULL, every authority of a server's chain must have a list in
 * it. Returns NULL with error set if a file cannot be used.
 */
struct tls *tls_new(const char *ca, const char *crl, struct error *error);

/* Accepts NULL. */
void tls_free(struct tls *tls);

/*
 * Applies the settings to a connection and counts its handshake messages in
 * handshakes, which must outlive it; the connection is closed after
 * TLS_MESSAGES_MAX of them. Returns false with error set if the default
 * authorities cannot be read.
 */
bool tls_apply(
	struct tls *tls, SSL_CTX *context, struct handshakes *handshakes, struct error *error);
