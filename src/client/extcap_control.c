/* SPDX-License-Identifier: MIT */
/*
 * The control pipes of Wireshark's extcap. In: lines of notices.h. Out: control
 * messages, each by one write: 'T', 24 bits of length, the number of a control, a
 * command, and a text. Their form is in "Adding Capture Interfaces And Log Sources
 * Using Extcap" of Wireshark's developer's guide.
 *
 * A message never waits for Wireshark: what its pipe has no space for goes to stderr,
 * which Wireshark shows when the capture ends.
 */
#include "client/extcap_control.h"

#include "client/notices.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum control {
	CONTROL_LOG = 0,
	CONTROL_NONE = 255, /* for messages that no control shows */
};

enum command {
	COMMAND_ADD = 2,
	COMMAND_STATUS_BAR = 6,
	COMMAND_WARNING = 8,
};

enum {
	HEADER_SIZE = 6,
	TEXT_MAX = PIPE_BUF - HEADER_SIZE, /* a whole message, or nothing of it */
	TIME_SIZE = 16,
	WARNINGS_MAX = 5, /* each is a window that must be closed */
	GREETING_MS = 5000,
};

static struct {
	int in; /* open, so that Wireshark can write to it; nothing is read */
	int out;
	unsigned warnings;
} pipes = {.in = -1, .out = -1};

void extcap_control_print(void)
{
	printf("control {number=%d}{type=button}{role=logger}{display=Log}"
	       "{tooltip=Messages of ddump}\n",
		CONTROL_LOG);
}

static bool send_text(enum control number, enum command command, const char *text)
{
	const size_t all = strlen(text);
	const size_t size = all < TEXT_MAX ? all : TEXT_MAX;
	const size_t length = size + 2; /* with number and command */
	unsigned char message[PIPE_BUF] = {'T', 0, (unsigned char)(length >> 8),
		(unsigned char)length, (unsigned char)number, (unsigned char)command};

	memcpy(message + HEADER_SIZE, text, size);
	return write(pipes.out, message, HEADER_SIZE + size) == (ssize_t)(HEADER_SIZE + size);
}

static bool log_line(enum notice_kind kind, const char *line)
{
	const time_t now = time(NULL);
	char text[TEXT_MAX];
	char hour[TIME_SIZE] = "";
	struct tm parts;

	if (gmtime_r(&now, &parts))
		strftime(hour, sizeof(hour), "%H:%M:%S", &parts);
	snprintf(text, sizeof(text), "%s UTC %s%s\n", hour,
		kind == NOTICE_WARNING ? "warning: " : "", line);
	return send_text(CONTROL_LOG, COMMAND_ADD, text);
}

/* The first few are windows of their own; all are in the log. */
static bool warn(const char *line)
{
	char last[TEXT_MAX];

	if (pipes.warnings >= WARNINGS_MAX)
		return true;
	if (++pipes.warnings < WARNINGS_MAX)
		return send_text(CONTROL_NONE, COMMAND_WARNING, line);
	snprintf(last, sizeof(last),
		"%.3000s\n\nFurther warnings are only in the log of ddump: View, Interface "
		"Toolbars.",
		line);
	return send_text(CONTROL_NONE, COMMAND_WARNING, last);
}

/*
 * Has Wireshark been killed? Then nothing else ends the capture: dumpcap survives it, and
 * reads on.
 */
static bool has_hung_up(void)
{
	struct pollfd pipe = {.fd = pipes.in, .events = POLLIN};

	return poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLHUP);
}

static bool receive(enum notice_kind kind, const char *line)
{
	bool is_shown;

	if (kind == NOTICE_STATUS && has_hung_up())
		return raise(SIGTERM) == 0;
	if (kind == NOTICE_STATUS)
		return send_text(CONTROL_NONE, COMMAND_STATUS_BAR, line);
	is_shown = log_line(kind, line);
	if (kind == NOTICE_REASON)
		return false;
	return kind == NOTICE_PLAIN ? is_shown : warn(line) && is_shown;
}

bool extcap_control_open(const char *in, const char *out)
{
	if (!in || !*in || !out || !*out)
		return false;
	/* Wireshark opens both to their other side, and waits for this one */
	pipes.in = open(in, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (pipes.in >= 0)
		pipes.out = open(out, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (pipes.out < 0) {
		extcap_control_close();
		return false;
	}
	pipes.warnings = 0;
	notice_set_receiver(receive);
	return true;
}

/*
 * Wireshark opens its side late, and without a limit of time: its window would freeze
 * if this side was closed by then. It greets at once.
 */
static void await_greeting(void)
{
	struct pollfd pipe = {.fd = pipes.in, .events = POLLIN};

	while (poll(&pipe, 1, GREETING_MS) < 0 && errno == EINTR)
		;
}

void extcap_control_close(void)
{
	notice_set_receiver(NULL);
	if (pipes.out >= 0)
		await_greeting();
	if (pipes.in >= 0)
		close(pipes.in);
	if (pipes.out >= 0)
		close(pipes.out);
	pipes.in = -1;
	pipes.out = -1;
}
