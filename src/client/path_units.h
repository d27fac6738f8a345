/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

enum { PATH_UNITS_SIZE = 32 };

/* Writes a duration with 2 or 3 digits: "850 ns", "3.5 us", "12 ms". */
void path_units_duration(uint64_t duration_ns, char out[PATH_UNITS_SIZE]);

/* Writes which share of a number another one is: "4.8 %", "<0.1 %". */
void path_units_share(uint64_t part, uint64_t whole, char out[PATH_UNITS_SIZE]);

/* Writes the distance of a clock, as exact as its bound: "3.00012 s", "1.52 ms". */
void path_units_offset(uint64_t distance_ns, uint64_t bound_ns, char out[PATH_UNITS_SIZE]);
