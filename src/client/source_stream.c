/* SPDX-License-Identifier: MIT */
/*
 * The stream of a source. In: what its feed and reader deliver. Out:
 * packets and watermarks for the merge, interfaces and counters for the table,
 * events for the source.
 */
#include "client/source_stream.h"

#include "client/watermark_interval.h"
#include "common/clock.h"
#include "format/bytes.h"
#include "format/linktype.h"
#include "format/pcap_file.h"
#include "format/pcapng_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BUFFERS_TOTAL = 512 << 10, /* of libcurl, for all streams */
	BUFFER_MIN = 12 << 10,
	BUFFER_MAX = 256 << 10,
	ATTEMPT_S = 20,		     /* until a capture has begun */
	PACKET_ID_TARGET_SHIFT = 48, /* the bits above are the target's number */
	CLOCK_TEXT_SIZE = 128,
};

static uint64_t aligned(const struct source *source, uint64_t time_ns)
{
	if (source->common->options->align_traffic && time_ns != PACKET_TIME_MAX)
		return paths_align_time(source->common->paths, source->index, time_ns);
	return source->common->options->align && time_ns != PACKET_TIME_MAX
		       ? clock_offset_correct(&source->clock_offset, time_ns)
		       : time_ns;
}

/* The same of a packet that has come. */
static uint64_t aligned_packet(const struct source *source, uint64_t time_ns)
{
	if (source->common->options->align_traffic && time_ns != PACKET_TIME_MAX)
		return paths_align_packet(source->common->paths, source->index, time_ns);
	return aligned(source, time_ns);
}

/* The same of a watermark. */
static uint64_t aligned_watermark(const struct source *source, uint64_t time_ns)
{
	if (source->common->options->align_traffic && time_ns != PACKET_TIME_MAX)
		return paths_align_watermark(source->common->paths, source->index, time_ns);
	return aligned(source, time_ns);
}

static void on_connection(void *context, const struct transfer_connection *connection)
{
	const struct source *source = context;
	const struct path_own_end local = {connection->local, (unsigned)connection->local_port};
	const struct path_own_end peer = {connection->peer, (unsigned)connection->peer_port};

	paths_connection(source->common->paths, source->index, &local, &peer);
}

/* From now on the packets of a new stream may come. */
static void on_request_sent(void *context)
{
	struct source *source = context;

	if (source->state == SOURCE_LOST)
		merge_begin(source->common->merge, source->index, clock_ms());
}

static void on_clock(void *context, const struct clock_offset *offset)
{
	struct source *source = context;
	struct target_interfaces *described = &source->common->interfaces->targets[source->index];
	const bool aligns = source->common->options->align;
	const char *effect = "; its packets are out of order; try -align";
	char text[CLOCK_TEXT_SIZE] = "";

	source->is_worker = true;
	source->clock_offset = *offset;
	source->clock_watch =
		clock_watch_begin(offset, clock_ns(CLOCK_REALTIME), clock_ns(CLOCK_BOOTTIME));
	described->clock[0] = '\0';
	if (!offset->is_known)
		return;
	paths_clock(source->common->paths, source->index, offset);
	clock_offset_describe(offset, text, sizeof(text));
	snprintf(described->clock, sizeof(described->clock), "clock %s%s", text,
		aligns ? "; timestamps are corrected by that" : "");
	if (!clock_offset_is_notable(offset))
		return;
	if (aligns)
		effect = "; timestamps are corrected by that";
	else if (offset->ns > 0)
		effect = "; its packets are out of order, and delayed by up to that; try -align";
	/* a header has all offsets */
	if (source->common->notices->place == NOTICES_IN_HEADERS)
		notice_warning("%s: clock is %s%s", source->target->label, text, effect);
	else
		notices_warn_now(source->common->notices, source->index, "%s: clock is %s%s",
			source->target->label, text, effect);
}

static void before_data(void *context)
{
	struct source *source = context;

	source->common->now_ms = clock_ms();
	source->last_data_ms = source->common->now_ms;
}

static bool can_accept(void *context)
{
	struct source *source = context;
	const struct merge *merge = source->common->merge;

	/* until the output begins no packet leaves, and so no space is freed */
	if (source->state == SOURCE_CONNECTING || !merge_has_enough(merge, source->index))
		return true;
	source->common->paused_count++;
	source->was_paused = true;
	source->was_blocked = source->was_blocked || source->common->output_blocked;
	return false;
}

static void on_end(void *context)
{
	struct source *source = context;

	source->common->ended_count++;
	source->common->ended_due_ms = 0;
}

static void on_ordered(void *context)
{
	const struct source *source = context;

	merge_set_ordered(source->common->merge, source->index);
}

static bool on_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct source *source = context;
	struct interface stored = *interface;

	if (interface->options_size > 0 && !source->common->options->pcapng) {
		/* a worker's comment is about the length of packets, which they show */
		source->omissions.losses |= source->is_worker ? 0 : LOSS_INTERFACE;
		stored.options_size = 0;
	}
	if (!interface_table_find(
		    source->common->interfaces, source->index, &stored, ret_number, error)) {
		source->is_refused = true;
		return false;
	}
	if (source->state != SOURCE_RUNNING)
		source_transition(source, SOURCE_BEGINS, NULL);
	source->is_pcap = interface->is_only;
	return true;
}

bool source_stream_linktype_error(uint32_t linktype, uint32_t output, struct error *error)
{
	return error_set(error, 1,
		"packets of link type %" PRIu32 " do not fit into a pcap of link type %" PRIu32
		"; try -pcapng",
		linktype, output);
}

/* Can a pcap output hold another link type of a source? */
static bool check_pcap_linktype(struct source *source, uint32_t linktype, struct error *error)
{
	const struct source_common *common = source->common;
	const uint32_t before = source->linktype;

	if (!linktype_widen(&source->linktype, linktype))
		return error_set(error, 1,
			"packets of link types %" PRIu32 " and %" PRIu32
			" do not fit into one pcap; try -pcapng",
			before, linktype);
	if (common->linktype_chosen && !linktype_converts(linktype, common->linktype))
		return source_stream_linktype_error(linktype, common->linktype, error);
	return true;
}

/* The first packet of an interface. */
static bool check_first_packet(
	struct source *source, struct interface_entry *entry, struct error *error)
{
	const uint32_t linktype = linktype_bare(entry->interface.linktype);

	entry->has_packets = true;
	if (!source->has_sent)
		source->linktype = linktype;
	source->has_sent = true;
	if (source->common->options->pcapng || check_pcap_linktype(source, linktype, error))
		return true;
	source->is_refused = true;
	return false;
}

/* Has a packet an id that packets of other targets may have, too? */
static bool has_shared_id(const struct source *source, const struct packet *packet)
{
	return packet->options_size > 0 && source->index > 0 &&
	       pcapng_has_option(packet_options(packet), packet->options_size, PCAPNG_PACKET_ID);
}

/*
 * Makes a copy of a packet with a comment on the outage before it ("": none), ahead of its
 * options, and with an id of its own target. NULL: out of memory.
 */
static unsigned char *copy_changed(
	const struct source *source, const struct packet *packet, struct packet *ret_packet)
{
	const char *comment = source->outage_text;
	const size_t data_size = bytes_padded(packet->caplen);
	const size_t comment_size = *comment ? pcapng_comment_size(comment) : 0;
	unsigned char *bytes = calloc(1, data_size + comment_size + packet->options_size);

	if (!bytes)
		return NULL;
	memcpy(bytes, packet->data, packet->caplen);
	if (*comment)
		pcapng_write_comment(bytes + data_size, comment);
	memcpy(bytes + data_size + comment_size, packet_options(packet), packet->options_size);
	pcapng_change_packet_ids(bytes + data_size + comment_size, packet->options_size,
		(uint64_t)source->index << PACKET_ID_TARGET_SHIFT);
	*ret_packet = *packet;
	ret_packet->data = bytes;
	ret_packet->options_size += (uint32_t)comment_size;
	return bytes;
}

/* Queues a packet, with what is to be changed of its options. */
static bool queue_packet(struct source *source, const struct packet *packet)
{
	struct source_common *common = source->common;
	struct packet changed;
	unsigned char *bytes = NULL;
	bool is_queued;

	if (common->options->pcapng && (*source->outage_text || has_shared_id(source, packet))) {
		bytes = copy_changed(source, packet, &changed);
		if (!bytes)
			return false;
		packet = &changed;
	}
	source->outage_text[0] = '\0';
	if (common->paths)
		paths_arrived(common->paths, source->index, packet->time);
	is_queued = merge_packet(common->merge, source->index, packet, common->now_ms);
	free(bytes);
	return is_queued;
}

static bool on_packet(void *context, const struct packet *packet, struct error *error)
{
	struct source *source = context;
	const struct options *options = source->common->options;
	struct interface_entry *entry = source->common->interfaces->list[packet->interface];
	struct packet changed;

	if (!entry->has_packets && !check_first_packet(source, entry, error))
		return false;
	if (options->align || (packet->options_size > 0 && !options->pcapng)) {
		changed = *packet;
		changed.time = aligned_packet(source, packet->time);
		packet = &changed;
	}
	if (packet->options_size > 0 && !options->pcapng) {
		changed.options_size = 0;
		source->omissions.losses |= LOSS_PACKET;
	}
	if (packet->time > PCAP_FILE_TIME_MAX && !options->pcapng)
		conversion_losses_warn_pcap_time(
			&source->omissions, source->target->label, packet->time);
	if (queue_packet(source, packet))
		return true;
	return error_set(error, 1, "out of memory");
}

static bool on_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	struct source *source = context;
	struct source_common *common = source->common;
	struct statistics in = *statistics;

	(void)error;
	/* that of a merge may stand still for long, and then jump */
	if (in.is_watermark && !in.is_of_merge)
		source_warn_of_step(source, in.time);
	in.time = in.is_watermark ? aligned_watermark(source, in.time) : aligned(source, in.time);
	in.start = in.start ? aligned(source, in.start) : 0;
	in.end = in.end ? aligned(source, in.end) : 0;
	if (in.is_watermark) {
		source->has_watermarks = true;
		source->is_worker = source->is_worker || !in.is_of_merge;
		merge_watermark(common->merge, source->index, in.time, common->now_ms);
	}
	paths_statistics(common->paths, source->index, &in);
	if (!in.valid)
		return true;
	if (!common->options->pcapng)
		source->omissions.losses |= LOSS_STATISTICS;
	interface_table_add_counts(common->interfaces, &in);
	source_warn_of_drops(source);
	return true;
}

/* Counters that do not come in the stream: of its only interface. */
static void on_counters(void *context, const struct statistics *counters)
{
	struct source *source = context;
	const struct interface_table *interfaces = source->common->interfaces;
	struct statistics in = *counters;

	in.interface = interfaces->targets[source->index].first;
	in.time = clock_ns(CLOCK_REALTIME);
	if (in.interface == INTERFACE_TABLE_NONE)
		return;
	source->common->now_ms = clock_ms();
	paths_statistics(source->common->paths, source->index, &in);
	interface_table_add_counts(source->common->interfaces, &in);
	source_warn_of_drops(source);
}

static void on_odd_time(void *context, const char *number, uint64_t time_ns)
{
	struct source *source = context;

	conversion_losses_warn_time(&source->omissions, source->common->notices, source->index,
		source->target->label, number, time_ns, source->common->options->pcapng);
}

/* What is lost of a pcapng block in a pcap. */
static unsigned block_loss(const unsigned char *bytes)
{
	switch (bytes_u32(bytes, false)) {
	case PCAPNG_NAMES:
		return LOSS_NAMES;
	case PCAPNG_SECRETS:
		return LOSS_SECRETS;
	case PCAPNG_JOURNAL:
		return LOSS_JOURNAL;
	default:
		return LOSS_CUSTOM_BLOCKS;
	}
}

static void on_address(void *context, const struct host_address *address)
{
	const struct source *source = context;

	if (source->common->names)
		host_names_add(source->common->names, source->index, address);
}

static bool on_block(void *context, const unsigned char *bytes, size_t size, struct error *error)
{
	struct source *source = context;
	struct source_common *common = source->common;

	if (!common->options->pcapng) {
		source->omissions.losses |= block_loss(bytes);
		return true;
	}
	if (common->options->no_names && bytes_u32(bytes, false) == PCAPNG_NAMES)
		return true;
	if (source->state == SOURCE_CONNECTING && merge_is_full(common->merge, source->index)) {
		source->omissions.losses |= LOSS_LONG;
		return true;
	}
	if (merge_block(common->merge, source->index, bytes, size))
		return true;
	return error_set(error, 1, "out of memory");
}

static void on_note(void *context, const char *what, const char *text)
{
	struct source *source = context;
	struct source_common *common = source->common;

	if (!common->options->pcapng)
		source->omissions.losses |= LOSS_SECTION;
	else if (!notices_add_section(
			 common->notices, source->index, source->target->label, what, text))
		source->omissions.losses |= LOSS_LONG;
}

static void on_lose(void *context, unsigned losses)
{
	struct source *source = context;

	source->omissions.losses |= losses;
}

struct transfer_events source_stream_events(struct source *source)
{
	return (struct transfer_events){
		.context = source,
		.on_connection = on_connection,
		.on_request_sent = on_request_sent,
		.on_clock = on_clock,
		.before_data = before_data,
		.can_accept = can_accept,
		.handshakes = &source->handshakes,
		.stream =
			{
				.interface = on_interface,
				.packet = on_packet,
				.statistics = on_statistics,
				.odd_time = on_odd_time,
				.block = on_block,
				.address = on_address,
				.note = on_note,
				.lose = on_lose,
				.context = source,
			},
	};
}

static size_t buffer_size(size_t count)
{
	const size_t size = BUFFERS_TOTAL / count;

	if (size < BUFFER_MIN)
		return BUFFER_MIN;
	return size < BUFFER_MAX ? size : BUFFER_MAX;
}

/* Returns the additions to the query of a source that are not left out. */
static unsigned additions_of(const struct source *source)
{
	const struct target *target = source->target;
	unsigned additions = target->additions;

	if (watermark_interval_ms(source->common->options) > WATERMARK_INTERVAL_DEFAULT_MS &&
		target->url && target_query_accepts_watermark(target->url))
		additions |= TARGET_WATERMARK;
	return additions & ~source->left_out;
}

/* Begins a transfer, with the additions to its query that are not left out. */
static bool start_transfer(struct source *source)
{
	struct source_common *common = source->common;
	const struct transfer_events events = source_stream_events(source);
	const struct fd_stream_events fd_events = {
		.context = source,
		.before_data = before_data,
		.can_accept = can_accept,
		.on_end = on_end,
		.stream = events.stream,
	};
	const struct feed_plan plan = {
		.target = source->target,
		.additions = additions_of(source),
		.options = common->options,
		.loop = common->loop,
		.chunk = buffer_size(common->options->targets.count),
		.transfer_events = events,
		.file_events = {.fd = fd_events, .on_ordered = on_ordered},
		.command_events = {.fd = fd_events, .on_counters = on_counters},
	};
	bool is_started;

	source->clock_offset = (struct clock_offset){0};
	source->clock_watch = (struct clock_watch){0};
	source->handshakes = (struct handshakes){0};
	is_started = feed_start(&source->feed, &plan);
	/* after feed_start(), which may have run ssh first */
	source->last_data_ms = clock_ms();
	/* what writes to a FIFO may be started later, and a large file is read for long */
	source_set_due(source, target_is_file(source->target)
				       ? CLOCK_NEVER
				       : source->last_data_ms + ATTEMPT_S * UINT64_C(1000));
	return is_started;
}

bool source_stream_start(struct source *source)
{
	/* the host may have another worker since the last attempt */
	source->left_out = 0;
	return start_transfer(source);
}

void source_stream_stop(struct source *source)
{
	if (feed_is_active(&source->feed))
		feed_stop(&source->feed, source->common->loop);
}

void source_stream_end(struct source *source, const struct error *error)
{
	source_stream_stop(source);
	source_transition(source, error ? SOURCE_FAILS : SOURCE_ENDS, error);
}

static void end_without_resources(struct source *source)
{
	struct error error;

	error_set(&error, 1, "out of memory or descriptors");
	source_stream_end(source, &error);
}

/* Tries once more, without additions to the query that the worker may not support. */
static void try_without(struct source *source, unsigned additions)
{
	source_stream_stop(source);
	source->left_out |= additions;
	if (!start_transfer(source))
		end_without_resources(source);
}

void source_stream_end_with_result(struct source *source, CURLcode result)
{
	const unsigned rejected = feed_rejected_additions(&source->feed);
	const bool has_begun = source->stream_began_ms > 0;
	struct error error = {0};
	bool is_complete;

	if (rejected) {
		try_without(source, rejected);
		return;
	}
	is_complete = feed_result(&source->feed, result, has_begun, &error);
	if (feed_is_refused(&source->feed, has_begun))
		source->is_refused = true;
	/* it was ended, in whatever way it took that */
	source_stream_end(source, is_complete || source->is_ending ? NULL : &error);
}

void source_stream_retry(struct source *source)
{
	struct error error;

	if (feed_is_active(&source->feed)) {
		error_set(&error, 1, "no capture started within %d s", ATTEMPT_S);
		source_stream_end(source, &error);
	} else if (!source_stream_start(source)) {
		end_without_resources(source);
	}
}

void source_stream_resume(struct source *source)
{
	const CURLcode result = feed_resume(&source->feed);

	if (result != CURLE_OK)
		source_stream_end_with_result(source, result);
}

void source_stream_exclude(struct source *source, const struct error *error)
{
	struct source_common *common = source->common;

	source->is_refused = true;
	source->stream_began_ms = 0;
	common->begun_count--;
	source_stream_end(source, error);
	merge_discard(common->merge, source->index);
}
