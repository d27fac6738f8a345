/*
 * How much of a packet a filter keeps: what it has read, and what it was to
 * keep.
 */
#include "worker/reach.h"

#include "unit.h"

#include <stdbool.h>
#include <string.h>

enum { SNAPLEN = 20, WHOLE = 262144, SIZE = 1500 };

static struct bpf_program compile(const char *expression, int snaplen)
{
	pcap_t *pcap = pcap_open_dead(DLT_LINUX_SLL2, snaplen);
	struct bpf_program program;

	assert_non_null(pcap);
	if (pcap_compile(pcap, &program, expression, 1, PCAP_NETMASK_UNKNOWN) !=
		0)
		fail_msg("%s: %s", expression, pcap_geterr(pcap));
	pcap_close(pcap);
	reach_keep(&program);
	return program;
}

/* What an expression keeps of the packets that it takes. */
static uint32_t kept(const char *expression, int snaplen)
{
	struct bpf_program program = compile(expression, snaplen);
	uint32_t most = 0;

	for (unsigned i = 0; i < program.bf_len; i++)
		if (program.bf_insns[i].code == (BPF_RET | BPF_K) &&
			program.bf_insns[i].k > 0) {
			assert_true(!most || most == program.bf_insns[i].k);
			most = program.bf_insns[i].k;
		}
	pcap_freecode(&program);
	return most;
}

static void as_much_is_kept_as_is_read(void **state)
{
	/* behind the 20 bytes of SLL2 */
	static const struct {
		const char *expression;
		uint32_t kept;
	} cases[] = {
		{"", SNAPLEN},
		{"greater 1000", SNAPLEN},
		{"inbound", SNAPLEN},
		{"arp", SNAPLEN},
		{"ip[8] = 64", 20 + 9},
		{"ip proto 17", 20 + 10},
		{"host 192.0.2.1", 20 + 28}, /* arp's second address */
		{"ip and udp port 53", 20 + 60 + 2 + 2},
		{"udp[100:4] != 1", 20 + 60 + 104},
		{"ip6[100:2] = 7", 20 + 102},
		{"udp[(udp[4:2] - 8):2] = 1", WHOLE},
		{"tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420", WHOLE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (kept(cases[i].expression, SNAPLEN) != cases[i].kept)
			fail_msg("%s: %u", cases[i].expression,
				kept(cases[i].expression, SNAPLEN));
}

static void what_is_kept_anyway_stays(void **state)
{
	(void)state;
	assert_int_equal(kept("udp[100:4] != 1", 9000), 9000);
	assert_int_equal(kept("udp port 53", WHOLE), WHOLE);
	assert_int_equal(kept("udp[(udp[4:2] - 8):2] = 1", WHOLE), WHOLE);
}

/* The kernel's loads of what is no part of a packet have such offsets. */
static void what_is_in_no_packet_is_not_read(void **state)
{
	struct bpf_insn insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0xfffff008),
		BPF_STMT(BPF_RET | BPF_K, SNAPLEN),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct bpf_program program = {3, insns};

	(void)state;
	reach_keep(&program);
	assert_int_equal(insns[1].k, SNAPLEN);
	assert_int_equal(insns[2].k, 0);
}

/* An IPv4 or IPv6 packet of TCP or UDP, with options, the rest as it comes. */
static void make_packet(struct seed *seed, unsigned char packet[SIZE])
{
	const bool six = seed_below(seed, 2);
	const bool tcp = seed_below(seed, 2);
	const size_t ihl = 5 + seed_below(seed, 11);

	seed_bytes(seed, packet, SIZE);
	packet[0] = six ? 0x86 : 8;
	packet[1] = six ? 0xdd : 0;
	packet[20] = (unsigned char)(six ? 0x60 : 0x40 | ihl);
	packet[six ? 26 : 29] = tcp ? 6 : 17;
	if (!six)
		memset(packet + 26, 0, 2); /* no fragment */
}

/* What a filter takes it takes again of what it keeps. */
static void what_is_taken_is_taken_again(void **state)
{
	static const char *const expressions[] = {"tcp or udp", "ip6", "udp",
		"portrange 0-40000", "not port 80", "udp[100:4] != 1",
		"udp[8] & 1 = 0", "ip[ip[8]] > 100", "ip6[6] = 17 or ip[1] > 9",
		"tcp[((tcp[12:1] & 0xf0) >> 2):4] != 0x47455420",
		"not (tcp port 8475) and (udp[9:2] > 100 or ip[44] < 100)"};
	struct seed seed = seed_start();
	unsigned char packet[SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(expressions) / sizeof(*expressions);
		i++) {
		struct bpf_program program = compile(expressions[i], SNAPLEN);
		struct pcap_pkthdr header = {.caplen = SIZE, .len = SIZE};
		unsigned taken = 0;

		for (int round = 0; round < 2000; round++) {
			make_packet(&seed, packet);
			header.caplen = SIZE;
			header.caplen = (bpf_u_int32)pcap_offline_filter(
				&program, &header, packet);
			if (header.caplen == 0)
				continue;
			taken++;
			if (header.caplen > SIZE)
				header.caplen = SIZE;
			if (!pcap_offline_filter(&program, &header, packet))
				fail_msg("%s: lost with %u bytes",
					expressions[i], header.caplen);
		}
		assert_true(taken > 100);
		pcap_freecode(&program);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_much_is_kept_as_is_read),
		cmocka_unit_test(what_is_kept_anyway_stays),
		cmocka_unit_test(what_is_in_no_packet_is_not_read),
		cmocka_unit_test(what_is_taken_is_taken_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
