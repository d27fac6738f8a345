/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/settings.h"

/*
 * Opens the listening socket of -listen ("address:port", "[v6]:port", ":port",
 * "unix:path"); a stale unix socket is replaced. Returns the descriptor, or -1 with
 * error set.
 */
int listen_address_open(const char *address, const struct settings *settings, struct error *error);

/* Removes the unix socket that listen_address_open() created, if any. */
void listen_address_remove(const char *address);
