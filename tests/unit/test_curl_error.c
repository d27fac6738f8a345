/* SPDX-License-Identifier: MIT */
/*
 * What is told of a response that is no capture: its status, the reason that a worker or a
 * page of a proxy gives, and advice that fits who has answered.
 */
#include "client/curl_error.h"

#include "unit.h"

static const struct row {
	long status;
	const char *body;
	struct rejected_request request;
	const char *text;
} rows[] = {
	{301, "<html><title>301 Moved Permanently</title>", {0},
		"301: Moved Permanently; redirects are not followed, use the final URL"},
	{399, "there", {0}, "399: there; redirects are not followed, use the final URL"},
	{300, "", {0}, "300; redirects are not followed, use the final URL"},
	{299, "", {0}, "299"},
	{400, "<title>400 The plain HTTP request was sent to HTTPS port</title>", {0},
		"400: The plain HTTP request was sent to HTTPS port; a proxy may require https://, "
		"or -cert FILE with its chain"},
	{400, "snaplen: \"x\" is not a number\n", {0}, "400: snaplen: \"x\" is not a number"},
	{400, "filter: syntax error\n", {0},
		"400: filter: syntax error; see pcap-filter(7), and use addresses, not names"},
	{400, "filter: syntax error; try it\n", {0}, "400: filter: syntax error; try it"},
	{400, "parameter x is unknown\n", {.is_too_new = true},
		"400: parameter x is unknown; the worker is of version 0.1 or not ddump-worker; "
		"upgrade it"},
	{401, "<title>401 Authorization Required</title>", {.has_user = true},
		"401: Authorization Required; check user and password"},
	{401, "", {0}, "401; try USER:PASSWORD@HOST, or -netrc"},
	{403, "not from there\n", {0}, "403: not from there"},
	{404, "not found\n", {0}, "404: not found"},
	{404, "<TITLE>Not Found</TITLE>", {0}, "404: Not Found; no worker at this port and path"},
	{502, "upstream", {0}, "502: upstream; the proxy cannot reach the worker"},
	{502, "<title>502 Bad Gateway</title>", {0},
		"502: Bad Gateway; the proxy cannot reach the worker"},
	{503, "too many filters are compiled\n", {0}, "503: too many filters are compiled"},
	{503, "<title>503 Service Temporarily Unavailable</title>", {0},
		"503: Service Temporarily Unavailable; the proxy cannot reach the worker"},
	{504, "<title>504 Gateway Time-out</title>", {0},
		"504: Gateway Time-out; the proxy cannot reach the worker"},
	{504, "slow\r\nmore", {0}, "504: slow; the proxy cannot reach the worker"},
	{505, "", {0}, "505"},
	{500, "<html>no title", {0}, "500"},
	{500, "5001 bytes", {0}, "500: 5001 bytes"},
};

static void status_has_its_reason_and_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct error error = {0};
		char text[512];

		assert_false(curl_error_from_status(row->status, row->body, &row->request, &error));
		snprintf(text, sizeof(text), "HTTP status %s", row->text);
		assert_string_equal(error.text, text);
		assert_int_equal(error.status, 1);
	}
}

/* Tells of a result of a transfer that has not done anything. */
static const char *told(CURLcode result, int alert, const char *detail)
{
	static struct error error;
	const struct handshakes handshakes = {.alert = alert};
	CURL *easy = curl_easy_init();

	assert_non_null(easy);
	error = (struct error){0};
	assert_false(curl_error_from_result(easy, result, &handshakes, false, detail, &error));
	assert_int_equal(error.status, 1);
	curl_easy_cleanup(easy);
	return error.text;
}

static void result_has_its_advice(void **state)
{
	(void)state;
	assert_string_equal(told(CURLE_COULDNT_RESOLVE_HOST, 0, "no such host: web1"),
		"no such host: web1; check the name, or use the address");
	assert_string_equal(
		told(CURLE_UNSUPPORTED_PROTOCOL, 0, "odd"), "odd; check the port, or try https://");
	assert_string_equal(told(CURLE_COULDNT_CONNECT, 0, "odd"), "cannot connect: odd");
	assert_string_equal(told(CURLE_READ_ERROR, 0, "odd"), "odd");
	/* without a text of its own, that of libcurl */
	assert_string_equal(told(CURLE_READ_ERROR, 0, ""), curl_easy_strerror(CURLE_READ_ERROR));
}

/* Whatever libcurl makes of it: an alert of the server is the cause. */
static void alert_comes_first(void **state)
{
	(void)state;
	assert_string_equal(told(CURLE_RECV_ERROR, 116 /* certificate_required */, "odd"),
		"TLS alert \"certificate required\"; try -cert FILE from an authority that the "
		"server trusts, with its chain");
	assert_string_equal(told(CURLE_SSL_CONNECT_ERROR, 70 /* protocol_version */, "odd"),
		"TLS alert \"protocol version\"; the server needs TLS 1.2 or later");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_has_its_reason_and_advice),
		cmocka_unit_test(result_has_its_advice),
		cmocka_unit_test(alert_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
