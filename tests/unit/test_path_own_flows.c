/* SPDX-License-Identifier: MIT */
/* The flows of ddump's own streams, and no others, are found in both directions. */
#include "client/path_own_flows.h"

#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct target list[3] = {{.ssh_host = (char *)"192.0.2.7", .ssh_port = (char *)"2222"},
	{.ssh_host = (char *)"router"}};
static const struct target_list targets = {.list = list, .count = 3};

static struct path_flow_key make_key(
	const char *source, unsigned source_port, const char *destination, unsigned port)
{
	struct path_flow_key key = {.protocol = IPPROTO_TCP};
	const int family = strchr(source, ':') ? AF_INET6 : AF_INET;

	key.version = family == AF_INET ? 4 : 6;
	assert_int_equal(inet_pton(family, source, key.source), 1);
	assert_int_equal(inet_pton(family, destination, key.destination), 1);
	key.source_port[0] = (uint8_t)(source_port >> 8);
	key.source_port[1] = (uint8_t)source_port;
	key.destination_port[0] = (uint8_t)(port >> 8);
	key.destination_port[1] = (uint8_t)port;
	return key;
}

static bool have(const struct path_own_flows *own, const char *source, unsigned source_port,
	const char *destination, unsigned port)
{
	const struct path_flow_key key = make_key(source, source_port, destination, port);
	const struct path_flow_key back = make_key(destination, port, source, source_port);
	const bool has = path_own_flows_have(own, &key);

	assert_int_equal(path_own_flows_have(own, &back), has);
	return has;
}

static void connect_to(
	struct path_own_flows *own, const char *local, unsigned local_port, const char *peer)
{
	const struct path_own_end from = {local, local_port};
	const struct path_own_end to = {peer, 8475};

	path_own_flows_connect(own, 2, &from, &to);
}

static void connections_found_last_two_of_each(void **state)
{
	struct path_own_flows *own = path_own_flows_new(&targets);

	(void)state;
	assert_non_null(own);
	assert_false(have(own, "192.0.2.1", 40000, "192.0.2.2", 8475));
	connect_to(own, "192.0.2.1", 40000, "192.0.2.2");
	assert_true(have(own, "192.0.2.1", 40000, "192.0.2.2", 8475));
	assert_false(have(own, "192.0.2.1", 40001, "192.0.2.2", 8475));
	assert_false(have(own, "192.0.2.1", 40000, "192.0.2.3", 8475));
	connect_to(own, "fe80::1%eth0", 40001, "fe80::2");
	connect_to(own, "", 40002, "");
	assert_true(have(own, "192.0.2.1", 40000, "192.0.2.2", 8475));
	assert_true(have(own, "fe80::1", 40001, "fe80::2", 8475));
	connect_to(own, "192.0.2.1", 40003, "192.0.2.2");
	assert_false(have(own, "192.0.2.1", 40000, "192.0.2.2", 8475));
	assert_true(have(own, "192.0.2.1", 40003, "192.0.2.2", 8475));
	path_own_flows_free(own);
}

static void ssh_all_to_the_port_of_an_address(void **state)
{
	struct path_own_flows *own = path_own_flows_new(&targets);
	struct path_flow_key udp = make_key("192.0.2.1", 40000, "192.0.2.7", 2222);

	(void)state;
	assert_true(have(own, "192.0.2.1", 40000, "192.0.2.7", 2222));
	assert_true(have(own, "192.0.2.9", 1, "192.0.2.7", 2222));
	assert_false(have(own, "192.0.2.1", 40000, "192.0.2.7", 22));
	assert_false(have(own, "192.0.2.1", 40000, "192.0.2.8", 2222));
	udp.protocol = IPPROTO_UDP;
	assert_false(path_own_flows_have(own, &udp));
	path_own_flows_free(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_found_last_two_of_each),
		cmocka_unit_test(ssh_all_to_the_port_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
