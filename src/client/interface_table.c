/* SPDX-License-Identifier: MIT */
/*
 * The interfaces of all targets. In: descriptions of interfaces, as streams have
 * them. Out: one number for each interface, its values and counters.
 */
#include "client/interface_table.h"

#include "common/text.h"

#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_SIZE = 256,
	SHOWN_SIZE = NAME_SIZE + 12, /* with a number */
	FILTER_SIZE = 16384,
};

/* A name that an interface of a target has in the output. */
struct output_name {
	unsigned target;
	uint32_t last; /* the last number that was appended to it */
	char text[];
};

bool interface_table_init(struct interface_table *interfaces, unsigned targets)
{
	*interfaces = (struct interface_table){
		.targets = calloc(targets, sizeof(*interfaces->targets)),
		.target_count = targets,
	};
	for (unsigned i = 0; interfaces->targets && i < targets; i++) {
		interfaces->targets[i].first = INTERFACE_TABLE_NONE;
		interfaces->targets[i].last = INTERFACE_TABLE_NONE;
	}
	return interfaces->targets != NULL;
}

static void free_nothing(void *unused)
{
	(void)unused;
}

void interface_table_cleanup(struct interface_table *interfaces)
{
	tdestroy(interfaces->tree, free_nothing);
	tdestroy(interfaces->names, free);
	for (uint32_t i = 0; i < interfaces->count; i++)
		free(interfaces->list[i]);
	free(interfaces->list);
	for (unsigned i = 0; interfaces->targets && i < interfaces->target_count; i++)
		free(interfaces->targets[i].trouble);
	free(interfaces->targets);
	*interfaces = (struct interface_table){0};
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_options(const struct interface *a, const struct interface *b)
{
	if (a->options_size != b->options_size)
		return a->options_size > b->options_size ? 1 : -1;
	return a->options_size > 0 ? memcmp(a->options, b->options, a->options_size) : 0;
}

static int compare(const void *left, const void *right)
{
	const struct interface_entry *a = left;
	const struct interface_entry *b = right;
	int order = compare_numbers(a->target, b->target);

	if (!order)
		order = strcmp(a->interface.name, b->interface.name);
	if (!order)
		order = compare_numbers(a->interface.linktype, b->interface.linktype);
	if (!order)
		order = compare_numbers(a->interface.snaplen, b->interface.snaplen);
	if (!order)
		order = compare_numbers(a->interface.nano, b->interface.nano);
	if (!order)
		order = strcmp(a->interface.filter, b->interface.filter);
	if (!order)
		order = compare_options(&a->interface, &b->interface);
	if (!order)
		order = compare_numbers(a->twin, b->twin);
	return order;
}

static int compare_names(const void *left, const void *right)
{
	const struct output_name *a = left;
	const struct output_name *b = right;
	const int order = compare_numbers(a->target, b->target);

	return order ? order : strcmp(a->text, b->text);
}

static bool reserve_entry(struct interface_table *interfaces)
{
	uint32_t capacity = interfaces->capacity ? interfaces->capacity * 2 : 64;
	struct interface_entry **list;

	if (interfaces->count < interfaces->capacity)
		return true;
	list = realloc(interfaces->list, capacity * sizeof(struct interface_entry *));
	if (!list)
		return false;
	interfaces->list = list;
	interfaces->capacity = capacity;
	return true;
}

/*
 * Returns a copy of an entry and of its texts, in one allocation; NULL: out of
 * memory. Interfaces of a target usually have the same filter, which is stored
 * once.
 */
static struct interface_entry *copy_entry(
	const struct interface_entry *entry, const struct interface_entry *first, size_t *ret_size)
{
	const struct interface *from = &entry->interface;
	const bool shares = first && strcmp(first->interface.filter, from->filter) == 0;
	const size_t name = strlen(from->name) + 1;
	const size_t filter = shares ? 0 : strlen(from->filter) + 1;
	const size_t size = name + filter + from->options_size;
	struct interface_entry *made = malloc(sizeof(*made) + size);
	char *texts;

	if (!made)
		return NULL;
	texts = (char *)(made + 1);
	*ret_size = sizeof(*made) + size;
	*made = *entry;
	made->interface.name = memcpy(texts, from->name, name);
	made->interface.filter =
		shares ? first->interface.filter : memcpy(texts + name, from->filter, filter);
	texts += name + filter;
	if (from->options_size > 0)
		memcpy(texts, from->options, from->options_size);
	made->interface.options = (unsigned char *)texts;
	return made;
}

/*
 * Finds or adds a name. ret_bytes is its size in memory, 0 if it existed. NULL:
 * out of memory.
 */
static struct output_name *get_name(
	struct interface_table *interfaces, unsigned target, const char *text, size_t *ret_bytes)
{
	const size_t size = strlen(text) + 1;
	struct output_name *name = malloc(sizeof(*name) + size);
	struct output_name **found;

	*ret_bytes = 0;
	if (!name)
		return NULL;
	*name = (struct output_name){.target = target, .last = 1};
	memcpy(name->text, text, size);
	found = tsearch(name, &interfaces->names, compare_names);
	if (found && *found == name) {
		*ret_bytes = sizeof(*name) + size;
		return name;
	}
	free(name);
	return found ? *found : NULL;
}

/*
 * Chooses the name of an entry in the output, which no other entry of its
 * target has. Returns its size in memory, 0: out of memory.
 */
static size_t choose_name(struct interface_table *interfaces, struct interface_entry *entry)
{
	const char *plain = entry->interface.name;
	char numbered[SHOWN_SIZE];
	size_t bytes;
	struct output_name *first = get_name(interfaces, entry->target, plain, &bytes);
	const struct output_name *name = first;

	while (name && bytes == 0) {
		snprintf(numbered, sizeof(numbered), "%s#%" PRIu32, plain, ++first->last);
		name = get_name(interfaces, entry->target, numbered, &bytes);
	}
	if (name)
		entry->shown = name->text;
	return bytes;
}

/* Adds an entry to the table, which has space for it. */
static struct interface_entry *add_entry(struct interface_table *interfaces,
	const struct interface_entry *entry, struct error *error)
{
	struct target_interfaces *target = &interfaces->targets[entry->target];
	const struct interface_entry *first =
		target->first == INTERFACE_TABLE_NONE ? NULL : interfaces->list[target->first];
	struct interface_entry *made;
	size_t named;
	size_t size;

	if (target->bytes >= INTERFACE_TABLE_BYTES) {
		error_set(
			error, 1, "its interfaces do not fit into %d bytes", INTERFACE_TABLE_BYTES);
		return NULL;
	}
	made = copy_entry(entry, first, &size);
	named = made ? choose_name(interfaces, made) : 0;
	if (!named || !tsearch(made, &interfaces->tree, compare)) {
		free(made);
		error_set(error, 1, "out of memory");
		return NULL;
	}
	made->number = interfaces->count;
	target->bytes += size + named;
	if (first)
		interfaces->list[target->last]->next = made->number;
	else
		target->first = made->number;
	target->last = made->number;
	interfaces->list[interfaces->count++] = made;
	return made;
}

/*
 * Returns the entry equal to wanted, or NULL. If a section has several equal
 * ones, they are found one after the other; wanted->twin is set to the number.
 */
static struct interface_entry *find_entry(
	struct interface_table *interfaces, struct interface_entry *wanted)
{
	struct interface_entry **found = tfind(wanted, &interfaces->tree, compare);
	struct interface_entry *first = found ? *found : NULL;

	if (!first)
		return NULL;
	if (first->section != wanted->section) {
		first->section = wanted->section;
		first->twins = 0;
	}
	wanted->twin = first->twins++;
	if (wanted->twin == 0)
		return first;
	found = tfind(wanted, &interfaces->tree, compare);
	return found ? *found : NULL;
}

bool interface_table_find(struct interface_table *interfaces, unsigned target,
	const struct interface *interface, uint32_t *ret_number, struct error *error)
{
	struct target_interfaces *at = &interfaces->targets[target];
	char name[NAME_SIZE];
	char filter[FILTER_SIZE];
	struct interface_entry wanted = {
		.target = target,
		.next = INTERFACE_TABLE_NONE,
		.interface = *interface,
		.twins = 1,
	};
	const struct interface_entry *entry;

	if (interface->index == 0)
		at->section++;
	wanted.section = at->section;
	text_escape(name, sizeof(name), interface->name);
	text_escape(filter, sizeof(filter), interface->filter);
	/* 0 and values out of range stand for "whole packets" */
	if (interface->snaplen == 0 || interface->snaplen > PACKET_MAX)
		wanted.interface.snaplen = PACKET_MAX;
	wanted.interface.name = name;
	wanted.interface.filter = filter;
	entry = find_entry(interfaces, &wanted);
	if (!entry && !reserve_entry(interfaces))
		return error_set(error, 1, "out of memory");
	if (!entry)
		entry = add_entry(interfaces, &wanted, error);
	if (!entry)
		return false;
	*ret_number = entry->number;
	return true;
}

static void add_counts(struct statistics *total, const struct statistics *more)
{
	const bool had_start = total->valid & STATISTICS_START;

	total->valid |= more->valid;
	total->time = more->time;
	total->received += more->received;
	total->dropped += more->dropped;
	total->interface_dropped += more->interface_dropped;
	total->interface_received += more->interface_received;
	total->delivered += more->delivered;
	if (more->valid & STATISTICS_START && (!had_start || more->start < total->start))
		total->start = more->start;
	if (more->valid & STATISTICS_END && more->end > total->end)
		total->end = more->end;
}

void interface_table_add_counts(struct interface_table *interfaces, const struct statistics *more)
{
	struct interface_entry *entry = interfaces->list[more->interface];

	add_counts(&entry->total, more);
	add_counts(&interfaces->targets[entry->target].total, more);
}

void interface_table_set_trouble(
	struct interface_table *interfaces, unsigned target, const char *reason)
{
	char **trouble = &interfaces->targets[target].trouble;

	free(*trouble);
	*trouble = reason ? strdup(reason) : NULL;
}

const struct statistics *interface_table_total(
	const struct interface_table *interfaces, unsigned target)
{
	return &interfaces->targets[target].total;
}
