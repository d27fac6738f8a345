/* SPDX-License-Identifier: MIT */
/*
 * Opens the socket of -listen. In: its address as text. Out: a listening socket.
 */
#include "worker/listen_address.h"

#include "common/text.h"

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 128, HOST_SIZE = 256 };

#define UNIX_PREFIX "unix:"

static void reject_address(const char *address, struct error *error)
{
	error_set(error, 1, "cannot listen on %s: %s%s", address, strerror(errno),
		errno == EADDRINUSE
			? "; stop ddump-worker.socket, or choose another address by -listen"
			: "");
}

/* Removes a unix socket on which no process listens. */
static bool remove_stale(const struct sockaddr_un *address, struct error *error)
{
	struct stat status;
	bool alive;
	int fd;

	if (lstat(address->sun_path, &status) != 0)
		return true;
	if (!S_ISSOCK(status.st_mode))
		return error_set(error, 1, "cannot listen on %s: it exists and is not a socket",
			address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	alive = fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		errno != ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	if (alive)
		return error_set(error, 1, "cannot listen on %s: another process listens on it",
			address->sun_path);
	unlink(address->sun_path);
	return true;
}

static bool set_group(const char *path, const struct settings *settings, struct error *error)
{
	const struct group *group = NULL;

	if (settings->socket_group) {
		group = getgrnam(settings->socket_group);
		if (!group)
			return error_set(error, 1, "-socket-group: group \"%s\" does not exist",
				settings->socket_group);
	}
	if (group && lchown(path, (uid_t)-1, group->gr_gid) != 0)
		return error_set(error, 1, "cannot set the group of %s: %s", path, strerror(errno));
	return true;
}

static int open_unix(const char *path, const struct settings *settings, struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);
	mode_t mask;
	int bound;
	int fd;

	if (size == 0 || size >= sizeof(address.sun_path)) {
		error_set(error, 1, "-listen: \"%s\" is not a usable path", path);
		return -1;
	}
	memcpy(address.sun_path, path, size);
	if (!remove_stale(&address, error))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		reject_address(path, error);
		return -1;
	}
	/* created with its mode: the path could be replaced before a chmod() */
	mask = umask(~settings->socket_mode & 0777);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound != 0) {
		reject_address(path, error);
		close(fd);
		return -1;
	}
	if (set_group(path, settings, error)) {
		if (listen(fd, BACKLOG) == 0)
			return fd;
		reject_address(path, error);
	}
	unlink(path);
	close(fd);
	return -1;
}

/* Splits "address:port", "[v6]:port" or ":port"; false: it is malformed. */
static bool split_address(const char *address, char host[HOST_SIZE], const char **ret_port)
{
	const char *colon = strrchr(address, ':');
	size_t size = colon ? (size_t)(colon - address) : 0;

	if (!colon || !colon[1] || size >= HOST_SIZE)
		return false;
	if (*address == '[' && size > 2 && address[size - 1] == ']') {
		address++;
		size -= 2;
	} else if (memchr(address, ':', size)) {
		return false;
	}
	memcpy(host, address, size);
	host[size] = '\0';
	*ret_port = colon + 1;
	return true;
}

static int open_one(const struct addrinfo *info)
{
	const int on = 1;
	const int off = 0;
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (info->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_inet(const char *address, struct error *error)
{
	struct addrinfo hints = {
		.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	static const int families[] = {AF_INET6, AF_INET};
	struct addrinfo *found;
	char host[HOST_SIZE];
	const char *port;
	uint64_t number;
	int fd = -1;

	/* getaddrinfo(3) truncates a port to 16 bits */
	if (!split_address(address, host, &port) || !text_number(port, UINT16_MAX, &number)) {
		error_set(error, 1,
			"-listen: \"%s\" is neither address:port, [v6]:port, "
			":port nor unix:path",
			address);
		return -1;
	}
	errno = EINVAL; /* if it is not an address of either family */
	/* an IPv6 socket accepts both; IPv4 where IPv6 is missing */
	for (size_t i = 0; i < 2 && fd < 0; i++) {
		hints.ai_family = families[i];
		if (getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
			continue;
		fd = open_one(found);
		freeaddrinfo(found);
		/* another process has the port for IPv6: do not take half of it */
		if (fd < 0 && errno == EADDRINUSE)
			break;
	}
	if (fd < 0)
		reject_address(address, error);
	return fd;
}

int listen_address_open(const char *address, const struct settings *settings, struct error *error)
{
	if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return open_unix(address + strlen(UNIX_PREFIX), settings, error);
	return open_inet(address, error);
}

void listen_address_remove(const char *address)
{
	if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		unlink(address + strlen(UNIX_PREFIX));
}
