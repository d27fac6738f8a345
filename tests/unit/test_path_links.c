/* SPDX-License-Identifier: MIT */
/*
 * What is known of stretches: the bounds of their times, for as many as there is room.
 */
#include "client/path_links.h"

#include "unit.h"

static void links_have_their_least_and_most(void **state)
{
	static struct path_links links;
	const struct path_link *link;

	(void)state;
	assert_null(path_links_find(&links, 1, 2));
	path_links_add(&links, 1, 2, 50);
	link = path_links_find(&links, 1, 2);
	assert_non_null(link);
	assert_true(link->least_ns == 50 && link->most_ns == 50);
	path_links_add(&links, 1, 2, -7);
	path_links_add(&links, 1, 2, 80);
	path_links_add(&links, 2, 1, 9000);
	path_links_add(&links, 1, 2, INT64_MAX / 8 + 1); /* no clock is off like that */
	path_links_add(&links, 1, 2, -INT64_MAX / 8 - 1);
	assert_true(link->least_ns == -7 && link->most_ns == 80);
	assert_true(path_link_slack_ns(link, 86) == 87);
	assert_true(path_link_slack_ns(link, 88) == 88);
	assert_int_equal(links.used, 2);
}

/* The table is never full, so that each search has an end. */
static void links_beyond_the_limit_are_left_out(void **state)
{
	static struct path_links links;
	unsigned found = 0;

	(void)state;
	for (unsigned i = 0; i < PATH_LINKS_MAX + 100; i++)
		path_links_add(&links, (uint16_t)(i / 200), (uint16_t)(i % 200), i);
	for (unsigned i = 0; i < PATH_LINKS_MAX + 100; i++) {
		const struct path_link *link =
			path_links_find(&links, (uint16_t)(i / 200), (uint16_t)(i % 200));

		found += link != NULL;
		if (link)
			assert_int_equal(link->least_ns, i);
	}
	assert_int_equal(found, PATH_LINKS_MAX / 4 * 3);
	assert_int_equal(links.used, found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_have_their_least_and_most),
		cmocka_unit_test(links_beyond_the_limit_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
