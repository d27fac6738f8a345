/*
 * HTTP requests. In: the bytes of a head, from anybody. Out: which resource,
 * which query, and what a trusted proxy says of the way here; or the status
 * and the sentence of a refusal.
 */
#include "worker/request.h"

#include "common/text.h"
#include "worker/host.h"
#include "worker/span.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { HOST_SHOWN = 64 }; /* of what is no host */

/* What the head said, until all of it is known. */
struct fields {
	struct span authority; /* of a target that is a URL */
	bool length;
	bool body;
};

/* The head's lines are known to end in CR LF: request_complete() looked. */
static struct span next_line(struct span *head)
{
	struct span line = {0};

	if (span_cut(head, '\n', &line))
		line.size--;
	return line;
}

static size_t leading_empty_line(const char *bytes, size_t size)
{
	return size >= 2 && memcmp(bytes, "\r\n", 2) == 0 ? 2 : 0;
}

bool request_complete(const void *bytes, size_t size, size_t *ret_length,
	struct failure *failure)
{
	const char *text = bytes;
	const size_t start = leading_empty_line(text, size);
	size_t line = start;

	*ret_length = 0;
	if (size > start && text[start] != '\r' &&
		!span_is_token((struct span){text + start, 1}))
		return failure_set(failure, 400,
			"this is no HTTP request: it begins with byte 0x%02x",
			(unsigned char)text[start]);
	for (size_t i = start; i < size; i++) {
		if (text[i] == '\0')
			return failure_set(
				failure, 400, "a NUL byte in the head");
		if (text[i] != '\n' && i > start && text[i - 1] == '\r')
			return failure_set(failure, 400,
				"a carriage return that ends no line");
		if (line == start && i - line >= REQUEST_LINE_MAX)
			return failure_set(failure, 414,
				"the request line is longer than %d bytes",
				REQUEST_LINE_MAX);
		if (text[i] != '\n')
			continue;
		if (i == line || text[i - 1] != '\r')
			return failure_set(failure, 400,
				"a line ends without a carriage return");
		if (i - line == 1) {
			*ret_length = i + 1;
			return true;
		}
		line = i + 1;
	}
	if (size >= REQUEST_HEAD_MAX)
		return failure_set(failure, 431,
			"the head is longer than %d bytes", REQUEST_HEAD_MAX);
	return true;
}

static bool parse_version(
	struct span version, struct request *request, struct failure *failure)
{
	if (version.size != strlen("HTTP/1.1") ||
		memcmp(version.at, "HTTP/", 5) != 0 ||
		!isdigit((unsigned char)version.at[5]) ||
		version.at[6] != '.' || !isdigit((unsigned char)version.at[7]))
		return failure_set(failure, 400,
			"the request line does not end in an HTTP version");
	if (version.at[5] != '1')
		return failure_set(failure, 505, "only HTTP/1 is spoken here");
	request->http10 = version.at[7] == '0';
	return true;
}

/* Compares a path with %XX in it, RFC 3986, section 6.2.2. */
static bool path_is(struct span path, const char *text)
{
	for (size_t i = 0; i < path.size; i++) {
		int value = (unsigned char)path.at[i];

		if (value == '%') {
			value = text_percent(path.at + i, path.size - i);
			i += 2;
		}
		if (!*text || value != (unsigned char)*text++)
			return false;
	}
	return *text == '\0';
}

static bool check_target(struct span target, struct failure *failure)
{
	for (size_t i = 0; i < target.size; i++)
		if (target.at[i] <= ' ' || target.at[i] > '~' ||
			target.at[i] == '#')
			return failure_set(failure, 400,
				"the request's target has a byte (0x%02x) "
				"that must be written as %%XX",
				(unsigned char)target.at[i]);
	return true;
}

/* Leaves the origin-form of a target, RFC 9112, section 3.2. */
static bool to_origin_form(
	struct span *target, struct fields *fields, struct failure *failure)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t size = strlen(schemes[i]);

		if (target->size <= size || !span_begins(*target, schemes[i]))
			continue;
		target->at += size;
		target->size -= size;
		fields->authority.at = target->at;
		while (target->size > 0 && *target->at != '/' &&
			*target->at != '?') {
			target->at++;
			target->size--;
			fields->authority.size++;
		}
		break;
	}
	if (target->size == 0 || *target->at != '/')
		return failure_set(failure, 400,
			"the request's target is neither a path nor a URL");
	return true;
}

static bool parse_target(struct span target, struct request *request,
	struct fields *fields, struct failure *failure)
{
	struct span path;

	if (!check_target(target, failure) ||
		!to_origin_form(&target, fields, failure))
		return false;
	if (!span_cut(&target, '?', &path)) {
		path = target;
		target.size = 0;
	}
	snprintf(request->query, sizeof(request->query), "%.*s",
		(int)target.size, target.at);
	if (path_is(path, "/capture"))
		request->resource = REQUEST_CAPTURE;
	else if (path_is(path, "/interfaces"))
		request->resource = REQUEST_INTERFACES;
	else
		return failure_set(failure, 404,
			"there is no %.*s here, only /capture and /interfaces",
			(int)path.size, path.at);
	return true;
}

static bool parse_request_line(struct span line, struct request *request,
	struct fields *fields, struct failure *failure)
{
	struct span method;
	struct span target;

	if (!span_cut(&line, ' ', &method) || !span_cut(&line, ' ', &target) ||
		!span_is_token(method))
		return failure_set(failure, 400,
			"the request line is not \"METHOD TARGET VERSION\"");
	request->head_only =
		method.size == 4 && memcmp(method.at, "HEAD", 4) == 0;
	if (!parse_version(line, request, failure) ||
		!parse_target(target, request, fields, failure))
		return false;
	if (!request->head_only &&
		(method.size != 3 || memcmp(method.at, "GET", 3) != 0))
		return failure_set(failure, 405,
			"the method %.*s is not for this, only GET and HEAD",
			(int)method.size, method.at);
	return true;
}

static bool take_forwarded(
	struct request *request, struct span value, struct failure *failure)
{
	size_t used = strlen(request->forwarded);
	size_t room = sizeof(request->forwarded) - used;

	if (value.size + sizeof(", ") > room)
		return failure_set(
			failure, 431, "the Forwarded fields are too long");
	snprintf(request->forwarded + used, room, "%s%.*s", used ? ", " : "",
		(int)value.size, value.at);
	return true;
}

/* Nobody needs a length but 0, and twice it is not read alike by all. */
static bool take_length(
	struct fields *fields, struct span value, struct failure *failure)
{
	if (fields->length)
		return failure_set(
			failure, 400, "the field Content-Length comes twice");
	fields->length = true;
	fields->body = fields->body || !span_is(value, "0");
	return true;
}

static bool take_field(struct span name, struct span value,
	struct request *request, struct fields *fields, struct failure *failure)
{
	if (!caller_take_field(&request->caller, name, value, failure))
		return false;
	if (span_is(name, "forwarded"))
		return take_forwarded(request, value, failure);
	if (span_is(name, "content-length"))
		return take_length(fields, value, failure);
	/* Expect is for nothing but a body that waits */
	if (span_is(name, "transfer-encoding") || span_is(name, "expect"))
		fields->body = true;
	return true;
}

/* A tab is a blank, RFC 9110, section 5.6.3, but not to all who read these. */
static bool may_have_tabs(struct span name)
{
	return !span_is(name, "host") && !span_is(name, "content-length");
}

/* RFC 9112, section 5: no folding, no space before the colon. */
static bool parse_field(struct span line, struct request *request,
	struct fields *fields, struct failure *failure)
{
	struct span name;

	if (*line.at == ' ' || *line.at == '\t')
		return failure_set(
			failure, 400, "a folded header field is not taken");
	if (!span_cut(&line, ':', &name) || !span_is_token(name))
		return failure_set(
			failure, 400, "a header line is not \"NAME: VALUE\"");
	for (size_t i = 0; i < line.size; i++) {
		unsigned char c = (unsigned char)line.at[i];

		if ((c < ' ' && (c != '\t' || !may_have_tabs(name))) ||
			c == 0x7f)
			return failure_set(failure, 400,
				"the field %.*s has a control character",
				(int)name.size, name.at);
	}
	return take_field(name, span_trim(line), request, fields, failure);
}

/* Which of the two is meant programs don't agree on: they must be one. */
static bool check_hosts(const struct fields *fields,
	const struct caller *caller, struct failure *failure)
{
	struct host host;
	struct host target;

	if (caller->host.at && !host_parse(caller->host, &host))
		return failure_set(failure, 400,
			"the Host field says \"%.*s\", which is no host: a "
			"name of letters, digits, \"-\", \"_\" and dots "
			"would do, or an address, with a port or without",
			(int)(caller->host.size < HOST_SHOWN ? caller->host.size
							     : HOST_SHOWN),
			caller->host.at);
	if (!fields->authority.at)
		return true;
	/* some take no underscore in a URL, though they do in the field */
	if (!host_parse(fields->authority, &target) ||
		memchr(target.name.at, '_', target.name.size))
		return failure_set(
			failure, 400, "the request's target names no host");
	if (caller->host.at && !span_same(host.name, target.name))
		return failure_set(failure, 400,
			"the request's target and the Host field name two "
			"hosts");
	return true;
}

static bool check_fields(const struct fields *fields,
	const struct request *request, struct failure *failure)
{
	if (!request->caller.host.at && !request->http10)
		return failure_set(
			failure, 400, "an HTTP/1.1 request needs a Host field");
	if (fields->body)
		return failure_set(
			failure, 400, "a request with a body is not taken");
	return check_hosts(fields, &request->caller, failure);
}

bool request_parse(const void *head, size_t size, struct request *ret_request,
	struct failure *failure)
{
	struct span rest = {head, size};
	struct fields fields = {0};
	size_t skip = leading_empty_line(head, size);

	memset(ret_request, 0, sizeof(*ret_request));
	rest.at += skip;
	rest.size -= skip;
	if (!parse_request_line(
		    next_line(&rest), ret_request, &fields, failure))
		return false;
	for (unsigned count = 0;; count++) {
		struct span line = next_line(&rest);

		if (line.size == 0)
			break;
		if (count >= REQUEST_FIELDS_MAX)
			return failure_set(failure, 431,
				"more than %d header fields",
				REQUEST_FIELDS_MAX);
		if (!parse_field(line, ret_request, &fields, failure))
			return false;
	}
	if (!check_fields(&fields, ret_request, failure))
		return false;
	/* who asks by a URL, and by HTTP/1.0, need not say it again */
	if (!ret_request->caller.host.at)
		ret_request->caller.host = fields.authority;
	return true;
}
