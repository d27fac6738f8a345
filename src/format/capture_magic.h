/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

enum { CAPTURE_MAGIC_SIZE = 4 };

/* Does a file that begins with these bytes claim to be pcap or pcapng? */
bool capture_magic_is_known(const unsigned char start[CAPTURE_MAGIC_SIZE]);
