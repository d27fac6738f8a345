/* SPDX-License-Identifier: MIT */
/*
 * Parts of a stream that the output lacks. In: what the reader found. Out: one
 * warning for each kind, on stderr and for the end of a pcapng.
 */
#include "client/conversion_losses.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>

enum { LIST_MAX = 512 };

/* A text for each loss, and whether only a pcap output has it. */
static const struct {
	unsigned loss;
	bool only_in_pcap;
	const char *text;
} texts[] = {
	{LOSS_BLOCKS, false, "blocks of unknown types"},
	{LOSS_OPTIONS, false, "unknown or misplaced options"},
	{LOSS_CUSTOM, false, "custom data marked as not to be copied"},
	{LOSS_LONG, false, "parts that are too long"},
	{LOSS_DAMAGED, false, "damaged blocks and options"},
	{LOSS_SECRETS, true, "decryption secrets"},
	{LOSS_PACKET, true, "comments and other options of packets"},
	{LOSS_INTERFACE, true, "descriptions of interfaces"},
	{LOSS_SECTION, true, "descriptions of the capture"},
	{LOSS_NAMES, true, "name resolution"},
	{LOSS_JOURNAL, true, "journal entries"},
	{LOSS_CUSTOM_BLOCKS, true, "custom blocks"},
	{LOSS_STATISTICS, true, "interface statistics"},
};

void conversion_losses_warn_time(struct conversion_losses *omissions, struct notices *notices,
	unsigned target, const char *label, const char *number, uint64_t time_ns, bool pcapng)
{
	const char *last = pcapng ? "2554-07-21" : "2106-02-07";

	if (omissions->time_warned)
		return;
	omissions->time_warned = true;
	notices_warn_of(notices, target,
		"%s: timestamp %s is out of range and becomes %s; further ones are not reported",
		label, number, time_ns ? last : "1970-01-01");
}

void conversion_losses_warn_pcap_time(
	struct conversion_losses *omissions, const char *label, uint64_t time_ns)
{
	if (omissions->time_warned)
		return;
	omissions->time_warned = true;
	notice_warning("%s: timestamp %" PRIu64 " s becomes 2106-02-07, the last in pcap; further "
		       "ones are not reported; try -pcapng",
		label, time_ns / NS_PER_S);
}

/* Prints the losses of one kind into out: "a, b". False: there is none. */
static bool list_losses(unsigned losses, bool only_in_pcap, char *out, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (!(losses & texts[i].loss) || texts[i].only_in_pcap != only_in_pcap)
			continue;
		used += (size_t)snprintf(
			out + used, size - used, "%s%s", used ? ", " : "", texts[i].text);
	}
	return used > 0;
}

void conversion_losses_report(const struct conversion_losses *omissions, unsigned ignored,
	struct notices *notices, unsigned target, const char *label)
{
	const unsigned losses = omissions->losses & ~ignored;
	char list[LIST_MAX];

	if (list_losses(losses, true, list, sizeof(list)))
		notice_warning("%s: pcap cannot store %s; try -pcapng", label, list);
	if (list_losses(losses, false, list, sizeof(list)))
		notices_warn_of(notices, target, "%s: not in the output: %s", label, list);
}
