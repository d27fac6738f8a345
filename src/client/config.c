/* SPDX-License-Identifier: MIT */
/*
 * Command-line options. In: argv. Out: struct options with checked values, and
 * an argv without passwords.
 */
#include "client/config.h"

#include "client/file_name.h"
#include "client/once_name.h"
#include "client/redact.h"
#include "client/rotation.h"
#include "common/text.h"
#include "format/packet.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HOLD_DEFAULT_MS = 2000,
	HOLD_MAX_MS = 600000,
	DURATION_MAX_S = 31536000,
	SHOWN_MAX = 200,
	DIGITS_MAX = 19,
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

static bool ends_in(const char *text, const char *end)
{
	const size_t all = strlen(text);
	const size_t size = strlen(end);

	return all > size && strcmp(text + all - size, end) == 0;
}

static bool set_output(void *to, const char *value, struct error *error)
{
	struct options *options = to;
	const char *compression = file_name_compression(value);
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), value);
	if (compression)
		return error_set(error, 1, "-w %s: ddump does not compress; leave out \"%s\"",
			shown, compression);
	options->output = value;
	if (ends_in(value, ".pcapng"))
		options->pcapng = true;
	return true;
}

/* Returns the bytes of a unit as tcpdump's -C has them; 0: it is none. */
static uint64_t unit_of(char letter)
{
	switch (letter) {
	case '\0':
		return 1000000;
	case 'k':
	case 'K':
		return 1 << 10;
	case 'm':
	case 'M':
		return 1 << 20;
	case 'g':
	case 'G':
		return 1 << 30;
	default:
		return 0;
	}
}

static bool set_file_bytes(void *to, const char *value, struct error *error)
{
	const size_t digits = strspn(value, "0123456789");
	const uint64_t unit = unit_of(value[digits]);
	char number[DIGITS_MAX + 1];
	char shown[SHOWN_MAX];
	uint64_t count = 0;

	if (digits > 0 && digits <= DIGITS_MAX && unit > 0 &&
		strlen(value) <= digits + (value[digits] != '\0')) {
		snprintf(number, sizeof(number), "%.*s", (int)digits, value);
		text_number(number, INT64_MAX / unit, &count);
	}
	redact_copy(shown, sizeof(shown), value);
	if (count == 0)
		return error_set(error, 1,
			"-C: \"%s\" is not a size; try 100 (millions of bytes), 64K, 100M or 2G",
			shown);
	((struct options *)to)->file_bytes = count * unit;
	return true;
}

static bool set_file_seconds(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-G", NULL, 1, DURATION_MAX_S};

	return parse_number(&range, value, &((struct options *)to)->file_seconds, error);
}

static bool set_file_count(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-W", NULL, 1, ROTATION_COUNT_MAX};

	return parse_number(&range, value, &((struct options *)to)->file_count, error);
}

/* Checks the options for several files, which depend on each other. */
static bool check_rotation(const struct options *options, struct error *error)
{
	const bool has_file = options->output && strcmp(options->output, "-") != 0;
	const bool rotates = options_rotate(options);
	char shown[SHOWN_MAX];

	if (rotates && !has_file)
		return error_set(error, 1, "-C and -G: need the name of a file; try -w FILE");
	if (!rotates && (options->file_count > 0 || options->ring || options->file_command))
		return error_set(error, 1, "-W, -ring and -z: need -C or -G");
	if (options->print && options->output && !has_file)
		return error_set(error, 1,
			"-print: both text and packets would go to stdout; "
			"leave out -w, or try -w FILE");
	if (options->ring && options->file_count == 0)
		return error_set(error, 1, "-ring: needs -W with the number of files");
	if (!has_file || options->file_seconds > 0 || !file_name_has_conversion(options->output))
		return true;
	redact_copy(shown, sizeof(shown), options->output);
	return error_set(error, 1,
		"-w %s: ddump does not replace '%%' with the time without -G; leave it out", shown);
}

/* The names of the files are made of that of -w. */
static bool check_split(const struct options *options, struct error *error)
{
	if (!options->split ||
		(options->output && *options->output && strcmp(options->output, "-") != 0))
		return true;
	return error_set(error, 1,
		"-split: needs the name of a file or directory; try -w FILE.pcapng or -w DIR/");
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

/* With the value missing, value may be a target, whose password must not become a name. */
static bool set_once_at(void *to, const char *value, struct error *error)
{
	struct options *options = to;
	char redacted[SHOWN_MAX];
	char shown[SHOWN_MAX];

	redact_copy(redacted, sizeof(redacted), value);
	text_escape(shown, sizeof(shown), redacted);
	if (!*value || strcmp(value, shown) != 0)
		return error_set(error, 1,
			"-once-at: \"%s\" is not a name; try the label of a target, or "
			"LABEL:INTERFACE",
			shown);
	options->once = true;
	options->once_at = value;
	return true;
}

static bool set_print_options(void *to, const char *value, struct error *error)
{
	return print_text_parse(value, &((struct options *)to)->print_options, error);
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

static bool set_paths_delay(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-paths-delay", NULL, 0, HOLD_MAX_MS};
	struct options *options = to;

	options->has_paths_delay = true;
	return parse_number(&range, value, &options->paths_delay, error);
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

/* Erases the value in argv, which other users can see. */
static bool set_header(void *to, const char *value, struct error *error)
{
	const bool is_added = request_headers_add(&((struct options *)to)->headers, value, error);

	explicit_bzero((char *)value, strlen(value));
	return is_added;
}

#define AT(source) NULL, offsetof(struct options, source)

const struct option_row options_rows[] = {
	{"filter", "EXPR", "capture packets that match this pcap-filter(7)", AT(defaults.filter)},
	{"interface", "NAME", "capture on this interface; may be repeated", set_interface, 0},
	{"i", "NAME", NULL, set_interface, 0},
	{"p", NULL, "do not set these interfaces promiscuous", AT(defaults.no_promisc)},
	{"D", NULL, "list the interfaces of each target, and capture nothing", AT(list_interfaces)},
	{"snaplen", "N", "keep N bytes of each packet", set_snaplen, 0},
	{"s", "N", NULL, set_snaplen, 0},
	{"payload", "N", "keep N bytes after the headers; 0: no payload", set_payload, 0},
	{"linktype", "TYPE", "sll (default), sll2, or native: that of one -interface", set_linktype,
		0},
	{"w", "FILE", "write to FILE; as pcapng if the name ends in .pcapng", set_output, 0},
	{"pcapng", NULL, "write pcapng, which has host and interface names", AT(pcapng)},
	{"wireshark", NULL, "show the packets in Wireshark", AT(wireshark)},
	{"print", NULL, "print packets as text, as on a terminal", AT(print)},
	{"n", NULL, "print addresses, not names", AT(numeric)},
	{"print-options", "TEXT", "options of tcpdump for the text: '-v -A'", set_print_options, 0},
	{"c", "N", "stop after N packets", set_count, 0},
	{"duration", "S", "stop after S seconds", set_duration, 0},
	{"hold", "MS", "wait at most MS ms for a silent target (default 2000)", set_hold, 0},
	{"align", NULL, "correct timestamps by the offset of each host's clock", AT(align)},
	{"align-traffic", NULL, "with -paths, also by the packets between the hosts",
		AT(align_traffic)},
	{"require", "all|any", "start only if all (default) or any targets answer", set_require, 0},
	{"retry", NULL, "reconnect lost targets", AT(retry)},
	{"paths", NULL, "print where packets are lost between the targets", AT(paths)},
	{"paths-delay", "MS", "with -paths and -w, write MS ms later, with comments",
		set_paths_delay, 0},
	{"once", NULL, "write connections as one interface saw them, no copies", AT(once)},
	{"once-at", "NAME", "the same, preferably as NAME, or NAME:INTERFACE", set_once_at, 0},
	{"report", "FILE", "write a JSON report at the end and at SIGUSR1", set_report, 0},
	{"split", NULL, "write a file for each target: FILE-LABEL, or DIR/LABEL", AT(split)},
	{"C", "SIZE", "begin another file at 100 (million bytes), 64K or 2G", set_file_bytes, 0},
	{"G", "S", "begin another file after S seconds", set_file_seconds, 0},
	{"W", "COUNT", "with -C, keep COUNT files; with -G, end after COUNT", set_file_count, 0},
	{"ring", NULL, "with -G and -W, keep the newest files instead of ending", AT(ring)},
	{"z", "COMMAND", "run COMMAND with the name of each finished file", AT(file_command)},
	{"no-names", NULL, "write no names of hosts into pcapng", AT(no_names)},
	{"ca", "FILE", "trust only these certificate authorities", AT(credentials.ca)},
	{"crl", "FILE", "reject server certificates that these lists revoke", AT(credentials.crl)},
	{"cert", "FILE", "send this certificate with its chain", AT(credentials.cert)},
	{"key", "FILE", "the key of -cert", AT(credentials.key)},
	{"netrc", NULL, "read users and passwords from ~/.netrc", AT(netrc)},
	{"header", "VALUE", "send the header field NAME: VALUE, or those in @FILE", set_header, 0},
	{"header-http", NULL, "send them by plain http, too", AT(headers.over_http)},
	{"ssh", "COMMAND", "run COMMAND instead of ssh", AT(ssh)},
	{"allow-exec", NULL, "allow exec: targets in files of targets", AT(targets.allow_exec)},
	{"status", NULL, "print a status line", AT(status)},
	{"quiet", NULL, "print only errors and warnings", AT(quiet)},
	{"verbose", NULL, "print more details", AT(verbose)},
	{"version", NULL, "print versions", AT(version)},
	{"help", NULL, "print this help", AT(help)},
	{"h", NULL, NULL, AT(help)},
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

/*
 * Explains an unknown option that tcpdump has, for which error is set: typed is one of
 * the words.
 */
static void explain_tcpdump_option(char *const *argv, struct error *error)
{
	char unknown[SHOWN_MAX];

	for (size_t i = 1; argv[i]; i++) {
		const bool is_buffering = strcmp(argv[i], "-l") == 0 || strcmp(argv[i], "-U") == 0;

		snprintf(unknown, sizeof(unknown), "unknown option %s;", argv[i]);
		if (strncmp(error->text, unknown, strlen(unknown)) != 0)
			continue;
		if (is_buffering)
			error_set(error, 1,
				"%s: not needed, ddump does not delay its output; leave it out",
				argv[i]);
		else if (print_text_is_option(argv[i]))
			error_set(error, 1,
				"%s: is an option of tcpdump; try -print -print-options '%s'",
				argv[i], argv[i]);
		return;
	}
}

static bool check_output(
	const struct options *options, const char *option, const char *path, struct error *error)
{
	char shown[SHOWN_MAX];

	if (!path || !target_list_reads(&options->targets, path))
		return true;
	redact_copy(shown, sizeof(shown), path);
	return error_set(
		error, 1, "%s %s: a target reads this file; try another name", option, shown);
}

/* The table of -paths is on stdout, and only pcapng can hold its comments. */
static bool check_paths(struct options *options, struct error *error)
{
	const bool has_file = options->output && strcmp(options->output, "-") != 0;

	if (!options->paths && options->align_traffic)
		return error_set(error, 1, "-align-traffic: needs -paths");
	if (!options->paths)
		return !options->has_paths_delay ||
		       error_set(error, 1, "-paths-delay: needs -paths");
	options->align = options->align || options->align_traffic;
	if (options->print || (options->output && !has_file))
		return error_set(error, 1,
			"-paths: its table goes to stdout; leave out -print, and try -w FILE");
	options->pcapng = true;
	return true;
}

static bool check_once(const struct options *options, struct error *error)
{
	if (options->once && options->paths && !options->output && !options->wireshark)
		return error_set(
			error, 1, "-once: -paths writes no packets without -w; try -w FILE");
	if (!options->once_at || options->targets.count == 0)
		return true;
	return once_name_check(options->once_at, &options->targets, error);
}

/* No file is overwritten that the run needs. */
static bool check_outputs(const struct options *options, struct error *error)
{
	if (options->report && options->output && strcmp(options->report, options->output) == 0)
		return error_set(error, 1, "-report: is the file of -w, too; try another name");
	return check_output(options, "-w", options->output, error) &&
	       check_output(options, "-report", options->report, error);
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
	if (operand < 0) {
		explain_tcpdump_option(argv, error);
		return false;
	}
	if (!check_split(ret_options, error) || !check_rotation(ret_options, error) ||
		!check_paths(ret_options, error))
		return false;
	if (!add_targets(argv + operand, (size_t)(argc - operand), ret_options, error))
		return false;
	if (!request_headers_check(&ret_options->headers, &ret_options->targets, error))
		return false;
	if (ret_options->targets.count == 0 && !ret_options->help && !ret_options->version)
		return error_set(error, 1, "no target given; see -help");
	return check_once(ret_options, error) && check_outputs(ret_options, error);
}

void options_cleanup(struct options *options)
{
	target_list_cleanup(&options->targets);
	request_headers_cleanup(&options->headers);
	tls_files_cleanup(&options->credentials);
}
