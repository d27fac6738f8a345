/* SPDX-License-Identifier: MIT */
#include "client/path_links.h"

#include <stddef.h>

/* Larger differences are not of clocks; sums of smaller ones do not overflow. */
static const int64_t DIFFERENCE_MAX = INT64_MAX / 8;

static uint32_t slot_of(const struct path_links *links, uint16_t from, uint16_t to)
{
	const uint32_t golden = UINT32_C(0x9e3779b1); /* 2^32 by the golden ratio */
	uint32_t slot = (((uint32_t)from << 16 | to) * golden) >> 19;

	while (links->list[slot].is_used &&
		(links->list[slot].from != from || links->list[slot].to != to))
		slot = (slot + 1) % PATH_LINKS_MAX;
	return slot;
}

void path_links_add(struct path_links *links, uint16_t from, uint16_t to, int64_t difference_ns)
{
	struct path_link *link = &links->list[slot_of(links, from, to)];

	if (difference_ns > DIFFERENCE_MAX || difference_ns < -DIFFERENCE_MAX)
		return;
	if (!link->is_used) {
		if (links->used >= PATH_LINKS_MAX / 4 * 3)
			return;
		links->used++;
		*link = (struct path_link){true, from, to, difference_ns, difference_ns};
	}
	if (difference_ns < link->least_ns)
		link->least_ns = difference_ns;
	if (difference_ns > link->most_ns)
		link->most_ns = difference_ns;
}

const struct path_link *path_links_find(const struct path_links *links, uint16_t from, uint16_t to)
{
	const struct path_link *link = &links->list[slot_of(links, from, to)];

	return link->is_used ? link : NULL;
}

int64_t path_link_slack_ns(const struct path_link *link, int64_t at_least_ns)
{
	const int64_t slack_ns = link->most_ns - link->least_ns;

	return slack_ns > at_least_ns ? slack_ns : at_least_ns;
}
