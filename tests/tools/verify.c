/* SPDX-License-Identifier: MIT */
/*
 * Compares a merged capture with the recipes of its streams.
 *
 *     verify [options] FILE RECIPE...
 *
 * In: a pcap file (-: stdin), decoded here, without the code under test, and
 * the recipes of packets.h, in the order of the merge's command line.
 * Out: one summary line, and status 1 with a message if
 *
 *   - a packet belongs to no recipe, comes twice, or differs in any byte,
 *     in its timestamp, or in either of its sizes;
 *   - a packet is missing (-partial: any may be; -count N: there must be N);
 *   - the file does not end with a whole record;
 *   - a timestamp is below an earlier one (-allow-late N: N of them may be);
 *   - with -ties, packets with the same timestamp are not in the order of
 *     the recipes;
 *   - the file has another link type than -linktype N, or another precision
 *     than -precision micro|nano.
 *
 * With -among packets of no recipe are ignored, and it ends with the last
 * missing packet: for a merge that would not end by itself.
 */
#include "../lib/packets.h"

#include <byteswap.h>
#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct verified_stream {
	struct recipe recipe;
	bool *seen;
};

struct verification {
	FILE *in;
	bool swapped;
	bool nano;
	bool ties;
	bool among; /* others */
	uint64_t missing;
	uint32_t linktype;
	struct verified_stream *streams;
	size_t count;
	uint64_t packets;
	uint64_t late;
	uint64_t latest;   /* ns, the highest timestamp so far */
	size_t last_place; /* of the packet with that timestamp */
};

struct expected {
	uint64_t linktype; /* UINT64_MAX: any */
	uint64_t packets;  /* UINT64_MAX: all there are */
	uint64_t late;
	bool partial;
	const char *precision; /* NULL: either */
};

static uint32_t get_u32(const struct verification *verify, const unsigned char *in)
{
	uint32_t value;

	memcpy(&value, in, sizeof(value));
	return verify->swapped ? bswap_32(value) : value;
}

static uint32_t get_mark(const unsigned char *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 | in[3];
}

static void read_header(struct verification *verify)
{
	unsigned char header[24];
	uint16_t major;
	uint32_t magic;

	if (fread(header, sizeof(header), 1, verify->in) != 1)
		errx(1, "no whole file header");
	magic = get_u32(verify, header);
	if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d) {
		verify->swapped = true;
		magic = get_u32(verify, header);
	}
	if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d)
		errx(1, "no pcap file");
	memcpy(&major, header + 4, sizeof(major));
	if ((verify->swapped ? bswap_16(major) : major) != 2)
		errx(1, "no version 2");
	verify->nano = magic == 0xa1b23c4d;
	verify->linktype = get_u32(verify, header + 20);
}

/*
 * Reads the next record. Returns false at the end of the file, which must be
 * the end of a record.
 */
static bool read_packet(struct verification *verify, struct made_packet *ret_packet)
{
	unsigned char record[16];
	uint64_t fraction;
	size_t got = fread(record, 1, sizeof(record), verify->in);

	if (got == 0)
		return false;
	if (got < sizeof(record))
		errx(1, "after %" PRIu64 " packets: a record's header is cut", verify->packets);
	fraction = get_u32(verify, record + 4);
	if (fraction >= (verify->nano ? 1000000000u : 1000000u))
		errx(1, "after %" PRIu64 " packets: %" PRIu64 " is not a fraction of a second",
			verify->packets, fraction);
	ret_packet->time = get_u32(verify, record) * UINT64_C(1000000000) +
			   fraction * (verify->nano ? 1 : 1000);
	ret_packet->caplen = get_u32(verify, record + 8);
	ret_packet->len = get_u32(verify, record + 12);
	if (ret_packet->caplen > PACKETS_MAX)
		errx(1, "after %" PRIu64 " packets: one of %u bytes", verify->packets,
			ret_packet->caplen);
	if (fread(ret_packet->data, 1, ret_packet->caplen, verify->in) != ret_packet->caplen)
		errx(1, "after %" PRIu64 " packets: a packet is cut", verify->packets);
	return true;
}

static size_t find_stream(const struct verification *verify, uint32_t id)
{
	size_t place = 0;

	while (place < verify->count && verify->streams[place].recipe.id != id)
		place++;
	return place;
}

/* Does a packet belong to none of the streams? */
static bool is_others(const struct verification *verify, const struct made_packet *packet)
{
	const uint32_t link = recipe_link_size(verify->linktype);

	return packet->caplen < link + PACKETS_MARK ||
	       find_stream(verify, get_mark(packet->data + link)) == verify->count;
}

/* Compares a packet with its recipe. Returns its stream's index. */
static size_t check_packet(struct verification *verify, const struct made_packet *packet)
{
	static struct made_packet made;
	const uint32_t link = recipe_link_size(verify->linktype);
	struct verified_stream *stream;
	uint32_t number;
	uint32_t id;
	size_t place;

	if (packet->caplen < link + PACKETS_MARK)
		errx(1, "packet %" PRIu64 " has no mark", verify->packets);
	id = get_mark(packet->data + link);
	number = get_mark(packet->data + link + 4);
	place = find_stream(verify, id);
	if (place == verify->count)
		errx(1, "packet %" PRIu64 " is of no stream, %u", verify->packets, id);
	stream = &verify->streams[place];
	if (number >= stream->recipe.packets)
		errx(1, "stream %u has no packet %u", id, number);
	if (stream->seen[number])
		errx(1, "stream %u: packet %u comes twice", id, number);
	stream->seen[number] = true;
	recipe_make(&stream->recipe, number, verify->linktype, &made);
	if (!verify->nano)
		made.time -= made.time % 1000;
	if (packet->time != made.time)
		errx(1, "stream %u: packet %u is of %" PRIu64 ", not %" PRIu64, id, number,
			packet->time, made.time);
	if (packet->caplen != made.caplen || packet->len != made.len)
		errx(1, "stream %u: packet %u has %u of %u bytes, not %u of %u", id, number,
			packet->caplen, packet->len, made.caplen, made.len);
	if (memcmp(packet->data, made.data, made.caplen) != 0)
		errx(1, "stream %u: packet %u has other bytes", id, number);
	return place;
}

static void check_order(struct verification *verify, const struct made_packet *packet, size_t place)
{
	if (packet->time < verify->latest) {
		verify->late++;
		return;
	}
	if (verify->ties && packet->time == verify->latest && place < verify->last_place)
		errx(1, "packet %" PRIu64 " of stream %u follows one of stream %u", verify->packets,
			verify->streams[place].recipe.id,
			verify->streams[verify->last_place].recipe.id);
	verify->latest = packet->time;
	verify->last_place = place;
}

static void add_streams(struct verification *verify, char **recipes, size_t count)
{
	verify->streams = calloc(count ? count : 1, sizeof(*verify->streams));
	if (!verify->streams)
		err(1, "streams");
	for (size_t i = 0; i < count; i++) {
		struct verified_stream *stream = &verify->streams[i];

		stream->recipe = recipe_parse(recipes[i]);
		if (find_stream(verify, stream->recipe.id) < i)
			errx(1, "two recipes have one id: %s", recipes[i]);
		verify->count = i + 1;
		stream->seen = calloc(stream->recipe.packets + 1, sizeof(bool));
		if (!stream->seen)
			err(1, "%s", recipes[i]);
		verify->missing += stream->recipe.packets;
	}
}

/* The number of missing packets; the first one is reported. */
static uint64_t count_missing(const struct verification *verify, bool tell)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < verify->count; i++) {
		const struct verified_stream *stream = &verify->streams[i];

		for (uint32_t at = 0; at < stream->recipe.packets; at++) {
			if (stream->seen[at])
				continue;
			if (missing++ == 0 && tell)
				warnx("stream %u: packet %u is missing", stream->recipe.id, at);
		}
	}
	return missing;
}

/* Prints the summary and compares it with the expected values. */
static bool verify_judge(const struct verification *verify, const struct expected *expected)
{
	const char *precision = verify->nano ? "nano" : "micro";
	uint64_t missing = count_missing(verify, !expected->partial);
	bool right = true;

	printf("%" PRIu64 " packets of %zu streams, %" PRIu64 " missing, %" PRIu64 " late, "
	       "link type %u, %s\n",
		verify->packets, verify->count, missing, verify->late, verify->linktype, precision);
	if (missing > 0 && !expected->partial)
		right = false;
	if (verify->late > expected->late)
		right = false;
	if (expected->packets != UINT64_MAX && verify->packets != expected->packets)
		right = false;
	if (expected->linktype != UINT64_MAX && verify->linktype != expected->linktype)
		right = false;
	if (expected->precision && strcmp(expected->precision, precision) != 0)
		right = false;
	return right;
}

static void verify_run(struct verification *verify)
{
	static struct made_packet packet;

	read_header(verify);
	while ((!verify->among || verify->missing > 0) && read_packet(verify, &packet)) {
		size_t place;

		if (verify->among && is_others(verify, &packet))
			continue;
		place = check_packet(verify, &packet);
		verify->missing--;
		check_order(verify, &packet, place);
		verify->packets++;
	}
}

static void verify_free(struct verification *verify)
{
	for (size_t i = 0; i < verify->count; i++)
		free(verify->streams[i].seen);
	free(verify->streams);
	fclose(verify->in);
}

static int parse_options(
	int argc, char **argv, struct verification *verify, struct expected *expected)
{
	static const struct option options[] = {
		{"linktype", required_argument, NULL, 'l'},
		{"precision", required_argument, NULL, 'p'},
		{"allow-late", required_argument, NULL, 'a'},
		{"count", required_argument, NULL, 'c'},
		{"partial", no_argument, NULL, 'r'},
		{"ties", no_argument, NULL, 't'},
		{"among", no_argument, NULL, 'm'},
		{0},
	};
	int option;

	while ((option = getopt_long_only(argc, argv, "+", options, NULL)) != -1) {
		if (option == 'l')
			expected->linktype = strtoull(optarg, NULL, 10);
		else if (option == 'p')
			expected->precision = optarg;
		else if (option == 'a')
			expected->late = strtoull(optarg, NULL, 10);
		else if (option == 'c')
			expected->packets = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			expected->partial = true;
		else if (option == 't')
			verify->ties = true;
		else if (option == 'm')
			verify->among = true;
		else
			exit(1);
	}
	if (optind == argc)
		errx(1, "usage: verify [options] FILE RECIPE...");
	return optind;
}

int main(int argc, char **argv)
{
	struct expected expected = {.linktype = UINT64_MAX, .packets = UINT64_MAX};
	struct verification verify = {.in = stdin};
	int first = parse_options(argc, argv, &verify, &expected);
	bool right;

	if (strcmp(argv[first], "-") != 0)
		verify.in = fopen(argv[first], "re");
	if (!verify.in)
		err(1, "%s", argv[first]);
	add_streams(&verify, argv + first + 1, (size_t)(argc - first - 1));
	verify_run(&verify);
	right = verify_judge(&verify, &expected);
	verify_free(&verify);
	return right ? 0 : 1;
}
