/* SPDX-License-Identifier: MIT */
/*
 * The table of stretches, for people. In: results. Out: lines, in the order of the ways.
 */
#include "client/path_rows.h"

#include "client/path_place_text.h"
#include "client/path_row_order.h"
#include "client/path_units.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum cell { PACKETS, LOST, SHARE, P50, P99, MOST, CLOCKS, CELLS };

enum {
	INDENT = 4, /* of figures that are on a line of their own */
	CELL_SIZE = PATH_UNITS_SIZE + 8,
};

struct row {
	const struct path_stretch *stretch;
	bool has_direction;
	char from[PATH_PLACE_TEXT_MAX];
	char to[PATH_PLACE_TEXT_MAX];
	char cells[CELLS][CELL_SIZE];
};

struct table {
	const struct path_results *results;
	struct row *rows;
	size_t count;
	size_t from_width;
	size_t to_width;
	size_t widths[CELLS];
	bool is_split; /* each row has two lines */
};

static const char *const headings[CELLS] = {
	[PACKETS] = "PACKETS",
	[LOST] = "",
	[SHARE] = "LOST",
	[P50] = "DELAY p50",
	[P99] = "p99",
	[MOST] = "max",
	[CLOCKS] = "CLOCKS",
};

static void print_spaces(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

static size_t widest(size_t width, const char *text)
{
	const size_t own = path_place_text_width(text);

	return own > width ? own : width;
}

static void describe_places(const struct path_results *results, struct row *row)
{
	path_place_describe(results, row->stretch->from, row->has_direction, row->from);
	path_place_describe(results, row->stretch->to, row->has_direction, row->to);
}

static void describe_delays(struct row *row)
{
	const struct path_delays *delays = &row->stretch->delays;
	char bound[PATH_UNITS_SIZE];

	for (enum cell i = P50; i <= MOST; i++)
		snprintf(row->cells[i], CELL_SIZE, "-");
	snprintf(row->cells[CLOCKS], CELL_SIZE, "%s",
		row->stretch->is_same_host ? "same host" : "not known");
	if (!delays->histogram)
		return;
	path_units_duration(path_histogram_percentile(delays->histogram, 0.5), row->cells[P50]);
	path_units_duration(path_histogram_percentile(delays->histogram, 0.99), row->cells[P99]);
	path_units_duration(delays->histogram->most_ns, row->cells[MOST]);
	if (row->stretch->is_same_host)
		return;
	path_units_duration(delays->bound_ns, bound);
	snprintf(row->cells[CLOCKS], CELL_SIZE, "+-%s", bound);
}

static void describe_row(const struct path_results *results, struct row *row)
{
	const struct path_stretch *stretch = row->stretch;

	describe_places(results, row);
	snprintf(row->cells[PACKETS], CELL_SIZE, "%" PRIu64, stretch->passed);
	snprintf(row->cells[LOST], CELL_SIZE, "%" PRIu64, stretch->lost);
	path_units_share(stretch->lost, stretch->passed + stretch->lost, row->cells[SHARE]);
	describe_delays(row);
}

static int compare_names(const void *one, const void *other)
{
	const struct row *a = *(const struct row *const *)one;
	const struct row *b = *(const struct row *const *)other;
	const int order = strcmp(a->from, b->from);

	return order != 0 ? order : strcmp(a->to, b->to);
}

/* Rows that look the same, or have the same name twice, get directions. */
static void add_directions(struct table *table)
{
	struct row **sorted = calloc(table->count, sizeof(struct row *));

	if (!sorted)
		return;
	for (size_t i = 0; i < table->count; i++) {
		sorted[i] = &table->rows[i];
		sorted[i]->has_direction = strcmp(sorted[i]->from, sorted[i]->to) == 0;
	}
	qsort(sorted, table->count, sizeof(struct row *), compare_names);
	for (size_t i = 1; i < table->count; i++)
		if (compare_names(&sorted[i - 1], &sorted[i]) == 0) {
			sorted[i - 1]->has_direction = true;
			sorted[i]->has_direction = true;
		}
	free(sorted);
	for (size_t i = 0; i < table->count; i++)
		describe_places(table->results, &table->rows[i]);
}

static size_t gap_before(enum cell cell)
{
	return cell == SHARE ? 1 : 2;
}

static void find_widths(struct table *table, unsigned columns)
{
	size_t width;

	for (size_t i = 0; i < CELLS; i++)
		table->widths[i] = strlen(headings[i]);
	for (size_t i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		table->from_width = widest(table->from_width, row->from);
		table->to_width = widest(table->to_width, row->to);
		for (size_t j = 0; j < CELLS; j++)
			table->widths[j] = widest(table->widths[j], row->cells[j]);
	}
	width = table->from_width + strlen(" > ") + table->to_width;
	for (enum cell i = PACKETS; i < CELLS; i++)
		width += gap_before(i) + table->widths[i];
	table->is_split = columns > 0 && width > columns;
}

static void print_padded(FILE *out, const char *text, size_t width)
{
	fputs(text, out);
	print_spaces(out, width - path_place_text_width(text));
}

static void print_cell(const struct table *table, FILE *out, enum cell cell, const char *text)
{
	print_spaces(out, gap_before(cell));
	if (cell != CLOCKS)
		print_spaces(out, table->widths[cell] - strlen(text));
	fputs(text, out);
}

static void print_headings(const struct table *table, FILE *out)
{
	const size_t path = table->from_width + strlen(" > ") + table->to_width;

	print_padded(out, "PATH", table->is_split ? INDENT : path);
	for (enum cell i = PACKETS; i < CELLS; i++)
		print_cell(table, out, i, headings[i]);
	putc('\n', out);
}

static void print_row(const struct table *table, FILE *out, const struct row *row)
{
	if (table->is_split) {
		fprintf(out, "%s > %s\n", row->from, row->to);
		print_spaces(out, INDENT);
	} else {
		print_padded(out, row->from, table->from_width);
		fputs(" > ", out);
		print_padded(out, row->to, table->to_width);
	}
	for (enum cell i = PACKETS; i < CELLS; i++)
		print_cell(table, out, i, row->cells[i]);
	putc('\n', out);
}

/* Returns the stretches that have figures, in their order. Sets ret_count. */
static const struct path_stretch **list_stretches(
	const struct path_stretches *stretches, size_t *ret_count)
{
	const struct path_stretch **list =
		calloc(stretches->count + 1, sizeof(const struct path_stretch *));
	size_t count = 0;

	for (size_t i = 0; list && i < stretches->count; i++) {
		const struct path_stretch *stretch = &stretches->list[i];

		if (stretch->from != PATH_PLACE_NONE && stretch->to != PATH_PLACE_NONE &&
			stretch->passed + stretch->lost > 0)
			list[count++] = stretch;
	}
	if (list)
		path_row_order_sort(list, count);
	*ret_count = count;
	return list;
}

size_t path_rows_print(const struct path_results *results, FILE *out, unsigned columns)
{
	struct table table = {.results = results};
	const struct path_stretch **list = list_stretches(&results->stretches, &table.count);

	table.rows = table.count > 0 ? calloc(table.count, sizeof(*table.rows)) : NULL;
	if (!table.rows) {
		free(list);
		return 0;
	}
	for (size_t i = 0; i < table.count; i++) {
		table.rows[i].stretch = list[i];
		describe_row(results, &table.rows[i]);
	}
	add_directions(&table);
	find_widths(&table, columns);
	print_headings(&table, out);
	for (size_t i = 0; i < table.count; i++)
		print_row(&table, out, &table.rows[i]);
	free(table.rows);
	free(list);
	return table.count;
}
