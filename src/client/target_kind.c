/* SPDX-License-Identifier: MIT */
/*
 * Kinds of targets. In: the user's text. Out: whether it is a host, a program or a file.
 */
#include "client/target_kind.h"

#include <string.h>

size_t target_kind_label_size(const char *text)
{
	const size_t size = strcspn(text, "=:/?#@[]");

	return text[size] == '=' ? size + 1 : 0;
}

enum target_kind target_kind_find(const char *text, const char **ret_rest)
{
	static const char exec[] = "exec:";
	static const char file[] = "file:";
	static const char local[] = "unix:";
	const char *rest = text + target_kind_label_size(text);

	*ret_rest = rest;
	if (strncmp(rest, exec, strlen(exec)) == 0) {
		*ret_rest += strlen(exec);
		return TARGET_COMMAND;
	}
	if (strncmp(rest, file, strlen(file)) == 0) {
		*ret_rest += strlen(file);
		return TARGET_FILE;
	}
	if (strncmp(rest, local, strlen(local)) == 0) {
		*ret_rest += strlen(local);
		return TARGET_UNIX;
	}
	if (strcmp(rest, "-") == 0)
		return TARGET_STDIN;
	/* what looks like a URL may contain a password, even if it is none */
	if (strncmp(rest, "//", 2) == 0 || strstr(rest, "://"))
		return TARGET_URL;
	/* PROTOCOL:// and HOST:PORT/PATH are URLs, and so is HOST?QUERY */
	return rest[strcspn(rest, "/:?#@[]")] == '/' ? TARGET_FILE : TARGET_URL;
}
