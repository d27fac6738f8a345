/*
 * What went wrong on the way. In: HTTP statuses and libcurl's results. Out: a
 * sentence with what a user can do.
 */
#include "client/explain.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PLACE_SIZE = 256 };

struct words {
	const char *at;
	size_t size;
};

static const char *advice_of_status(long status, const char *body, bool known)
{
	const bool page = *body == '<';

	if (strstr(body, "plain HTTP request was sent to HTTPS"))
		return " (write https://)";
	if (strstr(body, "No required SSL certificate was sent"))
		return " (-cert FILE shows one)";
	if (strstr(body, "The SSL certificate error"))
		return " (-cert FILE, with its chain, is none that the server "
		       "accepts)";
	if (status == 400 && strstr(body, "unknown host"))
		return " (workers may know no names: write the address)";
	if (status == 403 && strstr(body, "the Host field says"))
		return " (write the address, or have the name added there)";
	if (status == 400 && strncmp(body, "filter:", strlen("filter:")) == 0)
		return " (pcap-filter(7) has the syntax)";
	if (status == 401)
		return known ? " (the user or the password is not accepted)"
			     : " (put USER:PASSWORD@ in front of the host, or "
			       "use -netrc)";
	if (status == 404 && page)
		return " (no worker behind that port, or path)";
	/* a worker's own 503 is a line of text, and some proxies' a page */
	if (status == 502 || status == 504 || (status == 503 && page))
		return " (the proxy does not reach the worker)";
	if (status >= 300 && status < 400)
		return " (redirects are not followed: name the right URL)";
	return "";
}

/* A server's own words: a line of text, or the title of a page. */
static struct words words_of(const char *body, long status)
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
	return (struct words){body, strcspn(body, "\r\n<")};
}

bool explain_status(
	long status, const char *body, bool known, struct failure *failure)
{
	struct words words = words_of(body, status);

	return failure_set(failure, 1, "HTTP status %ld%s%.*s%s", status,
		words.size > 0 ? ": " : "", (int)words.size, words.at,
		advice_of_status(status, body, known));
}

/* "HOST port PORT" out of libcurl's "Failed to connect to … after N ms". */
static const char *place_of(const char *error, char place[PLACE_SIZE])
{
	static const char start[] = "Failed to connect to ";
	const char *end = strstr(error, " after ");

	if (strncmp(error, start, strlen(start)) != 0 || !end)
		return "";
	snprintf(place, PLACE_SIZE, " to %.*s",
		(int)(end - error - (long)strlen(start)),
		error + strlen(start));
	return place;
}

static bool explain_connect(
	CURL *easy, bool was_there, const char *error, struct failure *failure)
{
	char place[PLACE_SIZE];
	const char *advice = "";
	long cause = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &cause);
	if (cause == 0)
		return failure_set(failure, 1, "can't connect: %s", error);
	if (cause == ECONNREFUSED && !was_there)
		advice =
			" (is ddump-worker.socket enabled there? Unless told "
			"otherwise it listens on port 8475 of 127.0.0.1 alone, "
			"which ssh://HOST reaches)";
	if (cause == EHOSTUNREACH || cause == ENETUNREACH)
		advice = " (is the host up?)";
	return failure_set(failure, 1, "can't connect%s: %s%s",
		place_of(error, place), strerror((int)cause), advice);
}

static bool explain_timeout(
	CURL *easy, const char *error, struct failure *failure)
{
	curl_off_t connected = 0;
	curl_off_t resolved = 0;

	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
	if (resolved == 0)
		return failure_set(failure, 1,
			"the name does not resolve within %d s",
			CONNECT_TIMEOUT_MS / 1000);
	if (connected > 0)
		return failure_set(
			failure, 1, "%s (no TLS there? is it http://?)", error);
	return failure_set(failure, 1,
		"can't connect within %d s (host down, or a firewall)",
		CONNECT_TIMEOUT_MS / 1000);
}

static const char *advice_of_certificate(CURL *easy, const char *error)
{
	long verified = X509_V_OK;

	if (strstr(error, "target host name"))
		return " (write the host as its certificate does)";
	curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	switch (verified) {
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return " (-ca FILE trusts another authority)";
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return " (the server needs a new one, unless a clock is wrong)";
	case X509_V_ERR_CERT_REVOKED:
		return " (a list of -crl says so)";
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return " (-crl FILE must hold a list of each authority that "
		       "the certificate is from)";
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return " (-crl FILE needs another list, unless a clock is "
		       "wrong)";
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
		return " (a list of -crl is forged or damaged)";
	default:
		return "";
	}
}

static bool explain_tls(
	CURL *easy, CURLcode result, const char *error, struct failure *failure)
{
	if (result == CURLE_PEER_FAILED_VERIFICATION)
		return failure_set(failure, 1, "%s%s", error,
			advice_of_certificate(easy, error));
	if (strstr(error, "wrong version number") ||
		strstr(error, "packet length too long"))
		return failure_set(failure, 1,
			"no TLS on that port (https:// takes a proxy in front "
			"of the worker; to the worker itself write http://)");
	if (strstr(error, "alert handshake failure"))
		return failure_set(failure, 1,
			"TLS alert \"handshake failure\" (is a client "
			"certificate asked for? -cert FILE. Or is there no "
			"cipher that both have?)");
	/* what TLS in TLS has to tell the proxy overwrites what was wrong */
	if (strstr(error, "SSL_ERROR_SYSCALL"))
		return failure_set(failure, 1,
			"the TLS handshake broke off (is it https:// there? A "
			"worker itself speaks http. Behind a proxy that is "
			"spoken to by https: is the certificate one that -ca "
			"and -crl accept?)");
	return failure_set(failure, 1, "%s (%s)", error,
		strstr(error, "protocol version")
			? "TLS 1.2 is the least that is spoken"
			: "is it https:// there? A worker itself speaks http");
}

/* Of a server that has closed before it said anything. */
static bool explain_nothing(CURL *easy, struct failure *failure)
{
	char *scheme = NULL;

	curl_easy_getinfo(easy, CURLINFO_SCHEME, &scheme);
	if (scheme && strcasecmp(scheme, "https") == 0)
		return failure_set(failure, 1,
			"closed behind the TLS handshake (is a client "
			"certificate asked for? -cert FILE)");
	return failure_set(failure, 1,
		"closed without an answer (TLS there? Write https://. "
		"Or too many captures there already: wait for one to end. Or "
		"the worker could not start: its journal says why)");
}

/*
 * What a server says of the client's certificate. In TLS 1.3 that comes behind
 * the handshake, and looks like an answer that is cut.
 */
static struct words alert_of(const char *error)
{
	static const char *const reasons[] = {
		"certificate", "unknown ca", "access denied"};
	static const char start[] = " alert ";
	const char *alert = strstr(error, start);

	for (size_t i = 0; alert && i < 3; i++)
		if (strstr(alert, reasons[i]))
			return (struct words){alert + strlen(start),
				strcspn(alert + strlen(start), ",")};
	return (struct words){"", 0};
}

static bool explain_alert(struct words alert, struct failure *failure)
{
	return failure_set(failure, 1,
		"TLS alert \"%.*s\" (a client certificate is asked for, of an "
		"authority that is known there: -cert FILE, with its chain)",
		(int)alert.size, alert.at);
}

static bool explain_cut(
	CURL *easy, CURLcode result, const char *error, struct failure *failure)
{
	long cause = 0;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &cause);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	/* systemd closes what exceeds MaxConnections= with the request unread
	 */
	if (cause == ECONNRESET && status == 0)
		return explain_nothing(easy, failure);
	if (cause == ETIMEDOUT)
		return failure_set(failure, 1,
			"does not answer any more (host down, or network cut)");
	/* the end of the chunks is missing, and of that libcurl tells */
	if (result == CURLE_PARTIAL_FILE)
		return failure_set(failure, 1,
			"the stream was cut (the worker was ended or killed, "
			"or a proxy was, or its duration was over before all "
			"had been read; its journal may say why)");
	return failure_set(failure, 1,
		"the stream was cut: %s (the worker's journal may say why)",
		error);
}

bool explain_result(CURL *easy, CURLcode result, bool was_there,
	const char *error, struct failure *failure)
{
	struct words alert;

	if (!*error)
		error = curl_easy_strerror(result);
	/* what libcurl says of its own bounds, too */
	if (strcasestr(error, "out of memory"))
		return failure_set(failure, 1,
			"a line of headers or trailers does not end (or out of "
			"memory)");
	alert = alert_of(error);
	if (alert.size > 0)
		return explain_alert(alert, failure);
	/* where the connection is gone before libcurl has looked at it */
	if (strstr(error, "getpeername() failed"))
		return explain_nothing(easy, failure);
	switch (result) {
	case CURLE_COULDNT_CONNECT:
		return explain_connect(easy, was_there, error, failure);
	case CURLE_OPERATION_TIMEDOUT:
		return explain_timeout(easy, error, failure);
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
		return explain_cut(easy, result, error, failure);
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
		return explain_tls(easy, result, error, failure);
	case CURLE_COULDNT_RESOLVE_HOST:
		return failure_set(failure, 1,
			"%s (check the name, or write the address)", error);
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return failure_set(failure, 1,
			"%s (no worker there: is the port right? For TLS write "
			"https://)",
			error);
	case CURLE_GOT_NOTHING:
		return explain_nothing(easy, failure);
	default:
		return failure_set(failure, 1, "%s", error);
	}
}

void explain_text(CURL *easy, struct failure *failure)
{
	const char *type = NULL;

	curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
	if (type && strncasecmp(type, "text/", strlen("text/")) == 0)
		failure_set(failure, 1,
			"the answer is %s, no capture (wrong port or path?)",
			type);
}
