/*
 * Who asks. In: a connected socket, and what its request says of the way
 * here. Out: a name for reports, and the exclusions that keep the answer out
 * of the capture.
 */
#include "worker/peer.h"

#include "worker/forwarded.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->in.sin_addr.s_addr) >> 24 ==
		       IN_LOOPBACKNET;
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&address->in6.sin6_addr);
}

static uint16_t port_of(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohs(address->in.sin_port);
	if (address->any.sa_family == AF_INET6)
		return ntohs(address->in6.sin6_port);
	return 0;
}

static void name_unix(int fd, struct peer *peer)
{
	struct ucred user;
	socklen_t size = sizeof(user);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &size) == 0)
		snprintf(peer->name, sizeof(peer->name), "unix:uid=%u,pid=%d",
			user.uid, (int)user.pid);
	else
		snprintf(peer->name, sizeof(peer->name), "unix");
}

/* A socket for both families tells IPv4 as ::ffff:192.0.2.1. */
static void unmap(union address *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (address->any.sa_family != AF_INET6 ||
		!IN6_IS_ADDR_V4MAPPED(&address->in6.sin6_addr))
		return;
	memcpy(&in.sin_addr, address->in6.sin6_addr.s6_addr + 12,
		sizeof(in.sin_addr));
	in.sin_port = address->in6.sin6_port;
	address->in = in;
}

static void name_inet(const union address *address, struct peer *peer)
{
	char host[64];
	char port[8];
	bool six = address->any.sa_family == AF_INET6;
	socklen_t size = six ? sizeof(address->in6) : sizeof(address->in);

	if (getnameinfo(&address->any, size, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return;
	snprintf(peer->name, sizeof(peer->name), six ? "[%s]:%s" : "%s:%s",
		host, port);
}

bool peer_of_socket(int fd, struct peer *ret_peer, struct failure *failure)
{
	union address address = {0};
	union address local = {0};
	socklen_t size = sizeof(address);
	socklen_t local_size = sizeof(local);

	*ret_peer = (struct peer){.name = "unknown"};
	if (getsockname(fd, &local.any, &local_size) != 0)
		return failure_set(failure, 503,
			"can't tell this connection's port: %s",
			strerror(errno));
	ret_peer->local_port = port_of(&local);
	if (local.any.sa_family == AF_UNIX) {
		ret_peer->trusted = true;
		name_unix(fd, ret_peer);
	} else if (getpeername(fd, &address.any, &size) == 0) {
		unmap(&address);
		ret_peer->trusted = is_loopback(&address);
		name_inet(&address, ret_peer);
	}
	return true;
}

/*
 * A device that leaves VLAN tags to the kernel sends frames which have their
 * tag's protocol: to filters these are no TCP, though what they load is IP.
 */
static void exclude_port(struct filter *filter, unsigned port)
{
	filter_exclude(filter, "tcp port %u", port);
	filter_exclude(filter,
		"outbound and (link[0:2] = 0x8100 or link[0:2] = 0x88a8) and "
		"((link[20] = 0x45 and link[29] = 6 and link[40:2] = %u) or "
		"(link[20] & 0xf0 = 0x60 and link[26] = 6 and "
		"link[60:2] = %u))",
		port, port);
}

bool peer_exclude(const struct peer *peer, const char *forwarded,
	struct filter *filter, struct failure *failure)
{
	struct forwarded_hop hops[FORWARDED_MAX];
	int count = 0;

	if (peer->local_port)
		exclude_port(filter, peer->local_port);
	if (peer->trusted && *forwarded)
		count = forwarded_parse(forwarded, hops, failure);
	for (int i = 0; i < count; i++) {
		const struct forwarded_node *from = &hops[i].from;

		if (hops[i].by.port)
			exclude_port(filter, hops[i].by.port);
		if (*from->address && from->port)
			filter_exclude(filter, "host %s and tcp port %u",
				from->address, from->port);
	}
	return count >= 0;
}
