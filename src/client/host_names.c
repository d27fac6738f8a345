/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts for readers of the output. In: addresses of each target's host, at any
 * time. Out: Name Resolution Blocks.
 *
 * Nothing waits for an address. The records of those that are known go into the header
 * of a file, those of later ones between two packets.
 */
#include "client/host_names.h"

#include "format/pcapng_nrb.h"

#include <search.h>
#include <stdlib.h>

enum { CAPACITY_MIN = 64 };

struct host_name {
	struct host_address address;
	unsigned target;
	bool is_shared;	 /* another target has it, too */
	bool is_written; /* the present file has a record of it */
	bool is_due;	 /* it is in the list of those that are due */
	struct host_name *next_due;
};

static int compare(const void *left, const void *right)
{
	const struct host_name *one = left;
	const struct host_name *other = right;

	return host_address_compare(&one->address, &other->address);
}

bool host_names_init(
	struct host_names *names, const struct interface_table *interfaces, struct notices *notices)
{
	*names = (struct host_names){
		.interfaces = interfaces,
		.notices = notices,
		.target_counts = calloc(interfaces->target_count, sizeof(unsigned)),
	};
	return names->target_counts != NULL;
}

void host_names_cleanup(struct host_names *names)
{
	if (names->tree)
		tdestroy(names->tree, free);
	free(names->list);
	free(names->target_counts);
	*names = (struct host_names){0};
}

static void make_due(struct host_names *names, struct host_name *name)
{
	if (name->is_due)
		return;
	name->is_due = true;
	name->next_due = NULL;
	if (names->first_due)
		names->last_due->next_due = name;
	else
		names->first_due = name;
	names->last_due = name;
}

static bool reserve(struct host_names *names)
{
	const size_t capacity = names->capacity ? names->capacity * 2 : CAPACITY_MIN;
	struct host_name **list;

	if (names->count < names->capacity)
		return true;
	list = realloc(names->list, capacity * sizeof(struct host_name *));
	if (!list)
		return false;
	names->list = list;
	names->capacity = capacity;
	return true;
}

/* Is there space for another address of a target? If not, reports that once. */
static bool has_space(struct host_names *names, unsigned target)
{
	unsigned *count = &names->target_counts[target];

	if (*count > HOST_NAMES_TARGET_MAX || names->is_full)
		return false;
	if (names->count == HOST_NAMES_MAX) {
		names->is_full = true;
		notices_warn(names->notices,
			"targets have more than %d addresses; the others get no names",
			HOST_NAMES_MAX);
		return false;
	}
	if ((*count)++ < HOST_NAMES_TARGET_MAX)
		return true;
	notices_warn(names->notices, "%s: more than %d addresses; the others get no names",
		names->interfaces->targets[target].label, HOST_NAMES_TARGET_MAX);
	return false;
}

/* Adds a new address. Without memory, it has no name, which does no other harm. */
static void add_new(struct host_names *names, const struct host_name *wanted)
{
	struct host_name *made;

	if (!has_space(names, wanted->target) || !reserve(names))
		return;
	made = malloc(sizeof(*made));
	if (!made)
		return;
	*made = *wanted;
	if (!tsearch(made, &names->tree, compare)) {
		free(made);
		return;
	}
	names->list[names->count++] = made;
	make_due(names, made);
}

void host_names_add(struct host_names *names, unsigned target, const struct host_address *address)
{
	const struct host_name wanted = {.address = *address, .target = target};
	struct host_name **found;

	if (!host_address_is_own(address) ||
		host_address_is_text(names->interfaces->targets[target].label))
		return;
	found = tfind(&wanted, &names->tree, compare);
	if (!found) {
		add_new(names, &wanted);
	} else if ((*found)->target != target && !(*found)->is_shared) {
		(*found)->is_shared = true;
		make_due(names, *found);
	}
}

void host_names_begin_file(struct host_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		names->list[i]->is_written = false;
		if (!names->list[i]->is_shared)
			make_due(names, names->list[i]);
	}
}

static void write_record(
	const struct host_names *names, struct host_name *name, struct pcapng_nrb *block)
{
	char text[HOST_ADDRESS_TEXT];

	if (name->is_shared && !name->is_written)
		return;
	host_address_print(&name->address, text);
	pcapng_nrb_add(block, &name->address,
		name->is_shared ? text : names->interfaces->targets[name->target].label);
	name->is_written = true;
}

size_t host_names_write(struct host_names *names, unsigned char *out, size_t space)
{
	struct pcapng_nrb block = pcapng_nrb_begin(out);
	const size_t empty = block.size;
	const size_t record_max = PCAPNG_NRB_RECORD_MAX;

	/* pcapng_nrb_end() needs as much as a record */
	while (names->first_due && block.size + 2 * record_max <= space) {
		struct host_name *name = names->first_due;

		names->first_due = name->next_due;
		name->is_due = false;
		write_record(names, name, &block);
	}
	return block.size > empty ? pcapng_nrb_end(&block, NULL) : 0;
}
