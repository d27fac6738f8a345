/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/*
 * Signals. The first SIGINT, SIGTERM or SIGHUP requests a clean stop, the second
 * one ends the program at once. SIGUSR1 requests the status.
 */

/*
 * Installs the handlers. Returns a descriptor that becomes readable with each
 * signal, or -1.
 */
int signals_open(void);

/* Was a signal received that stops the program? */
bool signals_stop_requested(void);

/* Forgets the request of the status. Returns whether there was one: a SIGUSR1. */
bool signals_clear_status_request(void);
