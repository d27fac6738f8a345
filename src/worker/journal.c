/* SPDX-License-Identifier: MIT */
/*
 * Reports captures to systemd's journal. In: a report, or a line. Out: a record
 * with fields, or a line on stderr.
 *
 * A record is one datagram of the Native Journal Protocol. sd_journal_send(3) is not
 * used because it needs sendmsg(2), by which a compromised process could pass its
 * packet socket on; and the unit forbids connect(2). sendto(2) cannot carry
 * descriptors.
 */
#include "worker/journal.h"

#include "common/text.h"

#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* by systemd-id128 new; units/ddump.catalog explains them */
#define ID_STARTED "a4ba7be2a68e4bfe804ff8da5589e6a7"
#define ID_ENDED "43c55f8d33f74f5bb9897ae868812dc3"
#define ID_REFUSED "11370d34256347ecbe98f2c2b552af2e"

enum {
	LINE_MAX_SIZE = 2048,
	FILTER_SHOWN = 1024,
	PEER_SIZE = 320,
	FIELD_MAX = 65536,
	RECORD_MAX = FIELD_MAX + 16384,
};

struct record {
	char bytes[RECORD_MAX];
	size_t size;
};

/* One for the process, as stderr is; -1: no record has been sent yet. */
static int journal_socket = -1;

int journal_fd(void)
{
	return journal_socket;
}

static void add_bytes(struct record *record, const void *bytes, size_t size)
{
	memcpy(record->bytes + record->size, bytes, size);
	record->size += size;
}

/* Adds NAME=value if it fits. */
static void add_text(struct record *record, const char *name, const char *value)
{
	const size_t length = strlen(value);
	const uint64_t size = htole64(length);

	if (strlen(name) + sizeof(size) + length + 2 > sizeof(record->bytes) - record->size)
		return;
	add_bytes(record, name, strlen(name));
	if (strchr(value, '\n')) {
		add_bytes(record, "\n", 1);
		add_bytes(record, &size, sizeof(size));
	} else {
		add_bytes(record, "=", 1);
	}
	add_bytes(record, value, length);
	add_bytes(record, "\n", 1);
}

static void add_number(struct record *record, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	add_text(record, name, text);
}

/* Writes the fields that each record begins with. */
static void begin_record(struct record *record, int priority, const char *line)
{
	record->size = 0;
	add_text(record, "MESSAGE", line);
	add_number(record, "PRIORITY", (uint64_t)priority);
	add_text(record, "SYSLOG_IDENTIFIER", "ddump-worker");
}

/* Sends a record. False: there is no journal, or it rejected the record; see errno. */
static bool send_record(const struct record *record)
{
	static const struct sockaddr_un address = {
		.sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET};
	ssize_t sent;

	if (journal_socket < 0 && access(JOURNAL_SOCKET, W_OK) == 0)
		journal_socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal_socket < 0)
		return false;
	do
		sent = sendto(journal_socket, record->bytes, record->size, MSG_NOSIGNAL,
			(const struct sockaddr *)&address, JOURNAL_ADDRESS_SIZE);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

static void print_line(const char *line)
{
	fprintf(stderr, "ddump-worker: %s\n", line);
}

/* Is stderr a stream to the journal? Then the journal has the line already. */
static bool is_journal_stream(void)
{
	const char *name = getenv("JOURNAL_STREAM"); /* "DEVICE:INODE" */
	struct stat status;
	char own[64];

	if (!name || fstat(STDERR_FILENO, &status) != 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
	return strcmp(name, own) == 0;
}

/* Prints the peer, its user and its client, for the beginning of a line. */
static void print_peer(char *text, size_t size, const struct report *report)
{
	char owner[32] = "";

	if (report->owner >= 0)
		snprintf(owner, sizeof(owner), " (uid %" PRId64 ")", report->owner);
	snprintf(text, size, "%s%s%s%s", report->peer, owner, *report->client ? " for " : "",
		report->client);
}

static void make_record(struct record *record, const char *id, int priority, const char *line,
	const struct report *report, size_t filter_size)
{
	char filter[FIELD_MAX];
	char owner[32] = "";

	if (report->owner >= 0)
		snprintf(owner, sizeof(owner), "%" PRId64, report->owner);
	/* journalctl -x shows fields, too */
	text_escape(filter, filter_size, report->filter);
	begin_record(record, priority, line);
	add_text(record, "MESSAGE_ID", id);
	add_text(record, "DDUMP_PEER", report->peer);
	add_text(record, "DDUMP_CLIENT", report->client);
	add_text(record, "DDUMP_UID", owner);
	add_text(record, "DDUMP_FILTER", filter);
	add_text(record, "DDUMP_INTERFACE", report->interfaces);
	add_text(record, "DDUMP_PROMISC", report->is_promiscuous ? "yes" : "no");
	if (report->limits_payload)
		add_number(record, "DDUMP_PAYLOAD", report->payload);
	add_number(record, "DDUMP_STATUS", (uint64_t)report->status);
	add_number(record, "DDUMP_PACKETS", report->packets);
	add_number(record, "DDUMP_BYTES", report->bytes);
	add_number(record, "DDUMP_DROPPED", report->dropped);
	add_number(record, "DDUMP_RECEIVED", report->received);
	add_number(record, "DDUMP_DURATION_USEC", report->duration);
	add_text(record, "DDUMP_REASON", report->reason);
}

static void send_report(const char *id, int priority, const char *line, const struct report *report,
	size_t filter_size)
{
	struct record record;
	bool sent;

	make_record(&record, id, priority, line, report, filter_size);
	sent = send_record(&record);
	/* net.core.wmem_default limits the size of a datagram */
	if (!sent && (errno == EMSGSIZE || errno == ENOBUFS)) {
		make_record(&record, id, priority, line, report, FILTER_SHOWN);
		sent = send_record(&record);
	}
	if (!sent || isatty(STDERR_FILENO))
		print_line(line);
}

void journal_started(const struct report *report)
{
	char limit[64] = "";
	char filter[FILTER_SHOWN];
	char peer[PEER_SIZE];
	char line[LINE_MAX_SIZE];

	print_peer(peer, sizeof(peer), report);
	text_escape(filter, sizeof(filter), report->filter);
	if (report->limits_payload)
		snprintf(limit, sizeof(limit), ", at most %" PRIu32 " bytes of payload",
			report->payload);
	snprintf(line, sizeof(line), "%s: captures %s%s%s on %s%s", peer,
		*filter ? "filter " : "everything", filter, limit,
		*report->interfaces ? report->interfaces : "all interfaces",
		report->is_promiscuous ? " in promiscuous mode" : "");
	send_report(ID_STARTED, LOG_INFO, line, report, FIELD_MAX);
}

void journal_ended(const struct report *report)
{
	char peer[PEER_SIZE];
	char line[LINE_MAX_SIZE];
	int priority = report->dropped ? LOG_WARNING : LOG_INFO;

	print_peer(peer, sizeof(peer), report);
	snprintf(line, sizeof(line),
		"%s: captured %" PRIu64 " packets (%" PRIu64 " bytes sent, %" PRIu64
		" packets dropped) in %" PRIu64 ".%03" PRIu64 " s: %s",
		peer, report->packets, report->bytes, report->dropped, report->duration / 1000000,
		report->duration / 1000 % 1000, report->reason);
	send_report(ID_ENDED, report->status == 500 ? LOG_ERR : priority, line, report, FIELD_MAX);
}

void journal_refused(const struct report *report)
{
	char peer[PEER_SIZE];
	char line[LINE_MAX_SIZE];

	print_peer(peer, sizeof(peer), report);
	snprintf(line, sizeof(line), "%s: refused (%d): %s", peer, report->status, report->reason);
	/* clients can cause any number of these, so they are short */
	send_report(ID_REFUSED, report->status == 500 ? LOG_ERR : LOG_NOTICE, line, report,
		FILTER_SHOWN);
}

void journal_line(int priority, const char *format, ...)
{
	char raw[LINE_MAX_SIZE];
	char line[LINE_MAX_SIZE];
	struct record record;
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(line, sizeof(line), raw);
	begin_record(&record, priority, line);
	/* a person who started it reads stderr */
	if (!send_record(&record) || !is_journal_stream())
		print_line(line);
}
