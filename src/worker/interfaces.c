/* SPDX-License-Identifier: MIT */
/*
 * Lists the host's network interfaces. In: /proc/self/net, which is that of this
 * process's network namespace, unlike /sys, and the ioctls of netdevice(7). Out: an
 * index, a name, or JSON.
 */
#include "worker/interfaces.h"

#include "worker/host_addresses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 1024, INTERFACES_MAX = 4096 };

#define INTERFACES "/proc/self/net/dev"
#define INET6_ADDRESSES "/proc/self/net/if_inet6"

bool interfaces_index(const char *name, uint32_t *ret_index, struct error *error)
{
	*ret_index = if_nametoindex(name);
	if (*ret_index || errno == ENODEV)
		return true;
	return error_set(error, 503, "cannot look up interface %s: %s", name, strerror(errno));
}

/* Gets the kernel's name for an index, netdevice(7). False: errno has the reason. */
static bool find_name(int socket, uint32_t index, char name[IF_NAMESIZE])
{
	struct ifreq request = {.ifr_ifindex = (int)index};

	if (ioctl(socket, SIOCGIFNAME, &request) != 0)
		return false;
	memcpy(name, request.ifr_name, IF_NAMESIZE);
	name[IF_NAMESIZE - 1] = '\0';
	return true;
}

void interfaces_name(int socket, uint32_t index, char name[IF_NAMESIZE])
{
	if (!find_name(socket, index, name))
		snprintf(name, IF_NAMESIZE, "ifindex%u", index % 100000000);
}

bool interfaces_has(int socket, uint32_t index)
{
	char name[IF_NAMESIZE];

	return find_name(socket, index, name) || errno != ENODEV;
}

/* Can second follow first in UTF-8 (RFC 3629, section 4)? */
static bool is_second(unsigned char first, unsigned char second)
{
	unsigned char least = 0x80;
	unsigned char most = 0xbf;

	if (first == 0xe0)
		least = 0xa0; /* below, it is overlong */
	if (first == 0xed)
		most = 0x9f; /* above, it is a surrogate */
	if (first == 0xf0)
		least = 0x90; /* below, it is overlong */
	if (first == 0xf4)
		most = 0x8f; /* above, it is no character */
	return second >= least && second <= most;
}

/* Is it UTF-8, which JSON needs? */
static bool is_utf8(const char *text)
{
	while (*text) {
		unsigned char c = (unsigned char)*text++;
		int more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;

		if ((c >= 0x80 && c < 0xc2) || c > 0xf4)
			return false;
		if (more > 0 && !is_second(c, (unsigned char)*text))
			return false;
		for (; more > 0; more--)
			if (((unsigned char)*text++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

void interfaces_print_name(FILE *out, const char *name)
{
	const char *text = name;
	bool utf8 = is_utf8(text);

	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c == 0x7f || (c > '~' && !utf8))
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

/* The state of the JSON output. */
struct listing {
	FILE *out;
	int fd; /* of a socket, for ioctl() */
	struct ifconf inet;
	bool is_incomplete;
};

static void print_inet(const struct listing *listing, const char *name, const char **separator)
{
	const struct ifconf *all = &listing->inet;
	char text[INET_ADDRSTRLEN];

	for (int i = 0; i < all->ifc_len / (int)sizeof(struct ifreq); i++) {
		const struct ifreq *one = &all->ifc_req[i];
		struct sockaddr_in address;
		size_t size = strcspn(one->ifr_name, ":"); /* eth0:1 is eth0 */

		if (strlen(name) != size || memcmp(one->ifr_name, name, size) != 0)
			continue;
		memcpy(&address, &one->ifr_addr, sizeof(address));
		inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
		fprintf(listing->out, "%s\"%s\"", *separator, text);
		*separator = ",";
	}
}

static void print_inet6(struct listing *listing, const char *name, const char **separator)
{
	FILE *in = fopen(INET6_ADDRESSES, "re");
	char device[IF_NAMESIZE];
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	/* a kernel without IPv6 lacks the file */
	listing->is_incomplete = listing->is_incomplete || (!in && errno != ENOENT);
	while (in && host_addresses_next_inet6(in, &address, device)) {
		if (strcmp(device, name) != 0)
			continue;
		inet_ntop(AF_INET6, &address, text, sizeof(text));
		fprintf(listing->out, "%s\"%s\"", *separator, text);
		*separator = ",";
	}
	if (in)
		fclose(in);
}

/* Prints the link type as capture_open_probe() finds it: libpcap's name, or null. */
static void print_linktype(struct listing *listing, struct ifreq *request)
{
	static const struct {
		unsigned short hardware;
		const char *name;
	} linktypes[] = {
		{ARPHRD_ETHER, "EN10MB"},
		{ARPHRD_LOOPBACK, "EN10MB"},
		{ARPHRD_NONE, "RAW"}, /* tun, WireGuard */
		{ARPHRD_TUNNEL, "RAW"},
		{ARPHRD_SIT, "RAW"},
	};
	const char *name = NULL;

	const bool is_known = ioctl(listing->fd, SIOCGIFHWADDR, request) == 0;

	if (!is_known)
		listing->is_incomplete = listing->is_incomplete || errno != ENODEV;
	for (size_t i = 0; is_known && i < sizeof(linktypes) / sizeof(*linktypes); i++)
		if (linktypes[i].hardware == request->ifr_hwaddr.sa_family)
			name = linktypes[i].name;
	if (name)
		fprintf(listing->out, ",\"linktype\":\"%s\"", name);
	else
		fputs(",\"linktype\":null", listing->out);
}

static void print_interface(struct listing *listing, const char *name, uint32_t index)
{
	FILE *out = listing->out;
	struct ifreq request = {0};
	const char *separator = "";
	bool up = false;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(listing->fd, SIOCGIFFLAGS, &request) == 0)
		up = request.ifr_flags & IFF_UP;
	else
		listing->is_incomplete = listing->is_incomplete || errno != ENODEV;
	fprintf(out, "{\"index\":%" PRIu32 ",\"name\":", index);
	interfaces_print_name(out, name);
	fprintf(out, ",\"up\":%s,\"addresses\":[", up ? "true" : "false");
	print_inet(listing, name, &separator);
	print_inet6(listing, name, &separator);
	fputc(']', out);
	print_linktype(listing, &request);
	fputc('}', out);
}

/* Each line but the first two begins with spaces, a name, and a colon. */
static void print_all(struct listing *listing)
{
	FILE *in = fopen(INTERFACES, "re");
	struct error error = {0};
	char line[512];
	int count = 0;

	listing->is_incomplete = listing->is_incomplete || !in;
	fputc('[', listing->out);
	while (in && count < INTERFACES_MAX && fgets(line, sizeof(line), in)) {
		char *name = line + strspn(line, " ");
		char *end = strchr(name, ':');
		uint32_t index;

		if (!end || end - name >= IF_NAMESIZE)
			continue;
		*end = '\0';
		if (!interfaces_index(name, &index, &error))
			listing->is_incomplete = true;
		/* it was removed after the file was opened */
		if (index == 0)
			continue;
		fputs(count++ ? ",\n " : "", listing->out);
		print_interface(listing, name, index);
	}
	fputs("]\n", listing->out);
	if (in)
		fclose(in);
}

char *interfaces_json(void)
{
	char *text = NULL;
	size_t size;
	struct listing listing = {
		.out = open_memstream(&text, &size),
		.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.inet.ifc_len = ADDRESSES_MAX * sizeof(struct ifreq),
	};

	listing.inet.ifc_req = calloc(ADDRESSES_MAX, sizeof(struct ifreq));
	if (!listing.out || listing.fd < 0 || !listing.inet.ifc_req ||
		ioctl(listing.fd, SIOCGIFCONF, &listing.inet) != 0)
		listing.is_incomplete = true;
	else
		print_all(&listing);
	if (listing.out && fclose(listing.out) != 0)
		listing.is_incomplete = true;
	if (listing.is_incomplete) {
		free(text);
		text = NULL;
	}
	free(listing.inet.ifc_req);
	if (listing.fd >= 0)
		close(listing.fd);
	return text;
}
