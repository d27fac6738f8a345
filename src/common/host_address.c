/* SPDX-License-Identifier: MIT */
/*
 * Addresses of hosts. In: bytes or text. Out: their kind, and the text.
 */
#include "common/host_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static bool is_own_ipv4(const unsigned char *bytes)
{
	if (bytes[0] == 0 || bytes[0] == 127 || bytes[0] >= 224)
		return false;
	return bytes[0] != 169 || bytes[1] != 254;
}

static bool is_own_ipv6(const unsigned char *bytes)
{
	static const unsigned char zeros[HOST_ADDRESS_IPV6 - 1];

	/* unspecified and loopback differ from 0 in the last byte only */
	if (memcmp(bytes, zeros, sizeof(zeros)) == 0 && bytes[HOST_ADDRESS_IPV6 - 1] <= 1)
		return false;
	if (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80)
		return false;
	return bytes[0] != 0xff;
}

bool host_address_is_own(const struct host_address *address)
{
	return address->size == HOST_ADDRESS_IPV4 ? is_own_ipv4(address->bytes)
						  : is_own_ipv6(address->bytes);
}

int host_address_compare(const struct host_address *one, const struct host_address *other)
{
	if (one->size != other->size)
		return one->size < other->size ? -1 : 1;
	return memcmp(one->bytes, other->bytes, one->size);
}

void host_address_print(const struct host_address *address, char out[HOST_ADDRESS_TEXT])
{
	inet_ntop(address->size == HOST_ADDRESS_IPV4 ? AF_INET : AF_INET6, address->bytes, out,
		HOST_ADDRESS_TEXT);
}

bool host_address_is_text(const char *text)
{
	const bool has_bracket = *text == '[';
	struct in6_addr address;
	char host[HOST_ADDRESS_TEXT];

	if (inet_pton(AF_INET6, text, &address) == 1)
		return true;
	text += has_bracket;
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(text, has_bracket ? "]" : ":#"), text);
	return inet_pton(has_bracket ? AF_INET6 : AF_INET, host, &address) == 1;
}
