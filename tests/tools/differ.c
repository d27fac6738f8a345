/* SPDX-License-Identifier: MIT */
/*
 * Does the worker read requests as other servers do?
 *
 *     differ NGINX CADDY ROUNDS [FILE]...
 *
 * In: the ports of nginx and of Caddy on loopback, which answer with the
 * request as they read it; the number of random requests; and files with one
 * request each. Out: on stdout the seed, the number of requests that our parser
 * accepted, and some of them as all three read them; on stderr each request
 * that one of the others rejected, or read differently. Exits 1 if there is
 * one. DDUMP_SEED in the environment repeats a run.
 *
 * Caddy uses Go's parsers. There is one exception:
 *   EMPTY_LINE  RFC 9112, section 2.2: an empty line before a request should
 *               be ignored. nginx does, Go only between two requests: Caddy
 *               gets the rest.
 */
#include "../lib/mutant.h"

#include "format/linktype.h"
#include "format/packet.h"
#include "worker/capture_params.h"
#include "worker/http_request.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum {
	ANSWER_MAX = 1 << 17,
	SHOWN = 12,
	PARAMETERS = 11,
	TIMEOUT_S = 10,
};

/* Separates parameters in Caddy's answer: no accepted query has it. */
#define SEPARATOR '\x1f'

static const char *const names[PARAMETERS] = {"filter", "interface", "snaplen", "count", "duration",
	"format", "precision", "linktype", "payload", "promisc", "watermark"};

/* A request as one of them reads it. */
struct parsed_request {
	char path[64];
	char query[REQUEST_LINE_MAX];
	char values[PARAMETERS][CAPTURE_PARAMS_FILTER_MAX];
	char answer[ANSWER_MAX];
};

struct differ {
	uint16_t nginx;
	uint16_t caddy;
	size_t tried;
	size_t taken;
	size_t failed;
	struct http_request request;
	struct capture_params parsed;
	struct parsed_request ours;
	struct parsed_request theirs;
};

static void print_bytes(FILE *out, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] >= ' ' && bytes[i] <= '~')
			fputc(bytes[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)bytes[i]);
}

static void print_text(FILE *out, const char *label, const char *text)
{
	fprintf(out, " %s \"", label);
	print_bytes(out, text, strlen(text));
	fputc('"', out);
}

static void print_view(FILE *out, const char *whose, const struct parsed_request *view)
{
	fprintf(out, "  %s:", whose);
	print_text(out, "path", view->path);
	print_text(out, "query", view->query);
	for (size_t i = 0; i < PARAMETERS; i++)
		if (*view->values[i])
			print_text(out, names[i], view->values[i]);
	fputc('\n', out);
}

static void complain(
	struct differ *differ, const char *who, const char *what, const struct mutant *mutant)
{
	differ->failed++;
	fprintf(stderr, "%s %s: ", who, what);
	print_bytes(stderr, mutant->bytes, mutant->size);
	fputc('\n', stderr);
	print_view(stderr, "ours", &differ->ours);
	print_view(stderr, who, &differ->theirs);
	fprintf(stderr, "  answer: %.200s\n", differ->theirs.answer);
}

static void put_number(char *value, uint32_t number, uint32_t standard)
{
	if (number != standard)
		sprintf(value, "%" PRIu32, number);
}

/* As the others would read it: default values may be absent. */
static void describe(struct differ *differ)
{
	const struct capture_params *parsed = &differ->parsed;
	struct parsed_request *view = &differ->ours;

	strcpy(view->path,
		differ->request.resource == REQUEST_CAPTURE ? "/capture" : "/interfaces");
	strcpy(view->query, differ->request.query);
	for (size_t i = 0; i < PARAMETERS; i++)
		*view->values[i] = '\0';
	if (differ->request.resource != REQUEST_CAPTURE)
		return;
	strcpy(view->values[0], parsed->filter);
	for (size_t i = 0; i < parsed->interface_count; i++)
		sprintf(view->values[1] + strlen(view->values[1]), "%s%s", i ? "," : "",
			parsed->interfaces[i]);
	put_number(view->values[2], parsed->snaplen, PACKET_MAX);
	put_number(view->values[3], parsed->count, 0);
	put_number(view->values[4], parsed->duration, 0);
	strcpy(view->values[5], parsed->pcapng ? "pcapng" : "");
	strcpy(view->values[6], parsed->nano ? "nano" : "");
	strcpy(view->values[7], parsed->native			    ? "native"
				: parsed->linktype == LINKTYPE_SLL2 ? "sll2"
								    : "");
	put_number(
		view->values[8], parsed->limits_payload ? parsed->payload : UINT32_MAX, UINT32_MAX);
	put_number(view->values[9], parsed->promisc, 0);
	put_number(view->values[10], parsed->watermark, CAPTURE_PARAMS_WATERMARK);
}

/*
 * Does the worker accept it? head is the offset of the request, length its
 * size.
 */
static bool is_taken(struct differ *differ, struct mutant *mutant)
{
	struct error error = {0};
	size_t length;

	if (!http_request_find_end(mutant->bytes, mutant->size, &length, &error) || length == 0 ||
		!http_request_parse(mutant->bytes, length, &differ->request, &error))
		return false;
	if (differ->request.resource == REQUEST_CAPTURE &&
		!capture_params_parse(differ->request.query, &differ->parsed, &error))
		return false;
	mutant->size = length;
	describe(differ);
	return true;
}

/* Sends it, and reads the answer to the end that its head gives. */
static void ask(uint16_t port, const char *bytes, size_t size, bool head_only, char *answer)
{
	const struct timeval patience = {.tv_sec = TIMEOUT_S};
	const struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t used = 0;
	size_t wanted = SIZE_MAX;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		send(fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size)
		err(1, "port %d", port);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	while (used < wanted && used < ANSWER_MAX - 1) {
		ssize_t got = recv(fd, answer + used, ANSWER_MAX - 1 - used, 0);
		const char *end;
		const char *length;

		if (got <= 0)
			break;
		used += (size_t)got;
		answer[used] = '\0';
		end = strstr(answer, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(answer, "\r\nContent-Length:");
		wanted = (size_t)(end + 4 - answer);
		if (!head_only && length && length < end)
			wanted += strtoul(length + 17, NULL, 10);
	}
	answer[used] = '\0';
	close(fd);
}

/* A field of the answer; "" if it is absent. */
static void take_field(const char *answer, const char *name, char *value)
{
	const char *at = strstr(answer, name);
	size_t size = 0;

	if (at) {
		at += strlen(name);
		size = strcspn(at, "\r");
		memcpy(value, at, size);
	}
	value[size] = '\0';
}

/*
 * The worker turns line ends into spaces; a default value is like an absent
 * one.
 */
static void normalize(size_t parameter, char *value)
{
	static const char *const defaults[PARAMETERS] = {[5] = "pcap", [6] = "micro", [7] = "sll"};

	for (char *c = value; *c; c++)
		if (parameter == 0 && strchr("\t\r\n", *c))
			*c = ' ';
	if (((parameter >= 2 && parameter <= 4) || parameter >= 8) &&
		isdigit((unsigned char)*value))
		sprintf(value, "%lu", strtoul(value, NULL, 10));
	if (parameter == 2 && (strcmp(value, "0") == 0 || strcmp(value, "262144") == 0))
		*value = '\0';
	if (parameter == 9 && strcmp(value, "0") == 0)
		*value = '\0';
	if (defaults[parameter] && strcmp(value, defaults[parameter]) == 0)
		*value = '\0';
}

static void take_view(const char *answer, struct parsed_request *view)
{
	const char *body = strstr(answer, "\r\n\r\n");

	take_field(answer, "\r\nX-Path: ", view->path);
	take_field(answer, "\r\nX-Query: ", view->query);
	body = body ? body + 4 : "";
	for (size_t i = 0; i < PARAMETERS; i++) {
		size_t size = strcspn(body, "\x1f");

		memcpy(view->values[i], body, size);
		view->values[i][size] = '\0';
		normalize(i, view->values[i]);
		body += size;
		body += *body == SEPARATOR;
	}
}

static bool is_same(
	const struct parsed_request *ours, const struct parsed_request *theirs, bool with_values)
{
	if (strcmp(ours->path, theirs->path) != 0 || strcmp(ours->query, theirs->query) != 0)
		return false;
	for (size_t i = 0; with_values && i < PARAMETERS; i++)
		if (strcmp(ours->values[i], theirs->values[i]) != 0)
			return false;
	return true;
}

static void compare(
	struct differ *differ, const char *who, uint16_t port, const struct mutant *mutant)
{
	struct parsed_request *theirs = &differ->theirs;
	const bool nginx = port == differ->nginx;
	const size_t skip = !nginx && memcmp(mutant->bytes, "\r\n", 2) == 0 ? 2 : 0;
	bool values;

	*theirs->answer = '\0';
	ask(port, mutant->bytes + skip, mutant->size - skip, differ->request.head_only,
		theirs->answer);
	take_view(theirs->answer, theirs);
	/*
	 * nginx decodes no parameters, and a response to HEAD has no body for
	 * them
	 */
	values =
		!nginx && !differ->request.head_only && differ->request.resource == REQUEST_CAPTURE;
	if (strncmp(theirs->answer, "HTTP/1.1 200 ", 13) != 0 &&
		strncmp(theirs->answer, "HTTP/1.0 200 ", 13) != 0)
		complain(differ, who, "refuses", mutant);
	else if (!is_same(&differ->ours, theirs, values))
		complain(differ, who, "differs", mutant);
	else if (differ->taken <= SHOWN)
		print_view(stdout, who, theirs);
}

static void try_request(struct differ *differ, struct mutant *mutant)
{
	differ->tried++;
	if (!is_taken(differ, mutant))
		return;
	if (++differ->taken <= SHOWN) {
		print_bytes(stdout, mutant->bytes, mutant->size);
		putchar('\n');
		print_view(stdout, "ours", &differ->ours);
	}
	compare(differ, "nginx", differ->nginx, mutant);
	compare(differ, "caddy", differ->caddy, mutant);
}

static void try_file(struct differ *differ, struct mutant *mutant, const char *path)
{
	FILE *in = fopen(path, "rbe");

	if (!in)
		err(1, "%s", path);
	mutant->size = fread(mutant->bytes, 1, sizeof(mutant->bytes), in);
	fclose(in);
	try_request(differ, mutant);
}

static uint64_t choose_seed(void)
{
	const char *given = getenv("DDUMP_SEED");
	uint64_t seed = 0;

	if (given)
		seed = strtoull(given, NULL, 10);
	else if (getrandom(&seed, 6, 0) != 6)
		err(1, "getrandom");
	printf("DDUMP_SEED=%" PRIu64 "\n", seed);
	return seed;
}

int main(int argc, char **argv)
{
	struct differ *differ = calloc(1, sizeof(*differ));
	struct mutant *mutant = calloc(1, sizeof(*mutant));
	bool good;

	if (argc < 4 || !differ || !mutant)
		errx(2, "Usage: differ NGINX CADDY ROUNDS [FILE]...");
	differ->nginx = (uint16_t)strtoul(argv[1], NULL, 10);
	differ->caddy = (uint16_t)strtoul(argv[2], NULL, 10);
	for (int i = 4; i < argc; i++)
		try_file(differ, mutant, argv[i]);
	mutant_seed(mutant, choose_seed());
	for (unsigned long i = strtoul(argv[3], NULL, 10); i > 0; i--) {
		mutant_make(mutant);
		try_request(differ, mutant);
	}
	printf("%zu requests, %zu taken, %zu of the answers differ\n", differ->tried, differ->taken,
		differ->failed);
	good = differ->failed == 0 && differ->taken > 0;
	free(differ);
	free(mutant);
	return good ? 0 : 1;
}
