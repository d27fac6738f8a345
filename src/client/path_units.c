/* SPDX-License-Identifier: MIT */
/*
 * Numbers for people. In: ns and counts. Out: few digits, with a unit.
 */
#include "client/path_units.h"

#include <inttypes.h>
#include <stdio.h>

static const struct unit {
	double ns;
	const char *name;
} units[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}};

enum { UNITS = sizeof(units) / sizeof(*units) };

/* Returns the number of the unit in which a duration has three digits at most. */
static size_t choose_unit(uint64_t duration_ns)
{
	size_t unit = 0;

	while (unit + 1 < UNITS && (double)duration_ns / units[unit].ns >= 999.5)
		unit++;
	return unit;
}

void path_units_duration(uint64_t duration_ns, char out[PATH_UNITS_SIZE])
{
	const size_t unit = choose_unit(duration_ns);
	const double value = (double)duration_ns / units[unit].ns;

	snprintf(
		out, PATH_UNITS_SIZE, "%.*f %s", unit > 0 && value < 9.95, value, units[unit].name);
}

void path_units_share(uint64_t part, uint64_t whole, char out[PATH_UNITS_SIZE])
{
	const double percent = whole > 0 ? 100 * (double)part / (double)whole : 0;

	if (part > 0 && percent < 0.05)
		snprintf(out, PATH_UNITS_SIZE, "<0.1 %%");
	else if (part == whole && part > 0)
		snprintf(out, PATH_UNITS_SIZE, "100 %%");
	else
		snprintf(out, PATH_UNITS_SIZE, "%.1f %%", percent > 99.9 ? 99.9 : percent);
}

void path_units_offset(uint64_t distance_ns, uint64_t bound_ns, char out[PATH_UNITS_SIZE])
{
	const size_t unit = choose_unit(distance_ns);
	int digits = 0;

	for (uint64_t step = (uint64_t)units[unit].ns; step > 1 && step > bound_ns; step /= 10)
		digits++;
	snprintf(out, PATH_UNITS_SIZE, "%.*f %s", digits, (double)distance_ns / units[unit].ns,
		units[unit].name);
}
