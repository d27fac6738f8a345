/* SPDX-License-Identifier: MIT */
/*
 * The report: each text of a host becomes one string of printable UTF-8 in valid JSON,
 * the file is whole at any time, and nothing but a regular file is replaced.
 */
#include "client/report.h"

#include "json.h"
#include "unit.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SIZE_MAX_ = 1 << 16, ROUNDS = 300, TEXT = 40 };

static char directory[] = "/tmp/ddump-report-XXXXXX";
static char path[64];
static struct options options;
static struct interface_table interfaces;
static struct outages outages;
static struct source_snapshot snapshot;
static struct report report;
static char text[SIZE_MAX_];

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/report.json", directory);
	options = (struct options){.report = path};
	report = (struct report){.options = &options, .start_ns = 1, .exit_reason = ""};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static bool write_report(struct error *error)
{
	return report_write(&report, &snapshot, 1, &interfaces, error);
}

static const char *read_report(void)
{
	FILE *file = fopen(path, "r");
	size_t size;

	assert_non_null(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	return text;
}

static void some_text(struct seed *seed, char out[TEXT + 1])
{
	size_t size = seed_below(seed, TEXT);

	for (size_t i = 0; i < size; i++)
		out[i] = (char)(1 + seed_below(seed, 255));
	for (size_t i = 0; i < size; i++)
		if (seed_below(seed, 4) == 0)
			out[i] = "\"\\\n\x1b{}[]"[seed_below(seed, 8)];
	out[size] = '\0';
}

static void texts_of_hosts_are_strings_of_printable_utf8(void **state)
{
	struct seed seed = seed_start();
	char label[TEXT + 1];
	char url[TEXT + 1];
	char name[TEXT + 1];
	char cause[TEXT + 1];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct interface interface = {.name = name, .filter = ""};
		struct error error = {0};
		uint32_t number;

		some_text(&seed, label);
		some_text(&seed, url);
		some_text(&seed, name);
		some_text(&seed, cause);
		assert_true(interface_table_init(&interfaces, 1));
		assert_true(interface_table_find(&interfaces, 0, &interface, &number, &error));
		interfaces.targets[0].url = url;
		outages_begin(&outages, seed_u32(&seed), cause);
		snapshot = (struct source_snapshot){.label = label, .outages = &outages};
		report.exit_reason = cause;
		if (!write_report(&error))
			fail_msg("%s", error.text);
		json_check(read_report());
		outages_cleanup(&outages);
		interface_table_cleanup(&interfaces);
	}
	report.exit_reason = "";
}

static void only_the_first_outages_are_kept_and_all_counted(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= OUTAGES_MAX + 50; i++) {
		outages_begin(&outages, i, "lost");
		outages_end(&outages, i + 1);
	}
	assert_int_equal(outages.count, OUTAGES_MAX + 50);
	assert_int_equal(outages.kept, OUTAGES_MAX);
	for (unsigned i = 0; i < OUTAGES_MAX; i++) {
		assert_int_equal(outages.list[i].start_ns, i + 1);
		assert_int_equal(outages.list[i].end_ns, i + 2);
	}
	outages_cleanup(&outages);
}

static void links_and_devices_are_not_replaced(void **state)
{
	struct error error = {0};
	struct stat status;

	(void)state;
	unlink(path);
	assert_int_equal(symlink("/dev/null", path), 0);
	assert_false(report_write(&report, NULL, 0, NULL, &error));
	assert_non_null(strstr(error.text, "is not a regular file"));
	assert_int_equal(lstat(path, &status), 0);
	assert_true(S_ISLNK(status.st_mode));
	unlink(path);
}

/* The directory is empty again in tear_down(). */
static void report_replaces_the_old_one_and_is_private(void **state)
{
	struct error error = {0};
	struct stat status;
	FILE *old = fopen(path, "w");

	(void)state;
	assert_non_null(old);
	fputs("old", old);
	assert_true(report_write(&report, NULL, 0, NULL, &error));
	assert_int_equal(fstat(fileno(old), &status), 0);
	assert_int_equal(status.st_nlink, 0);
	fclose(old);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	json_check(read_report());
	assert_non_null(strstr(text, "\"start\": \"1970-01-01T00:00:00.000000001Z\""));
	assert_non_null(strstr(text, "\"end\": null"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_of_hosts_are_strings_of_printable_utf8),
		cmocka_unit_test(only_the_first_outages_are_kept_and_all_counted),
		cmocka_unit_test(links_and_devices_are_not_replaced),
		cmocka_unit_test(report_replaces_the_old_one_and_is_private),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
