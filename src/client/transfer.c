/*
 * One stream. In: a target and what libcurl receives from it. Out: packets,
 * and in the end a sentence if something went wrong.
 */
#include "client/transfer.h"

#include <stdlib.h>
#include <string.h>

enum {
	CONNECT_TIMEOUT_MS = 10000,
	KEEPALIVE_IDLE_S = 20,
	KEEPALIVE_INTERVAL_S = 10,
	SENTENCE_MAX = 512, /* of a server's refusal */
	HTTP_OK = 200,
};

struct transfer {
	CURL *easy;
	unsigned index;
	struct transfer_events events;
	struct reader *reader;
	struct failure failure; /* of the reader or its sinks */
	bool paused;
	char error[CURL_ERROR_SIZE];
	char sentence[SENTENCE_MAX];
	size_t sentence_size;
};

static bool on_start(
	void *context, const struct pcapfile *file, struct failure *failure)
{
	struct transfer *transfer = context;

	return transfer->events.started(
		transfer->events.context, transfer->index, file, failure);
}

static bool on_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	struct transfer *transfer = context;

	return transfer->events.packet(
		transfer->events.context, transfer->index, packet, failure);
}

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

/* A CURLOPT_WRITEFUNCTION. */
static size_t take_body(char *bytes, size_t one, size_t size, void *context)
{
	struct transfer *transfer = context;

	(void)one;
	if (http_status(transfer) != HTTP_OK) {
		keep_sentence(transfer, bytes, size);
		return size;
	}
	if (!transfer->events.wants(
		    transfer->events.context, transfer->index)) {
		transfer->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (reader_push(transfer->reader, bytes, size, &transfer->failure))
		return size;
	return CURL_WRITEFUNC_ERROR;
}

static void set_tls(CURL *easy, const struct credentials *credentials)
{
	const char *file =
		credentials->ca ? credentials->ca : getenv("SSL_CERT_FILE");
	const char *directory = credentials->ca ? NULL : getenv("SSL_CERT_DIR");

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	if (file && *file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, file);
	/*
	 * Beside a bundle a directory only costs: with one, libcurl parses
	 * the bundle again for each connection.
	 */
	curl_easy_setopt(easy, CURLOPT_CAPATH,
		directory && *directory ? directory : NULL);
	if (!credentials->cert)
		return;
	curl_easy_setopt(easy, CURLOPT_SSLCERT, credentials->cert);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, credentials->key);
	if (*credentials->passphrase)
		curl_easy_setopt(
			easy, CURLOPT_KEYPASSWD, credentials->passphrase);
}

static void set_request(CURL *easy, const struct target *target,
	const struct arguments *arguments)
{
	curl_easy_setopt(easy, CURLOPT_URL, target->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "ddump/" DDUMP_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(
		easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	curl_easy_setopt(
		easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	if (arguments->netrc)
		curl_easy_setopt(
			easy, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(easy, CURLOPT_USERNAME, target->user);
	curl_easy_setopt(easy, CURLOPT_PASSWORD, target->password);
	/* a wrong answer is refused in any case, so that it ends there */
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
}

struct transfer *transfer_new(const struct target *target, unsigned index,
	const struct arguments *arguments, long buffer,
	const struct transfer_events *events)
{
	struct transfer *transfer = calloc(1, sizeof(*transfer));
	const struct reader_sink sink = {on_start, on_packet, transfer};

	if (!transfer)
		return NULL;
	transfer->index = index;
	transfer->events = *events;
	transfer->reader = reader_new(&sink);
	transfer->easy = curl_easy_init();
	if (!transfer->reader || !transfer->easy) {
		transfer_free(transfer);
		return NULL;
	}
	set_request(transfer->easy, target, arguments);
	set_tls(transfer->easy, &arguments->credentials);
	curl_easy_setopt(transfer->easy, CURLOPT_BUFFERSIZE, buffer);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	curl_easy_cleanup(transfer->easy);
	reader_free(transfer->reader);
	free(transfer);
}

CURL *transfer_handle(const struct transfer *transfer)
{
	return transfer->easy;
}

unsigned transfer_index(const struct transfer *transfer)
{
	return transfer->index;
}

/* What the user can do about a status. */
static const char *advice_of_status(long status)
{
	if (status == 401)
		return " (put USER:PASSWORD@ in front of the host, or use "
		       "-netrc)";
	if (status >= 300 && status < 400)
		return " (redirects are not followed: name the right URL)";
	return "";
}

static bool explain_status(
	const struct transfer *transfer, long status, struct failure *failure)
{
	const char *sentence = transfer->sentence;
	size_t size = strcspn(sentence, "\r\n");
	bool plain = size > 0 && *sentence != '<'; /* no page of HTML */

	return failure_set(failure, 1, "HTTP status %ld%s%.*s%s", status,
		plain ? ": " : "", plain ? (int)size : 0, sentence,
		advice_of_status(status));
}

/* libcurl's word for it, and what the user can do. */
static bool explain_error(const struct transfer *transfer, CURLcode result,
	struct failure *failure)
{
	const char *word =
		*transfer->error ? transfer->error : curl_easy_strerror(result);
	const char *advice = "";
	long cause = 0;

	curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &cause);
	switch (result) {
	case CURLE_COULDNT_CONNECT:
		if (cause)
			word = strerror((int)cause);
		return failure_set(failure, 1,
			"can't connect: %s (does ddump-worker.socket listen "
			"there?)",
			word);
	case CURLE_GOT_NOTHING:
		return failure_set(failure, 1,
			"closed without an answer (too many captures there "
			"already? TLS where http:// was said?)");
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
		return failure_set(failure, 1, "the stream was cut: %s", word);
	case CURLE_SSL_CONNECT_ERROR:
		advice = " (is it https:// there?)";
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		advice = " (-ca FILE trusts another authority)";
		break;
	default:
		break;
	}
	return failure_set(failure, 1, "%s%s", word, advice);
}

bool transfer_result(const struct transfer *transfer, CURLcode result,
	struct failure *failure)
{
	long status = http_status(transfer);

	if (transfer->failure.status) {
		*failure = transfer->failure;
		return false;
	}
	if (status > 0 && status != HTTP_OK)
		return explain_status(transfer, status, failure);
	if (result != CURLE_OK)
		return explain_error(transfer, result, failure);
	return reader_end(transfer->reader, failure);
}

void transfer_resume(struct transfer *transfer)
{
	if (!transfer->paused ||
		!transfer->events.wants(
			transfer->events.context, transfer->index))
		return;
	/* may call take_body(), and so pause again */
	transfer->paused = false;
	curl_easy_pause(transfer->easy, CURLPAUSE_CONT);
}

bool transfer_is_paused(const struct transfer *transfer)
{
	return transfer->paused;
}
