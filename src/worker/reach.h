#pragma once

#include <pcap/pcap.h>
#include <stdbool.h>

/*
 * Does it read of the link header what the kernel, which sees packets without
 * the one of SLL2, does not have? libpcap replaces loads of three of its
 * fields, at their own offsets; with any other it would filter by itself.
 */
bool reach_needs_header(const struct bpf_program *program);

/*
 * Lets a program keep, of what it takes, all that it may have read; what is
 * kept anyway stays.
 */
void reach_keep(struct bpf_program *program);
