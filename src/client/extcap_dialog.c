/* SPDX-License-Identifier: MIT */
/*
 * Dialog of Wireshark's extcap(4). In: the user's values, as options. Out: the
 * dialog itself, and the same values as a command line of ddump.
 */
#include "client/extcap_dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPACES " \t\r\n"

enum field_kind {
	TEXT,
	WORDS,	 /* separate words, each after the option */
	TARGETS, /* separate words, without the option */
	SECRET,	 /* never on a command line */
	FLAG,
	SNAPLEN, /* numbers with a default */
	HOLD,
	LINKTYPE, /* one of a list */
	REQUIRE,  /* the same */
};

/* A field of the dialog. call is also the command line's option. */
struct dialog_field {
	const char *call;
	size_t offset;
	enum field_kind kind;
	const char *text;
};

#define AT(source) offsetof(struct extcap_dialog, source)

/*
 * Every number has a default. Without one, Wireshark shows 0, saves it in its
 * preferences, and passes it from the second capture on.
 */
static const struct dialog_field fields[EXTCAP_DIALOG_FIELDS] = {
	{"--targets", AT(targets), TARGETS,
		"{display=Targets}{type=string}{required=true}"
		"{placeholder=web1 https://web2 ssh://db1 @/path/to/list}"
		"{tooltip=Hosts or URLs, separated by spaces; quote one that "
		"contains a space; @FILE has one per line. The filter is "
		"Wireshark's own capture filter.}"
		"{group=Capture}"},
	{"--interface", AT(interfaces), WORDS,
		"{display=Interfaces}{type=string}{placeholder=all}"
		"{tooltip=Names of the hosts' interfaces, separated by spaces}"
		"{group=Capture}"},
	{"--p", AT(no_promisc), FLAG,
		"{display=Not promiscuous}{type=boolflag}"
		"{tooltip=Interfaces that are named are promiscuous without this}"
		"{group=Capture}"},
	{"--snaplen", AT(snaplen), SNAPLEN,
		"{display=Bytes of each packet}{type=unsigned}"
		"{range=0,262144}{group=Capture}"},
	{"--payload", AT(payload), TEXT,
		"{display=Bytes after the headers}{type=string}{placeholder=all}"
		"{tooltip=0 keeps headers without payload; workers of 0.1.0 "
		"reject it}{group=Capture}"},
	{"--linktype", AT(linktype), LINKTYPE,
		"{display=Link type}{type=selector}"
		"{tooltip=native is that of the interface; it needs one interface}"
		"{group=Capture}"},
	{"--no-names", AT(no_names), FLAG,
		"{display=No names of hosts}{type=boolflag}"
		"{tooltip=Addresses of hosts do not get the labels of targets as names}"
		"{group=Capture}"},
	{"--require", AT(require), REQUIRE,
		"{display=Targets that must start}{type=selector}"
		"{tooltip=With any, ddump captures on the others and reports "
		"failures at the end}{group=Capture}"},
	{"--retry", AT(retry), FLAG,
		"{display=Reconnect lost targets}{type=boolflag}"
		"{group=Capture}"},
	{"--ca", AT(ca), TEXT,
		"{display=Certificate authorities}{type=fileselect}"
		"{mustexist=true}{tooltip=PEM file; only its authorities are "
		"trusted}{group=Access}"},
	{"--crl", AT(crl), TEXT,
		"{display=Revoked certificates}{type=fileselect}"
		"{mustexist=true}{tooltip=PEM file with a list of each "
		"authority in the servers' chains}{group=Access}"},
	{"--cert", AT(cert), TEXT,
		"{display=Client certificate}{type=fileselect}{mustexist=true}"
		"{tooltip=PEM with its chain}{group=Access}"},
	{"--key", AT(key), TEXT,
		"{display=Key of the certificate}{type=fileselect}"
		"{mustexist=true}{tooltip=PEM; none if it is in the "
		"certificate's file}{group=Access}"},
	{"--passphrase", AT(passphrase), SECRET,
		"{display=Passphrase of the key}{type=password}"
		"{group=Access}"},
	{"--header", AT(headers), WORDS,
		"{display=Header fields}{type=string}{placeholder=@/path/to/token}"
		"{tooltip=@FILE has one per line; Wireshark saves what is here, "
		"so do not write a token}{group=Access}"},
	{"--netrc", AT(netrc), FLAG,
		"{display=Users and passwords from ~/.netrc}{type=boolflag}"
		"{group=Access}"},
	{"--ssh", AT(ssh), TEXT,
		"{display=Command for ssh}{type=string}{placeholder=ssh}"
		"{tooltip=It cannot prompt: use keys or an agent}"
		"{group=Access}"},
	{"--hold", AT(hold), HOLD,
		"{display=Wait for silent targets (ms)}{type=unsigned}"
		"{range=0,600000}{group=Time}"},
	{"--align", AT(align), FLAG,
		"{display=Correct timestamps by the hosts' clocks}{type=boolflag}"
		"{group=Time}"},
	{"--paths", AT(paths), FLAG,
		"{display=Find the packets of several hosts}{type=boolflag}"
		"{tooltip=Lost packets get a comment, and all sights of a packet one id; packets "
		"come some seconds later}{group=Several hosts}"},
	{"--once", AT(once), FLAG,
		"{display=Each packet once}{type=boolflag}"
		"{tooltip=Of each connection, what one interface saw, so that no packet is taken "
		"for a retransmission}{group=Several hosts}"},
	{"--once-at", AT(once_at), TEXT,
		"{display=Each packet once, as seen at}{type=string}{placeholder=web1:eth0}"
		"{tooltip=Connections that this target or interface has seen are as it saw them}"
		"{group=Several hosts}"},
};

void extcap_dialog_rows(struct option_row out[EXTCAP_DIALOG_FIELDS], size_t offset)
{
	for (size_t i = 0; i < EXTCAP_DIALOG_FIELDS; i++)
		out[i] = (struct option_row){
			.name = fields[i].call + strlen("--"),
			.argument = fields[i].kind == FLAG ? NULL : "VALUE",
			.offset = offset + fields[i].offset,
		};
}

/* The values of a field, which begin with the default and end with a NULL. */
static const char *const *choices_of(const struct dialog_field *field)
{
	static const char *const linktypes[] = {"sll", "sll2", "native", NULL};
	static const char *const require[] = {"all", "any", NULL};

	if (field->kind == LINKTYPE)
		return linktypes;
	return field->kind == REQUIRE ? require : NULL;
}

static const char *default_of(const struct dialog_field *field)
{
	const char *const *choices = choices_of(field);

	if (field->kind == SNAPLEN)
		return "262144";
	if (field->kind == HOLD)
		return "2000";
	return choices ? choices[0] : "";
}

static void print_choices(size_t number, const struct dialog_field *field)
{
	const char *const *choices = choices_of(field);

	for (size_t i = 0; choices && choices[i]; i++)
		printf("value {arg=%zu}{value=%s}{display=%s}%s\n", number, choices[i], choices[i],
			i == 0 ? "{default=true}" : "");
}

void extcap_dialog_print(void)
{
	for (size_t i = 0; i < EXTCAP_DIALOG_FIELDS; i++) {
		printf("arg {number=%zu}{call=%s}%s", i, fields[i].call, fields[i].text);
		if (fields[i].kind == SNAPLEN || fields[i].kind == HOLD)
			printf("{default=%s}", default_of(&fields[i]));
		printf("\n");
		print_choices(i, &fields[i]);
	}
}

/* The value of a field; if nothing was entered, its default. */
static const char *value_of(const struct dialog_field *field, const struct extcap_dialog *dialog)
{
	const char *at = (const char *)dialog + field->offset;
	const char *text;

	if (field->kind == FLAG)
		return *(const bool *)at ? "true" : "false";
	text = *(char *const *)(const void *)at;
	return text ? text : default_of(field);
}

bool extcap_dialog_each(const struct extcap_dialog *dialog,
	bool (*take)(void *context, const char *name, const char *value), void *context)
{
	for (size_t i = 0; i < EXTCAP_DIALOG_FIELDS; i++)
		if (fields[i].kind != SECRET &&
			!take(context, fields[i].call + strlen("--"), value_of(&fields[i], dialog)))
			return false;
	return true;
}

bool argv_list_add(struct argv_list *words, const char *word, struct error *error)
{
	const size_t capacity = (size_t)words->count + 2;
	char **list = realloc(words->list, capacity * sizeof(*list));

	if (!list)
		return error_set(error, 1, "out of memory");
	list[words->count++] = (char *)word;
	list[words->count] = NULL;
	words->list = list;
	return true;
}

void argv_list_cleanup(struct argv_list *words)
{
	free(words->list);
	*words = (struct argv_list){0};
}

/*
 * Cuts the first word off a text, in place. Spaces end it, except within quotes,
 * which are removed. Returns NULL after the last word, or, with text not empty,
 * if a quote is not closed.
 */
static char *cut_word(char **text)
{
	char *in = *text + strspn(*text, SPACES);
	char *const word = in;
	char *out = in;
	char quote = '\0';

	*text = in;
	if (!*in)
		return NULL;
	for (; *in && (quote || !strchr(SPACES, *in)); in++)
		if (quote && *in == quote)
			quote = '\0';
		else if (!quote && (*in == '"' || *in == '\''))
			quote = *in;
		else
			*out++ = *in;
	if (quote)
		return NULL;
	*text = in + (*in != '\0');
	*out = '\0';
	return word;
}

static bool add_words(
	struct argv_list *words, const struct dialog_field *field, char *text, struct error *error)
{
	const char *word;

	while ((word = cut_word(&text))) {
		if (field->kind == WORDS && !argv_list_add(words, field->call, error))
			return false;
		if (!argv_list_add(words, word, error))
			return false;
	}
	return !*text || error_set(error, 1, "%s: a quote is not closed", field->call);
}

static bool add_field(struct argv_list *words, const struct dialog_field *field,
	const struct extcap_dialog *dialog, struct error *error)
{
	const char *value = (const char *)dialog + field->offset;
	char *text;

	if (field->kind == FLAG)
		return !*(const bool *)value || argv_list_add(words, field->call, error);
	text = *(char *const *)(const void *)value;
	/* a default is not the same for every target: those with tcpdump have another link type */
	if (!text || !*text || field->kind == SECRET || strcmp(text, default_of(field)) == 0)
		return true;
	if (field->kind == WORDS || field->kind == TARGETS)
		return add_words(words, field, text, error);
	return argv_list_add(words, field->call, error) && argv_list_add(words, text, error);
}

bool extcap_dialog_translate(
	const struct extcap_dialog *dialog, struct argv_list *words, struct error *error)
{
	const struct dialog_field *const targets = &fields[0];

	for (size_t i = 1; i < EXTCAP_DIALOG_FIELDS; i++)
		if (!add_field(words, &fields[i], dialog, error))
			return false;
	/* "--": a target never becomes an option */
	return argv_list_add(words, "--", error) && add_field(words, targets, dialog, error);
}
