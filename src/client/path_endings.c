/* SPDX-License-Identifier: MIT */
/*
 * Flows that ended on their way. In: events of the pairing. Out: sums by place, and the
 * flows with the most packets.
 */
#include "client/path_endings.h"

#include "common/clock.h"

#include <stdlib.h>
#include <string.h>

bool path_endings_init(struct path_endings *endings)
{
	*endings = (struct path_endings){0};
	endings->places = calloc(PATH_PLACES_MAX, sizeof(*endings->places));
	return endings->places != NULL;
}

void path_endings_cleanup(struct path_endings *endings)
{
	for (size_t i = 0; endings->places && i < PATH_PLACES_MAX; i++)
		free(endings->places[i].worst);
	free(endings->places);
	*endings = (struct path_endings){0};
}

static bool has_list(struct path_endings *endings, struct path_place_endings *place)
{
	if (place->worst)
		return true;
	if (endings->lists == PATH_ENDINGS_LISTS_MAX)
		return false;
	place->worst = calloc(PATH_ENDINGS_WORST, sizeof(*place->worst));
	endings->lists += place->worst != NULL;
	return place->worst != NULL;
}

/* Returns the entry of a flow, which ended here before, or one to be replaced, or NULL. */
static struct path_ended_flow *find_entry(
	struct path_place_endings *place, const struct path_ending *ending)
{
	struct path_ended_flow *last;

	for (size_t i = 0; i < place->worst_count; i++)
		if (memcmp(&place->worst[i].flow, ending->flow, sizeof(*ending->flow)) == 0)
			return &place->worst[i];
	if (place->worst_count < PATH_ENDINGS_WORST) {
		place->worst_count++;
	} else if (ending->packets <= place->worst[PATH_ENDINGS_WORST - 1].packets) {
		return NULL;
	}
	last = &place->worst[place->worst_count - 1];
	*last = (struct path_ended_flow){.flow = *ending->flow, .first_ns = ending->first_ns};
	return last;
}

static void list_flow(struct path_place_endings *place, const struct path_ending *ending,
	const struct path_flow_key *continues_as)
{
	struct path_ended_flow *entry = find_entry(place, ending);

	if (!entry)
		return;
	entry->packets += ending->packets;
	if (continues_as)
		entry->continues_as = *continues_as;
	entry->first_ns = clock_earlier(entry->first_ns, ending->first_ns);
	entry->last_ns = clock_later(entry->last_ns, ending->last_ns);
	for (; entry > place->worst && entry[-1].packets < entry->packets; entry--) {
		const struct path_ended_flow moved = entry[-1];

		entry[-1] = *entry;
		*entry = moved;
	}
}

void path_endings_add(struct path_endings *endings, const struct path_ending *ending,
	const struct path_flow_key *continues_as)
{
	struct path_place_endings *place = &endings->places[ending->place];

	place->flows++;
	place->packets += ending->packets;
	place->bytes += ending->bytes;
	place->answered_flows += ending->was_answered;
	place->continued_flows += ending->has_passed;
	place->translated_flows += continues_as != NULL;
	place->explained_flows += ending->was_answered || continues_as;
	if (has_list(endings, place))
		list_flow(place, ending, continues_as);
}

struct rank {
	uint16_t place;
	uint64_t silent_flows;
	uint64_t packets;
};

static int compare(const void *one, const void *other)
{
	const struct rank *a = one;
	const struct rank *b = other;

	if (a->silent_flows != b->silent_flows)
		return a->silent_flows < b->silent_flows ? 1 : -1;
	if (a->packets != b->packets)
		return a->packets < b->packets ? 1 : -1;
	return (a->place > b->place) - (a->place < b->place);
}

size_t path_endings_sort(const struct path_endings *endings, uint16_t *ret_places)
{
	struct rank *ranks = calloc(PATH_PLACES_MAX, sizeof(*ranks));
	size_t count = 0;

	if (!ranks)
		return 0;
	for (size_t i = 0; i < PATH_PLACES_MAX; i++) {
		const struct path_place_endings *place = &endings->places[i];

		if (place->flows > 0)
			ranks[count++] = (struct rank){.place = (uint16_t)i,
				.silent_flows = place->flows - place->explained_flows,
				.packets = place->packets};
	}
	qsort(ranks, count, sizeof(*ranks), compare);
	for (size_t i = 0; i < count; i++)
		ret_places[i] = ranks[i].place;
	free(ranks);
	return count;
}
