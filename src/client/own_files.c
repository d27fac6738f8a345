/* SPDX-License-Identifier: MIT */
/*
 * Finds files that are installed with ddump. In: a name below ../share. Out: a path.
 * Nothing is built in, so that a program that was moved with its files finds them.
 */
#include "client/own_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool own_files_find(char ret_path[PATH_MAX], const char *name)
{
	char program[PATH_MAX];
	char path[PATH_MAX];
	const ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	char *folder;
	int used;

	if (size <= 0)
		return false;
	program[size] = '\0';
	folder = strrchr(program, '/');
	if (!folder)
		return false;
	*folder = '\0';
	used = snprintf(path, sizeof(path), "%s/../share/%s", program, name);
	return used > 0 && (size_t)used < sizeof(path) && realpath(path, ret_path);
}
