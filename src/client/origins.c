/*
 * The table of origins. In: what streams tell of their interfaces. Out:
 * numbers, and what is behind them.
 */
#include "client/origins.h"

#include "common/text.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 256, FILTER_SIZE = 16384 };

bool origins_init(struct origins *origins, unsigned targets)
{
	*origins = (struct origins){
		.targets = calloc(targets, sizeof(*origins->targets)),
	};
	for (unsigned i = 0; origins->targets && i < targets; i++) {
		origins->targets[i].first = ORIGINS_NONE;
		origins->targets[i].last = ORIGINS_NONE;
	}
	return origins->targets != NULL;
}

static void leave(void *unused)
{
	(void)unused;
}

void origins_clear(struct origins *origins)
{
	tdestroy(origins->tree, leave);
	for (uint32_t i = 0; i < origins->count; i++)
		free(origins->list[i]);
	free(origins->list);
	free(origins->targets);
	*origins = (struct origins){0};
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare(const void *left, const void *right)
{
	const struct origin *a = left;
	const struct origin *b = right;
	int order = compare_numbers(a->target, b->target);

	if (!order)
		order = strcmp(a->interface.name, b->interface.name);
	if (!order)
		order = compare_numbers(
			a->interface.linktype, b->interface.linktype);
	if (!order)
		order = compare_numbers(
			a->interface.snaplen, b->interface.snaplen);
	if (!order)
		order = compare_numbers(a->interface.nano, b->interface.nano);
	if (!order)
		order = strcmp(a->interface.filter, b->interface.filter);
	return order;
}

static bool reserve(struct origins *origins)
{
	uint32_t room = origins->room ? origins->room * 2 : 64;
	struct origin **list;

	if (origins->count < origins->room)
		return true;
	list = realloc(origins->list, room * sizeof(struct origin *));
	if (!list)
		return false;
	origins->list = list;
	origins->room = room;
	return true;
}

/*
 * Returns a copy with its texts behind it; NULL: out of memory. All interfaces
 * of a target usually have the same filter, which is kept once.
 */
static struct origin *copy(const struct origin *origin,
	const struct origin *first, size_t *ret_size)
{
	const struct interface *from = &origin->interface;
	const bool shares =
		first && strcmp(first->interface.filter, from->filter) == 0;
	const size_t name = strlen(from->name) + 1;
	const size_t filter = shares ? 0 : strlen(from->filter) + 1;
	struct origin *made = malloc(sizeof(*made) + name + filter);
	char *texts;

	if (!made)
		return NULL;
	texts = (char *)(made + 1);
	*ret_size = sizeof(*made) + name + filter;
	*made = *origin;
	made->interface.name = memcpy(texts, from->name, name);
	made->interface.filter =
		shares ? first->interface.filter
		       : memcpy(texts + name, from->filter, filter);
	return made;
}

/* Puts a new origin into the table, which has room. */
static struct origin *add(struct origins *origins, const struct origin *origin,
	struct failure *failure)
{
	struct origins_target *target = &origins->targets[origin->target];
	struct origin *first = target->first == ORIGINS_NONE
				       ? NULL
				       : origins->list[target->first];
	struct origin *made;
	size_t size;

	if (target->bytes >= ORIGINS_BYTES) {
		failure_set(failure, 1,
			"it tells of more interfaces than fit into %d bytes",
			ORIGINS_BYTES);
		return NULL;
	}
	made = copy(origin, first, &size);
	if (!made || !tsearch(made, &origins->tree, compare)) {
		free(made);
		failure_set(failure, 1, "out of memory");
		return NULL;
	}
	made->number = origins->count;
	target->bytes += size;
	if (first)
		origins->list[target->last]->next = made->number;
	else
		target->first = made->number;
	target->last = made->number;
	origins->list[origins->count++] = made;
	return made;
}

bool origins_find(struct origins *origins, unsigned target,
	const struct interface *interface, uint32_t *ret_number,
	struct failure *failure)
{
	char name[NAME_SIZE];
	char filter[FILTER_SIZE];
	struct origin wanted = {
		.target = target,
		.next = ORIGINS_NONE,
		.interface = *interface,
	};
	struct origin **found;
	struct origin *origin;

	text_escape(name, sizeof(name), interface->name);
	text_escape(filter, sizeof(filter), interface->filter);
	/* 0 and nonsense are taken for "all of it" */
	if (interface->snaplen == 0 || interface->snaplen > PACKET_MAX)
		wanted.interface.snaplen = PACKET_MAX;
	wanted.interface.name = name;
	wanted.interface.filter = filter;
	found = tfind(&wanted, &origins->tree, compare);
	if (!found && !reserve(origins))
		return failure_set(failure, 1, "out of memory");
	origin = found ? *found : add(origins, &wanted, failure);
	if (!origin)
		return false;
	*ret_number = origin->number;
	return true;
}

static void add_counts(struct statistics *total, const struct statistics *more)
{
	total->told |= more->told;
	total->time = more->time;
	total->received += more->received;
	total->dropped += more->dropped;
	total->interface_dropped += more->interface_dropped;
}

void origins_count(struct origins *origins, const struct statistics *more)
{
	struct origin *origin = origins->list[more->interface];

	add_counts(&origin->total, more);
	add_counts(&origins->targets[origin->target].total, more);
}

const struct statistics *origins_total(
	const struct origins *origins, unsigned target)
{
	return &origins->targets[target].total;
}
