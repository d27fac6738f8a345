/* SPDX-License-Identifier: MIT */
#include "client/path_told.h"

#include <string.h>

/* Bytes of a stream are in the bucket of the block in which they begin. */
static struct told_loss *bucket_of(
	struct path_told *told, enum path_kind kind, uint64_t digest, uint32_t block)
{
	return told->list[path_identity_hash_block(kind, digest, block) % TOLD_BUCKETS];
}

void path_told_add(struct path_told *told, const struct told_loss *loss)
{
	const struct path_identity *identity = &loss->identity;
	struct told_loss *bucket = bucket_of(
		told, identity->kind, identity->digest, identity->sequence >> TOLD_BLOCK_BITS);

	memmove(bucket + 1, bucket, (TOLD_IN_BUCKET - 1) * sizeof(*bucket));
	bucket[0] = *loss;
	bucket[0].is_used = true;
}

static bool is_same(const struct path_identity *one, const struct path_identity *other)
{
	if (one->kind != other->kind || one->digest != other->digest)
		return false;
	if (one->kind == PATH_WHOLE)
		return path_identity_agrees(one, other);
	return one->sequence - other->sequence < other->size ||
	       other->sequence - one->sequence < one->size;
}

static bool take_from(struct told_loss *bucket, const struct path_identity *identity,
	bool (*matches)(const void *context, const struct told_loss *loss), const void *context,
	struct told_loss *ret_loss)
{
	for (unsigned i = 0; i < TOLD_IN_BUCKET && bucket[i].is_used; i++) {
		if (!is_same(&bucket[i].identity, identity) || !matches(context, &bucket[i]))
			continue;
		*ret_loss = bucket[i];
		memmove(bucket + i, bucket + i + 1, (TOLD_IN_BUCKET - 1 - i) * sizeof(*bucket));
		bucket[TOLD_IN_BUCKET - 1].is_used = false;
		return true;
	}
	return false;
}

bool path_told_take(struct path_told *told, const struct path_identity *identity, uint32_t size_max,
	bool (*matches)(const void *context, const struct told_loss *loss), const void *context,
	struct told_loss *ret_loss)
{
	const uint32_t mask = UINT32_MAX >> TOLD_BLOCK_BITS;
	const uint32_t behind = size_max > 0 ? size_max - 1 : 0;
	uint32_t block = (identity->sequence - behind) >> TOLD_BLOCK_BITS;
	uint32_t last = (identity->sequence + identity->size - 1) >> TOLD_BLOCK_BITS;

	if (identity->kind == PATH_WHOLE)
		block = last = 0;
	for (;; block = (block + 1) & mask) {
		struct told_loss *bucket = bucket_of(told, identity->kind, identity->digest, block);

		if (take_from(bucket, identity, matches, context, ret_loss))
			return true;
		if (block == last)
			return false;
	}
}
