/* SPDX-License-Identifier: MIT */
/*
 * The files of -split: every packet is in the file of its target and in no other one, in the
 * order in which it came; each file has its own interfaces, secrets, counters and notes; a
 * file that cannot be written ends the run, and the others are whole.
 */
#include "client/split_files.h"

#include "common/clock.h"
#include "directory.h"
#include "readback.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TARGETS = 3, ETHERNET = 1, PACKETS = 900, INTERFACES = 2, BYTES_MAX = 1 << 20, NAME = 32 };

static const uint64_t BEGIN = UINT64_C(1700000000000000000);

static struct options options;
static struct interface_table interfaces;
static struct notices notices;
static struct file_commands commands;
static struct capture_file whole;
static struct split_files files;
static uint32_t numbers[TARGETS][INTERFACES];
static unsigned char data[64];
static struct back back;
static unsigned char bytes[BYTES_MAX];

/* Target 2 has no stream yet. */
static void add_interfaces(unsigned target)
{
	for (unsigned i = 0; i < INTERFACES; i++) {
		char name[NAME];
		struct error error = {0};
		const struct interface interface = {
			.linktype = ETHERNET, .name = name, .filter = "", .index = i};

		snprintf(name, sizeof(name), "eth%u", i);
		assert_true(interface_table_find(
			&interfaces, target, &interface, &numbers[target][i], &error));
	}
}

static void begin(const char *output)
{
	static const char *const labels[TARGETS] = {"a", "b", "c"};
	struct error error = {0};

	options.output = output;
	options.split = true;
	options.pcapng = true;
	assert_true(interface_table_init(&interfaces, TARGETS));
	assert_true(notices_init(&notices, TARGETS));
	notices.is_split = true;
	for (unsigned i = 0; i < TARGETS; i++) {
		interfaces.targets[i].label = labels[i];
		interfaces.targets[i].url = labels[i];
		assert_true(
			target_list_add(&options.targets, labels[i], &options.defaults, &error));
	}
	add_interfaces(0);
	add_interfaces(1);
	whole = (struct capture_file){
		.options = &options,
		.interfaces = &interfaces,
		.notices = &notices,
		.commands = &commands,
		.writer = {.output = output_open("/dev/null", &error), .pcapng = true},
		.is_discarded = true,
	};
	assert_true(split_files_init(&files, &options, &error));
	capture_file_start(&whole, ETHERNET);
	split_files_start(&files, &whole);
}

static void end(void)
{
	struct error error = {0};

	split_files_close(&files, &error);
	split_files_cleanup(&files);
	assert_true(output_close(whole.writer.output, &error));
	notices_cleanup(&notices);
	interface_table_cleanup(&interfaces);
	target_list_cleanup(&options.targets);
	options = (struct options){0};
}

static bool add_packet(unsigned target, unsigned interface, uint32_t number)
{
	const struct packet packet = {
		.time = BEGIN + number,
		.interface = numbers[target][interface],
		.data = data,
		.caplen = sizeof(data),
		.len = sizeof(data),
	};

	memcpy(data, &number, sizeof(number));
	return split_files_packet(&files, target, &packet);
}

static void read_file(const char *name)
{
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file)
		fail_msg("there is no file %s", name);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	back_read(&back, bytes, size);
}

static bool file_has(const char *name, const char *text)
{
	FILE *file = fopen(name, "rb");
	size_t size;

	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void packet_is_in_the_file_of_its_target_only(void **state)
{
	static const char *const names[TARGETS] = {"s-a.pcapng", "s-b.pcapng", "s-c.pcapng"};
	struct seed seed = seed_start();
	size_t counts[TARGETS] = {0};
	size_t seen = 0;

	(void)state;
	begin("s.pcapng");
	assert_int_equal(access(names[0], F_OK) | access(names[1], F_OK), 0);
	/* this target has not answered yet */
	assert_int_equal(access(names[2], F_OK), -1);
	add_interfaces(2);
	for (uint32_t i = 0; i < PACKETS; i++) {
		const unsigned target = (unsigned)seed_below(&seed, TARGETS);

		assert_true(add_packet(target, (unsigned)seed_below(&seed, INTERFACES), i));
		counts[target]++;
		if (seed_below(&seed, 10) == 0)
			split_files_flush(&files);
		if (seed_below(&seed, 50) == 0)
			split_files_write_counters(&files);
	}
	assert_int_equal(whole.written, PACKETS);
	split_files_write_end(&files);
	assert_int_equal(split_files_total(&files), TARGETS);
	end();
	for (unsigned i = 0; i < TARGETS; i++) {
		uint32_t last = 0;

		read_file(names[i]);
		assert_int_equal(back.packet_count, counts[i]);
		assert_true(back.interface_count <= INTERFACES);
		for (size_t j = 0; j < back.packet_count; j++) {
			const uint32_t number = back_u32(back.packets[j].data);

			assert_true(j == 0 || number > last);
			last = number;
		}
		for (uint32_t j = 0; j < back.interface_count; j++)
			assert_int_equal(*back.interfaces[j].name, "abc"[i]);
		seen += back.packet_count;
		assert_int_equal(unlink(names[i]), 0);
	}
	assert_int_equal(seen, PACKETS);
}

static void notes_of_a_target_are_in_its_file_only(void **state)
{
	(void)state;
	begin("n.pcapng");
	notices_warn_of(&notices, 0, "a: clock was set");
	notices_warn(&notices, "all of them");
	notices_add_section(&notices, 1, "b", "hardware", "x86");
	add_packet(0, 0, 1);
	/* at the end, a stream has begun, without packets */
	add_interfaces(2);
	split_files_write_end(&files);
	end();
	assert_true(file_has("n-c.pcapng", "all of them"));
	assert_int_equal(unlink("n-c.pcapng"), 0);
	assert_true(file_has("n-a.pcapng", "a: clock was set"));
	assert_true(file_has("n-a.pcapng", "all of them"));
	assert_false(file_has("n-a.pcapng", "x86"));
	assert_false(file_has("n-b.pcapng", "clock was set"));
	assert_true(file_has("n-b.pcapng", "all of them"));
	assert_true(file_has("n-b.pcapng", "b: hardware: x86"));
	assert_int_equal(unlink("n-a.pcapng") | unlink("n-b.pcapng"), 0);
}

/* A file has the problems since the one before, of its own target and of the run. */
static void each_of_several_files_has_new_notes(void **state)
{
	(void)state;
	options.file_bytes = 1000;
	begin("r.pcapng");
	notices_warn_of(&notices, 0, "a: first");
	notices_warn(&notices, "run: first");
	for (uint32_t i = 0; i < 15; i++)
		assert_true(add_packet(0, 0, i));
	notices_warn(&notices, "run: second");
	notices_warn_of(&notices, 0, "a: second");
	split_files_write_end(&files);
	assert_int_equal(split_files_status(&files, 0).files, 2);
	assert_string_equal(split_files_status(&files, 0).name, "r-a-1.pcapng");
	assert_int_equal(split_files_status(&files, 1).files, 1);
	assert_int_equal(split_files_status(&files, 2).files, 0);
	end();
	assert_true(file_has("r-a.pcapng", "a: first"));
	assert_true(file_has("r-a.pcapng", "run: first"));
	assert_false(file_has("r-a-1.pcapng", "first"));
	assert_true(file_has("r-a-1.pcapng", "a: second"));
	assert_true(file_has("r-a-1.pcapng", "run: second"));
	/* this one did not rotate */
	assert_true(file_has("r-b.pcapng", "run: first\nrun: second"));
	assert_int_equal(unlink("r-a.pcapng") | unlink("r-a-1.pcapng") | unlink("r-b.pcapng"), 0);
}

/* A new file describes each interface anew, and its end has the counters of each. */
static void counters_of_all_interfaces_are_in_each_file(void **state)
{
	static const char *const names[] = {"i-a.pcapng", "i-a-1.pcapng"};

	(void)state;
	options.file_bytes = 1000;
	begin("i.pcapng");
	for (unsigned i = 0; i < TARGETS - 1; i++)
		for (unsigned j = 0; j < INTERFACES; j++) {
			const struct statistics counts = {
				.interface = numbers[i][j],
				.valid = STATISTICS_RECEIVED,
				.received = 10 * i + j,
			};

			interface_table_add_counts(&interfaces, &counts);
		}
	for (uint32_t i = 0; i < 15; i++)
		assert_true(add_packet(0, i % INTERFACES, i));
	split_files_write_end(&files);
	end();
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		read_file(names[i]);
		assert_true(back.packet_count > 1);
		assert_int_equal(back.interface_count, INTERFACES);
		assert_int_equal(back.statistics_count, INTERFACES);
		for (unsigned j = 0; j < INTERFACES; j++)
			assert_int_equal(back.statistics[j].received, j);
		assert_int_equal(unlink(names[i]), 0);
	}
	read_file("i-b.pcapng");
	assert_int_equal(back.packet_count, 0);
	assert_int_equal(back.statistics_count, INTERFACES);
	assert_int_equal(back.statistics[0].received, 10);
	assert_int_equal(unlink("i-b.pcapng"), 0);
}

static void count_of_all_ends_the_run(void **state)
{
	(void)state;
	options.count = 3;
	begin("c.pcapng");
	assert_true(add_packet(0, 0, 0));
	assert_true(add_packet(1, 0, 1));
	assert_int_equal(whole.state, CAPTURE_FILE_OPEN);
	assert_true(add_packet(1, 0, 2));
	assert_int_equal(whole.state, CAPTURE_FILE_COMPLETE);
	assert_false(add_packet(0, 0, 3));
	split_files_write_end(&files);
	end();
	read_file("c-a.pcapng");
	assert_int_equal(back.packet_count, 1);
	read_file("c-b.pcapng");
	assert_int_equal(back.packet_count, 2);
	assert_int_equal(unlink("c-a.pcapng") | unlink("c-b.pcapng"), 0);
}

/* One file reaches a limit of this process: it is cut after a packet, the other has its end. */
static void file_that_cannot_grow_ends_the_run_and_others_are_whole(void **state)
{
	struct rlimit before;
	struct rlimit small;
	uint64_t written;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){5000, before.rlim_max};
	begin("f.pcapng");
	notices_warn(&notices, "one file is full");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(add_packet(1, 0, 0));
	for (uint32_t i = 1; i < 100; i++)
		assert_true(add_packet(0, 0, i));
	split_files_flush(&files);
	assert_int_equal(whole.state, CAPTURE_FILE_FAILED);
	assert_string_equal(whole.error.text, "f-a.pcapng: File too large");
	written = whole.written - split_files_pending(&files);
	split_files_write_end(&files);
	end();
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_true(file_has("f-b.pcapng", "one file is full"));
	read_file("f-a.pcapng");
	assert_true(back.packet_count > 10 && back.packet_count < 60);
	assert_int_equal(back.packet_count + 1, written);
	read_file("f-b.pcapng");
	assert_int_equal(back.packet_count, 1);
	assert_int_equal(unlink("f-a.pcapng") | unlink("f-b.pcapng"), 0);
}

/* The disk is full when the third file begins. */
static void file_without_space_for_its_header_is_removed(void **state)
{
	struct rlimit before;
	struct rlimit small;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){20, before.rlim_max};
	begin("h.pcapng");
	add_interfaces(2);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_false(add_packet(2, 0, 1));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(whole.state, CAPTURE_FILE_FAILED);
	assert_int_equal(whole.written, 0);
	assert_int_equal(split_files_status(&files, 2).files, 0);
	assert_int_equal(access("h-c.pcapng", F_OK), -1);
	end();
	assert_int_equal(unlink("h-a.pcapng") | unlink("h-b.pcapng"), 0);
}

/* All targets' files of -G end at the same time, and with the last ones of -W the run. */
static void files_of_a_time_end_together(void **state)
{
	uint64_t due_ms;

	(void)state;
	options.file_seconds = 1;
	options.file_count = 2;
	begin("t.pcapng");
	due_ms = files.due_ms;
	assert_true(due_ms <= clock_ms() + 1000);
	assert_true(split_files_rotate(&files, due_ms - 1));
	assert_int_equal(split_files_total(&files), 2);
	while (clock_ms() < due_ms)
		usleep(1000);
	assert_true(split_files_rotate(&files, clock_ms()));
	assert_int_equal(split_files_status(&files, 0).files, 2);
	assert_int_equal(split_files_status(&files, 1).files, 2);
	assert_true(files.due_ms > due_ms && files.due_ms != CLOCK_NEVER);
	assert_false(split_files_rotate(&files, files.due_ms));
	assert_int_equal(split_files_total(&files), 4);
	split_files_write_end(&files);
	end();
	assert_int_equal(unlink("t-a.pcapng") | unlink("t-a-1.pcapng"), 0);
	assert_int_equal(unlink("t-b.pcapng") | unlink("t-b-1.pcapng"), 0);
}

/* Another program may put something there after the check at the start. */
static void link_that_appears_later_is_not_followed(void **state)
{
	struct stat status;

	(void)state;
	begin("l.pcapng");
	add_interfaces(2);
	assert_int_equal(symlink("victim", "l-c.pcapng"), 0);
	assert_false(add_packet(2, 0, 1));
	assert_int_equal(whole.state, CAPTURE_FILE_FAILED);
	assert_string_equal(whole.error.text, "cannot use l-c.pcapng: File exists");
	assert_int_equal(stat("victim", &status), -1);
	end();
	assert_int_equal(unlink("l-a.pcapng") | unlink("l-b.pcapng") | unlink("l-c.pcapng"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packet_is_in_the_file_of_its_target_only),
		cmocka_unit_test(notes_of_a_target_are_in_its_file_only),
		cmocka_unit_test(each_of_several_files_has_new_notes),
		cmocka_unit_test(counters_of_all_interfaces_are_in_each_file),
		cmocka_unit_test(count_of_all_ends_the_run),
		cmocka_unit_test(file_that_cannot_grow_ends_the_run_and_others_are_whole),
		cmocka_unit_test(file_without_space_for_its_header_is_removed),
		cmocka_unit_test(files_of_a_time_end_together),
		cmocka_unit_test(link_that_appears_later_is_not_followed),
	};

	return cmocka_run_group_tests(tests, directory_enter, directory_leave);
}
