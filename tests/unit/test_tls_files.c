/* SPDX-License-Identifier: MIT */
/*
 * Certificates and keys: what can be used is taken, and what is wrong with
 * the rest is said before anything is connected. Made here, with OpenSSL.
 */
#include "client/tls_files.h"

#include "unit.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DAY = 86400, PATH = 64, PEM_ROOM = 16384 };

static char passphrase[] = "correct horse";

/* A directory of files; the tests name them without it. */
struct store {
	char directory[PATH / 2];
	EVP_PKEY *key;
	EVP_PKEY *other;
};

static struct store store = {.directory = "/tmp/ddump-test-XXXXXX"};

static const char *in_store(const char *name)
{
	static char paths[4][PATH];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, PATH, "%s/%s", store.directory, name);
	return path;
}

static BIO *open_store(const char *name, const char *mode)
{
	BIO *out = BIO_new_file(in_store(name), mode);

	assert_non_null(out);
	return out;
}

static void write_text(const char *name, const char *text, size_t size)
{
	BIO *out = open_store(name, "w");

	assert_int_equal(BIO_write(out, text, (int)size), size);
	BIO_free(out);
}

static size_t read_text(const char *name, char text[PEM_ROOM])
{
	BIO *in = open_store(name, "r");
	int size = BIO_read(in, text, PEM_ROOM - 1);

	assert_true(size > 0);
	BIO_free(in);
	text[size] = '\0';
	return (size_t)size;
}

/* Adds a self-signed certificate that is good from and until, from now. */
static void write_certificate(
	const char *name, const char *mode, EVP_PKEY *key, long from, long until)
{
	BIO *out = open_store(name, mode);
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);

	assert_true(X509_NAME_add_entry_by_txt(
		subject, "CN", MBSTRING_ASC, (const unsigned char *)"ddump", -1, -1, 0));
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_set_issuer_name(certificate, subject);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until);
	X509_set_pubkey(certificate, key);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_true(PEM_write_bio_X509(out, certificate));
	X509_free(certificate);
	BIO_free(out);
}

/* Adds an empty list of revocations that is good until then, from now. */
static void write_list(const char *name, const char *mode, long until)
{
	BIO *out = open_store(name, mode);
	X509_CRL *list = X509_CRL_new();
	X509_NAME *issuer = X509_NAME_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, -2 * DAY);
	ASN1_TIME *next = X509_gmtime_adj(NULL, until);

	assert_true(X509_NAME_add_entry_by_txt(
		issuer, "CN", MBSTRING_ASC, (const unsigned char *)"ddump", -1, -1, 0));
	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, issuer);
	X509_CRL_set1_lastUpdate(list, from);
	X509_CRL_set1_nextUpdate(list, next);
	assert_true(X509_CRL_sign(list, store.key, EVP_sha256()) > 0);
	assert_true(PEM_write_bio_X509_CRL(out, list));
	ASN1_TIME_free(next);
	ASN1_TIME_free(from);
	X509_NAME_free(issuer);
	X509_CRL_free(list);
	BIO_free(out);
}

static void write_key(const char *name, const char *mode, EVP_PKEY *key, char *with)
{
	BIO *out = open_store(name, mode);
	const EVP_CIPHER *cipher = with ? EVP_aes_128_cbc() : NULL;

	assert_true(PEM_write_bio_PrivateKey(out, key, cipher, NULL, 0, NULL, with));
	BIO_free(out);
}

/* What most tests need. */
static int make_store(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(store.directory));
	store.key = EVP_EC_gen("P-256");
	store.other = EVP_EC_gen("P-256");
	assert_non_null(store.key);
	assert_non_null(store.other);
	write_certificate("cert", "w", store.key, -DAY, DAY);
	write_key("key", "w", store.key, NULL);
	write_key("other-key", "w", store.other, NULL);
	write_key("locked-key", "w", store.key, passphrase);
	return 0;
}

static int remove_store(void **state)
{
	static const char *const names[] = {"cert", "key", "other-key", "locked-key", "locked-both",
		"expired", "future", "garbage", "empty", "ca", "cut", "both", "chain", "flipped",
		"list"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(in_store(names[i]));
	assert_int_equal(rmdir(store.directory), 0);
	EVP_PKEY_free(store.key);
	EVP_PKEY_free(store.other);
	return 0;
}

static void good(const char *ca, const char *cert, const char *key)
{
	struct error error = {0};
	struct tls_files credentials = {
		.ca = ca ? in_store(ca) : NULL,
		.cert = cert ? in_store(cert) : NULL,
		.key = key ? in_store(key) : NULL,
	};

	if (!tls_files_check(&credentials, &error))
		fail_msg("%s", error.text);
	assert_int_equal(error.status, 0);
	assert_string_equal(credentials.passphrase, "");
	/* the key is known from here on, wherever it is */
	assert_true(!cert || credentials.key);
	tls_files_cleanup(&credentials);
}

/* Each sentence begins with the option, and the file if it is about one. */
static void bad(const char *ca, const char *cert, const char *key, const char *option,
	const char *file, const char *what)
{
	struct error error = {0};
	struct tls_files credentials = {
		.ca = ca ? in_store(ca) : NULL,
		.cert = cert ? in_store(cert) : NULL,
		.key = key ? in_store(key) : NULL,
	};
	char start[2 * PATH];

	snprintf(start, sizeof(start), "-%s %s", option, file ? in_store(file) : "");
	assert_false(tls_files_check(&credentials, &error));
	assert_int_equal(error.status, 1);
	if (strncmp(error.text, start, strlen(start)) != 0 || !strstr(error.text, what))
		fail_msg("%s..%s: %s", start, what, error.text);
	tls_files_cleanup(&credentials);
}

static void files_not_given_accepted(void **state)
{
	(void)state;
	good(NULL, NULL, NULL);
	good("cert", NULL, NULL);
}

static void key_of_other_certificate_rejected(void **state)
{
	(void)state;
	good(NULL, "cert", "key");
	good("cert", "cert", "key");
	bad(NULL, "cert", "other-key", "key", "other-key", "does not belong to -cert");
	bad(NULL, NULL, "key", "key", NULL, "needs -cert");
}

static void key_in_certificate_file_found(void **state)
{
	(void)state;
	write_certificate("both", "w", store.key, -DAY, DAY);
	write_key("both", "a", store.key, NULL);
	good(NULL, "both", NULL);
	good(NULL, "both", "both");
	good(NULL, "both", "key");
	write_key("both", "w", store.key, NULL);
	write_certificate("both", "a", store.key, -DAY, DAY);
	good(NULL, "both", NULL);
	bad(NULL, "cert", NULL, "key", "cert", "no PEM private key");
}

static void chain_first_certificate_compared_with_key(void **state)
{
	(void)state;
	write_certificate("chain", "w", store.key, -DAY, DAY);
	write_certificate("chain", "a", store.other, -DAY, DAY);
	good(NULL, "chain", "key");
	bad(NULL, "chain", "other-key", "key", "other-key", "does not belong to -cert");
}

static void certificate_outside_validity_rejected(void **state)
{
	(void)state;
	write_certificate("expired", "w", store.key, -2 * DAY, -DAY);
	write_certificate("future", "w", store.key, DAY, 2 * DAY);
	bad(NULL, "expired", "key", "cert", "expired", "expired");
	bad(NULL, "future", "key", "cert", "future", "not valid yet");
}

static void file_without_pem_named(void **state)
{
	static const char garbage[] = "-----BEGIN CERTIFICATE-----\nx\n";

	(void)state;
	write_text("garbage", garbage, strlen(garbage));
	write_text("empty", "", 0);
	bad("garbage", NULL, NULL, "ca", "garbage", "damaged certificate");
	bad("empty", NULL, NULL, "ca", "empty", "no PEM certificate");
	bad("key", NULL, NULL, "ca", "key", "no PEM certificate");
	bad(NULL, "garbage", "key", "cert", "garbage", "no PEM certificate");
	bad(NULL, "empty", "key", "cert", "empty", "no PEM certificate");
	bad(NULL, "cert", "empty", "key", "empty", "no PEM private key");
	bad(NULL, "cert", "garbage", "key", "garbage", "");
	write_text("garbage", "\0\xff\x01", 3);
	bad("garbage", NULL, NULL, "ca", "garbage", "no PEM certificate");
}

static void file_missing_named(void **state)
{
	const char *const reason = "No such file";

	(void)state;
	bad("no", NULL, NULL, "ca", "no", reason);
	bad("no", "cert", "key", "ca", "no", reason);
	bad(NULL, "no", "key", "cert", "no", reason);
	bad(NULL, "no", NULL, "cert", "no", reason);
	bad(NULL, "cert", "no", "key", "no", reason);
	bad(NULL, "key", "no", "cert", "key", "no PEM certificate");
}

static void ca_with_many_certificates_accepted(void **state)
{
	static const char comment[] = "# CN=ddump\n\n";
	BIO *out;

	(void)state;
	write_certificate("ca", "w", store.key, -DAY, DAY);
	out = open_store("ca", "a");
	assert_true(BIO_puts(out, comment) > 0);
	BIO_free(out);
	write_certificate("ca", "a", store.other, -DAY, DAY);
	/* old ones are no harm among others */
	write_certificate("ca", "a", store.other, -2 * DAY, -DAY);
	good("ca", NULL, NULL);
}

/* Wherever the second certificate of a bundle is cut. */
static void ca_truncated_rejected(void **state)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	char text[PEM_ROOM];
	size_t first;
	size_t size;

	(void)state;
	first = read_text("cert", text);
	size = first * 2;
	assert_true(size < sizeof(text));
	memcpy(text + first, text, first);
	write_text("cut", text, size);
	good("cut", NULL, NULL);
	/* the last line's end may be missing, and all of the second one */
	write_text("cut", text, size - 1);
	good("cut", NULL, NULL);
	for (size_t cut = first + strlen(begin); cut < size - 1; cut++) {
		write_text("cut", text, cut);
		bad("cut", NULL, NULL, "ca", "cut", "damaged");
	}
}

static void ca_with_damaged_certificate_rejected(void **state)
{
	char text[PEM_ROOM];
	size_t size = read_text("cert", text);
	char *line = strchr(text, '\n') + 1;

	(void)state;
	memcpy(text + size, text, size);
	/* in the second one, what is no base64 and what is no certificate */
	text[size + (size_t)(line - text) + 10] = '*';
	write_text("flipped", text, 2 * size);
	bad("flipped", NULL, NULL, "ca", "flipped", "damaged");
	text[size + (size_t)(line - text) + 10] = line[10];
	text[size + (size_t)(line - text)] = 'A';
	write_text("flipped", text, 2 * size);
	bad("flipped", NULL, NULL, "ca", "flipped", "damaged");
}

/* NULL: it is taken. */
static void list_is(const char *name, const char *what)
{
	struct tls_files credentials = {.crl = in_store(name)};
	struct error error = {0};
	char start[2 * PATH];
	bool good = tls_files_check(&credentials, &error);

	tls_files_cleanup(&credentials);
	snprintf(start, sizeof(start), "-crl %s: ", in_store(name));
	if (good != !what)
		fail_msg("%s%s", start, good ? "is taken" : error.text);
	if (good)
		return;
	assert_int_equal(error.status, 1);
	if (strncmp(error.text, start, strlen(start)) != 0 || !strstr(error.text, what))
		fail_msg("%s..%s: %s", start, what, error.text);
}

static void crl_without_list_named(void **state)
{
	(void)state;
	write_text("empty", "", 0);
	list_is("empty", "no PEM revocation list");
	list_is("cert", "no PEM revocation list");
	list_is("no", "No such file");
}

static void crl_with_only_expired_lists_rejected(void **state)
{
	(void)state;
	write_list("list", "w", DAY);
	list_is("list", NULL);
	write_list("list", "w", -DAY);
	list_is("list", "expired");
	/* a target may have an authority whose list is in time */
	write_list("list", "a", DAY);
	list_is("list", NULL);
}

static void crl_truncated_rejected(void **state)
{
	char text[PEM_ROOM];
	size_t first;
	size_t size;

	(void)state;
	write_list("list", "w", DAY);
	first = read_text("list", text);
	memcpy(text + first, text, first);
	for (size = first + 40; size < 2 * first - 1; size++) {
		write_text("list", text, size);
		list_is("list", "damaged");
	}
}

/* In a process of its own, which has the terminal that it is given, or none. */
static int check_locked(const char *cert, const char *key)
{
	struct error error = {0};
	struct tls_files credentials = {.cert = in_store(cert), .key = key ? in_store(key) : NULL};
	bool taken = tls_files_check(&credentials, &error);
	bool kept = strcmp(credentials.passphrase, passphrase) == 0;

	tls_files_cleanup(&credentials);
	for (size_t i = 0; i < sizeof(credentials.passphrase); i++)
		if (credentials.passphrase[i])
			return 3;
	if (taken)
		return kept ? 0 : 4;
	if (error.status != 1 || !strstr(error.text, "cannot decrypt"))
		return 5;
	return 1;
}

static int exit_of(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int check_without_terminal(int in)
{
	pid_t child = fork();

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		setsid();
		dup2(in, STDIN_FILENO);
		dup2(null, STDERR_FILENO);
		_exit(check_locked("cert", "locked-key"));
	}
	return exit_of(child);
}

static void encrypted_key_without_terminal_rejected(void **state)
{
	int null = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(check_without_terminal(null), 1);
	close(null);
}

/*
 * What is there may be anybody's, and if nothing is, reading it would not end.
 * OpenSSL's own prompt takes to it, and to no signal while it reads.
 */
static void encrypted_key_does_not_read_stdin(void **state)
{
	static const char line[] = "correct horse\n";
	int in[2];

	(void)state;
	assert_int_equal(pipe(in), 0);
	assert_int_equal(write(in[1], line, strlen(line)), strlen(line));
	close(in[1]);
	assert_int_equal(check_without_terminal(in[0]), 1);
	close(in[0]);
}

/* Nothing is asked then, so that it needs no terminal either. */
static void encrypted_key_with_known_passphrase_accepted(void **state)
{
	struct tls_files credentials = {.cert = in_store("cert"), .key = in_store("locked-key")};
	struct error error = {0};

	(void)state;
	strcpy(credentials.passphrase, passphrase);
	assert_true(tls_files_check(&credentials, &error));
	assert_string_equal(credentials.passphrase, passphrase);
	tls_files_cleanup(&credentials);
	credentials.was_asked = false;
	strcpy(credentials.passphrase, "wrong horse");
	assert_false(tls_files_check(&credentials, &error));
	assert_non_null(strstr(error.text, "cannot decrypt"));
	tls_files_cleanup(&credentials);
}

/* Reads, but not for ever from a child that hangs. */
static ssize_t read_or_kill(pid_t child, int terminal, char *to, size_t room)
{
	struct pollfd wait = {.fd = terminal, .events = POLLIN};

	if (poll(&wait, 1, 60000) != 1)
		kill(child, SIGKILL);
	return read(terminal, to, room);
}

/* Types an answer whenever it is asked, and returns how the check ended. */
static int check_on_terminal(const char *cert, const char *key, const char *answer)
{
	static const char prompt[] = "Passphrase of ";
	char seen[2048] = "";
	const char *asked = seen;
	size_t size = 0;
	int terminal;
	int status;
	ssize_t got;
	pid_t child = forkpty(&terminal, NULL, NULL, NULL);

	if (child == 0)
		_exit(check_locked(cert, key));
	/* a terminal whose other end is closed can't be read */
	while ((got = read_or_kill(child, terminal, seen + size, sizeof(seen) - 1 - size)) > 0) {
		const char *found;

		size += (size_t)got;
		seen[size] = '\0';
		while ((found = strstr(asked, prompt))) {
			asked = found + strlen(prompt);
			assert_int_equal(write(terminal, answer, strlen(answer)), strlen(answer));
		}
	}
	status = exit_of(child);
	assert_non_null(strstr(seen, in_store(key ? key : cert)));
	close(terminal);
	return status;
}

static void encrypted_key_asks_on_terminal(void **state)
{
	(void)state;
	write_certificate("locked-both", "w", store.key, -DAY, DAY);
	write_key("locked-both", "a", store.key, passphrase);
	assert_int_equal(check_on_terminal("cert", "locked-key", "correct horse\n"), 0);
	assert_int_equal(check_on_terminal("locked-both", NULL, "correct horse\n"), 0);
	assert_int_equal(check_on_terminal("cert", "locked-key", "x\n"), 1);
	assert_int_equal(check_on_terminal("cert", "locked-key", "\n"), 1);
	/* an end of input */
	assert_int_equal(check_on_terminal("cert", "locked-key", "\x04"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_not_given_accepted),
		cmocka_unit_test(key_of_other_certificate_rejected),
		cmocka_unit_test(key_in_certificate_file_found),
		cmocka_unit_test(chain_first_certificate_compared_with_key),
		cmocka_unit_test(certificate_outside_validity_rejected),
		cmocka_unit_test(file_without_pem_named),
		cmocka_unit_test(file_missing_named),
		cmocka_unit_test(ca_with_many_certificates_accepted),
		cmocka_unit_test(ca_truncated_rejected),
		cmocka_unit_test(ca_with_damaged_certificate_rejected),
		cmocka_unit_test(crl_without_list_named),
		cmocka_unit_test(crl_with_only_expired_lists_rejected),
		cmocka_unit_test(crl_truncated_rejected),
		cmocka_unit_test(encrypted_key_with_known_passphrase_accepted),
		cmocka_unit_test(encrypted_key_without_terminal_rejected),
		cmocka_unit_test(encrypted_key_does_not_read_stdin),
		cmocka_unit_test(encrypted_key_asks_on_terminal),
	};

	return cmocka_run_group_tests(tests, make_store, remove_store);
}
