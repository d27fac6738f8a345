/* SPDX-License-Identifier: MIT */
/*
 * The status line. In: values of all sources, and the time. Out: a line on
 * stderr.
 */
#include "client/status_line.h"

#include "client/notices.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	REDRAW_MS = 1000,
	LINE_MS = 10000,
	WIDTH_MIN = 20,
	WIDTH_DEFAULT = 80, /* of a terminal that does not report its width */
	WIDTH_MAX = 512,
	WIDTH_OF_LINES = 120, /* without a terminal */
	PART_SIZE = 48,
};

/* The figures of one target, or of all. */
struct figures {
	uint64_t packets;
	uint64_t per_second;
	uint64_t dropped;
	bool has_lag;
	uint64_t lag_ns;
};

bool status_line_init(struct status_line *status, const struct options *options, bool piped)
{
	/* Wireshark's status bar, or one of a terminal */
	const bool terminal = options->extcap || isatty(STDERR_FILENO);

	*status = (struct status_line){
		.is_on = options->status || (terminal && !options->quiet),
		.redraws = terminal,
		.yields = piped && !options->extcap,
		.shown_ms = clock_ms(),
		.packets = calloc(options->targets.count, sizeof(*status->packets)),
	};
	status->due_ms = CLOCK_NEVER;
	if (status->is_on)
		status->due_ms = status->shown_ms + (terminal ? REDRAW_MS : LINE_MS);
	return status->packets != NULL;
}

void status_line_cleanup(struct status_line *status)
{
	if (status->redraws)
		notice_status_line(NULL);
	free(status->packets);
	*status = (struct status_line){0};
}

static struct figures figures_of(
	const struct source_snapshot *source, uint64_t packets_before, uint64_t elapsed_ms)
{
	return (struct figures){
		.packets = source->counts.received,
		.per_second = (source->counts.received - packets_before) * 1000 / elapsed_ms,
		.dropped = statistics_drops(&source->total),
		.has_lag = source->has_lag,
		.lag_ns = source->lag_ns,
	};
}

static void add_figures(struct figures *sum, const struct figures *more)
{
	sum->packets += more->packets;
	sum->per_second += more->per_second;
	sum->dropped += more->dropped;
	sum->has_lag = sum->has_lag || more->has_lag;
	if (more->has_lag)
		sum->lag_ns = clock_later(sum->lag_ns, more->lag_ns);
}

static int print_figures(char *out, size_t size, const struct figures *figures)
{
	char dropped[PART_SIZE] = "";
	char lag[PART_SIZE] = "";

	if (figures->dropped > 0)
		snprintf(dropped, sizeof(dropped), ", %" PRIu64 " dropped", figures->dropped);
	if (figures->has_lag)
		snprintf(lag, sizeof(lag), ", lag %.1f s", (double)figures->lag_ns / 1e9);
	return snprintf(out, size, "%" PRIu64 " packets, %" PRIu64 "/s%s%s", figures->packets,
		figures->per_second, dropped, lag);
}

static const char *describe_status(enum source_status status)
{
	static const char *const texts[] = {
		[SOURCE_IS_CONNECTING] = " (connecting)",
		[SOURCE_IS_CAPTURING] = "",
		[SOURCE_IS_LOST] = " (lost)",
		[SOURCE_HAS_ENDED] = " (ended)",
		[SOURCE_HAS_FAILED] = " (failed)",
	};

	return texts[status];
}

/* Returns the size of what it has printed; size if it was cut. */
static size_t print_source(char *out, size_t size, const char *separator,
	const struct source_snapshot *source, const struct figures *figures)
{
	int used = snprintf(
		out, size, "%s%s%s: ", separator, source->label, describe_status(source->status));

	if (used < 0 || (size_t)used >= size)
		return size;
	used += print_figures(out + used, size - (size_t)used, figures);
	return (size_t)used < size ? (size_t)used : size;
}

void status_line_format(const struct status_line *status, const struct source_snapshot *sources,
	unsigned count, uint64_t now, char *out, size_t width)
{
	const uint64_t elapsed = now > status->shown_ms ? now - status->shown_ms : 1;
	struct figures sum = {0};
	unsigned capturing = 0;
	size_t used = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct figures figures = figures_of(&sources[i], status->packets[i], elapsed);

		add_figures(&sum, &figures);
		capturing += sources[i].status == SOURCE_IS_CAPTURING;
		if (used < width)
			used += print_source(
				out + used, width - used, i ? "; " : "", &sources[i], &figures);
	}
	if (used < width)
		return;
	used = (size_t)snprintf(out, width, "%u of %u targets: ", capturing, count);
	if (used < width)
		print_figures(out + used, width - used, &sum);
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < WIDTH_MIN)
		return WIDTH_DEFAULT;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

void status_line_show(struct status_line *status, const struct source_snapshot *sources,
	unsigned count, uint64_t now)
{
	char line[WIDTH_MAX];

	status_line_format(status, sources, count, now, line,
		status->redraws ? terminal_width() : WIDTH_OF_LINES);
	if (status->redraws)
		notice_status_line(line);
	else
		notice("%s", line);
	for (unsigned i = 0; i < count; i++)
		status->packets[i] = sources[i].counts.received;
	status->shown_ms = now;
	status->due_ms = now + (status->redraws ? REDRAW_MS : LINE_MS);
}

void status_line_yield(struct status_line *status, uint64_t now)
{
	if (!status->is_on || !status->yields || !status->redraws)
		return;
	notice_status_line(NULL);
	status->due_ms = now + REDRAW_MS;
}
