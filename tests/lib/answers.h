/* SPDX-License-Identifier: MIT */
/*
 * The responses of the streams tool. In: the target of a request. Out: the first
 * bytes of the response, whether a capture stream follows, and how the connection
 * ends.
 */
#pragma once

#include "attacks.h"
#include "common/clock.h"
#include "packet_stream.h"

enum { FIRST_MAX = 4096 }; /* bytes of an answer before its stream */

enum ending {
	END_CLEAN,  /* as a complete response */
	END_CUT,    /* without the last chunk */
	END_MIDDLE, /* the same, within a packet */
	END_RESET,  /* after all bytes have arrived */
	END_NEVER,  /* the connection stays open */
};

struct answer {
	char first[FIRST_MAX];
	size_t first_size;
	bool stream; /* a capture stream follows */
	bool chunked;
	bool endless; /* the first bytes are repeated without end */
	bool slow;    /* one byte at a time */
	enum ending ending;
	struct attack *attack; /* NULL, or sent instead of all above */
};

/* Returns the query of a request target; "" if it has none. */
const char *answer_query(const char *target);

/* Sets the first bytes to a whole response: status, more header lines, body. */
void answer_page(struct answer *answer, const char *status, const char *lines, const char *body);

/* Makes the response to a request target; for /silent nothing at all. */
void answer_make(struct answer *answer, const char *target, const char *credentials,
	const char *authorization);
