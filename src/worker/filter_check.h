/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/bpf_header_walk.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Returns the most steps that a program takes, as -max-filter counts them: one for
 * each instruction, 4 for a division, 16 for a load at a computed offset or after
 * the headers. For such a load the kernel calls a function that may have to search
 * the data in fragments.
 */
uint32_t filter_check_steps(
	const struct filter_program *program, const struct bpf_header_link *link);

/*
 * Checks that libpcap may have compiled the program: known instructions, jumps
 * only forward and within the program, loads only from packets, and 0 or snaplen
 * as results. On a device's own link layer it may also load what pcap-filter(7) can
 * ask for of a packet's metadata: VLAN tag, interface, direction. Returns false with 400 if not: it
 * was tampered with, or has loops.
 */
bool filter_check_program(const struct filter_program *program, const struct bpf_header_link *link,
	uint32_t snaplen, struct error *error);
