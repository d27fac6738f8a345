/* SPDX-License-Identifier: MIT */
/*
 * Targets: every form of the grammar gives its URL, label and credentials;
 * what is wrong is named; and a password is in no URL and in no sentence.
 */
#include "client/redact.h"
#include "client/target_list.h"
#include "client/watermark_interval.h"

#include "../lib/printable.h"
#include "unit.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPTURE "/capture?format=pcapng"
#define SECRET "S3cr3tW0rd"
#define ICMP "filter=icmp%20and%20host%201.1.1.1"
#define SIXTY "0123456789abcdefghijABCDEFGHIJ0123456789abcdefghijABCDEFGHIJ"

static const struct target_defaults nothing = {0};

/* A target that is taken: what it is to become. */
struct good {
	const char *text;
	const char *label;
	const char *url;
	const char *user;
	const char *password;
};

static void same_text(const char *what, const char *text, const char *expected)
{
	if ((text == NULL) != (expected == NULL) || (text && strcmp(text, expected) != 0))
		fail_msg(
			"%s: %s, not %s", what, text ? text : "none", expected ? expected : "none");
}

/*
 * The same, but for the hex digits of escapes: "%2b" and "%2B" are equal
 * (RFC 3986, section 2.1), and which one libcurl writes depends on its version.
 * Expected is to have capitals.
 */
static void same_url(const char *what, const char *url, const char *expected)
{
	char *capitals = strdup(url);

	assert_non_null(capitals);
	for (char *at = capitals; (at = strchr(at, '%')) != NULL; at++)
		for (size_t i = 1; i <= 2 && at[i]; i++)
			at[i] = (char)toupper((unsigned char)at[i]);
	same_text(what, capitals, expected);
	free(capitals);
}

static void check_target(const struct target *target, const struct good *good)
{
	same_text(good->text, target->label, good->label);
	same_url(good->text, target->url, good->url);
	same_text(good->text, target->user, good->user);
	same_text(good->text, target->password, good->password);
}

static void add(
	struct target_list *targets, const char *text, const struct target_defaults *defaults)
{
	struct error error = {0};
	const size_t count = targets->count;

	if (!target_list_add(targets, text, defaults, &error))
		fail_msg("%s: %s", text, error.text);
	assert_int_equal(error.status, 0);
	if (*text != '@')
		assert_int_equal(targets->count, count + 1);
}

static void check_good(
	const struct good *good, size_t count, const struct target_defaults *defaults)
{
	for (size_t i = 0; i < count; i++) {
		struct target_list targets = {0};

		add(&targets, good[i].text, defaults);
		check_target(&targets.list[0], &good[i]);
		target_list_cleanup(&targets);
		assert_int_equal(targets.count, 0);
	}
}

/* Returns the sentence, that of the last call. */
static const char *refuse(const char *text, const struct target_defaults *with)
{
	static struct error error;
	struct target_list targets = {0};

	error = (struct error){0};
	if (target_list_add(&targets, text, with, &error))
		fail_msg("%s: is taken", text);
	assert_int_equal(error.status, 1);
	assert_true(*error.text);
	assert_int_equal(targets.count, 0);
	target_list_cleanup(&targets);
	return error.text;
}

static void url_parts_missing_have_defaults(void **state)
{
	static const struct good good[] = {
		{"a", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"a:8475", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"a:80", "a:80", "http://a:80" CAPTURE, NULL, NULL},
		{"a:", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"http://a", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"https://a", "a", "https://a:8475" CAPTURE, NULL, NULL},
		{"https://a/", "a", "https://a:8475" CAPTURE, NULL, NULL},
		{"https://a:443", "a:443", "https://a:443" CAPTURE, NULL, NULL},
		{"http://a:80/", "a:80", "http://a:80" CAPTURE, NULL, NULL},
		{"HTTPS://a", "a", "https://a:8475" CAPTURE, NULL, NULL},
		{"a:8475/", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"http://a/x/y", "a", "http://a:8475/x/y?format=pcapng", NULL, NULL},
		{"a.example.net:8475/capture", "a.example.net", "http://a.example.net:8475" CAPTURE,
			NULL, NULL},
		{"192.0.2.1:65535", "192.0.2.1:65535", "http://192.0.2.1:65535" CAPTURE, NULL,
			NULL},
		{"http://0.0.0.0:8475/capture?" ICMP, "0.0.0.0",
			"http://0.0.0.0:8475/capture?" ICMP "&format=pcapng", NULL, NULL},
	};

	(void)state;
	check_good(good, sizeof(good) / sizeof(*good), &nothing);
}

static void ipv6_in_brackets_accepted(void **state)
{
	static const struct good good[] = {
		{"[::1]", "[::1]", "http://[::1]:8475" CAPTURE, NULL, NULL},
		{"[::1]:80", "[::1]:80", "http://[::1]:80" CAPTURE, NULL, NULL},
		{"https://[2001:db8::7]:8475/x", "[2001:db8::7]",
			"https://[2001:db8::7]:8475/x?format=pcapng", NULL, NULL},
		{"six=u:p@[::1]", "six", "http://[::1]:8475" CAPTURE, "u", "p"},
		{"http://[fe80::1%25eth0]/", "[fe80::1]", "http://[fe80::1%25eth0]:8475" CAPTURE,
			NULL, NULL},
	};

	(void)state;
	check_good(good, sizeof(good) / sizeof(*good), &nothing);
	refuse("::1", &nothing);
	refuse("[::1", &nothing);
	refuse("[::g]", &nothing);
}

static void credentials_decoded(void **state)
{
	static const struct good good[] = {
		{"u@a", "a", "http://a:8475" CAPTURE, "u", NULL},
		{"u:p@a", "a", "http://a:8475" CAPTURE, "u", "p"},
		{"u:@a", "a", "http://a:8475" CAPTURE, "u", ""},
		{"u%40x:p%2fw%3a%25%23@a:80", "a:80", "http://a:80" CAPTURE, "u@x", "p/w:%#"},
		{"https://u:p:q@a", "a", "https://a:8475" CAPTURE, "u", "p:q"},
		{"http://u:p+q%20r@a/", "a", "http://a:8475" CAPTURE, "u", "p+q r"},
		{"db=http://u:p=q@a/", "db", "http://a:8475" CAPTURE, "u", "p=q"},
		{"u:%c3%bc@a", "a", "http://a:8475" CAPTURE, "u", "\xc3\xbc"},
		{"http://u:p@a/x?filter=host%20b@c", "a",
			"http://a:8475/x?filter=host%20b@c&format=pcapng", "u", "p"},
	};

	(void)state;
	check_good(good, sizeof(good) / sizeof(*good), &nothing);
}

/* A request without the password that was given would be another request. */
static void credentials_badly_encoded_rejected(void **state)
{
	static const char *const bad[] = {
		"u:p%0aw@a", "u:%00@a", "u%01:p@a", "u:p%1f@a", "http://%0d@a"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuse(bad[i], &nothing);
}

static void label_before_equals_parsed(void **state)
{
	static const struct good good[] = {
		{"web=a", "web", "http://a:8475" CAPTURE, NULL, NULL},
		{"web-1.x_Y=https://a:1/x", "web-1.x_Y", "https://a:1/x?format=pcapng", NULL, NULL},
		{"a?x=y", "a", "http://a:8475/capture?x=y&format=pcapng", NULL, NULL},
		{"a:8475/x=y", "a", "http://a:8475/x=y?format=pcapng", NULL, NULL},
		{"w=a?x=y", "w", "http://a:8475/capture?x=y&format=pcapng", NULL, NULL},
		{SIXTY "1234=a", SIXTY "1234", "http://a:8475" CAPTURE, NULL, NULL},
	};
	static const char *const bad[] = {
		"=a", "a b=c", "a#2=c", "a,b=c", "\xc3\xbc=c", SIXTY "12345=a"};

	(void)state;
	check_good(good, sizeof(good) / sizeof(*good), &nothing);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!strstr(refuse(bad[i], &nothing), "label") && !strchr(bad[i], '#'))
			fail_msg("%s: %s", bad[i], refuse(bad[i], &nothing));
}

static void command_not_parsed(void **state)
{
	static const struct {
		const char *text, *label, *command;
	} good[] = {
		{"exec:true", "exec", "true"},
		{"exec: a b", "exec", " a b"},
		{"x=exec:u:p@h/?q#f=1", "x", "u:p@h/?q#f=1"},
		{"exec:A=b c", "exec", "A=b c"},
		{"exec:exec:x", "exec", "exec:x"},
	};
	static const char *const empty[] = {"exec:", "x=exec: \t"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct target_list targets = {0};

		add(&targets, good[i].text, &nothing);
		same_text(good[i].text, targets.list[0].label, good[i].label);
		same_text(good[i].text, targets.list[0].command, good[i].command);
		same_text(good[i].text, targets.list[0].url, NULL);
		target_list_cleanup(&targets);
	}
	for (size_t i = 0; i < sizeof(empty) / sizeof(*empty); i++)
		assert_non_null(strstr(refuse(empty[i], &nothing), "a command must follow"));
}

static void file_not_parsed(void **state)
{
	static const struct {
		const char *text, *label, *path;
	} good[] = {
		{"./a", "a", "./a"},
		{"/tmp/x.pcap", "x", "/tmp/x.pcap"},
		{"a/b.pcapng", "b", "a/b.pcapng"},
		{"a/", "a/", "a/"},
		{"a/b?c#d@e:f", "b?c#d@e:f", "a/b?c#d@e:f"},
		{"a/x=y", "x=y", "a/x=y"},
		{"./.pcap", ".pcap", "./.pcap"},
		{"x=/u:p@h", "x", "/u:p@h"},
		{"file:a", "a", "a"},
		{"file:///etc/x", "x", "///etc/x"},
		{"y=file:web1.pcap", "y", "web1.pcap"},
		{"file:-", "-", "-"},
		{"./a\nb", "a\\x0ab", "./a\nb"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct target_list targets = {0};

		add(&targets, good[i].text, &nothing);
		assert_int_equal(targets.list[0].kind, TARGET_FILE);
		same_text(good[i].text, targets.list[0].label, good[i].label);
		same_text(good[i].text, targets.list[0].path, good[i].path);
		same_text(good[i].text, targets.list[0].url, NULL);
		target_list_cleanup(&targets);
	}
	assert_non_null(strstr(refuse("file:", &nothing), "the name of a file must follow"));
}

static void socket_has_a_query(void **state)
{
	static const struct {
		const char *text, *label, *socket, *url;
	} good[] = {
		{"unix:/run/w", "w", "/run/w", "http://127.0.0.1:8475" CAPTURE},
		{"x=unix:w?filter=a b", "x", "w",
			"http://127.0.0.1:8475/capture?filter=a+b&format=pcapng"},
		{"unix:///u:p@h", "u:p@h", "///u:p@h", "http://127.0.0.1:8475" CAPTURE},
	};
	static const char *const bad[] = {
		"unix:", "unix:?filter=x", "unix:/a?b#c", "unix:/" SIXTY SIXTY};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct target_list targets = {0};

		add(&targets, good[i].text, &nothing);
		assert_int_equal(targets.list[0].kind, TARGET_UNIX);
		same_text(good[i].text, targets.list[0].label, good[i].label);
		same_text(good[i].text, targets.list[0].socket, good[i].socket);
		same_url(good[i].text, targets.list[0].url, good[i].url);
		same_text(good[i].text, targets.list[0].user, NULL);
		target_list_cleanup(&targets);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuse(bad[i], &nothing);
}

static void stdin_is_a_dash(void **state)
{
	static const char *const texts[] = {"-", "x=-"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct target_list targets = {0};

		add(&targets, texts[i], &nothing);
		assert_int_equal(targets.list[0].kind, TARGET_STDIN);
		same_text(texts[i], targets.list[0].label, i ? "x" : "stdin");
		target_list_cleanup(&targets);
	}
}

static void stdin_is_one_target(void **state)
{
	struct target_list targets = {0};
	struct error error = {0};

	(void)state;
	add(&targets, "-", &nothing);
	assert_false(target_list_add(&targets, "again=-", &nothing, &error));
	assert_non_null(strstr(error.text, "standard input"));
	assert_false(target_list_add(&targets, "@-", &nothing, &error));
	assert_non_null(strstr(error.text, "standard input"));
	target_list_cleanup(&targets);
}

static void command_not_redacted(void **state)
{
	char argument[] = "x=exec:curl http://u:p@h/";
	char shown[64];

	(void)state;
	redact_argument(argument);
	assert_string_equal(argument, "x=exec:curl http://u:p@h/");
	redact_copy(shown, sizeof(shown), argument);
	assert_string_equal(shown, argument);
}

static void tcpdump_is_reached_by_ssh(void **state)
{
	static const char *const bad[] = {"tcpdump+ssh://a/path", "tcpdump+ssh://u:p@a",
		"tcpdump+ssh://-oX", "tcpdump+ssh://-l@a", "tcpdump+ssh://", "tcpdump+ssh://a?x=1",
		"tcpdump+ssh://a?filter=(", "tcpdump+ssh://a;b", "tcpdump://a"};
	struct target_list targets = {0};
	const struct target *target;

	(void)state;
	add(&targets, "x=tcpdump+ssh://u@[::1]:2222?filter=icmp and host 1.1.1.1", &nothing);
	target = &targets.list[0];
	assert_int_equal(target->kind, TARGET_TCPDUMP);
	same_text("label", target->label, "x");
	same_text("host", target->ssh_host, "::1");
	same_text("port", target->ssh_port, "2222");
	same_text("user", target->ssh_user, "u");
	same_text("URL", target->url, NULL);
	assert_non_null(strstr(target->command, "user='icmp and host 1.1.1.1'"));
	assert_non_null(strstr(target->display_url, "tcpdump+ssh://[::1]:2222"));
	target_list_cleanup(&targets);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		refuse(bad[i], &nothing);
}

static void labels_numbered_when_repeated(void **state)
{
	static const char *const texts[] = {"a", "http://a/?filter=icmp", "a:8475", "a:80",
		"https://a:80", "b", "https://b", "x=a", "[::1]", "[::1]"};
	static const char *const labels[] = {
		"a", "a#2", "a#3", "a:80", "a:80#2", "b", "b#2", "x", "[::1]", "[::1]#2"};
	struct target_list targets = {0};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		add(&targets, texts[i], &nothing);
		assert_string_equal(targets.list[i].label, labels[i]);
	}
	/* a label that was asked for is not changed */
	assert_false(target_list_add(&targets, "x=b", &nothing, &error));
	assert_non_null(strstr(error.text, "x"));
	assert_int_equal(targets.count, sizeof(texts) / sizeof(*texts));
	/* and another host's name can be one */
	add(&targets, "c=a", &nothing);
	add(&targets, "c", &nothing);
	assert_string_equal(targets.list[targets.count - 1].label, "c#2");
	target_list_cleanup(&targets);
}

/* The name of a file may end like a numbered label. */
static void labels_unique_when_names_look_numbered(void **state)
{
	static const char *const texts[] = {"./a", "./a#7", "./a#3", "./a", "./a", "./a", "./a",
		"./a", "./a", "./a#3", "./a#2"};
	struct target_list targets = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		add(&targets, texts[i], &nothing);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(targets.list[i].label, targets.list[j].label);
	}
	target_list_cleanup(&targets);
}

/* As with one worker behind many paths. */
static void labels_of_many_equal_hosts_numbered(void **state)
{
	struct target_list targets = {0};

	(void)state;
	for (int i = 0; i < TARGETS_MAX; i++)
		add(&targets, "a", &nothing);
	assert_string_equal(targets.list[TARGETS_MAX - 1].label, "a#10000");
	target_list_cleanup(&targets);
}

/* A terminal may take bytes of a name for its own: U+009B, U+202E. */
static void display_url_printable(void **state)
{
	static const char *const names[][2] = {
		{"http://a%c2%9bb", "a\\xc2\\x9bb"},
		{"https://%e2%80%aea:1", "\\xe2\\x80\\xaea:1"},
		{"http://b\xc3\xbc"
		 "cher.example",
			"b\xc3\xbc"
			"cher.example"},
		{"http://b\xfc"
		 "cher.example",
			"b\\xfccher.example"},
	};
	struct target_list targets = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct target *target;

		add(&targets, names[i][0], &nothing);
		target = &targets.list[i];
		assert_string_equal(target->label, names[i][1]);
		assert_true(printable_line(target->display_url));
	}
	/* who is asked is still who was named */
	assert_non_null(strstr(targets.list[2].url, "b\xc3\xbc"
						    "cher.example"));
	target_list_cleanup(&targets);
}

static void query_kept_and_encoded(void **state)
{
	static const struct good good[] = {
		{"a?filter=tcp%20port+80", "a",
			"http://a:8475/capture?filter=tcp%20port+80&"
			"format=pcapng",
			NULL, NULL},
		{"a?filter=tcp port 80", "a",
			"http://a:8475/capture?filter=tcp+port+80&"
			"format=pcapng",
			NULL, NULL},
		{"a:8475/p q", "a", "http://a:8475/p%20q?format=pcapng", NULL, NULL},
		{"a?", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"a?filter=", "a", "http://a:8475/capture?filter=&format=pcapng", NULL, NULL},
		{"a?interface=lo&interface=eth0", "a",
			"http://a:8475/capture?interface=lo&interface=eth0&"
			"format=pcapng",
			NULL, NULL},
		{"a?precision=micro", "a", "http://a:8475/capture?precision=micro", NULL, NULL},
		{"a?x=1&precision=nano&y=2", "a", "http://a:8475/capture?x=1&precision=nano&y=2",
			NULL, NULL},
		{"a?format=pcapng", "a", "http://a:8475/capture?format=pcapng", NULL, NULL},
		{"a?format=pcap", "a", "http://a:8475/capture?format=pcap", NULL, NULL},
		{"a?format", "a", "http://a:8475/capture?format", NULL, NULL},
		{"a?precision=nano&format=pcap", "a",
			"http://a:8475/capture?precision=nano&format=pcap", NULL, NULL},
		{"a?xformat=1&precisionx=2", "a",
			"http://a:8475/capture?xformat=1&precisionx=2&"
			"format=pcapng",
			NULL, NULL},
	};

	(void)state;
	check_good(good, sizeof(good) / sizeof(*good), &nothing);
}

static void options_added_to_query_if_missing(void **state)
{
	static const struct target_defaults all = {
		.filter = "a+b & c=d #%",
		.snaplen = "96",
		.payload = "7",
		.linktype = "sll2",
		.interfaces = {"eth0", "lo"},
		.interface_count = 2,
	};
#define FILTER "filter=a%2Bb+%26+c%3Dd+%23%25"
	static const struct good good[] = {
		{"a", "a",
			"http://a:8475/capture?" FILTER
			"&snaplen=96&payload=7&linktype=sll2&interface=eth0&"
			"interface=lo&format=pcapng",
			NULL, NULL},
		{"a:8475/x?filter=x", "a",
			"http://a:8475/"
			"x?filter=x&snaplen=96&payload=7&linktype=sll2&interface=eth0&"
			"interface=lo&format=pcapng",
			NULL, NULL},
		{"a?filter=&linktype=", "a",
			"http://a:8475/capture?filter=&linktype=&snaplen=96&payload=7&"
			"interface=eth0&interface=lo&format=pcapng",
			NULL, NULL},
		{"a?interface=i&snaplen=0&payload=", "a",
			"http://a:8475/capture?interface=i&snaplen=0&payload=&" FILTER
			"&linktype=sll2&format=pcapng",
			NULL, NULL},
		{"a?afilter=1&x=filter=1&snaplength&interfac=1", "a",
			"http://a:8475/capture?afilter=1&x=filter=1&"
			"snaplength&interfac=1&" FILTER "&snaplen=96&payload=7&linktype=sll2&"
			"interface=eth0&interface=lo&format=pcapng",
			NULL, NULL},
		{"a?precision=micro&interface", "a",
			"http://a:8475/"
			"capture?precision=micro&interface&" FILTER
			"&snaplen=96&payload=7&linktype=sll2",
			NULL, NULL},
	};
#undef FILTER

	(void)state;
	check_good(good, sizeof(good) / sizeof(*good), &all);
}

/* What is in the query, a worker checks. */
static void native_linktype_needs_one_interface(void **state)
{
	const struct target_defaults defaults[] = {
		{.linktype = "native"},
		{.linktype = "native", .interfaces = {"any"}, .interface_count = 1},
		{.linktype = "native", .interfaces = {"eth0", "lo"}, .interface_count = 2},
		{.linktype = "native", .interfaces = {"eth0"}, .interface_count = 1},
	};
	static const struct good good[] = {
		{"a?interface=lo", "a",
			"http://a:8475/capture?interface=lo&linktype=native&format=pcapng", NULL,
			NULL},
		{"a?interface=any", "a",
			"http://a:8475/capture?interface=any&linktype=native&format=pcapng", NULL,
			NULL},
	};
	static const struct good one = {"a", "a",
		"http://a:8475/capture?linktype=native&interface=eth0&format=pcapng", NULL, NULL};
	static const struct good native = {"a?linktype=native", "a",
		"http://a:8475/capture?linktype=native&format=pcapng", NULL, NULL};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		same_text("a", refuse("u:S3cr3t@a", &defaults[i]),
			"u:@a: -linktype native needs one interface, and not any; try -i NAME");
		check_good(good, 2, &defaults[i]);
	}
	check_good(&one, 1, &defaults[3]);
	check_good(&native, 1, &nothing);
}

/* An interface of the options is promiscuous, unless the user wants something else. */
static void promisc_added_for_named_interfaces(void **state)
{
	static const struct {
		struct target_defaults defaults;
		const char *text;
		unsigned additions;
	} rows[] = {
		{{.interfaces = {"eth0"}, .interface_count = 1}, "a", TARGET_PROMISC},
		{{.interfaces = {"eth0", "lo"}, .interface_count = 2}, "ssh://a", TARGET_PROMISC},
		{{.interfaces = {"eth0"}, .interface_count = 1, .linktype = "native"},
			"a?snaplen=9", TARGET_PROMISC},
		{{.interfaces = {"eth0"}, .interface_count = 1, .no_promisc = true}, "a", 0},
		{{.interfaces = {"eth0", "any"}, .interface_count = 2}, "a", 0},
		{{.interfaces = {"eth0"}, .interface_count = 1}, "a?promisc=0", 0},
		{{.interfaces = {"eth0"}, .interface_count = 1}, "a?filter=x&promisc=1", 0},
		{{.interfaces = {"eth0"}, .interface_count = 1}, "a?interface=eth1", 0},
		{{.filter = "promisc"}, "a", 0},
		{{0}, "a?interface=eth1", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct target_list targets = {0};

		print_message("%zu: %s\n", i, rows[i].text);
		add(&targets, rows[i].text, &rows[i].defaults);
		assert_int_equal(targets.list[0].additions, rows[i].additions);
		/* neither in the URL that is requested without it, nor in the file */
		if (rows[i].additions) {
			assert_null(strstr(targets.list[0].url, "promisc"));
			assert_null(strstr(targets.list[0].display_url, "promisc"));
		}
		target_list_cleanup(&targets);
	}
}

static void additions_extend_a_url(void **state)
{
	char *url = target_query_extend("http://a/x?format=pcapng", TARGET_PROMISC, 0);

	(void)state;
	assert_string_equal(url, "http://a/x?format=pcapng&promisc=1");
	free(url);
	url = target_query_extend("http://a/x?format=pcapng", 0, 0);
	assert_string_equal(url, "http://a/x?format=pcapng");
	free(url);
	url = target_query_extend("http://a/x?format=pcapng", TARGET_WATERMARK, 700);
	assert_string_equal(url, "http://a/x?format=pcapng&watermark=700");
	free(url);
}

static void watermark_only_where_it_has_a_meaning(void **state)
{
	static const char *const good[] = {"http://a/?format=pcapng", "http://a/?x=1&format=pcapng",
		"http://a/?format=pcapng&watermarks=1", "http://a/?filter=watermark&format=pcapng"};
	static const char *const others[] = {"http://a/", "http://a/?format=pcap",
		"http://a/?format=pcapng1", "http://a/?filter=format=pcapng",
		"http://a/?watermark=50&format=pcapng", "http://a/?format=pcapng&watermark"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(target_query_accepts_watermark(good[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(target_query_accepts_watermark(others[i]));
}

static void watermark_interval_grows_with_targets(void **state)
{
	struct options options = {.hold = 60000};

	(void)state;
	for (size_t count = 1; count <= TARGETS_MAX; count++) {
		uint64_t interval;

		options.targets.count = count;
		interval = watermark_interval_ms(&options);
		assert_in_range(interval, 50, 1000);
		/* all together */
		assert_true(count <= 500 || count * 1000 / interval <= 10200);
	}
	assert_int_equal(watermark_interval_ms(&options), 1000);
	options.targets.count = 300;
	assert_int_equal(watermark_interval_ms(&options), 50);
	/* a short hold must not end while nothing is wrong */
	options.targets.count = TARGETS_MAX;
	options.hold = 400;
	assert_int_equal(watermark_interval_ms(&options), 100);
	options.hold = 0;
	assert_int_equal(watermark_interval_ms(&options), 50);
}

static void additions_of_a_list_are_found(void **state)
{
	static const char *const good[] = {"promisc", "count, duration, promisc, snaplen",
		" \tpromisc \t", "a,promisc", "promisc,a", ",,promisc,,", "a , promisc"};
	static const char *const others[] = {"", ",", "count, snaplen", "promis", "promiscs",
		"a promisc", "Promisc", "promisc;"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(target_query_supported((struct slice){good[i], strlen(good[i])}),
			TARGET_PROMISC);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_int_equal(
			target_query_supported((struct slice){others[i], strlen(others[i])}), 0);
	/* no further than its end */
	assert_int_equal(target_query_supported((struct slice){"promisc", 6}), 0);
}

static void query_of_a_newer_worker_is_found(void **state)
{
	static const char all[] =
		"http://a/capture?filter=promisc&interface=a&snaplen=1&count=2&duration=3&"
		"format=pcap&precision=nano&linktype=sll2";
	const char *const old[] = {"http://a/capture", all, "http://a/x?filter&&interface=&",
		"http://a/x?", "http://a/promisc=1"};
	static const char *const newer[] = {"http://a/capture?promisc=1",
		"http://a/x?filter=a&linktype=native", "http://a/x?linktype=native&filter=a",
		"http://a/x?filters=a", "http://a/x?filte", "http://a/x?Filter=a", "http://a/x?=1"};

	(void)state;
	for (size_t i = 0; i < sizeof(old) / sizeof(*old); i++)
		if (target_query_is_newer(old[i]))
			fail_msg("%s", old[i]);
	for (size_t i = 0; i < sizeof(newer) / sizeof(*newer); i++)
		if (!target_query_is_newer(newer[i]))
			fail_msg("%s", newer[i]);
}

static void ssh_url_becomes_loopback(void **state)
{
	static const struct {
		const char *text;
		const char *label;
		const char *host;
		const char *port;
		const char *user;
		const char *shown;
	} good[] = {
		{"ssh://web1", "web1", "web1", NULL, NULL, "ssh://web1/capture?format=pcapng"},
		{"ssh://me@web1", "web1", "web1", NULL, "me", "ssh://web1/capture?format=pcapng"},
		{"ssh://me@web1:2222/x?format=pcap", "web1:2222", "web1", "2222", "me",
			"ssh://web1:2222/x?format=pcap"},
		{"z=ssh://[fe80::1%25eth0]", "z", "fe80::1%eth0", NULL, NULL,
			"ssh://[fe80::1%25eth0]/capture?format=pcapng"},
		{"w=ssh://[::1]:22", "w", "::1", "22", NULL,
			"ssh://[::1]:22/capture?format=pcapng"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct error error = {0};
		struct target target;

		assert_true(target_parse(&target, good[i].text, &nothing, &error));
		same_text(good[i].text, target.label, good[i].label);
		same_text(good[i].text, target.ssh_host, good[i].host);
		same_text(good[i].text, target.ssh_port, good[i].port);
		same_text(good[i].text, target.ssh_user, good[i].user);
		same_text(good[i].text, target.display_url, good[i].shown);
		same_text(good[i].text, target.user, NULL);
		assert_memory_equal(target.url, "http://127.0.0.1:8475/", 22);
		target_cleanup(&target);
	}
}

static void ssh_option_or_password_rejected(void **state)
{
	static const char *const bad[] = {"ssh://-oProxyCommand=id", "ssh://-x@host",
		"ssh://%2Dx@host", "ssh://me:secret@host", "ssh://:secret@host", "x=ssh://-l",
		"ssh://", "ssh://%60id%60@host", "ssh://a%20b@host", "ssh://a;b@host",
		"ssh://%0a@host", "ssh://|id", "ssh://[fe80::1%25$(id)]", "ssh://[fe80::1%25`id`]",
		"ssh://[fe80::1%25a b]"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_null(strstr(refuse(bad[i], &nothing), "secret"));
}

static void protocol_unknown_named(void **state)
{
	static const struct {
		const char *text;
		const char *protocol;
	} bad[] = {{"sshx://a", "sshx"}, {"ftp://a/x", "ftp"}, {"gopher://a", "gopher"},
		{"httpx://a", "httpx"}, {"ws://a", "ws"}, {"x=imap://a", "imap"}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char named[32];
		const char *sentence = refuse(bad[i].text, &nothing);

		snprintf(named, sizeof(named), "not %s", bad[i].protocol);
		if (!strstr(sentence, named) ||
			!strstr(sentence, "http, https, ssh or tcpdump+ssh"))
			fail_msg("%s: %s", bad[i].text, sentence);
	}
}

static void target_malformed_rejected(void **state)
{
	static const char *const bad[] = {"", "http://", "https://:80", ":80", "a:99999", "a:65536",
		"a:-1", "a:x", "a:8 0", "a b", "//a", "a\n", "a\r\nb", "a:1/\x01", "a:1/\x7f",
		"a%20b", "a#b", "a:1/#", "web=", "u:p@", "http://u@/x", "a:80:80"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_true(printable_line(refuse(bad[i], &nothing)));
}

/* What is wrong may stand anywhere, and the password be badly encoded. */
static void target_error_without_password(void **state)
{
	static const char *const bad[] = {"u:%s@", "u:%s@a:x", "u:%s@a b", "http://u:%s@a:99999",
		"ftp://u:%s@a", "ssh://u:%s@a/x?y#z", "http://u:%s@a#x", "http://u:%s#@a",
		"http://u:#%s@a", "http://u:x#%s#y@a/z", "u:#%s@a", "http://u:%s/@a",
		"http://u:x/%s@a", "u:x/%s@a", "u:x//%s/y@a", "u:%s@x@a b", "u:x@%s@a b",
		"http://u:x@%s@a:x", "http://u:x?%s@a", "u:%s?x@a", "l=u:%s@a:x", "l=ftp://u:%s@a",
		"a b=u:%s@a", "=u:%s@a", "l=u:x#%s@a", "u:x:%s@a:x", "u::%s:@a:x", "ftp://:%s@a",
		":%s@a:x", "u:%s\\@a:x", "u:[%s]@a:x", "u:\"%s\"@a b", "u:x\n%s@a:x",
		"http:/u:%s@a#", "x:y//u:%s@a", "//u:%s@a", "u@x:%s@a:x", "a=b=u:%s@a:x",
		"u:%s@a:x://b", "l=u:%s@a:x://u@b", "a/b=http://u:%s@a:x#"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char text[256] = "";
		const char *at = strstr(bad[i], "%s");
		const char *sentence;

		snprintf(
			text, sizeof(text), "%.*s" SECRET "%s", (int)(at - bad[i]), bad[i], at + 2);
		sentence = refuse(text, &nothing);
		if (strstr(sentence, SECRET))
			fail_msg("%s: %s", text, sentence);
	}
}

static void target_error_without_long_password(void **state)
{
	char text[600];
	char password[500];

	(void)state;
	/* longer than what is shown of a target, so that a cut is tried */
	for (size_t size = 1; size < sizeof(password); size += 7) {
		memset(password, 'S', size);
		password[size] = '\0';
		snprintf(text, sizeof(text), "http://u:%s@a:x", password);
		assert_null(strstr(refuse(text, &nothing), "SS"));
		snprintf(text, sizeof(text), "http://u:p/%s@a#", password);
		assert_null(strstr(refuse(text, &nothing), "SS"));
	}
}

static void redact_argument_hides_length(void **state)
{
	static const struct {
		const char *text;
		const char *wiped;
	} cases[] = {{"http://u:secret@a/x", "http://u:@a/x"},
		{"l=https://u:secret@a", "l=https://u:@a"}, {"u:secret@a:80", "u:@a:80"},
		{"u:s#e/c?r@e:t@a", "u:@a"}, {":secret@a", ":@a"}, {"u:@a", "u:@a"}, {"u@a", "u@a"},
		{"a:80", "a:80"}, {"http://a:80/x?y=z", "http://a:80/x?y=z"},
		{"http://[::1]:80/x", "http://[::1]:80/x"}, {"u:secret@a://b", "u:@a://b"},
		{"", ""}, {"@", "@"}, {":", ":"}, {"a", "a"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const size_t size = strlen(cases[i].text);
		char text[64] = "";

		memcpy(text, cases[i].text, size);
		redact_argument(text);
		assert_string_equal(text, cases[i].wiped);
		for (size_t j = strlen(text); j < sizeof(text); j++)
			assert_int_equal(text[j], 0);
	}
}

/* A file of targets, and the argument that names it. */
struct list {
	char argument[32];
};

static void list_write(struct list *list, const void *bytes, size_t size)
{
	int fd;

	strcpy(list->argument, "@/tmp/ddump-test-XXXXXX");
	fd = mkstemp(list->argument + 1);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static void list_remove(struct list *list)
{
	unlink(list->argument + 1);
}

static void file_line_is_target(void **state)
{
	static const char text[] = "# all of them\n\n   \t\n"
				   "a\n  b:80\t\r\n#c\n   # d\n"
				   "web=https://u:p@e/x?filter=tcp port 80 # f\n"
				   "h?x=y\t#z\n"
				   "i";
	static const struct good good[] = {
		{"a", "a", "http://a:8475" CAPTURE, NULL, NULL},
		{"b:80", "b:80", "http://b:80" CAPTURE, NULL, NULL},
		{"web", "web", "https://e:8475/x?filter=tcp+port+80&format=pcapng", "u", "p"},
		{"h", "h", "http://h:8475/capture?x=y&format=pcapng", NULL, NULL},
		{"i", "i", "http://i:8475" CAPTURE, NULL, NULL},
	};
	struct target_list targets = {0};
	struct list list;

	(void)state;
	list_write(&list, text, strlen(text));
	add(&targets, list.argument, &nothing);
	list_remove(&list);
	assert_int_equal(targets.count, 5);
	for (size_t i = 0; i < targets.count; i++)
		check_target(&targets.list[i], &good[i]);
	target_list_cleanup(&targets);
}

static void file_error_names_line(void **state)
{
	static const char *const bad[] = {"a\n\n#\nftp://u:" SECRET "@b\nc\n",
		"#\n\n\nu:" SECRET "#x@b", "a\nb\nc\n@/etc/hosts\nd",
		"a\nx=b\nc\nx=u:" SECRET "@d\n", "a\n\n\r\n\xff:x\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct target_list targets = {0};
		struct error error = {0};
		struct list list;
		bool added;

		list_write(&list, bad[i], strlen(bad[i]));
		added = target_list_add(&targets, list.argument, &nothing, &error);
		list_remove(&list);
		target_list_cleanup(&targets);
		assert_false(added);
		assert_int_equal(error.status, 1);
		assert_non_null(strstr(error.text, list.argument + 1));
		assert_non_null(strstr(error.text, "line 4:"));
		assert_null(strstr(error.text, SECRET));
	}
}

/* Returns the sentence about a file of which the first target is accepted. */
static const char *refuse_file(const char *argument)
{
	static struct error error;
	struct target_list targets = {0};

	assert_false(target_list_add(&targets, argument, &nothing, &error));
	target_list_cleanup(&targets);
	return error.text;
}

/* A file of targets may come from somebody else. */
static void file_command_needs_permission(void **state)
{
	static const char text[] = "a\n  x=exec:echo '#' # not cut \n";
	struct target_list targets = {.allow_exec = true};
	struct list list;

	(void)state;
	list_write(&list, text, strlen(text));
	assert_non_null(strstr(refuse_file(list.argument), "line 2: exec: needs the option "
							   "-allow-exec"));
	add(&targets, list.argument, &nothing);
	list_remove(&list);
	assert_int_equal(targets.count, 2);
	same_text("its comment", targets.list[1].command, "echo '#' # not cut");
	target_list_cleanup(&targets);
}

static void file_missing_named(void **state)
{
	(void)state;
	assert_non_null(strstr(refuse("@/nonexistent/x", &nothing), "@/nonexistent/x: No"));
	assert_non_null(strstr(refuse("@", &nothing), "@"));
	/* opens, but can't be read */
	assert_non_null(strstr(refuse("@/tmp", &nothing), "@/tmp"));
	/* has no end */
	assert_non_null(strstr(
		refuse("@/dev/zero", &nothing), "line 1: the line has more than 131071 bytes"));
}

static void file_empty_adds_nothing(void **state)
{
	static const char *const texts[] = {"", "\n", "#", "# x\n \n\t#y"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct target_list targets = {0};
		struct list list;

		list_write(&list, texts[i], strlen(texts[i]));
		add(&targets, list.argument, &nothing);
		list_remove(&list);
		assert_int_equal(targets.count, 0);
		target_list_cleanup(&targets);
	}
}

static void limits_enforced(void **state)
{
	struct target_list targets = {0};
	struct error error = {0};
	char *text = malloc(100000);

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < TARGETS_MAX; i++) {
		snprintf(text, 64, "h%d", i);
		add(&targets, text, &nothing);
	}
	assert_false(target_list_add(&targets, "one", &nothing, &error));
	assert_non_null(strstr(error.text, "more than 10000 targets"));
	assert_int_equal(targets.count, TARGETS_MAX);
	target_list_cleanup(&targets);
	memset(text, 'a', 99999);
	text[99999] = '\0';
	memcpy(text, "u:" SECRET "@", strlen("u:" SECRET "@"));
	assert_null(strstr(refuse(text, &nothing), SECRET));
	memcpy(text, "h/", 2);
	text[60000] = '\0';
	add(&targets, text, &nothing);
	target_list_cleanup(&targets);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_parts_missing_have_defaults),
		cmocka_unit_test(ipv6_in_brackets_accepted),
		cmocka_unit_test(credentials_decoded),
		cmocka_unit_test(credentials_badly_encoded_rejected),
		cmocka_unit_test(label_before_equals_parsed),
		cmocka_unit_test(command_not_parsed),
		cmocka_unit_test(command_not_redacted),
		cmocka_unit_test(tcpdump_is_reached_by_ssh),
		cmocka_unit_test(file_not_parsed),
		cmocka_unit_test(socket_has_a_query),
		cmocka_unit_test(stdin_is_a_dash),
		cmocka_unit_test(stdin_is_one_target),
		cmocka_unit_test(file_command_needs_permission),
		cmocka_unit_test(labels_numbered_when_repeated),
		cmocka_unit_test(labels_unique_when_names_look_numbered),
		cmocka_unit_test(labels_of_many_equal_hosts_numbered),
		cmocka_unit_test(display_url_printable),
		cmocka_unit_test(query_kept_and_encoded),
		cmocka_unit_test(options_added_to_query_if_missing),
		cmocka_unit_test(native_linktype_needs_one_interface),
		cmocka_unit_test(promisc_added_for_named_interfaces),
		cmocka_unit_test(additions_extend_a_url),
		cmocka_unit_test(watermark_only_where_it_has_a_meaning),
		cmocka_unit_test(watermark_interval_grows_with_targets),
		cmocka_unit_test(additions_of_a_list_are_found),
		cmocka_unit_test(query_of_a_newer_worker_is_found),
		cmocka_unit_test(ssh_url_becomes_loopback),
		cmocka_unit_test(ssh_option_or_password_rejected),
		cmocka_unit_test(protocol_unknown_named),
		cmocka_unit_test(target_malformed_rejected),
		cmocka_unit_test(target_error_without_password),
		cmocka_unit_test(target_error_without_long_password),
		cmocka_unit_test(redact_argument_hides_length),
		cmocka_unit_test(file_line_is_target),
		cmocka_unit_test(file_error_names_line),
		cmocka_unit_test(file_missing_named),
		cmocka_unit_test(file_empty_adds_nothing),
		cmocka_unit_test(limits_enforced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
