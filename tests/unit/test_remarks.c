/*
 * Remarks: each whole on a line of its own, in their order; what does not fit
 * is counted; and all of it fits into one comment.
 */
#include "client/remarks.h"

#include "unit.h"

#include <string.h>

enum { ROUNDS = 300, MOST = 2000, RESERVED = 64 };

/* What should be there. */
struct model {
	char text[4 * PCAPNG_TEXT_MAX];
	size_t used;
	unsigned omitted;
};

/* On the heap, so that a sanitizer sees what is behind it. */
static struct remarks *new_remarks(void)
{
	struct remarks *remarks = calloc(1, sizeof(*remarks));

	assert_non_null(remarks);
	return remarks;
}

static void add(
	struct remarks *remarks, struct model *model, const char *remark)
{
	const char *separator = model->used > 0 ? "\n" : "";
	const unsigned omitted = remarks->omitted;

	remarks_add(remarks, "%s", remark);
	if (remarks->omitted != omitted) {
		assert_int_equal(remarks->omitted, omitted + 1);
		model->omitted++;
		/* there was no need to, if there was room */
		assert_true(model->used + strlen(separator) + strlen(remark) +
				    RESERVED >=
			    PCAPNG_TEXT_MAX);
		return;
	}
	model->used += (size_t)sprintf(
		model->text + model->used, "%s%s", separator, remark);
}

static void check(struct remarks *remarks, const struct model *model)
{
	const char *text = remarks_text(remarks);
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

static void what_fits_is_there(void **state)
{
	static struct model model;
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct remarks *remarks = new_remarks();
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
static void the_edge_is_sharp(void **state)
{
	static struct model model;
	static char remark[PCAPNG_TEXT_MAX];

	(void)state;
	for (size_t size = PCAPNG_TEXT_MAX - 2 * RESERVED;
		size < PCAPNG_TEXT_MAX; size++) {
		struct remarks *remarks = new_remarks();

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
static void only_too_long_ones_are_counted(void **state)
{
	static char remark[2 * PCAPNG_TEXT_MAX];
	struct remarks *remarks = new_remarks();
	const char *text;

	(void)state;
	memset(remark, 'x', sizeof(remark) - 1);
	for (int i = 1; i <= 3; i++) {
		char expected[32];

		remarks_add(remarks, "%s", remark);
		text = remarks_text(remarks);
		assert_non_null(text);
		snprintf(expected, sizeof(expected), "and %d more", i);
		assert_string_equal(text + strspn(text, "\n"), expected);
	}
	/* a short one behind them has its place */
	remarks_add(remarks, "web1: refused");
	assert_string_equal(remarks_text(remarks), "web1: refused\nand 3 more");
	free(remarks);
}

static void none_is_none(void **state)
{
	struct remarks *remarks = new_remarks();

	(void)state;
	assert_null(remarks_text(remarks));
	remarks_add(remarks, "%s: %d%%", "web1", 5);
	assert_string_equal(remarks_text(remarks), "web1: 5%");
	remarks_add(remarks, "%s", "web2");
	assert_string_equal(remarks_text(remarks), "web1: 5%\nweb2");
	free(remarks);
}

/* However many targets fail: billions would fit. */
static void the_number_of_the_omitted_fits(void **state)
{
	static struct model model;
	struct remarks *remarks = new_remarks();

	(void)state;
	model = (struct model){0};
	while (model.omitted < 2)
		add(remarks, &model, "x");
	remarks->omitted = UINT32_MAX;
	model.omitted = UINT32_MAX;
	check(remarks, &model);
	free(remarks);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_is_there),
		cmocka_unit_test(the_edge_is_sharp),
		cmocka_unit_test(only_too_long_ones_are_counted),
		cmocka_unit_test(none_is_none),
		cmocka_unit_test(the_number_of_the_omitted_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
