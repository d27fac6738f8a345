/* SPDX-License-Identifier: MIT */
/*
 * The capture file of a run. In: packets in their final order, with the numbers
 * of their interfaces, and the table of these. Out: pcap or pcapng.
 */
#include "client/capture_file.h"

#include "format/linktype.h"
#include "format/pcapng_write.h"

#include <inttypes.h>
#include <stdio.h>

enum { NAME_SIZE = 512, COMMENT_SIZE = 2048 };

/* After a function of the output has returned false: blocked, or failed? */
static bool handle_failure(struct capture_file *file)
{
	if (output_is_blocked(file->writer.output))
		return false;
	file->state = file->error.status == 0 ? CAPTURE_FILE_READER_GONE : CAPTURE_FILE_FAILED;
	return false;
}

void capture_file_fail(struct capture_file *file, const char *reason)
{
	file->state = CAPTURE_FILE_FAILED;
	error_set(&file->error, 1, "%s", reason);
}

void capture_file_set_reader_gone(struct capture_file *file)
{
	if (file->state != CAPTURE_FILE_FAILED)
		file->state = CAPTURE_FILE_READER_GONE;
}

/* The link type that readers expect of an interface without packets. */
static uint32_t first_linktype(const struct interface_table *interfaces)
{
	return interfaces->count > 0 ? linktype_bare(interfaces->list[0]->interface.linktype)
				     : LINKTYPE_SLL;
}

void capture_file_start(struct capture_file *file, uint32_t linktype)
{
	file->started = true;
	file->writer.linktype = linktype;
	if (file->writer.has_watermarks)
		file->writer.linktype = first_linktype(file->interfaces);
	if (!record_writer_start(&file->writer, &file->error))
		handle_failure(file);
}

/* Warns once that headers of a link type lose fields in this pcap. */
static void warn_of_conversion(struct capture_file *file, const char *label, uint32_t linktype)
{
	const bool is_ethernet = linktype == LINKTYPE_ETHERNET;
	bool *has_warned = is_ethernet ? &file->ethernet_warned : &file->sll2_warned;

	if (*has_warned)
		return;
	*has_warned = true;
	notice_warning("%s: %s headers are written as SLL, the link type of other targets, "
		       "without %s; try -pcapng",
		label, is_ethernet ? "Ethernet" : "SLL2",
		is_ethernet ? "directions and destination addresses" : "interface numbers");
}

/* Warns of what the link type of a new interface means for readers. */
static void check_linktype(struct capture_file *file, struct interface_entry *entry)
{
	struct target_interfaces *target = &file->interfaces->targets[entry->target];
	const uint32_t own = linktype_bare(entry->interface.linktype);
	const uint32_t written = record_writer_linktype(&file->writer, own);

	if (own != written)
		warn_of_conversion(file, target->label, own);
	if (!file->has_interface)
		file->linktype = written;
	file->has_interface = true;
	if (written == file->linktype || target->linktype_warned)
		return;
	target->linktype_warned = true;
	notice_warning("%s: link type %" PRIu32 " differs from %" PRIu32
		       " of other targets; Wireshark reads such a file, tcpdump rejects it",
		target->label, written, file->linktype);
}

/* Writes the IDB of an entry: LABEL:eth0, LABEL:eth0#2, or LABEL alone. */
static bool write_interface(struct capture_file *file, struct interface_entry *entry)
{
	const struct target_interfaces *target = &file->interfaces->targets[entry->target];
	struct interface interface = entry->interface;
	const bool has_description =
		pcapng_has_option(interface.options, interface.options_size, PCAPNG_DESCRIPTION);
	char name[NAME_SIZE];
	char comment[COMMENT_SIZE];

	snprintf(name, sizeof(name), "%s%s%s", target->label, *entry->shown ? ":" : "",
		entry->shown);
	snprintf(comment, sizeof(comment), "%s%s%s", has_description ? target->url : "",
		has_description && *target->clock ? "\n" : "", target->clock);
	interface.name = name;
	if (!has_description)
		interface.description = target->url;
	interface.comment = comment;
	if (!record_writer_interface(&file->writer, &interface, &entry->written_as, &file->error))
		return handle_failure(file);
	entry->is_written = true;
	check_linktype(file, entry);
	return true;
}

bool capture_file_packet(void *context, unsigned target, const struct packet *packet)
{
	struct capture_file *file = context;
	struct interface_entry *entry = file->interfaces->list[packet->interface];
	struct record_source from = {.linktype = entry->interface.linktype};

	(void)target;
	if (file->state != CAPTURE_FILE_OPEN)
		return false;
	if (!entry->is_written && !write_interface(file, entry))
		return false;
	from.number = entry->written_as;
	if (!record_writer_packet(&file->writer, packet, from, &file->error))
		return handle_failure(file);
	file->written++;
	if (file->options->count && file->written >= file->options->count)
		file->state = CAPTURE_FILE_COMPLETE;
	return true;
}

bool capture_file_block(void *context, unsigned target, const unsigned char *bytes, size_t size)
{
	struct capture_file *file = context;

	(void)target;
	if (file->state != CAPTURE_FILE_OPEN)
		return false;
	return record_writer_block(&file->writer, bytes, size, &file->error) ||
	       handle_failure(file);
}

void capture_file_flush(struct capture_file *file)
{
	if (file->state == CAPTURE_FILE_READER_GONE)
		return;
	if (!output_flush(file->writer.output, &file->error))
		handle_failure(file);
}

void capture_file_write_watermark(struct capture_file *file, uint64_t time_ns)
{
	const struct statistics watermark = {.time = time_ns};

	if (!file->writer.has_watermarks || file->state != CAPTURE_FILE_OPEN ||
		time_ns <= file->watermark_ns)
		return;
	if (record_writer_statistics(&file->writer, &watermark, &file->error))
		file->watermark_ns = time_ns;
	else
		handle_failure(file);
}

static bool write_counters(struct capture_file *file, struct interface_entry *entry)
{
	struct statistics total = entry->total;

	if (!file->writer.pcapng || !total.valid)
		return true;
	if (!entry->is_written && !write_interface(file, entry))
		return false;
	total.interface = entry->written_as;
	if (!record_writer_statistics(&file->writer, &total, &file->error))
		return handle_failure(file);
	entry->drops_written = statistics_drops(&entry->total);
	return true;
}

void capture_file_write_counters(struct capture_file *file)
{
	const struct interface_table *interfaces = file->interfaces;

	for (uint32_t i = 0; i < interfaces->count && file->state == CAPTURE_FILE_OPEN; i++) {
		struct interface_entry *entry = interfaces->list[i];

		if (statistics_drops(&entry->total) != entry->drops_written &&
			!write_counters(file, entry))
			return;
	}
}

/* Writes the notes of each target, then the general ones. */
static bool write_notes(struct capture_file *file)
{
	const unsigned targets = file->notices->target_count;

	for (; file->notes_written <= targets; file->notes_written++) {
		const unsigned i = file->notes_written;
		const char *notes = i < targets ? notices_of_target(file->notices, i)
						: notes_text(&file->notices->general);

		if (notes && !record_writer_comment(&file->writer, notes, &file->error))
			return handle_failure(file);
	}
	return true;
}

static bool cannot_write(const struct capture_file *file)
{
	return file->state == CAPTURE_FILE_READER_GONE || file->state == CAPTURE_FILE_FAILED;
}

bool capture_file_write_end(struct capture_file *file)
{
	const struct interface_table *interfaces = file->interfaces;

	for (; file->counters_written < interfaces->count; file->counters_written++)
		if (!write_counters(file, interfaces->list[file->counters_written]))
			return cannot_write(file);
	return write_notes(file) || cannot_write(file);
}
