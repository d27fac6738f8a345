/* SPDX-License-Identifier: MIT */
/*
 * Command-line options. In: argv. Out: struct options with checked values, and
 * an argv without passwords.
 */
#include "client/config.h"

#include "client/redact.h"
#include "format/packet.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	HOLD_DEFAULT_MS = 2000,
	HOLD_MAX_MS = 600000,
	DURATION_MAX_S = 31536000,
	SHOWN_MAX = 200,
};

static bool set_interface(void *to, const char *value, struct error *error)
{
	struct target_defaults *defaults = &((struct options *)to)->defaults;

	if (defaults->interface_count == TARGET_INTERFACES_MAX)
		return error_set(error, 1, "-interface may be repeated at most %d times",
			TARGET_INTERFACES_MAX);
	defaults->interfaces[defaults->interface_count++] = value;
	return true;
}

static bool parse_number(const struct option_range *range, const char *value, uint64_t *ret_number,
	struct error *error)
{
	char shown[SHOWN_MAX];

	if (option_range_parse(range, value, ret_number))
		return true;
	redact_copy(shown, sizeof(shown), value);
	return option_range_reject(range, shown, 1, error);
}

static bool set_snaplen(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-snaplen", NULL, 0, PACKET_MAX};
	uint64_t snaplen;

	((struct options *)to)->defaults.snaplen = value;
	return parse_number(&range, value, &snaplen, error);
}

static bool set_payload(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-payload", NULL, 0, PACKET_MAX};
	uint64_t payload;

	((struct options *)to)->defaults.payload = value;
	return parse_number(&range, value, &payload, error);
}

/* The last size bytes of a longer text; otherwise "". */
static const char *last_bytes(const char *text, size_t size)
{
	const size_t all = strlen(text);

	return all > size ? text + all - size : "";
}

/* Returns the suffix of a compressed file's name, or NULL. */
static const char *find_compression(const char *name)
{
	static const char *const ends[] = {".gz", ".zst", ".lz4", ".xz", ".bz2"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (strcasecmp(last_bytes(name, strlen(ends[i])), ends[i]) == 0)
			return ends[i];
	return NULL;
}

/* Does a file's name have a strftime(3) conversion, as for tcpdump -w? */
static bool has_conversion(const char *text)
{
	static const char modifiers[] = "+_-0^#123456789EO";
	static const char conversions[] = "%aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyYzZ";

	for (; (text = strchr(text, '%')) != NULL; text++) {
		const char *c = text + 1 + strspn(text + 1, modifiers);

		if (*c && strchr(conversions, *c))
			return true;
	}
	return false;
}

/* Rejects names that promise what ddump does not do. */
static bool check_output_name(const char *name, struct error *error)
{
	const char *compression = find_compression(name);
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), name);
	if (has_conversion(name))
		return error_set(error, 1,
			"-w %s: ddump does not replace '%%' with the time; leave it out", shown);
	if (compression)
		return error_set(error, 1, "-w %s: ddump does not compress; leave out \"%s\"",
			shown, compression);
	return true;
}

static bool set_output(void *to, const char *value, struct error *error)
{
	struct options *options = to;

	if (!check_output_name(value, error))
		return false;
	options->output = value;
	if (strcmp(last_bytes(value, strlen(".pcapng")), ".pcapng") == 0)
		options->pcapng = true;
	return true;
}

/* With the value missing, value may be a target, whose password must not become a name. */
static bool set_report(void *to, const char *value, struct error *error)
{
	char shown[PATH_MAX];

	redact_copy(shown, sizeof(shown), value);
	if (!*value || strcmp(value, "-") == 0)
		return error_set(
			error, 1, "-report: \"%.*s\" is not the name of a file", SHOWN_MAX, shown);
	if (strlen(value) < sizeof(shown) && strcmp(value, shown) != 0)
		return error_set(error, 1,
			"-report: \"%.*s\" is a target with a password; -report needs a file "
			"before it",
			SHOWN_MAX, shown);
	((struct options *)to)->report = value;
	return true;
}

static bool set_count(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-c", NULL, 1, INT64_MAX};

	return parse_number(&range, value, &((struct options *)to)->count, error);
}

static bool set_duration(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-duration", NULL, 1, DURATION_MAX_S};

	return parse_number(&range, value, &((struct options *)to)->duration, error);
}

static bool set_hold(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-hold", NULL, 0, HOLD_MAX_MS};

	return parse_number(&range, value, &((struct options *)to)->hold, error);
}

/* With the value missing, value may be a target with a password. */
static bool reject_choice(
	const char *name, const char *value, const char *choices, struct error *error)
{
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), value);
	return error_set(error, 1, "%s: \"%s\" is neither %s", name, shown, choices);
}

static bool set_require(void *to, const char *value, struct error *error)
{
	bool all = strcmp(value, "all") == 0;

	if (!all && strcmp(value, "any") != 0)
		return reject_choice("-require", value, "all nor any", error);
	((struct options *)to)->require_all = all;
	return true;
}

static bool set_linktype(void *to, const char *value, struct error *error)
{
	if (strcmp(value, "sll") != 0 && strcmp(value, "sll2") != 0 && strcmp(value, "native") != 0)
		return reject_choice("-linktype", value, "sll, sll2 nor native", error);
	((struct options *)to)->defaults.linktype = value;
	return true;
}

#define AT(source) NULL, offsetof(struct options, source)

const struct option_row options_rows[] = {
	{"filter", "EXPR", "capture packets that match this pcap-filter(7)", AT(defaults.filter)},
	{"interface", "NAME", "capture on this interface; may be repeated", set_interface, 0},
	{"i", "NAME", NULL, set_interface, 0},
	{"p", NULL, "do not set these interfaces promiscuous", AT(defaults.no_promisc)},
	{"snaplen", "N", "keep N bytes of each packet", set_snaplen, 0},
	{"s", "N", NULL, set_snaplen, 0},
	{"payload", "N", "keep N bytes after the headers; 0: no payload", set_payload, 0},
	{"linktype", "TYPE", "sll (default), sll2, or native: that of one -interface", set_linktype,
		0},
	{"w", "FILE", "write to FILE (.pcapng: as pcapng); -report: JSON report", set_output, 0},
	{"report", "FILE", NULL, set_report, 0},
	{"pcapng", NULL, "write pcapng, which has host and interface names", AT(pcapng)},
	{"c", "N", "stop after N packets; -duration: after N seconds", set_count, 0},
	{"duration", "N", NULL, set_duration, 0},
	{"hold", "MS", "wait at most MS ms for a silent target (default 2000)", set_hold, 0},
	{"align", NULL, "correct timestamps by the offset of each host's clock", AT(align)},
	{"require", "all|any", "start only if all (default) or any targets answer", set_require, 0},
	{"retry", NULL, "reconnect lost targets", AT(retry)},
	{"ca", "FILE", "trust only these certificate authorities", AT(credentials.ca)},
	{"crl", "FILE", "reject server certificates that these lists revoke", AT(credentials.crl)},
	{"cert", "FILE", "send this certificate with its chain; -key: its key",
		AT(credentials.cert)},
	{"key", "FILE", NULL, AT(credentials.key)},
	{"ssh", "COMMAND", "run COMMAND instead of ssh for ssh:// targets", AT(ssh)},
	{"netrc", NULL, "read users and passwords from ~/.netrc", AT(netrc)},
	{"status", NULL, "print a status line", AT(status)},
	{"quiet", NULL, "print only errors and warnings; -verbose: more details", AT(quiet)},
	{"verbose", NULL, NULL, AT(verbose)},
	{"help", NULL, "print this help; -version: versions", AT(help)},
	{"h", NULL, NULL, AT(help)},
	{"version", NULL, NULL, AT(version)},
};

const size_t options_row_count = sizeof(options_rows) / sizeof(*options_rows);

/*
 * Erases all passwords in argv before it parses the first target, which may
 * wait for a file.
 */
static bool add_targets(char **operands, size_t count, struct options *options, struct error *error)
{
	bool good = true;
	size_t copied = 0;

	for (; copied < count && good; copied++) {
		char *copy = strdup(operands[copied]);

		good = copy || error_set(error, 1, "out of memory");
		redact_argument(operands[copied]);
		operands[copied] = copy;
	}
	for (size_t i = 0; i < copied; i++) {
		good = good &&
		       target_list_add(&options->targets, operands[i], &options->defaults, error);
		if (operands[i])
			explicit_bzero(operands[i], strlen(operands[i]));
		free(operands[i]);
		operands[i] = NULL;
	}
	return good;
}

bool options_read(int argc, char **argv, struct options *ret_options, struct error *error)
{
	int operand;

	*ret_options = (struct options){
		.hold = HOLD_DEFAULT_MS,
		.require_all = true,
	};
	operand =
		option_table_parse(argc, argv, options_rows, options_row_count, ret_options, error);
	if (operand < 0)
		return false;
	if (!add_targets(argv + operand, (size_t)(argc - operand), ret_options, error))
		return false;
	if (ret_options->targets.count == 0 && !ret_options->help && !ret_options->version)
		return error_set(error, 1, "no target given; see -help");
	return true;
}

void options_cleanup(struct options *options)
{
	target_list_cleanup(&options->targets);
	tls_files_cleanup(&options->credentials);
}
