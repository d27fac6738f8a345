/* SPDX-License-Identifier: MIT */
/*
 * A host with a wrong clock, for one process: a library for LD_PRELOAD, because
 * time namespaces do not change CLOCK_REALTIME.
 *
 * In: DDUMP_TEST_SHIFT, in seconds, may be negative; or @FILE, which has that
 * and may change: the clock steps. "SECONDS PPM SINCE": the clock also drifts, by
 * so many parts in a million of the time since a second of the epoch. Out:
 * CLOCK_REALTIME, and the timestamps of the packets from pcap_dispatch(), shifted
 * by that.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const int64_t NS_PER_S = 1000000000;

struct shifted {
	pcap_handler callback;
	unsigned char *user;
	bool is_nano; /* the precision of the timestamps */
};

static int steps = -1;

/* At once, because later the process may be nobody, and cannot read files. */
static void __attribute__((constructor)) open_steps(void)
{
	const char *value = getenv("DDUMP_TEST_SHIFT");

	if (value && *value == '@')
		steps = open(value + 1, O_RDONLY | O_CLOEXEC);
}

/* Returns how far the clock is off at a time, in ns. */
static int64_t shift_ns(int64_t now_ns)
{
	const char *value = getenv("DDUMP_TEST_SHIFT");
	char text[64] = "";
	char *end;
	int64_t seconds, ppm, since;

	if (steps >= 0 && pread(steps, text, sizeof(text) - 1, 0) > 0)
		value = text;
	if (!value)
		return 0;
	seconds = strtoll(value, &end, 10);
	ppm = strtoll(end, &end, 10);
	since = strtoll(end, NULL, 10);
	return seconds * NS_PER_S + (ppm ? (now_ns - since * NS_PER_S) / 1000000 * ppm : 0);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
	static int (*real)(clockid_t, struct timespec *);
	int64_t ns;
	int result;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	result = real(clock, time);
	if (clock == CLOCK_REALTIME) {
		ns = (int64_t)time->tv_sec * NS_PER_S + time->tv_nsec;
		ns += shift_ns(ns);
		time->tv_sec = (time_t)(ns / NS_PER_S);
		time->tv_nsec = (long)(ns % NS_PER_S);
	}
	return result;
}

static void hand_on(
	unsigned char *user, const struct pcap_pkthdr *header, const unsigned char *data)
{
	const struct shifted *shifted = (const struct shifted *)(void *)user;
	const int64_t unit = shifted->is_nano ? 1 : 1000; /* of tv_usec, in ns */
	struct pcap_pkthdr later = *header;
	int64_t ns = (int64_t)later.ts.tv_sec * NS_PER_S + later.ts.tv_usec * unit;

	ns += shift_ns(ns);
	later.ts.tv_sec = (time_t)(ns / NS_PER_S);
	later.ts.tv_usec = (suseconds_t)(ns % NS_PER_S / unit);
	shifted->callback(shifted->user, &later, data);
}

int pcap_dispatch(pcap_t *pcap, int count, pcap_handler callback, unsigned char *user)
{
	static int (*real)(pcap_t *, int, pcap_handler, unsigned char *);
	struct shifted shifted = {
		callback, user, pcap_get_tstamp_precision(pcap) == PCAP_TSTAMP_PRECISION_NANO};

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pcap_dispatch");
	return real(pcap, count, hand_on, (unsigned char *)&shifted);
}
