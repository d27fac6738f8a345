/* SPDX-License-Identifier: MIT */
/*
 * Generates classic BPF that finds the transport header of a packet. In: a link
 * layer. Out: instructions that end with the offset of that header in X, at one
 * of four exits.
 *
 * Theory of operation
 *
 * Classic BPF jumps forward only, so loops are unrolled: one stage for each
 * VLAN tag and for each extension header. X is the offset of the current header,
 * A is its protocol as given by the header before it. Before a header is loaded,
 * its end is compared with the packet's length: a load beyond the end would end
 * the whole program, and so reject a packet by mistake.
 *
 * The position of IP: without a link header it is the start, and its first byte has
 * the version. On Ethernet it follows all tags; of a tag that the kernel has removed
 * from the data nothing is left before it. On SLL2 the kernel has
 * removed the outermost tag of incoming packets, and of outgoing ones if the
 * network card will add it. Otherwise the ethertype of an outgoing packet is that
 * of the tag; but the kernel knows the position of the IP header, and a cooked
 * packet begins there.
 */
#include "worker/bpf_header_walk.h"

#include "format/linktype.h"

#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>

enum {
	TAG_SIZE = 4, /* tag control information 2, ethertype 2 */
	TAG_PROTOCOL = 2,
	IPV4_FRAGMENT = 6, /* flags and offset 2, time to live 1, protocol 1 */
	IPV4_LENGTH_MIN = 5,
	IPV6_NEXT = 6,
	EXTENSION_SIZE = 8,	    /* at least: next header 1, length 1 */
	SAVED = HEADER_NETWORK - 1, /* in scratch memory */
};

const struct bpf_header_link header_sll2 = {
	.size = SLL2_SIZE, .protocol = SLL2_PROTOCOL, .is_cooked = true};
const struct bpf_header_link header_ethernet = {.size = 14, .protocol = 12};
const struct bpf_header_link header_raw_ip = {.size = 0};

/* The state that all stages share. */
struct walk {
	struct filter_program *program;
	const struct bpf_header_link *link;
	struct bpf_header_exits *exits;
	struct bpf_label ipv4;
	struct bpf_label ipv6;
	struct bpf_label malformed;
};

/* Appends a load of 1, 2 or 4 bytes at X plus an offset. */
static void append_load(const struct walk *walk, unsigned size, uint32_t offset)
{
	bpf_add(walk->program, BPF_LD | size | BPF_IND, walk->link->size + offset);
}

static void append_save(const struct walk *walk)
{
	bpf_add(walk->program, BPF_ST, SAVED);
}

static void append_restore(const struct walk *walk)
{
	bpf_add(walk->program, BPF_LD | BPF_MEM, SAVED);
}

/* Appends X += size, A = the saved value. */
static void append_advance(const struct walk *walk, uint32_t size)
{
	bpf_add(walk->program, BPF_MISC | BPF_TXA, 0);
	bpf_add(walk->program, BPF_ALU | BPF_ADD | BPF_K, size);
	bpf_add(walk->program, BPF_MISC | BPF_TAX, 0);
	append_restore(walk);
}

void bpf_header_unless_whole(struct filter_program *program, const struct bpf_header_link *link,
	uint32_t size, struct bpf_label *to)
{
	/* the subtraction must not wrap */
	bpf_add(program, BPF_LD | BPF_W | BPF_LEN, 0);
	bpf_add_unless(program, BPF_JGE | BPF_K, link->size + size, to);
	bpf_add(program, BPF_ALU | BPF_SUB | BPF_K, link->size + size);
	bpf_add_unless(program, BPF_JGE | BPF_X, 0, to);
}

/* Appends a jump to the exit "cut" unless size bytes follow X. */
static void append_length_check(const struct walk *walk, uint32_t size)
{
	bpf_header_unless_whole(walk->program, walk->link, size, &walk->exits->cut);
}

/* In: X, what may be an IP header. Jumps by the version of IP in its first byte. */
static void walk_version(struct walk *walk)
{
	struct filter_program *program = walk->program;

	append_length_check(walk, 1);
	append_load(walk, BPF_B, 0);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	bpf_add_if(program, BPF_JEQ | BPF_K, 0x40, &walk->ipv4);
	bpf_add_if(program, BPF_JEQ | BPF_K, 0x60, &walk->ipv6);
}

/* An outgoing cooked packet with a tag: IP may follow at once. */
static void walk_outgoing(struct walk *walk)
{
	struct filter_program *program = walk->program;

	walk_version(walk);
	bpf_add(program, BPF_LD | BPF_H | BPF_ABS, walk->link->protocol);
	bpf_add_jump(program, &walk->exits->other);
}

/* In: X, after the link header or a tag; A, the ethertype. Out: the same. */
static void walk_tag(struct walk *walk, bool is_first)
{
	struct filter_program *program = walk->program;
	struct bpf_label tag = {0};
	struct bpf_label incoming = {0};

	bpf_add_if(program, BPF_JEQ | BPF_K, 0x8100, &tag);
	bpf_add_if(program, BPF_JEQ | BPF_K, 0x88a8, &tag);
	bpf_add_unless(program, BPF_JEQ | BPF_K, 0x9100, &walk->exits->other);
	bpf_set_label(program, &tag);
	if (is_first && walk->link->is_cooked) {
		bpf_add(program, BPF_LD | BPF_B | BPF_ABS, SLL2_DIRECTION);
		bpf_add_unless(program, BPF_JEQ | BPF_K, SLL2_OUTGOING, &incoming);
		walk_outgoing(walk);
		bpf_set_label(program, &incoming);
	}
	append_length_check(walk, TAG_SIZE);
	append_load(walk, BPF_H, TAG_PROTOCOL);
	append_save(walk);
	append_advance(walk, TAG_SIZE);
}

/* A packet without a link header: IP or nothing. */
static void walk_raw(struct walk *walk)
{
	walk_version(walk);
	bpf_add(walk->program, BPF_LD | BPF_W | BPF_IMM, 0);
	bpf_add_jump(walk->program, &walk->exits->other);
}

static void walk_link(struct walk *walk)
{
	struct filter_program *program = walk->program;

	bpf_add(program, BPF_LDX | BPF_W | BPF_IMM, 0);
	if (walk->link->size == 0) {
		walk_raw(walk);
		return;
	}
	bpf_add(program, BPF_LD | BPF_H | BPF_ABS, walk->link->protocol);
	for (int tags = 0; tags <= HEADER_TAGS_MAX; tags++) {
		bpf_add_if(program, BPF_JEQ | BPF_K, 0x0800, &walk->ipv4);
		bpf_add_if(program, BPF_JEQ | BPF_K, 0x86dd, &walk->ipv6);
		if (tags < HEADER_TAGS_MAX)
			walk_tag(walk, tags == 0);
	}
	bpf_add_jump(program, &walk->exits->other);
}

static void walk_ipv4(struct walk *walk)
{
	struct filter_program *program = walk->program;
	struct bpf_label whole = {0};

	bpf_set_label(program, &walk->ipv4);
	bpf_add(program, BPF_STX, HEADER_NETWORK);
	append_length_check(walk, 1);
	append_load(walk, BPF_B, 0);
	append_save(walk);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	bpf_add_unless(program, BPF_JEQ | BPF_K, 0x40, &walk->malformed);
	append_restore(walk);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0x0f);
	bpf_add_unless(program, BPF_JGE | BPF_K, IPV4_LENGTH_MIN, &walk->malformed);
	append_length_check(walk, sizeof(struct ip));
	append_restore(walk);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0x0f);
	bpf_add(program, BPF_ALU | BPF_LSH | BPF_K, 2);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_X, 0);
	append_save(walk);
	append_load(walk, BPF_W, IPV4_FRAGMENT);
	bpf_add(program, BPF_LDX | BPF_W | BPF_MEM, SAVED);
	bpf_add_unless(program, BPF_JSET | BPF_K, (uint32_t)IP_OFFMASK << 16, &whole);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0xff);
	bpf_add_jump(program, &walk->exits->fragment);
	bpf_set_label(program, &whole);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0xff);
	bpf_add_jump(program, &walk->exits->transport);
}

/* In: X, a fragment header. Out: X, after it; A, the next header. */
static void walk_fragment(struct walk *walk)
{
	struct filter_program *program = walk->program;
	struct bpf_label first = {0};

	append_length_check(walk, sizeof(struct ip6_frag));
	append_load(walk, BPF_W, 0);
	append_save(walk);
	append_advance(walk, sizeof(struct ip6_frag));
	bpf_add_unless(program, BPF_JSET | BPF_K, 0xfff8, &first);
	bpf_add(program, BPF_ALU | BPF_RSH | BPF_K, 24);
	bpf_add_jump(program, &walk->exits->fragment);
	bpf_set_label(program, &first);
	bpf_add(program, BPF_ALU | BPF_RSH | BPF_K, 24);
}

/* In: X, a header of options. Out: X, after it; A, the next header. */
static void walk_options(struct walk *walk)
{
	struct filter_program *program = walk->program;

	append_length_check(walk, EXTENSION_SIZE);
	append_load(walk, BPF_B, 0);
	append_save(walk);
	append_load(walk, BPF_B, 1);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_K, 1);
	bpf_add(program, BPF_ALU | BPF_LSH | BPF_K, 3);
	bpf_add(program, BPF_ALU | BPF_ADD | BPF_X, 0);
	bpf_add(program, BPF_MISC | BPF_TAX, 0);
	append_restore(walk);
}

/* In: X, the header after IPv6; A, the next header. Out: the same. */
static void walk_extension(struct walk *walk)
{
	struct filter_program *program = walk->program;
	struct bpf_label options = {0};
	struct bpf_label fragment = {0};
	struct bpf_label next = {0};

	bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_HOPOPTS, &options);
	bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_DSTOPTS, &options);
	bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_ROUTING, &options);
	bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_FRAGMENT, &fragment);
	bpf_add_jump(program, &walk->exits->transport);
	bpf_set_label(program, &fragment);
	walk_fragment(walk);
	bpf_add_jump(program, &next);
	bpf_set_label(program, &options);
	walk_options(walk);
	bpf_set_label(program, &next);
}

static void walk_ipv6(struct walk *walk)
{
	struct filter_program *program = walk->program;

	bpf_set_label(program, &walk->ipv6);
	bpf_add(program, BPF_STX, HEADER_NETWORK);
	append_length_check(walk, 1);
	append_load(walk, BPF_B, 0);
	bpf_add(program, BPF_ALU | BPF_AND | BPF_K, 0xf0);
	bpf_add_unless(program, BPF_JEQ | BPF_K, 0x60, &walk->malformed);
	append_length_check(walk, sizeof(struct ip6_hdr));
	append_load(walk, BPF_B, IPV6_NEXT);
	append_save(walk);
	append_advance(walk, sizeof(struct ip6_hdr));
	/* the usual case first */
	bpf_add_if(program, BPF_JEQ | BPF_K, IPPROTO_TCP, &walk->exits->transport);
	for (int i = 0; i < HEADER_EXTENSIONS_MAX; i++)
		walk_extension(walk);
	bpf_add_jump(program, &walk->exits->transport);
}

static void walk_malformed(struct walk *walk)
{
	struct filter_program *program = walk->program;

	bpf_set_label(program, &walk->malformed);
	bpf_add(program, BPF_LDX | BPF_W | BPF_MEM, HEADER_NETWORK);
	bpf_add(program, BPF_LD | BPF_W | BPF_IMM, 0);
	bpf_add_jump(program, &walk->exits->other);
}

void bpf_header_walk(struct filter_program *program, const struct bpf_header_link *link,
	struct bpf_header_exits *ret_exits)
{
	struct walk walk = {.program = program, .link = link, .exits = ret_exits};

	*ret_exits = (struct bpf_header_exits){0};
	walk_link(&walk);
	walk_ipv4(&walk);
	walk_ipv6(&walk);
	walk_malformed(&walk);
}
