/* SPDX-License-Identifier: MIT */
#include "client/packet_delay.h"

#include "common/clock.h"
#include "format/pcapng_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BYTES_MAX = 64 << 20, /* of packets; with more, they leave early */
	RING_MIN = 1024,
	PLACE_MAX = 512, /* bytes of a place in a comment */
	COMMENT_SIZE = PLACE_MAX + PACKET_DELAY_LATER_SIZE + 64,
};

struct delayed_packet {
	struct packet packet; /* its data and options follow */
	uint64_t due_ns;
	unsigned target;
	uint64_t id;	 /* the number of its first sight */
	char *last_seen; /* the place after which it was not seen; NULL: none */
	size_t bytes;
	unsigned char data[];
};

static void free_packet(struct delayed_packet *delayed)
{
	free(delayed->last_seen);
	free(delayed);
}

static struct delayed_packet *copy(unsigned target, const struct packet *packet)
{
	const size_t size = packet_bytes(packet);
	struct delayed_packet *delayed = malloc(sizeof(*delayed) + size);

	if (!delayed)
		return NULL;
	*delayed = (struct delayed_packet){
		.packet = *packet, .target = target, .bytes = sizeof(*delayed) + size};
	if (size > 0)
		memcpy(delayed->data, packet->data, size);
	delayed->packet.data = delayed->data;
	return delayed;
}

/* Returns when the merge has come far enough for a packet to leave. */
static uint64_t find_due(const struct packet_delay *delay, const struct packet *packet)
{
	const uint64_t window_ns = delay->follows_window ? paths_window_ns(delay->paths) : 0;

	return paths_plausible_ns(packet->time) + clock_later(delay->delay_ns, window_ns);
}

static bool grow(struct packet_delay *delay)
{
	const size_t capacity = delay->capacity > 0 ? delay->capacity * 2 : RING_MIN;
	struct delayed_packet **ring;

	if (delay->count < delay->capacity)
		return true;
	ring = malloc(capacity * sizeof(struct delayed_packet *));
	if (!ring)
		return false;
	for (size_t i = 0; i < delay->count; i++)
		ring[i] = delay->ring[(delay->first + i) & (delay->capacity - 1)];
	free(delay->ring);
	delay->ring = ring;
	delay->capacity = capacity;
	delay->first = 0;
	return true;
}

/* Writes what is known of this packet, and of others that have left before, to out. */
static void write_comment(const struct packet_delay *delay, const struct delayed_packet *delayed,
	char out[COMMENT_SIZE])
{
	int size = 0;

	if (delayed->last_seen)
		size = snprintf(out, COMMENT_SIZE, "not seen after %.*s%s", PLACE_MAX,
			delayed->last_seen, *delay->later ? "\n" : "");
	size += snprintf(out + size, COMMENT_SIZE - (size_t)size, "%s", delay->later);
	if (delay->later_left_out > 0)
		snprintf(out + size, COMMENT_SIZE - (size_t)size, "\nand %" PRIu64 " more packets",
			delay->later_left_out);
}

/*
 * Makes the packet that the file gets: without an id that it came with, with its own one, and
 * with a comment. NULL: out of memory.
 */
static unsigned char *make_written(const struct packet_delay *delay,
	const struct delayed_packet *delayed, struct packet *ret_packet)
{
	const struct packet *packet = &delayed->packet;
	const size_t data_size = bytes_padded(packet->caplen);
	char comment[COMMENT_SIZE] = "";
	size_t comment_size;
	unsigned char *bytes;
	unsigned char *options;

	write_comment(delay, delayed, comment);
	comment_size = *comment ? pcapng_comment_size(comment) : 0;
	bytes = calloc(1, data_size + comment_size + PCAPNG_PACKET_ID_SIZE + packet->options_size);
	if (!bytes)
		return NULL;
	memcpy(bytes, packet->data, packet->caplen);
	options = bytes + data_size;
	if (comment_size > 0)
		pcapng_write_comment(options, comment);
	options += comment_size;
	pcapng_write_packet_id(options, delayed->id);
	options += PCAPNG_PACKET_ID_SIZE;
	options += pcapng_copy_without(
		options, packet_options(packet), packet->options_size, PCAPNG_PACKET_ID);
	*ret_packet = *packet;
	ret_packet->data = bytes;
	ret_packet->options_size = (uint32_t)(options - bytes - data_size);
	return bytes;
}

/* Writes the first packet. False: the file does not accept it now. */
static bool write_first(struct packet_delay *delay)
{
	struct delayed_packet *delayed = delay->ring[delay->first];
	struct packet packet = delayed->packet;
	unsigned char *bytes = NULL;
	bool is_commented;
	bool is_written;

	if (delay->file->writer.pcapng)
		bytes = make_written(delay, delayed, &packet);
	is_commented = bytes != NULL;
	is_written = delay->sink.packet(delay->sink.context, delayed->target, &packet);
	free(bytes);
	if (!is_written)
		return false;
	if (is_commented) {
		delay->later[0] = '\0';
		delay->later_left_out = 0;
	}
	delay->bytes -= delayed->bytes;
	if (delay->waiting)
		delay->waiting[delayed->target]--;
	delay->first = (delay->first + 1) % delay->capacity;
	delay->count--;
	free_packet(delayed);
	return true;
}

static void warn_of_shortness(struct packet_delay *delay)
{
	if (delay->short_warned)
		return;
	delay->short_warned = true;
	notices_warn(delay->file->notices,
		"-w: packets come too fast to be kept for -paths-delay; comments on some of them "
		"are on later ones");
}

/* Keeps a copy of a packet until its delay is over. */
static bool keep(struct packet_delay *delay, unsigned target, const struct packet *packet)
{
	struct delayed_packet *delayed;

	while (delay->bytes >= BYTES_MAX) {
		warn_of_shortness(delay);
		if (!write_first(delay))
			return false;
	}
	delayed = grow(delay) ? copy(target, packet) : NULL;
	if (!delayed) {
		capture_file_fail(delay->file, "out of memory");
		return false;
	}
	delay->ring[(delay->first + delay->count++) % delay->capacity] = delayed;
	delay->bytes += delayed->bytes;
	if (delay->waiting)
		delay->waiting[target]++;
	delayed->due_ns = find_due(delay, packet);
	delayed->id = paths_add(delay->paths, target, packet, ++delay->number);
	return true;
}

uint64_t packet_delay_waiting(const struct packet_delay *delay, unsigned target)
{
	return delay && delay->waiting ? delay->waiting[target] : 0;
}

bool packet_delay_packet(void *context, unsigned target, const struct packet *packet)
{
	struct packet_delay *delay = context;

	if (delay->file->state != CAPTURE_FILE_OPEN)
		return false;
	if (packet->time != PACKET_TIME_MAX)
		delay->latest_ns = clock_later(delay->latest_ns, packet->time);
	if (!delay->is_discarded)
		return keep(delay, target, packet);
	paths_add(delay->paths, target, packet, ++delay->number);
	return delay->sink.packet(delay->sink.context, target, packet);
}

bool packet_delay_block(void *context, unsigned target, const unsigned char *bytes, size_t size)
{
	const struct packet_delay *delay = context;

	return delay->sink.block(delay->sink.context, target, bytes, size);
}

/* Adds a packet that has left to the comment on the next one. */
static void comment_later(struct packet_delay *delay, uint64_t number, const char *place)
{
	const size_t used = strlen(delay->later);
	const int size = snprintf(delay->later + used, sizeof(delay->later) - used,
		"%spacket %" PRIu64 " was not seen after %s", used > 0 ? "\n" : "", number, place);

	if ((size_t)size < sizeof(delay->later) - used && delay->later_left_out == 0)
		return;
	delay->later[used] = '\0';
	delay->later_left_out++;
}

/* A place has up to PLACE_MAX bytes, which a host chooses: of many packets, these count. */
static void keep_place(
	struct packet_delay *delay, struct delayed_packet *delayed, const char *place)
{
	const size_t size = strlen(place) + 1;

	delayed->last_seen = strdup(place);
	if (!delayed->last_seen)
		return;
	delayed->bytes += size;
	delay->bytes += size;
}

void packet_delay_last_seen(void *context, uint64_t number, const char *place)
{
	struct packet_delay *delay = context;
	struct delayed_packet *delayed;

	if (number > delay->number || delay->is_discarded)
		return;
	if (delay->number - number >= delay->count) {
		comment_later(delay, number, place);
		return;
	}
	delayed = delay->ring[(delay->first + delay->count - 1 - (delay->number - number)) %
			      delay->capacity];
	if (!delayed->last_seen)
		keep_place(delay, delayed, place);
}

void packet_delay_advance(struct packet_delay *delay, uint64_t time_ns)
{
	if (time_ns == 0)
		time_ns = delay->latest_ns;
	paths_advance(delay->paths, time_ns);
	while (delay->count > 0 && delay->ring[delay->first]->due_ns <= time_ns)
		if (!write_first(delay))
			return;
}

uint64_t packet_delay_promise(const struct packet_delay *delay, uint64_t time_ns)
{
	uint64_t first_ns;

	if (delay->count == 0)
		return time_ns;
	first_ns = delay->ring[delay->first]->packet.time;
	return first_ns > 0 ? clock_earlier(time_ns, first_ns - 1) : time_ns;
}

bool packet_delay_finish(struct packet_delay *delay)
{
	paths_finish(delay->paths);
	while (delay->count > 0)
		if (!write_first(delay))
			return false;
	return true;
}

void packet_delay_cleanup(struct packet_delay *delay)
{
	while (delay->count > 0) {
		free_packet(delay->ring[delay->first]);
		delay->first = (delay->first + 1) % delay->capacity;
		delay->count--;
	}
	free(delay->ring);
	free(delay->waiting);
	*delay = (struct packet_delay){0};
}
