/* SPDX-License-Identifier: MIT */
/*
 * The client's certificate and key. In: names of PEM files. Out: their
 * passphrase, or an error before ddump connects to any target: libcurl reports
 * a file that it cannot use per connection, without its name.
 */
#include "client/tls_files.h"

#include "client/redact.h"

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

static FILE *open_file(const char *option, const char *path, struct error *error)
{
	FILE *in = fopen(path, "re");
	char shown[SHOWN_MAX];

	/* with the value missing, this may be a target with a password */
	redact_copy(shown, sizeof(shown), path);
	if (!in)
		error_set(error, 1, "-%s %s: %s", option, shown, strerror(errno));
	return in;
}

static bool check_validity(const char *path, const X509 *certificate, struct error *error)
{
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0)
		return error_set(error, 1, "-cert %s: the certificate has expired", path);
	if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0)
		return error_set(error, 1, "-cert %s: the certificate is not valid yet", path);
	return true;
}

static X509 *read_certificate(const char *path, struct error *error)
{
	FILE *in = open_file("cert", path, error);
	X509 *certificate;

	if (!in)
		return NULL;
	certificate = PEM_read_X509(in, NULL, NULL, NULL);
	fclose(in);
	if (!certificate)
		error_set(error, 1, "-cert %s: the file contains no PEM certificate", path);
	else if (check_validity(path, certificate, error))
		return certificate;
	X509_free(certificate);
	return NULL;
}

/* Without a terminal, OpenSSL would read the passphrase from stdin. */
static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool prompt_passphrase(struct tls_files *files, int size)
{
	char prompt[256];

	if (!has_terminal())
		return false;
	snprintf(prompt, sizeof(prompt), "Passphrase of %s: ", files->key);
	return UI_UTIL_read_pw_string(files->passphrase, size, prompt, 0) == 0;
}

/* A pem_password_cb: OpenSSL calls it if the key is encrypted. */
static int get_passphrase(char *out, int size, int writing, void *context)
{
	struct tls_files *files = context;
	int capacity = sizeof(files->passphrase);

	(void)writing;
	/* OpenSSL calls twice */
	if (files->was_asked)
		return -1;
	files->was_asked = true;
	if (size < capacity)
		capacity = size;
	if (!*files->passphrase && !prompt_passphrase(files, capacity))
		return -1;
	snprintf(out, (size_t)size, "%s", files->passphrase);
	return (int)strlen(out);
}

static EVP_PKEY *read_key(struct tls_files *files, struct error *error)
{
	FILE *in = open_file("key", files->key, error);
	EVP_PKEY *key;

	if (!in)
		return NULL;
	key = PEM_read_PrivateKey(in, NULL, get_passphrase, files);
	fclose(in);
	if (key)
		return key;
	if (files->was_asked)
		error_set(error, 1,
			"-key %s: cannot decrypt the key: wrong passphrase, or no terminal to ask "
			"for it",
			files->key);
	else
		error_set(error, 1, "-key %s: the file contains no PEM private key; try -key FILE",
			files->key);
	return NULL;
}

static bool check_pair(struct tls_files *files, struct error *error)
{
	X509 *certificate = read_certificate(files->cert, error);
	EVP_PKEY *key = certificate ? read_key(files, error) : NULL;
	bool match = key && X509_check_private_key(certificate, key) == 1;

	if (key && !match)
		error_set(error, 1, "-key %s: the key does not belong to -cert %s", files->key,
			files->cert);
	EVP_PKEY_free(key);
	X509_free(certificate);
	ERR_clear_error();
	return match;
}

bool tls_files_check(struct tls_files *files, struct error *error)
{
	files->tls = tls_new(files->ca, files->crl, error);
	if (!files->tls)
		return false;
	if (files->key && !files->cert)
		return error_set(error, 1, "-key needs -cert");
	if (!files->cert)
		return true;
	if (!files->key)
		files->key = files->cert;
	return check_pair(files, error);
}

void tls_files_cleanup(struct tls_files *files)
{
	tls_free(files->tls);
	files->tls = NULL;
	explicit_bzero(files->passphrase, sizeof(files->passphrase));
}
