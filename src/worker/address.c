/*
 * Addresses to listen on. In: the text of -listen. Out: a listening socket.
 */
#include "worker/address.h"

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

static void explain(const char *address, struct failure *failure)
{
	failure_set(failure, 1, "can't listen on %s: %s%s", address,
		strerror(errno),
		errno == EADDRINUSE ? " (by ddump-worker.socket? Stop that, or "
				      "name another place by -listen)"
				    : "");
}

/* Removes a socket that nobody listens on any more. */
static bool remove_stale(
	const struct sockaddr_un *address, struct failure *failure)
{
	struct stat status;
	bool alive;
	int fd;

	if (lstat(address->sun_path, &status) != 0)
		return true;
	if (!S_ISSOCK(status.st_mode))
		return failure_set(failure, 1,
			"can't listen on %s: it exists and is no socket",
			address->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	alive = fd < 0 ||
		connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) == 0 ||
		errno != ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	if (alive)
		return failure_set(failure, 1,
			"can't listen on %s: somebody else does",
			address->sun_path);
	unlink(address->sun_path);
	return true;
}

static bool own_socket(const char *path, const struct settings *settings,
	struct failure *failure)
{
	const struct group *group = NULL;

	if (settings->socket_group) {
		group = getgrnam(settings->socket_group);
		if (!group)
			return failure_set(failure, 1,
				"-socket-group: there is no group %s",
				settings->socket_group);
	}
	if (group && lchown(path, (uid_t)-1, group->gr_gid) != 0)
		return failure_set(failure, 1, "can't set up %s: %s", path,
			strerror(errno));
	return true;
}

static int open_unix(const char *path, const struct settings *settings,
	struct failure *failure)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(path);
	mode_t mask;
	int bound;
	int fd;

	if (size == 0 || size >= sizeof(address.sun_path)) {
		failure_set(
			failure, 1, "-listen: \"%s\" is no usable path", path);
		return -1;
	}
	memcpy(address.sun_path, path, size);
	if (!remove_stale(&address, failure))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* at once with its mode: a path may be exchanged behind our back */
	mask = umask(~settings->socket_mode & 0777);
	bound = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bound != 0) {
		explain(path, failure);
		close(fd);
		return -1;
	}
	if (own_socket(path, settings, failure)) {
		if (listen(fd, BACKLOG) == 0)
			return fd;
		explain(path, failure);
	}
	unlink(path);
	close(fd);
	return -1;
}

/* Splits "address:port", "[v6]:port", ":port"; false: it is none of these. */
static bool split_address(
	const char *address, char host[HOST_SIZE], const char **ret_port)
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
	if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
		listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

static int open_inet(const char *address, struct failure *failure)
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

	/* getaddrinfo(3) cuts a port's number to 16 bits */
	if (!split_address(address, host, &port) ||
		!text_number(port, UINT16_MAX, &number)) {
		failure_set(failure, 1,
			"-listen: \"%s\" is neither address:port, [v6]:port, "
			":port nor unix:path",
			address);
		return -1;
	}
	errno = EINVAL; /* if the address is none of either family */
	/* one socket of IPv6 takes both; IPv4 where there is no IPv6 */
	for (size_t i = 0; i < 2 && fd < 0; i++) {
		hints.ai_family = families[i];
		if (getaddrinfo(*host ? host : NULL, port, &hints, &found) != 0)
			continue;
		fd = open_one(found);
		freeaddrinfo(found);
		/* what comes by IPv6 must not be somebody else's */
		if (fd < 0 && errno == EADDRINUSE)
			break;
	}
	if (fd < 0)
		explain(address, failure);
	return fd;
}

int address_open(const char *address, const struct settings *settings,
	struct failure *failure)
{
	if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		return open_unix(
			address + strlen(UNIX_PREFIX), settings, failure);
	return open_inet(address, failure);
}

void address_remove(const char *address)
{
	if (strncmp(address, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
		unlink(address + strlen(UNIX_PREFIX));
}
