/* SPDX-License-Identifier: MIT */
/*
 * Rotation of output files. In: -w, -C, -G, -W and -ring, the time, the size of a
 * file. Out: new files with their names.
 *
 * A file that a ring overwrites is removed, and the new one has only its name: a
 * program that reads the old file can read it to its end.
 */
#include "client/rotation.h"

#include "client/file_name.h"
#include "client/redact.h"
#include "client/ring_file.h"
#include "common/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	RETRY_MS = 10000,   /* after a file could not be opened */
	TRIES_MAX = 100000, /* of names that exist */
	SHOWN_MAX = 512,
};

static bool fail_name(const char *what, const char *name, const char *reason, struct error *error)
{
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), name);
	return error_set(error, 1, "%s %s: %s", what, shown, reason);
}

static bool fail_too_long(const struct rotation *rotation, struct error *error)
{
	return fail_name("-w", rotation->output,
		"the name is empty or too long with its time and number", error);
}

static bool is_numbered_ring(const struct rotation *rotation)
{
	return rotation->is_ring && !rotation->has_conversion && rotation->options->file_count > 0;
}

static bool is_ring_by_time(const struct rotation *rotation)
{
	return rotation->is_ring && rotation->has_conversion && rotation->options->file_count > 0;
}

/* Prints the name of a time, without a number. */
static bool print_base(const struct rotation *rotation, time_t now, char out[PATH_MAX])
{
	const char *name = rotation->output;
	struct tm tm;

	if (rotation->has_conversion)
		return file_name_of_time(out, name, localtime_r(&now, &tm));
	return snprintf(out, PATH_MAX, "%s", name) < PATH_MAX;
}

/* Prints a name; number 0 adds nothing, unless it is one of a numbered ring. */
static bool print_name(
	const struct rotation *rotation, const char *base, uint64_t number, char out[PATH_MAX])
{
	if (number == 0 && !is_numbered_ring(rotation))
		return snprintf(out, PATH_MAX, "%s", base) < PATH_MAX;
	return file_name_of_number(out, base, rotation->mark, number, rotation->digits);
}

/* Prints the name of file i of a ring, as far as it is known in advance. */
static bool print_ring_name(
	const struct rotation *rotation, time_t now, uint64_t i, char out[PATH_MAX])
{
	const time_t then = now + (time_t)(i * rotation->options->file_seconds);
	char base[PATH_MAX];

	return print_base(rotation, then, base) &&
	       print_name(rotation, base, is_ring_by_time(rotation) ? 0 : i, out);
}

static bool reject_other(const char *name, struct error *error)
{
	char shown[SHOWN_MAX];

	redact_copy(shown, sizeof(shown), name);
	return error_set(error, 1,
		"cannot use %s: it is not a capture file, and the ring would overwrite it", shown);
}

static bool check_ring(const struct rotation *rotation, time_t now, struct error *error)
{
	char name[PATH_MAX];

	for (uint64_t i = 0; i < rotation->options->file_count; i++) {
		if (!print_ring_name(rotation, now, i, name))
			return fail_too_long(rotation, error);
		if (ring_file_find(name) == RING_FILE_OTHER)
			return reject_other(name, error);
		if (target_list_reads(&rotation->options->targets, name))
			return fail_name(
				"-w", name, "a target reads this file; try another name", error);
	}
	return true;
}

/* A FIFO or a device would get files with numbers beside it, which nobody expects. */
static bool check_first_name(const struct rotation *rotation, struct error *error)
{
	const char *name = rotation->output;
	struct stat status;

	if (rotation->has_conversion || is_numbered_ring(rotation) || stat(name, &status) != 0 ||
		S_ISREG(status.st_mode))
		return true;
	return fail_name(
		"-w", name, "not a regular file, as -C and -G need; try another name", error);
}

static unsigned count_digits(uint64_t number)
{
	unsigned digits = 1;

	for (; number > 9; number /= 10)
		digits++;
	return digits;
}

bool rotation_init(struct rotation *rotation, const struct options *options, const char *output,
	time_t now, struct error *error)
{
	const bool by_time = options->file_seconds > 0;

	*rotation = (struct rotation){
		.options = options,
		.output = output,
		.mark = options->split ? FILE_NAME_SPLIT_MARK : "",
		.is_on = options_rotate(options),
		.is_ring = options->ring || (options->file_count > 0 && !by_time),
		.due_ms = CLOCK_NEVER,
	};
	if (!rotation->is_on)
		return true;
	rotation->has_conversion = by_time && file_name_has_conversion(output);
	if (is_numbered_ring(rotation))
		rotation->digits = count_digits(options->file_count - 1);
	if (is_ring_by_time(rotation) && options->file_count > 0) {
		rotation->made = calloc(options->file_count, sizeof(*rotation->made));
		if (!rotation->made)
			return error_set(error, 1, "out of memory");
	}
	if (rotation->is_ring)
		return check_ring(rotation, now, error);
	return check_first_name(rotation, error);
}

void rotation_cleanup(struct rotation *rotation)
{
	for (uint64_t i = 0; rotation->made && i < rotation->options->file_count; i++)
		free(rotation->made[i].name);
	free(rotation->made);
	rotation->made = NULL;
}

static struct ring_file *made_at(const struct rotation *rotation, uint64_t i)
{
	return &rotation->made[i % rotation->options->file_count];
}

/* Is a name one of the ring's newest files, which are not overwritten? */
static bool is_in_ring(const struct rotation *rotation, const char *name)
{
	for (uint64_t i = rotation->removed; i < rotation->begun; i++) {
		const char *made = made_at(rotation, i)->name;

		if (made && strcmp(made, name) == 0)
			return true;
	}
	return false;
}

/* Makes space in a ring by time: removes the oldest file, if it is still ours. */
static void remove_oldest(struct rotation *rotation)
{
	struct ring_file *oldest = made_at(rotation, rotation->removed);

	if (rotation->begun - rotation->removed < rotation->options->file_count)
		return;
	ring_file_remove(oldest);
	rotation->removed++;
}

/* Opens a name of a ring, which may be a capture. The first file keeps its content. */
static int open_in_ring(const struct rotation *rotation, const char *name)
{
	const bool is_first = rotation->begun == 0;

	switch (ring_file_find(name)) {
	case RING_FILE_OTHER:
		errno = EEXIST;
		return -1;
	case RING_FILE_CAPTURE:
		if (is_first)
			return open(name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (unlink(name) != 0)
			return -1;
		break;
	default:
		break;
	}
	return ring_file_create(name);
}

/* May a ring by time overwrite the name, or must it be new? */
static int open_name(const struct rotation *rotation, const char *name)
{
	if (is_numbered_ring(rotation) ||
		(is_ring_by_time(rotation) && !is_in_ring(rotation, name)))
		return open_in_ring(rotation, name);
	return ring_file_create(name);
}

/* Returns the number of the next file, before names that exist are skipped. */
static uint64_t next_number(const struct rotation *rotation, const char *base)
{
	if (rotation->begun == 0)
		return 0;
	if (is_numbered_ring(rotation))
		return (rotation->number + 1) % rotation->options->file_count;
	return strcmp(base, rotation->base) == 0 ? rotation->number + 1 : 0;
}

/* Opens the file after the last one; its name is next_name. */
static int open_file(struct rotation *rotation, time_t now, struct error *error)
{
	const uint64_t ring = is_numbered_ring(rotation) ? rotation->options->file_count : 0;
	const uint64_t tries = ring ? ring : TRIES_MAX;
	char base[PATH_MAX];
	uint64_t number;
	int fd = -1;

	if (!print_base(rotation, now, base)) {
		fail_too_long(rotation, error);
		return -1;
	}
	if (is_ring_by_time(rotation))
		remove_oldest(rotation);
	number = next_number(rotation, base);
	for (uint64_t i = 0; i < tries && fd < 0; i++, number++) {
		if (!print_name(
			    rotation, base, ring ? number % ring : number, rotation->next_name)) {
			fail_too_long(rotation, error);
			return -1;
		}
		fd = open_name(rotation, rotation->next_name);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		fail_name("cannot open", rotation->next_name, strerror(errno), error);
		return -1;
	}
	rotation->number = ring ? (number - 1) % ring : number - 1;
	memcpy(rotation->base, base, sizeof(base));
	return fd;
}

int rotation_open_first(
	struct rotation *rotation, time_t now, bool *ret_created, struct error *error)
{
	const int fd = open_file(rotation, now, error);
	struct stat status;

	if (fd < 0)
		return -1;
	*ret_created = fstat(fd, &status) == 0 && status.st_size == 0;
	rotation_accept(rotation, fd);
	return fd;
}

bool rotation_is_full(const struct rotation *rotation, uint64_t bytes, uint64_t now_ms)
{
	const uint64_t most = rotation->options->file_bytes;

	return most > 0 && bytes >= most && now_ms >= rotation->retry_ms;
}

bool rotation_is_last(const struct rotation *rotation)
{
	const uint64_t count = rotation->options->file_count;

	return !rotation->is_ring && count > 0 && rotation->begun >= count;
}

/* Plans the time of the file after the next one: a whole number of intervals after start. */
static void plan_next(struct rotation *rotation, uint64_t now_ms)
{
	const uint64_t interval_ms = rotation->options->file_seconds * MS_PER_S;

	if (interval_ms == 0 || now_ms < rotation->due_ms)
		return;
	rotation->due_ms = now_ms + interval_ms - (now_ms - rotation->start_ms) % interval_ms;
}

void rotation_start(struct rotation *rotation, uint64_t start_ms, uint64_t now_ms)
{
	if (rotation->options->file_seconds == 0)
		return;
	rotation->start_ms = start_ms;
	rotation->due_ms = start_ms + rotation->options->file_seconds * MS_PER_S;
	plan_next(rotation, now_ms);
}

int rotation_open_next(struct rotation *rotation, time_t now, uint64_t now_ms, struct error *error)
{
	const int fd = open_file(rotation, now, error);

	if (fd >= 0) {
		plan_next(rotation, now_ms);
		return fd;
	}
	rotation->retry_ms = now_ms + RETRY_MS;
	if (rotation->options->file_seconds > 0)
		rotation->due_ms = rotation->retry_ms;
	return -1;
}

void rotation_accept(struct rotation *rotation, int fd)
{
	if (rotation->made)
		ring_file_remember(made_at(rotation, rotation->begun), fd, rotation->next_name);
	memcpy(rotation->name, rotation->next_name, sizeof(rotation->name));
	rotation->begun++;
}

void rotation_discard(struct rotation *rotation, int fd)
{
	close(fd);
	unlink(rotation->next_name);
}
