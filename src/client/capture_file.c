/* SPDX-License-Identifier: MIT */
/*
 * The capture file of a run. In: packets in their final order, with the numbers
 * of their interfaces, and the table of these. Out: pcap or pcapng.
 *
 * Rotation: a regular file never blocks, so that the end of one file and the begin of
 * the next are written at once, between two packets. Interfaces are described anew in
 * each file before their first packet.
 */
#include "client/capture_file.h"

#include "common/clock.h"
#include "format/linktype.h"
#include "format/pcapng_write.h"

#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	NAME_SIZE = 512,
	COMMENT_SIZE = 2048,
	COUNTS_MS = 5000, /* between two statistics of an interface without new drops */
};

/* After a function of the output has returned false: blocked, or failed? */
static bool handle_failure(struct capture_file *file)
{
	if (output_is_blocked(file->writer.output))
		return false;
	file->state = file->error.status == 0 ? CAPTURE_FILE_READER_GONE : CAPTURE_FILE_FAILED;
	return false;
}

/* The same for -print. The text goes to a reader: its end is that of the run. */
static bool handle_print_failure(struct capture_file *file)
{
	if (!output_is_blocked(file->print.output))
		file->state = CAPTURE_FILE_READER_GONE;
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

/* Adds what is known of the file's targets to the notes of a header: first what is missing. */
static void describe_targets(const struct capture_file *file, struct notes *notes)
{
	const struct target_interfaces *targets = file->interfaces->targets;
	const unsigned first = file->is_of_target ? file->target : 0;
	const unsigned end = file->is_of_target ? first + 1 : file->interfaces->target_count;

	for (unsigned i = first; i < end; i++)
		if (targets[i].trouble)
			notes_add(notes, "%s: %s", targets[i].label, targets[i].trouble);
	for (unsigned i = first; i < end; i++)
		if (*targets[i].clock)
			notes_add(notes, "%s: %s", targets[i].label, targets[i].clock);
}

/* Begins a file with what is known so far: some readers show no other comment. */
static bool write_header(struct capture_file *file)
{
	struct notes notes = file->notices->headers;

	if (file->notices->place == NOTICES_IN_HEADERS)
		file->notices->place = NOTICES_ON_PACKETS;
	describe_targets(file, &notes);
	return record_writer_start(&file->writer, notes_text(&notes), &file->error);
}

void capture_file_start(struct capture_file *file, uint32_t linktype)
{
	file->started = true;
	file->writer.linktype = linktype;
	if (file->writer.has_watermarks)
		file->writer.linktype = first_linktype(file->interfaces);
	if (!write_header(file))
		handle_failure(file);
	else if (file->print.output && !record_writer_start(&file->print, NULL, &file->error))
		handle_print_failure(file);
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
	/* text has no link type */
	if (written == file->linktype || target->linktype_warned || !file->has_readers)
		return;
	target->linktype_warned = true;
	notice_warning("%s: link type %" PRIu32 " differs from %" PRIu32
		       " of %s; Wireshark reads such a file, tcpdump rejects it",
		target->label, written, file->linktype,
		file->is_of_target ? "another interface" : "other targets");
}

/* Writes the IDB of an entry: LABEL:eth0, LABEL:eth0#2, or LABEL alone. */
static bool describe_interface(struct capture_file *file, struct record_writer *writer,
	const struct interface_entry *entry, uint32_t *ret_number)
{
	const struct target_interfaces *target = &file->interfaces->targets[entry->target];
	struct interface interface = entry->interface;
	const bool has_description =
		pcapng_has_option(interface.options, interface.options_size, PCAPNG_DESCRIPTION);
	char name[NAME_SIZE];
	char description[PCAPNG_TEXT_MAX];
	char comment[COMMENT_SIZE];

	snprintf(name, sizeof(name), "%s%s%s", target->label, *entry->shown ? ":" : "",
		entry->shown);
	snprintf(comment, sizeof(comment), "%s%s%s", has_description ? target->url : "",
		has_description && *target->clock ? "\n" : "", target->clock);
	/* some readers show the description in place of the name */
	snprintf(description, sizeof(description), "%s, %s", name,
		has_description ? "" : target->url);
	interface.name = name;
	interface.description = description;
	interface.comment = comment;
	return record_writer_interface(writer, &interface, ret_number, &file->error);
}

static bool write_interface(struct capture_file *file, struct interface_entry *entry)
{
	if (!describe_interface(file, &file->writer, entry, &entry->written_as))
		return handle_failure(file);
	entry->is_written = true;
	check_linktype(file, entry);
	return true;
}

/* Makes sure that a packet can be printed once it is written. False: not now. */
static bool can_print(struct capture_file *file, struct interface_entry *entry)
{
	if (!output_buffer(file->print.output))
		return false;
	if (entry->is_printed)
		return true;
	if (!describe_interface(file, &file->print, entry, &entry->printed_as))
		return handle_print_failure(file);
	entry->is_printed = true;
	return output_buffer(file->print.output) != NULL;
}

/* Passes a packet on to be printed, after it was written. */
static void print_packet(
	struct capture_file *file, const struct packet *packet, const struct interface_entry *entry)
{
	const struct record_source from = {
		.number = entry->printed_as,
		.linktype = entry->interface.linktype,
	};
	struct packet plain = *packet;

	plain.options_size = 0;
	if (!record_writer_packet(&file->print, &plain, from, &file->error))
		handle_print_failure(file);
}

/* A packet, or a block before it, belongs to the next file if the present one is full. */
static void rotate_if_full(struct capture_file *file)
{
	if (file->rotation && file->written > file->file_start &&
		rotation_is_full(
			file->rotation, output_file_bytes(file->writer.output), clock_ms()))
		capture_file_rotate(file);
}

/* Writes secrets and names that the file lacks, behind the description of an interface. */
static bool write_blocks(struct capture_file *file)
{
	if (!file->writer.pcapng || file->writer.interfaces == 0 || file->is_discarded)
		return true;
	return file_blocks_write(&file->blocks, &file->writer, &file->error) ||
	       handle_failure(file);
}

/* Writes a packet, with its interface if that is new. */
static bool write_packet(
	struct capture_file *file, const struct packet *packet, struct interface_entry *entry)
{
	struct record_source from = {.linktype = entry->interface.linktype};
	struct notes *notes;

	if (!entry->is_written && !write_interface(file, entry))
		return false;
	if (file_blocks_are_due(&file->blocks) && !write_blocks(file))
		return false;
	from.number = entry->written_as;
	notes = notices_for_packet(file->notices, entry->target);
	from.comment = notes ? notes_text(notes) : NULL;
	if (!record_writer_packet(&file->writer, packet, from, &file->error))
		return handle_failure(file);
	if (from.comment)
		notes_clear(notes);
	return true;
}

bool capture_file_can_print(struct capture_file *file, const struct packet *packet)
{
	return !file->print.output || can_print(file, file->interfaces->list[packet->interface]);
}

bool capture_file_packet(void *context, unsigned target, const struct packet *packet)
{
	struct capture_file *file = context;
	struct interface_entry *entry = file->interfaces->list[packet->interface];

	(void)target;
	if (!capture_file_can_print(file, packet))
		return false;
	if (file->state == CAPTURE_FILE_OPEN)
		rotate_if_full(file);
	if (file->state != CAPTURE_FILE_OPEN)
		return false;
	if (!file->is_discarded && !write_packet(file, packet, entry))
		return false;
	file->written++;
	if (file->print.output)
		print_packet(file, packet, entry);
	if (file->options->count && file->written >= file->options->count)
		file->state = CAPTURE_FILE_COMPLETE;
	return true;
}

static void warn(struct capture_file *file, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Warns of what one file lacks. Its notes have that, too. */
static void warn(struct capture_file *file, const char *format, ...)
{
	char text[NAME_SIZE + COMMENT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (file->is_of_target)
		notices_warn_of(file->notices, file->target, "%s: %s",
			file->interfaces->targets[file->target].label, text);
	else
		notices_warn(file->notices, "%s", text);
}

/* Makes sure that a block of a target is not the first one in a file. */
static bool describe_before_block(struct capture_file *file, unsigned target)
{
	const uint32_t first = file->interfaces->targets[target].first;

	if (file->writer.interfaces == 0 && first != INTERFACE_TABLE_NONE && !file->is_discarded &&
		!write_interface(file, file->interfaces->list[first]))
		return false;
	return write_blocks(file);
}

bool capture_file_block(void *context, unsigned target, const unsigned char *bytes, size_t size)
{
	struct capture_file *file = context;

	if (file->state != CAPTURE_FILE_OPEN || !describe_before_block(file, target))
		return false;
	if (!record_writer_block(&file->writer, bytes, size, &file->error))
		return handle_failure(file);
	if (file->writer.pcapng)
		file_blocks_keep(&file->blocks, bytes, size);
	return true;
}

void capture_file_flush(struct capture_file *file)
{
	if (file->state == CAPTURE_FILE_READER_GONE)
		return;
	if (!output_flush(file->writer.output, &file->error))
		handle_failure(file);
	if (file->print.output && !output_flush(file->print.output, &file->error))
		handle_print_failure(file);
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

/* It changes with each counter: none of them becomes smaller. */
static uint64_t sum_counts(const struct statistics *total)
{
	return total->received + total->dropped + total->interface_dropped +
	       total->interface_received + total->delivered;
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
	entry->counts_written = sum_counts(&entry->total);
	entry->counts_due_ms = clock_ms() + COUNTS_MS;
	return true;
}

/* Drops are written at once, other counters now and then. */
static bool counters_are_due(struct interface_entry *entry, uint64_t now_ms)
{
	if (statistics_drops(&entry->total) != entry->drops_written)
		return true;
	if (sum_counts(&entry->total) == entry->counts_written)
		return false;
	if (entry->counts_due_ms == 0)
		entry->counts_due_ms = now_ms + COUNTS_MS;
	return now_ms >= entry->counts_due_ms;
}

/* Returns the number of the file's first interface, or INTERFACE_TABLE_NONE. */
static uint32_t first_interface(const struct capture_file *file)
{
	if (file->is_of_target)
		return file->interfaces->targets[file->target].first;
	return file->interfaces->count > 0 ? 0 : INTERFACE_TABLE_NONE;
}

/* Returns the number of the interface after another one, or INTERFACE_TABLE_NONE. */
static uint32_t next_interface(const struct capture_file *file, uint32_t number)
{
	if (file->is_of_target)
		return file->interfaces->list[number]->next;
	return number + 1 < file->interfaces->count ? number + 1 : INTERFACE_TABLE_NONE;
}

void capture_file_write_counters(struct capture_file *file)
{
	const struct interface_table *interfaces = file->interfaces;
	const uint64_t now_ms = clock_ms();

	for (uint32_t i = first_interface(file);
		i != INTERFACE_TABLE_NONE && file->state == CAPTURE_FILE_OPEN;
		i = next_interface(file, i)) {
		struct interface_entry *entry = interfaces->list[i];

		if (counters_are_due(entry, now_ms) && !write_counters(file, entry))
			return;
	}
}

/* Returns note i of the file: those of each target, then the general ones. */
static const char *note_at(struct capture_file *file, unsigned i)
{
	struct notices *notices = file->notices;

	if (!file->is_of_target)
		return i < notices->target_count ? notices_of_target(notices, i)
						 : notes_text(&notices->general);
	switch (i) {
	case 0:
		return notices_of_target(notices, file->target);
	case 1:
		return notes_text(notices_events(notices, file->target));
	default:
		return notices_general_after(notices, &file->general_seen);
	}
}

static bool write_notes(struct capture_file *file)
{
	const unsigned count = file->is_of_target ? 3 : file->notices->target_count + 1;

	for (; file->notes_written < count; file->notes_written++) {
		const char *notes = note_at(file, file->notes_written);

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
	uint32_t *at = &file->counters_at;

	if (!file->end_has_begun)
		*at = first_interface(file);
	file->end_has_begun = true;
	for (; *at != INTERFACE_TABLE_NONE; *at = next_interface(file, *at))
		if (!write_counters(file, file->interfaces->list[*at]))
			return cannot_write(file);
	if (!write_blocks(file))
		return cannot_write(file);
	return write_notes(file) || cannot_write(file);
}

/* Writes the end of the present file, and switches to fd. */
static bool switch_file(struct capture_file *file, int fd)
{
	file->end_has_begun = false;
	file->notes_written = 0;
	capture_file_write_end(file);
	if (file->state != CAPTURE_FILE_OPEN)
		return false;
	return output_switch(file->writer.output, fd, file->rotation->next_name, &file->error) ||
	       handle_failure(file);
}

/* Nothing is in the new file yet; notes of the run so far are in the old one. */
static void forget_written(struct capture_file *file)
{
	for (uint32_t i = first_interface(file); i != INTERFACE_TABLE_NONE;
		i = next_interface(file, i)) {
		file->interfaces->list[i]->is_written = false;
		file->interfaces->list[i]->counts_written = 0;
	}
	file_blocks_begin_file(&file->blocks);
	file->writer.interfaces = 0;
	file->end_has_begun = false;
	file->notes_written = 0;
	file->file_start = file->written;
	if (file->is_of_target)
		notices_forget(file->notices, file->target, &file->general_seen);
	else
		notes_clear(&file->notices->general);
}

/* Begins the new file, to which the output has switched. */
static void begin_file(struct capture_file *file)
{
	struct rotation *rotation = file->rotation;
	char finished[PATH_MAX];

	forget_written(file);
	if (!write_header(file)) {
		/* it is empty, and the one before stays the last */
		unlink(rotation->next_name);
		handle_failure(file);
		return;
	}
	memcpy(finished, rotation->name, sizeof(finished));
	rotation_accept(rotation, output_fd(file->writer.output));
	capture_file_flush(file);
	file_commands_start(file->commands, finished, clock_ms());
}

void capture_file_rotate(struct capture_file *file)
{
	struct rotation *rotation = file->rotation;
	struct error error = {0};
	int fd;

	if (rotation_is_last(rotation)) {
		file->state = CAPTURE_FILE_COMPLETE;
		return;
	}
	/* a file with another one after it has all its packets, even if ddump is killed now */
	capture_file_flush(file);
	if (file->state != CAPTURE_FILE_OPEN)
		return;
	fd = rotation_open_next(rotation, time(NULL), clock_ms(), &error);
	if (fd >= 0) {
		file->open_failed = false;
		switch_file(file, fd) ? begin_file(file) : rotation_discard(rotation, fd);
		return;
	}
	if (!file->open_failed)
		warn(file, "%s; the present file continues", error.text);
	file->open_failed = true;
}

void capture_file_cleanup(struct capture_file *file)
{
	file_blocks_cleanup(&file->blocks);
}
