/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/interface_table.h"
#include "client/notices.h"
#include "client/target_list.h"

/*
 * Warns of targets that capture with another filter than the first one whose filter is known:
 * a packet that only one of two filters lets through seems lost.
 */
void path_filters_check(const struct target_list *targets, const struct interface_table *interfaces,
	struct notices *notices);
