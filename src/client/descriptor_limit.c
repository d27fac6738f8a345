/* SPDX-License-Identifier: MIT */
/*
 * The limit of descriptors (RLIMIT_NOFILE). In: all targets, and whether each has a file. Out: an
 * error before the first connection if the hard limit is too low for them.
 */
#include "client/descriptor_limit.h"

#include <sys/resource.h>

enum {
	OWN_DESCRIPTORS = 32, /* output, event loop, name lookups */
	OF_PROGRAM = 3,	      /* stdin, stdout, stderr */
	OF_SSH = 2,	      /* a socket, stderr */
};

void descriptor_limit_raise(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/* Returns how many a target has open while its stream runs. */
static unsigned long descriptors_of(const struct target *target)
{
	if (target->kind == TARGET_COMMAND || target->kind == TARGET_TCPDUMP)
		return OF_PROGRAM;
	return target->ssh_host ? OF_SSH : 1;
}

bool descriptor_limit_check(const struct options *options, struct error *error)
{
	const struct target_list *targets = &options->targets;
	unsigned long needed = OWN_DESCRIPTORS + (options->split ? targets->count : 0);
	struct rlimit files;

	for (size_t i = 0; i < targets->count; i++)
		needed += descriptors_of(&targets->list[i]);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= needed)
		return true;
	return error_set(error, 1,
		"%s%zu targets need %lu descriptors, and the hard limit is %lu; try ulimit -Hn "
		"%lu as root",
		options->split ? "-split: " : "", targets->count, needed,
		(unsigned long)files.rlim_cur, needed);
}
