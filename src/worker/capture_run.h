/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/capture_params.h"
#include "worker/connection.h"
#include "worker/filter.h"
#include "worker/host_addresses.h"
#include "worker/interface_choice.h"
#include "worker/journal.h"
#include "worker/peer.h"
#include "worker/settings.h"

#include <stdbool.h>
#include <stdint.h>

struct capture;
struct encoder;
struct http_body;

enum { CAPTURE_RUN_COMMENT_SIZE = 128 };

/* One capture, from its query to its report, which points into it: do not move it. */
struct capture_run {
	/* set by the caller before capture_run_serve(): */
	const struct settings *settings;
	struct connection connection; /* open */
	struct peer peer;
	const char *query;
	bool has_http;	       /* false: the stream alone, to a pipe */
	bool is_http10;	       /* the body ends with the connection */
	bool head_only;	       /* HEAD */
	uint64_t request_time; /* ns, CLOCK_REALTIME: when the head had been read */

	/* set by its stages: */
	struct capture_params params;
	struct interface_choice interfaces;
	int promiscuous_fd; /* keeps the interfaces promiscuous; -1: not */
	struct capture_filter filter;
	struct filter_program program;
	struct host_addresses addresses;
	struct capture *capture;
	struct http_body *body;
	struct encoder *encoder;
	char comment[CAPTURE_RUN_COMMENT_SIZE]; /* of the capture's interfaces */
	struct report report;
	char client[PEER_NAME_SIZE];
};

/* Initializes a run, whose connection the caller then opens. settings must outlive it. */
void capture_run_init(struct capture_run *run, const struct settings *settings);

/*
 * Captures until the end, without privilege from the first packet on, and reports start
 * and end to the journal. False, with error set: there is no capture, nor a report. True
 * with error set: the capture has failed.
 */
bool capture_run_serve(struct capture_run *run, struct error *error);

/* Fills in the client and its request, as far as they are known, for a report. */
void capture_run_describe_client(struct capture_run *run);

/* Closes the connection, so that all written bytes arrive, and frees the rest. */
void capture_run_cleanup(struct capture_run *run);
