/* SPDX-License-Identifier: MIT */
/*
 * Redaction of passwords. In: text of a target. Out: the text without it.
 */
#include "client/redact.h"

#include "client/target_kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *redact_find_authority(char *text)
{
	size_t size = strcspn(text, ":/?#@");

	return strncmp(text + size, "://", 3) == 0 ? text + size + 3 : text;
}

/*
 * Finds the password: from the first ':' of the authority to the last '@' of the
 * text. That may be too much; a password with '/' that is not encoded extends
 * beyond the authority.
 */
static char *find_password(char *text, size_t *ret_size)
{
	char *authority = redact_find_authority(text);
	const char *at = strrchr(authority, '@');
	char *colon = at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;
	const char *unused;

	if (!colon || target_kind_find(text, &unused) != TARGET_URL)
		return NULL;
	*ret_size = (size_t)(at - colon - 1);
	return colon + 1;
}

void redact_argument(char *argument)
{
	size_t size;
	char *password = find_password(argument, &size);
	size_t rest;

	if (!password)
		return;
	/* hide its length too */
	rest = strlen(password + size);
	memmove(password, password + size, rest);
	explicit_bzero(password + rest, size);
}

void redact_copy(char *out, size_t size, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		redact_argument(copy);
	snprintf(out, size, "%s", copy ? copy : "target");
	if (copy)
		explicit_bzero(copy, strlen(copy));
	free(copy);
}
