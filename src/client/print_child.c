/* SPDX-License-Identifier: MIT */
/*
 * One tcpdump that prints packets. In: packets of one link type. Out: its lines.
 *
 * It runs without privileges in a session of its own: Ctrl-C does not end it before it
 * has printed the last packets, and it ends when its input does.
 */
#include "client/print_child.h"

#include "format/pcap_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	RECORDS_SIZE = 2 * (PACKET_MAX + PCAP_FILE_RECORD),
	TEXT_SIZE = 1 << 16,
	MESSAGES_SIZE = 4096,
	ARGUMENTS_MAX = PRINT_TEXT_WORDS_MAX + 10,
};

/* As root, tcpdump must not parse packets with all privileges. */
static void list_arguments(
	const struct print_text_options *options, const char *arguments[ARGUMENTS_MAX])
{
	size_t count = 0;

	arguments[count++] = "tcpdump";
	arguments[count++] = "-l";
	arguments[count++] = "--number";
	if (geteuid() == 0) {
		arguments[count++] = "-Z";
		arguments[count++] = "nobody";
	}
	for (size_t i = 0; i < options->count; i++)
		arguments[count++] = options->words[i];
	arguments[count++] = "-r";
	arguments[count++] = "-";
	arguments[count] = NULL;
}

/* Starts a program with three descriptors. Returns an error number. */
static int spawn(const char *const *arguments, const int fds[3], pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all;
	sigset_t none;
	int error_number = 0;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	for (int fd = 0; fd < 3 && !error_number; fd++)
		error_number = posix_spawn_file_actions_adddup2(&actions, fds[fd], fd);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	if (!error_number)
		error_number = posix_spawnp(ret_pid, arguments[0], &actions, &attributes,
			(char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return error_number;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Opens three pipes: child has the ends that this process keeps, fds the others. */
static bool open_pipes(struct print_child *child, int fds[3])
{
	int *const kept[] = {&child->in, &child->out, &child->messages};

	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0)
			return false;
		*kept[i] = ends[i == 0];
		fds[i] = ends[i != 0];
		fcntl(*kept[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

static void put_header(struct print_child *child)
{
	const struct pcap_file file = {
		.linktype = child->linktype,
		.snaplen = PACKET_MAX,
		.nano = true,
	};

	pcap_file_put_header(child->record, &file);
	child->used = PCAP_FILE_HEADER;
}

bool print_child_start(struct print_child *child, uint32_t linktype,
	const struct print_text_options *options, struct error *error)
{
	const char *arguments[ARGUMENTS_MAX];
	int fds[3] = {-1, -1, -1};
	int error_number;

	*child = (struct print_child){
		.linktype = linktype,
		.in = -1,
		.out = -1,
		.messages = -1,
		.record = malloc(RECORDS_SIZE),
		.text = malloc(TEXT_SIZE),
	};
	error_number = child->record && child->text && open_pipes(child, fds) ? 0 : ENOMEM;
	list_arguments(options, arguments);
	if (!error_number)
		error_number = spawn(arguments, fds, &child->pid);
	for (int i = 0; i < 3; i++)
		close_fd(&fds[i]);
	if (error_number)
		return error_set(error, 1, "cannot run tcpdump: %s", strerror(error_number));
	put_header(child);
	return true;
}

void print_child_add(struct print_child *child, const struct packet *packet)
{
	static const struct packet mark = {0};
	const struct packet *added = packet ? packet : &mark;

	assert(child->used + PCAP_FILE_RECORD + added->caplen <= RECORDS_SIZE);
	pcap_file_put_record(child->record + child->used, added, true);
	child->used += PCAP_FILE_RECORD;
	if (added->caplen > 0)
		memcpy(child->record + child->used, added->data, added->caplen);
	child->used += added->caplen;
	child->sent++;
}

bool print_child_is_written(const struct print_child *child)
{
	return child->start == child->used;
}

void print_child_write(struct print_child *child)
{
	while (child->in >= 0 && child->start < child->used) {
		const ssize_t size =
			write(child->in, child->record + child->start, child->used - child->start);

		if (size < 0 && errno == EAGAIN)
			return;
		if (size < 0 && errno != EINTR)
			close_fd(&child->in);
		child->start += size > 0 ? (size_t)size : 0;
	}
	child->start = 0;
	child->used = 0;
}

void print_child_finish(struct print_child *child)
{
	if (print_child_is_written(child))
		close_fd(&child->in);
}

void print_child_read(struct print_child *child)
{
	ssize_t size;

	if (child->text_start > 0)
		memmove(child->text, child->text + child->text_start,
			child->text_used - child->text_start);
	child->text_used -= child->text_start;
	child->text_start = 0;
	if (child->out < 0 || child->text_used == TEXT_SIZE)
		return;
	size = read(child->out, child->text + child->text_used, TEXT_SIZE - child->text_used);
	if (size > 0)
		child->text_used += (size_t)size;
	else if (size == 0 || (errno != EAGAIN && errno != EINTR))
		close_fd(&child->out);
}

/* Keeps the last line of what is there. */
void print_child_read_messages(struct print_child *child)
{
	char text[MESSAGES_SIZE];
	const ssize_t size =
		child->messages < 0 ? 0 : read(child->messages, text, sizeof(text) - 1);
	const char *line;

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (size <= 0) {
		close_fd(&child->messages);
		return;
	}
	text[size] = '\0';
	if (text[size - 1] == '\n')
		text[size - 1] = '\0';
	line = strrchr(text, '\n');
	snprintf(child->message, sizeof(child->message), "%.*s", PRINT_CHILD_ERROR_SIZE - 1,
		line ? line + 1 : text);
}

const char *print_child_line(const struct print_child *child, size_t *ret_size)
{
	const char *line = child->text + child->text_start;
	const size_t size = child->text_used - child->text_start;
	const char *end = size > 0 ? memchr(line, '\n', size) : NULL;

	if (end)
		*ret_size = (size_t)(end - line);
	else if (size == TEXT_SIZE || (child->out < 0 && size > 0))
		*ret_size = size;
	else
		return NULL;
	return line;
}

void print_child_take(struct print_child *child, size_t size)
{
	const bool has_end = child->text_start + size < child->text_used;

	child->text_start += size + has_end;
}

int print_child_wait(struct print_child *child)
{
	int status = 0;

	close_fd(&child->in);
	if (child->pid <= 0 || waitpid(child->pid, &status, 0) < 0)
		return 0;
	child->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void print_child_free(struct print_child *child)
{
	close_fd(&child->in);
	close_fd(&child->out);
	close_fd(&child->messages);
	free(child->record);
	free(child->text);
}
