/*
 * Filters as libpcap takes them: the user's part alone must compile, libpcap's
 * sentence is told, and no user's text escapes from behind the exclusions.
 */
#include "worker/capture.h"

#include "unit.h"
#include "worker/compile.h"

#include <pcap/pcap.h>
#include <string.h>

/* The user's part with exclusions and interfaces, until the next one. */
static const struct filter *complete(const char *user)
{
	static const uint32_t interfaces[] = {1, 2};
	static struct filter filter;

	filter = (struct filter){
		.user = user, .interfaces = interfaces, .interface_count = 2};
	filter_exclude(&filter, "tcp port %u", 8475U);
	filter_exclude(&filter, "host ::1 and tcp port %u", 4711U);
	filter_exclude(&filter, "%s", "net 192.0.2.0/24 or udp port 53");
	return &filter;
}

/* Sets it as the worker does. Returns 0, or the refusal's status. */
static int set_filter(const char *user, struct failure *failure)
{
	struct capture *capture = capture_open_dead(262144, failure);
	bool set;

	assert_non_null(capture);
	*failure = (struct failure){0};
	set = capture_set_filter(capture, complete(user), failure);
	capture_free(capture);
	assert_int_equal(set, failure->status == 0);
	return failure->status;
}

static void good_filters_compile_behind_the_exclusions(void **state)
{
	static const char *const good[] = {"", "tcp", "icmp or icmp6",
		"tcp port 80 and host 192.0.2.1", "not tcp", "ip6 or arp",
		"(tcp or udp) and not port 22", "ifindex 2", "greater 1000",
		"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0", "ip[2:2] > 40",
		"net 10.0.0.0/8", "portrange 1000-2000", "inbound"};
	struct failure failure = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (set_filter(good[i], &failure) != 0)
			fail_msg("%s: %s", good[i], failure.text);
}

static void unbalanced_text_is_refused(void **state)
{
	static const char *const bad[] = {"tcp) or (udp", "tcp)", "(tcp",
		") or (", "tcp) or not (udp", "tcp or", "and tcp", "()",
		"tcp))) or (((udp", "tcp \\", "tcp \\)", "tcp /*", "tcp #",
		"tcp ; udp", "\"tcp", "tcp\nudp)"};
	struct failure failure = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (set_filter(bad[i], &failure) != 400)
			fail_msg("%d: %s", failure.status, bad[i]);
		/* it failed alone, not only where it was joined */
		assert_memory_equal(failure.text, "filter: ", 8);
	}
}

static void libpcap_says_what_is_wrong(void **state)
{
	static const struct {
		const char *user;
		const char *sentence;
	} bad[] = {
		{"tcp) or (udp", "syntax error"},
		{"vlan", "vlan"},
		{"vlan 7 and tcp", "vlan"},
		{"tcp port 99999", "99999"},
		{"net 1.2.3.4/33", "mask length"},
		{"tcp port 80 and tcp port 81 and udp", "rejects all packets"},
	};
	struct failure failure = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(set_filter(bad[i].user, &failure), 400);
		if (!strcasestr(failure.text, bad[i].sentence))
			fail_msg("%s: %s", bad[i].user, failure.text);
	}
}

/* The kernel has three of its fields, at offsets that are none of a packet. */
static void the_link_header_is_read_by_constants(void **state)
{
	static const char *const bad[] = {"link[8] = 0", "link[link[20]] = 6",
		"link[udp[8]:2] = 0x800", "link[10 + link[30]] = 4",
		"link[link[4:4]:4] = 1"};
	struct failure failure = {0};

	(void)state;
	assert_int_equal(set_filter("link[0:2] = 0x800", &failure), 0);
	assert_int_equal(set_filter("link[10] = 4", &failure), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (set_filter(bad[i], &failure) != 400)
			fail_msg("%d: %s", failure.status, bad[i]);
		assert_non_null(strstr(failure.text, "link header"));
	}
}

/* It compiles alone as an empty one does, so it means the same. */
static void a_blank_filter_is_an_empty_one(void **state)
{
	struct failure failure = {0};

	(void)state;
	if (set_filter(" ", &failure) != 0)
		fail_msg("%s", failure.text);
}

/* What compiles alone compiles joined, or is empty by the exclusions. */
static void no_text_escapes(void **state)
{
	static const char *const words[] = {"tcp", "udp", "(", ")", "or", "and",
		"not", "port", "80", "host", "192.0.2.1", "ip6", "=", "\\",
		"ip[0]", "1", "ifindex"};
	struct seed seed = seed_start();
	struct failure failure = {0};

	(void)state;
	for (int i = 0; i < 500; i++) {
		char user[256] = "tcp";
		size_t count = seed_below(&seed, 9);

		while (count--) {
			strcat(user, " ");
			strcat(user, words[seed_below(&seed,
					     sizeof(words) / sizeof(*words))]);
		}
		if (set_filter(user, &failure) != 0 &&
			memcmp(failure.text, "filter: ", 8) != 0 &&
			!strstr(failure.text, "rejects all packets"))
			fail_msg("%s: %s", user, failure.text);
	}
}

/* Does a TCP segment to this port, come in on this interface, pass? */
static bool passes(
	const struct filter *filter, unsigned char interface, uint16_t port)
{
	const unsigned char packet[60] = {8, 0, 0, 0, 0, 0, 0, interface, 0, 1,
		0, 6, [20] = 0x45, [23] = 40, [29] = 6, [32] = 10, [36] = 10,
		[40] = 0x30, [42] = (unsigned char)(port >> 8),
		(unsigned char)port, [52] = 0x50};
	const struct pcap_pkthdr header = {
		.caplen = sizeof(packet), .len = sizeof(packet)};
	pcap_t *pcap = pcap_open_dead(DLT_LINUX_SLL2, 262144);
	struct failure failure = {0};
	struct bpf_program program;
	bool passed = false;

	assert_non_null(pcap);
	if (compile_bounded(pcap, filter, &program, &failure)) {
		passed = pcap_offline_filter(&program, &header, packet) != 0;
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	return passed;
}

static void the_excluded_never_passes(void **state)
{
	static const char *const users[] = {"", "tcp", "udp or tcp", "not udp",
		"tcp or port 8475", "ifindex 7 or ip", "ip or ip6 or arp"};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		const struct filter *filter = complete(users[i]);

		assert_true(passes(filter, 1, 80));
		assert_true(passes(filter, 2, 80));
		assert_false(passes(filter, 1, 8475));
		assert_false(passes(filter, 3, 80));
	}
	assert_false(passes(complete("udp"), 1, 80));
}

/* libpcap's optimizer gets these wrong, as one expression with the rest. */
static void what_is_not_excluded_passes(void **state)
{
	static const char *const users[] = {"ifindex 2 or arp or ifindex 1",
		"ifindex 2 or ip6 or ifindex 1"};

	(void)state;
	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++) {
		struct filter filter = {.user = users[i]};

		filter_exclude(&filter, "ifindex %u and outbound", 1U);
		assert_true(passes(&filter, 1, 80));
		assert_true(passes(&filter, 2, 80));
		assert_false(passes(&filter, 3, 80));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_filters_compile_behind_the_exclusions),
		cmocka_unit_test(unbalanced_text_is_refused),
		cmocka_unit_test(libpcap_says_what_is_wrong),
		cmocka_unit_test(the_link_header_is_read_by_constants),
		cmocka_unit_test(a_blank_filter_is_an_empty_one),
		cmocka_unit_test(no_text_escapes),
		cmocka_unit_test(the_excluded_never_passes),
		cmocka_unit_test(what_is_not_excluded_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
