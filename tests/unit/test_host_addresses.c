/* SPDX-License-Identifier: MIT */
/*
 * Addresses of this host: those in the kernel's own list that are no host's alone are
 * left out, and a line of it is read in full.
 */
#include "worker/host_addresses.h"

#include "unit.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void lines_of_inet6_are_read(void **state)
{
	static char text[] = "20010db8000000000000000000000001 02 40 00 80     eth0\n"
			     "something else\n"
			     "fe800000000000000a0027fffe4e66a1 03 40 20 80 br-very-long-name\n";
	FILE *in = fmemopen(text, strlen(text), "r");
	char device[IF_NAMESIZE];
	char shown[INET6_ADDRSTRLEN];
	struct in6_addr address;

	(void)state;
	assert_non_null(in);
	assert_true(host_addresses_next_inet6(in, &address, device));
	assert_string_equal(inet_ntop(AF_INET6, &address, shown, sizeof(shown)), "2001:db8::1");
	assert_string_equal(device, "eth0");
	assert_true(host_addresses_next_inet6(in, &address, device));
	assert_string_equal(
		inet_ntop(AF_INET6, &address, shown, sizeof(shown)), "fe80::a00:27ff:fe4e:66a1");
	assert_string_equal(device, "br-very-long-na");
	assert_false(host_addresses_next_inet6(in, &address, device));
	fclose(in);
}

static void only_own_addresses_are_found(void **state)
{
	struct host_addresses *addresses = calloc(1, sizeof(*addresses));

	(void)state;
	assert_non_null(addresses);
	host_addresses_find(addresses);
	assert_true(*addresses->name);
	assert_true(addresses->count <= HOST_ADDRESSES_MAX);
	for (size_t i = 0; i < addresses->count; i++)
		assert_true(host_address_is_own(&addresses->list[i]));
	free(addresses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_inet6_are_read),
		cmocka_unit_test(only_own_addresses_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
