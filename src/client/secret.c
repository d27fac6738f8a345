/*
 * Secrets. In: texts that may hold a password. Out: the same without it.
 */
#include "client/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *secret_authority(char *text)
{
	size_t size = strcspn(text, ":/?#@");

	return strncmp(text + size, "://", 3) == 0 ? text + size + 3 : text;
}

/*
 * The password within a target's text: from behind the first ':' up to the
 * last '@', be it in the authority or, for a password that should have been
 * encoded, behind it. Rather too much is hidden than too little.
 */
static char *find_password(char *text, size_t *ret_size)
{
	char *authority = secret_authority(text);
	char *at = strrchr(authority, '@');
	char *colon =
		at ? memchr(authority, ':', (size_t)(at - authority)) : NULL;

	if (!colon)
		return NULL;
	*ret_size = (size_t)(at - colon - 1);
	return colon + 1;
}

void secret_wipe(char *argument)
{
	size_t size;
	char *password = find_password(argument, &size);
	size_t rest;

	if (!password)
		return;
	/* not even its length stays */
	rest = strlen(password + size);
	memmove(password, password + size, rest);
	explicit_bzero(password + rest, size);
}

void secret_hide(char *out, size_t size, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		secret_wipe(copy);
	snprintf(out, size, "%s", copy ? copy : "target");
	if (copy)
		explicit_bzero(copy, strlen(copy));
	free(copy);
}
