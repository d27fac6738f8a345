#pragma once

#include <stdint.h>

/*
 * Reports to systemd's journal, sd_journal_send(3), or to stderr where there
 * is none. Nothing that a client sends can forge a line or a field.
 */
struct report {
	const char *peer;
	const char *filter;	/* "": everything */
	const char *interfaces; /* "": all */
	const char *reason;	/* why it ended, or was refused */
	int status;		/* of HTTP */
	uint64_t packets;	/* sent */
	uint64_t bytes;		/* sent */
	uint64_t received;	/* by the filter, in the kernel */
	uint64_t dropped;	/* by the kernel, for want of room */
	uint64_t interface_dropped;
	uint64_t duration; /* us */
};

void journal_started(const struct report *report);
void journal_ended(const struct report *report);
void journal_refused(const struct report *report);

/* The worker's own news: one line, with a priority of syslog(3). */
void journal_line(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
