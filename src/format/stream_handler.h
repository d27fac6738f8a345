/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "common/host_address.h"
#include "format/packet.h"

/* What the output lacks of a stream; bits, each is reported once. */
enum loss {
	/* what a reader does not pass on */
	LOSS_BLOCKS = 1,   /* of unknown types */
	LOSS_OPTIONS = 2,  /* the same */
	LOSS_CUSTOM = 4,   /* custom data that must not be copied */
	LOSS_LONG = 8,	   /* parts beyond a limit */
	LOSS_DAMAGED = 16, /* damaged blocks and options */
	/* what pcap cannot hold */
	LOSS_SECTION = 32,
	LOSS_INTERFACE = 64,
	LOSS_PACKET = 128,
	LOSS_SECRETS = 256,
	LOSS_NAMES = 512,
	LOSS_JOURNAL = 1024,
	LOSS_CUSTOM_BLOCKS = 2048,
	LOSS_STATISTICS = 4096,
};

/*
 * Receives the content of a capture stream. Each function returns false, with error
 * set, to end the stream.
 */
struct stream_handler {
	/*
	 * Assigns an interface the number that its packets and statistics will
	 * have. The first interface means that the stream has begun.
	 */
	bool (*interface)(void *context, const struct interface *interface, uint32_t *ret_number,
		struct error *error);
	bool (*packet)(void *context, const struct packet *packet, struct error *error);
	/* NULL: counters and watermarks are skipped */
	bool (*statistics)(void *context, const struct statistics *statistics, struct error *error);
	/*
	 * A timestamp is out of range, before 1970 or after PACKET_TIME_MAX:
	 * time, the nearest limit, replaces it. original is the number in the
	 * stream, as text. May be NULL.
	 */
	void (*odd_time)(void *context, const char *original, uint64_t time);
	/*
	 * A whole block of pcapng, ready to be written, which belongs before the
	 * packets that follow. NULL: such blocks are skipped.
	 */
	bool (*block)(void *context, const unsigned char *bytes, size_t size, struct error *error);
	/*
	 * An address of the host that captures, which its ddump-worker has sent; such
	 * blocks are not passed to the function above. May be NULL.
	 */
	void (*address)(void *context, const struct host_address *address);
	/*
	 * A text that describes the section: "hardware", "x86". It has no control
	 * characters but line breaks. May be NULL.
	 */
	void (*note)(void *context, const char *what, const char *text);
	/* Parts were not passed on: bits of enum loss. May be NULL. */
	void (*lose)(void *context, unsigned losses);
	/* A section of pcapng begins. May be NULL. */
	void (*section)(void *context);
	/*
	 * All bytes of a stream that is not a capture, as they arrive: then nothing is
	 * parsed, and no other function is called. NULL: it is a capture.
	 */
	bool (*bytes)(void *context, const void *bytes, size_t size, struct error *error);
	void *context;
};
