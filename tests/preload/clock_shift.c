/* SPDX-License-Identifier: MIT */
/*
 * A host with a wrong clock, for one process: a library for LD_PRELOAD, because
 * time namespaces do not change CLOCK_REALTIME.
 *
 * In: DDUMP_TEST_SHIFT, in seconds, may be negative; or @FILE, which has that
 * and may change: the clock steps. Out: CLOCK_REALTIME, and the timestamps of
 * the packets from pcap_dispatch(), shifted by that.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct shifted {
	pcap_handler callback;
	unsigned char *user;
};

static int steps = -1;

/* At once, because later the process may be nobody, and cannot read files. */
static void __attribute__((constructor)) open_steps(void)
{
	const char *value = getenv("DDUMP_TEST_SHIFT");

	if (value && *value == '@')
		steps = open(value + 1, O_RDONLY | O_CLOEXEC);
}

static time_t shift(void)
{
	const char *value = getenv("DDUMP_TEST_SHIFT");
	char text[32] = "";

	if (steps >= 0 && pread(steps, text, sizeof(text) - 1, 0) > 0)
		value = text;
	return value ? (time_t)strtol(value, NULL, 10) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	static int (*real)(clockid_t, struct timespec *);
	int result;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, time);
	if (clock == CLOCK_REALTIME)
		time->tv_sec += shift();
	return result;
}

static void hand_on(
	unsigned char *user, const struct pcap_pkthdr *header, const unsigned char *data)
{
	const struct shifted *shifted = (const struct shifted *)(void *)user;
	struct pcap_pkthdr later = *header;

	later.ts.tv_sec += shift();
	shifted->callback(shifted->user, &later, data);
}

int pcap_dispatch(pcap_t *pcap, int count, pcap_handler callback, unsigned char *user)
{
	static int (*real)(pcap_t *, int, pcap_handler, unsigned char *);
	struct shifted shifted = {callback, user};

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pcap_dispatch");
	return real(pcap, count, hand_on, (unsigned char *)&shifted);
}
