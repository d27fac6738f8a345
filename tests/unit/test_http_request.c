/* SPDX-License-Identifier: MIT */
/*
 * HTTP requests: what is taken, what is refused and with which status, and
 * that neither a split nor a byte behind the head changes the decision.
 */
#include "worker/http_request.h"

#include "unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define END "\r\n\r\n"
#define TO_HOST " HTTP/1.1\r\nHost: a"

enum { INCOMPLETE = -1, ROUNDS = 20000 };

/*
 * Memory whose end is the end of the page before one that nobody may touch,
 * so that a single byte read too far is a fault, whoever reads it.
 */
struct edge {
	char *start;
	size_t size;
	size_t page;
};

static struct edge edge_new(void)
{
	struct edge edge = {.page = (size_t)sysconf(_SC_PAGESIZE)};

	edge.size = (REQUEST_HEAD_MAX / edge.page + 1) * edge.page;
	edge.start = mmap(NULL, edge.size + edge.page, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(edge.start, MAP_FAILED);
	assert_int_equal(mprotect(edge.start + edge.size, edge.page, PROT_NONE), 0);
	return edge;
}

static void edge_free(struct edge *edge)
{
	munmap(edge->start, edge->size + edge->page);
}

/* Returns a copy of bytes that ends where the memory does. */
static char *edge_put(struct edge *edge, const void *bytes, size_t size)
{
	assert_true(size <= edge->size);
	return memcpy(edge->start + edge->size - size, bytes, size);
}

/*
 * Does as the worker does with all of the bytes. Returns 0 for a request that
 * is taken, the status of a refusal, or INCOMPLETE.
 */
static int ask_bytes(const void *bytes, size_t size, struct http_request *request)
{
	struct error error = {0};
	struct edge edge = edge_new();
	char *head = edge_put(&edge, bytes, size);
	size_t length = 0;
	int status = 0;

	if (!http_request_find_end(head, size, &length, &error)) {
		status = error.status;
	} else if (length == 0) {
		status = INCOMPLETE;
	} else {
		head = edge_put(&edge, bytes, length);
		if (!http_request_parse(head, length, request, &error) ||
			!origin_check_run(&request->claims, NULL, &error))
			status = error.status;
	}
	if (status > 0)
		assert_int_not_equal(*error.text, '\0');
	edge_free(&edge);
	return status;
}

static int ask(const char *text, struct http_request *request)
{
	return ask_bytes(text, strlen(text), request);
}

static void request_valid_heads_are_parsed(void **state)
{
	static const struct {
		const char *head;
		const char *query;
		enum http_resource resource;
		bool http10;
	} good[] = {
		{"GET /capture" TO_HOST END, "", REQUEST_CAPTURE, false},
		{"GET /interfaces" TO_HOST END, "", REQUEST_INTERFACES, false},
		{"GET /capture?" TO_HOST END, "", REQUEST_CAPTURE, false},
		{"GET /capture?a=%41+b&c?d" TO_HOST END, "a=%41+b&c?d", REQUEST_CAPTURE, false},
		{"\r\nGET /capture?x" TO_HOST END, "x", REQUEST_CAPTURE, false},
		{"GET /capture HTTP/1.0" END, "", REQUEST_CAPTURE, true},
		{"GET http://a/capture HTTP/1.0" END, "", REQUEST_CAPTURE, true},
		{"GET http://a:8475/capture?y" TO_HOST END, "y", REQUEST_CAPTURE, false},
		{"GET HTTPS://a/interfaces" TO_HOST END, "", REQUEST_INTERFACES, false},
		{"GET /capture HTTP/1.9\r\nhOST:  [::1]:8475  " END, "", REQUEST_CAPTURE, false},
		{"GET /capture" TO_HOST "\r\nContent-Length: 0" END, "", REQUEST_CAPTURE, false},
		{"GET /capture" TO_HOST "\r\nX-Name: caf\xc3\xa9" END, "", REQUEST_CAPTURE, false},
		{"GET /capture" TO_HOST "\r\nX-Empty:" END "behind\0", "", REQUEST_CAPTURE, false},
	};
	struct http_request request;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (ask(good[i].head, &request) != 0)
			fail_msg("refused: %s", good[i].head);
		assert_int_equal(request.resource, good[i].resource);
		assert_string_equal(request.query, good[i].query);
		assert_int_equal(request.http10, good[i].http10);
		assert_false(request.head_only);
		assert_string_equal(request.forwarded, "");
	}
}

/* One row: a head, and the status that it deserves. */
struct release_decision {
	const char *head;
	int status;
};

static void check_verdicts(const struct release_decision *verdicts, size_t count)
{
	struct http_request request;

	for (size_t i = 0; i < count; i++) {
		int status = ask(verdicts[i].head, &request);

		if (status != verdicts[i].status)
			fail_msg("%d, should be %d: %s", status, verdicts[i].status,
				verdicts[i].head);
	}
}

#define CHECK_VERDICTS(table) check_verdicts(table, sizeof(table) / sizeof(*(table)))

static void request_lines_must_end_in_crlf(void **state)
{
	static const struct release_decision lines[] = {
		{"GET /capture", INCOMPLETE},
		{"", INCOMPLETE},
		{"\r", INCOMPLETE},
		{"\r\n", INCOMPLETE},
		{"\r\n\r\n", 400},
		{"\r\n\r\nGET /capture" TO_HOST END, 400},
		{"\n", 400},
		{" GET /capture" TO_HOST END, 400},
		{"\x16\x03\x01\x02", 400},
		{"GET /capture HTTP/1.1\nHost: a\n\n", 400},
		{"GET /capture HTTP/1.1\r\nHost: a\n\r\n", 400},
		{"GET /capture HTTP/1.1\rHost: a", 400},
		{"GET /capture" TO_HOST "\r\r\n", 400},
		{"GET /capture" TO_HOST "\r\nX: a\rb" END, 400},
		{"GET /capture" TO_HOST "\r\nX: a\x01" END, 400},
		{"GET /capture" TO_HOST "\r\nX: a\x7f" END, 400},
		{"GET /capture" TO_HOST "\r\n X: folded" END, 400},
		{"GET /capture" TO_HOST "\r\n\tX: folded" END, 400},
		{"GET /capture HTTP/1.1\r\n Host: a" END, 400},
		{"GET /capture" TO_HOST "\r\nX : a" END, 400},
		{"GET /capture" TO_HOST "\r\n: a" END, 400},
		{"GET /capture" TO_HOST "\r\nno colon" END, 400},
		{"GET /capture" TO_HOST "\r\nX\xc3\xa9: a" END, 400},
	};

	(void)state;
	CHECK_VERDICTS(lines);
}

static void request_nul_is_rejected_anywhere(void **state)
{
	static const char head[] = "GET /capture?x HTTP/1.1\r\nHost: a" END;
	struct http_request request;
	char copy[sizeof(head)];

	(void)state;
	for (size_t i = 0; i < sizeof(head) - 1; i++) {
		memcpy(copy, head, sizeof(copy));
		copy[i] = '\0';
		assert_int_equal(ask_bytes(copy, sizeof(head) - 1, &request), 400);
	}
}

static void request_line_has_three_parts(void **state)
{
	static const struct release_decision lines[] = {
		{"GET /capture" END, 400},
		{"GET" END, 400},
		{"GET  /capture" TO_HOST END, 400},
		{"GET /capture  HTTP/1.1\r\nHost: a" END, 400},
		{"GET /capture HTTP/1.1 \r\nHost: a" END, 400},
		{"GET\t/capture" TO_HOST END, 400},
		{"GET /capture http/1.1\r\nHost: a" END, 400},
		{"GET /capture HTTP/1.11\r\nHost: a" END, 400},
		{"GET /capture HTTP/x.1\r\nHost: a" END, 400},
		{"GET /capture HTTP/2.0\r\nHost: a" END, 505},
		{"GET /capture HTTP/0.9\r\nHost: a" END, 505},
		{"PRI * HTTP/2.0" END, 505},
		{"POST /capture" TO_HOST END, 405},
		{"get /capture" TO_HOST END, 405},
		{"GETGET /capture" TO_HOST END, 405},
		{"DELETE /interfaces" TO_HOST END, 405},
		{"G@T /capture" TO_HOST END, 400},
		{"OPTIONS *" TO_HOST END, 400},
		{"CONNECT a:443" TO_HOST END, 400},
	};

	(void)state;
	CHECK_VERDICTS(lines);
}

static void request_target_must_exist(void **state)
{
	static const struct release_decision targets[] = {
		{"GET /" TO_HOST END, 404},
		{"GET /captur" TO_HOST END, 404},
		{"GET /capture/" TO_HOST END, 404},
		{"GET /capturex" TO_HOST END, 404},
		{"GET //capture" TO_HOST END, 404},
		{"GET /./capture" TO_HOST END, 404},
		{"GET /Capture" TO_HOST END, 404},
		{"GET /capture%" TO_HOST END, 404},
		{"GET /capture%2" TO_HOST END, 404},
		{"GET http://a/" TO_HOST END, 404},
		{"POST /nowhere" TO_HOST END, 404},
		{"GET http://" TO_HOST END, 400},
		{"GET http://a" TO_HOST END, 400},
		{"GET http://a?x" TO_HOST END, 400},
		{"GET ftp://a/capture" TO_HOST END, 400},
		{"GET capture" TO_HOST END, 400},
		{"GET /capture#x" TO_HOST END, 400},
		{"GET /capture?\xc3\xa9" TO_HOST END, 400},
		{"GET /capture?\x7f" TO_HOST END, 400},
		{"GET /capture?\x1b" TO_HOST END, 400},
	};

	(void)state;
	CHECK_VERDICTS(targets);
}

/* Separate, as it needs the byte behind the head to be out of reach. */
static void request_escaped_path_equals_plain_path(void **state)
{
	static const struct release_decision targets[] = {
		{"GET /%63apture" TO_HOST END, 0},
		{"GET /%63%61%70%74%75%72%65" TO_HOST END, 0},
		{"GET %2Finterfaces" TO_HOST END, 400},
		{"GET /%69nterface%73" TO_HOST END, 0},
		{"GET /%43apture" TO_HOST END, 404},
		{"GET /%00capture" TO_HOST END, 404},
		{"GET /capture%00" TO_HOST END, 404},
		{"GET /%zzcapture" TO_HOST END, 404},
		{"GET /capture%3Ffilter=x" TO_HOST END, 404},
	};

	(void)state;
	CHECK_VERDICTS(targets);
}

static void request_ambiguous_fields_are_rejected(void **state)
{
	static const struct release_decision fields[] = {
		{"GET /capture HTTP/1.1" END, 400},
		{"GET /capture" TO_HOST "\r\nHost: a" END, 400},
		{"GET /capture" TO_HOST "\r\nHOST: b" END, 400},
		{"GET /capture HTTP/1.1\r\nHost:" END, 400},
		{"GET /capture HTTP/1.1\r\nHost:\ta" END, 400},
		{"GET /capture" TO_HOST "\t" END, 400},
		{"GET /capture" TO_HOST "\r\nX:\ta\tb\t" END, 0},
		{"GET /capture HTTP/1.0\r\nHost:" END, 400},
		{"GET /capture" TO_HOST "@b" END, 400},
		{"GET /capture" TO_HOST "/b" END, 400},
		{"GET /capture" TO_HOST " b" END, 400},
		{"GET /capture" TO_HOST "\xc3\xa9" END, 400},
		{"GET /capture" TO_HOST "\r\nContent-Length: 5" END "12345", 400},
		{"GET /capture" TO_HOST "\r\nContent-Length: 00" END, 400},
		{"GET /capture" TO_HOST "\r\nContent-Length:\t0" END, 400},
		{"GET /capture" TO_HOST "\r\nContent-Length: +0" END, 400},
		{"GET /capture" TO_HOST "\r\nContent-Length: 0, 0" END, 400},
		{"GET /capture" TO_HOST "\r\nContent-Length:" END, 400},
		{"GET /capture" TO_HOST "\r\nContent-Length: 0"
		 "\r\nContent-Length: 9" END,
			400},
		{"GET /capture" TO_HOST "\r\nContent-Length: 0"
		 "\r\nContent-Length: 0" END,
			400},
		{"GET /capture" TO_HOST "\r\nTransfer-Encoding: chunked" END, 400},
		{"GET /capture" TO_HOST "\r\nTransfer-Encoding:" END, 400},
		{"GET /capture" TO_HOST "\r\nTransfer-Encoding : chunked" END, 400},
		{"HEAD /capture" TO_HOST "\r\ntransfer-encoding: x" END, 400},
		{"GET /capture" TO_HOST "\r\nExpect: 100-continue" END, 400},
	};

	(void)state;
	CHECK_VERDICTS(fields);
}

/* RFC 9112, section 3.2.2: the target counts; many take the field. */
static void request_target_and_host_must_agree(void **state)
{
	static const struct release_decision targets[] = {
		{"GET http://A:1/capture" TO_HOST END, 0},
		{"GET http://a/capture HTTP/1.0" END, 0},
		{"GET http://b/capture" TO_HOST END, 400},
		{"GET http://a.b/capture" TO_HOST END, 400},
		{"GET http:///capture" TO_HOST END, 400},
		{"GET http://u@a/capture" TO_HOST END, 400},
		{"GET http://a:/capture" TO_HOST END, 400},
		{"GET http://a:x/capture" TO_HOST END, 400},
		{"GET http://[a]/capture HTTP/1.0" END, 400},
		{"GET http:a/capture" TO_HOST END, 400},
		{"GET http://a_b/capture HTTP/1.0" END, 400},
		{"GET /capture" TO_HOST "_b" END, 0},
	};

	(void)state;
	CHECK_VERDICTS(targets);
}

/* A refusal of HEAD has no body either, so it is known even then. */
static void request_error_knows_head_requests(void **state)
{
	struct http_request request;

	(void)state;
	assert_int_equal(ask("HEAD /capture" TO_HOST END, &request), 0);
	assert_true(request.head_only);
	assert_int_equal(ask("HEAD /nowhere" TO_HOST END, &request), 404);
	assert_true(request.head_only);
	assert_int_equal(ask("HEAD /capture HTTP/3.0" END, &request), 505);
	assert_true(request.head_only);
	assert_int_equal(ask("HEAD /capture HTTP/1.1" END, &request), 400);
	assert_true(request.head_only);
	assert_int_equal(ask("head /capture" TO_HOST END, &request), 405);
	assert_false(request.head_only);
}

static void request_forwarded_fields_are_joined(void **state)
{
	struct http_request request;
	char head[2 * REQUEST_FORWARDED_MAX];

	(void)state;
	assert_int_equal(ask("GET /capture" TO_HOST "\r\nForwarded: for=192.0.2.1 \r\n"
			     "X: y\r\nforwarded:by=\"[2001:db8::1]:443\"" END,
				 &request),
		0);
	assert_string_equal(request.forwarded, "for=192.0.2.1, by=\"[2001:db8::1]:443\"");
	for (int size = REQUEST_FORWARDED_MAX - 8; size < REQUEST_FORWARDED_MAX + 8; size++) {
		int status;

		snprintf(head, sizeof(head), "GET /capture" TO_HOST "\r\nForwarded: %0*d" END, size,
			7);
		status = ask(head, &request);
		assert_true(status == 0 || status == 431);
		assert_int_equal(status == 0, strlen(request.forwarded) == (size_t)size);
		assert_true(status == 431 || size < REQUEST_FORWARDED_MAX);
	}
}

/* Asks with a query of so many bytes. */
static int ask_long_line(size_t query, struct http_request *request)
{
	static const char before[] = "GET /capture?";
	static const char after[] = TO_HOST END;
	size_t size = strlen(before) + query + strlen(after);
	char *head = malloc(size + 1);
	int status;

	assert_non_null(head);
	memcpy(head, before, strlen(before));
	memset(head + strlen(before), 'q', query);
	memcpy(head + strlen(before) + query, after, sizeof(after));
	status = ask_bytes(head, size, request);
	free(head);
	return status;
}

static void request_long_line_is_rejected(void **state)
{
	struct http_request *request = malloc(sizeof(*request));
	size_t longest = 0;

	(void)state;
	assert_non_null(request);
	for (size_t size = REQUEST_LINE_MAX - 64; size < REQUEST_LINE_MAX + 64; size++) {
		int status = ask_long_line(size, request);

		assert_true(status == 0 || status == 414);
		if (status == 0) {
			/* no gap, and nothing of it is lost */
			assert_true(longest == 0 || longest == size - 1);
			assert_int_equal(strlen(request->query), size);
			longest = size;
		}
	}
	assert_uint_in_range(longest, REQUEST_LINE_MAX - 63, REQUEST_LINE_MAX);
	free(request);
}

/* Asks with so many fields that each bring so many bytes. */
static int ask_fields(size_t count, int each)
{
	struct http_request request;
	size_t room = 64 + count * ((size_t)each + 8);
	char *head = malloc(room);
	size_t used;
	int status;

	assert_non_null(head);
	used = (size_t)sprintf(head, "GET /capture" TO_HOST "\r\n");
	for (size_t i = 1; i < count; i++)
		used += (size_t)sprintf(head + used, "X: %0*d\r\n", each, 0);
	used += (size_t)sprintf(head + used, "\r\n");
	status = ask_bytes(head, used < REQUEST_HEAD_MAX ? used : REQUEST_HEAD_MAX, &request);
	free(head);
	return status;
}

static void request_long_head_is_rejected(void **state)
{
	(void)state;
	assert_int_equal(ask_fields(REQUEST_FIELDS_MAX, 1), 0);
	assert_int_equal(ask_fields(REQUEST_FIELDS_MAX + 1, 1), 431);
	assert_int_equal(ask_fields(2, REQUEST_HEAD_MAX - 100), 0);
	assert_int_equal(ask_fields(2, REQUEST_HEAD_MAX), 431);
	assert_int_equal(ask_fields(40, 2000), 431);
}

/* The result for the first bytes of a head fits the result for all of them.
 */
static void check_prefixes(const char *bytes, size_t size)
{
	struct error whole = {0};
	size_t length;
	bool good = http_request_find_end(bytes, size, &length, &whole);

	for (size_t part = 0; part <= size; part++) {
		struct error error = {0};
		size_t found;
		char *piece = malloc(part ? part : 1);

		assert_non_null(piece);
		memcpy(piece, bytes, part);
		if (!http_request_find_end(piece, part, &found, &error)) {
			assert_false(good);
			assert_int_equal(error.status, whole.status);
			assert_string_equal(error.text, whole.text);
		} else if (length > 0) {
			assert_int_equal(found, part < length ? 0 : length);
		} else {
			assert_int_equal(found, 0);
		}
		free(piece);
	}
}

static void request_split_changes_nothing(void **state)
{
	static const char *const heads[] = {"GET /capture?filter=udp" TO_HOST END,
		"\r\nGET /capture" TO_HOST END "GET /second" TO_HOST END,
		"GET /capture" TO_HOST END "\n\r\r behind it is all the same",
		"GET /capture" TO_HOST "\r\nX: a\rb" END, ("GET /capture HTTP/1.1\nHost: a" END),
		"\r\n\r\n", "\r\rGET", "\n", "\xff", "GET /capture HTTP/1.1\r\nHost: a"};

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
		check_prefixes(heads[i], strlen(heads[i]));
}

/* Damaged heads: one decision, of those that there are, and no fault. */
static void request_damaged_head_gets_a_result(void **state)
{
	static const char good[] = "GET http://a/capture?filter=tcp%20port%2080 HTTP/1.1\r\n"
				   "Host: a:8475\r\nX-Field: http://a:8475\r\n"
				   "Forwarded: for=192.0.2.1;by=\"[::1]:80\"" END;
	static const char spice[] = "\r\n\r\n  :%?/\t\"\\\0\x7f\xff#@0aH";
	struct seed seed = seed_start();
	struct http_request request;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char head[sizeof(good)];
		size_t changes = 1 + seed_below(&seed, 3);
		int status;

		memcpy(head, good, sizeof(head));
		while (changes--)
			head[seed_below(&seed, sizeof(head) - 1)] =
				spice[seed_below(&seed, sizeof(spice) - 1)];
		status = ask_bytes(head, sizeof(head) - 1, &request);
		if (status != 0 && status != INCOMPLETE && status != 400 && status != 403 &&
			status != 404 && status != 405 && status != 505)
			fail_msg("%d: %s", status, head);
		if (i % 100 == 0)
			check_prefixes(head, sizeof(head) - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_valid_heads_are_parsed),
		cmocka_unit_test(request_lines_must_end_in_crlf),
		cmocka_unit_test(request_nul_is_rejected_anywhere),
		cmocka_unit_test(request_line_has_three_parts),
		cmocka_unit_test(request_target_must_exist),
		cmocka_unit_test(request_escaped_path_equals_plain_path),
		cmocka_unit_test(request_ambiguous_fields_are_rejected),
		cmocka_unit_test(request_target_and_host_must_agree),
		cmocka_unit_test(request_error_knows_head_requests),
		cmocka_unit_test(request_forwarded_fields_are_joined),
		cmocka_unit_test(request_long_line_is_rejected),
		cmocka_unit_test(request_long_head_is_rejected),
		cmocka_unit_test(request_split_changes_nothing),
		cmocka_unit_test(request_damaged_head_gets_a_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
