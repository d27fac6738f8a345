/* SPDX-License-Identifier: MIT */
/*
 * Reads and parses one HTTP request head (RFC 9112). In: bytes from a client. Out:
 * the resource, the query, the Forwarded and Host fields; or an error with its HTTP
 * status.
 */
#include "worker/http_request.h"

#include "common/clock.h"
#include "common/slice.h"
#include "common/text.h"
#include "worker/http_host.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	HEAD_TIMEOUT_MS = 10000,
	HOST_SHOWN = 64, /* bytes of a malformed host */
};

/* Fields that are checked when the whole head is parsed. */
struct fields {
	struct slice authority; /* of a target in absolute form, a URL */
	bool has_length;
	bool has_body;
};

/* Cuts off the first line; http_request_find_end() has checked that all end in CR LF. */
static struct slice next_line(struct slice *head)
{
	struct slice line = {0};

	if (slice_cut(head, '\n', &line))
		line.size--;
	return line;
}

static size_t empty_line_size(const char *bytes, size_t size)
{
	return size >= 2 && memcmp(bytes, "\r\n", 2) == 0 ? 2 : 0;
}

bool http_request_find_end(const void *bytes, size_t size, size_t *ret_length, struct error *error)
{
	const char *text = bytes;
	const size_t start = empty_line_size(text, size);
	size_t line = start;

	*ret_length = 0;
	if (size > start && text[start] != '\r' && !slice_is_token((struct slice){text + start, 1}))
		return error_set(error, 400, "not an HTTP request: it begins with byte 0x%02x",
			(unsigned char)text[start]);
	for (size_t i = start; i < size; i++) {
		if (text[i] == '\0')
			return error_set(error, 400, "the request head has a NUL byte");
		if (text[i] != '\n' && i > start && text[i - 1] == '\r')
			return error_set(
				error, 400, "the request head has a carriage return within a line");
		if (line == start && i - line >= REQUEST_LINE_MAX)
			return error_set(error, 414, "the request line is longer than %d bytes",
				REQUEST_LINE_MAX);
		if (text[i] != '\n')
			continue;
		if (i == line || text[i - 1] != '\r')
			return error_set(error, 400,
				"a line of the request head ends without a carriage return");
		if (i - line == 1) {
			*ret_length = i + 1;
			return true;
		}
		line = i + 1;
	}
	if (size >= REQUEST_HEAD_MAX)
		return error_set(
			error, 431, "the request head is longer than %d bytes", REQUEST_HEAD_MAX);
	return true;
}

/* Can the bytes after offset complete a head? The search for its end is not cheap. */
static bool may_complete_head(const char *buffer, size_t offset, size_t used, size_t size)
{
	return offset == 0 || used == size || memchr(buffer + offset, '\n', used - offset);
}

size_t http_request_read_head(
	struct connection *connection, char *buffer, size_t size, struct error *error)
{
	const uint64_t deadline = clock_ms() + HEAD_TIMEOUT_MS;
	size_t length = 0;
	size_t used = 0;

	while (length == 0) {
		const size_t offset = used;
		const ssize_t count =
			connection_read(connection, buffer + used, size - used, deadline);

		if (count < 0 && errno == ETIME)
			error_set(error, 408, "no complete request within %d s",
				HEAD_TIMEOUT_MS / 1000);
		else if (count < 0)
			error_set(error, 503, "cannot read the request: %s", strerror(errno));
		else if (count == 0)
			error_set(error, 0, "the peer left before its request was complete");
		if (count <= 0)
			return 0;
		used += (size_t)count;
		if (may_complete_head(buffer, offset, used, size) &&
			!http_request_find_end(buffer, used, &length, error))
			return 0;
	}
	connection->extra = used - length;
	return length;
}

static bool parse_version(struct slice version, struct http_request *request, struct error *error)
{
	if (version.size != strlen("HTTP/1.1") || memcmp(version.at, "HTTP/", 5) != 0 ||
		!isdigit((unsigned char)version.at[5]) || version.at[6] != '.' ||
		!isdigit((unsigned char)version.at[7]))
		return error_set(error, 400, "the request line does not end in an HTTP version");
	if (version.at[5] != '1')
		return error_set(error, 505, "only HTTP/1 is supported");
	request->http10 = version.at[7] == '0';
	return true;
}

/* Compares a path with %XX in it, RFC 3986, section 6.2.2. */
static bool path_is(struct slice path, const char *text)
{
	for (size_t i = 0; i < path.size; i++) {
		int value = (unsigned char)path.at[i];

		if (value == '%') {
			value = text_percent(path.at + i, path.size - i);
			i += 2;
		}
		if (!*text || value != (unsigned char)*text)
			return false;
		text++;
	}
	return *text == '\0';
}

static bool check_target(struct slice target, struct error *error)
{
	for (size_t i = 0; i < target.size; i++)
		if (target.at[i] <= ' ' || target.at[i] > '~' || target.at[i] == '#')
			return error_set(error, 400,
				"the request target has byte 0x%02x, which must be written as %%XX",
				(unsigned char)target.at[i]);
	return true;
}

/* Reduces a target to its origin form, RFC 9112, section 3.2. */
static bool to_origin_form(struct slice *target, struct fields *fields, struct error *error)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t size = strlen(schemes[i]);

		if (target->size <= size || !slice_begins(*target, schemes[i]))
			continue;
		target->at += size;
		target->size -= size;
		fields->authority.at = target->at;
		while (target->size > 0 && *target->at != '/' && *target->at != '?') {
			target->at++;
			target->size--;
			fields->authority.size++;
		}
		break;
	}
	if (target->size == 0 || *target->at != '/')
		return error_set(error, 400, "the request target is neither a path nor a URL");
	return true;
}

static bool parse_target(struct slice target, struct http_request *request, struct fields *fields,
	struct error *error)
{
	struct slice path;

	if (!check_target(target, error) || !to_origin_form(&target, fields, error))
		return false;
	if (!slice_cut(&target, '?', &path)) {
		path = target;
		target.size = 0;
	}
	snprintf(request->query, sizeof(request->query), "%.*s", (int)target.size, target.at);
	if (path_is(path, "/capture"))
		request->resource = REQUEST_CAPTURE;
	else if (path_is(path, "/interfaces"))
		request->resource = REQUEST_INTERFACES;
	else
		return error_set(error, 404, "%.*s does not exist; try /capture or /interfaces",
			(int)path.size, path.at);
	return true;
}

static bool parse_request_line(
	struct slice line, struct http_request *request, struct fields *fields, struct error *error)
{
	struct slice method;
	struct slice target;

	if (!slice_cut(&line, ' ', &method) || !slice_cut(&line, ' ', &target) ||
		!slice_is_token(method))
		return error_set(error, 400, "the request line is not \"METHOD TARGET VERSION\"");
	request->head_only = method.size == 4 && memcmp(method.at, "HEAD", 4) == 0;
	if (!parse_version(line, request, error) || !parse_target(target, request, fields, error))
		return false;
	if (!request->head_only && (method.size != 3 || memcmp(method.at, "GET", 3) != 0))
		return error_set(error, 405, "method %.*s is not supported; try GET or HEAD",
			(int)method.size, method.at);
	return true;
}

static bool append_forwarded(struct http_request *request, struct slice value, struct error *error)
{
	size_t used = strlen(request->forwarded);
	size_t available = sizeof(request->forwarded) - used;

	if (value.size + sizeof(", ") > available)
		return error_set(error, 431, "the Forwarded fields are too long");
	snprintf(request->forwarded + used, available, "%s%.*s", used ? ", " : "", (int)value.size,
		value.at);
	return true;
}

/* Only a length of 0 is accepted; parsers differ on a repeated one. */
static bool parse_length(struct fields *fields, struct slice value, struct error *error)
{
	if (fields->has_length)
		return error_set(error, 400, "the field Content-Length is repeated");
	fields->has_length = true;
	fields->has_body = fields->has_body || !slice_is(value, "0");
	return true;
}

static bool store_field(struct slice name, struct slice value, struct http_request *request,
	struct fields *fields, struct error *error)
{
	if (!origin_check_add_field(&request->claims, name, value, error))
		return false;
	if (slice_is(name, "forwarded"))
		return append_forwarded(request, value, error);
	if (slice_is(name, "content-length"))
		return parse_length(fields, value, error);
	/* Expect announces a body */
	if (slice_is(name, "transfer-encoding") || slice_is(name, "expect"))
		fields->has_body = true;
	return true;
}

/* RFC 9110, section 5.6.3 allows tabs, but parsers of these fields differ. */
static bool may_have_tabs(struct slice name)
{
	return !slice_is(name, "host") && !slice_is(name, "content-length");
}

/* RFC 9112, section 5: no folding, no space before the colon. */
static bool parse_field(
	struct slice line, struct http_request *request, struct fields *fields, struct error *error)
{
	struct slice name;

	if (*line.at == ' ' || *line.at == '\t')
		return error_set(error, 400, "folded header fields are not supported");
	if (!slice_cut(&line, ':', &name) || !slice_is_token(name))
		return error_set(error, 400, "a header line is not \"NAME: VALUE\"");
	for (size_t i = 0; i < line.size; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < ' ' && (c != '\t' || !may_have_tabs(name))) || c == 0x7f)
			return error_set(error, 400, "the field %.*s has a control character",
				(int)name.size, name.at);
	}
	return store_field(name, slice_trim(line), request, fields, error);
}

/* Programs differ on which of the two is meant, so they must be the same host. */
static bool check_hosts(
	const struct fields *fields, const struct origin_claims *claims, struct error *error)
{
	struct http_host host;
	struct http_host target;

	if (claims->host.at && !http_host_parse(claims->host, &host))
		return error_set(error, 400,
			"Host: \"%.*s\" is not a name of letters, digits, \"-\", \"_\" and dots, "
			"nor an address",
			(int)(claims->host.size < HOST_SHOWN ? claims->host.size : HOST_SHOWN),
			claims->host.at);
	if (!fields->authority.at)
		return true;
	/* some parsers reject an underscore in a URL, but not in the field */
	if (!http_host_parse(fields->authority, &target) ||
		memchr(target.name.at, '_', target.name.size))
		return error_set(error, 400, "the request target has no valid host");
	if (claims->host.at && !slice_same(host.name, target.name))
		return error_set(
			error, 400, "the request target and the Host field name different hosts");
	return true;
}

static bool check_fields(
	const struct fields *fields, const struct http_request *request, struct error *error)
{
	if (!request->claims.host.at && !request->http10)
		return error_set(error, 400, "an HTTP/1.1 request needs a Host field");
	if (fields->has_body)
		return error_set(error, 400, "requests with a body are not supported");
	return check_hosts(fields, &request->claims, error);
}

bool http_request_parse(
	const void *head, size_t size, struct http_request *ret_request, struct error *error)
{
	struct slice rest = {head, size};
	struct fields fields = {0};
	size_t skip = empty_line_size(head, size);

	memset(ret_request, 0, sizeof(*ret_request));
	rest.at += skip;
	rest.size -= skip;
	if (!parse_request_line(next_line(&rest), ret_request, &fields, error))
		return false;
	for (unsigned count = 0;; count++) {
		struct slice line = next_line(&rest);

		if (line.size == 0)
			break;
		if (count >= REQUEST_FIELDS_MAX)
			return error_set(
				error, 431, "more than %d header fields", REQUEST_FIELDS_MAX);
		if (!parse_field(line, ret_request, &fields, error))
			return false;
	}
	if (!check_fields(&fields, ret_request, error))
		return false;
	/* an HTTP/1.0 request with a URL needs no Host field */
	if (!ret_request->claims.host.at)
		ret_request->claims.host = fields.authority;
	return true;
}
