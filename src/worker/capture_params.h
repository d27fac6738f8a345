/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/settings.h"

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CAPTURE_PARAMS_FILTER_MAX = 16384,
	CAPTURE_PARAMS_COUNT_MAX = 2000000000,
	CAPTURE_PARAMS_DURATION_MAX = 31536000,
	CAPTURE_PARAMS_WATERMARK_MIN = 10,
	CAPTURE_PARAMS_WATERMARK = 50, /* the default */
	CAPTURE_PARAMS_WATERMARK_MAX = 1000,
};

/* The names of all parameters, for clients that are newer than this worker. */
#define CAPTURE_PARAMS_NAMES                                                                       \
	"filter, interface, snaplen, payload, count, duration, format, precision, linktype, "      \
	"promisc, watermark"

/* The parameters of GET /capture, decoded and checked one by one. */
struct capture_params {
	char filter[CAPTURE_PARAMS_FILTER_MAX]; /* "": everything */
	char interfaces[SETTINGS_INTERFACES_MAX][IF_NAMESIZE];
	size_t interface_count; /* 0: all interfaces */
	uint32_t snaplen;	/* bytes of each packet, link header included */
	bool limits_payload;	/* only so many bytes after the headers are sent: */
	uint32_t payload;
	uint32_t count;	    /* packets; 0: no end */
	uint32_t duration;  /* seconds; 0: no end */
	uint32_t watermark; /* ms between two watermarks while there are no packets */
	uint32_t linktype;  /* LINKTYPE_SLL or LINKTYPE_SLL2, unless it is native */
	bool native;	    /* the link type of the one interface */
	bool promisc;
	bool nano;
	bool pcapng;
};

/*
 * Parses a form-encoded query. Returns false with 400 and the name of a parameter
 * that is unknown, repeated, out of range, or needs interface=.
 */
bool capture_params_parse(const char *text, struct capture_params *ret_params, struct error *error);

/*
 * Applies the administrator's limits on duration, snaplen, payload, promiscuous mode
 * and what a filter may read. An absent parameter becomes the limit; a larger one is
 * refused with 403.
 * interface_choice.h applies the limit on interfaces.
 */
bool capture_params_limit(
	const struct settings *settings, struct capture_params *params, struct error *error);
