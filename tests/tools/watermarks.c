/* SPDX-License-Identifier: MIT */
/*
 * Checks the watermarks of a worker's pcapng stream.
 *
 *     watermarks [-print] [-partial] <STREAM
 *
 * In: the stream on stdin, while it arrives. Out: with -print a line for each
 * interface, packet, and block of statistics, at once:
 *
 *     interface NUMBER NAME LINKTYPE SNAPLEN FILTER
 *     packet TIME NUMBER CAPLEN LEN
 *     watermark TIME, statistics TIME
 *     counts RECEIVED DROPPED
 *
 * and at its end a summary; status 1 with a message if a packet came after a
 * watermark of its time or a later one, if a watermark went back, or if the
 * stream is damaged or, without -partial, cut. A worker's stream without its
 * end mark counts as cut, too.
 */
#include "format/stream_reader.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 65536 };

struct watermark_check {
	bool print;
	uint32_t interfaces;
	uint64_t packets;
	uint64_t watermarks;
	uint64_t watermark; /* ns: the latest promise */
	uint64_t broken;    /* packets that a promise forgot */
	uint64_t worst;	    /* ns: by how much */
	uint64_t taken_back;
	struct statistics counts; /* the latest of each */
};

static void print_time(const char *what, uint64_t time)
{
	printf("%s %" PRIu64 ".%09" PRIu64, what, time / 1000000000, time % 1000000000);
}

static bool judge_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct watermark_check *judge = context;

	(void)error;
	*ret_number = judge->interfaces++;
	if (judge->print)
		printf("interface %u %s %u %u %s\n", *ret_number, interface->name,
			interface->linktype, interface->snaplen, interface->filter);
	return true;
}

static bool judge_packet(void *context, const struct packet *packet, struct error *error)
{
	struct watermark_check *judge = context;

	(void)error;
	judge->packets++;
	if (judge->print) {
		print_time("packet", packet->time);
		printf(" %u %u %u\n", packet->interface, packet->caplen, packet->len);
	}
	if (packet->time > judge->watermark)
		return true;
	if (judge->broken++ == 0)
		printf("broken: packet %" PRIu64 " came after watermark %" PRIu64
		       ", which is %" PRIu64 " ns later\n",
			judge->packets, judge->watermarks, judge->watermark - packet->time);
	if (judge->watermark - packet->time > judge->worst)
		judge->worst = judge->watermark - packet->time;
	return true;
}

static bool judge_statistics(
	void *context, const struct statistics *statistics, struct error *error)
{
	struct watermark_check *judge = context;

	(void)error;
	if (judge->print) {
		print_time(statistics->is_watermark ? "watermark" : "statistics", statistics->time);
		putchar('\n');
	}
	if (statistics->is_watermark) {
		judge->watermarks++;
		judge->taken_back += statistics->time < judge->watermark;
		judge->watermark = statistics->time;
	}
	if (!statistics->valid)
		return true;
	judge->counts.received += statistics->received;
	judge->counts.dropped += statistics->dropped;
	if (judge->print)
		printf("counts %" PRIu64 " %" PRIu64 "%s\n", judge->counts.received,
			judge->counts.dropped,
			statistics->valid & STATISTICS_INTERFACE_DROPPED ? " and by interface"
									 : "");
	return true;
}

static int judge_end(const struct watermark_check *judge)
{
	printf("%" PRIu64 " packets, %" PRIu64 " watermarks, %" PRIu64
	       " broken, worst %.3f ms, %" PRIu64 " taken back; %" PRIu64 " received, %" PRIu64
	       " dropped\n",
		judge->packets, judge->watermarks, judge->broken, (double)judge->worst / 1e6,
		judge->taken_back, judge->counts.received, judge->counts.dropped);
	return judge->broken || judge->taken_back;
}

int main(int argc, char **argv)
{
	static char piece[PIECE];
	struct watermark_check judge = {0};
	const struct stream_handler sink = {
		.interface = judge_interface,
		.packet = judge_packet,
		.statistics = judge_statistics,
		.context = &judge,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};
	bool partial = false;
	bool whole = true;
	ssize_t size;
	int status;

	for (int i = 1; i < argc; i++) {
		judge.print = judge.print || strcmp(argv[i], "-print") == 0;
		partial = partial || strcmp(argv[i], "-partial") == 0;
	}
	if (!reader)
		errx(1, "out of memory");
	while ((size = read(STDIN_FILENO, piece, sizeof(piece))) > 0 && whole) {
		whole = stream_reader_push(reader, piece, (size_t)size, &error);
		fflush(stdout);
	}
	whole = whole && (partial || stream_reader_end(reader, &error));
	stream_reader_free(reader);
	status = judge_end(&judge);
	if (!whole)
		errx(1, "%s", error.text);
	return status;
}
