/*
 * One target. In: its text. Out: a URL to ask, a label to name it by, and its
 * credentials apart from both.
 */
#include "client/target.h"

#include "client/parameters.h"
#include "client/secret.h"
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
	ESCAPED = 4, /* characters of one byte, and beside all of them */
};

/* A target that is being parsed. */
struct parsing {
	CURLU *url;
	const char *text;      /* without its label */
	char shown[SHOWN_MAX]; /* the same without a password, for messages */
	bool by_ssh;
	bool is_short; /* of memory */
	struct failure *failure;
};

/* Cuts "LABEL=" off; a '=' behind anything of a URL is none of a label's. */
static bool take_label(
	struct parsing *parsing, const char *text, char label[LABEL_MAX + 1])
{
	size_t size = strcspn(text, "=:/?#@[]");

	label[0] = '\0';
	parsing->text = text;
	if (text[size] != '=')
		return true;
	if (size == 0 || size > LABEL_MAX)
		return failure_set(parsing->failure, 1,
			"%s: a label has 1 to %d characters", parsing->shown,
			LABEL_MAX);
	for (size_t i = 0; i < size; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._", text[i]))
			return failure_set(parsing->failure, 1,
				"%s: a label is made of letters, digits, "
				"'.', '-' and '_'",
				parsing->shown);
	memcpy(label, text, size);
	label[size] = '\0';
	parsing->text = text + size + 1;
	return true;
}

/*
 * Returns a copy of a part for free(), NULL if the URL has none. Without memory
 * it is NULL, too: is_short tells, in the end.
 */
static char *get_part(struct parsing *parsing, CURLUPart part, unsigned flags)
{
	char *value = NULL;
	char *copy = NULL;
	CURLUcode code = curl_url_get(parsing->url, part, &value, flags);

	if (code == CURLUE_OK)
		copy = strdup(value);
	if (code == CURLUE_OUT_OF_MEMORY || (code == CURLUE_OK && !copy))
		parsing->is_short = true;
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

static bool succeeded(struct parsing *parsing, CURLUcode code)
{
	return code == CURLUE_OK ||
	       failure_set(parsing->failure, 1, "%s: %s", parsing->shown,
		       curl_url_strerror(code));
}

static bool set_part(struct parsing *parsing, CURLUPart part, const char *value,
	unsigned flags)
{
	return succeeded(
		parsing, curl_url_set(parsing->url, part, value, flags));
}

/* Without quotes a filter's words become targets. */
static bool is_word_of_filter(const char *text)
{
	static const char *const words[] = {"and", "arp", "dst", "ether",
		"host", "icmp", "icmp6", "ip", "ip6", "net", "not", "or",
		"port", "portrange", "proto", "src", "tcp", "udp"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	/* libcurl would take a number for an IPv4 address */
	return text[strspn(text, "0123456789")] == '\0';
}

static bool check_host(struct parsing *parsing)
{
	const char *text = parsing->text;
	size_t size = strcspn(text, "/?");
	const char *colon = memchr(text, ':', size);

	if (*text == '@')
		return failure_set(parsing->failure, 1,
			"%s: a file of targets has no label", parsing->shown);
	if (is_word_of_filter(text) || text[strcspn(text, " /?")] == ' ')
		return failure_set(parsing->failure, 1,
			"\"%s\" is no target; a filter is one argument: "
			"-filter 'udp port 53'",
			parsing->shown);
	if (colon &&
		memchr(colon + 1, ':', size - (size_t)(colon + 1 - text)) &&
		!memchr(text, '[', size) && !memchr(text, '@', size))
		return failure_set(parsing->failure, 1,
			"%s: write an IPv6 address in brackets, like [::1]",
			parsing->shown);
	return true;
}

static bool check_scheme(struct parsing *parsing)
{
	char *scheme = get_part(parsing, CURLUPART_SCHEME, 0);
	bool known;

	parsing->by_ssh = scheme && strcmp(scheme, "ssh") == 0;
	known = parsing->by_ssh ||
		(scheme && (strcmp(scheme, "http") == 0 ||
				   strcmp(scheme, "https") == 0));
	if (!known)
		failure_set(parsing->failure, 1,
			"%s: the protocol is http, https or ssh, not %s",
			parsing->shown, scheme ? scheme : "this");
	free(scheme);
	return known;
}

/* "USER:PASS/WORD@HOST" would be a host USER, and a port and path. */
static bool has_stray_at(const char *authority)
{
	size_t size = strcspn(authority, "/?");
	size_t path = strcspn(authority + size, "?");

	return memchr(authority, ':', size) && !memchr(authority, '@', size) &&
	       memchr(authority + size, '@', path);
}

static bool parse_url(struct parsing *parsing)
{
	const unsigned flags =
		CURLU_NON_SUPPORT_SCHEME | CURLU_ALLOW_SPACE | CURLU_URLENCODE;
	char *text = (char *)parsing->text;
	bool has_scheme = secret_authority(text) != text;
	char *whole = NULL;
	bool parsed;

	if (strchr(text, '#'))
		return failure_set(parsing->failure, 1,
			"%s: write '#' as %%23 in a URL", parsing->shown);
	if (!has_scheme && !check_host(parsing))
		return false;
	if (has_stray_at(secret_authority(text)))
		return failure_set(parsing->failure, 1,
			"%s: in a user or password write '@' as %%40 and '/' "
			"as %%2F",
			parsing->shown);
	if (asprintf(&whole, "%s%s", has_scheme ? "" : "http://", text) < 0)
		return failure_set(parsing->failure, 1, "out of memory");
	parsed = set_part(parsing, CURLUPART_URL, whole, flags) &&
		 check_scheme(parsing);
	explicit_bzero(whole, strlen(whole));
	free(whole);
	return parsed;
}

static bool set_defaults_of_url(struct parsing *parsing)
{
	char *path = get_part(parsing, CURLUPART_PATH, 0);
	bool bare = !path || strcmp(path, "/") == 0;

	free(path);
	if (!parsing->by_ssh && !has_part(parsing, CURLUPART_PORT) &&
		!set_part(parsing, CURLUPART_PORT, TARGET_PORT, 0))
		return false;
	return !bare || set_part(parsing, CURLUPART_PATH, DEFAULT_PATH, 0);
}

/* What any terminal may show, in place of text. NULL: that is, or no memory. */
static char *escape(char *text)
{
	const size_t size = text ? ESCAPED * (strlen(text) + 1) : 0;
	char *escaped = text ? malloc(size) : NULL;

	if (escaped)
		text_escape(escaped, size, text);
	free(text);
	return escaped;
}

/* Decodes user or password; false: there is one, and it can't be decoded. */
static bool get_credential(
	struct parsing *parsing, CURLUPart part, char **ret_value)
{
	*ret_value = get_part(parsing, part, CURLU_URLDECODE);
	if (*ret_value || !has_part(parsing, part))
		return true;
	return failure_set(parsing->failure, 1,
		"%s: the user or password can't be decoded", parsing->shown);
}

/* The host, decoded, with its port if that is unusual. */
static char *make_label(struct parsing *parsing)
{
	char *host = get_part(parsing, CURLUPART_HOST, 0);
	char *port = get_part(parsing, CURLUPART_PORT, 0);
	bool usual = !port || strcmp(port, TARGET_PORT) == 0;
	char *label = NULL;

	if (host && asprintf(&label, "%s%s%s", host, usual ? "" : ":",
			    usual ? "" : port) < 0)
		label = NULL;
	free(host);
	free(port);
	return label;
}

/* Cuts the brackets off an IPv6 address, in place: ssh(1) wants none. */
static void strip_brackets(char *host)
{
	size_t size = strlen(host);

	if (size < 2 || host[0] != '[' || host[size - 1] != ']')
		return;
	memmove(host, host + 1, size - 2);
	host[size - 2] = '\0';
}

/*
 * The host as ssh(1) wants it, an address's zone behind it: fe80::1%eth0.
 * NULL: out of memory.
 */
static char *take_ssh_host(struct parsing *parsing)
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
 * ssh may hand user and host to a shell, in a ProxyCommand for one: nothing
 * that means something there. What begins with '-' would be an option of ssh's.
 */
static bool is_plain(const char *text, const char *others)
{
	for (const char *c = text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(others, *c))
			return false;
	return *text && *text != '-';
}

/*
 * Where the URL names a host to be reached by ssh, it is asked on the loopback
 * of that one.
 */
static bool take_ssh(struct parsing *parsing, struct target *target)
{
	if (!parsing->by_ssh)
		return true;
	if (target->password)
		return failure_set(parsing->failure, 1,
			"%s: ssh takes no password from here; use keys",
			parsing->shown);
	target->ssh_host = take_ssh_host(parsing);
	target->ssh_port = get_part(parsing, CURLUPART_PORT, 0);
	target->ssh_user = target->user;
	target->user = NULL;
	if (!target->ssh_host)
		return failure_set(parsing->failure, 1, "out of memory");
	if (!is_plain(target->ssh_host, "._-+~:%"))
		return failure_set(parsing->failure, 1,
			"%s: a host for ssh is made of letters, digits, and "
			"._-+~:%%, and begins with no '-'",
			parsing->shown);
	if (target->ssh_user && !is_plain(target->ssh_user, "._-+@"))
		return failure_set(parsing->failure, 1,
			"%s: a user for ssh is made of letters, digits, and "
			"._-+@",
			parsing->shown);
	return set_part(parsing, CURLUPART_SCHEME, "http", 0) &&
	       set_part(parsing, CURLUPART_HOST, TARGET_LOOPBACK, 0) &&
	       set_part(parsing, CURLUPART_PORT, TARGET_PORT, 0);
}

static bool fill_target(
	struct parsing *parsing, const char *label, struct target *target)
{
	target->named = *label;
	target->label = *label ? strdup(label) : escape(make_label(parsing));
	if (!get_credential(parsing, CURLUPART_USER, &target->user) ||
		!get_credential(parsing, CURLUPART_PASSWORD, &target->password))
		return false;
	curl_url_set(parsing->url, CURLUPART_USER, NULL, 0);
	curl_url_set(parsing->url, CURLUPART_PASSWORD, NULL, 0);
	target->shown = escape(get_part(parsing, CURLUPART_URL, 0));
	if (!take_ssh(parsing, target))
		return false;
	target->url = get_part(parsing, CURLUPART_URL, 0);
	if (!target->label || !target->shown || !target->url)
		return failure_set(parsing->failure, 1, "out of memory");
	return true;
}

bool target_parse(struct target *ret_target, const char *text,
	const struct target_defaults *defaults, struct failure *failure)
{
	struct parsing parsing = {.failure = failure};
	struct target target = {0};
	char label[LABEL_MAX + 1];
	bool parsed;

	if (!*text)
		return failure_set(failure, 1, "an empty target");
	if (strlen(text) > TEXT_MAX)
		return failure_set(failure, 1,
			"a target of more than %d characters", TEXT_MAX);
	secret_hide(parsing.shown, sizeof(parsing.shown), text);
	parsing.url = curl_url();
	if (!parsing.url)
		return failure_set(failure, 1, "out of memory");
	parsed = take_label(&parsing, text, label) && parse_url(&parsing) &&
		 set_defaults_of_url(&parsing) &&
		 succeeded(&parsing, parameters_add(parsing.url, defaults)) &&
		 fill_target(&parsing, label, &target);
	/* a part that seemed to be missing was perhaps there */
	if (parsing.is_short)
		parsed = failure_set(failure, 1, "out of memory");
	curl_url_cleanup(parsing.url);
	if (parsed)
		*ret_target = target;
	else
		target_clear(&target);
	return parsed;
}

void target_clear(struct target *target)
{
	if (target->password)
		explicit_bzero(target->password, strlen(target->password));
	free(target->label);
	free(target->url);
	free(target->shown);
	free(target->ssh_host);
	free(target->ssh_port);
	free(target->ssh_user);
	free(target->user);
	free(target->password);
	*target = (struct target){0};
}
