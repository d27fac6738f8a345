#pragma once

#include "common/failure.h"

#include <openssl/types.h>
#include <stdbool.h>

/*
 * Whom TLS trusts: one store of certificates for all connections, read when
 * the first of them needs it. libcurl would read it again for each.
 */
struct trust;

/*
 * The most messages and records of handshakes that may come on the connections
 * of one transfer. New keys are such, too, once for hundreds of GiB.
 */
enum { TRUST_MESSAGES_MAX = 10000 };

/*
 * Trusts the authorities of ca and no others; if ca is NULL, those that
 * SSL_CERT_FILE and SSL_CERT_DIR name, or libcurl's own. With crl, a file of
 * revocation lists, each authority of a certificate's chain must have one, and
 * none may revoke anything of it. The texts must outlive what is returned, for
 * trust_free(). NULL: out of memory.
 */
struct trust *trust_new(const char *ca, const char *crl);

void trust_free(struct trust *trust);

/*
 * Has a connection trust these, and counts what comes there of handshakes,
 * where that outlives it: behind the last that may come it is closed, and there
 * is one more. False: they can't be read, and nobody may be trusted.
 */
bool trust_apply(struct trust *trust, SSL_CTX *context, unsigned *messages,
	struct failure *failure);
