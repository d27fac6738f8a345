/* SPDX-License-Identifier: MIT */
/*
 * Messages to Wireshark: each is one that it can parse, warnings are windows up to a
 * limit, and what cannot be sent is not lost.
 */
#include "client/extcap_control.h"

#include "client/notices.h"
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_SIZE = 6, WARNINGS_MAX = 5 };

static char folder[] = "/tmp/test_extcap_control.XXXXXX";
static char in[sizeof(folder) + 8];
static char out[sizeof(folder) + 8];
static int reader;
static int writer; /* of Wireshark, which ends ddump when it closes */

/* What was sent, parsed. */
struct message {
	unsigned char number;
	unsigned char command;
	char text[8192];
};

static void begin(void)
{
	static const unsigned char greeting[] = {'T', 0, 0, 2, 0, 0};

	assert_true(extcap_control_open(in, out));
	reader = open(out, O_RDONLY | O_NONBLOCK);
	writer = open(in, O_WRONLY);
	assert_true(reader >= 0 && writer >= 0);
	assert_int_equal(write(writer, greeting, sizeof(greeting)), sizeof(greeting));
}

static void end(void)
{
	extcap_control_close();
	close(reader);
	close(writer);
}

static bool receive(struct message *ret_message)
{
	unsigned char header[HEADER_SIZE];
	size_t size;

	if (read(reader, header, sizeof(header)) != HEADER_SIZE)
		return false;
	assert_int_equal(header[0], 'T');
	assert_int_equal(header[1], 0);
	size = (size_t)header[2] << 8 | header[3];
	assert_in_range(size, 2, sizeof(ret_message->text));
	size -= 2;
	ret_message->number = header[4];
	ret_message->command = header[5];
	assert_int_equal(read(reader, ret_message->text, size), size);
	ret_message->text[size] = '\0';
	return true;
}

static void lines_become_messages(void **state)
{
	struct message message;

	(void)state;
	begin();
	notice("x %d", 1);
	assert_true(receive(&message));
	assert_int_equal(message.number, 0);
	assert_int_equal(message.command, 2);
	assert_string_equal(message.text + strlen("12:34:56"), " UTC x 1\n");
	notice_status_line("y");
	assert_true(receive(&message));
	assert_int_equal(message.number, 255);
	assert_int_equal(message.command, 6);
	assert_string_equal(message.text, "y");
	notice_warning("z");
	assert_true(receive(&message));
	assert_string_equal(message.text + strlen("12:34:56"), " UTC warning: z\n");
	assert_true(receive(&message));
	assert_int_equal(message.command, 8);
	assert_string_equal(message.text, "z");
	assert_false(receive(&message));
	end();
}

static void windows_limited_log_complete(void **state)
{
	unsigned windows = 0;
	unsigned lines = 0;
	struct message message;

	(void)state;
	begin();
	for (int i = 0; i < 20; i++) {
		i % 2 ? notice_failure("f%d", i) : notice_warning("w%d", i);
		while (receive(&message)) {
			windows += message.command == 8;
			lines += message.command == 2;
		}
	}
	assert_int_equal(windows, WARNINGS_MAX);
	assert_int_equal(lines, 20);
	end();
}

static void long_line_cut(void **state)
{
	struct message message;
	char text[4096];

	(void)state;
	begin();
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	notice_status_line(text);
	assert_true(receive(&message));
	assert_in_range(strlen(message.text), 1000, 4090);
	end();
}

/* Wireshark does not read: the capture continues, and messages go to stderr. */
static void full_pipe_does_not_block(void **state)
{
	char path[sizeof(folder) + 8];
	const int saved = dup(STDERR_FILENO);
	struct stat status;

	(void)state;
	snprintf(path, sizeof(path), "%s/err", folder);
	assert_non_null(freopen(path, "w", stderr));
	begin();
	for (int i = 0; i < 10000; i++)
		notice("some words about target number %d", i);
	fflush(stderr);
	assert_int_equal(stat(path, &status), 0);
	assert_true(status.st_size > 100000);
	end();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	unlink(path);
}

static void names_missing_rejected(void **state)
{
	(void)state;
	assert_false(extcap_control_open(NULL, NULL));
	assert_false(extcap_control_open("", ""));
	assert_false(extcap_control_open(in, "/nonexistent/x"));
	assert_false(extcap_control_open("/nonexistent/x", out));
}

static int make_pipes(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(in, sizeof(in), "%s/in", folder);
	snprintf(out, sizeof(out), "%s/out", folder);
	return mkfifo(in, 0600) == 0 && mkfifo(out, 0600) == 0 ? 0 : -1;
}

static int remove_pipes(void **state)
{
	(void)state;
	unlink(in);
	unlink(out);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_messages),
		cmocka_unit_test(windows_limited_log_complete),
		cmocka_unit_test(long_line_cut),
		cmocka_unit_test(full_pipe_does_not_block),
		cmocka_unit_test(names_missing_rejected),
	};

	return cmocka_run_group_tests(tests, make_pipes, remove_pipes);
}
