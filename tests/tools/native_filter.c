/* SPDX-License-Identifier: MIT */
/*
 * Prints the program of an expression as tcpdump -dd does. In: a device, the
 * expression. Out: the instructions that the worker makes of it on that device.
 */
#include "format/packet.h"
#include "worker/capture.h"
#include "worker/filter_compile.h"

#include <err.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	static struct filter_program program;
	struct capture_link link;
	struct error error = {0};
	pcap_t *pcap;

	if (argc != 3)
		errx(1, "Usage: native_filter DEVICE EXPRESSION");
	pcap = capture_open_probe(argv[1], PACKET_MAX, &link, &error);
	if (!pcap || !filter_compile_expression(pcap, argv[2], "filter", &program, &error))
		errx(1, "%s", error.text);
	for (unsigned i = 0; i < program.length; i++) {
		const struct bpf_insn *insn = &program.insns[i];

		printf("{ 0x%x, %u, %u, 0x%08x },\n", insn->code, insn->jt, insn->jf, insn->k);
	}
	pcap_close(pcap);
	return 0;
}
