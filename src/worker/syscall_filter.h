/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"

#include <stdbool.h>
#include <stdint.h>

/* The descriptors that a capture writes to; -1: none. */
struct syscall_filter_fds {
	int connection;		       /* the client's, a connected socket; or a pipe */
	bool is_pipe;		       /* whose flags will be restored */
	int journal;		       /* the socket of the journal, not connected */
	int errors;		       /* standard error */
	uint32_t journal_address_size; /* bytes of the journal's address */
};

/*
 * Does this build have a list of system calls? Not where libc uses socketcall(2),
 * whose arguments seccomp(2) cannot read (i386, s390x), nor with a sanitizer, which
 * makes calls of its own.
 */
bool syscall_filter_is_supported(void);

/*
 * Limits this process, until it ends, to the system calls that are needed to send a
 * capture; others return EPERM. Data can be written to these descriptors only, and
 * none of them can be closed, so that no other file gets its number. No descriptor
 * can be passed on. Needs no privilege: it sets PR_SET_NO_NEW_PRIVS. False, with 500:
 * the kernel refused, and nothing has changed.
 */
bool syscall_filter_install(const struct syscall_filter_fds *fds, struct error *error);
