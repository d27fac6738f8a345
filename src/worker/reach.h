#pragma once

#include <pcap/pcap.h>

/*
 * Lets a program keep, of what it takes, all that it may have read; what is
 * kept anyway stays.
 */
void reach_keep(struct bpf_program *program);
