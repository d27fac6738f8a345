/*
 * Which IDB is whose. In: an interface's index, as the kernel gives it to each
 * packet. Out: a number. A hash table with open addressing that never grows:
 * hosts of containers have thousands of interfaces, and a capture may outlive
 * many more.
 */
#include "worker/sightings.h"

uint32_t sightings_number(
	struct sightings *sightings, uint32_t index, bool *ret_is_new)
{
	/* indexes are dense, so the lowest bits spread them well enough */
	uint32_t place = index % SIGHTINGS_ROOM;

	*ret_is_new = false;
	while (sightings->room[place].index != 0) {
		if (sightings->room[place].index == index)
			return sightings->room[place].number;
		place = (place + 1) % SIGHTINGS_ROOM;
	}
	if (index == 0 || sightings->count == SIGHTINGS_MAX)
		return 0;
	*ret_is_new = true;
	sightings->room[place].index = index;
	sightings->room[place].number = ++sightings->count;
	return sightings->count;
}
