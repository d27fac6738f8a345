/* SPDX-License-Identifier: MIT */
/*
 * Names of several files, and what a ring overwrites: only captures and only names of
 * its own, nothing through a link, and never a file that is not one of the oldest.
 */
#include "client/rotation.h"

#include "client/file_name.h"
#include "common/clock.h"
#include "directory.h"
#include "format/capture_magic.h"
#include "unit.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_SIZE = 4096, NAMES_MAX = 64, START_S = 1700000000 };

static const unsigned char magic[CAPTURE_MAGIC_SIZE] = {0x4d, 0x3c, 0xb2, 0xa1};
static struct options options;
static struct rotation rotation;
static bool begun_new; /* the first file was not there before */

static int set_up(void **state)
{
	setenv("TZ", "UTC", 1);
	tzset();
	return directory_enter(state);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Returns the names in the directory, sorted, each followed by a space. */
static const char *list(void)
{
	static char text[LIST_SIZE];
	char names[NAMES_MAX][64];
	size_t count = 0;
	DIR *all = opendir(".");
	const struct dirent *entry;

	assert_non_null(all);
	while ((entry = readdir(all)))
		if (*entry->d_name != '.') {
			assert_true(count < NAMES_MAX);
			snprintf(names[count++], sizeof(*names), "%.63s", entry->d_name);
		}
	closedir(all);
	qsort(names, count, sizeof(*names), compare);
	*text = '\0';
	for (size_t i = 0; i < count; i++) {
		strcat(text, names[i]);
		strcat(text, " ");
	}
	return text;
}

static void clear(void)
{
	DIR *all = opendir(".");
	const struct dirent *entry;

	assert_non_null(all);
	while ((entry = readdir(all)))
		if (*entry->d_name != '.')
			unlink(entry->d_name);
	closedir(all);
}

static void put(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

static bool has(const char *name, const char *text)
{
	char content[64] = "";
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
	fclose(file);
	return strcmp(content, text) == 0;
}

static void mark(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(write(fd, magic, sizeof(magic)), sizeof(magic));
}

static void begin(time_t now)
{
	struct error error = {0};
	int fd;

	if (!rotation_init(&rotation, &options, options.output, now, &error))
		fail_msg("%s", error.text);
	fd = rotation_open_first(&rotation, now, &begun_new, &error);
	if (fd < 0)
		fail_msg("%s", error.text);
	mark(fd);
	close(fd);
	rotation_start(&rotation, 0, 0);
}

static void next(time_t now)
{
	struct error error = {0};
	const int fd =
		rotation_open_next(&rotation, now, (uint64_t)(now - START_S) * MS_PER_S, &error);

	if (fd < 0)
		fail_msg("%s", error.text);
	mark(fd);
	rotation_accept(&rotation, fd);
	close(fd);
}

static void end(void)
{
	rotation_cleanup(&rotation);
	clear();
}

static void refuse(const char *text)
{
	struct error error = {0};

	assert_false(rotation_init(&rotation, &options, options.output, START_S, &error));
	if (!strstr(error.text, text))
		fail_msg("%s", error.text);
	end();
}

static void number_is_in_front_of_a_known_extension(void **state)
{
	static const char *const cases[][2] = {{"a.pcap", "a7.pcap"}, {"a.pcapng", "a7.pcapng"},
		{"a.cap", "a7.cap"}, {"a.PCAP", "a7.PCAP"}, {"a", "a7"}, {"a.b", "a.b7"},
		{".pcap", ".pcap7"}, {"d.pcap/a", "d.pcap/a7"}, {"a.pcap.pcap", "a.pcap7.pcap"}};
	char name[PATH_MAX];
	char longest[PATH_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(file_name_of_number(name, cases[i][0], "", 7, 0));
		assert_string_equal(name, cases[i][1]);
	}
	assert_true(file_name_of_number(name, "a.pcap", "", 7, 3));
	assert_string_equal(name, "a007.pcap");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(file_name_of_number(name, longest, "", 7, 0));
	longest[sizeof(longest) - 2] = '\0';
	assert_true(file_name_of_number(name, longest, "", 7, 0));
}

static void files_by_size_never_overwrite(void **state)
{
	(void)state;
	options = (struct options){.output = "a.pcap", .file_bytes = 10};
	put("a.pcap", "old", 3);
	put("a2.pcap", "old", 3);
	assert_int_equal(symlink("nowhere", "a3.pcap"), 0);
	begin(START_S);
	next(START_S);
	next(START_S);
	assert_string_equal(list(), "a.pcap a1.pcap a2.pcap a3.pcap a4.pcap a5.pcap ");
	assert_true(has("a.pcap", "old") && has("a2.pcap", "old"));
	assert_string_equal(rotation.name, "a5.pcap");
	end();
}

static void numbered_ring_overwrites_its_own_names_from_the_first(void **state)
{
	struct stat before;
	struct stat after;

	(void)state;
	options = (struct options){.output = "a.pcap", .file_bytes = 10, .file_count = 11};
	put("a00.pcap", magic, sizeof(magic));
	put("a01.pcap", magic, sizeof(magic));
	put("a02.pcap", "", 0);
	put("a11.pcap", "other", 5);
	put("a.pcap", "other", 5);
	assert_int_equal(stat("a01.pcap", &before), 0);
	begin(START_S);
	assert_false(begun_new);
	assert_string_equal(rotation.name, "a00.pcap");
	for (int i = 0; i < 10; i++)
		next(START_S);
	assert_string_equal(rotation.name, "a10.pcap");
	next(START_S);
	assert_string_equal(rotation.name, "a00.pcap");
	/* a reader of the old file keeps it */
	assert_int_equal(stat("a01.pcap", &after), 0);
	assert_true(
		before.st_ino != after.st_ino || before.st_ctim.tv_nsec != after.st_ctim.tv_nsec);
	assert_true(has("a11.pcap", "other") && has("a.pcap", "other"));
	assert_false(rotation_is_last(&rotation));
	end();
}

static void ring_with_another_file_refused_at_the_start(void **state)
{
	(void)state;
	options = (struct options){.output = "a.pcap", .file_bytes = 10, .file_count = 3};
	put("a2.pcap", "text", 4);
	refuse("cannot use a2.pcap: it is not a capture file");
	put("target", magic, sizeof(magic));
	assert_int_equal(symlink("target", "a1.pcap"), 0);
	refuse("cannot use a1.pcap");
	assert_int_equal(mkfifo("a0.pcap", 0600), 0);
	refuse("cannot use a0.pcap");
	put("a1.pcap", "\xd4\xc3\xb2", 3);
	refuse("cannot use a1.pcap");
	options = (struct options){
		.output = "a-%H%M%S.pcap", .file_seconds = 60, .file_count = 3, .ring = true};
	put("a-221520.pcap", "text", 4); /* the third */
	refuse("cannot use a-221520.pcap");
}

static void name_that_is_no_regular_file_refused_at_the_start(void **state)
{
	(void)state;
	options = (struct options){.output = "a.pcap", .file_bytes = 10};
	assert_int_equal(mkfifo("a.pcap", 0600), 0);
	refuse("-w a.pcap: not a regular file");
	options = (struct options){.output = "/dev/null", .file_seconds = 10};
	refuse("-w /dev/null: not a regular file");
	options = (struct options){.output = "/", .file_seconds = 10, .file_bytes = 10};
	refuse("-w /: not a regular file");
	assert_int_equal(symlink("/dev/null", "a.pcap"), 0);
	options = (struct options){.output = "a.pcap", .file_bytes = 10};
	refuse("-w a.pcap: not a regular file");
	/* any other link stays, as a file does that exists */
	assert_int_equal(symlink("target", "a.pcap"), 0);
	begin(START_S);
	assert_string_equal(rotation.name, "a1.pcap");
	end();
}

static void ring_whose_name_was_taken_meanwhile_uses_another_one(void **state)
{
	struct error error = {0};

	(void)state;
	options = (struct options){.output = "a.pcap", .file_bytes = 10, .file_count = 3};
	begin(START_S);
	assert_true(begun_new);
	put("a1.pcap", "text", 4);
	next(START_S);
	assert_string_equal(rotation.name, "a2.pcap");
	/* all but the oldest */
	put("a2.pcap", "text", 4);
	put("a0.pcap", "text", 4);
	unlink("a1.pcap");
	next(START_S);
	assert_string_equal(rotation.name, "a1.pcap");
	/* and all */
	put("a1.pcap", "text", 4);
	assert_int_equal(rotation_open_next(&rotation, START_S, 0, &error), -1);
	assert_string_equal(error.text, "cannot open a1.pcap: File exists");
	assert_true(has("a0.pcap", "text") && has("a1.pcap", "text") && has("a2.pcap", "text"));
	end();
}

static void ring_by_time_keeps_the_newest_files(void **state)
{
	(void)state;
	options = (struct options){
		.output = "a-%H%M%S.pcap", .file_seconds = 60, .file_count = 3, .ring = true};
	put("a-221000.pcap", magic, sizeof(magic)); /* of another run */
	begin(START_S);
	for (int i = 1; i < 4; i++)
		next(START_S + i * 60);
	assert_string_equal(list(), "a-221000.pcap a-221420.pcap a-221520.pcap a-221620.pcap ");
	/* a file that somebody has replaced is not removed */
	unlink("a-221420.pcap");
	put("a-221420.pcap", "text", 4);
	next(START_S + 240);
	assert_string_equal(
		list(), "a-221000.pcap a-221420.pcap a-221520.pcap a-221620.pcap a-221720.pcap ");
	end();
}

/* A run that was ended and begins anew within the hour; only the first file is added to. */
static void ring_by_time_overwrites_captures_of_an_earlier_run(void **state)
{
	(void)state;
	options = (struct options){
		.output = "a-%H%M%S.pcap", .file_seconds = 60, .file_count = 3, .ring = true};
	put("a-221320.pcap", magic, sizeof(magic));
	put("a-221420.pcap", "\x4d\x3c\xb2\xa1 old", 8);
	begin(START_S);
	put("a-221520.pcap", "text", 4); /* after the check at the start */
	next(START_S + 60);
	next(START_S + 120);
	assert_string_equal(list(), "a-221320.pcap a-221420.pcap a-221520.pcap a-2215201.pcap ");
	assert_false(has("a-221420.pcap", "\x4d\x3c\xb2\xa1 old"));
	assert_true(has("a-221520.pcap", "text"));
	end();
}

static void only_file_is_the_last_one(void **state)
{
	(void)state;
	options = (struct options){.output = "a-%H.pcap", .file_seconds = 60, .file_count = 1};
	begin(START_S);
	assert_true(rotation_is_last(&rotation));
	options.file_count = 0;
	assert_false(rotation_is_last(&rotation));
	end();
}

static void names_of_the_same_time_get_a_number(void **state)
{
	(void)state;
	options = (struct options){.output = "a-%H.pcap", .file_seconds = 60, .file_count = 4};
	begin(START_S);
	next(START_S + 60);
	next(START_S + 120);
	assert_false(rotation_is_last(&rotation));
	next(START_S + 3600);
	assert_string_equal(list(), "a-22.pcap a-221.pcap a-222.pcap a-23.pcap ");
	assert_true(rotation_is_last(&rotation));
	end();
}

/* The hour comes twice when summer time ends: the clock is set back. */
static void ring_does_not_overwrite_a_name_that_comes_again(void **state)
{
	(void)state;
	options = (struct options){
		.output = "a-%H.pcap", .file_seconds = 3600, .file_count = 5, .ring = true};
	begin(START_S);
	next(START_S + 3600);
	next(START_S);
	assert_string_equal(list(), "a-22.pcap a-221.pcap a-23.pcap ");
	end();
}

static void next_file_is_due_at_whole_intervals(void **state)
{
	(void)state;
	options = (struct options){.output = "a.pcap", .file_seconds = 60};
	begin(START_S);
	assert_int_equal(rotation.due_ms, 60000);
	next(START_S + 61);
	assert_int_equal(rotation.due_ms, 120000);
	/* a file of -split that begins after others: the intervals are theirs */
	rotation_start(&rotation, 0, 130000);
	assert_int_equal(rotation.due_ms, 180000);
	rotation_start(&rotation, 0, 0);
	/* this program was stopped for some time */
	next(START_S + 300);
	assert_int_equal(rotation.due_ms, 360000);
	end();
}

static void file_that_cannot_be_opened_is_tried_again_later(void **state)
{
	struct error error = {0};

	(void)state;
	options = (struct options){.output = "a.pcap", .file_bytes = 10};
	begin(START_S);
	rotation.output = "none/a.pcap";
	assert_int_equal(rotation_open_next(&rotation, START_S, 1000, &error), -1);
	assert_string_equal(error.text, "cannot open none/a.pcap: No such file or directory");
	assert_string_equal(rotation.name, "a.pcap");
	assert_false(rotation_is_full(&rotation, 10, 10999));
	assert_true(rotation_is_full(&rotation, 10, 11000));
	assert_false(rotation_is_full(&rotation, 9, 11000));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(number_is_in_front_of_a_known_extension),
		cmocka_unit_test(files_by_size_never_overwrite),
		cmocka_unit_test(numbered_ring_overwrites_its_own_names_from_the_first),
		cmocka_unit_test(ring_with_another_file_refused_at_the_start),
		cmocka_unit_test(name_that_is_no_regular_file_refused_at_the_start),
		cmocka_unit_test(ring_whose_name_was_taken_meanwhile_uses_another_one),
		cmocka_unit_test(ring_by_time_keeps_the_newest_files),
		cmocka_unit_test(ring_by_time_overwrites_captures_of_an_earlier_run),
		cmocka_unit_test(only_file_is_the_last_one),
		cmocka_unit_test(names_of_the_same_time_get_a_number),
		cmocka_unit_test(ring_does_not_overwrite_a_name_that_comes_again),
		cmocka_unit_test(next_file_is_due_at_whole_intervals),
		cmocka_unit_test(file_that_cannot_be_opened_is_tried_again_later),
	};

	return cmocka_run_group_tests(tests, set_up, directory_leave);
}
