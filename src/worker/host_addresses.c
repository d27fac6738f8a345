/* SPDX-License-Identifier: MIT */
/*
 * Finds the addresses of this host, without netlink, which the unit does not allow. In:
 * an ioctl of netdevice(7) and /proc/self/net. Out: addresses and a name.
 */
#include "worker/host_addresses.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INTERFACE_ADDRESSES_MAX = 1024 };

#define INET6_ADDRESSES "/proc/self/net/if_inet6"

static void add(struct host_addresses *addresses, const void *bytes, uint8_t size)
{
	struct host_address address = {.size = size};

	memcpy(address.bytes, bytes, size);
	if (!host_address_is_own(&address))
		return;
	if (addresses->count == HOST_ADDRESSES_MAX)
		addresses->left_out++;
	else
		addresses->list[addresses->count++] = address;
}

static void find_inet(struct host_addresses *addresses)
{
	struct ifreq *list = calloc(INTERFACE_ADDRESSES_MAX, sizeof(*list));
	struct ifconf all = {.ifc_len = INTERFACE_ADDRESSES_MAX * sizeof(*list), .ifc_req = list};
	const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || !list || ioctl(fd, SIOCGIFCONF, &all) != 0)
		all.ifc_len = 0;
	for (int i = 0; i < all.ifc_len / (int)sizeof(*list); i++) {
		struct sockaddr_in address;

		memcpy(&address, &list[i].ifr_addr, sizeof(address));
		add(addresses, &address.sin_addr, HOST_ADDRESS_IPV4);
	}
	if (fd >= 0)
		close(fd);
	free(list);
}

bool host_addresses_next_inet6(FILE *in, struct in6_addr *ret_address, char device[IF_NAMESIZE])
{
	char line[128];
	char hex[33];

	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%32s %*x %*x %*x %*x %15s", hex, device) != 2)
			continue;
		for (size_t i = 0; i < sizeof(ret_address->s6_addr); i++) {
			unsigned byte = 0;

			/* NOLINTNEXTLINE(cert-err34-c): the kernel's */
			sscanf(hex + 2 * i, "%2x", &byte);
			ret_address->s6_addr[i] = (uint8_t)byte;
		}
		return true;
	}
	return false;
}

static void find_inet6(struct host_addresses *addresses)
{
	FILE *in = fopen(INET6_ADDRESSES, "re");
	char device[IF_NAMESIZE];
	struct in6_addr address;

	while (in && host_addresses_next_inet6(in, &address, device))
		add(addresses, &address, HOST_ADDRESS_IPV6);
	if (in)
		fclose(in);
}

/* Readers show the name: it has only characters of host names, or it is a general one. */
static void find_name(char name[HOST_ADDRESSES_NAME_MAX])
{
	bool is_sound = gethostname(name, HOST_ADDRESSES_NAME_MAX) == 0;

	name[HOST_ADDRESSES_NAME_MAX - 1] = '\0';
	for (const char *at = name; *at && is_sound; at++)
		is_sound = isalnum((unsigned char)*at) || strchr(".-_", *at);
	if (!is_sound || !*name)
		snprintf(name, HOST_ADDRESSES_NAME_MAX, "this-host");
}

void host_addresses_find(struct host_addresses *addresses)
{
	addresses->count = 0;
	addresses->left_out = 0;
	find_name(addresses->name);
	find_inet(addresses);
	find_inet6(addresses);
}
