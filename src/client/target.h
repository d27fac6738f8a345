/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target_query.h"
#include "common/error.h"

#include <stddef.h>

/* A worker's default address. */
#define TARGET_LOOPBACK "127.0.0.1"
#define TARGET_PORT "8475"

enum { TARGETS_MAX = 4096 };

/*
 * One source of packets: a host to capture on, or a program. The target owns its
 * strings; label and display_url are printable.
 */
struct target {
	char *label;	    /* for messages; unique in a list */
	bool has_label;	    /* the user gave the label */
	char *command;	    /* a shell command that writes a capture; NULL: url is set */
	char *url;	    /* to request; without user and password; it has a query */
	unsigned additions; /* to its query, bits of enum target_addition */
	char *display_url;  /* the same as the user wrote it, such as ssh://... */
	char *user;	    /* NULL: none */
	char *password;	    /* NULL: none */
	char *ssh_host;	    /* for ssh(1), url is on its loopback; NULL: no ssh */
	char *ssh_port;	    /* NULL: ssh's default */
	char *ssh_user;	    /* NULL: ssh's default */
};

/*
 * Parses [LABEL=]PROTOCOL://[USER[:PASSWORD]@]HOST[:PORT][/PATH][?QUERY] or
 * HOST[:PORT]; PROTOCOL is http, https or ssh; or [LABEL=]exec:COMMAND. Sets ret_target, for
 * target_cleanup(), and returns true; or returns false with error set. The
 * error has no password in it.
 */
bool target_parse(struct target *ret_target, const char *text,
	const struct target_defaults *defaults, struct error *error);

/* Frees the strings, and erases the password. */
void target_cleanup(struct target *target);
