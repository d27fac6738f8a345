/*
 * Measures how far behind its packets a live stream of captures is.
 *
 *     lag COUNT <STREAM
 *
 * In: a pcap or pcapng stream on stdin, while it comes. Out: after COUNT
 * packets, or at its end, the time from the packets' stamps to their arrival
 * here, by this host's clock, in ms.
 */
#include "common/clock.h"
#include "format/reader.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 65536, MOST = 1000000 };

struct lags {
	double *ms;
	size_t count;
	size_t wanted;
};

static bool take_interface(void *context, const struct interface *interface,
	uint32_t *ret_number, struct failure *failure)
{
	(void)context;
	(void)interface;
	(void)failure;
	*ret_number = 0;
	return true;
}

static bool take_packet(
	void *context, const struct packet *packet, struct failure *failure)
{
	const uint64_t now = clock_ns(CLOCK_REALTIME);
	struct lags *lags = context;

	(void)failure;
	if (lags->count < lags->wanted)
		lags->ms[lags->count++] =
			(double)(int64_t)(now - packet->time) / 1e6;
	return true;
}

static bool take_statistics(void *context, const struct statistics *statistics,
	struct failure *failure)
{
	(void)context;
	(void)statistics;
	(void)failure;
	return true;
}

static int compare(const void *a, const void *b)
{
	const double left = *(const double *)a;
	const double right = *(const double *)b;

	return (left > right) - (left < right);
}

static void print(struct lags *lags)
{
	if (lags->count == 0)
		errx(1, "no packets");
	qsort(lags->ms, lags->count, sizeof(*lags->ms), compare);
	printf("%8.1f %8.1f %8.1f ms (p50, p99, max of %zu)\n",
		lags->ms[lags->count / 2], lags->ms[lags->count * 99 / 100],
		lags->ms[lags->count - 1], lags->count);
}

int main(int argc, char **argv)
{
	static char piece[PIECE];
	struct lags lags = {
		.wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0};
	const struct stream_sink sink = {
		take_interface, take_packet, take_statistics, &lags};
	struct reader *reader = reader_new(&sink);
	struct failure failure;
	ssize_t size;

	if (lags.wanted < 1 || lags.wanted > MOST)
		errx(1, "usage: lag COUNT <STREAM");
	lags.ms = calloc(lags.wanted, sizeof(*lags.ms));
	if (!lags.ms || !reader)
		errx(1, "out of memory");
	while (lags.count < lags.wanted &&
		(size = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
		if (!reader_push(reader, piece, (size_t)size, &failure))
			errx(1, "%s", failure.text);
	print(&lags);
	reader_free(reader);
	free(lags.ms);
	return 0;
}
