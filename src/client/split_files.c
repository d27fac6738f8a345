/* SPDX-License-Identifier: MIT */
/*
 * The files of -split. In: packets of all targets, in order. Out: a capture file for each
 * target.
 *
 * A file is opened when the target's stream begins: a target that does not answer leaves no
 * empty file, and an older file of its name stays. One file that cannot be written ends the
 * run, as without -split; the others still get their ends.
 */
#include "client/split_files.h"

#include "client/ring_file.h"
#include "client/split_names.h"
#include "common/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	BUFFERS_MAX = 64 << 20, /* of all files */
	BUFFER_MIN = 16 << 10,
	KEPT_MAX = 4 << 20, /* blocks that each file of a target has */
};

struct split_file {
	const char *label;
	const char *name;	   /* without time and number */
	struct rotation *rotation; /* NULL: one file */
	struct capture_file file;  /* its output is NULL: it is not open */
	bool was_open;
	bool is_waiting; /* it is in the list of those with bytes in their buffers */
};

static const char *name_of(const struct split_file *at)
{
	return at->rotation ? at->rotation->name : at->name;
}

static bool init_file(struct split_files *files, unsigned target, struct error *error)
{
	struct split_file *at = &files->list[target];
	const struct options *options = files->options;

	at->label = options->targets.list[target].label;
	at->name = files->names[target];
	if (!options_rotate(options))
		return true;
	at->rotation = calloc(1, sizeof(*at->rotation));
	if (!at->rotation)
		return error_set(error, 1, "out of memory");
	return rotation_init(at->rotation, options, at->name, time(NULL), error);
}

bool split_files_init(struct split_files *files, const struct options *options, struct error *error)
{
	const size_t count = options->targets.count;

	*files = (struct split_files){.options = options, .due_ms = CLOCK_NEVER};
	if (!options->split)
		return true;
	files->names = split_names_new(options, error);
	if (!files->names)
		return false;
	files->list = calloc(count, sizeof(*files->list));
	files->waiting = calloc(count, sizeof(*files->waiting));
	if (!files->list || !files->waiting)
		return error_set(error, 1, "out of memory");
	files->count = (unsigned)count;
	for (unsigned i = 0; i < files->count; i++)
		if (!init_file(files, i, error))
			return false;
	return true;
}

void split_files_cleanup(struct split_files *files)
{
	for (unsigned i = 0; i < files->count; i++) {
		struct split_file *at = &files->list[i];

		output_close(at->file.writer.output, &(struct error){0});
		capture_file_cleanup(&at->file);
		if (at->rotation)
			rotation_cleanup(at->rotation);
		free(at->rotation);
	}
	split_names_free(files->names, files->options);
	free(files->list);
	free(files->waiting);
	*files = (struct split_files){0};
}

/* The state of one file becomes that of the run. */
static bool follow(struct split_files *files, const struct split_file *at)
{
	struct capture_file *whole = files->whole;

	if (at->file.state == CAPTURE_FILE_OPEN || whole->state != CAPTURE_FILE_OPEN)
		return at->file.state == CAPTURE_FILE_OPEN;
	whole->state = at->file.state;
	whole->error = at->file.error;
	return false;
}

/* Opens a file that does not exist, or in place of a capture, which is removed. */
static int open_file(struct split_file *at, struct error *error)
{
	const enum ring_file_kind kind = ring_file_find(at->name);
	int fd = -1;

	errno = EEXIST;
	if (kind == RING_FILE_NONE || (kind == RING_FILE_CAPTURE && unlink(at->name) == 0))
		fd = ring_file_create(at->name);
	if (fd < 0)
		split_names_fail(at->name, strerror(errno), error);
	return fd;
}

static struct output *open_output(struct split_file *at, struct error *error)
{
	struct output *output;
	bool is_created = true;
	const int fd = at->rotation
			       ? rotation_open_first(at->rotation, time(NULL), &is_created, error)
			       : open_file(at, error);

	if (fd < 0)
		return NULL;
	output = output_open_file(fd, name_of(at), is_created, error);
	if (!output)
		close(fd);
	return output;
}

/* Returns a file's share of the memory for all files. */
static size_t share_of(const struct split_files *files)
{
	const size_t share = BUFFERS_MAX / files->count;

	return share > BUFFER_MIN ? share : BUFFER_MIN;
}

/* Begins the file of a target, whose output is open. */
static void begin_file(struct split_files *files, struct split_file *at, struct output *output)
{
	const struct capture_file *whole = files->whole;
	const size_t share = share_of(files);

	output_set_buffer(output, share);
	at->was_open = true;
	at->file = (struct capture_file){
		.options = whole->options,
		.interfaces = whole->interfaces,
		.notices = whole->notices,
		.writer = {.output = output, .pcapng = whole->writer.pcapng},
		.rotation = at->rotation,
		.commands = whole->commands,
		.has_readers = true,
		.is_of_target = true,
		.target = (unsigned)(at - files->list),
		/* no names of hosts: they are of one file */
		.blocks = {.notices = whole->notices,
			.has_files = at->rotation != NULL,
			.file_bytes = whole->options->file_bytes,
			.kept_max = share < KEPT_MAX ? share : KEPT_MAX,
			.label = at->label,
			.target = (unsigned)(at - files->list)},
	};
	capture_file_start(&at->file, whole->writer.linktype);
	if (!at->rotation)
		return;
	rotation_start(at->rotation, files->start_ms, clock_ms());
	files->due_ms = clock_earlier(files->due_ms, at->rotation->due_ms);
}

/* Makes sure that a target's file is open. */
static bool make_open(struct split_files *files, struct split_file *at)
{
	struct error error = {0};
	struct output *output;

	if (at->file.writer.output)
		return follow(files, at);
	output = open_output(at, &error);
	if (!output) {
		capture_file_fail(files->whole, error.text);
		return false;
	}
	begin_file(files, at, output);
	/* a file without its header is of no use */
	if (at->file.state == CAPTURE_FILE_FAILED) {
		unlink(name_of(at));
		at->was_open = false;
	}
	return follow(files, at);
}

/* Opens the files of targets whose streams have begun since the last call. */
static void open_begun(struct split_files *files)
{
	const struct target_interfaces *targets = files->whole->interfaces->targets;

	for (unsigned i = 0; i < files->count; i++)
		if (targets[i].first != INTERFACE_TABLE_NONE && !files->list[i].was_open &&
			!make_open(files, &files->list[i]))
			return;
}

void split_files_start(struct split_files *files, struct capture_file *whole)
{
	files->whole = whole;
	files->start_ms = clock_ms();
	open_begun(files);
}

/* The file will have bytes in its buffer. */
static void add_waiting(struct split_files *files, struct split_file *at)
{
	if (!at->is_waiting)
		files->waiting[files->waiting_count++] = (unsigned)(at - files->list);
	at->is_waiting = true;
}

bool split_files_packet(void *context, unsigned target, const struct packet *packet)
{
	struct split_files *files = context;
	struct split_file *at = &files->list[target];

	if (files->whole->state != CAPTURE_FILE_OPEN || !make_open(files, at) ||
		!capture_file_can_print(files->whole, packet))
		return false;
	add_waiting(files, at);
	if (!capture_file_packet(&at->file, target, packet)) {
		follow(files, at);
		return false;
	}
	return capture_file_packet(files->whole, target, packet);
}

bool split_files_block(void *context, unsigned target, const unsigned char *bytes, size_t size)
{
	struct split_files *files = context;
	struct split_file *at = &files->list[target];

	if (files->whole->state != CAPTURE_FILE_OPEN || !make_open(files, at))
		return false;
	add_waiting(files, at);
	return capture_file_block(&at->file, target, bytes, size) || follow(files, at);
}

void split_files_flush(struct split_files *files)
{
	for (unsigned i = 0; i < files->waiting_count; i++) {
		struct split_file *at = &files->list[files->waiting[i]];

		capture_file_flush(&at->file);
		at->is_waiting = false;
		follow(files, at);
	}
	files->waiting_count = 0;
}

void split_files_write_counters(struct split_files *files)
{
	open_begun(files);
	for (unsigned i = 0; i < files->count; i++) {
		struct split_file *at = &files->list[i];

		if (!at->file.writer.output)
			continue;
		capture_file_write_counters(&at->file);
		capture_file_flush(&at->file);
		follow(files, at);
	}
}

bool split_files_rotate(struct split_files *files, uint64_t now_ms)
{
	bool continues = true;

	if (now_ms < files->due_ms)
		return true;
	files->due_ms = CLOCK_NEVER;
	for (unsigned i = 0; i < files->count; i++) {
		struct split_file *at = &files->list[i];

		if (!at->file.writer.output || !at->rotation)
			continue;
		if (now_ms >= at->rotation->due_ms && rotation_is_last(at->rotation))
			continues = false;
		else if (now_ms >= at->rotation->due_ms)
			capture_file_rotate(&at->file);
		follow(files, at);
		files->due_ms = clock_earlier(files->due_ms, at->rotation->due_ms);
	}
	return continues;
}

void split_files_write_end(struct split_files *files)
{
	open_begun(files);
	for (unsigned i = 0; i < files->count; i++) {
		struct split_file *at = &files->list[i];

		if (!at->file.writer.output)
			continue;
		capture_file_write_end(&at->file);
		capture_file_flush(&at->file);
		follow(files, at);
	}
}

uint64_t split_files_pending(const struct split_files *files)
{
	uint64_t pending = 0;

	for (unsigned i = 0; i < files->count; i++)
		if (files->list[i].file.writer.output)
			pending += output_pending(files->list[i].file.writer.output);
	return pending;
}

void split_files_close(struct split_files *files, struct error *error)
{
	for (unsigned i = 0; i < files->count; i++) {
		struct split_file *at = &files->list[i];
		struct error later = {0};

		if (!at->file.writer.output)
			continue;
		/* the first error counts */
		output_close(at->file.writer.output, error->status ? &later : error);
		at->file.writer.output = NULL;
		if (at->rotation)
			file_commands_start(at->file.commands, name_of(at), clock_ms());
	}
}

void split_files_report_missing(const struct split_files *files)
{
	struct label_list labels = {0};

	for (unsigned i = 0; i < files->count; i++)
		if (!files->list[i].was_open)
			label_list_add(&labels, files->list[i].label);
	if (labels.count > 0)
		notice("-split: no file of %s: no capture began", label_list_text(&labels));
}

struct split_file_status split_files_status(const struct split_files *files, unsigned target)
{
	const struct split_file *at = &files->list[target];

	if (!at->was_open)
		return (struct split_file_status){0};
	return (struct split_file_status){
		.files = at->rotation ? at->rotation->begun : 1,
		.name = name_of(at),
	};
}

uint64_t split_files_total(const struct split_files *files)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < files->count; i++)
		total += split_files_status(files, i).files;
	return total;
}
