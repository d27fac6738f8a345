/*
 * Filters for the kernel. In: expressions of a filter's parts. Out: one
 * program.
 *
 * Each part is compiled by itself, and they stand one behind the other. As one
 * expression they would be libpcap's optimizer's, which makes mistakes where
 * parts have tests in common: packets would be lost that the client asked for.
 */
#include "worker/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool program_of_expression(pcap_t *pcap, const char *expression,
	const char *whose, struct bpf_program *ret_program,
	struct failure *failure)
{
	errno = 0;
	if (pcap_compile(pcap, ret_program, expression, 1,
		    PCAP_NETMASK_UNKNOWN) == 0)
		return true;
	/* libpcap's own sentence is "malloc" */
	if (errno == ENOMEM)
		return failure_set(failure, 400,
			"%s: it takes more than %d MiB to compile, make it "
			"simpler",
			whose, PROGRAM_MEMORY >> 20);
	return failure_set(failure, 400, "%s: %s", whose, pcap_geterr(pcap));
}

/* What becomes of what a part takes. */
enum part { EXCLUDED, ALLOWED, CAPTURED };

/* Where a part does not decide, it goes on with the next one. */
static void append(
	struct program *to, const struct bpf_program *from, enum part part)
{
	const unsigned begin = to->length;
	struct bpf_insn *insns;

	to->length += from->bf_len;
	if (to->length > BPF_MAXINSNS)
		return;
	insns = to->insns + begin;
	memcpy(insns, from->bf_insns, from->bf_len * sizeof(*insns));
	for (unsigned i = 0; part != CAPTURED && i < from->bf_len; i++) {
		if (BPF_CLASS(insns[i].code) != BPF_RET)
			continue;
		if ((insns[i].k > 0) == (part == EXCLUDED))
			insns[i].k = 0;
		else
			insns[i] = (struct bpf_insn)BPF_STMT(
				BPF_JMP | BPF_JA, from->bf_len - i - 1);
	}
}

static bool add(pcap_t *pcap, const char *expression, enum part part,
	struct program *program, struct failure *failure)
{
	struct bpf_program compiled;

	if (!program_of_expression(pcap, expression,
		    part == EXCLUDED ? "what is never captured" : "interface",
		    &compiled, failure))
		return false;
	append(program, &compiled, part);
	pcap_freecode(&compiled);
	return true;
}

static bool add_all_but_user(pcap_t *pcap, const struct filter *filter,
	struct program *program, struct failure *failure)
{
	char *interfaces = filter_interfaces(filter);
	bool good = interfaces || failure_set(failure, 503, "out of memory");

	for (size_t i = 0; good && i < filter->exclusion_count; i++)
		good = add(pcap, filter->exclusions[i], EXCLUDED, program,
			failure);
	if (good && filter->interface_count > 0)
		good = add(pcap, interfaces, ALLOWED, program, failure);
	free(interfaces);
	return good;
}

/* As one expression: libpcap knows many of those that nothing can match. */
static bool check_whole(
	pcap_t *pcap, const struct filter *filter, struct failure *failure)
{
	char *whole = filter_join(filter);
	struct bpf_program compiled;
	bool good = whole || failure_set(failure, 503, "out of memory");

	good = good && program_of_expression(pcap, whole,
			       "filter, with what is never captured", &compiled,
			       failure);
	if (good)
		pcap_freecode(&compiled);
	free(whole);
	return good;
}

bool program_compile(pcap_t *pcap, const struct filter *filter,
	struct program *ret_program, struct failure *failure)
{
	struct bpf_program user;
	bool good;

	ret_program->length = 0;
	/* first, for its sentence; it is the last of the parts */
	if (!program_of_expression(
		    pcap, filter->user, "filter", &user, failure))
		return false;
	good = check_whole(pcap, filter, failure) &&
	       add_all_but_user(pcap, filter, ret_program, failure);
	if (good)
		append(ret_program, &user, CAPTURED);
	pcap_freecode(&user);
	return good;
}
