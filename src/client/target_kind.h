/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

/* What a target's text names. */
enum target_kind {
	TARGET_URL,	/* a host */
	TARGET_COMMAND, /* exec:COMMAND */
	TARGET_FILE,	/* file:PATH, or a path that contains a '/' */
	TARGET_STDIN,	/* - */
	TARGET_UNIX,	/* unix:PATH[?QUERY] */
	TARGET_TCPDUMP, /* tcpdump+ssh://, which target_kind_find() finds to be a URL */
};

/*
 * Returns the kind of a target, [LABEL=]REST, and in ret_rest the command, the path, or
 * the URL or host. Only URLs have passwords that ddump can find.
 */
enum target_kind target_kind_find(const char *text, const char **ret_rest);

/* Returns the size of LABEL=, which is 0 without a label. The label may be invalid. */
size_t target_kind_label_size(const char *text);
