/* SPDX-License-Identifier: MIT */
/*
 * The command line: every option in its spellings, what is wrong with a value
 * by name, and no password left in argv.
 */
#include "client/config.h"

#include "format/packet.h"
#include "unit.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

enum { WORDS_MAX = 48, TEXT_MAX = 2048 };

/* A command line, cut at its '|', and what became of it. */
struct line {
	char text[TEXT_MAX];
	char *argv[WORDS_MAX + 1];
	int argc;
	struct options options;
	struct error error;
	bool good;
};

static struct line line;

static void read_line(const char *text)
{
	line = (struct line){0};
	assert_true(strlen(text) < sizeof(line.text) - 8);
	snprintf(line.text, sizeof(line.text), "ddump|%s", text);
	for (char *word = line.text; word;) {
		char *end = strchr(word, '|');

		assert_true(line.argc < WORDS_MAX);
		if (end)
			*end++ = '\0';
		line.argv[line.argc++] = word;
		word = end;
	}
	optind = 0; /* getopt(3): forget the line before */
	line.good = options_read(line.argc, line.argv, &line.options, &line.error);
}

static void good(const char *text)
{
	read_line(text);
	if (!line.good)
		fail_msg("%s: %s", text, line.error.text);
	assert_int_equal(line.error.status, 0);
}

static void bad(const char *text, const char *sentence)
{
	read_line(text);
	if (line.good)
		fail_msg("%s: is taken", text);
	assert_int_equal(line.error.status, 1);
	if (!strstr(line.error.text, sentence))
		fail_msg("%s: %s", text, line.error.text);
	options_cleanup(&line.options);
}

static void options_not_given_have_defaults(void **state)
{
	(void)state;
	good("a");
	assert_int_equal(line.options.targets.count, 1);
	assert_null(line.options.output);
	assert_null(line.options.defaults.filter);
	assert_null(line.options.defaults.snaplen);
	assert_null(line.options.defaults.payload);
	assert_null(line.options.defaults.linktype);
	assert_int_equal(line.options.defaults.interface_count, 0);
	assert_false(line.options.defaults.no_promisc);
	assert_null(line.options.credentials.ca);
	assert_null(line.options.credentials.cert);
	assert_null(line.options.credentials.key);
	assert_int_equal(line.options.count, 0);
	assert_int_equal(line.options.duration, 0);
	assert_int_equal(line.options.hold, 2000);
	assert_true(line.options.require_all);
	assert_false(line.options.pcapng || line.options.align || line.options.retry ||
		     line.options.status);
	assert_false(line.options.netrc || line.options.quiet || line.options.verbose ||
		     line.options.version || line.options.help);
	options_cleanup(&line.options);
	bad("-quiet", "no target given");
}

static void options_all_parsed(void **state)
{
	static const char *const lines[] = {
		"-ca|CA|-cert|CERT|-key|KEY|-filter|tcp port 80|-interface|e0|"
		"-interface|e1|-snaplen|96|-payload|0|-w|out.pcap|-c|10|-duration|20|"
		"-hold|30|-require|any|-netrc|-quiet|-verbose|-version|-help|a|-p|-D|"
		"-pcapng|-align|-retry|-status",
		"a|--p|--D|--status|--retry|--align|--pcapng|--help|--version|--"
		"verbose|--quiet|--netrc|--require|any|"
		"--hold|30|--duration|20|--c|10|--w|out.pcap|--snaplen|96|--payload|0|"
		"--interface|e0|--interface|e1|--filter|tcp port 80|--key|KEY|"
		"--cert|CERT|--ca|CA",
		"-ca=CA|--cert=CERT|-key=KEY|-filter=tcp port 80|a|-i=e0|"
		"--interface=e1|-snaplen=96|-payload=0|-w=out.pcap|-c=10|-duration=20|"
		"-hold=30|-require=any|-p|-D|-netrc|-quiet|-verbose|-version|-h|"
		"-status|-align|--pcapng|--retry",
		"-p|-D|-i|e0|-s|96|--payload=0|-i|e1|-h|-w|out.pcap|-c|10|-duration|20|a|-hold|"
		"0030|"
		"-filter|tcp port "
		"80|-require|any|-netrc|-quiet|-verbose|-version|-ca|CA|-cert|"
		"CERT|-key|KEY|-align|-pcapng|-status|-retry",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct options *options = &line.options;

		good(lines[i]);
		assert_string_equal(options->credentials.ca, "CA");
		assert_string_equal(options->credentials.cert, "CERT");
		assert_string_equal(options->credentials.key, "KEY");
		assert_string_equal(options->defaults.filter, "tcp port 80");
		assert_string_equal(options->defaults.snaplen, "96");
		assert_string_equal(options->defaults.payload, "0");
		assert_int_equal(options->defaults.interface_count, 2);
		assert_string_equal(options->defaults.interfaces[0], "e0");
		assert_string_equal(options->defaults.interfaces[1], "e1");
		assert_true(options->defaults.no_promisc);
		assert_true(options->list_interfaces);
		assert_string_equal(options->output, "out.pcap");
		assert_int_equal(options->count, 10);
		assert_int_equal(options->duration, 20);
		assert_int_equal(options->hold, 30);
		assert_false(options->require_all);
		assert_true(options->pcapng && options->align && options->retry && options->status);
		assert_true(options->netrc && options->quiet && options->verbose &&
			    options->version && options->help);
		assert_int_equal(options->targets.count, 1);
		options_cleanup(&line.options);
	}
}

/* An option counts for all targets, wherever it stands. */
static void options_after_operands_parsed(void **state)
{
	(void)state;
	good("a|-filter|x|b|-quiet|c|-c|1|d|--|-e");
	assert_true(line.options.quiet);
	assert_int_equal(line.options.count, 1);
	assert_int_equal(line.options.targets.count, 5);
	for (size_t i = 0; i < 5; i++) {
		const struct target *target = &line.options.targets.list[i];

		assert_int_equal(target->label[i == 4], 'a' + i);
		assert_non_null(strstr(target->url, "filter=x"));
	}
	options_cleanup(&line.options);
}

static void help_without_target_accepted(void **state)
{
	static const char *const lines[] = {
		"-help", "--help", "-h", "--h", "-version", "--version"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		good(lines[i]);
		assert_int_equal(line.options.help, i < 4);
		assert_int_equal(line.options.version, i >= 4);
		options_cleanup(&line.options);
	}
}

static void number_out_of_range_rejected(void **state)
{
	static const char *const options[] = {"-c", "-duration", "-hold", "-snaplen", "-payload"};
	static const char *const values[] = {
		"", "-1", "+1", "1.5", "x", "1x", " 1", "0x10", "1e3", "99999999999999999999"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		for (size_t j = 0; j < sizeof(values) / sizeof(*values); j++) {
			snprintf(text, sizeof(text), "%s|%s|a", options[i], values[j]);
			bad(text, options[i]);
		}
	bad("-c|0|a", "-c: \"0\" is not a number from 1 to");
	bad("-duration|0|a", "-duration: \"0\" is not a number from 1 to 31536000");
	bad("-snaplen|262145|a", "from 0 to 262144");
	bad("-payload|262145|a", "-payload: \"262145\" is not a number from 0 to 262144");
	bad("-s|262145|a", "-snaplen");
	bad("-hold|600001|a", "from 0 to 600000");
	bad("-duration|31536001|a", "from 1 to 31536000");
	good("-c|9223372036854775807|-duration|31536000|-hold|600000|"
	     "-s|262144|a");
	options_cleanup(&line.options);
	good("-hold|0|-s|0|a");
	assert_int_equal(line.options.hold, 0);
	assert_string_equal(line.options.defaults.snaplen, "0");
	options_cleanup(&line.options);
}

static void paths_own_stdout(void **state)
{
	(void)state;
	good("-paths|a");
	assert_true(line.options.paths && line.options.pcapng && !line.options.has_paths_delay);
	options_cleanup(&line.options);
	good("-paths|-paths-delay|0|-w|out.pcap|a");
	assert_true(line.options.pcapng && line.options.has_paths_delay);
	assert_int_equal(line.options.paths_delay, 0);
	options_cleanup(&line.options);
	bad("-paths-delay|0|a", "-paths-delay: needs -paths");
	bad("-paths|-paths-delay|600001|a", "-paths-delay: \"600001\" is not a number from 0 to");
	bad("-paths|-print|-w|out.pcapng|a", "-paths: its table goes to stdout");
	bad("-paths|-w|-|a", "-paths: its table goes to stdout");
}

static void once_needs_packets_and_a_label(void **state)
{
	(void)state;
	good("-once|a");
	assert_true(line.options.once && !line.options.once_at);
	options_cleanup(&line.options);
	good("-once-at|web1:eth0|db1=http://b|web1=http://a");
	assert_true(line.options.once);
	assert_string_equal(line.options.once_at, "web1:eth0");
	options_cleanup(&line.options);
	good("-once|-paths|-w|out.pcapng|a");
	options_cleanup(&line.options);
	good("-once-at|web1|./all.pcapng|a");
	options_cleanup(&line.options);
	bad("-once-at|web|web1=http://a", "-once-at web: no target has this label");
	bad("-once-at||a", "-once-at: \"\" is not a name");
	bad("-once-at|web\033[7m|./all.pcapng", "-once-at: \"web\\x1b[7m\" is not a name");
	bad("-once-at|http://me:secret@b|a", "is not a name; try the label of a target");
	bad("-once|-paths|a", "-once: -paths writes no packets without -w");
	good("-once|-paths|-wireshark|a");
	options_cleanup(&line.options);
}

static void linktype_is_one_of_three(void **state)
{
	static const char *const names[] = {"sll", "sll2", "native"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(text, sizeof(text), "-linktype|%s|-i|eth0|a", names[i]);
		good(text);
		assert_string_equal(line.options.defaults.linktype, names[i]);
		options_cleanup(&line.options);
	}
	bad("-linktype|SLL|a", "-linktype: \"SLL\" is neither sll, sll2 nor native");
	bad("-linktype||a", "-linktype: \"\" is neither");
	bad("-linktype|u:S3cr3t@a", "-linktype: \"u:@a\" is neither");
}

static void output_with_compressed_suffix_rejected(void **state)
{
	static const char *const ends[] = {".gz", ".zst", ".lz4", ".xz", ".bz2", ".GZ"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(text, sizeof(text), "-w|x.pcapng%s|a", ends[i]);
		bad(text, "does not compress; leave out \".");
		snprintf(text, sizeof(text), "-w|x%s|a", ends[i]);
		bad(text, "leave out \".");
		/* not at the end, or nothing but that */
		snprintf(text, sizeof(text), "-w|x%s.pcap|a", ends[i]);
		good(text);
		options_cleanup(&line.options);
		snprintf(text, sizeof(text), "-w|%s|a", ends[i]);
		good(text);
		options_cleanup(&line.options);
	}
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* Is this what strftime(3) makes of itself? */
static bool is_plain(const char *text)
{
	const struct tm tm = {.tm_year = 123, .tm_mday = 4, .tm_hour = 5};
	char out[64];

	return strftime(out, sizeof(out), text, &tm) > 0 && strcmp(out, text) == 0;
}
#pragma GCC diagnostic pop

static void output_with_conversion_rejected(void **state)
{
	static const char *const fronts[] = {"%", "%E", "%O", "%-", "%+4"};
	static const char *const names[] = {"100%.pcap", "100%", "5 % of it", "%", "%=x", "a%/b%"};
	char name[32];
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(fronts) / sizeof(*fronts); i++)
		for (char c = '!'; c < '~'; c++) {
			snprintf(name, sizeof(name), "x%s%c.pcap", fronts[i], c);
			snprintf(text, sizeof(text), "-w|%s|a", name);
			if ((isalpha((unsigned char)c) || c == '%') && !is_plain(name))
				bad(text, "does not replace '%' with the time");
		}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_true(is_plain(names[i]));
		snprintf(text, sizeof(text), "-w|%s|a", names[i]);
		good(text);
		options_cleanup(&line.options);
	}
	bad("-w|%%|a", "'%'");
}

static void files_by_size_time_and_number_parsed(void **state)
{
	(void)state;
	good("-C|100|-w|a|b");
	assert_int_equal(line.options.file_bytes, 100000000);
	options_cleanup(&line.options);
	good("-C|64K|-w|a|b");
	assert_int_equal(line.options.file_bytes, 65536);
	options_cleanup(&line.options);
	good("-C|3m|-w|a|-W|7|-z|gzip|b");
	assert_int_equal(line.options.file_bytes, 3 << 20);
	assert_int_equal(line.options.file_count, 7);
	assert_string_equal(line.options.file_command, "gzip");
	options_cleanup(&line.options);
	good("-C|2G|-G|60|-w|a-%H|-ring|-W|100000|b");
	assert_int_equal(line.options.file_bytes, UINT64_C(2) << 30);
	assert_int_equal(line.options.file_seconds, 60);
	assert_true(line.options.ring);
	options_cleanup(&line.options);
	good("-C|8589934591G|-w|a|b");
	options_cleanup(&line.options);
}

static void options_of_tcpdump_explained(void **state)
{
	(void)state;
	bad("-v|a", "-v: is an option of tcpdump; try -print -print-options '-v'");
	bad("a|-XX", "-XX: is an option of tcpdump; try -print -print-options '-XX'");
	bad("-tttt|a", "try -print -print-options '-tttt'");
	bad("-A|a", "try -print -print-options '-A'");
	bad("-e|a", "try -print -print-options '-e'");
	bad("-l|a", "-l: not needed");
	bad("-U|a", "-U: not needed");
	bad("-r|a", "unknown option -r; see -help");
	good("-n|a");
	assert_true(line.options.numeric && !line.options.print);
	options_cleanup(&line.options);
}

static void options_for_the_text_checked(void **state)
{
	static const char *const others[] = {"-w x", "-r x", "-z x", "-F x", "-V x", "-i x", "x",
		"-", "--", "--version", "-v -w", "-vw", "-l", "-E x", "-m x", "-Z x", "-c 1",
		"-C 1", "-v\n-w", "-v -v -v -v -v -v -v -v -v -v -v -v -v -v -v -v -v"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		snprintf(text, sizeof(text), "-print-options|%s|a", others[i]);
		bad(text, "-print-options: ");
	}
	good("-print|-print-options| -e \t-vvXX |a");
	assert_true(line.options.print);
	assert_int_equal(line.options.print_options.count, 2);
	assert_string_equal(line.options.print_options.words[0], "-e");
	assert_string_equal(line.options.print_options.words[1], "-vvXX");
	options_cleanup(&line.options);
	good("-print-options||a");
	assert_int_equal(line.options.print_options.count, 0);
	options_cleanup(&line.options);
	bad("-print|-w|-|a", "-print: both text and packets would go to stdout");
}

static void files_in_conflict_rejected(void **state)
{
	static const char *const sizes[] = {"", "0", "-1", "K", "1KB", "1T", "1 ", "0x1",
		"8589934592G", "99999999999999999999"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		snprintf(text, sizeof(text), "-C|%s|-w|a|b", sizes[i]);
		bad(text, "is not a size; try 100 (millions of bytes), 64K, 100M or 2G");
	}
	bad("-C|1|a", "-C and -G: need the name of a file");
	bad("-G|1|-w|-|a", "-C and -G: need the name of a file");
	bad("-w|x|-W|1|a", "-W, -ring and -z: need -C or -G");
	bad("-w|x|-ring|a", "-W, -ring and -z: need -C or -G");
	bad("-w|x|-z|gzip|a", "-W, -ring and -z: need -C or -G");
	bad("-w|x|-G|1|-ring|a", "-ring: needs -W with the number of files");
	bad("-w|x%H|-C|1|a", "without -G");
	bad("-G|0|-w|a|b", "-G: \"0\" is not a number from 1 to 31536000");
	bad("-W|100001|-G|1|-w|a|b", "-W: \"100001\" is not a number from 1 to 100000");
}

static void option_unknown_named(void **state)
{
	static const char *const names[] = {"-y", "--filtre", "-filtre=x", "-1", "-:", "--x=-c"};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char shown[64];

		/* a value may be a secret */
		snprintf(shown, sizeof(shown), "unknown option %.*s", (int)strcspn(names[i], "=:"),
			names[i]);
		snprintf(text, sizeof(text), "a|%s|b", names[i]);
		bad(text, shown);
	}
	/* neither verbose nor version, and nothing that takes a value */
	bad("-ver|a", "-ver");
	bad("-quiet=1|a", "-quiet");
}

static void value_missing_reported(void **state)
{
	char text[64];

	(void)state;
	for (size_t i = 0; i < options_row_count; i++) {
		if (!options_rows[i].argument)
			continue;
		snprintf(text, sizeof(text), "a|-%s", options_rows[i].name);
		bad(text, text + 2);
		bad(text, "needs an argument");
	}
}

static void require_other_value_rejected(void **state)
{
	(void)state;
	bad("-report|-|a", "-report: \"-\" is not the name of a file");
	bad("-report||a", "is not the name of a file");
	bad("-report|u:S3cr3t@b|a", "-report: \"u:@b\" is a target with a password");
	bad("-require|some|a", "-require: \"some\" is neither all nor any");
	bad("-require||a", "is neither all nor any");
	good("-w|pcapng|-require|all|a");
	assert_true(line.options.require_all);
	options_cleanup(&line.options);
	good("-w|-|a");
	assert_string_equal(line.options.output, "-");
	options_cleanup(&line.options);
	good("-w||a");
	options_cleanup(&line.options);
}

/* Each alone, so that none stands for another. */
static void flag_sets_one_field(void **state)
{
	static const char *const names[] = {"pcapng", "align", "retry", "status", "netrc", "quiet",
		"verbose", "allow-exec", "header-http"};
	char text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct options *is = &line.options;

		snprintf(text, sizeof(text), "a|-%s", names[i]);
		good(text);
		assert_int_equal(is->pcapng, i == 0);
		assert_int_equal(is->align, i == 1);
		assert_int_equal(is->retry, i == 2);
		assert_int_equal(is->status, i == 3);
		assert_int_equal(is->netrc, i == 4);
		assert_int_equal(is->quiet, i == 5);
		assert_int_equal(is->verbose, i == 6);
		assert_int_equal(is->targets.allow_exec, i == 7);
		assert_int_equal(is->headers.over_http, i == 8);
		options_cleanup(&line.options);
	}
}

/* A file that is called so is written so, and so may be any other. */
static void output_suffix_selects_pcapng(void **state)
{
	static const struct {
		const char *text;
		bool pcapng;
	} cases[] = {{"-w|x.pcapng|a", true}, {"-w=/x/y.pcapng|a", true}, {"a|--w|.x.pcapng", true},
		{"-w|x.pcap|-pcapng|a", true}, {"-pcapng|-w|x.pcap|a", true},
		{"-pcapng|-w|-|a", true}, {"-pcapng|a", true}, {"-w|x.pcap|a", false},
		{"-w|pcapng|a", false}, {"-w|.pcapng|a", false}, {"-w|x.pcapng.old|a", false},
		{"-w|xpcapng|a", false}, {"-w|x.pcapng/|a", false}, {"-w|x.PCAPNG|a", false},
		{"-w|-|a", false}, {"-w||a", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		good(cases[i].text);
		if (line.options.pcapng != cases[i].pcapng)
			fail_msg("%s", cases[i].text);
		options_cleanup(&line.options);
	}
}

static void interfaces_above_limit_rejected(void **state)
{
	char text[TEXT_MAX] = "a";

	(void)state;
	for (int i = 0; i < TARGET_INTERFACES_MAX / 2; i++)
		strcat(text, "|-i=e|-i=f");
	good(text);
	assert_int_equal(line.options.defaults.interface_count, TARGET_INTERFACES_MAX);
	options_cleanup(&line.options);
	strcat(text, "|-i=g");
	bad(text, "-interface may be repeated at most 32 times");
}

static void passwords_in_argv_erased(void **state)
{
	static const char *const lines[] = {"http://u:S3cr3t@a|-c|1|u:S3cr3t@b",
		"x=https://u:S3cr3t@a|y=u:S3cr3t@b", "-help|u:S3cr3t@a",
		"http://u:S3cr3t@a|--|u:S3cr3t@b"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct target *target;

		good(lines[i]);
		for (size_t j = 0; j + 6 <= sizeof(line.text); j++)
			assert_memory_not_equal(line.text + j, "S3cr3t", 6);
		target = &line.options.targets.list[0];
		assert_string_equal(target->password, "S3cr3t");
		assert_null(strstr(target->url, "S3cr3t"));
		options_cleanup(&line.options);
	}
}

static void target_error_without_password(void **state)
{
	static const char *const lines[] = {
		"http://u:S3cr3t@a:x", "ftp://u:S3cr3t@a", "b|u:S3cr3t#@a", "l=b|l=u:S3cr3t@c"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		bad(lines[i], "");
		assert_null(strstr(line.error.text, "S3cr3t"));
		for (size_t j = 0; j + 6 <= sizeof(line.text); j++)
			assert_memory_not_equal(line.text + j, "S3cr3t", 6);
	}
}

/* A value that was forgotten, so that the target stands in its place. */
static void value_error_without_password(void **state)
{
	static const char *const lines[] = {"-hold|http://u:S3cr3t@a", "-c|http://u:S3cr3t@a",
		"-require|http://u:S3cr3t@a", "-x=http://u:S3cr3t@a", "-http://u:S3cr3t@a",
		"-quiet=http://u:S3cr3t@a", "@http://u:S3cr3t@a",
		/* as tcpdump takes values, without a blank */
		"-wu:S3cr3t@a", "-u:S3cr3t@a", "--wu:S3cr3t@a", "-cu%3AS3cr3t@a",
		"-whttp://u:S3cr3t@a", "-wl=u:S3cr3t@a", "-w@u:S3cr3t", "-retryu:S3cr3t@a"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		bad(lines[i], "");
		assert_null(strstr(line.error.text, "S3cr3t"));
	}
}

static void table_names_unique(void **state)
{
	(void)state;
	assert_true(options_row_count <= OPTIONS_MAX);
	for (size_t i = 0; i < options_row_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(options_rows[i].name, options_rows[j].name);
	/* only another spelling has no help, and not the first row */
	assert_non_null(options_rows[0].help);
}

/* -align-traffic uses the packets of -paths, and begins with -align. */
static void align_traffic_needs_paths(void **state)
{
	(void)state;
	bad("-align-traffic|a", "-align-traffic: needs -paths");
	bad("-align-traffic|-align|a", "-align-traffic: needs -paths");
	good("-align-traffic|-paths|a");
	assert_true(line.options.align && line.options.align_traffic);
	options_cleanup(&line.options);
	good("-align|-paths|a");
	assert_false(line.options.align_traffic);
	options_cleanup(&line.options);
}

/* The names of the files are made of that of -w. */
static void split_needs_a_name(void **state)
{
	static const char *const lines[] = {
		"-split|a", "-split|-w|-|a", "-split|-w||a", "-split|-C|1|a", "-split|-print|a"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		bad(lines[i], "-split: needs the name of a file or directory");
	good("-split|-w|a.pcapng|-print|-C|1|b");
	assert_true(line.options.split && line.options.pcapng && line.options.print);
	options_cleanup(&line.options);
	good("-w|d/|-split|-paths|b");
	options_cleanup(&line.options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_not_given_have_defaults),
		cmocka_unit_test(options_all_parsed),
		cmocka_unit_test(options_after_operands_parsed),
		cmocka_unit_test(help_without_target_accepted),
		cmocka_unit_test(number_out_of_range_rejected),
		cmocka_unit_test(paths_own_stdout),
		cmocka_unit_test(once_needs_packets_and_a_label),
		cmocka_unit_test(linktype_is_one_of_three),
		cmocka_unit_test(output_with_compressed_suffix_rejected),
		cmocka_unit_test(output_with_conversion_rejected),
		cmocka_unit_test(files_by_size_time_and_number_parsed),
		cmocka_unit_test(files_in_conflict_rejected),
		cmocka_unit_test(options_of_tcpdump_explained),
		cmocka_unit_test(options_for_the_text_checked),
		cmocka_unit_test(option_unknown_named),
		cmocka_unit_test(value_missing_reported),
		cmocka_unit_test(require_other_value_rejected),
		cmocka_unit_test(flag_sets_one_field),
		cmocka_unit_test(output_suffix_selects_pcapng),
		cmocka_unit_test(interfaces_above_limit_rejected),
		cmocka_unit_test(passwords_in_argv_erased),
		cmocka_unit_test(target_error_without_password),
		cmocka_unit_test(value_error_without_password),
		cmocka_unit_test(align_traffic_needs_paths),
		cmocka_unit_test(split_needs_a_name),
		cmocka_unit_test(table_names_unique),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
