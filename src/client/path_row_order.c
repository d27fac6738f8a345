/* SPDX-License-Identifier: MIT */
/*
 * The order of the table's rows. In: stretches. Out: chains of stretches.
 *
 * A chain begins at a place that no stretch comes to, or at an end of the line: a place
 * with one neighbour only, from which packets of the opposite direction start. It goes on
 * with the stretch of the most packets, but does not turn back.
 */
#include "client/path_row_order.h"

#include <stdlib.h>
#include <string.h>

struct node {
	bool has_arrivals;
	bool has_neighbour;
	bool has_more_neighbours;
	uint16_t neighbour;
};

struct chain {
	const struct path_stretch **rows;
	size_t count;
	bool *is_done;
	struct node *nodes; /* by place */
};

static void note_neighbour(struct node *node, uint16_t place)
{
	if (node->has_neighbour && node->neighbour != place)
		node->has_more_neighbours = true;
	node->has_neighbour = true;
	node->neighbour = place;
}

static uint64_t packets_of(const struct path_stretch *stretch)
{
	return stretch->passed + stretch->lost;
}

/* How good is a stretch as a chain's begin? */
static int rate_start(const struct chain *chain, const struct path_stretch *stretch)
{
	const struct node *node = &chain->nodes[stretch->from];

	if (!node->has_arrivals)
		return 2;
	return node->has_more_neighbours ? 0 : 1;
}

/* Returns the number of the best row to begin with, or count. */
static size_t find_start(const struct chain *chain)
{
	size_t best = chain->count;

	for (size_t i = 0; i < chain->count; i++) {
		int difference;

		if (chain->is_done[i])
			continue;
		difference = best == chain->count ? 1
						  : rate_start(chain, chain->rows[i]) -
							    rate_start(chain, chain->rows[best]);
		if (difference > 0 || (difference == 0 && packets_of(chain->rows[i]) >
								  packets_of(chain->rows[best])))
			best = i;
	}
	return best;
}

/* Returns the number of the row that goes on after another, or count. */
static size_t find_next(const struct chain *chain, const struct path_stretch *last)
{
	size_t best = chain->count;

	for (size_t i = 0; i < chain->count; i++) {
		const struct path_stretch *stretch = chain->rows[i];

		if (chain->is_done[i] || stretch->from != last->to || stretch->to == last->from)
			continue;
		if (best == chain->count || packets_of(stretch) > packets_of(chain->rows[best]))
			best = i;
	}
	return best;
}

static void sort_rows(struct chain *chain, const struct path_stretch **sorted)
{
	size_t count = 0;

	for (size_t i = 0; i < chain->count; i++) {
		const struct path_stretch *stretch = chain->rows[i];

		chain->nodes[stretch->to].has_arrivals = true;
		note_neighbour(&chain->nodes[stretch->to], stretch->from);
		note_neighbour(&chain->nodes[stretch->from], stretch->to);
	}
	while (count < chain->count) {
		size_t at = find_start(chain);

		while (at < chain->count) {
			chain->is_done[at] = true;
			sorted[count++] = chain->rows[at];
			at = find_next(chain, chain->rows[at]);
		}
	}
	memcpy(chain->rows, sorted, count * sizeof(const struct path_stretch *));
}

void path_row_order_sort(const struct path_stretch **rows, size_t count)
{
	const struct path_stretch **sorted = calloc(count + 1, sizeof(const struct path_stretch *));
	struct chain chain = {
		.rows = rows,
		.count = count,
		.is_done = calloc(count + 1, sizeof(bool)),
		.nodes = calloc(PATH_PLACES_MAX, sizeof(struct node)),
	};

	if (sorted && chain.is_done && chain.nodes)
		sort_rows(&chain, sorted);
	free(sorted);
	free(chain.is_done);
	free(chain.nodes);
}
