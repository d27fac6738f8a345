/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/un.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* The size of that address for sendto(2). */
enum {
	JOURNAL_ADDRESS_SIZE = offsetof(struct sockaddr_un, sun_path) + sizeof(JOURNAL_SOCKET),
};

/*
 * A report to systemd's journal, or to stderr on hosts without it. No byte from a
 * client can forge a line or a field.
 */
struct report {
	const char *peer;
	const char *client;	/* the client of a proxy; "": unknown */
	int64_t owner;		/* uid of a peer on this host; -1: unknown */
	const char *filter;	/* "": everything */
	const char *interfaces; /* "": all */
	bool is_promiscuous;	/* they are set promiscuous */
	bool limits_payload;
	uint32_t payload;   /* then: the most bytes of it that were kept of a packet */
	const char *reason; /* of its end, or its refusal */
	int status;	    /* HTTP status */
	uint64_t packets;   /* sent */
	uint64_t bytes;	    /* sent */
	uint64_t received;  /* by the filter, in the kernel */
	uint64_t dropped;   /* by the kernel, because the ring was full */
	uint64_t duration;  /* us */
};

/*
 * Returns the socket of the journal, -1 if no record has been sent yet. The journal
 * keeps it; it is not connected.
 */
int journal_fd(void);

void journal_started(const struct report *report);
void journal_ended(const struct report *report);
void journal_refused(const struct report *report);

/* Reports one line about the worker itself, with a priority of syslog(3). */
void journal_line(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
