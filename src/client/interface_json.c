/* SPDX-License-Identifier: MIT */
/*
 * Parser of a worker's list of interfaces (JSON, RFC 8259). In: the whole answer. Out:
 * its interfaces, one after the other.
 *
 * The list is an array of objects. Their members can be in any order, each once. Later
 * workers can add members: the parser skips one that it does not support, if its value is
 * a string, a number, a word such as null, or an array of these. It rejects objects and
 * arrays within, so it needs no recursion.
 */
#include "client/interface_json.h"

#include "common/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum {
	NUMBER_SIZE = 11, /* of 32 bits */
	ESCAPE_DIGITS = 4,
};

struct parsing {
	const char *start;
	const char *at;
	const char *end;
	char *addresses; /* of the present interface; as large as the answer */
	size_t addresses_size;
	struct error *error;
};

/* Where the value of a string goes. */
struct string_out {
	char *bytes; /* NULL: nowhere */
	size_t size;
	size_t used;
};

static bool reject(const struct parsing *parsing, const char *what)
{
	return error_set(parsing->error, 1, "the list of interfaces is damaged at byte %zu: %s",
		(size_t)(parsing->at - parsing->start), what);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Skips white space. Returns the next byte; 0: there is none, or it is a NUL. */
static char next_byte(struct parsing *parsing)
{
	while (parsing->at < parsing->end && is_space(*parsing->at))
		parsing->at++;
	if (parsing->at == parsing->end)
		return '\0';
	return *parsing->at;
}

/* Skips white space, and a byte if it is c. */
static bool take(struct parsing *parsing, char c)
{
	if (next_byte(parsing) != c)
		return false;
	parsing->at++;
	return true;
}

static bool put(const struct parsing *parsing, struct string_out *out, unsigned c)
{
	if (!out->bytes)
		return true;
	if (out->used + 1 >= out->size)
		return reject(parsing, "a string is too long");
	out->bytes[out->used++] = (char)c;
	return true;
}

/* Puts a character, below 0x10000, in UTF-8. */
static bool put_character(const struct parsing *parsing, struct string_out *out, unsigned c)
{
	if (c < 0x80)
		return put(parsing, out, c);
	if (c < 0x800)
		return put(parsing, out, 0xc0 | c >> 6) && put(parsing, out, 0x80 | (c & 0x3f));
	return put(parsing, out, 0xe0 | c >> 12) && put(parsing, out, 0x80 | (c >> 6 & 0x3f)) &&
	       put(parsing, out, 0x80 | (c & 0x3f));
}

/* Parses the digits of \uXXXX. Names are bytes of Linux, which need no surrogates. */
static bool parse_unicode(struct parsing *parsing, struct string_out *out)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned c = 0;

	if (parsing->end - parsing->at < ESCAPE_DIGITS)
		return reject(parsing, "an escape is cut");
	for (int i = 0; i < ESCAPE_DIGITS; i++) {
		const char *digit = memchr(digits, parsing->at[i], sizeof(digits) - 1);

		if (!digit)
			return reject(parsing, "an escape is wrong");
		c = c << 4 | ((unsigned)(digit - digits) & 0xf);
	}
	if (c == 0 || (c >= 0xd800 && c <= 0xdfff))
		return reject(parsing, "an escape is not allowed here");
	parsing->at += ESCAPE_DIGITS;
	return put_character(parsing, out, c);
}

/* Parses an escape, after its backslash. */
static bool parse_escape(struct parsing *parsing, struct string_out *out)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *name;

	if (parsing->at == parsing->end)
		return reject(parsing, "an escape is cut");
	if (*parsing->at == 'u') {
		parsing->at++;
		return parse_unicode(parsing, out);
	}
	name = memchr(names, *parsing->at, sizeof(names) - 1);
	if (!name)
		return reject(parsing, "an escape is wrong");
	parsing->at++;
	return put(parsing, out, (unsigned char)values[name - names]);
}

static bool parse_string(struct parsing *parsing, struct string_out *out)
{
	if (!take(parsing, '"'))
		return reject(parsing, "a string is missing");
	while (parsing->at < parsing->end && *parsing->at != '"') {
		const unsigned char c = (unsigned char)*parsing->at;

		if (c < ' ')
			return reject(parsing, "a string has a control character");
		parsing->at++;
		if (c == '\\' ? !parse_escape(parsing, out) : !put(parsing, out, c))
			return false;
	}
	if (parsing->at == parsing->end)
		return reject(parsing, "a string has no end");
	parsing->at++;
	if (out->bytes)
		out->bytes[out->used] = '\0';
	return true;
}

static bool parse_name(struct parsing *parsing, char name[INTERFACE_JSON_NAME_SIZE])
{
	struct string_out out = {.bytes = name, .size = INTERFACE_JSON_NAME_SIZE};

	if (!parse_string(parsing, &out))
		return false;
	return out.used > 0 || reject(parsing, "a name is empty");
}

/* Is it a byte of a number, or of true, false and null? */
static bool is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '+' || c == '-' ||
	       c == '.' || c == 'E';
}

/* Takes a number, or a word; an empty text is neither. */
static size_t take_word(struct parsing *parsing, const char **ret_word)
{
	next_byte(parsing);
	*ret_word = parsing->at;
	while (parsing->at < parsing->end && is_word_byte(*parsing->at))
		parsing->at++;
	return (size_t)(parsing->at - *ret_word);
}

static bool take_text(struct parsing *parsing, const char *text)
{
	const char *const before = parsing->at;
	const char *word;
	const size_t size = take_word(parsing, &word);

	if (size == strlen(text) && memcmp(word, text, size) == 0)
		return true;
	parsing->at = before;
	return false;
}

static bool parse_index(struct parsing *parsing, struct listed_interface *interface)
{
	char number[NUMBER_SIZE];
	const char *word;
	const size_t size = take_word(parsing, &word);
	uint64_t index = 0;

	if (size == 0 || size >= sizeof(number) || *word == '0')
		return reject(parsing, "an index is wrong");
	memcpy(number, word, size);
	number[size] = '\0';
	if (!text_number(number, UINT32_MAX, &index))
		return reject(parsing, "an index is wrong");
	interface->index = (uint32_t)index;
	return true;
}

static bool parse_interface_name(struct parsing *parsing, struct listed_interface *interface)
{
	return parse_name(parsing, interface->name);
}

static bool parse_up(struct parsing *parsing, struct listed_interface *interface)
{
	interface->is_up = take_text(parsing, "true");
	if (interface->is_up || take_text(parsing, "false"))
		return true;
	return reject(parsing, "true or false is missing");
}

static bool parse_linktype(struct parsing *parsing, struct listed_interface *interface)
{
	return take_text(parsing, "null") || parse_name(parsing, interface->linktype);
}

static bool parse_address(struct parsing *parsing)
{
	char text[INET6_ADDRSTRLEN];
	struct string_out out = {.bytes = text, .size = sizeof(text)};
	struct in6_addr unused;

	if (!parse_string(parsing, &out))
		return false;
	if (inet_pton(AF_INET, text, &unused) != 1 && inet_pton(AF_INET6, text, &unused) != 1)
		return reject(parsing, "an address is wrong");
	if (parsing->addresses_size > 0)
		parsing->addresses[parsing->addresses_size++] = ' ';
	memcpy(parsing->addresses + parsing->addresses_size, text, out.used + 1);
	parsing->addresses_size += out.used;
	return true;
}

/* Parses the rest of an array, behind its '[', by the parser of its elements. */
static bool parse_rest_of_array(
	struct parsing *parsing, bool (*parse_element)(struct parsing *parsing))
{
	if (take(parsing, ']'))
		return true;
	do
		if (!parse_element(parsing))
			return false;
	while (take(parsing, ','));
	return take(parsing, ']') || reject(parsing, "']' is missing");
}

/* The text of all addresses is shorter than their array, which has quotes. */
static bool parse_addresses(struct parsing *parsing, struct listed_interface *interface)
{
	interface->addresses = parsing->addresses;
	if (!take(parsing, '['))
		return reject(parsing, "'[' is missing");
	return parse_rest_of_array(parsing, parse_address);
}

static bool skip_scalar(struct parsing *parsing)
{
	const char *unused;

	if (next_byte(parsing) == '"')
		return parse_string(parsing, &(struct string_out){0});
	return take_word(parsing, &unused) > 0 || reject(parsing, "a value is wrong");
}

/* Skips the value of a member that is not supported. */
static bool skip_value(struct parsing *parsing)
{
	if (take(parsing, '['))
		return parse_rest_of_array(parsing, skip_scalar);
	return skip_scalar(parsing);
}

static const struct {
	const char *name;
	bool (*parse)(struct parsing *parsing, struct listed_interface *interface);
	bool is_optional; /* workers of version 0.1 do not send it */
} members[] = {
	{"index", parse_index, false},
	{"name", parse_interface_name, false},
	{"up", parse_up, false},
	{"addresses", parse_addresses, false},
	{"linktype", parse_linktype, true},
};

enum { MEMBERS = sizeof(members) / sizeof(*members) };

/* Parses a member, and sets its bit in seen. */
static bool parse_member(
	struct parsing *parsing, struct listed_interface *interface, unsigned *seen)
{
	char name[INTERFACE_JSON_NAME_SIZE];
	unsigned i = 0;

	if (!parse_name(parsing, name))
		return false;
	if (!take(parsing, ':'))
		return reject(parsing, "':' is missing");
	while (i < MEMBERS && strcmp(name, members[i].name) != 0)
		i++;
	if (i == MEMBERS)
		return skip_value(parsing);
	if (*seen & 1U << i)
		return reject(parsing, "a member is there twice");
	*seen |= 1U << i;
	return members[i].parse(parsing, interface);
}

static bool parse_interface(struct parsing *parsing, struct listed_interface *ret_interface)
{
	unsigned seen = 0;

	*ret_interface = (struct listed_interface){0};
	parsing->addresses_size = 0;
	parsing->addresses[0] = '\0';
	if (!take(parsing, '{'))
		return reject(parsing, "'{' is missing");
	do
		if (!parse_member(parsing, ret_interface, &seen))
			return false;
	while (take(parsing, ','));
	if (!take(parsing, '}'))
		return reject(parsing, "'}' is missing");
	for (unsigned i = 0; i < MEMBERS; i++)
		if (!members[i].is_optional && !(seen & 1U << i))
			return reject(parsing, "a member is missing");
	return true;
}

static bool parse_list(struct parsing *parsing, interface_json_handler *handler, void *context)
{
	struct listed_interface interface;
	unsigned count = 0;

	if (take(parsing, ']'))
		return true;
	do {
		if (count++ == INTERFACE_JSON_COUNT_MAX)
			return reject(parsing, "too many interfaces");
		if (!parse_interface(parsing, &interface))
			return false;
		handler(context, &interface);
	} while (take(parsing, ','));
	return take(parsing, ']') || reject(parsing, "']' is missing");
}

bool interface_json_parse(const void *bytes, size_t size, interface_json_handler *handler,
	void *context, struct error *error)
{
	struct parsing parsing = {
		.start = bytes,
		.at = bytes,
		.end = (const char *)bytes + size,
		.error = error,
	};
	bool is_good = false;

	if (size > INTERFACE_JSON_MAX)
		return error_set(error, 1, "the list of interfaces has more than %d bytes",
			INTERFACE_JSON_MAX);
	parsing.addresses = malloc(size + 1);
	if (!parsing.addresses)
		return error_set(error, 1, "out of memory");
	if (!take(&parsing, '['))
		error_set(error, 1, "the answer is not a list of interfaces; check port and path");
	else
		is_good = parse_list(&parsing, handler, context);
	next_byte(&parsing);
	if (is_good && parsing.at < parsing.end)
		is_good = reject(&parsing, "more follows the list");
	free(parsing.addresses);
	return is_good;
}
