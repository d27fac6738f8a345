/* SPDX-License-Identifier: MIT */
/*
 * The names of the files of -split: whatever a label is, its file is in the directory of -w
 * and has no name that a program takes for an option or hides; two targets never share a
 * file; nothing but a capture would be overwritten.
 */
#include "client/split_names.h"

#include "client/file_name.h"
#include "directory.h"
#include "format/capture_magic.h"
#include "unit.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 20000, LABEL_SIZE = 40 };

static const unsigned char magic[CAPTURE_MAGIC_SIZE] = {0x4d, 0x3c, 0xb2, 0xa1};
static struct options options;

/* Begins with these targets, separated by spaces. */
static void begin(const char *output, const char *targets)
{
	char *copy = strdup(targets);
	char *rest = copy;
	const char *word;
	struct error error = {0};

	options = (struct options){.output = output, .split = true};
	while ((word = strsep(&rest, " ")))
		if (!target_list_add(&options.targets, word, &options.defaults, &error))
			fail_msg("%s", error.text);
	free(copy);
}

static void end(void)
{
	target_list_cleanup(&options.targets);
}

static void names_are(const char *output, const char *targets, const char *expected)
{
	char got[PATH_MAX] = "";
	struct error error = {0};
	char **names;

	begin(output, targets);
	names = split_names_new(&options, &error);
	if (!names)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < options.targets.count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? " " : "",
			names[i]);
	assert_string_equal(got, expected);
	split_names_free(names, &options);
	end();
}

static void is_refused(const char *output, const char *targets, const char *sentence)
{
	struct error error = {0};

	begin(output, targets);
	assert_null(split_names_new(&options, &error));
	assert_int_equal(error.status, 1);
	if (!strstr(error.text, sentence))
		fail_msg("\"%s\" is not in \"%s\"", sentence, error.text);
	end();
}

static void make_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static void label_stands_between_name_and_extension(void **state)
{
	(void)state;
	names_are("night.pcapng", "web1 db1", "night-web1.pcapng night-db1.pcapng");
	names_are("night.cap", "a=web1", "night-a.cap");
	names_are("night", "web1", "night-web1");
	names_are("night.pcap", "web1 web1", "night-web1.pcap night-web1_2.pcap");
	names_are("night.pcap", "web1:99 http://[fe80::1]:8475",
		"night-web1_99.pcap night-_fe80__1_.pcap");
}

static void directory_has_a_file_for_each_label(void **state)
{
	(void)state;
	assert_int_equal(mkdir("files", 0700), 0);
	names_are("files/", "web1 x=exec:y", "files/web1.pcap files/x.pcap");
	names_are("files", "web1", "files/web1.pcap");
	/* a label may begin as an option or a hidden file */
	names_are("files/", "-r=a", "files/_r.pcap");
	names_are("files/", "..=a", "files/_..pcap");
	assert_int_equal(rmdir("files"), 0);
	is_refused("files/", "web1", "cannot use files: No such file or directory");
	is_refused("files/a.pcap", "web1", "cannot use files: No such file or directory");
}

/* Labels are texts of others, as in files of targets. */
static void any_label_stays_in_the_directory(void **state)
{
	struct seed seed = seed_start();
	char label[LABEL_SIZE + 1];
	char name[PATH_MAX];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const size_t size = 1 + seed_below(&seed, LABEL_SIZE);

		for (size_t j = 0; j < size; j++)
			label[j] = seed_below(&seed, 2) ? "./-~%\n"[seed_below(&seed, 6)]
							: (char)(1 + seed_below(&seed, 255));
		label[size] = '\0';
		assert_true(file_name_of_label(name, "d/", label, ".pcap"));
		assert_int_equal(strlen(name), 2 + size + 5);
		assert_ptr_equal(strrchr(name, '/'), name + 1);
		assert_null(strchr(".-", name[2]));
		assert_null(strchr(name, '%'));
		for (const char *c = name; *c; c++)
			assert_true(*c > ' ' && *c < 0x7f);
		assert_true(file_name_of_label(name, "d/a.pcap", label, ".pcap"));
		assert_ptr_equal(strrchr(name, '/'), name + 1);
		assert_memory_equal(name, "d/a-", 4);
	}
}

static void one_name_for_two_targets_refused(void **state)
{
	(void)state;
	is_refused("a.pcap", "web1:1 x web1_1=b",
		"-split: web1:1 and web1_1 would both be written to a-web1_1.pcap");
	is_refused("a.pcap", "x Web1 web1", "Web1 and web1 would both be written to a-");
	names_are("a.pcap", "web1:1 web1.1=b", "a-web1_1.pcap a-web1.1.pcap");
}

static void only_captures_would_be_overwritten(void **state)
{
	(void)state;
	make_file("a-x.pcap", magic, sizeof(magic));
	make_file("a-y.pcap", "text", 4);
	names_are("a.pcap", "x", "a-x.pcap");
	is_refused("a.pcap", "x y", "cannot use a-y.pcap: it is not a capture file");
	assert_int_equal(unlink("a-y.pcap"), 0);
	assert_int_equal(symlink("a-x.pcap", "a-y.pcap"), 0);
	is_refused("a.pcap", "x y", "cannot use a-y.pcap: it is not a capture file");
	is_refused("a.pcap", "x=./a-x.pcap", "cannot use a-x.pcap: a target reads this file");
	assert_int_equal(unlink("a-x.pcap") | unlink("a-y.pcap"), 0);
	is_refused("/dev/null", "x", "cannot use /dev/null: -split needs a directory");
}

static void name_too_long_refused(void **state)
{
	char longest[NAME_MAX + 1];
	char output[PATH_MAX];
	char expected[NAME_MAX + 8];

	(void)state;
	memset(longest, 'n', NAME_MAX);
	longest[NAME_MAX] = '\0';
	is_refused(longest, "x", "-split: the name of the file of x is too long");
	longest[NAME_MAX - 2] = '\0';
	snprintf(output, sizeof(output), "%s-x", longest);
	names_are(longest, "x", output);
	snprintf(output, sizeof(output), "./%s", longest);
	snprintf(expected, sizeof(expected), "./%s-x", longest);
	names_are(output, "x", expected);
	is_refused(output, "xy", "-split: the name of the file of xy is too long");
	/* longer than any path */
	memset(output, 'o', sizeof(output) - 1);
	output[sizeof(output) - 1] = '\0';
	is_refused(output, "x", "-split: the name of the file of x is too long");
	assert_false(file_name_of_label((char[PATH_MAX]){0}, output, "x", ".pcap"));
}

static void directory_with_a_time_is_checked_later(void **state)
{
	struct error error = {0};
	char **names;

	(void)state;
	begin("no-%H/a.pcap", "x");
	options.file_seconds = 60;
	names = split_names_new(&options, &error);
	assert_non_null(names);
	assert_string_equal(names[0], "no-%H/a-x.pcap");
	split_names_free(names, &options);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(label_stands_between_name_and_extension),
		cmocka_unit_test(directory_has_a_file_for_each_label),
		cmocka_unit_test(any_label_stays_in_the_directory),
		cmocka_unit_test(one_name_for_two_targets_refused),
		cmocka_unit_test(only_captures_would_be_overwritten),
		cmocka_unit_test(name_too_long_refused),
		cmocka_unit_test(directory_with_a_time_is_checked_later),
	};

	return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
