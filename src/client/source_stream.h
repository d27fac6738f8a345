/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/source.h"

/*
 * Connects a source: starts the feed from its target. False: out of memory or
 * descriptors.
 */
bool source_stream_start(struct source *source);

/* Ends the feed of a source, if there is one, without any event. */
void source_stream_stop(struct source *source);

/*
 * Ends the stream of a source. error is the reason; NULL: the stream is
 * complete.
 */
void source_stream_end(struct source *source, const struct error *error);

/* The same, after the feed has ended; result is that of libcurl for a transfer. */
void source_stream_end_with_result(struct source *source, CURLcode result);

/*
 * Connects a source that is due, or ends an attempt that has taken too long.
 * To be called at source->due_ms while the source connects or is lost.
 */
void source_stream_retry(struct source *source);

/* Resumes a paused feed. */
void source_stream_resume(struct source *source);

/*
 * Before the output begins: ends a source whose packets the output cannot hold,
 * and discards them, as if its capture had not begun.
 */
void source_stream_exclude(struct source *source, const struct error *error);

/* Sets the error of a source whose packets do not fit into the pcap output. */
bool source_stream_linktype_error(uint32_t linktype, uint32_t output, struct error *error);

/* The events of a source's transfer, for tests: source_stream_start() uses them. */
struct transfer_events source_stream_events(struct source *source);
