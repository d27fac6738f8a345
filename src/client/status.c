/*
 * The status line. In: the counts of all targets, and what time it is. Out: a
 * line on stderr.
 */
#include "client/status.h"

#include "client/say.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	REDRAW_MS = 1000,
	LINE_MS = 10000,
	WIDTH_MAX = 512,
	WIDTH_OF_LINES = 120, /* where there is no terminal */
};

/* What there is to tell of one target, or of all. */
struct figures {
	uint64_t packets;
	uint64_t rate; /* per s */
	uint64_t dropped;
	bool has_lag;
	uint64_t lag; /* ns */
};

bool status_init(
	struct status *status, const struct arguments *arguments, bool piped)
{
	const bool terminal = isatty(STDERR_FILENO);

	*status = (struct status){
		.is_on = arguments->status || (terminal && !arguments->quiet),
		.redraws = terminal,
		.yields = piped,
		.packets = calloc(
			arguments->targets.count, sizeof(*status->packets)),
	};
	status->shown = clock_ms();
	status->due = status->is_on
			      ? status->shown + (terminal ? REDRAW_MS : LINE_MS)
			      : UINT64_MAX;
	return status->packets != NULL;
}

void status_clear(struct status *status)
{
	if (status->redraws)
		say_status(NULL);
	free(status->packets);
	*status = (struct status){0};
}

static struct figures figures_of(const struct status *status,
	const struct member *member, uint64_t now, uint64_t real)
{
	const struct members *members = member->all;
	const struct statistics *total =
		origins_total(&members->origins, member->index);
	const uint64_t elapsed = now > status->shown ? now - status->shown : 1;
	uint64_t spoken = merge_spoken(members->merge, member->index);
	uint64_t waiting;
	struct figures figures = {
		.packets = merge_count(members->merge, member->index).received,
		.dropped = statistics_drops(total),
		/* who has no watermarks may be silent for another reason */
		.has_lag = member->state == MEMBER_RUNNING &&
			   member->has_watermarks,
	};

	figures.rate = (figures.packets - status->packets[member->index]) *
		       1000 / elapsed;
	if (!members->arguments->align)
		spoken = offset_correct(&member->offset, spoken);
	figures.lag = real > spoken ? real - spoken : 0;
	/* by a clock that is ahead it has told the future, and still waits */
	waiting = merge_waiting(members->merge, member->index, now) * 1000000;
	if (waiting > figures.lag)
		figures.lag = waiting;
	return figures;
}

static int print_figures(char *out, size_t size, const struct figures *figures)
{
	char dropped[48] = "";
	char lag[48] = "";

	if (figures->dropped > 0)
		snprintf(dropped, sizeof(dropped), ", %" PRIu64 " dropped",
			figures->dropped);
	if (figures->has_lag)
		snprintf(lag, sizeof(lag), ", lag %.1f s",
			(double)figures->lag / 1e9);
	return snprintf(out, size, "%" PRIu64 " packets, %" PRIu64 "/s%s%s",
		figures->packets, figures->rate, dropped, lag);
}

static const char *state_of(const struct member *member)
{
	switch (member->state) {
	case MEMBER_CONNECTING:
		return " (connecting)";
	case MEMBER_LOST:
		return " (lost)";
	case MEMBER_OVER:
		return member->ended ? " (ended)" : " (failed)";
	default:
		return "";
	}
}

static size_t print_member(char *out, size_t size, const struct member *member,
	const struct figures *figures)
{
	int used = snprintf(out, size, "%s%s%s: ", member->index ? "; " : "",
		member->target->label, state_of(member));

	if (used < 0 || (size_t)used >= size)
		return size;
	used += print_figures(out + used, size - (size_t)used, figures);
	return (size_t)used < size ? (size_t)used : size;
}

static void add(struct figures *sum, const struct figures *more)
{
	sum->packets += more->packets;
	sum->rate += more->rate;
	sum->dropped += more->dropped;
	sum->has_lag = sum->has_lag || more->has_lag;
	if (more->has_lag && more->lag > sum->lag)
		sum->lag = more->lag;
}

void status_format(const struct status *status, const struct members *members,
	uint64_t now, uint64_t real, char *out, size_t width)
{
	struct figures sum = {0};
	size_t used = 0;

	for (unsigned i = 0; i < members->count; i++) {
		const struct member *member = &members->list[i];
		struct figures figures = figures_of(status, member, now, real);

		add(&sum, &figures);
		if (used < width)
			used += print_member(
				out + used, width - used, member, &figures);
	}
	if (used < width)
		return;
	used = (size_t)snprintf(out, width,
		"%u of %u targets: ", members->in_state[MEMBER_RUNNING],
		members->count);
	if (used < width)
		print_figures(out + used, width - used, &sum);
}

static size_t terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 80;
	return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

void status_show(
	struct status *status, const struct members *members, uint64_t now)
{
	char line[WIDTH_MAX];

	if (now < status->due)
		return;
	status_format(status, members, now, clock_ns(CLOCK_REALTIME), line,
		status->redraws ? terminal_width() : WIDTH_OF_LINES);
	if (status->redraws)
		say_status(line);
	else
		say("%s", line);
	for (unsigned i = 0; i < members->count; i++)
		status->packets[i] = merge_count(members->merge, i).received;
	status->shown = now;
	status->due = now + (status->redraws ? REDRAW_MS : LINE_MS);
}

void status_yield(struct status *status, uint64_t now)
{
	if (!status->is_on || !status->yields || !status->redraws)
		return;
	say_status(NULL);
	status->due = now + REDRAW_MS;
}
