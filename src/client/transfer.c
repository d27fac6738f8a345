/*
 * One stream. In: a target and what libcurl receives from it. Out: packets,
 * and in the end a sentence if something went wrong.
 */
#include "client/transfer.h"

#include "client/explain.h"
#include "client/trust.h"
#include "client/tunnel.h"
#include "common/clock.h"

#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	KEEPALIVE_IDLE_S = 10,
	KEEPALIVE_INTERVAL_S = 5,
	KEEPALIVE_PROBES = 3,
	SENTENCE_MAX = 512, /* of a server's refusal */
	HEADERS_MAX = 65536,
	HTTP_OK = 200,
	PROXY_REFUSES = 300, /* from this status on */
	FORWARDED_MAX = 64,
};

struct transfer {
	CURL *easy;
	struct transfer_events events;
	struct reader *reader;
	struct failure failure; /* of the reader or its sinks */
	bool paused;
	struct ssh ssh;	       /* its target is this one, without ssh, too */
	struct tunnel *tunnel; /* NULL: none, or not yet */
	struct trust *trust;
	struct curl_slist *headers;
	bool has_clock; /* its time has been told */
	uint64_t asked; /* ns, CLOCK_MONOTONIC: when the request left */
	char error[CURL_ERROR_SIZE];
	char sentence[SENTENCE_MAX];
	size_t sentence_size;
	size_t header_size; /* of all that came */
};

static long http_status(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void keep_sentence(
	struct transfer *transfer, const char *bytes, size_t size)
{
	size_t room = SENTENCE_MAX - 1 - transfer->sentence_size;
	size_t kept = size < room ? size : room;

	memcpy(transfer->sentence + transfer->sentence_size, bytes, kept);
	transfer->sentence_size += kept;
}

/* A CURLOPT_PREREQFUNCTION. */
static int leave(
	void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *transfer = context;

	(void)peer;
	(void)local;
	(void)peer_port;
	(void)local_port;
	transfer->asked = clock_ns(CLOCK_MONOTONIC);
	if (transfer->tunnel && !tunnel_start(transfer->tunnel, &transfer->ssh,
					&transfer->failure))
		return CURL_PREREQFUNC_ABORT;
	transfer->events.asks(transfer->events.context);
	return CURL_PREREQFUNC_OK;
}

static void take_clock(
	struct transfer *transfer, const char *bytes, size_t size)
{
	const uint64_t took = clock_ns(CLOCK_MONOTONIC) - transfer->asked;
	const uint64_t came = clock_ns(CLOCK_REALTIME);
	const struct offset offset =
		offset_estimate(bytes, size, came - took, came);

	transfer->has_clock = offset.is_known;
	if (transfer->has_clock)
		transfer->events.tells_clock(transfer->events.context, &offset);
}

/*
 * Does a header field's value say that one transfer coding, and no other? The
 * field is bytes, of which name takes the first ones.
 */
static bool is_plain(const char *bytes, size_t size, const char *name)
{
	static const char coding[] = "chunked";
	const char *value = bytes + strlen(name);
	const char *end = bytes + size;

	while (value < end && isspace((unsigned char)*value))
		value++;
	while (end > value && isspace((unsigned char)end[-1]))
		end--;
	/* cppcheck-suppress knownConditionTrueFalse; it forgets the loops */
	return (size_t)(end - value) == strlen(coding) &&
	       strncasecmp(value, coding, strlen(coding)) == 0;
}

/*
 * The status by which a proxy that was asked for a connection refuses it, 0 if
 * it does not. What follows libcurl would pass over at one go, without end.
 */
static long proxy_refusal(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status >= PROXY_REFUSES && http_status(transfer) == 0 ? status
								     : 0;
}

/* A CURLOPT_HEADERFUNCTION: libcurl would store trailers without end. */
static size_t take_header(char *bytes, size_t one, size_t size, void *context)
{
	static const char name[] = "Ddump-Clock:";
	static const char coding[] = "Transfer-Encoding:";
	struct transfer *transfer = context;
	const long refusal = proxy_refusal(transfer);

	(void)one;
	transfer->header_size += size;
	if (transfer->header_size > HEADERS_MAX) {
		failure_set(&transfer->failure, 1,
			"more than %d bytes of headers or trailers",
			HEADERS_MAX);
		return CURL_WRITEFUNC_ERROR;
	}
	if (refusal > 0) {
		failure_set(&transfer->failure, 1,
			"the proxy refuses to connect, with HTTP status %ld",
			refusal);
		return CURL_WRITEFUNC_ERROR;
	}
	/* libcurl would unpack it, and keep what comes of it while it pauses */
	if (size > strlen(coding) &&
		strncasecmp(bytes, coding, strlen(coding)) == 0 &&
		!is_plain(bytes, size, coding)) {
		failure_set(&transfer->failure, 1,
			"the answer is compressed, which nobody asked for");
		return CURL_WRITEFUNC_ERROR;
	}
	/* a trailer may claim to be one, too, and comes too late for that */
	if (size > strlen(name) && !transfer->has_clock &&
		!reader_has_begun(transfer->reader) &&
		http_status(transfer) == HTTP_OK &&
		strncasecmp(bytes, name, strlen(name)) == 0)
		take_clock(transfer, bytes + strlen(name), size - strlen(name));
	return size;
}

/* A CURLOPT_WRITEFUNCTION. */
static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (http_status(transfer) != HTTP_OK) {
		keep_sentence(transfer, bytes, size);
		/* a refusal without end has been read far enough */
		return transfer->sentence_size < SENTENCE_MAX - 1
			       ? size
			       : CURL_WRITEFUNC_ERROR;
	}
	transfer->events.comes(transfer->events.context);
	if (!reader_push(transfer->reader, bytes, size, &transfer->failure))
		return CURL_WRITEFUNC_ERROR;
	/* with CURL_WRITEFUNC_PAUSE libcurl would keep a copy of this piece */
	if (!transfer->events.wants(transfer->events.context)) {
		transfer->paused = true;
		curl_easy_pause(transfer->easy, CURLPAUSE_RECV);
	}
	return size;
}

/* A CURLOPT_OPENSOCKETFUNCTION: libcurl speaks to what ssh is behind. */
static curl_socket_t open_tunnel(
	void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	socklen_t size;

	(void)purpose;
	if (transfer->tunnel)
		return CURL_SOCKET_BAD;
	transfer->tunnel =
		tunnel_open(&address->addr, &size, &transfer->failure);
	if (!transfer->tunnel)
		return CURL_SOCKET_BAD;
	address->family = AF_UNIX;
	address->protocol = 0;
	address->addrlen = size;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A CURLOPT_SOCKOPTFUNCTION: libcurl sets all of keepalive but the count. */
static int set_socket(void *unused, curl_socket_t fd, curlsocktype purpose)
{
	const int probes = KEEPALIVE_PROBES;

	(void)unused;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	return CURL_SOCKOPT_OK;
}

/* A CURLOPT_SSL_CTX_FUNCTION. */
static CURLcode set_trust(CURL *easy, void *context, void *to)
{
	struct transfer *transfer = to;

	(void)easy;
	return trust_apply(transfer->trust, context, transfer->events.messages,
		       &transfer->failure)
		       ? CURLE_OK
		       : CURLE_SSL_CACERT_BADFILE;
}

/* False: out of memory, and some of it is not set. */
static bool set_tls(
	struct transfer *transfer, const struct credentials *credentials)
{
	CURL *easy = transfer->easy;
	const char *passphrase = credentials->passphrase;

	transfer->trust = credentials->trust;
	/*
	 * Without files and directories of its own libcurl trusts nobody. Those
	 * for a proxy it would read into our store, behind set_trust().
	 */
	return curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, NULL) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, set_trust) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSLVERSION,
		       CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION,
		       CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSLCERT, credentials->cert) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_SSLKEY, credentials->key) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_KEYPASSWD,
		       *passphrase ? passphrase : NULL) == CURLE_OK;
}

/* False: out of memory, and some of it is not set. */
static bool set_request(CURL *easy, const struct target *target,
	const struct arguments *arguments)
{
	/* redirects are not followed unless that is asked for */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
		easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	curl_easy_setopt(
		easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_socket);
	curl_easy_setopt(easy, CURLOPT_NETRC,
		(long)(arguments->netrc ? CURL_NETRC_OPTIONAL
					: CURL_NETRC_IGNORED));
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	return curl_easy_setopt(easy, CURLOPT_URL, target->url) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERAGENT,
		       "ddump/" DDUMP_VERSION) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_USERNAME, target->user) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_PASSWORD, target->password) ==
		       CURLE_OK;
}

/*
 * To the worker ssh is a proxy of its own host: the stream travels on ssh's
 * port there, and must not be captured. False: out of memory.
 */
static bool set_tunnel(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	char port[SSH_PORT_SIZE];
	char forwarded[FORWARDED_MAX];

	ssh_port(&transfer->ssh, port);
	snprintf(forwarded, sizeof(forwarded), "Forwarded: by=\"_ssh:%s\"",
		port);
	transfer->headers = curl_slist_append(NULL, forwarded);
	/* whatever ~/.netrc has for 127.0.0.1 is not for that host */
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_tunnel);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	return transfer->headers &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) ==
		       CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK;
}

struct transfer *transfer_new(const struct target *target,
	const struct arguments *arguments, long buffer,
	const struct transfer_events *events)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->events = *events;
	transfer->ssh = (struct ssh){target, arguments->ssh};
	transfer->reader = reader_new(&events->stream);
	transfer->easy = curl_easy_init();
	if (!transfer->reader || !transfer->easy ||
		!set_request(transfer->easy, target, arguments) ||
		!set_tls(transfer, &arguments->credentials)) {
		transfer_free(transfer);
		return NULL;
	}
	curl_easy_setopt(transfer->easy, CURLOPT_BUFFERSIZE, buffer);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	if (target->ssh_host && !set_tunnel(transfer)) {
		transfer_free(transfer);
		return NULL;
	}
	curl_easy_setopt(transfer->easy, CURLOPT_PREREQFUNCTION, leave);
	curl_easy_setopt(transfer->easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, events->context);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	curl_easy_cleanup(transfer->easy);
	curl_slist_free_all(transfer->headers);
	tunnel_close(transfer->tunnel);
	reader_free(transfer->reader);
	free(transfer);
}

CURL *transfer_handle(const struct transfer *transfer)
{
	return transfer->easy;
}

bool transfer_result(const struct transfer *transfer, CURLcode result,
	bool was_there, struct failure *failure)
{
	long status = http_status(transfer);

	if (transfer->failure.status) {
		*failure = transfer->failure;
		return false;
	}
	if (*transfer->events.messages > TRUST_MESSAGES_MAX)
		return failure_set(failure, 1,
			"more than %d messages of TLS handshakes",
			TRUST_MESSAGES_MAX);
	if (status > 0 && status != HTTP_OK)
		return explain_status(status, transfer->sentence,
			transfer->ssh.target->user != NULL, failure);
	if (result != CURLE_OK) {
		explain_result(transfer->easy, result, was_there,
			transfer->error, failure);
		if (transfer->tunnel)
			tunnel_explain(transfer->tunnel,
				reader_has_begun(transfer->reader), failure);
		return false;
	}
	if (reader_end(transfer->reader, failure))
		return true;
	if (!reader_has_begun(transfer->reader))
		explain_text(transfer->easy, failure);
	return false;
}

CURLcode transfer_resume(struct transfer *transfer)
{
	/* may call take_body(), and so pause again, or fail there */
	transfer->paused = false;
	return curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

bool transfer_is_paused(const struct transfer *transfer)
{
	return transfer->paused;
}
