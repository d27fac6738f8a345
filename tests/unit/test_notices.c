/* SPDX-License-Identifier: MIT */
/*
 * Remarks: each whole on a line of its own, in their order; what does not fit
 * is counted; and all of it fits into one comment.
 */
#include "client/notices.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 300, MOST = 2000, RESERVED = 64 };

/* What should be there. */
struct model {
	char text[4 * PCAPNG_TEXT_MAX];
	size_t used;
	unsigned omitted;
};

/* On the heap, so that a sanitizer sees what is behind it. */
static struct notes *new_remarks(void)
{
	struct notes *remarks = calloc(1, sizeof(*remarks));

	assert_non_null(remarks);
	return remarks;
}

static void add(struct notes *remarks, struct model *model, const char *remark)
{
	const char *separator = model->used > 0 ? "\n" : "";
	const unsigned omitted = remarks->omitted;

	notes_add(remarks, "%s", remark);
	if (remarks->omitted != omitted) {
		assert_int_equal(remarks->omitted, omitted + 1);
		model->omitted++;
		/* there was no need to, if there was room */
		assert_true(model->used + strlen(separator) + strlen(remark) + RESERVED >=
			    PCAPNG_TEXT_MAX);
		return;
	}
	model->used += (size_t)sprintf(model->text + model->used, "%s%s", separator, remark);
}

static void check(struct notes *remarks, const struct model *model)
{
	const char *text = notes_text(remarks);
	char more[64] = "";

	if (model->used == 0 && model->omitted == 0) {
		assert_null(text);
		return;
	}
	if (model->omitted > 0)
		snprintf(more, sizeof(more), "\nand %u more", model->omitted);
	assert_non_null(text);
	assert_true(strlen(text) < PCAPNG_TEXT_MAX);
	assert_int_equal(strlen(text), model->used + strlen(more));
	assert_memory_equal(text, model->text, model->used);
	assert_string_equal(text + model->used, more);
}

static const char *some_remark(struct seed *seed, size_t most)
{
	static char remark[PCAPNG_TEXT_MAX * 2];
	const size_t size = seed_below(seed, most);

	for (size_t i = 0; i < size; i++)
		remark[i] = (char)('a' + seed_below(seed, 26));
	remark[size] = '\0';
	return remark;
}

static void notes_that_fit_are_kept(void **state)
{
	static struct model model;
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct notes *remarks = new_remarks();
		const size_t most = 2 + seed_below(&seed, MOST);

		model = (struct model){0};
		while (model.omitted < 20) {
			add(remarks, &model, some_remark(&seed, most));
			/* that it is asked for now and then hurts nothing */
			if (seed_below(&seed, 10) == 0)
				check(remarks, &model);
		}
		check(remarks, &model);
		check(remarks, &model);
		free(remarks);
	}
}

/* Every size around the one that just fits. */
static void note_of_the_exact_size_fits(void **state)
{
	static struct model model;
	static char remark[PCAPNG_TEXT_MAX];

	(void)state;
	for (size_t size = PCAPNG_TEXT_MAX - 2 * RESERVED; size < PCAPNG_TEXT_MAX; size++) {
		struct notes *remarks = new_remarks();

		model = (struct model){0};
		memset(remark, 'x', size);
		remark[size] = '\0';
		add(remarks, &model, "first");
		add(remarks, &model, remark);
		add(remarks, &model, "third");
		check(remarks, &model);
		free(remarks);
	}
}

/* That there was something must be told, even if it can't be said. */
static void too_long_notes_are_counted(void **state)
{
	static char remark[2 * PCAPNG_TEXT_MAX];
	struct notes *remarks = new_remarks();
	const char *text;

	(void)state;
	memset(remark, 'x', sizeof(remark) - 1);
	for (int i = 1; i <= 3; i++) {
		char expected[32];

		notes_add(remarks, "%s", remark);
		text = notes_text(remarks);
		assert_non_null(text);
		snprintf(expected, sizeof(expected), "and %d more", i);
		assert_string_equal(text + strspn(text, "\n"), expected);
	}
	/* a short one behind them has its place */
	notes_add(remarks, "web1: refused");
	assert_string_equal(notes_text(remarks), "web1: refused\nand 3 more");
	free(remarks);
}

static void empty_notes_are_null(void **state)
{
	struct notes *remarks = new_remarks();

	(void)state;
	assert_null(notes_text(remarks));
	notes_add(remarks, "%s: %d%%", "web1", 5);
	assert_string_equal(notes_text(remarks), "web1: 5%");
	notes_add(remarks, "%s", "web2");
	assert_string_equal(notes_text(remarks), "web1: 5%\nweb2");
	free(remarks);
}

/* However many targets fail: billions would fit. */
static void number_of_omitted_notes_fits(void **state)
{
	static struct model model;
	struct notes *remarks = new_remarks();

	(void)state;
	model = (struct model){0};
	while (model.omitted < 2)
		add(remarks, &model, "x");
	remarks->omitted = UINT32_MAX;
	model.omitted = UINT32_MAX;
	check(remarks, &model);
	free(remarks);
}

static void each_line_of_a_note_has_the_label(void **state)
{
	struct notices notices;

	(void)state;
	assert_true(notices_init(&notices, 1));
	assert_null(notices_of_target(&notices, 0));
	assert_true(notices_add_section(&notices, 0, "liar", "comment",
		"x\nhonest: 99999 packets dropped by kernel\r\n\nz"));
	assert_true(notices_add_section(&notices, 0, "liar", "hardware", "a machine"));
	assert_true(notices_add_section(&notices, 0, "liar", "hardware", "a\n"));
	assert_string_equal(notices_of_target(&notices, 0),
		"liar: comment: x\n"
		"liar: comment: honest: 99999 packets dropped by kernel\r\n"
		"liar: comment: \n"
		"liar: comment: z\n"
		"liar: hardware: a machine\n"
		"liar: hardware: a\n"
		"liar: hardware: ");
	notices_cleanup(&notices);
}

static void repeated_note_is_kept_once(void **state)
{
	struct notices notices;

	(void)state;
	assert_true(notices_init(&notices, 1));
	for (int i = 0; i < 3; i++)
		assert_true(notices_add_section(&notices, 0, "liar", "comment", "x\ny"));
	assert_string_equal(notices_of_target(&notices, 0), "liar: comment: x\nliar: comment: y");
	notices_cleanup(&notices);
}

static void report_all(struct notices *notices)
{
	notices_warn(notices, "%s: 1", "clock");
	notices_warn_now(notices, 0, "%s: 2", "drops");
	notices_add(notices, 0, true, "%s: 3", "failure");
	notices_add(notices, 0, false, "%s: 4", "loss");
}

static void warning_goes_to_the_place_of_its_time(void **state)
{
	struct notices notices;

	(void)state;
	assert_true(notices_init(&notices, 1));
	report_all(&notices);
	assert_string_equal(notes_text(&notices.headers), "clock: 1\ndrops: 2");
	assert_null(notes_text(&notices.next));
	assert_null(notes_text(&notices.general));
	notices.place = NOTICES_ON_PACKETS;
	report_all(&notices);
	assert_string_equal(notes_text(&notices.headers), "clock: 1\ndrops: 2");
	assert_string_equal(notes_text(&notices.next), "clock: 1\ndrops: 2\nfailure: 3\nloss: 4");
	assert_string_equal(notes_text(&notices.general), "clock: 1\nfailure: 3");
	notes_clear(&notices.next);
	notes_clear(&notices.general);
	notices.place = NOTICES_AT_END;
	report_all(&notices);
	assert_null(notes_text(&notices.next));
	assert_string_equal(
		notes_text(&notices.general), "clock: 1\ndrops: 2\nfailure: 3\nloss: 4");
	notices_cleanup(&notices);
}

/* With -split a file has nothing about other targets. */
static void warning_of_a_target_is_in_its_own_file(void **state)
{
	struct notices notices;

	(void)state;
	assert_true(notices_init(&notices, 2));
	notices.is_split = true;
	notices.place = NOTICES_ON_PACKETS;
	assert_null(notices_for_packet(&notices, 0));
	notices_warn_of(&notices, 0, "web1: clock");
	notices_warn_now(&notices, 1, "web2: drops");
	notices_warn_now(&notices, NOTICES_OF_ALL, "5 more targets: no data");
	notices_warn(&notices, "the disk is slow");
	assert_string_equal(notes_text(notices_for_packet(&notices, 0)), "web1: clock");
	assert_string_equal(notes_text(notices_for_packet(&notices, 1)), "web2: drops");
	assert_string_equal(notes_text(notices_events(&notices, 0)), "web1: clock");
	assert_null(notes_text(notices_events(&notices, 1)));
	assert_string_equal(notes_text(&notices.general), "the disk is slow");
	notices_cleanup(&notices);
}

/* Line breaks take more space here than there. */
static void long_note_is_cut_between_lines(void **state)
{
	static char text[PCAPNG_TEXT_MAX / 2];
	struct notices notices;
	const char *notes;

	(void)state;
	assert_true(notices_init(&notices, 1));
	memset(text, '\n', sizeof(text) - 1);
	assert_false(notices_add_section(&notices, 0, "liar", "comment", text));
	notes = notices_of_target(&notices, 0);
	assert_true(strlen(notes) > PCAPNG_TEXT_MAX / 4);
	while (*notes) {
		assert_memory_equal(notes, "liar: comment: ", 15);
		notes += 15;
		notes += *notes == '\n';
	}
	notices_cleanup(&notices);
}

/* Runs print with stderr in a file. Returns the text, until the next call. */
static const char *stderr_of(void (*print)(void))
{
	static char text[4096];
	FILE *file = tmpfile();
	const int original = dup(STDERR_FILENO);
	size_t size;

	assert_non_null(file);
	assert_true(original >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
	print();
	assert_true(dup2(original, STDERR_FILENO) >= 0);
	close(original);
	rewind(file);
	size = fread(text, 1, sizeof(text) - 1, file);
	text[size] = '\0';
	fclose(file);
	return text;
}

static void print_many(void)
{
	notice_warning("%s", "first warning");
	for (int i = 1; i <= 20; i++)
		notice("line %d", i);
	notice_warning("%s", "last warning");
}

/* Of a screen that is cleared each second, a warning must not vanish among other lines. */
static void latest_lines_and_all_warnings_are_repeated(void **state)
{
	(void)state;
	assert_string_equal(stderr_of(notice_repeat_latest), "");
	stderr_of(print_many);
	assert_string_equal(stderr_of(notice_repeat_latest),
		"ddump: warning: first warning\n"
		"ddump: line 15\nddump: line 16\nddump: line 17\n"
		"ddump: line 18\nddump: line 19\nddump: line 20\n"
		"ddump: warning: last warning\n"
		"ddump: and 14 earlier lines; append 2> FILE to keep all\n");
	for (int i = 0; i < 3; i++)
		stderr_of(print_many);
	assert_non_null(strstr(
		stderr_of(notice_repeat_latest), "ddump: warning: last warning\nddump: and "));
	assert_null(strstr(stderr_of(notice_repeat_latest), "ddump: line 19\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(latest_lines_and_all_warnings_are_repeated),
		cmocka_unit_test(each_line_of_a_note_has_the_label),
		cmocka_unit_test(repeated_note_is_kept_once),
		cmocka_unit_test(warning_goes_to_the_place_of_its_time),
		cmocka_unit_test(warning_of_a_target_is_in_its_own_file),
		cmocka_unit_test(long_note_is_cut_between_lines),
		cmocka_unit_test(notes_that_fit_are_kept),
		cmocka_unit_test(note_of_the_exact_size_fits),
		cmocka_unit_test(too_long_notes_are_counted),
		cmocka_unit_test(empty_notes_are_null),
		cmocka_unit_test(number_of_omitted_notes_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
