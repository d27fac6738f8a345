#pragma once

#include "common/failure.h"
#include "format/packet.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Where packets come from: the interfaces of all targets, each once, however
 * often a stream or a new connection tells of it. Their numbers are those of
 * packets on their way through the merge.
 */
struct origin {
	uint32_t number;
	unsigned target;
	uint32_t next; /* of the same target, ORIGINS_NONE: it is the last */
	struct interface interface;
	bool is_written; /* the output knows it, by this number: */
	uint32_t written_as;
	uint64_t drops_written;	 /* packets, in its last statistics there */
	struct statistics total; /* that it has told */
};

enum { ORIGINS_NONE = UINT32_MAX, ORIGINS_BYTES = 1 << 20 };

struct origins {
	struct origin **list;
	uint32_t count;
	uint32_t room;
	void *tree; /* of tsearch(3), by what an origin is */
	struct origins_target {
		uint32_t first; /* ORIGINS_NONE: none yet */
		uint32_t last;
		size_t bytes;
		struct statistics total;
	} * targets;
};

/* False: out of memory. Either way it is for origins_clear(). */
bool origins_init(struct origins *origins, unsigned targets);

void origins_clear(struct origins *origins);

/*
 * Finds or adds an interface of a target; texts are copied, without what a
 * terminal would act on. False with failure set when a target tells of more
 * than ORIGINS_BYTES of them.
 */
bool origins_find(struct origins *origins, unsigned target,
	const struct interface *interface, uint32_t *ret_number,
	struct failure *failure);

/* Adds what was counted on an interface since it told last. */
void origins_count(struct origins *origins, const struct statistics *more);

/* The sum of what is counted on all interfaces of a target. */
const struct statistics *origins_total(
	const struct origins *origins, unsigned target);
