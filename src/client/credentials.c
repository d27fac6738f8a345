/*
 * Certificates and keys. In: names of PEM files. Out: the certainty that they
 * can be used, and a passphrase if there is one.
 */
#include "client/credentials.h"

#include "client/secret.h"
#include "client/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SHOWN_MAX = 256 };

static FILE *open_file(
	const char *option, const char *path, struct failure *failure)
{
	FILE *in = fopen(path, "re");
	char shown[SHOWN_MAX];

	/* it may be a target, where a value is missing */
	secret_hide(shown, sizeof(shown), path);
	if (!in)
		failure_set(failure, 1, "-%s %s: %s", option, shown,
			strerror(errno));
	return in;
}

/* What a file is read for. */
struct content {
	const char *option;
	const char *name;
	const char *advice;
};

/* Behind so many of these: does the file end there, and has it any? */
static bool check_end(const struct content *content, const char *path,
	unsigned count, struct failure *failure)
{
	const unsigned long error = ERR_peek_last_error();

	ERR_clear_error();
	if (count == 0)
		return failure_set(failure, 1, "-%s %s: it holds no PEM %s%s",
			content->option, path, content->name, content->advice);
	/* the end of the file is an error, too: no further start line */
	return ERR_GET_REASON(error) == PEM_R_NO_START_LINE ||
	       failure_set(failure, 1, "-%s %s: a %s in it is damaged",
		       content->option, path, content->name);
}

static bool check_ca(const char *path, struct failure *failure)
{
	static const struct content content = {"ca", "certificate", ""};
	FILE *in = open_file("ca", path, failure);
	unsigned count = 0;
	X509 *certificate;

	if (!in)
		return false;
	ERR_clear_error();
	while ((certificate = PEM_read_X509(in, NULL, NULL, NULL))) {
		X509_free(certificate);
		count++;
	}
	fclose(in);
	return check_end(&content, path, count, failure);
}

static bool has_expired(const X509_CRL *list)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(list);

	return next && X509_cmp_current_time(next) < 0;
}

/* Of several lists some may be of authorities that no target has. */
static bool check_crl(const char *path, struct failure *failure)
{
	static const struct content content = {"crl", "revocation list",
		" (openssl crl -inform DER makes one of a list in DER)"};
	FILE *in = open_file("crl", path, failure);
	unsigned count = 0;
	unsigned expired = 0;
	X509_CRL *list;

	if (!in)
		return false;
	ERR_clear_error();
	while ((list = PEM_read_X509_CRL(in, NULL, NULL, NULL))) {
		expired += has_expired(list);
		X509_CRL_free(list);
		count++;
	}
	fclose(in);
	if (!check_end(&content, path, count, failure))
		return false;
	return expired < count ||
	       failure_set(failure, 1,
		       "-crl %s: it has expired (get a newer one, unless the "
		       "clock is wrong)",
		       path);
}

static bool check_validity(
	const char *path, const X509 *certificate, struct failure *failure)
{
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		return failure_set(
			failure, 1, "-cert %s: the certificate expired", path);
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		return failure_set(failure, 1,
			"-cert %s: the certificate is not valid yet", path);
	return true;
}

static X509 *read_certificate(const char *path, struct failure *failure)
{
	FILE *in = open_file("cert", path, failure);
	X509 *certificate;

	if (!in)
		return NULL;
	certificate = PEM_read_X509(in, NULL, NULL, NULL);
	fclose(in);
	if (!certificate)
		failure_set(failure, 1, "-cert %s: it holds no PEM certificate",
			path);
	else if (check_validity(path, certificate, failure))
		return certificate;
	X509_free(certificate);
	return NULL;
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool prompt_for_passphrase(struct credentials *credentials, int room)
{
	char prompt[256];

	if (!has_terminal())
		return false;
	snprintf(
		prompt, sizeof(prompt), "Passphrase of %s: ", credentials->key);
	return UI_UTIL_read_pw_string(
		       credentials->passphrase, room, prompt, 0) == 0;
}

/* A pem_password_cb: called by OpenSSL when a key is encrypted. */
static int ask_passphrase(char *out, int size, int writing, void *context)
{
	struct credentials *credentials = context;
	int room = sizeof(credentials->passphrase);

	(void)writing;
	/* OpenSSL calls twice; without a terminal it would read stdin */
	if (credentials->asked)
		return -1;
	credentials->asked = true;
	if (size < room)
		room = size;
	if (!*credentials->passphrase &&
		!prompt_for_passphrase(credentials, room))
		return -1;
	snprintf(out, (size_t)size, "%s", credentials->passphrase);
	return (int)strlen(out);
}

static EVP_PKEY *read_key(
	struct credentials *credentials, struct failure *failure)
{
	FILE *in = open_file("key", credentials->key, failure);
	EVP_PKEY *key;

	if (!in)
		return NULL;
	key = PEM_read_PrivateKey(in, NULL, ask_passphrase, credentials);
	fclose(in);
	if (key)
		return key;
	failure_set(failure, 1, "-key %s: %s", credentials->key,
		credentials->asked
			? "it can't be decrypted: a wrong passphrase, or no "
			  "terminal to ask for it on"
			: "it holds no PEM private key (-key FILE says which "
			  "does)");
	return NULL;
}

static bool check_pair(struct credentials *credentials, struct failure *failure)
{
	X509 *certificate = read_certificate(credentials->cert, failure);
	EVP_PKEY *key = certificate ? read_key(credentials, failure) : NULL;
	bool match = key && X509_check_private_key(certificate, key) == 1;

	if (key && !match)
		failure_set(failure, 1,
			"-key %s: it is not the key of -cert %s",
			credentials->key, credentials->cert);
	EVP_PKEY_free(key);
	X509_free(certificate);
	ERR_clear_error();
	return match;
}

bool credentials_check(struct credentials *credentials, struct failure *failure)
{
	if (credentials->ca && !check_ca(credentials->ca, failure))
		return false;
	if (credentials->crl && !check_crl(credentials->crl, failure))
		return false;
	credentials->trust = trust_new(credentials->ca, credentials->crl);
	if (!credentials->trust)
		return failure_set(failure, 1, "out of memory");
	if (credentials->key && !credentials->cert)
		return failure_set(failure, 1, "-key needs -cert as well");
	if (!credentials->cert)
		return true;
	if (!credentials->key)
		credentials->key = credentials->cert;
	return check_pair(credentials, failure);
}

void credentials_wipe(struct credentials *credentials)
{
	trust_free(credentials->trust);
	credentials->trust = NULL;
	explicit_bzero(
		credentials->passphrase, sizeof(credentials->passphrase));
}
