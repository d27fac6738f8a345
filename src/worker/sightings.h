#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	SIGHTINGS_MAX = 3000, /* interfaces; more count as the first */
	SIGHTINGS_ROOM = 4096,
};

/*
 * The interfaces that a capture has seen, by the number of their IDB in its
 * pcapng section. IDB 0 is "any", which stands for all. All zero: none yet.
 */
struct sightings {
	struct {
		uint32_t index; /* of the interface, 0: free */
		uint32_t number;
	} room[SIGHTINGS_ROOM];
	uint32_t count;
};

/*
 * Returns the number of an interface, 0 when too many have been seen.
 * ret_is_new tells that it has just been given.
 */
uint32_t sightings_number(
	struct sightings *sightings, uint32_t index, bool *ret_is_new);
