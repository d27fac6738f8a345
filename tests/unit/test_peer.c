/* SPDX-License-Identifier: MIT */
/*
 * Who asks: real sockets of each family tell their name, port and trust, and
 * what a peer's stream is excluded by.
 */
#include "worker/peer.h"

#include "unit.h"
#include "worker/exclusions.h"
#include "worker/filter_expression.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A TCP connection on this host. */
struct pair {
	int server; /* the accepted end */
	int client;
	uint16_t server_port;
	uint16_t client_port;
};

static uint16_t port_of(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)address)->sin6_port
			     : ((const struct sockaddr_in *)address)->sin_port);
}

static void pair_open(struct pair *pair, int listener)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);

	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	if (address.ss_family == AF_INET6) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;

		if (IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
			six->sin6_addr = in6addr_loopback;
	}
	pair->server_port = port_of(&address);
	pair->client = socket(address.ss_family, SOCK_STREAM, 0);
	assert_int_equal(connect(pair->client, (struct sockaddr *)&address, size), 0);
	size = sizeof(address);
	assert_int_equal(getsockname(pair->client, (struct sockaddr *)&address, &size), 0);
	pair->client_port = port_of(&address);
	pair->server = accept(listener, NULL, NULL);
	assert_true(pair->server >= 0);
}

static void pair_close(struct pair *pair)
{
	close(pair->server);
	close(pair->client);
}

/* Returns a listening socket, -1 where the host has no such address. */
static int listen_on(const struct sockaddr *address, socklen_t size)
{
	int fd = socket(address->sa_family, SOCK_STREAM, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, address, size) == 0 && listen(fd, 1) == 0)
		return fd;
	close(fd);
	return -1;
}

static void check_peer(const struct pair *pair, const char *host, bool trusted)
{
	struct peer peer;
	struct error error = {0};
	char expected[128];

	assert_true(peer_of_socket(pair->server, &peer, &error));
	snprintf(expected, sizeof(expected), "%s:%u", host, pair->client_port);
	assert_string_equal(peer.name, expected);
	assert_int_equal(peer.local.port, pair->server_port);
	assert_int_equal(peer.remote.port, pair->client_port);
	assert_true(peer.local.family == peer.remote.family);
	assert_int_equal(peer.trusted, trusted);
	/* an address in the kernel's table has the kernel's byte order */
	if (is_emulated() && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
		return;
	/* the kernel's table has the user of what is on this host */
	assert_int_equal(peer_owner(pair->server), trusted ? (int64_t)getuid() : -1);
	/* and of one who sends no more, but reads */
	assert_int_equal(shutdown(pair->client, SHUT_WR), 0);
	assert_int_equal(peer_owner(pair->server), trusted ? (int64_t)getuid() : -1);
}

static void peer_loopback_is_trusted(void **state)
{
	const struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in other = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 7)};
	const struct sockaddr_in *const both[] = {&four, &other};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int listener = listen_on((const struct sockaddr *)both[i], sizeof(*both[i]));
		struct pair pair;

		assert_true(listener >= 0);
		pair_open(&pair, listener);
		check_peer(&pair, "127.0.0.1", true);
		pair_close(&pair);
		close(listener);
	}
}

static void peer_loopback_of_ipv6_is_trusted(void **state)
{
	const struct sockaddr_in6 six = {
		.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int listener = listen_on((const struct sockaddr *)&six, sizeof(six));
	struct pair pair;

	(void)state;
	if (listener < 0)
		skip();
	pair_open(&pair, listener);
	check_peer(&pair, "[::1]", true);
	pair_close(&pair);
	close(listener);
}

/* A listener for both families sees IPv4 peers as ::ffff:a.b.c.d: told so. */
static void peer_mapped_loopback_is_trusted(void **state)
{
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 bound;
	socklen_t size = sizeof(bound);
	int listener = listen_on((const struct sockaddr *)&any, sizeof(any));
	struct pair pair = {0};

	(void)state;
	if (listener < 0)
		skip();
	getsockname(listener, (struct sockaddr *)&bound, &size);
	four.sin_port = bound.sin6_port;
	pair.server_port = ntohs(bound.sin6_port);
	pair.client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair.client, (struct sockaddr *)&four, sizeof(four)), 0);
	size = sizeof(four);
	getsockname(pair.client, (struct sockaddr *)&four, &size);
	pair.client_port = ntohs(four.sin_port);
	pair.server = accept(listener, NULL, NULL);
	check_peer(&pair, "127.0.0.1", true);
	pair_close(&pair);
	close(listener);
}

/* A client may write IPv4 so, too: the kernel then lists it with IPv6. */
static void peer_owner_of_a_mapped_client_is_found(void **state)
{
	const struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 mapped = {.sin6_family = AF_INET6};
	struct sockaddr_in bound;
	socklen_t size = sizeof(bound);
	int listener = listen_on((const struct sockaddr *)&four, sizeof(four));
	struct pair pair = {0};

	(void)state;
	assert_true(listener >= 0);
	pair.client = socket(AF_INET6, SOCK_STREAM, 0);
	if (pair.client < 0) {
		close(listener);
		skip();
	}
	getsockname(listener, (struct sockaddr *)&bound, &size);
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	mapped.sin6_port = bound.sin_port;
	assert_int_equal(connect(pair.client, (struct sockaddr *)&mapped, sizeof(mapped)), 0);
	size = sizeof(mapped);
	getsockname(pair.client, (struct sockaddr *)&mapped, &size);
	pair.client_port = ntohs(mapped.sin6_port);
	pair.server_port = ntohs(bound.sin_port);
	pair.server = accept(listener, NULL, NULL);
	check_peer(&pair, "127.0.0.1", true);
	pair_close(&pair);
	close(listener);
}

/* Finds an IPv4 address of this host that is not of loopback. */
static bool find_outer_address(struct sockaddr_in *ret_address)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) != 0)
		return false;
	for (struct ifaddrs *at = all; at && !found; at = at->ifa_next) {
		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_INET ||
			at->ifa_flags & IFF_LOOPBACK)
			continue;
		memcpy(ret_address, at->ifa_addr, sizeof(*ret_address));
		found = true;
	}
	freeifaddrs(all);
	return found;
}

static void peer_other_address_is_not_trusted(void **state)
{
	struct sockaddr_in address;
	char host[INET_ADDRSTRLEN];
	struct pair pair;
	int listener;

	(void)state;
	if (!find_outer_address(&address))
		skip();
	address.sin_port = 0;
	listener = listen_on((struct sockaddr *)&address, sizeof(address));
	assert_true(listener >= 0);
	pair_open(&pair, listener);
	inet_ntop(AF_INET, &address.sin_addr, host, sizeof(host));
	check_peer(&pair, host, false);
	pair_close(&pair);
	close(listener);
}

static void peer_unix_has_a_user(void **state)
{
	struct peer peer;
	struct error error = {0};
	char expected[64];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_true(peer_of_socket(fds[0], &peer, &error));
	snprintf(expected, sizeof(expected), "unix:uid=%u,pid=%d", (unsigned)getuid(),
		(int)getpid());
	assert_string_equal(peer.name, expected);
	assert_int_equal(peer.local.family, 0);
	assert_int_equal(peer.local.port, 0);
	assert_true(peer.trusted);
	close(fds[0]);
	close(fds[1]);
}

/* What does not tell its port can't keep its own stream out. */
static void peer_invalid_socket_is_rejected(void **state)
{
	struct peer peer;
	struct error error = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(peer_of_socket(fds[0], &peer, &error));
	assert_int_equal(error.status, 503);
	assert_string_equal(peer.name, "unknown");
	assert_int_equal(peer.local.family, 0);
	assert_int_equal(peer.local.port, 0);
	assert_false(peer.trusted);
	close(fds[0]);
	close(fds[1]);
}

static bool exclude(const struct peer *peer, const char *forwarded, struct exclusions *exclusions,
	struct error *error)
{
	struct peer copy = *peer;

	if (!peer_add_forwarded(&copy, forwarded, error))
		return false;
	exclusions_add_peer(exclusions, &copy);
	return true;
}

static void check_exclusions(const struct peer *peer, const char *forwarded, const char *expected)
{
	struct capture_filter filter = {.user = ""};
	struct error error = {0};
	char *joined;

	assert_true(exclude(peer, forwarded, &filter.exclusions, &error));
	assert_int_equal(error.status, 0);
	joined = filter_expression_join(&filter);
	assert_non_null(joined);
	assert_string_equal(joined, expected);
	free(joined);
}

static void peer_own_port_is_excluded(void **state)
{
	const struct peer near = {.local.port = 8475, .trusted = true};
	const struct peer far = {.local.port = 8475, .trusted = false};
	const struct peer local = {.trusted = true};

	(void)state;
	check_exclusions(&near, "", "(not ((tcp port 8475)))");
	check_exclusions(&far, "", "(not ((tcp port 8475)))");
	check_exclusions(&local, "", "");
}

/* A socket for both families has IPv4 addresses as they are in packets. */
static void peer_own_addresses_are_those_of_packets(void **state)
{
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 bound;
	socklen_t size = sizeof(bound);
	int listener = listen_on((const struct sockaddr *)&any, sizeof(any));
	struct exclusions exclusions = {0};
	struct error error = {0};
	struct pair pair = {0};
	struct peer peer;

	(void)state;
	if (listener < 0)
		skip();
	getsockname(listener, (struct sockaddr *)&bound, &size);
	four.sin_port = bound.sin6_port;
	pair.client = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair.client, (struct sockaddr *)&four, sizeof(four)), 0);
	pair.server = accept(listener, NULL, NULL);
	assert_true(peer_of_socket(pair.server, &peer, &error));
	exclusions_add_peer(&exclusions, &peer);
	assert_int_equal(exclusions.local.family, AF_INET);
	assert_int_equal(exclusions.remote.family, AF_INET);
	assert_memory_equal(exclusions.local.address, "\x7f\0\0\1", 4);
	assert_memory_equal(exclusions.remote.address, "\x7f\0\0\1", 4);
	assert_int_equal(exclusions.local.port, ntohs(bound.sin6_port));
	pair_close(&pair);
	close(listener);
}

static void peer_endpoints_of_proxies_are_excluded(void **state)
{
	const struct peer near = {.local.port = 8475, .trusted = true};
	const struct peer local = {.trusted = true};

	(void)state;
	check_exclusions(&local, "for=192.0.2.1:4711;by=203.0.113.1:443",
		"(not ((tcp port 443) or "
		"(host 192.0.2.1 and tcp port 4711)))");
	check_exclusions(&near, "for=\"[2001:db8::7]:4711\", for=192.0.2.1;by=_x:8443",
		"(not ((tcp port 8475) or (tcp port 8443) or "
		"(host 2001:db8::7 and tcp port 4711)))");
	/* as a client by ssh says it */
	check_exclusions(&near, "by=\"_ssh:22\"", "(not ((tcp port 8475) or (tcp port 22)))");
	/* an address or a port alone is no flow */
	check_exclusions(&local, "for=192.0.2.1, for=unknown:80, by=1.2.3.4", "");
}

static void peer_forwarded_is_used_only_if_trusted(void **state)
{
	const struct peer far = {.local.port = 8475, .trusted = false};
	const struct peer local = {.trusted = true};
	struct exclusions exclusions = {0};
	struct error error = {0};

	(void)state;
	check_exclusions(&far, "for=192.0.2.1:80;by=203.0.113.1:443", "(not ((tcp port 8475)))");
	check_exclusions(&far, "for=\"", "(not ((tcp port 8475)))");
	assert_false(exclude(&local, "for=\"", &exclusions, &error));
	assert_int_equal(error.status, 400);
}

static void peer_longest_forwarded_fits(void **state)
{
	const struct peer near = {.local.port = 8475, .trusted = true};
	struct exclusions exclusions = {0};
	struct error error = {0};
	char forwarded[1024] = "";

	(void)state;
	for (int i = 0; i < 16; i++)
		sprintf(forwarded + strlen(forwarded), "%sfor=192.0.2.1:%d;by=_:%d", i ? "," : "",
			100 + i, 200 + i);
	assert_true(exclude(&near, forwarded, &exclusions, &error));
	assert_int_equal(exclusions.port_count, 17);
	assert_int_equal(exclusions.endpoint_count, 16);
}

static void check_proxy(const char *forwarded, bool has_proxy, const char *expected)
{
	struct peer local = {.trusted = true};
	struct error error = {0};
	char client[PEER_NAME_SIZE];

	assert_true(peer_add_forwarded(&local, forwarded, &error));
	assert_int_equal(peer_has_proxy(&local), has_proxy);
	peer_client(&local, client);
	assert_string_equal(client, expected);
}

/* The last hop is the word of the proxy that is the peer. */
static void peer_client_is_that_of_the_nearest_proxy(void **state)
{
	(void)state;
	check_proxy("", false, "");
	check_proxy("for=192.0.2.1:4711;by=\"_proxy:8475\"", true, "192.0.2.1:4711");
	check_proxy("for=198.51.100.1:1, for=\"[2001:db8::7]:4711\";by=_:8475", true,
		"[2001:db8::7]:4711");
	check_proxy("for=192.0.2.1:4711;by=203.0.113.1", false, "192.0.2.1:4711");
	check_proxy("for=unknown;by=\"_ssh:22\"", true, "");
	/* what its client said of a port is nothing that it has said */
	check_proxy("for=198.51.100.1:1;by=\"_:22\", for=192.0.2.1:4711", false, "192.0.2.1:4711");
}

static void peer_untrusted_has_no_proxy(void **state)
{
	struct peer far = {.trusted = false};
	struct error error = {0};

	(void)state;
	assert_true(peer_add_forwarded(&far, "by=\"_:8475\"", &error));
	assert_false(peer_has_proxy(&far));
}

static void peer_owner_of_a_unix_socket_is_unknown(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(peer_owner(pair[0]), -1);
	close(pair[0]);
	close(pair[1]);
}

static void peer_of_ssh_session_has_its_addresses(void **state)
{
	static const char *const bad[] = {"192.0.2.1", "192.0.2.1 4711 192.0.2.2",
		"192.0.2.1 0 192.0.2.2 22", "192.0.2.1 70000 192.0.2.2 22",
		"192.0.2.1 4711 192.0.2.2 -2", "x 4711 192.0.2.2 22", "192.0.2.1 4711 x 22"};
	struct peer peer;
	struct error error = {0};
	struct endpoint expected;

	(void)state;
	assert_true(peer_of_ssh(NULL, &peer, &error));
	assert_int_equal(peer.remote.family, 0);
	assert_true(peer_of_ssh("192.0.2.1 4711 192.0.2.2 22", &peer, &error));
	assert_true(endpoint_parse("192.0.2.1", 4711, &expected));
	assert_memory_equal(&peer.remote, &expected, sizeof(expected));
	/* other users of sshd are captured */
	assert_int_equal(peer.local.port, 0);
	assert_int_equal(peer.local.family, AF_INET);
	assert_true(peer_of_ssh("fe80::1%eth0 4711 fe80::2%eth0 22", &peer, &error));
	assert_true(endpoint_parse("fe80::1", 4711, &expected));
	assert_memory_equal(&peer.remote, &expected, sizeof(expected));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(peer_of_ssh(bad[i], &peer, &error));
	assert_non_null(strstr(error.text, "SSH_CONNECTION"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(peer_loopback_is_trusted),
		cmocka_unit_test(peer_loopback_of_ipv6_is_trusted),
		cmocka_unit_test(peer_mapped_loopback_is_trusted),
		cmocka_unit_test(peer_owner_of_a_mapped_client_is_found),
		cmocka_unit_test(peer_other_address_is_not_trusted),
		cmocka_unit_test(peer_unix_has_a_user),
		cmocka_unit_test(peer_invalid_socket_is_rejected),
		cmocka_unit_test(peer_own_port_is_excluded),
		cmocka_unit_test(peer_own_addresses_are_those_of_packets),
		cmocka_unit_test(peer_endpoints_of_proxies_are_excluded),
		cmocka_unit_test(peer_forwarded_is_used_only_if_trusted),
		cmocka_unit_test(peer_longest_forwarded_fits),
		cmocka_unit_test(peer_client_is_that_of_the_nearest_proxy),
		cmocka_unit_test(peer_untrusted_has_no_proxy),
		cmocka_unit_test(peer_owner_of_a_unix_socket_is_unknown),
		cmocka_unit_test(peer_of_ssh_session_has_its_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
