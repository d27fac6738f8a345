/* SPDX-License-Identifier: MIT */
/*
 * Identifies the peer of a connection. In: a connected socket, a Forwarded field.
 * Out: names for reports, and the endpoints of its connections.
 */
#include "worker/peer.h"

#include "common/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define SOCKETS "/proc/self/net/tcp"
#define SOCKETS6 "/proc/self/net/tcp6"

enum {
	SOCKETS_LINE = 256,
	SOCKETS_MAX = 200000, /* connections that are searched */
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

enum { SSH_WORD_SIZE = 64 }; /* an address with the name of an interface */

bool endpoint_parse(const char *address, uint16_t port, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = {
		.family = strchr(address, ':') ? AF_INET6 : AF_INET,
		.port = port,
	};

	if (inet_pton(endpoint.family, address, endpoint.address) != 1)
		return false;
	*ret_endpoint = endpoint;
	return true;
}

/* Parses one end of SSH_CONNECTION; a link-local address ends with %INTERFACE. */
static bool parse_ssh_end(char *address, const char *port, struct endpoint *ret_endpoint)
{
	uint64_t number;

	address[strcspn(address, "%")] = '\0';
	return text_number(port, UINT16_MAX, &number) && number > 0 &&
	       endpoint_parse(address, (uint16_t)number, ret_endpoint);
}

bool peer_of_ssh(const char *connection, struct peer *ret_peer, struct error *error)
{
	char remote[SSH_WORD_SIZE];
	char remote_port[SSH_WORD_SIZE];
	char local[SSH_WORD_SIZE];
	char local_port[SSH_WORD_SIZE];

	*ret_peer = (struct peer){.name = "stdout"};
	if (!connection || !*connection)
		return true;
	if (sscanf(connection, "%63s %63s %63s %63s", remote, remote_port, local, local_port) ==
			4 &&
		parse_ssh_end(remote, remote_port, &ret_peer->remote) &&
		parse_ssh_end(local, local_port, &ret_peer->local)) {
		ret_peer->local.port = 0;
		return true;
	}
	return error_set(error, 1,
		"SSH_CONNECTION: \"%s\" is not ADDRESS PORT ADDRESS PORT, so the connection cannot "
		"be kept out of the capture; unset it if there is none",
		connection);
}

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return address->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
}

static struct endpoint make_endpoint(const union address *address)
{
	struct endpoint endpoint = {0};

	if (address->any.sa_family == AF_INET) {
		endpoint.port = ntohs(address->in.sin_port);
		memcpy(endpoint.address, &address->in.sin_addr, sizeof(address->in.sin_addr));
	} else if (address->any.sa_family == AF_INET6) {
		endpoint.port = ntohs(address->in6.sin6_port);
		memcpy(endpoint.address, &address->in6.sin6_addr, sizeof(address->in6.sin6_addr));
	} else {
		return endpoint;
	}
	endpoint.family = address->any.sa_family;
	return endpoint;
}

static void name_unix(int fd, struct peer *peer)
{
	struct ucred user;
	socklen_t size = sizeof(user);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &size) == 0)
		snprintf(peer->name, sizeof(peer->name), "unix:uid=%u,pid=%d", user.uid,
			(int)user.pid);
	else
		snprintf(peer->name, sizeof(peer->name), "unix");
}

/* Turns an IPv4-mapped address (::ffff:192.0.2.1) into IPv4. */
static void unmap_address(union address *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (address->any.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return;
	memcpy(&in.sin_addr, address->in6.sin6_addr.s6_addr + 12, sizeof(in.sin_addr));
	in.sin_port = address->in6.sin6_port;
	address->in = in;
}

static void name_inet(const union address *address, struct peer *peer)
{
	char host[64];
	char port[8];
	bool six = address->any.sa_family == AF_INET6;
	socklen_t size = six ? sizeof(address->in6) : sizeof(address->in);

	if (getnameinfo(&address->any, size, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(peer->name, sizeof(peer->name), six ? "[%s]:%s" : "%s:%s", host, port);
}

bool peer_of_socket(int fd, struct peer *ret_peer, struct error *error)
{
	union address address = {0};
	union address local = {0};
	socklen_t size = sizeof(address);
	socklen_t local_size = sizeof(local);

	*ret_peer = (struct peer){.name = "unknown"};
	if (getsockname(fd, &local.any, &local_size) != 0)
		return error_set(error, 503, "cannot get the local port of the connection: %s",
			strerror(errno));
	unmap_address(&local);
	ret_peer->local = make_endpoint(&local);
	if (local.any.sa_family == AF_UNIX) {
		ret_peer->trusted = true;
		name_unix(fd, ret_peer);
	} else if (getpeername(fd, &address.any, &size) == 0) {
		unmap_address(&address);
		ret_peer->remote = make_endpoint(&address);
		ret_peer->trusted = is_loopback(&address);
		name_inet(&address, ret_peer);
	}
	return true;
}

bool peer_add_forwarded(struct peer *peer, const char *forwarded, struct error *error)
{
	int count = 0;

	if (peer->trusted && *forwarded)
		count = forwarded_parse(forwarded, peer->hops, error);
	if (count < 0)
		return false;
	peer->hop_count = count;
	return true;
}

/* Each proxy appends its hop: the last one is from the trusted peer. */
bool peer_has_proxy(const struct peer *peer)
{
	return peer->hop_count > 0 && peer->hops[peer->hop_count - 1].by.port != 0;
}

void peer_client(const struct peer *peer, char client[PEER_NAME_SIZE])
{
	const struct forwarded_node *from;

	*client = '\0';
	if (peer->hop_count == 0)
		return;
	from = &peer->hops[peer->hop_count - 1].from;
	if (*from->address)
		snprintf(client, PEER_NAME_SIZE, strchr(from->address, ':') ? "[%s]:%u" : "%s:%u",
			from->address, from->port);
}

/* Turns IPv4 into an IPv4-mapped address; leaves IPv6 unchanged. */
static void map_address(union address *address)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};

	if (address->any.sa_family != AF_INET)
		return;
	six.sin6_addr.s6_addr[10] = 0xff;
	six.sin6_addr.s6_addr[11] = 0xff;
	memcpy(six.sin6_addr.s6_addr + 12, &address->in.sin_addr, sizeof(address->in.sin_addr));
	six.sin6_port = address->in.sin_port;
	address->in6 = six;
}

/* Prints an address as /proc does: 32-bit words in this machine's byte order. */
static void print_address(const union address *address, char text[64])
{
	const bool six = address->any.sa_family == AF_INET6;
	const void *bytes =
		six ? (const void *)&address->in6.sin6_addr : (const void *)&address->in.sin_addr;
	uint32_t words[4];

	memcpy(words, bytes, six ? 16 : 4);
	for (size_t i = 0; i < (six ? 4 : 1); i++)
		text += sprintf(text, "%08" PRIX32, words[i]);
	sprintf(text, ":%04X", make_endpoint(address).port);
}

/* Searches the table of proc(5) for the socket at the other end; returns its uid or -1. */
static int64_t find_owner(
	const char *path, const union address *from_address, const union address *to_address)
{
	char from[64];
	char to[64];
	char local[64];
	char remote[64];
	unsigned long inode;
	unsigned uid;
	char line[SOCKETS_LINE];
	int64_t owner = -1;
	FILE *in = fopen(path, "re");

	if (!in)
		return -1;
	print_address(from_address, from);
	print_address(to_address, to);
	for (int i = 0; owner < 0 && i < SOCKETS_MAX && fgets(line, sizeof(line), in); i++)
		/* a socket without a process has uid 0 and inode 0 */
		/* NOLINTNEXTLINE(cert-err34-c): the kernel writes numbers */
		if (sscanf(line, "%*d: %63s %63s %*s %*s %*s %*s %u %*s %lu", local, remote, &uid,
			    &inode) == 4 &&
			inode != 0 && strcmp(local, from) == 0 && strcmp(remote, to) == 0)
			owner = uid;
	fclose(in);
	return owner;
}

int64_t peer_owner(int fd)
{
	union address address = {0};
	union address local = {0};
	socklen_t size = sizeof(address);
	socklen_t local_size = sizeof(local);
	int64_t owner = -1;

	if (getpeername(fd, &address.any, &size) != 0 ||
		getsockname(fd, &local.any, &local_size) != 0)
		return -1;
	unmap_address(&address);
	unmap_address(&local);
	if (!is_loopback(&address))
		return -1;
	if (address.any.sa_family == AF_INET)
		owner = find_owner(SOCKETS, &address, &local);
	if (owner >= 0)
		return owner;
	/* the client's socket may be IPv6, with mapped addresses */
	map_address(&address);
	map_address(&local);
	return find_owner(SOCKETS6, &address, &local);
}
