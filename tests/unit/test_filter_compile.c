/* SPDX-License-Identifier: MIT */
/*
 * Expressions on the cooked link layer: each word of pcap-filter(7) is taken,
 * or refused with what to write instead. What those that are taken match, real
 * packets show: see worker_filters.bats.
 */
#include "worker/filter_compile.h"

#include "unit.h"

#include <string.h>

/* The refusal, or "" if it is taken. */
static const char *refusal(const char *text)
{
	static struct error error;
	static struct filter_program program;
	pcap_t *pcap;

	error = (struct error){0};
	pcap = filter_compile_open_cooked(262144, &error);
	assert_non_null(pcap);
	if (filter_compile_expression(pcap, text, "filter", &program, &error))
		assert_int_equal(error.status, 0);
	else
		assert_int_equal(error.status, 400);
	pcap_close(pcap);
	return error.text;
}

static void expression_that_matches_nothing_is_rejected(void **state)
{
	static const struct {
		const char *text;
		const char *part; /* of the sentence */
	} bad[] = {
		{"stp", "(stp); try \"link[0:2] = 4 and link[20] = 0x42\""},
		{"not stp", "(stp)"},
		{"tcp or (udp and stp)", "(stp)"},
		{"ether proto \\stp", "(stp)"},
		{"ether proto 0x42", "(stp)"},
		{"link proto 66", "(stp)"},
		{"isis", "isis"},
		{"iso", "iso"},
		{"clnp", "clnp"},
		{"esis", "esis"},
		{"es-is", "es"},
		{"is-is", "is"},
		{"iso proto \\clnp", "iso"},
		{"iso proto 0x83", "iso"},
		{"isis proto 15", "isis"},
		{"l1", "isis"},
		{"l2", "isis"},
		{"iih", "isis"},
		{"lsp", "isis"},
		{"snp", "isis"},
		{"csnp", "isis"},
		{"psnp", "isis"},
		{"netbeui", "(netbeui)"},
		{"ipx", "(ipx)"},
		{"ether proto (\\ipx or \\arp)", "(ipx)"},
		{"ether proto 4", "below 1536"},
		{"ether proto 1535", "below 1536"},
		{"atalk", "try \"link[0:2] = 0x809b or (link[0:2] = 4 and "
			  "link[26:2] = 0x809b)\""},
		{"aarp", "0x80f3"},
		{"ether[0] & 1 = 0", "\"ether[\""},
		{"ip and ether [0:2] = 4", "\"ether[\""},
		{"fddi[0] = 0", "\"fddi[\""},
		{"tr[0] = 0", "\"tr[\""},
		{"wlan[0] = 0", "\"wlan[\""},
		{"ppp[0] = 0", "\"ppp[\""},
		{"slip[0] = 0", "\"slip[\""},
		{"geneve", "try \"udp port 6081\""},
		{"tcp or geneve 7", "try \"udp port 6081\""},
		/* libpcap says so */
		{"vlan", "the kernel removes VLAN tags; leave it out, or try linktype=native"},
		{"mpls", "no MPLS support"},
		{"llc", "'llc' not supported"},
		{"broadcast", "not a broadcast link"},
		{"multicast", "link-layer multicast"},
		{"ether multicast", "link-layer multicast"},
		{"ip broadcast", "netmask not known"},
		{"ether host 1:2:3:4:5:6", "ethernet addresses"},
		{"ether src 1:2:3:4:5:6", "ethernet addresses"},
		{"wlan addr1 1:2:3:4:5:6", "ethernet addresses"},
		{"gateway 192.0.2.1", "'gateway'"},
		{"type mgt", "802.11"},
		{"subtype beacon", "802.11"},
		{"dir nods", "802.11"},
		{"radio[0] = 0", "radio information not present"},
		{"ifname eth0", "only on PF"},
		{"on eth0", "only on PF"},
		{"rnr 1", "only on PF"},
		{"rset x", "only on PF"},
		{"reason match", "only on PF"},
		{"action pass", "only on PF"},
		{"vpi 1", "supported only on"},
		{"lane", "supported only on"},
		{"oamf4sc", "supported only on"},
		{"fisu", "supported only on"},
		{"sio 1", "SS7"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		const char *sentence = refusal(bad[i].text);

		/* the latter since libpcap 1.11 */
		if (!strstr(sentence, bad[i].part) &&
			!strstr(sentence, "not supported on DLT_LINUX_SLL2"))
			fail_msg("%s: \"%s\"", bad[i].text, sentence);
		assert_memory_equal(sentence, "filter: ", 8);
		/* it fits into a line */
		assert_true(strlen(sentence) <= 140);
	}
}

static void expression_that_works_is_compiled(void **state)
{
	static const char *const good[] = {"", "ip", "ip6", "arp", "rarp", "tcp", "udp", "sctp",
		"icmp", "icmp6", "igmp", "igrp", "pim", "ah", "esp", "vrrp", "carp", "decnet",
		"lat", "sca", "moprc", "mopdl", "pppoed", "pppoes", "pppoes and tcp port 80",
		"ether proto 0x0800", "ether proto \\ip", "ether proto 0x600", "host 192.0.2.1",
		"arp host 192.0.2.1", "net 10", "port 80", "portrange 1-2", "less 100",
		"greater 100", "len > 4", "ip proto 4", "ip6 proto 4", "proto 4", "ip multicast",
		"ip6 multicast", "inbound", "outbound", "ifindex 2", "decnet host 1.2",
		"tcp[13] & 2 != 0", "icmp6[0] = 128",
		/* as the error messages suggest */
		"link[0:2] = 4 and link[20] = 0x42",
		("link[0:2] = 0x809b or (link[0:2] = 4 and "
		 "link[26:2] = 0x809b)"),
		"link[0:2] = 4", "0x42 = link[0:2]", "link[0:2] & 0x42 = 0x42",
		"link[10] = 4 and link[4:4] = 2",
		/* names, and not these words */
		"portrange 4-66 or ip[0:2] = 0x42"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (*refusal(good[i]))
			fail_msg("%s: %s", good[i], refusal(good[i]));
}

static void expression_words_are_whole(void **state)
{
	static const struct {
		const char *text;
		bool has;
	} cases[] = {{"geneve", true}, {"udp or(geneve)", true}, {"!geneve&&tcp", true},
		{"geneve 5", true}, {"", false}, {"host geneve-1", false}, {"host a.geneve", false},
		{"host \\geneve", false}, {"geneves", false}, {"Geneve", false}, {"genev", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(filter_compile_has_word(cases[i].text, "geneve"), cases[i].has);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expression_that_matches_nothing_is_rejected),
		cmocka_unit_test(expression_that_works_is_compiled),
		cmocka_unit_test(expression_words_are_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
