/* SPDX-License-Identifier: MIT */
/*
 * Files that a ring may overwrite or remove. In: a name. Out: whether it is free, or
 * that of a capture, or still that of the file that the run has made.
 */
#include "client/ring_file.h"

#include "format/capture_magic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MODE = 0600 }; /* packets contain secrets */

/* Does a file begin as a capture? An empty one has nothing to lose. */
static bool is_capture(const char *name)
{
	const int fd = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	unsigned char start[CAPTURE_MAGIC_SIZE];
	ssize_t size;

	if (fd < 0)
		return false;
	size = read(fd, start, sizeof(start));
	close(fd);
	return size == 0 || (size == sizeof(start) && capture_magic_is_known(start));
}

enum ring_file_kind ring_file_find(const char *name)
{
	struct stat status;

	if (lstat(name, &status) != 0)
		return errno == ENOENT ? RING_FILE_NONE : RING_FILE_OTHER;
	return S_ISREG(status.st_mode) && is_capture(name) ? RING_FILE_CAPTURE : RING_FILE_OTHER;
}

int ring_file_create(const char *name)
{
	return open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, MODE);
}

/* Fills what identifies a file: at is a directory, or with an empty name the file. */
static bool identify(int at, const char *name, struct ring_file *ret_file)
{
	struct statx status;

	if (statx(at, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME,
		    &status) != 0)
		return false;
	*ret_file = (struct ring_file){
		.device = {status.stx_dev_major, status.stx_dev_minor},
		.inode = status.stx_ino,
		/* 0 where the file system does not know it */
		.made_s = status.stx_btime.tv_sec,
		.made_ns = status.stx_btime.tv_nsec,
	};
	return true;
}

/* Has nobody replaced the file? */
static bool is_same_file(const struct ring_file *file)
{
	struct ring_file now;

	return identify(AT_FDCWD, file->name, &now) && now.device[0] == file->device[0] &&
	       now.device[1] == file->device[1] && now.inode == file->inode &&
	       now.made_s == file->made_s && now.made_ns == file->made_ns && is_capture(file->name);
}

void ring_file_remember(struct ring_file *file, int fd, const char *name)
{
	*file = (struct ring_file){0};
	if (identify(fd, "", file))
		file->name = strdup(name);
}

void ring_file_remove(struct ring_file *file)
{
	if (file->name && is_same_file(file))
		unlink(file->name);
	free(file->name);
	file->name = NULL;
}
