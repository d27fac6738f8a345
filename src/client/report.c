/*
 * Words for the user. In: what is known of the targets. Out: lines on stderr.
 */
#include "client/report.h"

#include <inttypes.h>
#include <stdio.h>

enum { NAMED_MAX = 5 };

void report_waiting(const struct members *members, char *out, size_t size)
{
	unsigned named = 0;
	size_t used = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < members->count && named < NAMED_MAX; i++) {
		if (!members_is_connecting(members, i))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s",
			named++ ? ", " : "",
			members->arguments->targets.list[i].label);
		if (used >= size)
			return;
	}
	if (members->connecting > named)
		snprintf(out + used, size - used, " and %u more",
			members->connecting - named);
}

void report_end(const struct members *members, uint64_t written)
{
	for (unsigned i = 0; i < members->count; i++) {
		struct merge_counts counts = merge_count(members->merge, i);
		const char *label = members->arguments->targets.list[i].label;
		bool failed = members_has_failed(members, i);

		if (failed && counts.received == 0)
			fprintf(stderr, "ddump: %s: failed\n", label);
		else
			fprintf(stderr,
				"ddump: %s: %" PRIu64 " packets, %" PRIu64
				" late%s\n",
				label, counts.written, counts.late,
				failed ? ", until it failed" : "");
	}
	fprintf(stderr, "ddump: %" PRIu64 " packets of %u target%s", written,
		members->count, members->count == 1 ? "" : "s");
	if (members->failed > 0)
		fprintf(stderr, ", of which %u failed", members->failed);
	/* a pcap stream has no place for it */
	fputs("; dropped by kernels: not told, see the workers' journals\n",
		stderr);
}

void report_unwritten(const struct members *members, uint64_t pending)
{
	uint64_t unwritten = pending;

	for (unsigned i = 0; i < members->count; i++) {
		struct merge_counts counts = merge_count(members->merge, i);

		unwritten += counts.received - counts.written;
	}
	if (unwritten > 0)
		fprintf(stderr,
			"ddump: %" PRIu64
			" packets that had arrived did not reach the reader "
			"(to have them, end by -duration or -c, or write by "
			"-w)\n",
			unwritten);
}
