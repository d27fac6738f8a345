/* SPDX-License-Identifier: MIT */
/*
 * Parser of a target. In: the user's text. Out: a URL to request, a label for
 * messages, and user and password, which are in neither of them.
 */
#include "client/target.h"

#include "client/redact.h"
#include "client/target_query.h"
#include "client/tcpdump_query.h"
#include "client/tcpdump_script.h"
#include "common/text.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PATH "/capture"

enum {
	TEXT_MAX = 65536, /* of one target */
	LABEL_MAX = 64,
	SHOWN_MAX = 200,
	SOCKET_MAX = 108, /* as in unix(7) */
	ESCAPED_MAX = 4,  /* characters of an escaped byte */
};

/* The state of the parser. */
struct parsing {
	CURLU *url;
	const char *text;      /* after the label */
	char shown[SHOWN_MAX]; /* the target without password, for messages */
	bool by_ssh;
	bool by_tcpdump; /* and by ssh */
	bool oom;	 /* out of memory: a part of the URL may be lost */
	struct error *error;
};

/* Copies the label of the text, without its '='. */
static bool copy_label(struct parsing *parsing, const char *text, char label[LABEL_MAX + 1])
{
	const size_t whole = target_kind_label_size(text);
	const size_t size = whole > 0 ? whole - 1 : 0;

	label[0] = '\0';
	if (whole == 0)
		return true;
	if (size == 0 || size > LABEL_MAX)
		return error_set(parsing->error, 1, "%s: the label must have 1 to %d characters",
			parsing->shown, LABEL_MAX);
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._", text[i]))
			return error_set(parsing->error, 1,
				"%s: the label may contain only letters, digits, '.', '-' and '_'",
				parsing->shown);
	memcpy(label, text, size);
	label[size] = '\0';
	return true;
}

/*
 * Returns a copy of a part, for free(). NULL: the URL does not have it, or oom
 * is set.
 */
static char *get_part(struct parsing *parsing, CURLUPart part, unsigned flags)
{
	char *value = NULL;
	char *copy = NULL;
	CURLUcode code = curl_url_get(parsing->url, part, &value, flags);

	if (code == CURLUE_OK)
		copy = strdup(value);
	if (code == CURLUE_OUT_OF_MEMORY || (code == CURLUE_OK && !copy))
		parsing->oom = true;
	curl_free(value);
	return copy;
}

static bool has_part(struct parsing *parsing, CURLUPart part)
{
	char *value = get_part(parsing, part, 0);
	bool has = value != NULL;

	free(value);
	return has;
}

static bool check_result(struct parsing *parsing, CURLUcode code)
{
	if (code == CURLUE_OK)
		return true;
	return error_set(parsing->error, 1, "%s: %s", parsing->shown, curl_url_strerror(code));
}

static bool set_part(struct parsing *parsing, CURLUPart part, const char *value, unsigned flags)
{
	return check_result(parsing, curl_url_set(parsing->url, part, value, flags));
}

/* Is it a term of a filter? Without quotes, these become targets. */
static bool is_filter_term(const char *text)
{
	static const char *const terms[] = {"and", "arp", "dst", "ether", "host", "icmp", "icmp6",
		"ip", "ip6", "net", "not", "or", "port", "portrange", "proto", "src", "tcp", "udp"};

	for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++)
		if (strcmp(text, terms[i]) == 0)
			return true;
	/* libcurl parses a number as an IPv4 address */
	return text[strspn(text, "0123456789")] == '\0';
}

static bool check_host(struct parsing *parsing)
{
	const char *text = parsing->text;
	size_t size = strcspn(text, "/?");
	const char *colon = memchr(text, ':', size);

	if (*text == '@')
		return error_set(parsing->error, 1, "%s: a file of targets cannot have a label",
			parsing->shown);
	if (is_filter_term(text) || text[strcspn(text, " /?")] == ' ')
		return error_set(parsing->error, 1,
			"\"%s\" is not a target; quote a filter, as in -filter 'udp port 53'",
			parsing->shown);
	if (colon && memchr(colon + 1, ':', size - (size_t)(colon + 1 - text)) &&
		!memchr(text, '[', size) && !memchr(text, '@', size))
		return error_set(parsing->error, 1,
			"%s: write an IPv6 address in brackets, as in [::1]", parsing->shown);
	return true;
}

static bool check_scheme(struct parsing *parsing)
{
	char *scheme = get_part(parsing, CURLUPART_SCHEME, 0);
	bool known;

	parsing->by_tcpdump = scheme && strcmp(scheme, "tcpdump+ssh") == 0;
	parsing->by_ssh = parsing->by_tcpdump || (scheme && strcmp(scheme, "ssh") == 0);
	known = parsing->by_ssh ||
		(scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0));
	if (!known)
		error_set(parsing->error, 1,
			"%s: the protocol must be http, https, ssh or tcpdump+ssh, not %s",
			parsing->shown, scheme ? scheme : "this");
	free(scheme);
	return known;
}

/* Does a path contain '@', as in USER:PASS/WORD@HOST with host USER? */
static bool has_stray_at(const char *authority)
{
	size_t size = strcspn(authority, "/?");
	size_t path = strcspn(authority + size, "?");

	return memchr(authority, ':', size) && !memchr(authority, '@', size) &&
	       memchr(authority + size, '@', path);
}

static bool parse_url(struct parsing *parsing)
{
	const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_ALLOW_SPACE | CURLU_URLENCODE;
	char *text = (char *)parsing->text;
	bool has_scheme = redact_find_authority(text) != text;
	char *whole = NULL;
	bool parsed;

	if (strchr(text, '#'))
		return error_set(
			parsing->error, 1, "%s: write '#' as %%23 in a URL", parsing->shown);
	if (!has_scheme && !check_host(parsing))
		return false;
	if (has_stray_at(redact_find_authority(text)))
		return error_set(parsing->error, 1,
			"%s: write '@' as %%40 and '/' as %%2F in a user or password",
			parsing->shown);
	if (asprintf(&whole, "%s%s", has_scheme ? "" : "http://", text) < 0)
		return error_set(parsing->error, 1, "out of memory");
	parsed = set_part(parsing, CURLUPART_URL, whole, flags) && check_scheme(parsing);
	explicit_bzero(whole, strlen(whole));
	free(whole);
	return parsed;
}

static bool set_url_defaults(struct parsing *parsing)
{
	char *path = get_part(parsing, CURLUPART_PATH, 0);
	bool bare = !path || strcmp(path, "/") == 0;

	free(path);
	if (!parsing->by_ssh && !has_part(parsing, CURLUPART_PORT) &&
		!set_part(parsing, CURLUPART_PORT, TARGET_PORT, 0))
		return false;
	return !bare || set_part(parsing, CURLUPART_PATH, DEFAULT_PATH, 0);
}

/* Replaces text by a printable copy. NULL: text is NULL, or out of memory. */
static char *escape_text(char *text)
{
	const size_t size = text ? ESCAPED_MAX * (strlen(text) + 1) : 0;
	char *escaped = text ? malloc(size) : NULL;

	if (escaped)
		text_escape(escaped, size, text);
	free(text);
	return escaped;
}

/* Decodes user or password; false: the URL has it, and it cannot be decoded. */
static bool get_credential(struct parsing *parsing, CURLUPart part, char **ret_value)
{
	*ret_value = get_part(parsing, part, CURLU_URLDECODE);
	if (*ret_value || !has_part(parsing, part))
		return true;
	return error_set(
		parsing->error, 1, "%s: cannot decode the user or password", parsing->shown);
}

/* The decoded host, with its port if that is not the default. */
static char *make_label(struct parsing *parsing)
{
	char *host = get_part(parsing, CURLUPART_HOST, 0);
	char *port = get_part(parsing, CURLUPART_PORT, 0);
	bool is_default = !port || strcmp(port, TARGET_PORT) == 0;
	char *label = NULL;

	if (host &&
		asprintf(&label, "%s%s%s", host, is_default ? "" : ":", is_default ? "" : port) < 0)
		label = NULL;
	free(host);
	free(port);
	return label;
}

/* Removes the brackets of an IPv6 address, in place: ssh(1) rejects them. */
static void strip_brackets(char *host)
{
	size_t size = strlen(host);

	if (size < 2 || host[0] != '[' || host[size - 1] != ']')
		return;
	memmove(host, host + 1, size - 2);
	host[size - 2] = '\0';
}

/*
 * The host in the syntax of ssh(1), with the zone of an address: fe80::1%eth0.
 * Removes the zone from the URL. NULL: out of memory.
 */
static char *cut_ssh_host(struct parsing *parsing)
{
	char *host = get_part(parsing, CURLUPART_HOST, 0);
	char *zone = get_part(parsing, CURLUPART_ZONEID, 0);
	char *whole = NULL;

	if (host)
		strip_brackets(host);
	if (!zone)
		return host;
	if (host && asprintf(&whole, "%s%%%s", host, zone) < 0)
		whole = NULL;
	free(host);
	free(zone);
	curl_url_set(parsing->url, CURLUPART_ZONEID, NULL, 0);
	return whole;
}

/*
 * Is a text safe for ssh, which may pass it to a shell (ProxyCommand), and
 * parses a leading '-' as an option?
 */
static bool is_safe_for_ssh(const char *text, const char *others)
{
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(others, *c))
			return false;
	return *text && *text != '-';
}

/* Moves host, port and user of a URL to ssh's fields. */
static bool set_ssh_parts(struct parsing *parsing, struct target *target)
{
	if (target->password)
		return error_set(parsing->error, 1,
			"%s: ddump cannot pass a password to ssh; use keys", parsing->shown);
	target->ssh_host = cut_ssh_host(parsing);
	target->ssh_port = get_part(parsing, CURLUPART_PORT, 0);
	target->ssh_user = target->user;
	target->user = NULL;
	if (!target->ssh_host)
		return error_set(parsing->error, 1, "out of memory");
	if (!is_safe_for_ssh(target->ssh_host, "._-+~:%"))
		return error_set(parsing->error, 1,
			"%s: a host for ssh may contain only letters, digits and "
			"._-+~:%%, and not begin with '-'",
			parsing->shown);
	if (target->ssh_user && !is_safe_for_ssh(target->ssh_user, "._-+@"))
		return error_set(parsing->error, 1,
			"%s: a user for ssh may contain only letters, digits and ._-+@",
			parsing->shown);
	return true;
}

/* The URL becomes one on the loopback of ssh's host. */
static bool set_loopback(struct parsing *parsing)
{
	if (!set_part(parsing, CURLUPART_SCHEME, "http", 0))
		return false;
	if (!set_part(parsing, CURLUPART_HOST, TARGET_LOOPBACK, 0))
		return false;
	return set_part(parsing, CURLUPART_PORT, TARGET_PORT, 0);
}

/* Makes the script of a host that has tcpdump and no worker. */
static bool set_script(
	struct parsing *parsing, const struct target_defaults *defaults, struct target *target)
{
	char *path = get_part(parsing, CURLUPART_PATH, 0);
	char *text = get_part(parsing, CURLUPART_QUERY, 0);
	struct tcpdump_query query = {0};
	struct error error = {0};

	if (path && strcmp(path, "/") != 0)
		error_set(&error, 1, "a path has no meaning for tcpdump");
	else if (tcpdump_query_parse(text, defaults, &query, &error))
		target->command = tcpdump_script_make(&query);
	if (query.filter) {
		target->filter = escape_text(query.filter);
		query.filter = NULL;
	}
	tcpdump_query_cleanup(&query);
	free(path);
	free(text);
	if (error.status)
		return error_set(parsing->error, 1, "%s: %s", parsing->shown, error.text);
	return target->command || error_set(parsing->error, 1, "out of memory");
}

static bool fill_target(struct parsing *parsing, const char *label, struct target *target)
{
	target->has_label = *label;
	target->label = *label ? strdup(label) : escape_text(make_label(parsing));
	if (!get_credential(parsing, CURLUPART_USER, &target->user) ||
		!get_credential(parsing, CURLUPART_PASSWORD, &target->password))
		return false;
	curl_url_set(parsing->url, CURLUPART_USER, NULL, 0);
	curl_url_set(parsing->url, CURLUPART_PASSWORD, NULL, 0);
	target->display_url = escape_text(get_part(parsing, CURLUPART_URL, 0));
	if (parsing->by_ssh && !set_ssh_parts(parsing, target))
		return false;
	if (parsing->by_ssh && !parsing->by_tcpdump && !set_loopback(parsing))
		return false;
	target->url = get_part(parsing, CURLUPART_URL, 0);
	if (!target->label || !target->display_url || !target->url)
		return error_set(parsing->error, 1, "out of memory");
	return true;
}

/* False, with error set: a command or path is missing. */
static bool check_rest(const struct parsing *parsing, enum target_kind kind, const char *rest)
{
	if (rest[strspn(rest, " \t\r\n")] != '\0')
		return true;
	if (kind == TARGET_FILE)
		return error_set(
			parsing->error, 1, "%s: the name of a file must follow", parsing->shown);
	return error_set(parsing->error, 1,
		"%s: a command must follow, as in exec:'ssh web1 tcpdump -U -w -'", parsing->shown);
}

/* Returns a file's name without its directory and ".pcap" or ".pcapng". */
static char *make_file_label(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash && slash[1] ? slash + 1 : path;
	const char *suffix = strrchr(name, '.');

	if (suffix && suffix > name &&
		(strcmp(suffix, ".pcap") == 0 || strcmp(suffix, ".pcapng") == 0))
		return strndup(name, (size_t)(suffix - name));
	return strdup(name);
}

/* Returns the label of a target that is not a URL, if the user gave none. */
static char *make_local_label(enum target_kind kind, const char *rest)
{
	switch (kind) {
	case TARGET_COMMAND:
		return strdup("exec");
	case TARGET_STDIN:
		return strdup("stdin");
	default:
		return escape_text(make_file_label(rest));
	}
}

/* Fills a target that is not a URL: nothing of it is decoded. */
static bool fill_local(struct parsing *parsing, enum target_kind kind, const char *rest,
	const char *label, struct target *target)
{
	char *copy;

	if (!check_rest(parsing, kind, rest))
		return false;
	copy = strdup(rest);
	target->kind = kind;
	if (kind == TARGET_COMMAND)
		target->command = copy;
	else
		target->path = copy;
	target->has_label = *label;
	target->label = *label ? strdup(label) : make_local_label(kind, rest);
	target->display_url = escape_text(strdup(parsing->text));
	if (!target->label || !copy || !target->display_url)
		return error_set(parsing->error, 1, "out of memory");
	return true;
}

/* Fills a target that is a host with tcpdump. */
static bool fill_tcpdump(struct parsing *parsing, const char *label,
	const struct target_defaults *defaults, struct target *target)
{
	if (!fill_target(parsing, label, target) || !set_script(parsing, defaults, target))
		return false;
	target->kind = TARGET_TCPDUMP;
	free(target->url);
	target->url = NULL;
	return true;
}

/* Sets the URL of a target that is a unix socket: as for a worker on the loopback. */
static bool parse_socket(struct parsing *parsing, const char *rest, struct target *target)
{
	const size_t size = strcspn(rest, "?");
	char *url = NULL;
	bool is_good;

	if (size == 0 || size >= SOCKET_MAX)
		return error_set(parsing->error, 1,
			"%s: the path of a socket must have 1 to %d characters", parsing->shown,
			SOCKET_MAX - 1);
	target->socket = strndup(rest, size);
	if (asprintf(&url, "http://" TARGET_LOOPBACK ":" TARGET_PORT DEFAULT_PATH "%s",
		    rest + size) < 0)
		url = NULL;
	if (!target->socket || !url)
		return error_set(parsing->error, 1, "out of memory");
	parsing->text = url;
	is_good = parse_url(parsing);
	parsing->text = NULL;
	free(url);
	return is_good;
}

/* Fills a target that is a unix socket, once its URL is complete. */
static bool fill_socket(struct parsing *parsing, const char *label, struct target *target)
{
	char *query = get_part(parsing, CURLUPART_QUERY, 0);
	char *display = NULL;

	if (asprintf(&display, "unix:%s?%s", target->socket, query ? query : "") < 0)
		display = NULL;
	free(query);
	target->kind = TARGET_UNIX;
	target->has_label = *label;
	target->label = *label ? strdup(label) : escape_text(make_file_label(target->socket));
	target->display_url = escape_text(display);
	target->url = get_part(parsing, CURLUPART_URL, 0);
	if (!target->label || !target->display_url || !target->url)
		return error_set(parsing->error, 1, "out of memory");
	return true;
}

static bool parse_parts(struct parsing *parsing, const char *text,
	const struct target_defaults *defaults, struct target *target)
{
	const char *rest;
	const enum target_kind kind = target_kind_find(text, &rest);
	char label[LABEL_MAX + 1];

	parsing->text = text + target_kind_label_size(text);
	if (!copy_label(parsing, text, label))
		return false;
	if (kind != TARGET_URL && kind != TARGET_UNIX)
		return fill_local(parsing, kind, rest, label, target);
	if (kind == TARGET_UNIX ? !parse_socket(parsing, rest, target) : !parse_url(parsing))
		return false;
	if (parsing->by_tcpdump)
		return fill_tcpdump(parsing, label, defaults, target);
	if (!set_url_defaults(parsing))
		return false;
	if (!target_query_add(
		    parsing->url, defaults, parsing->shown, &target->additions, parsing->error))
		return false;
	return kind == TARGET_UNIX ? fill_socket(parsing, label, target)
				   : fill_target(parsing, label, target);
}

bool target_parse(struct target *ret_target, const char *text,
	const struct target_defaults *defaults, struct error *error)
{
	struct parsing parsing = {.error = error};
	struct target target = {0};
	bool parsed;

	if (!*text)
		return error_set(error, 1, "the target is empty");
	if (strlen(text) > TEXT_MAX)
		return error_set(error, 1, "the target has more than %d characters", TEXT_MAX);
	redact_copy(parsing.shown, sizeof(parsing.shown), text);
	parsing.url = curl_url();
	if (!parsing.url)
		return error_set(error, 1, "out of memory");
	parsed = parse_parts(&parsing, text, defaults, &target);
	/* a part that seems to be missing may exist */
	if (parsing.oom)
		parsed = error_set(error, 1, "out of memory");
	curl_url_cleanup(parsing.url);
	if (parsed)
		*ret_target = target;
	else
		target_cleanup(&target);
	return parsed;
}

bool target_is_file(const struct target *target)
{
	return target->kind == TARGET_FILE || target->kind == TARGET_STDIN;
}

void target_cleanup(struct target *target)
{
	if (target->password)
		explicit_bzero(target->password, strlen(target->password));
	free(target->label);
	free(target->command);
	free(target->filter);
	free(target->path);
	free(target->socket);
	free(target->url);
	free(target->display_url);
	free(target->ssh_host);
	free(target->ssh_port);
	free(target->ssh_user);
	free(target->user);
	free(target->password);
	*target = (struct target){0};
}
