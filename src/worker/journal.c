/*
 * Reports. In: what a capture was and came to. Out: one record in the
 * journal, with fields to select by, or one line on stderr.
 */
#include "worker/journal.h"

#include "common/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* the location of a report in our source helps nobody */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* systemd-id128 new; explained in units/ddump.catalog */
#define ID_STARTED "a4ba7be2a68e4bfe804ff8da5589e6a7"
#define ID_ENDED "43c55f8d33f74f5bb9897ae868812dc3"
#define ID_REFUSED "11370d34256347ecbe98f2c2b552af2e"

enum { LINE_MAX_SIZE = 2048, FILTER_SHOWN = 1024, FIELD_MAX = 65536 };

static bool has_journal(void)
{
	return access(JOURNAL_SOCKET, W_OK) == 0;
}

static void say(const char *line)
{
	fprintf(stderr, "ddump-worker: %s\n", line);
}

/* Is stderr the journal's own stream? Then it has the line already. */
static bool is_journal_stream(void)
{
	const char *name = getenv("JOURNAL_STREAM"); /* "DEVICE:INODE" */
	struct stat status;
	char own[64];

	if (!name || fstat(STDERR_FILENO, &status) != 0)
		return false;
	snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino);
	return strcmp(name, own) == 0;
}

static void send_report(const char *id, int priority, const char *line,
	const struct report *report)
{
	char filter[FIELD_MAX];

	if (!has_journal() || isatty(STDERR_FILENO))
		say(line);
	if (!has_journal())
		return;
	/* journalctl -x shows fields, too */
	text_escape(filter, sizeof(filter), report->filter);
	sd_journal_send("MESSAGE=%s", line, "MESSAGE_ID=%s", id, "PRIORITY=%d",
		priority, "SYSLOG_IDENTIFIER=ddump-worker", "DDUMP_PEER=%s",
		report->peer, "DDUMP_FILTER=%s", filter, "DDUMP_INTERFACE=%s",
		report->interfaces, "DDUMP_STATUS=%d", report->status,
		"DDUMP_PACKETS=%" PRIu64, report->packets,
		"DDUMP_BYTES=%" PRIu64, report->bytes, "DDUMP_DROPPED=%" PRIu64,
		report->dropped, "DDUMP_RECEIVED=%" PRIu64, report->received,
		"DDUMP_INTERFACE_DROPPED=%" PRIu64, report->interface_dropped,
		"DDUMP_DURATION_USEC=%" PRIu64, report->duration,
		"DDUMP_REASON=%s", report->reason, NULL);
}

void journal_started(const struct report *report)
{
	char filter[FILTER_SHOWN];
	char line[LINE_MAX_SIZE];

	text_escape(filter, sizeof(filter), report->filter);
	snprintf(line, sizeof(line), "%s: captures %s%s on %s", report->peer,
		*filter ? "filter " : "everything", filter,
		*report->interfaces ? report->interfaces : "all interfaces");
	send_report(ID_STARTED, LOG_INFO, line, report);
}

void journal_ended(const struct report *report)
{
	char line[LINE_MAX_SIZE];
	uint64_t dropped = report->dropped + report->interface_dropped;
	int priority = dropped ? LOG_WARNING : LOG_INFO;

	snprintf(line, sizeof(line),
		"%s: captured %" PRIu64 " packets (%" PRIu64
		" bytes sent, %" PRIu64 " packets dropped) in %" PRIu64
		".%03" PRIu64 " s: %s",
		report->peer, report->packets, report->bytes, dropped,
		report->duration / 1000000, report->duration / 1000 % 1000,
		report->reason);
	send_report(ID_ENDED, report->status == 500 ? LOG_ERR : priority, line,
		report);
}

void journal_refused(const struct report *report)
{
	char line[LINE_MAX_SIZE];

	snprintf(line, sizeof(line), "%s: refused (%d): %s", report->peer,
		report->status, report->reason);
	send_report(ID_REFUSED, report->status == 500 ? LOG_ERR : LOG_NOTICE,
		line, report);
}

void journal_line(int priority, const char *format, ...)
{
	char raw[LINE_MAX_SIZE];
	char line[LINE_MAX_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text_escape(line, sizeof(line), raw);
	/* whoever started it waits for an answer there */
	if (!has_journal() || !is_journal_stream())
		say(line);
	if (has_journal())
		sd_journal_send("MESSAGE=%s", line, "PRIORITY=%d", priority,
			"SYSLOG_IDENTIFIER=ddump-worker", NULL);
}
