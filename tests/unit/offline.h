/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/source.h"

#include "unit.h"

/* What the sources of a run share, without any network. */
struct offline {
	struct interface_table interfaces;
	struct notices notices;
};

/* Opens it for count targets; offline_close() frees it. */
static inline struct source_common offline_open(struct offline *offline,
	const struct options *options, unsigned count, const struct merge_limits *limits,
	const struct merge_sink *sink)
{
	const struct source_common common = {
		.options = options,
		.merge = merge_new(count, limits, sink),
		.interfaces = &offline->interfaces,
		.notices = &offline->notices,
	};

	assert_non_null(common.merge);
	assert_true(interface_table_init(&offline->interfaces, count));
	assert_true(notices_init(&offline->notices, count));
	return common;
}

static inline void offline_close(struct offline *offline, const struct source_common *common)
{
	merge_free(common->merge);
	interface_table_cleanup(&offline->interfaces);
	notices_cleanup(&offline->notices);
}
