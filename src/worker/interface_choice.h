/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/capture_params.h"
#include "worker/settings.h"

#include <net/if.h>
#include <stddef.h>
#include <stdint.h>

enum { INTERFACE_CHOICE_TEXT_SIZE = SETTINGS_INTERFACES_MAX * (IF_NAMESIZE + 1) };

/* The interfaces of one capture. */
struct interface_choice {
	uint32_t indexes[SETTINGS_INTERFACES_MAX];
	char names[SETTINGS_INTERFACES_MAX][IF_NAMESIZE]; /* of these indexes */
	size_t count;					  /* of both; 0: all interfaces */
	char text[INTERFACE_CHOICE_TEXT_SIZE];		  /* "eth0,eth1", for reports; "": all */
};

/*
 * Resolves the names that a client asks for. No name, or "any" among them,
 * means all interfaces; where the administrator has a list, all of that list
 * that exist. Returns false with 403 for an interface that is not on the list
 * (after "any" such names are ignored), 400 for one that does not exist, 500 if
 * none of the list exists, 503 if a name cannot be looked up.
 */
bool interface_choice_resolve(struct interface_choice *ret_choice,
	const struct capture_params *params, const struct settings *settings, struct error *error);
