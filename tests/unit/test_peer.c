/*
 * Who asks: real sockets of each family tell their name, port and trust, and
 * what a peer's stream is excluded by.
 */
#include "worker/peer.h"

#include "unit.h"

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

	assert_int_equal(
		getsockname(listener, (struct sockaddr *)&address, &size), 0);
	if (address.ss_family == AF_INET6) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address;

		if (IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr))
			six->sin6_addr = in6addr_loopback;
	}
	pair->server_port = port_of(&address);
	pair->client = socket(address.ss_family, SOCK_STREAM, 0);
	assert_int_equal(
		connect(pair->client, (struct sockaddr *)&address, size), 0);
	size = sizeof(address);
	assert_int_equal(
		getsockname(pair->client, (struct sockaddr *)&address, &size),
		0);
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
	struct failure failure = {0};
	char expected[128];

	assert_true(peer_of_socket(pair->server, &peer, &failure));
	snprintf(expected, sizeof(expected), "%s:%u", host, pair->client_port);
	assert_string_equal(peer.name, expected);
	assert_int_equal(peer.local_port, pair->server_port);
	assert_int_equal(peer.trusted, trusted);
}

static void loopback_is_trusted(void **state)
{
	const struct sockaddr_in four = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const struct sockaddr_in other = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 7)};
	const struct sockaddr_in *const both[] = {&four, &other};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		int listener = listen_on(
			(const struct sockaddr *)both[i], sizeof(*both[i]));
		struct pair pair;

		assert_true(listener >= 0);
		pair_open(&pair, listener);
		check_peer(&pair, "127.0.0.1", true);
		pair_close(&pair);
		close(listener);
	}
}

static void loopback_of_ipv6_is_trusted(void **state)
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
static void mapped_loopback_is_trusted(void **state)
{
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
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
	assert_int_equal(
		connect(pair.client, (struct sockaddr *)&four, sizeof(four)),
		0);
	size = sizeof(four);
	getsockname(pair.client, (struct sockaddr *)&four, &size);
	pair.client_port = ntohs(four.sin_port);
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

static void other_addresses_are_not_trusted(void **state)
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

static void unix_peers_are_users(void **state)
{
	struct peer peer;
	struct failure failure = {0};
	char expected[64];
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_true(peer_of_socket(fds[0], &peer, &failure));
	snprintf(expected, sizeof(expected), "unix:uid=%u,pid=%d",
		(unsigned)getuid(), (int)getpid());
	assert_string_equal(peer.name, expected);
	assert_int_equal(peer.local_port, 0);
	assert_true(peer.trusted);
	close(fds[0]);
	close(fds[1]);
}

/* What does not tell its port can't keep its own stream out. */
static void what_is_no_socket_is_refused(void **state)
{
	struct peer peer;
	struct failure failure = {0};
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(peer_of_socket(fds[0], &peer, &failure));
	assert_int_equal(failure.status, 503);
	assert_string_equal(peer.name, "unknown");
	assert_int_equal(peer.local_port, 0);
	assert_false(peer.trusted);
	close(fds[0]);
	close(fds[1]);
}

static void check_exclusions(
	const struct peer *peer, const char *forwarded, const char *expected)
{
	struct filter filter = {.user = ""};
	struct failure failure = {0};
	char *joined;

	assert_true(peer_exclude(peer, forwarded, &filter, &failure));
	assert_int_equal(failure.status, 0);
	joined = filter_join(&filter);
	assert_non_null(joined);
	assert_string_equal(joined, expected);
	free(joined);
}

/* As TCP, and as what leaves with a VLAN tag. */
#define OWN(port)                                                              \
	"(tcp port " port ") or (outbound and "                                \
	"(link[0:2] = 0x8100 or link[0:2] = 0x88a8) and "                      \
	"((link[20] = 0x45 and link[29] = 6 and link[40:2] = " port ") or "    \
	"(link[20] & 0xf0 = 0x60 and link[26] = 6 and link[60:2] = " port      \
	")))"

static void its_own_port_is_excluded(void **state)
{
	const struct peer near = {.local_port = 8475, .trusted = true};
	const struct peer far = {.local_port = 8475, .trusted = false};
	const struct peer local = {.trusted = true};

	(void)state;
	check_exclusions(&near, "", "(not (" OWN("8475") "))");
	check_exclusions(&far, "", "(not (" OWN("8475") "))");
	check_exclusions(&local, "", "");
}

static void the_way_behind_a_proxy_is_excluded(void **state)
{
	const struct peer near = {.local_port = 8475, .trusted = true};
	const struct peer local = {.trusted = true};

	(void)state;
	check_exclusions(&local, "for=192.0.2.1:4711;by=203.0.113.1:443",
		"(not (" OWN("443") " or "
				    "(host 192.0.2.1 and tcp port 4711)))");
	check_exclusions(&near,
		"for=\"[2001:db8::7]:4711\", for=192.0.2.1;by=_x:8443",
		"(not (" OWN(
			"8475") " or "
				"(host 2001:db8::7 and tcp port 4711) or " OWN(
					"8443") "))");
	/* an address or a port alone is no flow */
	check_exclusions(
		&local, "for=192.0.2.1, for=unknown:80, by=1.2.3.4", "");
}

static void only_a_proxy_is_believed(void **state)
{
	const struct peer far = {.local_port = 8475, .trusted = false};
	const struct peer local = {.trusted = true};
	struct filter filter = {.user = ""};
	struct failure failure = {0};

	(void)state;
	check_exclusions(&far, "for=192.0.2.1:80;by=203.0.113.1:443",
		"(not (" OWN("8475") "))");
	check_exclusions(&far, "for=\"", "(not (" OWN("8475") "))");
	assert_false(peer_exclude(&local, "for=\"", &filter, &failure));
	assert_int_equal(failure.status, 400);
}

/* The most that one field can bring leaves room for the administrator's. */
static void the_longest_way_fits(void **state)
{
	const struct peer near = {.local_port = 8475, .trusted = true};
	struct filter filter = {.user = ""};
	struct failure failure = {0};
	char forwarded[1024] = "";

	(void)state;
	for (int i = 0; i < 16; i++)
		sprintf(forwarded + strlen(forwarded),
			"%sfor=192.0.2.1:%d;by=_:%d", i ? "," : "", 100 + i,
			200 + i);
	assert_true(peer_exclude(&near, forwarded, &filter, &failure));
	assert_int_equal(filter.exclusion_count, 50);
	assert_true(filter.exclusion_count < FILTER_EXCLUSIONS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_is_trusted),
		cmocka_unit_test(loopback_of_ipv6_is_trusted),
		cmocka_unit_test(mapped_loopback_is_trusted),
		cmocka_unit_test(other_addresses_are_not_trusted),
		cmocka_unit_test(unix_peers_are_users),
		cmocka_unit_test(what_is_no_socket_is_refused),
		cmocka_unit_test(its_own_port_is_excluded),
		cmocka_unit_test(the_way_behind_a_proxy_is_excluded),
		cmocka_unit_test(only_a_proxy_is_believed),
		cmocka_unit_test(the_longest_way_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
