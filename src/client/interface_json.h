/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	INTERFACE_JSON_MAX = 2 << 20,	 /* bytes of an answer */
	INTERFACE_JSON_COUNT_MAX = 4096, /* interfaces, as many as a worker lists */
	INTERFACE_JSON_NAME_SIZE = 64,	 /* of a name, with its NUL */
};

/* An interface of a host, as its worker describes it. Nothing of it is escaped. */
struct listed_interface {
	uint32_t index;
	char name[INTERFACE_JSON_NAME_SIZE]; /* any bytes */
	bool is_up;
	char linktype[INTERFACE_JSON_NAME_SIZE]; /* any bytes; "": none, or unknown */
	const char *addresses;			 /* IPv4 and IPv6, a space between two; "": none */
};

/* Receives one interface, which is valid only during the call. */
typedef void interface_json_handler(void *context, const struct listed_interface *interface);

/*
 * Parses a worker's answer to GET /interfaces, see ddump-worker(8), and passes each
 * interface to the handler. Returns false, with error set, if the answer is damaged or
 * exceeds a limit; some interfaces may have been passed then.
 */
bool interface_json_parse(const void *bytes, size_t size, interface_json_handler *handler,
	void *context, struct error *error);
