/* SPDX-License-Identifier: MIT */
/*
 * The window of the pairing: as long as hold and known clocks need, and a warning, once, if
 * that is hardly enough.
 */
#include "client/path_window.h"

#include "common/clock.h"
#include "unit.h"

#include <string.h>

enum { TARGETS = 3, HOLD_S = 4 };

static const uint64_t BEGIN = UINT64_C(1700000000000000000);

static struct interface_table interfaces;
static struct notices notices;
static struct path_window window;

static void set_up(uint64_t hold_ms)
{
	static const char *const labels[TARGETS] = {"web1", "web2", "web3"};

	assert_true(interface_table_init(&interfaces, TARGETS));
	assert_true(notices_init(&notices, TARGETS));
	notices.place = NOTICES_ON_PACKETS;
	for (unsigned i = 0; i < TARGETS; i++)
		interfaces.targets[i].label = labels[i];
	assert_true(path_window_init(&window, hold_ms, &interfaces, TARGETS, &notices));
}

static void tear_down(void)
{
	path_window_cleanup(&window);
	notices_cleanup(&notices);
	interface_table_cleanup(&interfaces);
}

static void add_clock(unsigned target, int64_t ns, uint64_t bound)
{
	const struct clock_offset offset = {.is_known = true, .ns = ns, .bound = bound};

	path_window_add_clock(&window, target, &offset);
}

static void hold_is_the_window_and_two_seconds_the_least(void **state)
{
	(void)state;
	set_up(0);
	assert_true(window.ns == 2 * NS_PER_S);
	tear_down();
	set_up(HOLD_S * 1000);
	assert_true(window.ns == HOLD_S * NS_PER_S);
	tear_down();
}

static void clocks_that_differ_make_it_longer(void **state)
{
	const int64_t second = (int64_t)NS_PER_S;

	(void)state;
	set_up(HOLD_S * 1000);
	add_clock(0, 3 * second, NS_PER_MS);
	assert_true(window.ns == HOLD_S * NS_PER_S + 2 * NS_PER_MS);
	add_clock(1, -2 * second, 2 * NS_PER_MS);
	assert_true(window.ns == (HOLD_S + 5) * NS_PER_S + 3 * NS_PER_MS);
	/* it does not get shorter, and one that is far off is not waited for */
	add_clock(1, 3 * second, 0);
	assert_true(window.ns == (HOLD_S + 5) * NS_PER_S + 3 * NS_PER_MS);
	add_clock(2, 601 * second, 0);
	add_clock(1, -601 * second, 0);
	assert_true(window.ns == (HOLD_S + 5) * NS_PER_S + 3 * NS_PER_MS);
	add_clock(2, 600 * second, 0);
	assert_true(window.ns == (HOLD_S + 597) * NS_PER_S + NS_PER_MS);
	tear_down();
}

static const char *notes(void)
{
	const char *text = notes_text(&notices.general);

	return text ? text : "";
}

/* At three quarters of it packets are still paired, and the user can do something. */
static void packets_far_apart_are_told_once(void **state)
{
	(void)state;
	set_up(HOLD_S * 1000);
	path_window_check(&window, 0, BEGIN, 1, BEGIN + 3 * NS_PER_S);
	assert_string_equal(notes(), "");
	path_window_check(&window, 0, BEGIN + 3 * NS_PER_S + 1, 1, BEGIN);
	assert_string_equal(notes(),
		"-paths: packets of web1 and web2 are up to 3.0 s apart, and beyond 4.0 s they are "
		"not paired; try a longer -hold");
	path_window_check(&window, 1, BEGIN, 2, BEGIN + 4 * NS_PER_S);
	assert_null(strstr(notes(), "web3"));
	tear_down();
}

static void align_is_advised_if_both_clocks_are_known(void **state)
{
	(void)state;
	for (unsigned known = 0; known < 4; known++) {
		set_up(HOLD_S * 1000);
		for (unsigned i = 0; i < 2; i++)
			if (known & 1U << i)
				add_clock(i, 0, 0);
		path_window_check(&window, 0, BEGIN, 1, BEGIN + 4 * NS_PER_S);
		assert_true((strstr(notes(), "try -align") != NULL) == (known == 3));
		assert_true((strstr(notes(), "try a longer -hold") != NULL) == (known != 3));
		tear_down();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hold_is_the_window_and_two_seconds_the_least),
		cmocka_unit_test(clocks_that_differ_make_it_longer),
		cmocka_unit_test(packets_far_apart_are_told_once),
		cmocka_unit_test(align_is_advised_if_both_clocks_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
