#pragma once

#include "common/failure.h"

#include <stddef.h>

/* Where a worker listens unless told otherwise. */
#define TARGET_LOOPBACK "127.0.0.1"
#define TARGET_PORT "8475"

enum { TARGETS_MAX = 4096, TARGET_INTERFACES_MAX = 32 };

/*
 * One host to capture on. All strings belong to it; label and shown are
 * printable ASCII, whatever the host's name holds.
 */
struct target {
	char *label;	/* names it in messages; unique in a list */
	bool named;	/* the label is the user's word */
	char *url;	/* what is asked for; without user and password */
	char *shown;	/* the same as the user knows it: ssh://... for one */
	char *user;	/* NULL: none */
	char *password; /* NULL: none */
	/* To be reached by ssh(1), or NULL; url is on the loopback there. */
	char *ssh_host;
	char *ssh_port; /* NULL: ssh's own choice, and here */
	char *ssh_user;
};

struct targets {
	struct target *list;
	size_t count;
};

/* What the options say for each target whose URL does not say otherwise. */
struct target_defaults {
	const char *filter;  /* NULL: nothing */
	const char *snaplen; /* NULL: nothing */
	const char *interfaces[TARGET_INTERFACES_MAX];
	size_t interface_count;
};

/*
 * Parses [LABEL=]PROTOCOL://[USER[:PASSWORD]@]HOST[:PORT][/PATH][?QUERY] or
 * HOST[:PORT]; PROTOCOL is http, https or ssh. ret_target is for
 * target_clear(), or untouched if it returns false. No failure's text holds a
 * password.
 */
bool target_parse(struct target *ret_target, const char *text,
	const struct target_defaults *defaults, struct failure *failure);

void target_clear(struct target *target);

/*
 * Adds what an argument names: a target, or @FILE with one on each line ("-":
 * stdin).
 */
bool targets_add(struct targets *targets, const char *argument,
	const struct target_defaults *defaults, struct failure *failure);

void targets_free(struct targets *targets);
