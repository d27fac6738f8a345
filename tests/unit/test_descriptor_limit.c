/* SPDX-License-Identifier: MIT */
/*
 * The limit of descriptors: a run for which it is too low is refused, one that fits is not, and
 * the soft limit becomes the hard one.
 */
#include "client/descriptor_limit.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static struct rlimit before;
static struct options options;

static int set_up(void **state)
{
	(void)state;
	return getrlimit(RLIMIT_NOFILE, &before);
}

static int tear_down(void **state)
{
	(void)state;
	target_list_cleanup(&options.targets);
	options = (struct options){0};
	return setrlimit(RLIMIT_NOFILE, &before);
}

/* Adds count targets: target with their numbers. */
static void add_targets(const char *target, int count)
{
	struct error error = {0};
	char word[64];

	for (int i = 0; i < count; i++) {
		snprintf(word, sizeof(word), "%s%d", target, i);
		assert_true(target_list_add(&options.targets, word, &options.defaults, &error));
	}
}

static void set_limit(rlim_t limit)
{
	const struct rlimit few = {limit, before.rlim_max};

	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
}

/* The limit is enough with so many descriptors, and not with one less. */
static void needs(rlim_t count)
{
	struct error error = {0};

	set_limit(count);
	assert_true(descriptor_limit_check(&options, &error));
	set_limit(count - 1);
	assert_false(descriptor_limit_check(&options, &error));
	assert_int_equal(error.status, 1);
}

static void each_kind_of_target_needs_its_own(void **state)
{
	(void)state;
	add_targets("host", 4);
	needs(32 + 4);
	add_targets("ssh://host", 4);
	needs(32 + 4 + 2 * 4);
	add_targets("exec:tcpdump", 4);
	needs(32 + 4 + 2 * 4 + 3 * 4);
	options.split = true;
	needs(32 + 4 + 2 * 4 + 3 * 4 + 12);
}

static void too_few_reported_with_what_is_needed(void **state)
{
	struct error error = {0};

	(void)state;
	add_targets("host", 5);
	set_limit(36);
	assert_false(descriptor_limit_check(&options, &error));
	assert_string_equal(error.text,
		"5 targets need 37 descriptors, and the hard limit is 36; try ulimit -Hn 37 as "
		"root");
	options.split = true;
	assert_false(descriptor_limit_check(&options, &error));
	assert_string_equal(error.text,
		"-split: 5 targets need 42 descriptors, and the hard limit is 36; try ulimit -Hn "
		"42 as root");
}

static void soft_limit_becomes_the_hard_one(void **state)
{
	struct rlimit after;

	(void)state;
	set_limit(36);
	descriptor_limit_raise();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
	assert_int_equal(after.rlim_cur, before.rlim_max);
	assert_int_equal(after.rlim_max, before.rlim_max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_kind_of_target_needs_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			too_few_reported_with_what_is_needed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(soft_limit_becomes_the_hard_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
