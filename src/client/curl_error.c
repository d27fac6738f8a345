/* SPDX-License-Identifier: MIT */
/*
 * Errors of HTTP, TLS and libcurl as sentences. In: statuses, results and error
 * numbers. Out: one line with the reason and a remedy.
 *
 * Only numbers select a remedy. Where none names the cause, libcurl's own text
 * is printed.
 */
#include "client/curl_error.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

struct text_slice {
	const char *start;
	size_t size;
};

/* What to try after a status, in a body of text or of HTML. */
struct status_advice {
	long from;
	long to;
	bool html; /* the body is a page: a proxy's, not a worker's */
	bool text;
	const char *advice;
};

static const struct status_advice status_advices[] = {
	{300, 399, true, true, "; redirects are not followed, use the final URL"},
	/* nginx: TLS is required, or a client certificate */
	{400, 400, true, false, "; a proxy may require https://, or -cert FILE with its chain"},
	{404, 404, true, false, "; no worker at this port and path"},
	{502, 502, true, true, "; the proxy cannot reach the worker"},
	{503, 503, true, false, "; the proxy cannot reach the worker"},
	{504, 504, true, true, "; the proxy cannot reach the worker"},
};

/* An error number, the text for it if it has none of its own, and a remedy. */
struct code_advice {
	long code;
	const char *name;
	const char *advice;
};

static const struct code_advice connect_advices[] = {
	{ECONNREFUSED, NULL, "; try ssh://HOST, or tcpdump+ssh://HOST if it has no worker"},
	{EHOSTUNREACH, NULL, "; the host is down, or a firewall rejects the connection"},
	{ENETUNREACH, NULL, "; the host is down, or a firewall rejects the connection"},
	/* of IPv6 */
	{EACCES, NULL, "; a firewall rejects the connection"},
	{EPERM, NULL, "; a firewall rejects the connection"},
};

#define TRY_CA "; try -ca FILE with the authority"
#define TRY_CRL "; try a newer -crl FILE, or check the clock"

static const struct code_advice certificate_advices[] = {
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, NULL, TRY_CA},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, NULL, TRY_CA},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, NULL, TRY_CA},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, NULL, TRY_CA},
	{X509_V_ERR_CERT_SIGNATURE_FAILURE, NULL, TRY_CA},
	{X509_V_ERR_CERT_HAS_EXPIRED, NULL, "; renew it on the server, or check the clock"},
	{X509_V_ERR_CERT_NOT_YET_VALID, NULL, "; renew it on the server, or check the clock"},
	{X509_V_ERR_CERT_REVOKED, NULL, " by a list of -crl"},
	{X509_V_ERR_UNABLE_TO_GET_CRL, NULL,
		"; -crl FILE needs a list of each authority in the certificate's chain"},
	{X509_V_ERR_CRL_HAS_EXPIRED, NULL, TRY_CRL},
	{X509_V_ERR_CRL_NOT_YET_VALID, NULL, TRY_CRL},
	{X509_V_ERR_CRL_SIGNATURE_FAILURE, NULL, "; a list of -crl is forged or damaged"},
};

#define TRY_CERT "; try -cert FILE from an authority that the server trusts, with its chain"

/* In TLS 1.3 most of these come after the handshake, and look like a cut stream. */
static const struct code_advice alert_advices[] = {
	{SSL_AD_BAD_CERTIFICATE, "bad certificate", TRY_CERT},
	{SSL_AD_UNSUPPORTED_CERTIFICATE, "unsupported certificate", TRY_CERT},
	{SSL_AD_CERTIFICATE_REVOKED, "certificate revoked", TRY_CERT},
	{SSL_AD_CERTIFICATE_EXPIRED, "certificate expired", TRY_CERT},
	{SSL_AD_CERTIFICATE_UNKNOWN, "certificate unknown", TRY_CERT},
	{SSL_AD_UNKNOWN_CA, "unknown ca", TRY_CERT},
	{SSL_AD_ACCESS_DENIED, "access denied", TRY_CERT},
	{SSL_AD_CERTIFICATE_REQUIRED, "certificate required", TRY_CERT},
	{SSL_AD_HANDSHAKE_FAILURE, "handshake failure",
		"; try -cert FILE, or allow more ciphers on the server"},
	{SSL_AD_PROTOCOL_VERSION, "protocol version", "; the server needs TLS 1.2 or later"},
};

/* Results that name their cause. A name replaces libcurl's text. */
static const struct code_advice result_advices[] = {
	{CURLE_COULDNT_RESOLVE_HOST, NULL, "; check the name, or use the address"},
	{CURLE_UNSUPPORTED_PROTOCOL, NULL, "; check the port, or try https://"},
	{CURLE_WEIRD_SERVER_REPLY, NULL, "; check the port, or try https://"},
	{CURLE_OUT_OF_MEMORY, "a header line is too long, or ddump is out of memory", ""},
	/* since libcurl 8.12 */
	{CURLE_BAD_CONTENT_ENCODING, CURL_ERROR_COMPRESSED, ""},
};

static const struct code_advice *find_advice(
	const struct code_advice *table, size_t count, long code)
{
	for (size_t i = 0; i < count; i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

static const char *advice_for(const struct code_advice *table, size_t count, long code)
{
	const struct code_advice *row = find_advice(table, count, code);

	return row ? row->advice : "";
}

static const char *advice_for_status(
	long status, const char *body, const struct rejected_request *request)
{
	const bool is_html = *body == '<';

	if (status == 401 && request->has_user)
		return "; check user and password";
	if (status == 401)
		return "; try USER:PASSWORD@HOST, or -netrc";
	/* a worker begins its message with the parameter's name */
	if (status == 400 && strncmp(body, "filter:", strlen("filter:")) == 0)
		return strchr(body, ';') ? "" /* it has a remedy */
					 : "; see pcap-filter(7), and use addresses, not names";
	if (status == 400 && !is_html && request->is_too_new)
		return "; the worker is of version 0.1 or not ddump-worker; upgrade it";
	for (size_t i = 0; i < COUNT(status_advices); i++) {
		const struct status_advice *row = &status_advices[i];

		if (status >= row->from && status <= row->to && (is_html ? row->html : row->text))
			return row->advice;
	}
	return "";
}

/* Returns the server's reason: a line of text, or the title of a page. */
static struct text_slice find_reason(const char *body, long status)
{
	static const char title[] = "<title>";
	char *end;

	if (*body == '<') {
		body = strcasestr(body, title);
		body = body ? body + strlen(title) : "";
	}
	/* nginx begins its titles with the status */
	if (strtol(body, &end, 10) == status)
		body = end + strspn(end, " ");
	return (struct text_slice){body, strcspn(body, "\r\n<")};
}

bool curl_error_from_status(
	long status, const char *body, const struct rejected_request *request, struct error *error)
{
	const struct text_slice reason = find_reason(body, status);

	return error_set(error, 1, "HTTP status %ld%s%.*s%s", status, reason.size > 0 ? ": " : "",
		(int)reason.size, reason.start, advice_for_status(status, body, request));
}

/* Describes a connection that the server closed before it sent a response. */
static bool describe_no_response(CURL *easy, struct error *error)
{
	char *scheme = NULL;

	curl_easy_getinfo(easy, CURLINFO_SCHEME, &scheme);
	if (scheme && strcasecmp(scheme, "https") == 0)
		return error_set(error, 1,
			"connection closed after the TLS handshake; the server may require -cert "
			"FILE");
	return error_set(error, 1,
		"connection closed without a response; too many captures, a worker that cannot "
		"start, or TLS (try https://)");
}

static bool describe_connect(CURL *easy, bool has_begun, const char *detail, struct error *error)
{
	const char *advice;
	long cause = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &cause);
	/* the connection was reset before libcurl looked at it */
	if (cause == ECONNRESET || cause == ENOTCONN)
		return describe_no_response(easy, error);
	if (cause == 0)
		return error_set(error, 1, "cannot connect: %s", detail);
	advice = advice_for(connect_advices, COUNT(connect_advices), cause);
	/* a worker has listened at that address before */
	if (cause == ECONNREFUSED && has_begun)
		advice = "";
	return error_set(
		error, 1, "cannot connect: %s: %s%s", detail, strerror((int)cause), advice);
}

static bool describe_timeout(CURL *easy, const char *detail, struct error *error)
{
	curl_off_t connected = 0;
	curl_off_t resolved = 0;

	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	if (resolved == 0)
		return error_set(
			error, 1, "cannot resolve the name within %d s", CONNECT_TIMEOUT_MS / 1000);
	if (connected > 0)
		return error_set(error, 1, "%s; the port may not use TLS, try http://", detail);
	return error_set(error, 1,
		"cannot connect within %d s; the host is down, or a firewall drops packets",
		CONNECT_TIMEOUT_MS / 1000);
}

/* Describes a certificate that was rejected, or a handshake that failed. */
static bool describe_tls(CURLcode result, const struct handshakes *handshakes, const char *detail,
	struct error *error)
{
	const int rejected = handshakes->certificate_error;

	if (rejected)
		return error_set(error, 1, "SSL certificate problem: %s%s",
			X509_verify_cert_error_string(rejected),
			advice_for(certificate_advices, COUNT(certificate_advices), rejected));
	/* libcurl itself compares the names */
	if (result == CURLE_PEER_FAILED_VERIFICATION)
		return error_set(error, 1,
			"the certificate is for another host name; use a name that is in it");
	if (handshakes->is_foreign)
		return error_set(error, 1,
			"the port does not use TLS; try http://, a worker needs a proxy for TLS");
	return error_set(error, 1, "%s; try http://, a worker needs a proxy for TLS",
		handshakes->messages == 0 ? "the TLS handshake was cut" : detail);
}

static bool describe_cut(CURL *easy, CURLcode result, const char *detail, struct error *error)
{
	long cause = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &cause);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	/* systemd closes connections above MaxConnections= with the request unread */
	if (cause == ECONNRESET && status == 0)
		return describe_no_response(easy, error);
	if (cause == ETIMEDOUT)
		return error_set(
			error, 1, "no response; the host is down, or the network is interrupted");
	return error_set(error, 1,
		"the stream was cut%s%s; the worker's journal may have the cause",
		result == CURLE_PARTIAL_FILE ? "" : ": ",
		result == CURLE_PARTIAL_FILE ? "" : detail);
}

bool curl_error_from_result(CURL *easy, CURLcode result, const struct handshakes *handshakes,
	bool has_begun, const char *detail, struct error *error)
{
	const struct code_advice *row =
		find_advice(alert_advices, COUNT(alert_advices), handshakes->alert);

	if (row)
		return error_set(error, 1, "TLS alert \"%s\"%s", row->name, row->advice);
	if (!*detail)
		detail = curl_easy_strerror(result);
	row = find_advice(result_advices, COUNT(result_advices), result);
	if (row)
		return error_set(error, 1, "%s%s", row->name ? row->name : detail, row->advice);
	switch (result) {
	case CURLE_COULDNT_CONNECT:
		return describe_connect(easy, has_begun, detail, error);
	case CURLE_OPERATION_TIMEDOUT:
		return describe_timeout(easy, detail, error);
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return describe_cut(easy, result, detail, error);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return describe_tls(result, handshakes, detail, error);
	case CURLE_GOT_NOTHING:
		return describe_no_response(easy, error);
	default:
		return error_set(error, 1, "%s", detail);
	}
}

void curl_error_from_text(CURL *easy, struct error *error)
{
	const char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	if (type && strncasecmp(type, "text/", strlen("text/")) == 0)
		error_set(error, 1, "the response is %s, not a capture; check port and path", type);
}
