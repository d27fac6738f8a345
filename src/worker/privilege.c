/*
 * Privilege ends here. In: a process with whatever it was started with. Out:
 * the same one with CAP_NET_RAW at most, and later with nothing.
 */
#include "worker/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
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

	return syscall(SYS_capget, &header, data) == 0 &&
	       data[0].permitted & 1U << CAP_NET_RAW;
}

/* Root becomes nobody; where a user namespace has no nobody, root it stays. */
static bool leave_root(void)
{
	if (geteuid() != 0)
		return true;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0)
		return false;
	/* the group first: it tells whether there is one, setgroups(2) not */
	if (setresgid(NOBODY, NOBODY, NOBODY) == 0 && setgroups(0, NULL) == 0 &&
		setresuid(NOBODY, NOBODY, NOBODY) == 0)
		return true;
	return errno == EINVAL;
}

/*
 * Workers of one user must not look into one another, nor leave packets in a
 * core dump: a limit of 0 would not keep them from a program that takes dumps.
 */
static bool hide_memory(void)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

bool privilege_reduce(struct failure *failure)
{
	if (!leave_root())
		return failure_set(failure, 500,
			"can't become nobody: %s: start the worker as another "
			"user, or give it CAP_SETUID and CAP_SETGID",
			strerror(errno));
	if (hide_memory() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		set_capabilities(has_net_raw() ? 1U << CAP_NET_RAW : 0))
		return true;
	return failure_set(
		failure, 500, "can't give up privileges: %s", strerror(errno));
}

bool privilege_drop(struct failure *failure)
{
	if (set_capabilities(0))
		return true;
	return failure_set(
		failure, 500, "can't give up CAP_NET_RAW: %s", strerror(errno));
}
