/* SPDX-License-Identifier: MIT */
/*
 * Builds the BPF program of a capture. In: exclusions, interfaces, the client's
 * expression. Out: one program.
 *
 * Each part is compiled alone, and the parts follow each other: exclusions,
 * interfaces, the client's part. Joined as one expression, libpcap's optimizer
 * would change them, and it makes mistakes where parts share tests: packets that
 * the client asked for would be lost. The client's part comes from a process that
 * an attacker may control, so it is the last one: it can skip no other part. If
 * payload is limited, what the part accepts continues after it, where the number of
 * bytes is computed: the part cannot choose it.
 */
#include "worker/filter.h"

#include "format/linktype.h"
#include "worker/filter_compile.h"
#include "worker/filter_sandbox.h"
#include "worker/kernel_filter.h"
#include "worker/payload_limit.h"

#include <stdlib.h>
#include <string.h>

/* libpcap's message for an expression that cannot match. */
#define MATCHES_NOTHING "expression rejects all packets"

/* Appends all instructions of a part. */
static void append_part(struct filter_program *to, const struct filter_program *from)
{
	const unsigned begin = to->length;

	to->length += from->length;
	if (to->length <= BPF_MAXINSNS)
		memcpy(to->insns + begin, from->insns, from->length * sizeof(*from->insns));
}

/*
 * Appends a part as a test: packets that it matches, or those that it does not,
 * continue after it; the others are rejected.
 */
static void append_test(
	struct filter_program *to, const struct filter_program *from, bool passes_matches)
{
	const unsigned begin = to->length;

	append_part(to, from);
	for (unsigned i = begin; i < to->length && to->length <= BPF_MAXINSNS; i++) {
		struct bpf_insn *insn = &to->insns[i];

		if (BPF_CLASS(insn->code) != BPF_RET)
			continue;
		if ((insn->k > 0) == passes_matches)
			*insn = (struct bpf_insn)BPF_STMT(BPF_JMP | BPF_JA, to->length - i - 1);
		else
			*insn = (struct bpf_insn)BPF_STMT(BPF_RET | BPF_K, 0);
	}
}

static void append_interfaces(const struct capture_filter *filter, struct filter_program *program)
{
	struct bpf_label captured = {0};

	if (filter->interface_count == 0)
		return;
	bpf_add(program, BPF_LD | BPF_W | BPF_ABS, SLL2_INDEX);
	for (size_t i = 0; i < filter->interface_count; i++)
		bpf_add_if(program, BPF_JEQ | BPF_K, filter->interfaces[i], &captured);
	bpf_add(program, BPF_RET | BPF_K, 0);
	bpf_set_label(program, &captured);
}

void filter_join(const struct capture_filter *filter, const struct filter_program *excluded,
	const struct filter_program *client, struct filter_program *ret_program)
{
	ret_program->length = 0;
	exclusions_assemble(&filter->exclusions, filter->link, ret_program);
	if (excluded)
		append_test(ret_program, excluded, false);
	append_interfaces(filter, ret_program);
	if (!filter->limits_payload) {
		append_part(ret_program, client);
		return;
	}
	append_test(ret_program, client, true);
	payload_limit_append(ret_program, filter->link, filter->payload, filter->snaplen);
}

/* Makes "len" count with a link header of that size. */
static bool adjust_lengths(struct filter_program *part, const struct bpf_header_link *link,
	uint32_t header_size, struct error *error)
{
	return header_size == link->size ||
	       kernel_filter_add_to_length(part, header_size - link->size) ||
	       error_set(error, 400,
		       "filter: needs more scratch memory than BPF has; make it simpler");
}

/* Returns the size of the link header that the client gets. */
static uint32_t find_header_size(const struct capture_filter *filter)
{
	return filter->linktype == LINKTYPE_SLL ? (uint32_t)SLL_SIZE : filter->link->size;
}

/*
 * Compiles the administrator's expression. Its lengths are those of SLL packets,
 * whatever the client gets. What can match nothing on a device excludes nothing there.
 */
static bool compile_excluded(pcap_t *pcap, const struct capture_filter *filter,
	struct filter_program *ret_program, struct error *error)
{
	const char *expression = filter->exclusions.expression;

	/* it was written for the cooked header, and would exclude something else */
	if (!filter->link->is_cooked && filter_compile_has_accessor(expression, "link"))
		return error_set(error, 403,
			"the worker's -exclude reads the cooked link header by \"link[\", so "
			"linktype=native is not possible there; leave it out");
	if (filter_compile_expression(
		    pcap, expression, "the worker's -exclude", ret_program, error) &&
		adjust_lengths(ret_program, filter->link, SLL_SIZE, error))
		return true;
	if (!filter->link->is_cooked && strstr(error->text, MATCHES_NOTHING)) {
		ret_program->length = 0;
		*error = (struct error){0};
		return true;
	}
	error->status = 500;
	return false;
}

/* The parts that libpcap compiles; both are too large for the stack. */
struct parts {
	struct filter_program excluded;
	struct filter_program client;
};

static bool compile_and_join(pcap_t *pcap, const struct capture_filter *filter, struct parts *parts,
	struct filter_program *ret_program, struct error *error)
{
	const char *expression = filter->exclusions.expression;

	if (expression && !compile_excluded(pcap, filter, &parts->excluded, error))
		return false;
	if (!filter_sandbox_compile(pcap, filter, &parts->client, error) ||
		!adjust_lengths(&parts->client, filter->link, find_header_size(filter), error))
		return false;
	filter_join(filter, expression ? &parts->excluded : NULL, &parts->client, ret_program);
	return true;
}

bool filter_build(pcap_t *pcap, const struct capture_filter *filter,
	struct filter_program *ret_program, struct error *error)
{
	struct parts *parts = malloc(sizeof(*parts));
	bool good;

	if (!parts)
		return error_set(error, 503, "out of memory");
	good = compile_and_join(pcap, filter, parts, ret_program, error);
	free(parts);
	return good;
}
