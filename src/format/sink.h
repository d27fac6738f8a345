#pragma once

#include "common/failure.h"
#include "format/packet.h"

/*
 * Where what a capture stream holds goes. Each function returns false, with
 * failure set, to end the stream.
 */
struct stream_sink {
	/*
	 * Gives an interface the number that its packets and statistics come
	 * with. The first one means that the stream has begun.
	 */
	bool (*interface)(void *context, const struct interface *interface,
		uint32_t *ret_number, struct failure *failure);
	bool (*packet)(void *context, const struct packet *packet,
		struct failure *failure);
	bool (*statistics)(void *context, const struct statistics *statistics,
		struct failure *failure);
	void *context;
};
