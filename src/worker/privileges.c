/* SPDX-License-Identifier: MIT */
/*
 * Drops privileges. In: a process with any privileges. Out: the process with
 * CAP_NET_RAW at most, and later with none.
 */
#include "worker/privileges.h"

#include "common/process.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOBODY = 65534 }; /* the kernel's overflow user and group */

static bool set_capabilities(uint32_t mask)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
		{.permitted = mask, .effective = mask},
	};

	return syscall(SYS_capset, &header, data) == 0;
}

/* Does this process have CAP_NET_RAW to keep? */
static bool has_net_raw(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	return syscall(SYS_capget, &header, data) == 0 && data[0].permitted & 1U << CAP_NET_RAW;
}

/*
 * Is the root of this user namespace another user outside of it? uid_map has lines
 * of "inside outside count", user_namespaces(7).
 */
static bool is_user_outside(void)
{
	FILE *map = fopen("/proc/self/uid_map", "re");
	unsigned inside;
	unsigned outside;
	bool is_user = false;

	if (!map)
		return false;
	/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers */
	while (fscanf(map, "%u %u %*u", &inside, &outside) == 2)
		if (inside == 0)
			is_user = outside != 0;
	fclose(map);
	return is_user;
}

/*
 * Changes from root to nobody. A user namespace may have no nobody: there root stays
 * root, if it is the user who created the namespace and not the host's root.
 */
static bool leave_root(struct error *error)
{
	if (geteuid() != 0)
		return true;
	/* the group first: it fails if there is no nobody, setgroups(2) does not */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
		setgroups(0, NULL) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
		return true;
	if (errno != EINVAL)
		return error_set(error, 500,
			"cannot become nobody: %s; start the worker as another user, or give it "
			"CAP_SETUID and CAP_SETGID",
			strerror(errno));
	return is_user_outside() ||
	       error_set(error, 500,
		       "cannot become nobody: the user namespace has no such user, and its root "
		       "is the host's; start as another user");
}

bool privileges_keep_net_raw(struct error *error)
{
	if (!leave_root(error))
		return false;
	/* workers of one user must not look into one another */
	if (process_hide_memory() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		set_capabilities(has_net_raw() ? 1U << CAP_NET_RAW : 0))
		return true;
	return error_set(error, 500, "cannot give up privileges: %s", strerror(errno));
}

bool privileges_drop_all(struct error *error)
{
	if (set_capabilities(0))
		return true;
	return error_set(error, 500, "cannot give up CAP_NET_RAW: %s", strerror(errno));
}
