/* SPDX-License-Identifier: MIT */
#pragma once

#include "common/error.h"
#include "worker/bpf_assembler.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Adds bytes, modulo 2^32, to the packet length that a program reads. False: no
 * scratch memory is free.
 */
bool kernel_filter_add_to_length(struct filter_program *program, uint32_t bytes);

/*
 * Translates a program for packets with an SLL2 header into one for a packet socket
 * of type SOCK_DGRAM: the kernel runs it on packets without that header, and the
 * length that it returns excludes it. A program may compute its result (BPF_RET |
 * BPF_A) only in its last instruction. Returns false with 400 if the program reads a
 * part of the header that the kernel does not provide.
 */
bool kernel_filter_translate(struct filter_program *program, struct error *error);

/* Tests that the kernel accepts the program. False: 400, or 503 if it cannot be tested. */
bool kernel_filter_try(const struct filter_program *program, struct error *error);

/*
 * Attaches the program to a socket and locks it: it cannot be replaced or removed.
 * Returns false with 500.
 */
bool kernel_filter_attach(int fd, const struct filter_program *program, struct error *error);
