/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/target_kind.h"
#include "client/target_query.h"
#include "common/error.h"

#include <stddef.h>

/* A worker's default address. */
#define TARGET_LOOPBACK "127.0.0.1"
#define TARGET_PORT "8475"

enum { TARGETS_MAX = 10000 };

/*
 * One source of packets: a host to capture on, a program or a file. The target owns its
 * strings; label and display_url are printable.
 */
struct target {
	char *label;	   /* for messages; unique in a list */
	bool has_label;	   /* the user gave the label */
	char *display_url; /* the target as the user wrote it, without password */
	enum target_kind kind;
	char *command; /* for the shell; of TARGET_TCPDUMP: for that of the host */
	char *filter;  /* of TARGET_TCPDUMP, printable; NULL: none */
	char *path;    /* of TARGET_FILE */
	char *socket;  /* of TARGET_UNIX, whose url is on the loopback */
	/* of TARGET_URL and TARGET_UNIX: */
	char *url;	    /* to request; without user and password; it has a query */
	unsigned additions; /* to its query, bits of enum target_addition */
	char *user;	    /* NULL: none */
	char *password;	    /* NULL: none */
	/* of TARGET_URL and TARGET_TCPDUMP: */
	char *ssh_host; /* for ssh(1), url is on its loopback; NULL: no ssh */
	char *ssh_port; /* NULL: ssh's default */
	char *ssh_user; /* NULL: ssh's default */
};

/*
 * Parses [LABEL=]PROTOCOL://[USER[:PASSWORD]@]HOST[:PORT][/PATH][?QUERY] or
 * HOST[:PORT]; PROTOCOL is http, https, ssh or tcpdump+ssh; or [LABEL=] and exec:COMMAND,
 * unix:PATH[?QUERY], file:PATH, a path with '/', or "-". Sets ret_target, for
 * target_cleanup(), and returns true; or returns false with error set. The
 * error has no password in it.
 */
bool target_parse(struct target *ret_target, const char *text,
	const struct target_defaults *defaults, struct error *error);

/* Is it a file, or standard input? */
bool target_is_file(const struct target *target);

/* Frees the strings, and erases the password. */
void target_cleanup(struct target *target);
