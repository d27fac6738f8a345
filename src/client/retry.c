/*
 * When to try again. In: the number of the attempt. Out: a delay that spares
 * a server that many clients have lost at once.
 */
#include "client/retry.h"

enum { FIRST_MS = 250, MOST_MS = 30000, DOUBLINGS = 7 };

uint64_t retry_delay(unsigned attempt, uint32_t random)
{
	uint64_t delay = attempt > DOUBLINGS
				 ? MOST_MS
				 : (uint64_t)FIRST_MS << (attempt - 1);

	/* between half of it and all of it */
	return delay - delay * random / UINT32_MAX / 2;
}
