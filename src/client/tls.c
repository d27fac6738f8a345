/* SPDX-License-Identifier: MIT */
/*
 * TLS settings of all connections. In: PEM files and directories. Out: one
 * store of authorities and revocation lists for all connections, and what each
 * handshake reports.
 *
 * Why not libcurl's CURLOPT_CAINFO and CURLOPT_CRLFILE: libcurl shares its
 * store (CURLOPT_CA_CACHE_TIMEOUT, since 7.87) only without a directory and
 * without revocation lists. Otherwise it reads all files for each connection.
 * Measured with libcurl 7.88.1 and 1,000 targets on loopback (CPU, peak memory;
 * "fails": targets exceed the connect timeout of 10 s meanwhile):
 *
 *                                       this store     libcurl's
 *   -ca, or the system's bundle         1.9 s, 95 MB   1.8 s,  95 MB
 *   the same, with SSL_CERT_DIR         2.1 s, 95 MB   fails, 200 MB
 *   -crl, with the system's bundle      2.1 s, 95 MB   fails, 211 MB
 *   -crl with 10,000 entries, and -ca   2.6 s, 96 MB   fails, 1.2 GB
 */
#include "client/tls.h"

#include "client/redact.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 256 };

struct tls {
	X509_STORE *store;
	bool has_authorities; /* the store has them */
};

/* The items of a file, for messages. */
struct file_items {
	const char *option;
	const char *name;
	const char *advice; /* if there are none */
};

/* Reports why OpenSSL could not read the items of a file; returns false. */
static bool report_file(const struct file_items *items, const char *path, struct error *error)
{
	const unsigned long code = ERR_peek_error();
	const int reason = ERR_GET_REASON(code);
	const bool is_pem = ERR_GET_LIB(code) == ERR_LIB_PEM;
	const bool is_x509 = ERR_GET_LIB(code) == ERR_LIB_X509;
	char shown[SHOWN_MAX];

	/* with the value missing, this may be a target with a password */
	redact_copy(shown, sizeof(shown), path);
	if (ERR_SYSTEM_ERROR(code))
		return error_set(error, 1, "-%s %s: %s", items->option, shown, strerror(reason));
	if ((is_pem && reason == PEM_R_NO_START_LINE) ||
		(is_x509 && reason == X509_R_NO_CERTIFICATE_OR_CRL_FOUND))
		return error_set(error, 1, "-%s %s: the file contains no PEM %s%s", items->option,
			shown, items->name, items->advice);
	return error_set(error, 1, "-%s %s: the file contains a damaged %s", items->option, shown,
		items->name);
}

static bool has_certificate(X509_STORE *store)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++)
		if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_X509)
			return true;
	return false;
}

static bool has_valid_list(X509_STORE *store)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
		const ASN1_TIME *next = list ? X509_CRL_get0_nextUpdate(list) : NULL;

		if (list && (!next || X509_cmp_current_time(next) > 0))
			return true;
	}
	return false;
}

static bool add_ca_file(X509_STORE *store, const char *ca, struct error *error)
{
	static const struct file_items items = {"ca", "certificate", ""};

	if (X509_STORE_load_file(store, ca) != 1)
		return report_file(&items, ca, error);
	/* OpenSSL accepts a file of revocation lists as well */
	if (!has_certificate(store))
		return error_set(error, 1, "-ca %s: the file contains no PEM certificate", ca);
	return true;
}

/*
 * Certificates in this file are not trusted. Lists of authorities that no
 * target has may have expired.
 */
static bool add_crl_file(X509_STORE *store, const char *crl, struct error *error)
{
	static const struct file_items items = {
		"crl", "revocation list", "; try openssl crl -inform DER to convert one"};
	const unsigned long flags = X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	X509_LOOKUP *lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());

	if (!lookup || X509_STORE_set_flags(store, flags) != 1)
		return error_set(error, 1, "out of memory");
	if (X509_load_crl_file(lookup, crl, X509_FILETYPE_PEM) <= 0)
		return report_file(&items, crl, error);
	if (!has_valid_list(store))
		return error_set(error, 1,
			"-crl %s: all lists in the file have expired; try a newer list, or check "
			"the "
			"clock",
			crl);
	return true;
}

struct tls *tls_new(const char *ca, const char *crl, struct error *error)
{
	struct tls *tls = calloc(1, sizeof(*tls));
	bool is_complete = false;

	if (tls)
		tls->store = X509_STORE_new();
	if (!tls || !tls->store) {
		error_set(error, 1, "out of memory");
		goto out;
	}
	ERR_clear_error();
	tls->has_authorities = ca != NULL;
	if (ca && !add_ca_file(tls->store, ca, error))
		goto out;
	if (crl && !add_crl_file(tls->store, crl, error))
		goto out;
	/* without lists, an intermediate authority in the bundle is trusted too */
	if (!crl)
		X509_STORE_set_flags(tls->store, X509_V_FLAG_PARTIAL_CHAIN);
	is_complete = true;
out:
	ERR_clear_error();
	if (is_complete)
		return tls;
	tls_free(tls);
	return NULL;
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	X509_STORE_free(tls->store);
	free(tls);
}

static const char *get_environment(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* OpenSSL reads the files of a directory later, as it needs them. */
static bool add_default_authorities(struct tls *tls, struct error *error)
{
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	const char *file = get_environment("SSL_CERT_FILE");
	const char *directory = get_environment("SSL_CERT_DIR");

	if (!file)
		file = curl->cainfo;
	if (!file && !directory)
		directory = curl->capath;
	if (file && X509_STORE_load_file(tls->store, file) != 1)
		return error_set(error, 1,
			"cannot read the certificate authorities in %s; try -ca FILE", file);
	if (directory && X509_STORE_load_path(tls->store, directory) != 1)
		return error_set(error, 1, "out of memory");
	tls->has_authorities = true;
	return true;
}

/*
 * A certificate verification callback. It keeps the reason: libcurl does not
 * report it for a proxy that is reached by TLS.
 */
static int verify_certificate(X509_STORE_CTX *context, void *to)
{
	struct handshakes *handshakes = to;
	const int good = X509_verify_cert(context);

	if (good <= 0)
		handshakes->certificate_error = X509_STORE_CTX_get_error(context);
	ERR_clear_error();
	return good;
}

/* Is this a handshake message, or the header of a record with one? */
static bool is_handshake(int type, const unsigned char *bytes)
{
	return type == SSL3_RT_HANDSHAKE ||
	       ((type == SSL3_RT_HEADER || type == SSL3_RT_INNER_CONTENT_TYPE) &&
		       *bytes == SSL3_RT_HANDSHAKE);
}

/* Is this a record header that RFC 8446, section 5.1, does not allow? */
static bool is_foreign_header(int type, const unsigned char *bytes, size_t size)
{
	return type == SSL3_RT_HEADER && size >= 2 &&
	       (*bytes < SSL3_RT_CHANGE_CIPHER_SPEC || *bytes > SSL3_RT_APPLICATION_DATA ||
		       bytes[1] != SSL3_VERSION_MAJOR);
}

static bool is_fatal_alert(int type, const unsigned char *bytes, size_t size)
{
	return type == SSL3_RT_ALERT && size == 2 && *bytes == SSL3_AL_FATAL;
}

/*
 * An SSL_CTX message callback, called for everything that is received. OpenSSL
 * reads until it has application data, so a server that sends handshake
 * messages without end would block all other transfers; after the limit the
 * connection looks closed. (Clearing SSL_MODE_AUTO_RETRY does not help within a
 * handshake, and makes libcurl wait for data that TLS in TLS has already read.)
 */
static void count_message(
	int sent, int version, int type, const void *bytes, size_t size, SSL *connection, void *to)
{
	struct handshakes *handshakes = to;

	(void)version;
	if (sent || size == 0)
		return;
	if (is_foreign_header(type, bytes, size))
		handshakes->is_foreign = true;
	if (is_fatal_alert(type, bytes, size))
		handshakes->alert = ((const unsigned char *)bytes)[1];
	if (!is_handshake(type, bytes))
		return;
	if (handshakes->messages <= TLS_MESSAGES_MAX)
		handshakes->messages++;
	if (handshakes->messages > TLS_MESSAGES_MAX)
		SSL_set_shutdown(connection, SSL_RECEIVED_SHUTDOWN);
}

bool tls_apply(
	struct tls *tls, SSL_CTX *context, struct handshakes *handshakes, struct error *error)
{
	const bool is_ready = tls->has_authorities || add_default_authorities(tls, error);

	/* libcurl would take what is left there for an error of the connection */
	ERR_clear_error();
	if (!is_ready)
		return false;
	SSL_CTX_set1_cert_store(context, tls->store);
	SSL_CTX_set_cert_verify_callback(context, verify_certificate, handshakes);
	SSL_CTX_set_msg_callback(context, count_message);
	SSL_CTX_set_msg_callback_arg(context, handshakes);
	return true;
}
