/*
 * From the merge into the output. In: packets in their final order, with the
 * numbers of their origins. Out: a capture file that names these.
 */
#include "client/recorder.h"

#include "client/gaps.h"

#include <stdio.h>

enum { NAME_SIZE = 512 };

/* After the output has failed: nothing more is to be written. */
static void give_up(struct recorder *recorder)
{
	recorder->enough = true;
	recorder->unread = recorder->fatal.status == 0;
}

/* For what could not be written: has it failed? Otherwise it is blocked. */
static bool stays(struct recorder *recorder)
{
	if (!output_is_blocked(recorder->writer.output))
		give_up(recorder);
	return false;
}

/* The smallest header that all interfaces known by now fit under. */
static void choose_header(struct writer *writer, const struct members *members)
{
	const struct origins *origins = &members->origins;

	writer->linktype = members->linktype;
	for (uint32_t i = 0; i < origins->count; i++) {
		const struct interface *interface =
			&origins->list[i]->interface;

		writer->nano = writer->nano || interface->nano;
		if (interface->snaplen > writer->snaplen)
			writer->snaplen = interface->snaplen;
	}
	/* libpcap reads no pcapng with a packet that exceeds it, come what may
	 */
	if (writer->snaplen == 0 || writer->pcapng)
		writer->snaplen = PACKET_MAX;
}

void recorder_start(struct recorder *recorder)
{
	recorder->started = true;
	choose_header(&recorder->writer, recorder->members);
	if (!writer_start(&recorder->writer, &recorder->fatal))
		give_up(recorder);
}

/* Writes the IDB of an origin: LABEL:eth0, or LABEL alone. */
static bool declare(struct recorder *recorder, struct origin *origin)
{
	const struct member *member = &recorder->members->list[origin->target];
	struct interface interface = origin->interface;
	char name[NAME_SIZE];
	char clock[128];
	char comment[256] = "";

	if (origin->is_written)
		return true;
	snprintf(name, sizeof(name), "%s%s%s", member->target->label,
		*interface.name ? ":" : "", interface.name);
	if (member->offset.is_known) {
		offset_describe(&member->offset, clock, sizeof(clock));
		snprintf(comment, sizeof(comment), "clock %s%s", clock,
			recorder->members->arguments->align
				? "; stamps are corrected by that"
				: "");
	}
	interface.name = name;
	interface.description = member->target->shown;
	interface.comment = comment;
	origin->is_written = writer_interface(&recorder->writer, &interface,
		&origin->written_as, &recorder->fatal);
	return origin->is_written;
}

/* What is to be told with a member's next packet; NULL: nothing. */
static const char *pending_gap(
	const struct recorder *recorder, const struct member *member)
{
	if (!*member->gap ||
		merge_count(recorder->members->merge, member->index).written <
			member->gap_after)
		return NULL;
	return member->gap;
}

bool recorder_packet(
	void *context, unsigned target, const struct packet *packet)
{
	struct recorder *recorder = context;
	struct members *members = recorder->members;
	struct origin *origin = members->origins.list[packet->interface];
	struct member *member = &members->list[target];
	const char *gap = pending_gap(recorder, member);
	struct writer_source source = {.linktype = origin->interface.linktype};

	if (recorder->enough)
		return false;
	if (!declare(recorder, origin))
		return stays(recorder);
	source.number = origin->written_as;
	if (!writer_packet(
		    &recorder->writer, packet, source, gap, &recorder->fatal))
		return stays(recorder);
	if (gap)
		member->gap[0] = '\0';
	recorder->written++;
	recorder->enough = members->arguments->count &&
			   recorder->written >= members->arguments->count;
	return true;
}

void recorder_flush(struct recorder *recorder)
{
	if (!recorder->unread &&
		!output_flush(recorder->writer.output, &recorder->fatal))
		give_up(recorder);
}

/* Writes the counters of an origin that has told any. */
static bool write_counters(struct recorder *recorder, struct origin *origin)
{
	struct statistics total = origin->total;

	if (!recorder->writer.pcapng || !total.told)
		return true;
	if (!declare(recorder, origin))
		return stays(recorder);
	total.interface = origin->written_as;
	if (!writer_statistics(&recorder->writer, &total, &recorder->fatal))
		return stays(recorder);
	origin->drops_written = statistics_drops(&origin->total);
	return true;
}

void recorder_count(struct recorder *recorder)
{
	const struct origins *origins = &recorder->members->origins;

	for (uint32_t i = 0; i < origins->count && !recorder->enough; i++) {
		struct origin *origin = origins->list[i];

		if (statistics_drops(&origin->total) != origin->drops_written &&
			!write_counters(recorder, origin))
			return;
	}
}

/* Writes all counters, then the remarks; false: it is blocked or has failed. */
static bool write_end(struct recorder *recorder)
{
	struct members *members = recorder->members;
	const char *remarks = remarks_text(&members->remarks);

	for (; recorder->closed < members->origins.count; recorder->closed++)
		if (!write_counters(
			    recorder, members->origins.list[recorder->closed]))
			return false;
	if (!remarks || recorder->remarked)
		return true;
	recorder->remarked =
		writer_remark(&recorder->writer, remarks, &recorder->fatal);
	return recorder->remarked || stays(recorder);
}

bool recorder_close(struct recorder *recorder)
{
	if (!recorder->closing)
		gaps_remark(recorder->members);
	recorder->closing = true;
	return write_end(recorder) || recorder->unread ||
	       recorder->fatal.status;
}
