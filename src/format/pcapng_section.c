/* SPDX-License-Identifier: MIT */
/*
 * Helpers shared by the parsers of a section's blocks. In: timestamps and texts.
 * Out: the same, converted for the handler.
 */
#include "format/pcapng_section.h"

#include "common/text.h"

enum {
	TIME_TEXT_MAX = 128,
	NOTE_MAX = 8192, /* bytes of each text that describes a section */
};

bool pcapng_section_time(const struct stream_handler *sink, const struct pcapng_interface *known,
	uint64_t ticks, uint64_t *ret_time)
{
	char original[TIME_TEXT_MAX];

	if (pcapng_idb_time(known, ticks, ret_time))
		return true;
	if (sink->odd_time) {
		pcapng_idb_describe_time(known, ticks, original, sizeof(original));
		sink->odd_time(sink->context, original, *ret_time);
	}
	return false;
}

void pcapng_section_note(struct pcapng_section *section, const struct stream_handler *sink,
	const char *what, const struct pcapng_option *option)
{
	char text[NOTE_MAX];

	if (!text_escape_part(text, sizeof(text), (const char *)option->value, option->size, true))
		section->kept.losses |= LOSS_LONG;
	if (*text)
		sink->note(sink->context, what, text);
}
