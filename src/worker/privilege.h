#pragma once

#include "common/failure.h"

/* capabilities(7); both set failure to 500 where the kernel refuses. */

/*
 * Keeps CAP_NET_RAW, if it is there, and nothing else: before a byte of a
 * client is read. Root becomes nobody. New privileges are barred for good.
 */
bool privilege_reduce(struct failure *failure);

/* Gives that up, too: nothing is left while untrusted text is compiled. */
bool privilege_drop(struct failure *failure);
