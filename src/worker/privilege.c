/*
 * Privilege ends here. In: the process that has opened its capture. Out: the
 * same process without a capability.
 */
#include "worker/privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool privilege_drop(struct failure *failure)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		syscall(SYS_capset, &header, none) != 0)
		return failure_set(failure, 500,
			"can't give up capabilities: %s", strerror(errno));
	return true;
}
