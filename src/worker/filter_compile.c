/* SPDX-License-Identifier: MIT */
/*
 * Compiles expressions, and rejects what libpcap would compile wrongly. In:
 * pcap-filter(7). Out: a BPF program, or an error.
 *
 * For the cooked link layer libpcap compiles some words to a test of the wrong
 * field: they would match nothing, without an error.
 */
#include "worker/filter_compile.h"

#include "format/linktype.h"

#include <errno.h>
#include <string.h>

/* The characters of a word for libpcap's scanner; '\' makes a word a name. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._\\"

/* The form of a capture in which such words work. */
#define NATIVE "linktype=native"

enum {
	ETHERTYPE_MIN = 0x600, /* lower numbers are 802.2 */
	ATALK = 0x809b,
	AARP = 0x80f3,
};

pcap_t *filter_compile_open_cooked(uint32_t snaplen, struct error *error)
{
	pcap_t *pcap = pcap_open_dead(DLT_LINUX_SLL2, (int)snaplen);

	if (!pcap)
		error_set(error, 503, "out of memory");
	return pcap;
}

static bool is_cooked(pcap_t *pcap)
{
	return pcap_datalink(pcap) == DLT_LINUX_SLL2;
}

/* Returns the first word of text, or NULL. */
static const char *find_word(const char *text, size_t *ret_size)
{
	text += strcspn(text, LETTERS);
	*ret_size = strspn(text, LETTERS);
	return *text ? text : NULL;
}

bool filter_compile_has_word(const char *text, const char *word)
{
	size_t size;

	while ((text = find_word(text, &size))) {
		if (size == strlen(word) && memcmp(text, word, size) == 0)
			return true;
		text += size;
	}
	return false;
}

const char *filter_compile_word_before(const char *text, const char *at, size_t *ret_size)
{
	const char *end = at;
	const char *begin;

	while (end > text && strchr(" \t\r\n", end[-1]))
		end--;
	begin = end;
	while (begin > text && strchr(LETTERS, begin[-1]))
		begin--;
	*ret_size = (size_t)(end - begin);
	return begin;
}

bool filter_compile_has_accessor(const char *text, const char *word)
{
	size_t size;

	while ((text = find_word(text, &size))) {
		const char *next = text + size;

		next += strspn(next, " \t\r\n");
		if (*next == '[' && size == strlen(word) && memcmp(text, word, size) == 0)
			return true;
		text += size;
	}
	return false;
}

/* To libpcap these name the link header, which is the cooked one in a capture. */
static bool check_accessors(const char *text, const char *whose, struct error *error)
{
	static const char *const words[] = {"ether", "fddi", "ppp", "slip", "tr", "wlan"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (filter_compile_has_accessor(text, words[i]))
			return error_set(error, 400,
				"%s: \"%s[\" would read the cooked link header; try \"link[0:2]\" "
				"for "
				"the ethertype",
				whose, words[i]);
	return true;
}

/* The kernel rejects the programs that look into these tunnels. */
static bool check_tunnels(const char *text, const char *whose, struct error *error)
{
	static const struct {
		const char *word;
		const char *alternative;
	} tunnels[] = {
		{"geneve", "udp port 6081"},
		{"vxlan", "udp port 4789"},
	};

	for (size_t i = 0; i < sizeof(tunnels) / sizeof(*tunnels); i++)
		if (filter_compile_has_word(text, tunnels[i].word))
			return error_set(error, 400,
				"%s: \"%s\" is not supported, the kernel cannot look into tunnels; "
				"try \"%s\"",
				whose, tunnels[i].word, tunnels[i].alternative);
	return true;
}

/* libpcap's own message has no remedy. */
static bool check_vlan(const char *text, const char *whose, struct error *error)
{
	return !filter_compile_has_word(text, "vlan") ||
	       error_set(error, 400,
		       "%s: \"vlan\" cannot match: the kernel removes VLAN tags; leave it out, or "
		       "try " NATIVE " with one interface",
		       whose);
}

/* Does the expression ask for what only Ethernet headers have? */
static bool has_ethernet_word(const char *text)
{
	const bool is_of_ip =
		filter_compile_has_word(text, "ip") || filter_compile_has_word(text, "ip6");

	return filter_compile_has_word(text, "ether") ||
	       (!is_of_ip && (filter_compile_has_word(text, "broadcast") ||
				     filter_compile_has_word(text, "multicast")));
}

/* Rejects a protocol that libpcap compares with the ethertype by mistake. */
static bool reject_protocol(uint32_t number, const char *whose, struct error *error)
{
	static const struct {
		uint32_t number;
		const char *name;
	} names[] = {
		{0x42, "stp"},
		{0xe0, "ipx"},
		{0xf0, "netbeui"},
		{0xfe, "iso, clnp, esis, isis"},
	};
	const char *name = "an ether proto below 1536";

	if (number >= ETHERTYPE_MIN)
		return error_set(error, 400,
			"%s: AppleTalk in SNAP frames would be missed; try "
			"\"link[0:2] = 0x%x or (link[0:2] = 4 and link[26:2] = "
			"0x%x)\"",
			whose, number, number);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].number == number)
			name = names[i].name;
	return error_set(error, 400,
		"%s: the cooked link header does not show 802.2 (%s); try "
		"\"link[0:2] = 4 and link[20] = 0x%x\", or " NATIVE,
		whose, name, number & 0xff);
}

/*
 * Checks the program before optimization: only there the test of a protocol
 * directly follows the load of the ethertype. The value of an accessor such as
 * "link[0:2]" goes through scratch memory first.
 */
static bool check_protocols(pcap_t *pcap, const char *text, const char *whose, struct error *error)
{
	struct bpf_program plain;
	bool good = true;

	if (pcap_compile(pcap, &plain, text, 0, PCAP_NETMASK_UNKNOWN) != 0)
		return error_set(error, 400, "%s: %s", whose, pcap_geterr(pcap));
	for (unsigned i = 1; good && i < plain.bf_len; i++) {
		const struct bpf_insn *load = &plain.bf_insns[i - 1];
		const struct bpf_insn *test = &plain.bf_insns[i];

		if (load->code != (BPF_LD | BPF_H | BPF_ABS) || load->k != SLL2_PROTOCOL ||
			test->code != (BPF_JMP | BPF_JEQ | BPF_K))
			continue;
		if (test->k < ETHERTYPE_MIN || test->k == ATALK || test->k == AARP)
			good = reject_protocol(test->k, whose, error);
	}
	pcap_freecode(&plain);
	return good;
}

static bool compile_optimized(pcap_t *pcap, const char *text, const char *whose,
	struct bpf_program *ret_program, struct error *error)
{
	errno = 0;
	if (pcap_compile(pcap, ret_program, text, 1, PCAP_NETMASK_UNKNOWN) == 0)
		return true;
	/* libpcap's own message is "malloc" */
	if (errno == ENOMEM)
		return error_set(error, 400,
			"%s: needs more than %d MiB to compile; make it simpler", whose,
			FILTER_COMPILE_MEMORY_MIB);
	return error_set(error, 400, "%s: %s%s", whose, pcap_geterr(pcap),
		is_cooked(pcap) && has_ethernet_word(text) ? "; try " NATIVE : "");
}

bool filter_compile_check(pcap_t *pcap, const char *text, const char *whose, struct error *error)
{
	struct bpf_program compiled;

	if (!compile_optimized(pcap, text, whose, &compiled, error))
		return false;
	pcap_freecode(&compiled);
	return true;
}

bool filter_compile_expression(pcap_t *pcap, const char *text, const char *whose,
	struct filter_program *ret_program, struct error *error)
{
	struct bpf_program compiled;

	if (is_cooked(pcap) && !check_vlan(text, whose, error))
		return false;
	/* first, because libpcap's message is best for invalid expressions */
	if (!compile_optimized(pcap, text, whose, &compiled, error))
		return false;
	ret_program->length = compiled.bf_len;
	if (compiled.bf_len <= BPF_MAXINSNS)
		memcpy(ret_program->insns, compiled.bf_insns,
			compiled.bf_len * sizeof(*compiled.bf_insns));
	pcap_freecode(&compiled);
	/* too long for the kernel: kernel_filter_try() rejects it */
	if (ret_program->length > BPF_MAXINSNS)
		return true;
	if (!check_tunnels(text, whose, error))
		return false;
	return !is_cooked(pcap) ||
	       (check_accessors(text, whose, error) && check_protocols(pcap, text, whose, error));
}
