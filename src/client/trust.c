/*
 * Trust. In: names of files and directories of authorities. Out: one store of
 * them, which all connections share, and a bound on what else TLS says there.
 */
#include "client/trust.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

struct trust {
	const char *ca;
	const char *crl;
	X509_STORE *store; /* NULL: not read yet */
};

struct trust *trust_new(const char *ca, const char *crl)
{
	struct trust *trust = calloc(1, sizeof(*trust));

	if (trust)
		*trust = (struct trust){.ca = ca, .crl = crl};
	return trust;
}

void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	X509_STORE_free(trust->store);
	free(trust);
}

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* A directory is read later, as far as it is needed. */
static bool add_authorities(
	X509_STORE *store, const char *ca, struct failure *failure)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	const char *file = ca ? ca : environment("SSL_CERT_FILE");
	const char *directory = ca ? NULL : environment("SSL_CERT_DIR");

	if (!file)
		file = curl->cainfo;
	if (!file && !directory)
		directory = curl->capath;
	if (file && X509_STORE_load_file(store, file) != 1)
		return failure_set(failure, 1,
			"the certificate authorities in %s can't be read "
			"(-ca FILE trusts others)",
			file);
	return !directory || X509_STORE_load_path(store, directory) == 1 ||
	       failure_set(failure, 1, "out of memory");
}

/*
 * Without lists whoever is in the bundle is trusted, be it an authority in
 * between. With some, OpenSSL wants the root.
 */
static bool add_revocations(
	X509_STORE *store, const char *crl, struct failure *failure)
{
	X509_LOOKUP *lookup;

	if (!crl)
		return X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) ==
		       1;
	lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	/* certificates in that file are not trusted */
	if (!lookup || X509_load_crl_file(lookup, crl, X509_FILETYPE_PEM) <= 0)
		return failure_set(failure, 1, "-crl %s: can't be read", crl);
	return X509_STORE_set_flags(store,
		       X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1;
}

static bool read_store(struct trust *trust, struct failure *failure)
{
	X509_STORE *store = X509_STORE_new();

	if (!store)
		return failure_set(failure, 1, "out of memory");
	if (add_authorities(store, trust->ca, failure) &&
		add_revocations(store, trust->crl, failure))
		trust->store = store;
	else
		X509_STORE_free(store);
	/* what is left there would be taken for a connection's error */
	ERR_clear_error();
	return trust->store != NULL;
}

/*
 * Of a signature that is wrong OpenSSL leaves several errors, and libcurl tells
 * the first. Without these it is the one that explains: what was verified.
 */
static int verify(X509_STORE_CTX *context, void *unused)
{
	const int good = X509_verify_cert(context);

	(void)unused;
	ERR_clear_error();
	return good;
}

/* Is it of a handshake: a message, or a record with parts of some? */
static bool is_of_handshake(int type, const unsigned char *bytes)
{
	return type == SSL3_RT_HANDSHAKE ||
	       ((type == SSL3_RT_HEADER ||
			type == SSL3_RT_INNER_CONTENT_TYPE) &&
		       *bytes == SSL3_RT_HANDSHAKE);
}

/*
 * OpenSSL reads on by itself until there is data, and who sends none but always
 * something would keep us from all others. Sees all that passes; behind too
 * much of the server's the connection seems closed. (SSL_MODE_AUTO_RETRY, off,
 * would help as little in a handshake, and libcurl would then wait for what
 * TLS in TLS has read already.)
 */
static void count_message(int sent, int version, int type, const void *bytes,
	size_t size, SSL *connection, void *context)
{
	unsigned *messages = context;

	(void)version;
	if (sent || size == 0 || !is_of_handshake(type, bytes))
		return;
	if (*messages <= TRUST_MESSAGES_MAX)
		(*messages)++;
	if (*messages > TRUST_MESSAGES_MAX)
		SSL_set_shutdown(connection, SSL_RECEIVED_SHUTDOWN);
}

bool trust_apply(struct trust *trust, SSL_CTX *context, unsigned *messages,
	struct failure *failure)
{
	if (!trust->store && !read_store(trust, failure))
		return false;
	SSL_CTX_set1_cert_store(context, trust->store);
	SSL_CTX_set_cert_verify_callback(context, verify, NULL);
	SSL_CTX_set_msg_callback(context, count_message);
	SSL_CTX_set_msg_callback_arg(context, messages);
	return true;
}
