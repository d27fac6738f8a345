#pragma once

#include "common/failure.h"
#include "worker/settings.h"

/*
 * Opens the listening socket of -listen ("address:port", "[v6]:port",
 * ":port", "unix:path"); a stale unix socket gives way. Returns the
 * descriptor, -1 with failure set.
 */
int address_open(const char *address, const struct settings *settings,
	struct failure *failure);

/* Removes the unix socket that address_open() made, if it made one. */
void address_remove(const char *address);
