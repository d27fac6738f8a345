/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/options.h"

/* Raises this process's soft limit of descriptors to the hard one. */
void descriptor_limit_raise(void);

/*
 * Is the limit large enough for all targets at once, and for their files? False, with error
 * set: it is not, and the run would lack descriptors.
 */
bool descriptor_limit_check(const struct options *options, struct error *error);
