/* SPDX-License-Identifier: MIT */
/*
 * Parses pcapng Interface Statistics Blocks. In: a block. Out: counters and times,
 * to a handler.
 */
#include "format/pcapng_isb.h"

#include "format/bytes.h"

/* The kinds of options. */
enum isb_kind {
	ISB_COUNTER, /* or a time; it has been stored in the statistics */
	ISB_OTHER,
	ISB_DAMAGED,
};

/*
 * Finds a counter. Returns where its last value is stored, or NULL for other options;
 * ret_more is where to store the difference, ret_valid its bit of valid.
 */
static uint64_t *find_counter(uint16_t code, struct pcapng_idb_counts *last,
	struct statistics *statistics, uint64_t **ret_more, unsigned *ret_valid)
{
	switch (code) {
	case PCAPNG_IFRECV:
		*ret_valid = STATISTICS_INTERFACE_RECEIVED;
		*ret_more = &statistics->interface_received;
		return &last->interface_received;
	case PCAPNG_IFDROP:
		*ret_valid = STATISTICS_INTERFACE_DROPPED;
		*ret_more = &statistics->interface_dropped;
		return &last->interface_dropped;
	case PCAPNG_FILTERACCEPT:
		*ret_valid = STATISTICS_RECEIVED;
		*ret_more = &statistics->received;
		return &last->received;
	case PCAPNG_OSDROP:
		*ret_valid = STATISTICS_DROPPED;
		*ret_more = &statistics->dropped;
		return &last->dropped;
	case PCAPNG_USRDELIV:
		*ret_valid = STATISTICS_DELIVERED;
		*ret_more = &statistics->delivered;
		return &last->delivered;
	default:
		return NULL;
	}
}

/* Parses the start or the end of an interface's capture. */
static enum isb_kind parse_time(const struct pcapng_block *block,
	const struct pcapng_option *option, const struct pcapng_interface *known,
	struct statistics *statistics)
{
	const size_t offset = (size_t)(option->value - block->bytes);
	const bool is_start = option->code == PCAPNG_STARTTIME;
	uint64_t *time = is_start ? &statistics->start : &statistics->end;

	if (option->size != 8)
		return ISB_DAMAGED;
	if (pcapng_idb_time(known, pcapng_block_ticks(block, offset), time))
		statistics->valid |= is_start ? STATISTICS_START : STATISTICS_END;
	else
		*time = 0;
	return ISB_COUNTER;
}

/* Is it a counter by which losses are reported? */
static bool counts_drops(uint16_t code)
{
	return code == PCAPNG_IFDROP || code == PCAPNG_FILTERACCEPT || code == PCAPNG_OSDROP;
}

/*
 * Parses an option; a counter becomes the difference from the previous block. Sets
 * error if it is a damaged counter by which losses are reported.
 */
static enum isb_kind parse_option(const struct pcapng_block *block,
	const struct pcapng_option *option, struct pcapng_interface *known,
	struct statistics *statistics, struct error *error)
{
	uint64_t *before;
	uint64_t *more;
	unsigned flag;
	uint64_t now;

	if (option->code == PCAPNG_STARTTIME || option->code == PCAPNG_ENDTIME)
		return parse_time(block, option, known, statistics);
	before = find_counter(option->code, &known->counts, statistics, &more, &flag);
	if (!before)
		return ISB_OTHER;
	if (option->size != sizeof(now)) {
		if (counts_drops(option->code))
			pcapng_block_damaged(error, "counter %u has %u bytes instead of %zu",
				option->code, option->size, sizeof(now));
		return ISB_DAMAGED;
	}
	statistics->valid |= flag;
	now = bytes_u64(option->value, block->swapped);
	*more += now < *before ? now : now - *before;
	*before = now;
	return ISB_COUNTER;
}

/*
 * Handles an option of statistics. False: a counter by which losses are reported is
 * damaged; error is set. The end time of a worker marks the end of the stream, and
 * is not passed on.
 */
static bool handle_option(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, const struct pcapng_option *option,
	struct pcapng_interface *known, struct statistics *statistics, struct error *error)
{
	const bool is_time = option->code == PCAPNG_STARTTIME || option->code == PCAPNG_ENDTIME;

	if (is_time && section->is_worker)
		return true;
	switch (parse_option(block, option, known, statistics, error)) {
	case ISB_COUNTER:
		return true;
	case ISB_DAMAGED:
		if (counts_drops(option->code))
			return false;
		section->kept.losses |= LOSS_DAMAGED;
		return true;
	default:
		if (option->code != PCAPNG_COMMENT)
			pcapng_copy_lose_option(&section->kept, option->code);
		else if (sink->note)
			pcapng_section_note(section, sink, "counters", option);
		return true;
	}
}

bool pcapng_isb_parse(struct pcapng_section *section, const struct stream_handler *sink,
	const struct pcapng_block *block, struct error *error)
{
	const uint32_t index = pcapng_block_u32(block, 8);
	struct pcapng_interface *known = pcapng_idb_find(&section->interfaces, index, error);
	struct statistics statistics = {0};
	size_t offset = ISB_HEAD;
	struct pcapng_option option;
	bool is_sound;
	int more;

	if (!known)
		return false;
	is_sound =
		pcapng_section_time(sink, known, pcapng_block_ticks(block, 12), &statistics.time);
	statistics.interface = known->number;
	statistics.is_watermark = section->has_watermarks && index == 0;
	statistics.is_of_merge = !section->is_worker;
	while ((more = pcapng_option(block, &offset, &option, error)) > 0) {
		if (option.code == PCAPNG_ENDTIME && statistics.is_watermark)
			section->has_ended = true;
		if (!handle_option(section, sink, block, &option, known, &statistics, error))
			return false;
	}
	statistics.is_watermark = statistics.is_watermark && is_sound;
	return more == 0 &&
	       (!sink->statistics || sink->statistics(sink->context, &statistics, error));
}
