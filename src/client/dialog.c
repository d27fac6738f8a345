/*
 * Wireshark's dialog. In: what a user has entered there, as options. Out: the
 * dialog itself, and the words that say the same on a command line of ours.
 */
#include "client/dialog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLANKS " \t\r\n"

enum kind {
	TEXT,
	WORDS,	 /* each with the option before it */
	TARGETS, /* words without it */
	SECRET,	 /* on no command line */
	FLAG,
	REQUIRE, /* a text of two */
};

/* The name is the command line's as well. */
struct field {
	const char *call;
	size_t offset;
	enum kind kind;
	const char *text;
};

#define AT(member) offsetof(struct dialog, member)

/*
 * Of a number without a default Wireshark shows a 0, saves it among its
 * preferences, and hands it to us as if the user had entered it, from the
 * second capture on.
 */
static const struct field fields[DIALOG_FIELDS] = {
	{"--targets", AT(targets), TARGETS,
		"{display=Targets}{type=string}{required=true}"
		"{placeholder=web1 https://web2 ssh://db1 @/path/to/list}"
		"{tooltip=Hosts or URLs with blanks between; one with a blank "
		"in it goes into quotes; @FILE has one a line}"
		"{group=Capture}"},
	{"--filter", AT(filter), TEXT,
		"{display=Filter}{type=string}"
		"{tooltip=What the hosts capture, by pcap-filter; Wireshark's "
		"own capture filter has to match as well}{group=Capture}"},
	{"--interface", AT(interfaces), WORDS,
		"{display=Interfaces}{type=string}{placeholder=all}"
		"{tooltip=Names of the hosts' interfaces with blanks between}"
		"{group=Capture}"},
	{"--snaplen", AT(snaplen), TEXT,
		"{display=Bytes of each packet}{type=unsigned}"
		"{range=0,262144}{default=262144}{group=Capture}"},
	{"--require", AT(require), REQUIRE,
		"{display=Targets that must start}{type=selector}"
		"{tooltip=With any, the others are captured and the failures "
		"told at the end}{group=Capture}"},
	{"--retry", AT(retry), FLAG,
		"{display=Try lost targets again}{type=boolflag}"
		"{group=Capture}"},
	{"--ca", AT(ca), TEXT,
		"{display=Certificate authorities}{type=fileselect}"
		"{mustexist=true}{tooltip=Trust those of this PEM file and no "
		"others}{group=Access}"},
	{"--crl", AT(crl), TEXT,
		"{display=Revoked certificates}{type=fileselect}"
		"{mustexist=true}{tooltip=PEM lists, one of each authority "
		"that servers' certificates are from}{group=Access}"},
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
	{"--netrc", AT(netrc), FLAG,
		"{display=Users and passwords from ~/.netrc}{type=boolflag}"
		"{group=Access}"},
	{"--ssh", AT(ssh), TEXT,
		"{display=Command for ssh}{type=string}{placeholder=ssh}"
		"{tooltip=It can't ask for anything: use keys or an agent}"
		"{group=Access}"},
	{"--hold", AT(hold), TEXT,
		"{display=Wait for silent targets (ms)}{type=unsigned}"
		"{range=0,600000}{default=2000}{group=Time}"},
	{"--align", AT(align), FLAG,
		"{display=Correct stamps by the hosts' clocks}{type=boolflag}"
		"{group=Time}"},
};

void dialog_rows(struct option_row out[DIALOG_FIELDS], size_t offset)
{
	for (size_t i = 0; i < DIALOG_FIELDS; i++)
		out[i] = (struct option_row){
			.name = fields[i].call + strlen("--"),
			.argument = fields[i].kind == FLAG ? NULL : "VALUE",
			.offset = offset + fields[i].offset,
		};
}

void dialog_print(void)
{
	for (size_t i = 0; i < DIALOG_FIELDS; i++) {
		printf("arg {number=%zu}{call=%s}%s\n", i, fields[i].call,
			fields[i].text);
		if (fields[i].kind == REQUIRE)
			printf("value {arg=%zu}{value=all}{display=all}"
			       "{default=true}\n"
			       "value {arg=%zu}{value=any}{display=any}\n",
				i, i);
	}
}

bool words_add(struct words *words, const char *word, struct failure *failure)
{
	const size_t room = (size_t)words->count + 2;
	char **list = realloc(words->list, room * sizeof(*list));

	if (!list)
		return failure_set(failure, 1, "out of memory");
	list[words->count++] = (char *)word;
	list[words->count] = NULL;
	words->list = list;
	return true;
}

void words_clear(struct words *words)
{
	free(words->list);
	*words = (struct words){0};
}

/*
 * Cuts the first word off a text, in place. Blanks end it, but not within
 * quotes, which go. Returns NULL behind the last word, and leaves text where a
 * quote begins that has no end.
 */
static char *cut_word(char **text)
{
	char *in = *text + strspn(*text, BLANKS);
	char *const word = in;
	char *out = in;
	char quote = '\0';

	*text = in;
	if (!*in)
		return NULL;
	for (; *in && (quote || !strchr(BLANKS, *in)); in++)
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

static bool add_words(struct words *words, const struct field *field,
	char *text, struct failure *failure)
{
	char *word;

	while ((word = cut_word(&text))) {
		if (field->kind == WORDS &&
			!words_add(words, field->call, failure))
			return false;
		if (!words_add(words, word, failure))
			return false;
	}
	return !*text ||
	       failure_set(failure, 1, "%s: a quote has no end", field->call);
}

static bool add_field(struct words *words, const struct field *field,
	const struct dialog *dialog, struct failure *failure)
{
	const char *place = (const char *)dialog + field->offset;
	char *text;

	if (field->kind == FLAG)
		return !*(const bool *)place ||
		       words_add(words, field->call, failure);
	text = *(char *const *)(const void *)place;
	if (!text || !*text || field->kind == SECRET)
		return true;
	if (field->kind == WORDS || field->kind == TARGETS)
		return add_words(words, field, text, failure);
	return words_add(words, field->call, failure) &&
	       words_add(words, text, failure);
}

bool dialog_translate(const struct dialog *dialog, struct words *words,
	struct failure *failure)
{
	const struct field *const targets = &fields[0];

	for (size_t i = 1; i < DIALOG_FIELDS; i++)
		if (!add_field(words, &fields[i], dialog, failure))
			return false;
	/* none of the targets is an option */
	return words_add(words, "--", failure) &&
	       add_field(words, targets, dialog, failure);
}
