/* SPDX-License-Identifier: MIT */
/*
 * A slow reader: copies stdin to stdout.
 *
 *     pipe_reader [-rate BYTES] [-stop-after BYTES] [-exit-after BYTES]
 *
 * -rate reads that many bytes a second, and -stop-after nothing more after that
 * many bytes, each until SIGUSR1; with both, the first SIGUSR1 ends the stop.
 * -exit-after exits after that many bytes. It always exits after 120 s.
 */
#include <err.h>
#include <getopt.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536, TICKS = 50, LIFETIME_S = 120 };

static void go_on(int number)
{
	(void)number;
}

/* SIGUSR1 is blocked from the start on, so that none is missed. */
static void wait_for_signal(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigsuspend(&none);
}

static sigset_t the_signal(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	return signals;
}

static void prepare_signal(void)
{
	struct sigaction action = {.sa_handler = go_on};
	const sigset_t signals = the_signal();

	sigaction(SIGUSR1, &action, NULL);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static void write_all(const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t done = write(STDOUT_FILENO, bytes, size);

		if (done < 0)
			err(1, "write");
		bytes += done;
		size -= (size_t)done;
	}
}

/* Copies until the end of stdin, or until limit bytes are copied in total. */
static uint64_t copy(uint64_t copied, uint64_t limit, uint64_t rate)
{
	const struct timespec tick = {.tv_nsec = 1000000000 / TICKS};
	const sigset_t signals = the_signal();
	static char bytes[PIECE];

	while (copied < limit) {
		size_t want = sizeof(bytes);
		ssize_t got;

		if (rate > 0 && rate / TICKS < want)
			want = rate / TICKS + 1;
		if (limit - copied < want)
			want = limit - copied;
		got = read(STDIN_FILENO, bytes, want);
		if (got < 0)
			err(1, "read");
		if (got == 0)
			break;
		write_all(bytes, (size_t)got);
		copied += (uint64_t)got;
		if (rate > 0 && sigtimedwait(&signals, NULL, &tick) > 0)
			rate = 0;
	}
	return copied;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"rate", required_argument, NULL, 'r'},
		{"stop-after", required_argument, NULL, 's'},
		{"exit-after", required_argument, NULL, 'e'},
		{0},
	};
	uint64_t stop_after = UINT64_MAX;
	uint64_t exit_after = UINT64_MAX;
	uint64_t copied = 0;
	uint64_t rate = 0;
	int option;

	while ((option = getopt_long_only(argc, argv, "", options, NULL)) != -1) {
		if (option == 'r')
			rate = strtoull(optarg, NULL, 10);
		else if (option == 's')
			stop_after = strtoull(optarg, NULL, 10);
		else if (option == 'e')
			exit_after = strtoull(optarg, NULL, 10);
		else
			return 1;
	}
	prepare_signal();
	alarm(LIFETIME_S);
	if (stop_after < exit_after) {
		copied = copy(copied, stop_after, rate);
		if (copied == stop_after)
			wait_for_signal();
	}
	copy(copied, exit_after, rate);
	return 0;
}
