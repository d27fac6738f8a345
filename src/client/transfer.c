/* SPDX-License-Identifier: MIT */
/*
 * HTTP transfer of one stream. In: a target, and what libcurl receives from it.
 * Out: packets for the handler, and the error at the end.
 */
#include "client/transfer.h"

#include "client/curl_error.h"
#include "client/ssh_tunnel.h"
#include "client/tls.h"
#include "client/watermark_interval.h"
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
	REASON_MAX = 512, /* of a rejection's body */
	HEADERS_MAX = 65536,
	HTTP_OK = 200,
	HTTP_FORBIDDEN = 403,
	HTTP_BAD_REQUEST = 400,
	PROXY_REJECTS = 300, /* the least status */
	FORWARDED_MAX = 64,
};

struct transfer {
	CURL *easy;
	struct transfer_events events;
	struct stream_reader *reader;
	struct error error; /* of the reader or a callback */
	bool paused;
	struct ssh_process ssh;	   /* ssh.target is set without ssh, too */
	struct ssh_tunnel *tunnel; /* NULL: none, or not open yet */
	struct tls *tls;
	struct curl_slist *headers;
	bool has_clock;	       /* on_clock() was called */
	unsigned additions;    /* to the query */
	unsigned supported;    /* additions that the server announces */
	bool has_parameters;   /* it announces its parameters */
	uint64_t requested_ns; /* CLOCK_MONOTONIC, when the request was sent */
	char detail[CURL_ERROR_SIZE];
	char reason[REASON_MAX]; /* the body of a rejection */
	size_t reason_size;
	size_t header_size; /* bytes received */
};

static long http_status(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void store_reason(struct transfer *transfer, const char *bytes, size_t size)
{
	size_t space = REASON_MAX - 1 - transfer->reason_size;
	size_t kept = size < space ? size : space;

	memcpy(transfer->reason + transfer->reason_size, bytes, kept);
	transfer->reason_size += kept;
}

/* A CURLOPT_PREREQFUNCTION. */
static int on_request(void *context, char *peer, char *local, int peer_port, int local_port)
{
	struct transfer *transfer = context;
	const struct transfer_connection connection = {local, peer, local_port, peer_port};

	/* the socket of a tunnel, or of the target, has no addresses */
	if (transfer->events.on_connection && !transfer->tunnel)
		transfer->events.on_connection(transfer->events.context, &connection);
	transfer->requested_ns = clock_ns(CLOCK_MONOTONIC);
	if (transfer->tunnel &&
		!ssh_tunnel_start(transfer->tunnel, &transfer->ssh, &transfer->error))
		return CURL_PREREQFUNC_ABORT;
	transfer->events.on_request_sent(transfer->events.context);
	return CURL_PREREQFUNC_OK;
}

static void parse_clock(struct transfer *transfer, const char *bytes, size_t size)
{
	const uint64_t round_trip = clock_ns(CLOCK_MONOTONIC) - transfer->requested_ns;
	const uint64_t received = clock_ns(CLOCK_REALTIME);
	const struct clock_offset offset =
		clock_offset_estimate(bytes, size, received - round_trip, received);

	transfer->has_clock = offset.is_known;
	if (transfer->has_clock)
		transfer->events.on_clock(transfer->events.context, &offset);
}

/*
 * Is the value of a Transfer-Encoding field, which begins with name,
 * "chunked" and nothing else?
 */
static bool is_chunked_only(const char *bytes, size_t size, const char *name)
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
 * Returns the status of a proxy that rejects CONNECT, otherwise 0. libcurl would
 * read the body of that response without returning to the loop.
 */
static long proxy_rejection(const struct transfer *transfer)
{
	long status = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status >= PROXY_REJECTS && http_status(transfer) == 0 ? status : 0;
}

/* Does a line begin with the name of a field, and its colon? */
static bool is_field(const char *bytes, size_t size, const char *name)
{
	return size > strlen(name) && strncasecmp(bytes, name, strlen(name)) == 0;
}

/* Parses the value of Ddump-Parameters, which ends with a line break. */
static unsigned supported_additions(const char *value, const char *end)
{
	struct slice list = {.at = value};

	while (end > value && (end[-1] == '\r' || end[-1] == '\n'))
		end--;
	list.size = (size_t)(end - value);
	return target_query_supported(list);
}

/* Parses a field that only workers send. */
static void parse_worker_field(struct transfer *transfer, const char *bytes, size_t size)
{
	static const char clock[] = "Ddump-Clock:";
	static const char parameters[] = "Ddump-Parameters:";

	if (is_field(bytes, size, parameters)) {
		transfer->has_parameters = true;
		transfer->supported |=
			supported_additions(bytes + strlen(parameters), bytes + size);
	}
	if (is_field(bytes, size, clock) && !transfer->has_clock &&
		http_status(transfer) == HTTP_OK)
		parse_clock(transfer, bytes + strlen(clock), size - strlen(clock));
}

/* A CURLOPT_HEADERFUNCTION. libcurl has no limit on trailers. */
static size_t on_header(char *bytes, size_t one, size_t size, void *context)
{
	static const char coding[] = "Transfer-Encoding:";
	struct transfer *transfer = context;
	const long rejection = proxy_rejection(transfer);

	(void)one;
	transfer->header_size += size;
	if (transfer->header_size > HEADERS_MAX) {
		error_set(&transfer->error, 1, "more than %d bytes of headers or trailers",
			HEADERS_MAX);
		return CURL_WRITEFUNC_ERROR;
	}
	if (rejection > 0) {
		error_set(&transfer->error, 1,
			"the proxy rejects the connection with HTTP status %ld", rejection);
		return CURL_WRITEFUNC_ERROR;
	}
	/* libcurl would decompress it, and store the result during a pause */
	if (is_field(bytes, size, coding) &&
		/* cppcheck-suppress knownConditionTrueFalse; as above */
		!is_chunked_only(bytes, size, coding)) {
		error_set(&transfer->error, 1, CURL_ERROR_COMPRESSED);
		return CURL_WRITEFUNC_ERROR;
	}
	/* not in a trailer, which comes too late, and not of a proxy's CONNECT */
	if (!stream_reader_has_begun(transfer->reader) && http_status(transfer) > 0)
		parse_worker_field(transfer, bytes, size);
	return size;
}

/* A CURLOPT_WRITEFUNCTION. */
static size_t on_body(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (http_status(transfer) != HTTP_OK) {
		store_reason(transfer, bytes, size);
		/* abort an endless rejection */
		return transfer->reason_size < REASON_MAX - 1 ? size : CURL_WRITEFUNC_ERROR;
	}
	transfer->events.before_data(transfer->events.context);
	if (!stream_reader_push(transfer->reader, bytes, size, &transfer->error))
		return CURL_WRITEFUNC_ERROR;
	/* with CURL_WRITEFUNC_PAUSE libcurl would store this chunk */
	if (!transfer->events.can_accept(transfer->events.context)) {
		transfer->paused = true;
		curl_easy_pause(transfer->easy, CURLPAUSE_RECV);
	}
	return size;
}

/* A CURLOPT_OPENSOCKETFUNCTION: libcurl connects to the tunnel. */
static curl_socket_t open_tunnel(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer *transfer = context;
	socklen_t size;

	(void)purpose;
	if (transfer->tunnel)
		return CURL_SOCKET_BAD;
	transfer->tunnel = ssh_tunnel_open(&address->addr, &size, &transfer->error);
	if (!transfer->tunnel)
		return CURL_SOCKET_BAD;
	address->family = AF_UNIX;
	address->protocol = 0;
	address->addrlen = size;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* A CURLOPT_SOCKOPTFUNCTION: libcurl cannot set the number of probes. */
static int set_keepalive_probes(void *unused, curl_socket_t fd, curlsocktype purpose)
{
	const int probes = KEEPALIVE_PROBES;

	(void)unused;
	(void)purpose;
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
	return CURL_SOCKOPT_OK;
}

/* A CURLOPT_SSL_CTX_FUNCTION. */
static CURLcode apply_tls(CURL *easy, void *context, void *to)
{
	struct transfer *transfer = to;

	(void)easy;
	return tls_apply(transfer->tls, context, transfer->events.handshakes, &transfer->error)
		       ? CURLE_OK
		       : CURLE_SSL_CACERT_BADFILE;
}

/* An option of libcurl whose value is a text; NULL resets it. */
struct text_option {
	CURLoption option;
	const char *value;
};

/* False: out of memory; some options are not set. */
static bool set_texts(CURL *easy, const struct text_option *options, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (curl_easy_setopt(easy, options[i].option, options[i].value) != CURLE_OK)
			return false;
	return true;
}

/* False: out of memory; some options are not set. */
static bool set_tls(struct transfer *transfer, const struct tls_files *credentials)
{
	const char *passphrase = *credentials->passphrase ? credentials->passphrase : NULL;
	/*
	 * libcurl must not read authorities: apply_tls() sets the store, and libcurl
	 * would add those for a proxy to it.
	 */
	const struct text_option texts[] = {
		{CURLOPT_CAINFO, NULL},
		{CURLOPT_CAPATH, NULL},
		{CURLOPT_PROXY_CAINFO, NULL},
		{CURLOPT_PROXY_CAPATH, NULL},
		{CURLOPT_SSLCERT, credentials->cert},
		{CURLOPT_SSLKEY, credentials->key},
		{CURLOPT_KEYPASSWD, passphrase},
	};
	CURL *easy = transfer->easy;

	transfer->tls = credentials->tls;
	/* without the callback, libcurl trusts nobody */
	if (curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, apply_tls) != CURLE_OK)
		return false;
	curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, transfer);
	if (curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK)
		return false;
	if (curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) !=
		CURLE_OK)
		return false;
	return set_texts(easy, texts, sizeof(texts) / sizeof(*texts));
}

/* False: out of memory. */
static bool set_url(const struct transfer *transfer, const char *url, uint64_t watermark_ms)
{
	char *extended = target_query_extend(url, transfer->additions, watermark_ms);
	const bool is_set =
		extended && curl_easy_setopt(transfer->easy, CURLOPT_URL, extended) == CURLE_OK;

	free(extended);
	return is_set;
}

/* False: out of memory; some options are not set. */
static bool set_request(CURL *easy, const struct target *target, const struct options *options)
{
	const struct text_option texts[] = {
		{CURLOPT_PROTOCOLS_STR, "http,https"},
		{CURLOPT_USERAGENT, "ddump/" DDUMP_VERSION},
		{CURLOPT_USERNAME, target->user},
		{CURLOPT_PASSWORD, target->password},
	};

	/* libcurl does not follow redirects by default */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, set_keepalive_probes);
	curl_easy_setopt(easy, CURLOPT_NETRC,
		(long)(options->netrc ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED));
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	return set_texts(easy, texts, sizeof(texts) / sizeof(*texts));
}

/*
 * Sets up the request through ssh. Forwarded names sshd's port, so that the
 * worker does not capture its own stream there. False: out of memory.
 */
static bool set_tunnel(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	char port[SSH_PORT_SIZE];
	char forwarded[FORWARDED_MAX];

	ssh_process_find_port(&transfer->ssh, port);
	snprintf(forwarded, sizeof(forwarded), "Forwarded: by=\"_ssh:%s\"", port);
	transfer->headers = curl_slist_append(NULL, forwarded);
	/* ~/.netrc may have a password for 127.0.0.1, which is not for this host */
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_tunnel);
	curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer);
	return transfer->headers &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK;
}

/* Sets up the request by a unix socket. False: out of memory. */
static bool set_socket(CURL *easy, const char *path)
{
	/* ~/.netrc may have a password for 127.0.0.1, which is not for this socket */
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	return curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, path) == CURLE_OK &&
	       curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") == CURLE_OK;
}

/*
 * Adds the header fields of the options, for the target and not for the CONNECT of a
 * proxy. False: out of memory.
 */
static bool set_headers(
	struct transfer *transfer, const struct target *target, const struct options *options)
{
	CURL *easy = transfer->easy;

	if (options->headers.count == 0)
		return true;
	/* a proxy would receive them in clear text, and is on another loopback */
	if (request_headers_is_loopback(target->url) &&
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*") != CURLE_OK)
		return false;
	transfer->headers = request_headers_append(&options->headers, transfer->headers);
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	return transfer->headers &&
	       curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK;
}

struct transfer *transfer_new(const struct target *target, unsigned additions,
	const struct options *options, long buffer, const struct transfer_events *events)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));

	if (!transfer)
		return NULL;
	transfer->events = *events;
	transfer->additions = additions;
	transfer->ssh = (struct ssh_process){.target = target, .command = options->ssh};
	transfer->reader = stream_reader_new(&events->stream);
	transfer->easy = curl_easy_init();
	if (!transfer->reader || !transfer->easy ||
		!set_url(transfer, target->url, watermark_interval_ms(options)) ||
		!set_request(transfer->easy, target, options) ||
		!set_tls(transfer, &options->credentials)) {
		transfer_free(transfer);
		return NULL;
	}
	curl_easy_setopt(transfer->easy, CURLOPT_BUFFERSIZE, buffer);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	if ((target->ssh_host && !set_tunnel(transfer)) ||
		(target->socket && !set_socket(transfer->easy, target->socket)) ||
		!set_headers(transfer, target, options)) {
		transfer_free(transfer);
		return NULL;
	}
	curl_easy_setopt(transfer->easy, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(transfer->easy, CURLOPT_PREREQDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, events->context);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->detail);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	curl_easy_cleanup(transfer->easy);
	request_headers_free_list(transfer->headers);
	ssh_tunnel_free(transfer->tunnel);
	stream_reader_free(transfer->reader);
	free(transfer);
}

CURL *transfer_handle(const struct transfer *transfer)
{
	return transfer->easy;
}

static bool describe_rejection(const struct transfer *transfer, long status, struct error *error)
{
	const struct target *target = transfer->ssh.target;
	const struct rejected_request request = {
		.has_user = target->user != NULL,
		.is_too_new = !transfer->has_parameters && target_query_is_newer(target->url),
	};

	return curl_error_from_status(status, transfer->reason, &request, error);
}

bool transfer_result(
	const struct transfer *transfer, CURLcode result, bool has_begun, struct error *error)
{
	long status = http_status(transfer);

	if (transfer->error.status) {
		*error = transfer->error;
		return false;
	}
	if (transfer->events.handshakes->messages > TLS_MESSAGES_MAX)
		return error_set(error, 1, "more than %d TLS handshake messages", TLS_MESSAGES_MAX);
	if (status > 0 && status != HTTP_OK)
		return describe_rejection(transfer, status, error);
	if (result != CURLE_OK) {
		curl_error_from_result(transfer->easy, result, transfer->events.handshakes,
			has_begun, transfer->detail, error);
		if (transfer->tunnel)
			ssh_tunnel_explain(
				transfer->tunnel, stream_reader_has_begun(transfer->reader), error);
		return false;
	}
	if (stream_reader_end(transfer->reader, error))
		return true;
	if (!stream_reader_has_begun(transfer->reader))
		curl_error_from_text(transfer->easy, error);
	return false;
}

unsigned transfer_rejected_additions(const struct transfer *transfer)
{
	switch (http_status(transfer)) {
	case HTTP_BAD_REQUEST: /* a parameter that the worker does not support, or another one */
		return transfer->additions & ~transfer->supported;
	case HTTP_FORBIDDEN: /* the administrator may have limited an addition, or something else */
		return transfer->additions;
	default:
		return 0;
	}
}

bool transfer_is_refused(const struct transfer *transfer)
{
	/* the statuses of a worker (RFC 9110, section 15.5, and RFC 6585) */
	static const long final[] = {400, 403, 404, 405, 413, 414, 431};
	const long status = http_status(transfer);

	for (size_t i = 0; i < sizeof(final) / sizeof(*final); i++)
		if (status == final[i])
			return true;
	return false;
}

CURLcode transfer_resume(struct transfer *transfer)
{
	/* may call on_body(), which can pause again, or fail */
	transfer->paused = false;
	return curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

bool transfer_is_paused(const struct transfer *transfer)
{
	return transfer->paused;
}
