/* SPDX-License-Identifier: MIT */
#pragma once

#include "unit.h"

#include <unistd.h>

/*
 * A directory of its own for a group of tests, which make files in it and remove them: the
 * setup and teardown of the group. It is the current directory.
 */
static inline int directory_enter(void **state)
{
	static char name[] = "/tmp/ddump-files-XXXXXX";

	assert_non_null(mkdtemp(name));
	*state = name;
	return chdir(name);
}

static inline int directory_leave(void **state)
{
	return chdir("/") | rmdir(*state);
}
