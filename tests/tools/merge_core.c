/* SPDX-License-Identifier: MIT */
/*
 * The client without libcurl and its sockets: reader, merge, writer, and
 * output.
 *
 *     merge_core [-pcapng] FILE... >OUTPUT
 *
 * In: capture files, which are read completely before it begins. Out: their
 * merge, and on stderr "cpu N", the CPU time in microseconds without the
 * reading.
 */
#include "client/merge.h"
#include "client/record_writer.h"
#include "common/clock.h"
#include "format/linktype.h"
#include "format/stream_reader.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 65536, HOLD_MS = 2000, QUEUE = 16 << 20 };

struct file_merge;

struct file_source {
	struct file_merge *core;
	unsigned index;
	unsigned char *bytes;
	size_t size;
	size_t done;
	struct stream_reader *reader;
	bool is_over;
};

struct file_merge {
	struct merge *merge;
	struct record_writer writer;
	struct file_source *sources;
	unsigned count;
	uint64_t now; /* ms */
	struct error error;
};

static bool take_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct file_source *source = context;
	struct interface named = *interface;
	char name[512];

	snprintf(name, sizeof(name), "%u:%s", source->index, interface->name);
	named.name = name;
	return record_writer_interface(&source->core->writer, &named, ret_number, error);
}

static bool take_packet(void *context, const struct packet *packet, struct error *error)
{
	struct file_source *source = context;

	return merge_packet(source->core->merge, source->index, packet, source->core->now) ||
	       error_set(error, 1, "out of memory");
}

static bool take_statistics(void *context, const struct statistics *statistics, struct error *error)
{
	struct file_source *source = context;

	(void)error;
	if (statistics->is_watermark)
		merge_watermark(
			source->core->merge, source->index, statistics->time, source->core->now);
	return true;
}

static bool write_packet(void *context, unsigned target, const struct packet *packet)
{
	struct file_merge *core = context;

	(void)target;
	return record_writer_packet(&core->writer, packet,
		(struct record_source){.number = packet->interface, .linktype = LINKTYPE_SLL},
		&core->error);
}

static void load(struct file_source *source, const char *path)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status) != 0)
		err(1, "%s", path);
	source->size = (size_t)status.st_size;
	source->bytes = malloc(source->size);
	if (!source->bytes)
		errx(1, "out of memory");
	while (source->done < source->size) {
		ssize_t got = read(fd, source->bytes + source->done, source->size - source->done);

		if (got <= 0)
			err(1, "%s", path);
		source->done += (size_t)got;
	}
	source->done = 0;
	close(fd);
}

/* Pushes a chunk of a file; returns whether there are more. */
static bool push(struct file_merge *core, struct file_source *source)
{
	size_t left = source->size - source->done;
	size_t size = left < PIECE ? left : PIECE;

	if (source->is_over || merge_is_full(core->merge, source->index))
		return !source->is_over;
	core->now = clock_ms();
	if (!stream_reader_push(source->reader, source->bytes + source->done, size, &core->error))
		errx(1, "%s", core->error.text);
	source->done += size;
	if (source->done == source->size) {
		merge_end(core->merge, source->index);
		source->is_over = true;
	}
	return !source->is_over;
}

static void flush(struct file_merge *core)
{
	if (!output_flush(core->writer.output, &core->error))
		errx(1, "%s", core->error.text);
	if (output_is_blocked(core->writer.output))
		output_wait(core->writer.output, -1);
}

static void run(struct file_merge *core)
{
	bool more = true;

	while (more) {
		more = false;
		for (unsigned i = 0; i < core->count; i++)
			more |= push(core, &core->sources[i]);
		merge_pump(core->merge, clock_ms());
		flush(core);
	}
	while (!merge_drain(core->merge, 0))
		flush(core);
	while (!output_flush(core->writer.output, &core->error) ||
		output_is_blocked(core->writer.output))
		flush(core);
}

int main(int argc, char **argv)
{
	const struct merge_limits limits = {.hold_ms = HOLD_MS, .queue_bytes = QUEUE};
	struct file_merge core = {.writer = {.linktype = LINKTYPE_SLL}};
	const struct merge_sink sink = {
		.packet = write_packet,
		.context = &core,
	};
	uint64_t begin;

	if (argc > 1 && strcmp(argv[1], "-pcapng") == 0) {
		core.writer.pcapng = true;
		argc--;
		argv++;
	}
	if (argc < 2)
		errx(1, "usage: merge_core [-pcapng] FILE... >OUTPUT");
	core.count = (unsigned)argc - 1;
	core.merge = merge_new(core.count, &limits, &sink);
	core.writer.output = output_open(NULL, &core.error);
	core.sources = calloc(core.count, sizeof(*core.sources));
	if (!core.merge || !core.writer.output || !core.sources)
		errx(1, "can't start: %s", core.error.text);
	for (unsigned i = 0; i < core.count; i++) {
		struct file_source *source = &core.sources[i];
		const struct stream_handler stream = {
			.interface = take_interface,
			.packet = take_packet,
			.statistics = take_statistics,
			.context = source,
		};

		source->core = &core;
		source->index = i;
		source->reader = stream_reader_new(&stream);
		load(source, argv[i + 1]);
	}
	begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	if (!record_writer_start(&core.writer, NULL, &core.error))
		errx(1, "%s", core.error.text);
	run(&core);
	fprintf(stderr, "cpu %" PRIu64 "\n", (clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / 1000);
	return 0;
}
