#pragma once

#include <stddef.h>
#include <stdint.h>

enum { FILTER_EXCLUSIONS_MAX = 64, FILTER_EXCLUSION_SIZE = 1024 };

/* What a capture must not, may and should take; in pcap-filter(7)'s words. */
struct filter {
	char exclusions[FILTER_EXCLUSIONS_MAX][FILTER_EXCLUSION_SIZE];
	size_t exclusion_count;
	const uint32_t *interfaces; /* indexes; none: all */
	size_t interface_count;
	const char *user; /* "": everything */
};

/* Adds an exclusion; one more than fits, or too long a one, is our bug. */
void filter_exclude(struct filter *filter, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The interfaces as an expression, for free(); NULL without memory. */
char *filter_interfaces(const struct filter *filter);

/*
 * Joins all of it to one expression for free(), NULL without memory. The
 * exclusions stand first: a user's "vlan" shifts the offsets of all that
 * stands to its right.
 */
char *filter_join(const struct filter *filter);
