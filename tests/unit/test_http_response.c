/* SPDX-License-Identifier: MIT */
/*
 * The body of an answer, over a socket pair: what arrives is, byte for byte,
 * what was added, whatever the framing; records leave in batches, and only a
 * finished body has its last chunk.
 */
#include "worker/http_response.h"

#include "link.h"

enum {
	RECORDS = 300,
	LARGEST = 20, /* records of HTTP_BODY_RECORD_MAX bytes among these */
	BATCH = 65536,
};

/*
 * Decodes chunks in place, strictly. Returns the body's size; ret_whole tells
 * whether the last chunk came, and nothing behind it.
 */
static size_t dechunk(unsigned char *bytes, size_t size, bool *ret_whole)
{
	size_t used = 0;
	size_t at = 0;

	*ret_whole = false;
	while (at < size) {
		char *end;
		size_t chunk = strtoul((char *)bytes + at, &end, 16);
		size_t digits = (size_t)((unsigned char *)end - bytes) - at;

		assert_uint_in_range(digits, 1, 8);
		assert_memory_equal(end, "\r\n", 2);
		at += digits + 2;
		assert_true(at + chunk + 2 <= size);
		memmove(bytes + used, bytes + at, chunk);
		assert_memory_equal(bytes + at + chunk, "\r\n", 2);
		at += chunk + 2;
		used += chunk;
		if (chunk == 0) {
			*ret_whole = true;
			assert_int_equal(at, size);
		}
	}
	return used;
}

/* A body, and the bytes that should arrive. */
struct run {
	bool chunked;
	struct seed seed;
	unsigned char *data; /* HTTP_BODY_RECORD_MAX random bytes */
	unsigned char *expected;
	size_t size;
	struct link link;
	struct http_body *body;
};

static void run_open(struct run *run, bool chunked, bool reads)
{
	*run = (struct run){.chunked = chunked, .seed = seed_start()};
	run->data = malloc(HTTP_BODY_RECORD_MAX);
	run->expected = malloc(LINK_ROOM);
	assert_non_null(run->data);
	assert_non_null(run->expected);
	seed_bytes(&run->seed, run->data, HTTP_BODY_RECORD_MAX);
	link_open(&run->link, reads);
	run->body = http_body_new(&run->link.connection, chunked);
	assert_non_null(run->body);
}

static void run_free(struct run *run)
{
	http_body_free(run->body);
	link_free(&run->link);
	free(run->expected);
	free(run->data);
}

static bool run_record(struct run *run, size_t size)
{
	const unsigned char *from =
		run->data + seed_below(&run->seed, HTTP_BODY_RECORD_MAX - size + 1);

	assert_true(run->size + size <= LINK_ROOM);
	memcpy(run->expected + run->size, from, size);
	run->size += size;
	memcpy(http_body_buffer(run->body), from, size);
	return http_body_add(run->body, size);
}

/* Sends records of many sizes, flushed now and then. */
static void run_records(struct run *run)
{
	for (unsigned i = 0; i < RECORDS; i++) {
		size_t size = 1 + seed_below(&run->seed, i % 3 ? 100 : 9000);

		if (i % (RECORDS / LARGEST) == 0)
			size = HTTP_BODY_RECORD_MAX;
		assert_true(run_record(run, size));
		if (seed_below(&run->seed, 20) == 0)
			assert_true(http_body_flush(run->body));
	}
}

static void check_arrived(struct run *run, bool finished)
{
	size_t size = run->link.size;
	bool whole = finished;

	if (run->chunked)
		size = dechunk(run->link.got, size, &whole);
	assert_int_equal(whole, finished);
	assert_int_equal(size, run->size);
	assert_int_equal(memcmp(run->link.got, run->expected, size), 0);
	assert_int_equal(http_body_bytes(run->body), size);
}

static void body_every_byte_arrives(void **state)
{
	struct run run;

	(void)state;
	for (int i = 0; i < 8; i++) {
		run_open(&run, i % 2, true);
		run_records(&run);
		assert_true(http_body_finish(run.body));
		link_finish(&run.link);
		check_arrived(&run, true);
		run_free(&run);
	}
}

/* Cut short is a body without its last chunk. */
static void body_only_a_finished_one_has_an_end(void **state)
{
	struct run run;

	(void)state;
	run_open(&run, true, true);
	run_records(&run);
	assert_true(http_body_flush(run.body));
	link_finish(&run.link);
	check_arrived(&run, false);
	run_free(&run);
}

static void body_empty_is_complete(void **state)
{
	struct run run;

	(void)state;
	for (int chunked = 0; chunked < 2; chunked++) {
		run_open(&run, chunked, true);
		assert_true(http_body_flush(run.body));
		assert_true(http_body_finish(run.body));
		link_finish(&run.link);
		check_arrived(&run, true);
		run_free(&run);
	}
}

/* Nothing leaves before the batch is full or flushed; then it is one chunk. */
static void body_records_are_sent_in_batches(void **state)
{
	enum { RECORD = 1016 };
	struct run run;
	bool whole;
	size_t got;

	(void)state;
	run_open(&run, true, false);
	do {
		assert_int_equal(link_take(&run.link), 0);
		assert_int_equal(http_body_bytes(run.body), 0);
		assert_true(run_record(&run, RECORD));
	} while (run.size < BATCH);
	got = link_take(&run.link);
	assert_int_equal(strtoul((char *)run.link.got, NULL, 16), run.size);
	assert_int_equal(dechunk(run.link.got, got, &whole), run.size);
	assert_memory_equal(run.link.got, run.expected, run.size);
	assert_int_equal(http_body_bytes(run.body), run.size);

	assert_true(run_record(&run, RECORD));
	assert_int_equal(link_take(&run.link), 0);
	assert_true(http_body_flush(run.body));
	got = link_take(&run.link);
	assert_int_equal(dechunk(run.link.got, got, &whole), RECORD);
	/* an empty chunk would be the last one */
	assert_true(http_body_flush(run.body));
	assert_int_equal(link_take(&run.link), 0);
	close(run.link.connection.fd);
	run_free(&run);
}

/* The batch has room for the largest record when it is all but full. */
static void body_largest_record_fits_a_full_batch(void **state)
{
	struct run run;

	(void)state;
	for (int chunked = 0; chunked < 2; chunked++) {
		run_open(&run, chunked, true);
		assert_true(run_record(&run, BATCH - 1));
		assert_true(run_record(&run, HTTP_BODY_RECORD_MAX));
		assert_true(http_body_finish(run.body));
		link_finish(&run.link);
		check_arrived(&run, true);
		run_free(&run);
	}
}

static void body_gone_peer_is_reported(void **state)
{
	struct run run;

	(void)state;
	run_open(&run, true, false);
	shutdown(run.link.far, SHUT_RDWR);
	assert_true(run_record(&run, 100)); /* it is only batched */
	assert_false(http_body_flush(run.body));
	assert_false(run_record(&run, BATCH));
	assert_false(http_body_finish(run.body));
	close(run.link.connection.fd);
	run_free(&run);
	http_body_free(NULL);
}

/* Each status that the worker answers with, with the phrase of RFC 9110 or 6585. */
static void errors_have_the_phrase_of_their_status(void **state)
{
	static const struct {
		int status;
		const char *line;
	} rows[] = {
		{400, "HTTP/1.1 400 Bad Request\r\n"},
		{403, "HTTP/1.1 403 Forbidden\r\n"},
		{404, "HTTP/1.1 404 Not Found\r\n"},
		{405, "HTTP/1.1 405 Method Not Allowed\r\n"},
		{408, "HTTP/1.1 408 Request Timeout\r\n"},
		{414, "HTTP/1.1 414 URI Too Long\r\n"},
		{431, "HTTP/1.1 431 Request Header Fields Too Large\r\n"},
		{500, "HTTP/1.1 500 Internal Server Error\r\n"},
		{503, "HTTP/1.1 503 Service Unavailable\r\n"},
		{505, "HTTP/1.1 505 HTTP Version Not Supported\r\n"},
		{418, "HTTP/1.1 418 Error\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(*rows); i++) {
		const bool head_only = i % 2;
		struct error error = {.status = rows[i / 2].status, .text = "it is so"};
		struct link link;
		const char *got;

		link_open(&link, true);
		assert_true(http_response_send_error(&link.connection, head_only, &error));
		link_finish(&link);
		link.got[link.size] = '\0';
		got = (const char *)link.got;
		assert_memory_equal(got, rows[i / 2].line, strlen(rows[i / 2].line));
		assert_non_null(strstr(got, "\r\nContent-Length: 9\r\n"));
		assert_int_equal(
			strstr(got, "\r\nAllow: GET, HEAD\r\n") != NULL, error.status == 405);
		assert_string_equal(strstr(got, "\r\n\r\n") + 4, head_only ? "" : "it is so\n");
		link_free(&link);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(body_every_byte_arrives),
		cmocka_unit_test(body_only_a_finished_one_has_an_end),
		cmocka_unit_test(body_empty_is_complete),
		cmocka_unit_test(body_records_are_sent_in_batches),
		cmocka_unit_test(body_largest_record_fits_a_full_batch),
		cmocka_unit_test(body_gone_peer_is_reported),
		cmocka_unit_test(errors_have_the_phrase_of_their_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
