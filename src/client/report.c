/* SPDX-License-Identifier: MIT */
/*
 * The report of a run, for scripts. In: values of the run and of its targets. Out:
 * a JSON object (RFC 8259) in a file.
 */
#include "client/report.h"

#include "client/json_text.h"
#include "client/redact.h"
#include "format/linktype.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 256 }; /* of a file, for messages */

static void print_counter(FILE *out, const char *name, bool is_known, uint64_t count)
{
	if (is_known)
		fprintf(out, ", \"%s\": %" PRIu64, name, count);
	else
		fprintf(out, ", \"%s\": null", name);
}

/* Prints the counters of a host, as far as its stream has them. */
static void print_counters(FILE *out, const struct statistics *total)
{
	print_counter(
		out, "received_by_filter", total->valid & STATISTICS_RECEIVED, total->received);
	print_counter(out, "dropped_by_kernel", total->valid & STATISTICS_DROPPED, total->dropped);
	print_counter(out, "dropped_by_interface", total->valid & STATISTICS_INTERFACE_DROPPED,
		total->interface_dropped);
}

static void print_interfaces(FILE *out, const struct interface_table *table, unsigned target)
{
	uint32_t number = table->targets[target].first;

	fputs(", \"interfaces\": [", out);
	while (number != INTERFACE_TABLE_NONE) {
		const struct interface_entry *entry = table->list[number];

		fputs("\n        {\"name\": ", out);
		json_print_string(out, entry->shown);
		fprintf(out, ", \"link_type\": %" PRIu32 ", \"has_packets\": %s",
			linktype_bare(entry->interface.linktype),
			entry->has_packets ? "true" : "false");
		print_counters(out, &entry->total);
		number = entry->next;
		fputs(number != INTERFACE_TABLE_NONE ? "}," : "}", out);
	}
	putc(']', out);
}

static void print_outages(FILE *out, const struct outages *outages)
{
	fprintf(out, ", \"outage_count\": %" PRIu64 ",\n      \"outages\": [", outages->count);
	for (size_t i = 0; i < outages->kept; i++) {
		const struct outage *outage = &outages->list[i];

		fprintf(out, "%s\n        {\"start\": ", i ? "," : "");
		json_print_time(out, outage->start_ns);
		fputs(", \"end\": ", out);
		json_print_time(out, outage->end_ns);
		fputs(", \"cause\": ", out);
		json_print_string(out, outage->cause);
		putc('}', out);
	}
	putc(']', out);
}

static void print_clock(FILE *out, const struct clock_offset *offset, bool aligns)
{
	fputs(",\n      \"clock\": ", out);
	if (offset->is_known)
		fprintf(out,
			"{\"offset_ns\": %" PRId64 ", \"offset_error_ns\": %" PRIu64
			", \"is_corrected\": %s}",
			offset->ns, offset->bound, aligns ? "true" : "false");
	else
		fputs("null", out);
}

static const char *name_of_status(enum source_status status)
{
	static const char *const names[] = {
		[SOURCE_IS_CONNECTING] = "connecting",
		[SOURCE_IS_CAPTURING] = "capturing",
		[SOURCE_IS_LOST] = "lost",
		[SOURCE_HAS_ENDED] = "ended",
		[SOURCE_HAS_FAILED] = "failed",
	};

	return names[status];
}

static const char *name_of_end(enum report_end end)
{
	static const char *const names[] = {
		[REPORT_RUNNING] = "",
		[REPORT_FAILED] = "failure",
		[REPORT_INTERRUPTED] = "interrupt",
		[REPORT_COUNT] = "count",
		[REPORT_DURATION] = "duration",
		[REPORT_TARGETS_ENDED] = "targets",
		[REPORT_READER_GONE] = "reader",
	};

	return names[end];
}

/* Prints the files of one target: it has some with -split. */
static void print_files(FILE *out, const struct report *report, unsigned target)
{
	struct split_file_status status = {0};
	char shown[PATH_MAX] = "";

	if (report->split)
		status = split_files_status(report->split, target);
	if (status.files > 0)
		redact_copy(shown, sizeof(shown), status.name);
	fputs(",\n      \"last_file\": ", out);
	json_print_string_or_null(out, shown);
	fprintf(out, ", \"files\": %" PRIu64, status.files);
}

static void print_target(FILE *out, const struct report *report,
	const struct source_snapshot *source, const struct interface_table *table, unsigned target)
{
	fputs("\n    {\"label\": ", out);
	json_print_string(out, source->label);
	fputs(", \"url\": ", out);
	json_print_string(out, table->targets[target].url);
	fprintf(out, ",\n      \"state\": \"%s\"", name_of_status(source->status));
	fprintf(out, ", \"packets_received\": %" PRIu64, source->counts.received);
	fprintf(out, ", \"packets_written\": %" PRIu64, source->counts.written);
	fprintf(out, ", \"packets_late\": %" PRIu64, source->counts.late);
	if (report->once)
		fprintf(out, ", \"packets_left_out\": %" PRIu64, source->left_out);
	print_counters(out, &source->total);
	print_files(out, report, target);
	print_outages(out, source->outages);
	print_clock(out, &source->clock_offset, report->options->align);
	print_interfaces(out, table, target);
	putc('}', out);
}

static const char *name_of_format(const struct options *options, bool is_file)
{
	if (options->print && !is_file)
		return "text";
	return options->pcapng ? "pcapng" : "pcap";
}

static void print_output(FILE *out, const struct report *report)
{
	const struct options *options = report->options;
	const bool is_file = options->output && strcmp(options->output, "-") != 0;
	char shown[PATH_MAX] = "";

	/* without its value, -w takes a target with a password as a name */
	if (is_file)
		redact_copy(shown, sizeof(shown), options->output);
	fputs(",\n  \"output\": {\"file\": ", out);
	json_print_string_or_null(out, shown);
	fputs(", \"last_file\": ", out);
	if (report->split)
		*shown = '\0';
	json_print_string_or_null(out, report->last_file ? report->last_file : shown);
	fprintf(out, ", \"files\": %" PRIu64 ", \"format\": \"%s\"}",
		report->files > 0 ? report->files : is_file && !report->split,
		name_of_format(options, is_file));
}

static void print_end(FILE *out, const struct report *report)
{
	fputs(",\n  \"start\": ", out);
	json_print_time(out, report->start_ns);
	fputs(", \"end\": ", out);
	json_print_time(out, report->end_ns);
	fputs(",\n  \"ended_by\": ", out);
	json_print_string_or_null(out, name_of_end(report->end));
	if (report->end == REPORT_RUNNING)
		fputs(", \"exit_status\": null", out);
	else
		fprintf(out, ", \"exit_status\": %d", report->exit_status);
	fputs(", \"exit_reason\": ", out);
	json_print_string_or_null(out, report->exit_reason);
}

/* Prints what -once has left out. */
static void print_once(FILE *out, const struct report *report)
{
	const struct once_counts counts = once_counts(report->once);

	fputs(",\n  \"once\": {\"at\": ", out);
	json_print_string_or_null(out, report->options->once_at ? report->options->once_at : "");
	fprintf(out, ", \"packets_left_out\": %" PRIu64, counts.left_out);
	fprintf(out, ", \"packets_in_doubt\": %" PRIu64, counts.in_doubt);
	fprintf(out, ", \"packets_unconnected\": %" PRIu64, counts.unconnected);
	fprintf(out, ", \"packets_unchecked\": %" PRIu64, counts.unchecked);
	fprintf(out, ",\n    \"connections\": %" PRIu64, counts.connections);
	fprintf(out, ", \"connections_split\": %" PRIu64, counts.split);
	fprintf(out, ", \"connections_elsewhere\": %" PRIu64 "}", counts.elsewhere);
}

static void print_report(FILE *out, const struct report *report,
	const struct source_snapshot *snapshots, unsigned count,
	const struct interface_table *interfaces)
{
	fprintf(out, "{\n  \"schema\": %d, \"version\": \"%s\"", REPORT_SCHEMA, DDUMP_VERSION);
	print_end(out, report);
	print_output(out, report);
	fprintf(out, ",\n  \"packets_written\": %" PRIu64 ", \"packets_unwritten\": %" PRIu64,
		report->packets_written, report->packets_unwritten);
	fputs(",\n  \"targets\": [", out);
	for (unsigned i = 0; snapshots && i < count; i++) {
		if (i > 0)
			putc(',', out);
		print_target(out, report, &snapshots[i], interfaces, i);
	}
	putc(']', out);
	if (report->once)
		print_once(out, report);
	if (report->paths) {
		fputs(",\n  \"paths\": {", out);
		paths_print_json(report->paths, out);
		putc('}', out);
	}
	fputs("\n}\n", out);
}

/* Sets error to the reason, which errno has. Returns false. */
static bool fail(const char *path, struct error *error)
{
	const int number = errno;
	char shown[NAME_SIZE];

	redact_copy(shown, sizeof(shown), path);
	return error_set(error, 1, "cannot write the report %s: %s", shown, strerror(number));
}

/* Is it empty, or may it be an earlier report? A capture, for example, is neither. */
static bool may_be_report(const char *path)
{
	FILE *in = fopen(path, "re");
	int first = '{';

	if (in) {
		first = fgetc(in);
		fclose(in);
	}
	return first == EOF || first == '{';
}

/* A device or a link would be replaced by a file. */
static bool check_replaceable(const char *path, struct error *error)
{
	struct stat status;
	char shown[NAME_SIZE];

	if (lstat(path, &status) != 0)
		return errno == ENOENT || fail(path, error);
	if (S_ISREG(status.st_mode) && may_be_report(path))
		return true;
	redact_copy(shown, sizeof(shown), path);
	return error_set(error, 1, "-report %s: is not a %s; try another name", shown,
		S_ISREG(status.st_mode) ? "report" : "regular file");
}

/* Opens a new file beside path; temporary becomes its name. NULL: see errno. */
static FILE *open_temporary(char *temporary)
{
	const int fd = mkostemp(temporary, O_CLOEXEC);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;

	if (fd >= 0 && !out)
		close(fd);
	return out;
}

/* Closes the file. False: not all of it was written, see errno. */
static bool close_whole(FILE *out)
{
	const bool failed = fflush(out) != 0 || ferror(out);
	const int number = errno;

	if (fclose(out) != 0)
		return false;
	errno = number;
	return !failed;
}

bool report_write(const struct report *report, const struct source_snapshot *snapshots,
	unsigned count, const struct interface_table *interfaces, struct error *error)
{
	const char *path = report->options->report;
	char *temporary = NULL;
	bool is_written = false;
	FILE *out;

	if (!path)
		return true;
	if (!check_replaceable(path, error))
		return false;
	if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
		return error_set(error, 1, "out of memory");
	out = open_temporary(temporary);
	if (out) {
		print_report(out, report, snapshots, count, interfaces);
		is_written = close_whole(out) && rename(temporary, path) == 0;
	}
	if (!is_written)
		fail(path, error);
	if (out && !is_written)
		unlink(temporary);
	free(temporary);
	return is_written;
}
