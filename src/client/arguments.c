/*
 * The command line. In: argv. Out: struct arguments, checked, and an argv
 * without passwords.
 */
#include "client/arguments.h"

#include "common/text.h"
#include "format/packet.h"

#include <string.h>

enum {
	HOLD_DEFAULT_MS = 2000,
	HOLD_MAX_MS = 600000,
	DURATION_MAX_S = 31536000,
};

static bool set_ca(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	((struct arguments *)to)->credentials.ca = value;
	return true;
}

static bool set_cert(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	((struct arguments *)to)->credentials.cert = value;
	return true;
}

static bool set_key(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	((struct arguments *)to)->credentials.key = value;
	return true;
}

static bool set_filter(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	((struct arguments *)to)->defaults.filter = value;
	return true;
}

static bool set_interface(void *to, const char *value, struct failure *failure)
{
	struct target_defaults *defaults = &((struct arguments *)to)->defaults;

	if (defaults->interface_count == TARGET_INTERFACES_MAX)
		return failure_set(failure, 1, "-interface: more than %d",
			TARGET_INTERFACES_MAX);
	defaults->interfaces[defaults->interface_count++] = value;
	return true;
}

static bool take_number(const char *name, const char *value, uint64_t max,
	uint64_t *ret_number, struct failure *failure)
{
	uint64_t number;

	if (!text_number(value, max, &number) || number == 0)
		return failure_set(failure, 1,
			"-%s: \"%s\" is no number from 1 to %llu", name, value,
			(unsigned long long)max);
	*ret_number = number;
	return true;
}

static bool set_snaplen(void *to, const char *value, struct failure *failure)
{
	uint64_t snaplen;

	((struct arguments *)to)->defaults.snaplen = value;
	return strcmp(value, "0") == 0 ||
	       take_number("snaplen", value, PACKET_MAX, &snaplen, failure);
}

static bool set_output(void *to, const char *value, struct failure *failure)
{
	size_t size = strlen(value);
	const char *end = size > 7 ? value + size - 7 : value;

	if (strcmp(end, ".pcapng") == 0)
		return failure_set(failure, 1,
			"-w %s: this version writes pcap, not pcapng yet",
			value);
	((struct arguments *)to)->output = value;
	return true;
}

static bool set_count(void *to, const char *value, struct failure *failure)
{
	return take_number("c", value, INT64_MAX,
		&((struct arguments *)to)->count, failure);
}

static bool set_duration(void *to, const char *value, struct failure *failure)
{
	return take_number("duration", value, DURATION_MAX_S,
		&((struct arguments *)to)->duration, failure);
}

static bool set_hold(void *to, const char *value, struct failure *failure)
{
	if (strcmp(value, "0") == 0) {
		((struct arguments *)to)->hold = 0;
		return true;
	}
	return take_number("hold", value, HOLD_MAX_MS,
		&((struct arguments *)to)->hold, failure);
}

static bool set_require(void *to, const char *value, struct failure *failure)
{
	bool all = strcmp(value, "all") == 0;

	if (!all && strcmp(value, "any") != 0)
		return failure_set(failure, 1,
			"-require: \"%s\" is neither all nor any", value);
	((struct arguments *)to)->require_all = all;
	return true;
}

static bool set_netrc(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct arguments *)to)->netrc = true;
	return true;
}

static bool set_quiet(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct arguments *)to)->quiet = true;
	return true;
}

static bool set_verbose(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct arguments *)to)->verbose = true;
	return true;
}

static bool set_version(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct arguments *)to)->version = true;
	return true;
}

static bool set_help(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct arguments *)to)->help = true;
	return true;
}

const struct option_row arguments_rows[] = {
	{"filter", "EXPR", "capture what matches this pcap-filter(7)",
		set_filter},
	{"interface", "NAME", "capture on this interface, may be repeated (-i)",
		set_interface},
	{"i", "NAME", NULL, set_interface},
	{"snaplen", "N", "keep N bytes of each packet (-s)", set_snaplen},
	{"s", "N", NULL, set_snaplen},
	{"w", "FILE", "write to FILE instead of stdout", set_output},
	{"c", "N", "end after N packets", set_count},
	{"duration", "S", "end after S seconds", set_duration},
	{"hold", "MS", "wait at most MS for a silent target (default 2000)",
		set_hold},
	{"require", "all|any", "must every target start? (default all)",
		set_require},
	{"ca", "FILE", "trust these certificate authorities and no others",
		set_ca},
	{"cert", "FILE", "show servers this certificate, with its chain",
		set_cert},
	{"key", "FILE", "the key of -cert", set_key},
	{"netrc", NULL, "take users and passwords from ~/.netrc", set_netrc},
	{"quiet", NULL, "say nothing but errors", set_quiet},
	{"verbose", NULL, "say more", set_verbose},
	{"version", NULL, "print versions", set_version},
	{"help", NULL, "print this", set_help},
	{"h", NULL, NULL, set_help},
};

const size_t arguments_row_count =
	sizeof(arguments_rows) / sizeof(*arguments_rows);

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
	for (int i = operand; i < argc && good; i++) {
		good = targets_add(&ret_arguments->targets, argv[i],
			&ret_arguments->defaults, failure);
		target_wipe(argv[i]);
	}
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
