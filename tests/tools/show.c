/* SPDX-License-Identifier: MIT */
/*
 * Prints the packets of a capture file as src/format/stream_reader reads them,
 * for comparison with other readers.
 *
 *     show FILE
 *
 * In: a pcap or pcapng file. Out: a line for each packet, its fields separated
 * by tabs as "tshark -T fields" prints them: time in seconds, len, caplen, and
 * the interface's name, "unknown" if it has none. Status 1, with a message, if
 * the file is damaged or cut.
 */
#include "format/stream_reader.h"

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 65536 };

struct show {
	char **names;
	uint32_t count;
};

static bool show_interface(
	void *context, const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct show *show = context;

	(void)error;
	show->names = realloc(show->names, (show->count + 1) * sizeof(*show->names));
	if (!show->names)
		err(1, "names");
	show->names[show->count] = strdup(interface->name[0] ? interface->name : "unknown");
	*ret_number = show->count++;
	return true;
}

static bool show_packet(void *context, const struct packet *packet, struct error *error)
{
	const struct show *show = context;

	(void)error;
	printf("%" PRIu64 ".%09" PRIu64 "\t%u\t%u\t%s\n", packet->time / 1000000000,
		packet->time % 1000000000, packet->len, packet->caplen,
		show->names[packet->interface]);
	return true;
}

static bool show_all(FILE *file, struct stream_reader *reader, struct error *error)
{
	static char piece[PIECE];
	size_t size;

	while ((size = fread(piece, 1, sizeof(piece), file)) > 0)
		if (!stream_reader_push(reader, piece, size, error))
			return false;
	return stream_reader_end(reader, error);
}

int main(int argc, char **argv)
{
	struct show show = {0};
	const struct stream_handler sink = {
		.interface = show_interface,
		.packet = show_packet,
		.context = &show,
	};
	struct stream_reader *reader = stream_reader_new(&sink);
	struct error error = {0};
	FILE *file = argc == 2 ? fopen(argv[1], "rbe") : NULL;

	if (argc != 2)
		errx(1, "usage: show FILE");
	if (!reader || !file)
		err(1, "%s", argv[1]);
	if (!show_all(file, reader, &error))
		errx(1, "%s: %s", argv[1], error.text);
	for (uint32_t i = 0; i < show.count; i++)
		free(show.names[i]);
	free(show.names);
	stream_reader_free(reader);
	fclose(file);
	return 0;
}
