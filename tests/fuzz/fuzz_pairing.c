/* SPDX-License-Identifier: MIT */
/*
 * Any sights in any order: the pairing stays within its limits, and reports for each place no
 * more packets as passed, lost or in doubt than came there. In: 8 bytes for each sight.
 */
#include "fuzz.h"

#include "client/path_pairing.h"

enum { SIGHT_SIZE = 8, INPUT_MAX = 32768, PLACES = 6, JOURNEYS = 32, FLOWS = 4 };

struct sums {
	uint64_t seen; /* bytes */
	uint64_t left; /* bytes that passed from places, were lost there, or are in doubt */
};

static void note_passed(void *context, const struct path_passage *passage)
{
	((struct sums *)context)->left += passage->bytes;
	must(passage->from.place != passage->to.place, "a packet passes to another place");
}

static void note_missing(void *context, const struct path_missing *missing)
{
	((struct sums *)context)->left += missing->bytes;
}

static void note_taken_back(
	void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	must(missing->from.place != missing->to, "a loss is between two places");
	(void)context, (void)doubt;
}

static void note_doubt(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	must(doubt < PATH_DOUBTS, "a doubt has a reason");
	if (missing->from.place != PATH_PLACE_NONE)
		note_missing(context, missing);
}

static void note_ending(void *context, const struct path_ending *ending)
{
	(void)context;
	must(ending->packets > 0, "an ending has packets");
}

static struct path_identity identity_of(const uint8_t *bytes)
{
	struct path_identity identity = {
		.kind = bytes[0] & 1 ? PATH_BYTES : PATH_WHOLE,
		.flow = {.source = {bytes[0] >> 5}, .protocol = 6, .version = 4},
		.flow_digest = bytes[0] >> 5,
		.has_id = bytes[0] & 2,
		.id = bytes[6],
		.size = 1 + (uint32_t)bytes[4] * bytes[4],
		.timestamp = bytes[0] & 4,
		.outer_ttl = {bytes[6] & 3, bytes[6] >> 6},
		.tunnel = bytes[6] >> 3 & 1,
	};

	identity.digest = identity.flow_digest << 8 | (bytes[0] & 4);
	if (identity.kind == PATH_BYTES)
		identity.sequence = UINT32_MAX - 20000 + bytes[3] * 157U;
	else
		identity.digest ^= bytes[3];
	if (bytes[7] == 255)
		identity.kind = (enum path_kind)(bytes[6] % (PATH_DAMAGED + 1));
	else if (bytes[7] == 254)
		identity.size = UINT32_MAX - bytes[6];
	return identity;
}

static struct path_pairing *open_pairing(
	struct path_coverage coverage[PLACES], uint16_t places[PLACES], struct sums *sums)
{
	static const uint8_t tunnels[PLACES] = {0, 1, 0, 0, 2, 1};
	const struct path_limits limits = {JOURNEYS, FLOWS, 1000};
	const struct path_pairing_sink sink = {.context = sums,
		.passed = note_passed,
		.lost = note_missing,
		.take_back = note_taken_back,
		.doubt = note_doubt,
		.ending = note_ending};
	struct path_pairing *pairing = path_pairing_new(&limits, coverage, &sink);

	must(pairing, "there is memory");
	for (unsigned i = 0; i < PLACES; i++) {
		const struct path_place place = {.target = i / 2,
			.interface = i,
			.direction = (enum path_direction)(i % 3),
			.tunnels = tunnels[i]};

		path_coverage_begin(&coverage[i], 1);
		places[i] = path_pairing_place(pairing, &place);
	}
	return pairing;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct path_coverage coverage[PLACES] = {0};
	struct sums sums = {0};
	uint16_t places[PLACES];
	struct path_pairing *pairing;
	uint64_t now = 1000000, number = 0;

	if (size > INPUT_MAX)
		return 0;
	pairing = open_pairing(coverage, places, &sums);
	for (; size >= SIGHT_SIZE; bytes += SIGHT_SIZE, size -= SIGHT_SIZE) {
		const struct path_identity identity = identity_of(bytes);
		const struct path_sight sight = {
			.time_ns = now + (bytes[5] == 255 ? UINT64_C(1) << 61 : bytes[5]),
			.number = ++number,
			.place = places[bytes[1] % PLACES],
			.ttl = bytes[1] / PLACES,
		};

		now += bytes[2];
		if (bytes[7] == 253)
			path_coverage_add_drops(&coverage[bytes[1] % PLACES], now - bytes[6], now);
		sums.seen += identity.size;
		must(path_pairing_add(pairing, &sight, &identity) <= number,
			"a packet's first sight is not after it");
		path_pairing_advance(pairing, now);
		must(path_pairing_counts(pairing).journeys <= JOURNEYS &&
				path_pairing_counts(pairing).flows <= FLOWS,
			"the limits hold");
	}
	path_pairing_finish(pairing);
	must(sums.left <= sums.seen, "no more is reported than was seen");
	must(path_pairing_counts(pairing).journeys == 0, "all packets have ended");
	path_pairing_free(pairing);
	return 0;
}
