/*
 * The host's interfaces. In: /sys/class/net, /proc/self/net/if_inet6, and
 * netdevice(7)'s SIOCGIFCONF, which any socket answers. Out: an index, or JSON.
 */
#include "worker/interfaces.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_MAX = 1024, INTERFACES_MAX = 4096 };

#define SYS_NET "/sys/class/net"
#define INET6_ADDRESSES "/proc/self/net/if_inet6"

/* Reads a file of one number under /sys/class/net; base as strtoul(3) has. */
static bool read_number(
	const char *name, const char *file, int base, unsigned long *ret_number)
{
	char path[sizeof(SYS_NET) + NAME_MAX + 16];
	char text[32];
	char *end;
	FILE *in;
	bool read;

	snprintf(path, sizeof(path), SYS_NET "/%s/%s", name, file);
	in = fopen(path, "re");
	if (!in)
		return false;
	read = fgets(text, sizeof(text), in) != NULL;
	fclose(in);
	if (!read)
		return false;
	*ret_number = strtoul(text, &end, base);
	return end != text;
}

uint32_t interfaces_index(const char *name)
{
	unsigned long index;

	return read_number(name, "ifindex", 10, &index) ? (uint32_t)index : 0;
}

/* Prints an interface's name, which may hold anything but '/' and blanks. */
static void print_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\u%04x", c);
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void print_inet(FILE *out, const char *name, const struct ifconf *all,
	const char **separator)
{
	char text[INET_ADDRSTRLEN];

	for (int i = 0; i < all->ifc_len / (int)sizeof(struct ifreq); i++) {
		const struct ifreq *one = &all->ifc_req[i];
		struct sockaddr_in address;
		size_t size = strcspn(one->ifr_name, ":"); /* eth0:1 is eth0 */

		if (strlen(name) != size ||
			memcmp(one->ifr_name, name, size) != 0)
			continue;
		memcpy(&address, &one->ifr_addr, sizeof(address));
		inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
		fprintf(out, "%s\"%s\"", *separator, text);
		*separator = ",";
	}
}

static void print_inet6(FILE *out, const char *name, const char **separator)
{
	FILE *in = fopen(INET6_ADDRESSES, "re");
	char line[128];

	while (in && fgets(line, sizeof(line), in)) {
		char hex[33];
		char device[IF_NAMESIZE];
		char text[INET6_ADDRSTRLEN];
		struct in6_addr address;

		if (sscanf(line, "%32s %*x %*x %*x %*x %15s", hex, device) !=
				2 ||
			strcmp(device, name) != 0)
			continue;
		for (size_t i = 0; i < sizeof(address.s6_addr); i++) {
			unsigned byte = 0;

			sscanf(hex + 2 * i, "%2x", &byte);
			address.s6_addr[i] = (uint8_t)byte;
		}
		inet_ntop(AF_INET6, &address, text, sizeof(text));
		fprintf(out, "%s\"%s\"", *separator, text);
		*separator = ",";
	}
	if (in)
		fclose(in);
}

static void print_interface(
	FILE *out, const char *name, uint32_t index, const struct ifconf *inet)
{
	unsigned long flags = 0;
	const char *separator = "";

	read_number(name, "flags", 16, &flags);
	fprintf(out, "{\"index\":%u,\"name\":", index);
	print_string(out, name);
	fprintf(out, ",\"up\":%s,\"addresses\":[",
		flags & IFF_UP ? "true" : "false");
	print_inet(out, name, inet, &separator);
	print_inet6(out, name, &separator);
	fputs("]}", out);
}

static void print_all(FILE *out, const struct ifconf *inet)
{
	DIR *directory = opendir(SYS_NET);
	const struct dirent *entry;
	int count = 0;

	fputc('[', out);
	while (directory && count < INTERFACES_MAX &&
		(entry = readdir(directory))) {
		uint32_t index = interfaces_index(entry->d_name);

		if (index == 0)
			continue;
		fputs(count++ ? ",\n " : "", out);
		print_interface(out, entry->d_name, index, inet);
	}
	fputs("]\n", out);
	if (directory)
		closedir(directory);
}

char *interfaces_json(void)
{
	struct ifconf inet = {.ifc_len = ADDRESSES_MAX * sizeof(struct ifreq)};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet.ifc_req = calloc(ADDRESSES_MAX, sizeof(struct ifreq));
	if (fd < 0 || !inet.ifc_req || ioctl(fd, SIOCGIFCONF, &inet) != 0)
		inet.ifc_len = 0;
	if (out) {
		print_all(out, &inet);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	free(inet.ifc_req);
	if (fd >= 0)
		close(fd);
	return text;
}
