/* SPDX-License-Identifier: MIT */
/*
 * Checks that a client's filter reads only headers. In: an expression, and its
 * compiled program. Out: whether it is allowed where a limit hides payload.
 *
 * Theory of operation
 *
 * The packets that match a filter reveal what it read. One capture for each bit,
 * "udp[N] & BIT != 0", reads a whole packet, even if only 64 bytes of it are sent.
 * So where a limit hides payload, a filter must not choose what it reads.
 *
 * In pcap-filter(7) two things choose: an index in brackets, and a primitive that
 * changes the offsets of what follows it. All other primitives compare header
 * fields, and the stream contains "len" anyway.
 *
 * An attacker may control the process of libpcap's compiler, so its program is
 * checked as well. libpcap loads at constant offsets, or at X plus a constant,
 * where X is the length of the IPv4 header; other loads are rejected. Jumps lead
 * forward only, so one pass finds the possible values of X at each instruction.
 */
#include "worker/payload_check.h"

#include "worker/filter_compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TCP_FLAGS_END = 14, /* the furthest read after an IPv4 header */
	SHOWN = 24,	    /* bytes of a rejected part in a message */
};

static const char spaces[] = " \t\r\n";

/* Is the index at text, which follows the word, one of those allowed? */
static bool is_header_field(const char *word, size_t word_size, const char *text)
{
	static const struct {
		const char *protocol;
		const char *field;
	} fields[] = {
		{"tcp", "tcpflags"},
		{"tcp", "13"},
		{"icmp", "icmptype"},
		{"icmp", "icmpcode"},
		{"icmp6", "icmp6type"},
		{"icmp6", "icmp6code"},
	};
	size_t size;

	text += 1 + strspn(text + 1, spaces);
	size = strcspn(text, " \t\r\n]");
	if (text[size + strspn(text + size, spaces)] != ']')
		return false;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (word_size == strlen(fields[i].protocol) &&
			memcmp(word, fields[i].protocol, word_size) == 0 &&
			size == strlen(fields[i].field) && memcmp(text, fields[i].field, size) == 0)
			return true;
	return false;
}

static bool check_brackets(const char *text, const char *limit, struct error *error)
{
	for (const char *at = text; (at = strchr(at, '[')); at++) {
		size_t size;
		const char *word = filter_compile_word_before(text, at, &size);
		int shown;

		if (is_header_field(word, size, at))
			continue;
		shown = (int)strcspn(word, "]") + 1;
		return error_set(error, 403,
			"filter: \"%.*s\" may read what the worker's %s hides; allowed: "
			"tcp[tcpflags], type and code of icmp and icmp6",
			shown < SHOWN ? shown : SHOWN, word, limit);
	}
	return true;
}

/* Is it a word of the expression, or after a '\' a name? */
static bool has_word(const char *text, const char *word)
{
	char name[16];

	snprintf(name, sizeof(name), "\\%s", word);
	return filter_compile_has_word(text, word) || filter_compile_has_word(text, name);
}

/*
 * Rejects words that move the offsets of what follows, by any amount if they are
 * repeated; also after "not".
 */
static bool check_shifts(const char *text, const char *limit, struct error *error)
{
	static const struct {
		const char *word;
		const char *remedy;
	} shifts[] = {
		{"geneve", "try \"udp port 6081\""},	  /* its options' length */
		{"mpls", "try \"ether proto 0x8847\""},	  /* 4 bytes */
		{"pppoes", "try \"ether proto 0x8864\""}, /* 8 bytes */
		{"protochain", "try \"ip6 proto 6\""},	  /* from header to header */
		{"vlan", "leave it out"},		  /* 4 bytes */
		{"vxlan", "try \"udp port 4789\""},	  /* a whole frame within */
	};

	for (size_t i = 0; i < sizeof(shifts) / sizeof(*shifts); i++)
		if (filter_compile_has_word(text, shifts[i].word))
			return error_set(error, 403,
				"filter: \"%s\" may read what the worker's %s hides; %s",
				shifts[i].word, limit, shifts[i].remedy);
	return true;
}

/* Rejects words that read bytes after the link header which are payload here. */
static bool check_protocols(const char *text, const char *limit, struct error *error)
{
	static const char *const words[] = {"clnp", "csnp", "decnet", "esis", "iih", "ipx", "isis",
		"iso", "l1", "l2", "llc", "lsp", "netbeui", "psnp", "rarp", "snp", "stp"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (has_word(text, words[i]))
			return error_set(error, 403,
				"filter: \"%s\" may read what the worker's %s hides; leave it out",
				words[i], limit);
	return true;
}

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(word, *list) == 0)
			return true;
	return false;
}

/*
 * Returns the first number below 1536 that is compared with the protocol of a link
 * header, which is that of 802.2 then; or NULL. After "or" and "and" a number inherits
 * the words before it. Changes the text.
 */
static const char *find_low_protocol(char *text)
{
	static const char *const operators[] = {"or", "and", "not", NULL};
	static const char *const links[] = {"ether", "fddi", "link", "tr", "wlan", NULL};
	enum { ETHERTYPE_MIN = 0x600 };
	const char *before = "";
	bool is_link_protocol = false;
	char *rest;

	for (char *word = strtok_r(text, " \t\r\n()!&|", &rest); word;
		word = strtok_r(NULL, " \t\r\n()!&|", &rest)) {
		const bool is_number = *word >= '0' && *word <= '9';

		if (strcmp(word, "proto") == 0)
			is_link_protocol = is_one_of(before, links);
		else if (!is_number && !is_one_of(word, operators))
			is_link_protocol = false;
		if (is_number && is_link_protocol && strtoul(word, NULL, 0) < ETHERTYPE_MIN)
			return word;
		before = word;
	}
	return NULL;
}

static bool check_protocol_numbers(const char *text, const char *limit, struct error *error)
{
	char *copy = strdup(text);
	const char *number;

	if (!copy)
		return error_set(error, 503, "out of memory");
	number = find_low_protocol(copy);
	if (number)
		error_set(error, 403,
			"filter: \"proto %.8s\" may read what the worker's %s hides; leave it out",
			number, limit);
	free(copy);
	return !number;
}

bool payload_check_expression(const char *text, const char *limit, struct error *error)
{
	return check_brackets(text, limit, error) && check_shifts(text, limit, error) &&
	       check_protocols(text, limit, error) && check_protocol_numbers(text, limit, error);
}

/* The end cannot overflow: filter_check_program() limits k. Metadata is no payload. */
static bool check_load(const struct bpf_insn *insn, const struct bpf_header_link *link,
	bool is_ipv4_length, uint32_t visible)
{
	const uint32_t end = insn->k + bpf_load_size(insn);

	if (!bpf_is_load(insn) || bpf_is_metadata(insn))
		return true;
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return end <= payload_fixed_end(link) || end <= visible;
	case BPF_IND:
		return is_ipv4_length && end <= link->size + TCP_FLAGS_END;
	default: /* BPF_MSH */
		return insn->k == link->size;
	}
}

/* May X be something else than the length of an IPv4 header after this? */
static bool changes_x(const struct bpf_insn *insn, bool was_changed)
{
	if (BPF_CLASS(insn->code) == BPF_LDX)
		return BPF_MODE(insn->code) != BPF_MSH;
	return was_changed || insn->code == (BPF_MISC | BPF_TAX);
}

/* Passes that on to the instructions that may run next. */
static void propagate_changed(const struct bpf_insn *insn, bool changed, bool *ret_next)
{
	if (BPF_CLASS(insn->code) == BPF_RET)
		return;
	if (BPF_CLASS(insn->code) != BPF_JMP) {
		ret_next[0] |= changed;
	} else if (BPF_OP(insn->code) == BPF_JA) {
		ret_next[insn->k] |= changed;
	} else {
		ret_next[insn->jt] |= changed;
		ret_next[insn->jf] |= changed;
	}
}

bool payload_check_program(const struct filter_program *program, const struct bpf_header_link *link,
	uint32_t visible, struct error *error)
{
	/* X is 0 at the start */
	bool changed[BPF_MAXINSNS + 1] = {false};

	for (unsigned i = 0; i < program->length; i++) {
		const struct bpf_insn *insn = &program->insns[i];

		if (!check_load(insn, link, !changed[i], visible))
			return error_set(error, 403,
				"filter: when compiled, it may read what the worker's limits hide; "
				"make "
				"it simpler");
		propagate_changed(insn, changes_x(insn, changed[i]), &changed[i + 1]);
	}
	return true;
}
