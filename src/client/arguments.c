/*
 * The command line. In: argv. Out: struct arguments, checked, and an argv
 * without passwords.
 */
#include "client/arguments.h"

#include "client/secret.h"
#include "common/text.h"
#include "format/packet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HOLD_DEFAULT_MS = 2000,
	HOLD_MAX_MS = 600000,
	DURATION_MAX_S = 31536000,
	SHOWN_MAX = 200,
};

static bool set_interface(void *to, const char *value, struct failure *failure)
{
	struct target_defaults *defaults = &((struct arguments *)to)->defaults;

	if (defaults->interface_count == TARGET_INTERFACES_MAX)
		return failure_set(failure, 1, "-interface: more than %d",
			TARGET_INTERFACES_MAX);
	defaults->interfaces[defaults->interface_count++] = value;
	return true;
}

/*
 * Refuses an option's value. It may be a target that stands where the value is
 * missing, with a password.
 */
static bool refuse(const char *name, const char *value, const char *what,
	struct failure *failure)
{
	char shown[SHOWN_MAX];

	secret_hide(shown, sizeof(shown), value);
	failure_set(failure, 1, "-%s: \"%s\" is %s", name, shown, what);
	return false;
}

struct range {
	const char *name;
	uint64_t min;
	uint64_t max;
};

static bool take_number(const struct range *range, const char *value,
	uint64_t *ret_number, struct failure *failure)
{
	uint64_t number;

	if (!text_number(value, range->max, &number) || number < range->min) {
		char what[64];

		snprintf(what, sizeof(what),
			"no whole number from %llu to %llu",
			(unsigned long long)range->min,
			(unsigned long long)range->max);
		return refuse(range->name, value, what, failure);
	}
	*ret_number = number;
	return true;
}

static bool set_snaplen(void *to, const char *value, struct failure *failure)
{
	static const struct range range = {"snaplen", 0, PACKET_MAX};
	uint64_t snaplen;

	((struct arguments *)to)->defaults.snaplen = value;
	return take_number(&range, value, &snaplen, failure);
}

static bool set_output(void *to, const char *value, struct failure *failure)
{
	struct arguments *arguments = to;
	const size_t size = strlen(value);

	(void)failure;
	arguments->output = value;
	if (size > strlen(".pcapng") &&
		strcmp(value + size - strlen(".pcapng"), ".pcapng") == 0)
		arguments->pcapng = true;
	return true;
}

static bool set_count(void *to, const char *value, struct failure *failure)
{
	static const struct range range = {"c", 1, INT64_MAX};

	return take_number(
		&range, value, &((struct arguments *)to)->count, failure);
}

static bool set_duration(void *to, const char *value, struct failure *failure)
{
	static const struct range range = {"duration", 1, DURATION_MAX_S};

	return take_number(
		&range, value, &((struct arguments *)to)->duration, failure);
}

static bool set_hold(void *to, const char *value, struct failure *failure)
{
	static const struct range range = {"hold", 0, HOLD_MAX_MS};

	return take_number(
		&range, value, &((struct arguments *)to)->hold, failure);
}

static bool set_require(void *to, const char *value, struct failure *failure)
{
	bool all = strcmp(value, "all") == 0;

	if (!all && strcmp(value, "any") != 0)
		return refuse("require", value, "neither all nor any", failure);
	((struct arguments *)to)->require_all = all;
	return true;
}

#define AT(member) NULL, offsetof(struct arguments, member)

const struct option_row arguments_rows[] = {
	{"filter", "EXPR", "capture what matches this pcap-filter(7)",
		AT(defaults.filter)},
	{"interface", "NAME", "capture on this interface, may be repeated",
		set_interface, 0},
	{"i", "NAME", NULL, set_interface, 0},
	{"snaplen", "N", "keep N bytes of each packet", set_snaplen, 0},
	{"s", "N", NULL, set_snaplen, 0},
	{"w", "FILE", "write to FILE, pcapng if it ends in .pcapng", set_output,
		0},
	{"pcapng", NULL, "write pcapng: names host and interface of packets",
		AT(pcapng)},
	{"c", "N", "end after N packets", set_count, 0},
	{"duration", "S", "end after S seconds", set_duration, 0},
	{"hold", "MS", "wait at most MS for a silent target (default 2000)",
		set_hold, 0},
	{"align", NULL, "correct stamps by what the hosts' clocks tell",
		AT(align)},
	{"require", "all|any", "must every target start? (default all)",
		set_require, 0},
	{"retry", NULL, "try a lost target again", AT(retry)},
	{"ca", "FILE", "trust these certificate authorities and no others",
		AT(credentials.ca)},
	{"crl", "FILE", "refuse servers' certificates that these lists revoke",
		AT(credentials.crl)},
	{"cert", "FILE", "show servers this certificate, with its chain",
		AT(credentials.cert)},
	{"key", "FILE", "the key of -cert", AT(credentials.key)},
	{"ssh", "COMMAND", "run COMMAND for ssh:// targets instead of ssh",
		AT(ssh)},
	{"netrc", NULL, "take users and passwords from ~/.netrc", AT(netrc)},
	{"status", NULL, "show how it is going", AT(status)},
	{"quiet", NULL, "say more, or nothing but errors and warnings",
		AT(quiet)},
	{"verbose", NULL, NULL, AT(verbose)},
	{"version", NULL, "print versions", AT(version)},
	{"help", NULL, "print this", AT(help)},
	{"h", NULL, NULL, AT(help)},
};

const size_t arguments_row_count =
	sizeof(arguments_rows) / sizeof(*arguments_rows);

/*
 * All passwords are gone from argv before the first target is looked at: that
 * may wait for a file.
 */
static bool add_targets(char **operands, size_t count,
	struct arguments *arguments, struct failure *failure)
{
	bool good = true;
	size_t copied = 0;

	for (; copied < count && good; copied++) {
		char *copy = strdup(operands[copied]);

		good = copy || failure_set(failure, 1, "out of memory");
		secret_wipe(operands[copied]);
		operands[copied] = copy;
	}
	for (size_t i = 0; i < copied; i++) {
		good = good && targets_add(&arguments->targets, operands[i],
				       &arguments->defaults, failure);
		if (operands[i])
			explicit_bzero(operands[i], strlen(operands[i]));
		free(operands[i]);
		operands[i] = NULL;
	}
	return good;
}

bool arguments_read(int argc, char **argv, struct arguments *ret_arguments,
	struct failure *failure)
{
	bool good = true;
	int operand;

	*ret_arguments = (struct arguments){
		.hold = HOLD_DEFAULT_MS,
		.require_all = true,
	};
	operand = options_parse(argc, argv, arguments_rows, arguments_row_count,
		ret_arguments, failure);
	if (operand < 0)
		return false;
	good = add_targets(argv + operand, (size_t)(argc - operand),
		ret_arguments, failure);
	if (!good)
		return false;
	if (ret_arguments->targets.count == 0 && !ret_arguments->help &&
		!ret_arguments->version)
		return failure_set(failure, 1, "no target given, see -help");
	return true;
}

void arguments_clear(struct arguments *arguments)
{
	targets_free(&arguments->targets);
	credentials_wipe(&arguments->credentials);
}
