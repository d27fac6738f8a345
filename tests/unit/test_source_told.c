/* SPDX-License-Identifier: MIT */
/*
 * What a source tells, and how often: its start, its outages, drops on its host and
 * clocks that were set. And how long a loss counts.
 */
#include "client/source.h"

#include "common/clock.h"
#include "offline.h"

#include <string.h>
#include <unistd.h>

static bool ignore_packet(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	(void)packet;
	return true;
}

/* A source of a run without any network. */
static struct run {
	struct options options;
	struct target target;
	struct source_common common;
	struct source source;
	struct offline offline;
} run;

static void run_open(void)
{
	static char label[] = "web1";
	const struct merge_limits limits = {.hold_ms = 1000, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {.packet = ignore_packet};

	run = (struct run){.options = {.retry = true}, .target = {.label = label}};
	run.common = offline_open(&run.offline, &run.options, 1, &limits, &sink);
	run.common.in_state[SOURCE_CONNECTING] = 1;
	run.common.now_ms = 1000000;
	run.source = (struct source){.common = &run.common, .target = &run.target};
}

static void run_close(void)
{
	outages_cleanup(&run.source.outages);
	offline_close(&run.offline, &run.common);
}

static void happens(enum source_event event)
{
	static const struct error error = {.status = 1, .text = "it broke"};

	source_transition(&run.source, event, event == SOURCE_FAILS ? &error : NULL);
}

static unsigned count_of(const char *text, const char *words)
{
	unsigned count = 0;

	for (; text && (text = strstr(text, words)); text += strlen(words))
		count++;
	return count;
}

/* The notes have limited space: a source that comes and goes does not use it up. */
static void five_outages_are_noted_and_the_others_counted(void **state)
{
	enum { NOTED = 5 };
	struct notes *notes;

	(void)state;
	run_open();
	notes = notices_events(&run.offline.notices, 0);
	happens(SOURCE_BEGINS);
	for (unsigned i = 1; i <= NOTED + 2; i++) {
		happens(SOURCE_FAILS);
		happens(SOURCE_BEGINS);
		assert_int_equal(count_of(notes_text(notes), "web1: no packets from "),
			i < NOTED ? i : NOTED);
		if (i == NOTED) {
			source_note_losses(&run.source);
			assert_int_equal(count_of(notes_text(notes), "more outages"), 0);
		}
	}
	source_note_losses(&run.source);
	assert_int_equal(count_of(notes_text(notes), "web1: 2 more outages"), 1);
	run_close();
}

/* After a stream of half a minute the next loss is a first one, and soon tried again. */
static void steady_stream_makes_the_first_delay_short_again(void **state)
{
	(void)state;
	run_open();
	happens(SOURCE_BEGINS);
	for (unsigned i = 1; i <= 9; i++) {
		happens(SOURCE_FAILS);
		assert_int_equal(run.source.attempt, i);
	}
	happens(SOURCE_BEGINS);
	happens(SOURCE_FAILS);
	assert_int_equal(run.source.attempt, 10);
	happens(SOURCE_BEGINS);
	run.source.stream_began_ms = clock_ms() - 10000;
	happens(SOURCE_FAILS);
	assert_int_equal(run.source.attempt, 11);
	assert_true(run.source.due_ms > clock_ms() + 5000);
	happens(SOURCE_BEGINS);
	run.source.stream_began_ms = clock_ms() - 30001;
	happens(SOURCE_FAILS);
	assert_int_equal(run.source.attempt, 1);
	assert_true(run.source.due_ms <= clock_ms() + 250);
	/* attempts that fail after it are longer apart as before */
	happens(SOURCE_FAILS);
	assert_int_equal(run.source.attempt, 2);
	run_close();
}

static FILE *said_file;
static int stderr_before;

static void begin_to_listen(void)
{
	said_file = tmpfile();
	stderr_before = dup(STDERR_FILENO);
	assert_non_null(said_file);
	assert_true(stderr_before >= 0);
	dup2(fileno(said_file), STDERR_FILENO);
}

/* Returns what was said on stderr since. */
static const char *end_to_listen(void)
{
	static char said[4096];

	dup2(stderr_before, STDERR_FILENO);
	close(stderr_before);
	rewind(said_file);
	said[fread(said, 1, sizeof(said) - 1, said_file)] = '\0';
	fclose(said_file);
	return said;
}

/* An attempt every half a minute would hide all else on a screen. */
static void reason_of_failed_attempts_is_told_when_it_changes(void **state)
{
	static const struct error other = {.status = 1, .text = "it is away"};
	const char *said;

	(void)state;
	run_open();
	happens(SOURCE_BEGINS);
	begin_to_listen();
	for (unsigned i = 0; i < 3; i++)
		happens(SOURCE_FAILS);
	said = end_to_listen();
	assert_int_equal(count_of(said, "web1: it broke; reconnecting\n"), 1);
	begin_to_listen();
	source_transition(&run.source, SOURCE_FAILS, &other);
	source_transition(&run.source, SOURCE_FAILS, &other);
	said = end_to_listen();
	assert_int_equal(count_of(said, "web1: it is away; reconnecting\n"), 1);
	/* and anew, once it was back */
	begin_to_listen();
	happens(SOURCE_BEGINS);
	source_transition(&run.source, SOURCE_FAILS, &other);
	said = end_to_listen();
	assert_int_equal(count_of(said, "web1: it is away; reconnecting\n"), 1);
	run_close();
}

static void start_is_told_if_asked_and_an_unknown_clock_if_it_matters(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		const bool verbose = i & 1;
		const bool align = i & 2;
		const bool is_known = i & 4;
		const char *said;

		run_open();
		run.options.verbose = verbose;
		run.options.align = align;
		run.source.clock_offset.is_known = is_known;
		begin_to_listen();
		happens(SOURCE_BEGINS);
		said = end_to_listen();
		assert_int_equal(count_of(said, "web1: capture started"), verbose);
		assert_int_equal(count_of(said, "web1: clock offset unknown"), align && !is_known);
		run_close();
	}
}

/* Tells of a watermark, and returns what is said of it. */
static const char *said_of_watermark(uint64_t time_ns)
{
	begin_to_listen();
	source_warn_of_step(&run.source, time_ns);
	return end_to_listen();
}

static void clock_that_is_set_is_told_five_times_and_once_a_second(void **state)
{
	const uint64_t hour_ns = 3600 * NS_PER_S;
	const uint64_t year_2023_ns = 1700000000 * NS_PER_S;
	const uint64_t uptime = clock_ns(CLOCK_BOOTTIME);
	const struct clock_offset same = {.is_known = true};
	uint64_t time_ns = year_2023_ns;

	(void)state;
	run_open();
	run.source.clock_watch = clock_watch_begin(&same, time_ns, uptime);
	assert_string_equal(said_of_watermark(time_ns), "");
	run.common.now_ms = 1 - 1000; /* the first one is right after this host's start */
	for (unsigned i = 1; i <= 7; i++) {
		const char *said;

		run.common.now_ms += 1000;
		time_ns -= hour_ns;
		said = said_of_watermark(time_ns);
		assert_int_equal(count_of(said, "web1: clock was set back by 3600.0 s"), i <= 5);
		assert_int_equal(count_of(said, "further steps are not reported"), i == 5);
		/* another one within that second, and none at all */
		if (i == 1) {
			run.common.now_ms += 999;
			time_ns -= hour_ns;
			assert_string_equal(said_of_watermark(time_ns), "");
			run.common.now_ms -= 999;
		}
		assert_string_equal(said_of_watermark(time_ns), "");
	}
	run_close();
}

/* Tells of drops, and returns what is said of them. */
static const char *said_of_drops(uint64_t more)
{
	const struct statistics statistics = {.valid = STATISTICS_DROPPED, .dropped = more};

	interface_table_add_counts(&run.offline.interfaces, &statistics);
	begin_to_listen();
	source_warn_of_drops(&run.source);
	return end_to_listen();
}

static void drops_are_told_when_they_grow_and_every_ten_seconds(void **state)
{
	const struct interface interface = {.name = "eth0", .filter = ""};
	struct error error;
	uint32_t number;

	(void)state;
	run_open();
	assert_true(interface_table_find(&run.offline.interfaces, 0, &interface, &number, &error));
	assert_string_equal(said_of_drops(0), "");
	assert_int_equal(count_of(said_of_drops(3), "web1: 3 packets dropped on that host"), 1);
	run.common.now_ms += 9999;
	assert_string_equal(said_of_drops(2), "");
	run.common.now_ms += 1;
	assert_int_equal(count_of(said_of_drops(0), "web1: 5 packets dropped on that host"), 1);
	run.common.now_ms += 10000;
	assert_string_equal(said_of_drops(0), "");
	assert_int_equal(count_of(said_of_drops(1), "web1: 6 packets dropped on that host"), 1);
	run_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(five_outages_are_noted_and_the_others_counted),
		cmocka_unit_test(steady_stream_makes_the_first_delay_short_again),
		cmocka_unit_test(reason_of_failed_attempts_is_told_when_it_changes),
		cmocka_unit_test(start_is_told_if_asked_and_an_unknown_clock_if_it_matters),
		cmocka_unit_test(clock_that_is_set_is_told_five_times_and_once_a_second),
		cmocka_unit_test(drops_are_told_when_they_grow_and_every_ten_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
