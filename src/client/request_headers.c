/* SPDX-License-Identifier: MIT */
/*
 * Header fields that the user adds to requests, such as a token for a gateway. In: texts
 * and files. Out: fields for libcurl; copies are erased after use.
 */
#include "client/request_headers.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char http[] = "http://";

/* Returns the size of a field's name (RFC 9110, section 5.1); 0: there is none. */
static size_t name_size(const char *text)
{
	size_t size = 0;

	while (isalnum((unsigned char)text[size]) ||
		(text[size] && strchr("!#$%&'*+-.^_`|~", text[size])))
		size++;
	return text[size] == ':' ? size : 0;
}

/* Fields that libcurl or ddump sets itself: others would break the request. */
static bool is_reserved(const char *text, size_t size)
{
	static const char *const names[] = {
		"Connection", "Content-Length", "Expect", "Transfer-Encoding", "Upgrade"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == size && strncasecmp(text, names[i], size) == 0)
			return true;
	return false;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static bool check_field(const char *text, struct error *error)
{
	const size_t size = name_size(text);

	if (size == 0)
		return error_set(error, 1, "-header: it is not NAME: VALUE, or @FILE");
	if (has_control(text))
		return error_set(error, 1, "-header: the value has a control character");
	if (text[size + 1 + strspn(text + size + 1, " ")] == '\0')
		return error_set(error, 1, "-header: the value is empty");
	if (strlen(text) >= REQUEST_HEADER_SIZE)
		return error_set(error, 1, "-header: more than %d bytes", REQUEST_HEADER_SIZE - 1);
	if (is_reserved(text, size))
		return error_set(error, 1, "-header: ddump sets %.*s itself", (int)size, text);
	return true;
}

static bool add_field(struct request_headers *headers, const char *text, struct error *error)
{
	if (!check_field(text, error))
		return false;
	if (headers->count == REQUEST_HEADERS_MAX)
		return error_set(error, 1, "-header: more than %d fields", REQUEST_HEADERS_MAX);
	headers->list[headers->count] = strdup(text);
	if (!headers->list[headers->count])
		return error_set(error, 1, "out of memory");
	headers->count++;
	return true;
}

/* Adds the lines of a file. The stream has no buffer that would keep a copy. */
static bool add_lines(struct request_headers *headers, FILE *in, struct error *error)
{
	char line[REQUEST_HEADER_SIZE + 1];
	bool is_good = true;

	setvbuf(in, NULL, _IONBF, 0);
	while (is_good && fgets(line, sizeof(line), in)) {
		size_t size = strlen(line);

		if (size == sizeof(line) - 1 && line[size - 1] != '\n')
			is_good = error_set(
				error, 1, "-header: more than %d bytes", REQUEST_HEADER_SIZE - 1);
		while (size > 0 && strchr("\r\n", line[size - 1]))
			line[--size] = '\0';
		if (is_good && size > 0)
			is_good = add_field(headers, line, error);
	}
	explicit_bzero(line, sizeof(line));
	if (is_good && ferror(in))
		return error_set(error, 1, "-header: cannot read the file: %s", strerror(errno));
	return is_good;
}

bool request_headers_add(struct request_headers *headers, const char *text, struct error *error)
{
	const size_t before = headers->count;
	bool is_good;
	FILE *in;

	if (*text != '@')
		return add_field(headers, text, error);
	in = fopen(text + 1, "re");
	if (!in)
		return error_set(error, 1, "-header %s: %s", text, strerror(errno));
	is_good = add_lines(headers, in, error);
	fclose(in);
	if (is_good && headers->count == before)
		return error_set(error, 1, "-header %s: the file has no fields", text);
	return is_good;
}

bool request_headers_is_loopback(const char *url)
{
	const char *host = strstr(url, "://");
	size_t size;

	if (!host)
		return false;
	host += strlen("://");
	size = strcspn(host, "/?");
	/* the port is always there, and the last ':' in front of it */
	while (size > 0 && host[size - 1] != ':')
		size--;
	size -= size > 0;
	if (size == strlen("localhost") && strncasecmp(host, "localhost", size) == 0)
		return true;
	if (size == strlen("[::1]") && memcmp(host, "[::1]", size) == 0)
		return true;
	return strncmp(host, "127.", strlen("127.")) == 0 && strspn(host, "0123456789.") == size;
}

bool request_headers_check(const struct request_headers *headers, const struct target_list *targets,
	struct error *error)
{
	if (headers->count == 0 || headers->over_http)
		return true;
	for (size_t i = 0; i < targets->count; i++) {
		const struct target *target = &targets->list[i];

		if (target->url && strncmp(target->url, http, strlen(http)) == 0 &&
			!request_headers_is_loopback(target->url))
			return error_set(error, 1,
				"%s: -header is sent by https or ssh; -header-http allows http, "
				"which everyone on the path can read",
				target->label);
	}
	return true;
}

struct curl_slist *request_headers_append(
	const struct request_headers *headers, struct curl_slist *list)
{
	for (size_t i = 0; i < headers->count; i++) {
		struct curl_slist *longer = curl_slist_append(list, headers->list[i]);

		if (!longer) {
			request_headers_free_list(list);
			return NULL;
		}
		list = longer;
	}
	return list;
}

void request_headers_free_list(struct curl_slist *list)
{
	for (struct curl_slist *item = list; item; item = item->next)
		explicit_bzero(item->data, strlen(item->data));
	curl_slist_free_all(list);
}

void request_headers_cleanup(struct request_headers *headers)
{
	for (size_t i = 0; i < headers->count; i++) {
		explicit_bzero(headers->list[i], strlen(headers->list[i]));
		free(headers->list[i]);
	}
	headers->count = 0;
}
