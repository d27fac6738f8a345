/* SPDX-License-Identifier: MIT */
/*
 * The interfaces of a capture: names become indexes, "any" is all of them, and
 * the administrator's list is never exceeded. "lo" exists on each host.
 */
#include "worker/interface_choice.h"

#include "unit.h"

#include <string.h>

static const struct settings no_list;
static const struct settings lo_list = {.interfaces = {"nosuch0", "lo"}, .interface_count = 2};
static const struct settings gone_list = {.interfaces = {"nosuch0"}, .interface_count = 1};

struct sample {
	const struct settings *settings;
	const char *asked[3];
	int status;	  /* 0: resolved */
	const char *text; /* of the choice, or of the error */
	size_t count;
};

static const struct sample samples[] = {
	{&no_list, {NULL}, 0, "", 0},
	{&no_list, {"lo"}, 0, "lo", 1},
	{&no_list, {"any"}, 0, "any", 0},
	{&no_list, {"lo", "any"}, 0, "lo,any", 0},
	{&no_list, {"lo", "nosuch0"}, 400, "\"nosuch0\" does not exist", 0},
	{&no_list, {"any", "nosuch0"}, 400, "\"nosuch0\" does not exist", 0},
	{&lo_list, {NULL}, 0, "lo", 1},
	{&lo_list, {"any"}, 0, "lo", 1},
	{&lo_list, {"any", "other0"}, 0, "lo", 1},
	{&lo_list, {"lo"}, 0, "lo", 1},
	{&lo_list, {"nosuch0"}, 400, "\"nosuch0\" does not exist", 0},
	{&lo_list, {"lo", "other0"}, 403, "\"other0\" is not in the worker", 0},
	{&lo_list, {"other0", "any"}, 403, "\"other0\" is not in the worker", 0},
	{&gone_list, {NULL}, 500, "no interface of the worker's -interface list exists", 0},
	{&gone_list, {"any"}, 500, "no interface of the worker's -interface list exists", 0},
};

static void check_sample(const struct sample *sample)
{
	struct capture_params params = {0};
	struct interface_choice choice;
	struct error error = {0};
	const bool resolves = sample->status == 0;

	for (size_t i = 0; sample->asked[i]; i++)
		strcpy(params.interfaces[params.interface_count++], sample->asked[i]);
	assert_int_equal(
		interface_choice_resolve(&choice, &params, sample->settings, &error), resolves);
	if (!resolves) {
		assert_int_equal(error.status, sample->status);
		assert_non_null(strstr(error.text, sample->text));
		return;
	}
	assert_string_equal(choice.text, sample->text);
	assert_int_equal(choice.count, sample->count);
	for (size_t i = 0; i < choice.count; i++) {
		assert_string_equal(choice.names[i], "lo");
		assert_int_equal(choice.indexes[i], if_nametoindex("lo"));
	}
}

static void interface_choice_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		print_message("# sample %zu\n", i);
		check_sample(&samples[i]);
	}
}

static void interface_choice_many_names_fit(void **state)
{
	struct capture_params params = {.interface_count = SETTINGS_INTERFACES_MAX};
	struct settings settings = {.interface_count = SETTINGS_INTERFACES_MAX};
	struct interface_choice choice;
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < SETTINGS_INTERFACES_MAX; i++) {
		strcpy(params.interfaces[i], "lo");
		strcpy(settings.interfaces[i], "lo");
	}
	assert_true(interface_choice_resolve(&choice, &params, &settings, &error));
	assert_int_equal(choice.count, SETTINGS_INTERFACES_MAX);
	params.interface_count = 0;
	assert_true(interface_choice_resolve(&choice, &params, &settings, &error));
	assert_int_equal(choice.count, SETTINGS_INTERFACES_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interface_choice_table),
		cmocka_unit_test(interface_choice_many_names_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
