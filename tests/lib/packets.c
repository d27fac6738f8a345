/* SPDX-License-Identifier: MIT */
#include "packets.h"

#include <stdlib.h>
#include <string.h>

const char *param_find(const char *query, const char *name)
{
	const size_t size = strlen(name);

	while (query) {
		if (!strncmp(query, name, size) && query[size] == '=')
			return query + size + 1;
		query = strchr(query, '&');
		if (query)
			query++;
	}
	return NULL;
}

uint64_t param_number(const char *query, const char *name, uint64_t fallback)
{
	const char *value = param_find(query, name);

	if (!value || *value < '0' || *value > '9')
		return fallback;
	return strtoull(value, NULL, 10);
}

bool param_is(const char *query, const char *name, const char *value)
{
	const char *found = param_find(query, name);
	const size_t size = strlen(value);

	return found && !strncmp(found, value, size) && (found[size] == '\0' || found[size] == '&');
}

uint32_t recipe_link_size(uint32_t linktype)
{
	switch (linktype & 0xffff) {
	case PACKETS_ETHERNET:
		return 14;
	case PACKETS_SLL:
		return 16;
	case PACKETS_SLL2:
		return 20;
	default:
		return 0;
	}
}

struct recipe recipe_parse(const char *query)
{
	struct recipe recipe = {
		.seed = param_number(query, "seed", 1),
		.start = param_number(query, "start", 1700000000000000000),
		.step = param_number(query, "step", 1000000),
		.id = (uint32_t)param_number(query, "id", 0),
		.packets = (uint32_t)param_number(query, "packets", 0),
		.disorder = (uint32_t)param_number(query, "disorder", 0),
		.linktype = (uint32_t)param_number(query, "linktype", PACKETS_SLL),
		.nano = param_number(query, "nano", 0) != 0,
		.swap = param_number(query, "swap", 0) != 0,
	};
	const uint32_t least = recipe_link_size(recipe.linktype) + PACKETS_MARK;
	const char *size = param_find(query, "size");
	char *rest = NULL;

	recipe.size_min = size ? (uint32_t)strtoul(size, &rest, 10) : 60;
	recipe.size_max = size ? recipe.size_min : 1500;
	if (rest && *rest == '-')
		recipe.size_max = (uint32_t)strtoul(rest + 1, NULL, 10);
	if (recipe.size_min < least)
		recipe.size_min = least;
	if (recipe.size_max > PACKETS_MAX)
		recipe.size_max = PACKETS_MAX;
	if (recipe.size_max < recipe.size_min)
		recipe.size_max = recipe.size_min;
	return recipe;
}

uint64_t packets_mix(uint64_t value)
{
	for (int i = 0; i < 3; i++) {
		value ^= value >> 31;
		value *= 0x9e3779b97f4a7c15u;
		value += 0x632be5ab;
	}
	return value ^ value >> 32;
}

uint64_t recipe_number(const struct recipe *recipe, uint32_t number, unsigned int what)
{
	const uint64_t stream = packets_mix(recipe->seed) + recipe->id;

	return packets_mix(packets_mix(stream) ^ ((uint64_t)number << 8 | what));
}

static uint64_t recipe_time(const struct recipe *recipe, uint32_t number)
{
	uint64_t time = recipe->start + recipe->step * number;

	if (recipe->step > 0)
		time += recipe_number(recipe, number, 1) % recipe->step;
	return recipe->nano ? time : time - time % 1000;
}

uint32_t recipe_at(const struct recipe *recipe, uint32_t place)
{
	const uint32_t width = recipe->disorder;
	uint32_t first;
	uint32_t turn;

	if (width < 2)
		return place;
	first = place - place % width;
	if (recipe->packets - first < width)
		return place;
	turn = (uint32_t)(recipe_number(recipe, first, 2) % width);
	return first + (width - 1 - place % width + turn) % width;
}

static unsigned char *packets_put(unsigned char *out, uint64_t value, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++)
		out[i] = (unsigned char)(value >> 8 * (size - 1 - i));
	return out + size;
}

/*
 * The header of an Ethernet frame, or of SLL for such a frame: to all, to a group or to
 * one host, with an ethertype, the tag of a VLAN or a length.
 */
static unsigned char *recipe_put_ethernet(
	const struct recipe *recipe, uint32_t number, bool as_sll, unsigned char *out)
{
	const uint64_t address = recipe_number(recipe, number, 3);
	const uint64_t facts = recipe_number(recipe, number, 4);
	const uint64_t destinations[] = {0xffffffffffff, 0x333300000001, 0x020000000000};
	const uint64_t protocols[] = {0x0800, 0x8100, 0x0600, 0x05ff, 60};
	const uint64_t to = facts % 3;
	const uint64_t protocol = protocols[(facts >> 8) % 5];

	if (!as_sll) {
		out = packets_put(out, destinations[to], 6);
		out = packets_put(out, address, 6);
		return packets_put(out, protocol, 2);
	}
	out = packets_put(out, to + 1, 2);
	out = packets_put(out, 1, 2);
	out = packets_put(out, 6, 2);
	out = packets_put(out, address, 6);
	out = packets_put(out, 0, 2);
	return packets_put(out, protocol < 1536 ? 4 : protocol, 2);
}

/* The same data in the header of Ethernet, SLL or SLL2; nothing for other link types. */
static unsigned char *recipe_put_link(
	const struct recipe *recipe, uint32_t number, uint32_t linktype, unsigned char *out)
{
	const uint64_t address = recipe_number(recipe, number, 3);
	const uint64_t facts = recipe_number(recipe, number, 4);
	const uint64_t protocol = facts & 0xffff;
	const uint64_t hardware = facts >> 16 & 0xffff;
	const uint64_t index = facts >> 32 & 0xffffff;
	const uint64_t type = facts >> 56 & 7;
	const uint64_t length = facts >> 59 & 15;

	if ((recipe->linktype & 0xffff) == PACKETS_ETHERNET)
		return recipe_put_ethernet(recipe, number, linktype == PACKETS_SLL, out);
	if (linktype == PACKETS_SLL) {
		out = packets_put(out, type, 2);
		out = packets_put(out, hardware, 2);
		out = packets_put(out, length, 2);
		out = packets_put(out, address, 8);
		return packets_put(out, protocol, 2);
	}
	if (linktype == PACKETS_SLL2) {
		out = packets_put(out, protocol, 2);
		out = packets_put(out, 0, 2);
		out = packets_put(out, index, 4);
		out = packets_put(out, hardware, 2);
		out = packets_put(out, type, 1);
		out = packets_put(out, length, 1);
		return packets_put(out, address, 8);
	}
	return out;
}

void recipe_make(const struct recipe *recipe, uint32_t number, uint32_t linktype,
	struct made_packet *ret_packet)
{
	const uint64_t random = recipe_number(recipe, number, 5);
	const uint32_t range = recipe->size_max - recipe->size_min + 1;
	uint32_t size = recipe->size_min + (uint32_t)(random >> 16) % range;
	uint64_t pattern = recipe_number(recipe, number, 6);
	unsigned char *out = ret_packet->data;
	unsigned char *end;

	size -= recipe_link_size(recipe->linktype);
	size += recipe_link_size(linktype);
	ret_packet->time = recipe_time(recipe, number);
	ret_packet->caplen = size < PACKETS_MAX ? size : PACKETS_MAX;
	ret_packet->len = size;
	if (random % 4 == 0) /* one in four was longer on the wire */
		ret_packet->len += (uint32_t)(random >> 8) % 9000;
	end = out + ret_packet->caplen;
	out = recipe_put_link(recipe, number, linktype, out);
	out = packets_put(out, recipe->id, 4);
	out = packets_put(out, number, 4);
	while (out < end) {
		uint64_t bytes = packets_mix(pattern++);
		size_t left = (size_t)(end - out);

		memcpy(out, &bytes, left < 8 ? left : 8);
		out += left < 8 ? left : 8;
	}
}
