/* SPDX-License-Identifier: MIT */
/*
 * Secrets and names of an output. In: blocks of streams, names of hosts, and when a file
 * begins. Out: the blocks that it lacks.
 */
#include "client/file_blocks.h"

enum {
	KEPT_MAX = 4 << 20, /* bytes of blocks that each file begins with */
	KEPT_SHARE = 4,	    /* at most this part of a file of -C */
};

static const char cut[] = "secrets or names of addresses are too many to be in each file; later "
			  "files lack some of them";

void file_blocks_cleanup(struct file_blocks *blocks)
{
	kept_blocks_cleanup(&blocks->kept);
}

/* Returns how many bytes of each kind a file may have. */
static size_t limit_of(const struct file_blocks *blocks)
{
	const uint64_t share = blocks->file_bytes / KEPT_SHARE;
	const size_t most = blocks->kept_max > 0 ? blocks->kept_max : KEPT_MAX;

	return share > 0 && share < most ? (size_t)share : most;
}

static void warn_of_cut(struct file_blocks *blocks)
{
	if (blocks->is_cut)
		return;
	blocks->is_cut = true;
	if (blocks->label)
		notices_warn_of(blocks->notices, blocks->target, "%s: %s", blocks->label, cut);
	else
		notices_warn(blocks->notices, "%s", cut);
}

void file_blocks_keep(struct file_blocks *blocks, const unsigned char *bytes, size_t size)
{
	if (!blocks->has_files)
		return;
	blocks->kept.limit = limit_of(blocks);
	if (!kept_blocks_add(&blocks->kept, bytes, size))
		warn_of_cut(blocks);
}

void file_blocks_begin_file(struct file_blocks *blocks)
{
	if (blocks->names)
		host_names_begin_file(blocks->names);
	blocks->names_bytes = 0;
	blocks->kept_is_due = blocks->kept.bytes > 0;
}

static bool write_kept(
	const struct file_blocks *blocks, struct record_writer *writer, struct error *error)
{
	const unsigned char *block;
	size_t size;

	/* several files are regular ones, which never block */
	for (size_t at = 0; (size = kept_blocks_at(&blocks->kept, at, &block)) > 0; at += size)
		if (!record_writer_block(writer, block, size, error))
			return false;
	return true;
}

/* Returns how many bytes of names the present file may get now. */
static size_t names_space(const struct file_blocks *blocks)
{
	const size_t limit = blocks->has_files ? limit_of(blocks) : SIZE_MAX;
	const size_t space = limit > blocks->names_bytes ? limit - blocks->names_bytes : 0;

	return space < HOST_NAMES_BLOCK_MAX ? space : HOST_NAMES_BLOCK_MAX;
}

static bool write_names(
	struct file_blocks *blocks, struct record_writer *writer, struct error *error)
{
	unsigned char block[HOST_NAMES_BLOCK_MAX];

	while (blocks->names && blocks->names->first_due) {
		size_t size;

		if (!output_buffer(writer->output))
			return false;
		size = host_names_write(blocks->names, block, names_space(blocks));
		if (size == 0) {
			if (blocks->names->first_due)
				warn_of_cut(blocks);
			return true;
		}
		blocks->names_bytes += size;
		if (!record_writer_block(writer, block, size, error))
			return false;
	}
	return true;
}

bool file_blocks_write(
	struct file_blocks *blocks, struct record_writer *writer, struct error *error)
{
	if (blocks->kept_is_due && !write_kept(blocks, writer, error))
		return false;
	blocks->kept_is_due = false;
	return write_names(blocks, writer, error);
}
