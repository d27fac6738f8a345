/* SPDX-License-Identifier: MIT */
/*
 * The pairing of single cases made by hand: what passed, what was lost and what is in doubt;
 * and of streams that an attacker makes: time and memory stay bounded, and what is reported of
 * other flows is right. test_path_worlds.c has whole networks.
 */
#include "client/path_pairing.h"
#include "client/path_state.h"

#include "unit.h"

#include <string.h>

#define MS UINT64_C(1000000)
#define START (1000 * 1000 * MS)
#define WINDOW (1000 * MS)

enum { PLACES = 4, JOURNEYS = 256, FLOWS = 16, HOSTILE = 200000 };

struct lab {
	struct path_coverage coverage[PLACES];
	struct path_pairing *pairing;
	uint16_t places[PLACES];
	uint64_t number;
	uint64_t now_ns;
	/* what was reported; by the flow's first byte, to tell flows apart */
	uint64_t passed[256], passed_bytes, skipped;
	uint64_t lost[256], lost_bytes, lost_at[PLACES][PLACES];
	uint64_t taken_back;
	uint64_t doubts[PATH_DOUBTS];
	uint64_t endings, ended_packets;
};

static void note_passed(void *context, const struct path_passage *passage)
{
	struct lab *lab = context;

	lab->passed[passage->flow->source[0]]++;
	lab->passed_bytes += passage->bytes;
	lab->skipped += passage->to.place != passage->from.place + 1;
}

static void note_lost(void *context, const struct path_missing *missing)
{
	struct lab *lab = context;

	lab->lost[missing->flow->source[0]]++;
	lab->lost_bytes += missing->bytes;
	if (missing->from.place < PLACES && missing->to < PLACES)
		lab->lost_at[missing->from.place][missing->to]++;
}

static void note_taken_back(
	void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	struct lab *lab = context;

	(void)missing, (void)doubt;
	lab->taken_back++;
}

static void note_doubt(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	struct lab *lab = context;

	(void)missing;
	lab->doubts[doubt]++;
}

static void note_ending(void *context, const struct path_ending *ending)
{
	struct lab *lab = context;

	lab->endings++;
	lab->ended_packets += ending->packets;
}

/* Hosts of the places: a sender, routers, and a receiver, each with one interface captured. */
static struct lab *open_lab_of(const struct path_limits *limits)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct path_pairing_sink sink = {.context = lab,
		.passed = note_passed,
		.lost = note_lost,
		.take_back = note_taken_back,
		.doubt = note_doubt,
		.ending = note_ending};

	assert_non_null(lab);
	lab->now_ns = START;
	lab->pairing = path_pairing_new(limits, lab->coverage, &sink);
	assert_non_null(lab->pairing);
	for (unsigned i = 0; i < PLACES; i++) {
		const struct path_place place = {.target = i,
			.interface = i,
			.direction = i == 0 ? PATH_OUTGOING : PATH_INCOMING};

		path_coverage_begin(&lab->coverage[i], START - 100 * WINDOW);
		lab->places[i] = path_pairing_place(lab->pairing, &place);
		assert_int_equal(lab->places[i], i);
	}
	return lab;
}

static struct lab *open_lab(void)
{
	return open_lab_of(&(struct path_limits){JOURNEYS, FLOWS, WINDOW});
}

static void finish(struct lab *lab)
{
	path_pairing_finish(lab->pairing);
}

static void close_lab(struct lab *lab)
{
	path_pairing_free(lab->pairing);
	free(lab);
}

static struct path_identity datagram(uint8_t flow, uint64_t digest)
{
	return (struct path_identity){.kind = PATH_WHOLE,
		.flow = {.source = {flow}, .protocol = 17, .version = 4},
		.flow_digest = flow,
		.digest = digest ^ (uint64_t)flow << 56,
		.has_id = true,
		.id = (uint16_t)(digest | 1),
		.size = 100};
}

static struct path_identity segment(uint8_t flow, uint32_t sequence, uint32_t size, uint32_t tsval)
{
	return (struct path_identity){.kind = PATH_BYTES,
		.flow = {.source = {flow}, .protocol = 6, .version = 4},
		.flow_digest = flow,
		.digest = (uint64_t)flow << 40 ^ tsval,
		.sequence = sequence,
		.size = size,
		.timestamp = tsval};
}

/* A packet is seen at a place, a millisecond after the one before. */
static void see_with_ttl(
	struct lab *lab, unsigned place, const struct path_identity *identity, uint8_t ttl)
{
	const struct path_sight sight = {.time_ns = lab->now_ns,
		.number = ++lab->number,
		.place = lab->places[place],
		.ttl = ttl};

	path_coverage_advance(&lab->coverage[place], lab->now_ns);
	path_pairing_add(lab->pairing, &sight, identity);
	path_pairing_advance(lab->pairing, lab->now_ns);
	lab->now_ns += MS;
}

static void see(struct lab *lab, unsigned place, struct path_identity identity)
{
	see_with_ttl(lab, place, &identity, (uint8_t)(64 - place));
}

/* A packet passes the places from the first one up to another. */
static void travel(struct lab *lab, unsigned last, struct path_identity identity)
{
	for (unsigned place = 0; place <= last; place++)
		see(lab, place, identity);
}

static void wait_window(struct lab *lab)
{
	lab->now_ns += 2 * WINDOW;
	path_pairing_advance(lab->pairing, lab->now_ns);
}

static uint64_t all_doubts(const struct lab *lab)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < PATH_DOUBTS; i++)
		sum += lab->doubts[i];
	return sum;
}

static void one_lost_of_three_told_there(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 2, datagram(1, 1));
	travel(lab, 1, datagram(1, 2));
	travel(lab, 2, datagram(1, 3));
	finish(lab);
	assert_int_equal(lab->passed[1], 5);
	assert_int_equal(lab->lost[1], 1);
	assert_int_equal(lab->lost_at[1][2], 1);
	assert_int_equal(all_doubts(lab), 0);
	close_lab(lab);
}

static void retransmission_with_another_tsval_two_packets(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 2, segment(1, 0, 1000, 10));
	travel(lab, 1, segment(1, 1000, 1000, 10));
	travel(lab, 2, segment(1, 1000, 1000, 11));
	travel(lab, 2, segment(1, 2000, 1000, 12));
	finish(lab);
	assert_int_equal(lab->lost_at[1][2], 1);
	assert_int_equal(lab->lost_bytes, 1000);
	assert_int_equal(lab->passed_bytes, 7000);
	assert_int_equal(all_doubts(lab), 0);
	close_lab(lab);
}

static void split_segment_with_lost_middle_bytes_exact(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		const uint32_t at = UINT32_MAX - 5000 + i * 10000; /* it wraps */

		see(lab, 0, segment(1, at, 10000, 7));
		see(lab, 1, segment(1, at, 4000, 7));
		if (i != 1)
			see(lab, 1, segment(1, at + 4000, 1500, 7));
		see(lab, 1, segment(1, at + 5500, 4500, 7));
	}
	finish(lab);
	assert_int_equal(lab->lost_bytes, 1500);
	assert_int_equal(lab->passed_bytes, 28500);
	close_lab(lab);
}

static void joined_segments_bytes_exact(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	for (uint32_t at = 0; at < 8000; at += 1000)
		see(lab, 0, segment(1, at, 1000, 7));
	see(lab, 1, segment(1, 0, 3000, 7));
	see(lab, 1, segment(1, 4000, 4000, 7));
	finish(lab);
	assert_int_equal(lab->lost_bytes, 1000);
	assert_int_equal(lab->passed_bytes, 7000);
	close_lab(lab);
}

static void black_hole_ending_and_no_loss(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 3, datagram(2, 1)); /* another flow continues from there */
	for (unsigned i = 0; i < 20; i++)
		travel(lab, 1, datagram(1, i));
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	assert_int_equal(lab->endings, 1);
	assert_int_equal(lab->ended_packets, 20);
	close_lab(lab);
}

/* The last packet of a run, of which the next place may only not have sent its sight. */
static void end_of_run_ending_only_within_watermarks(void **state)
{
	(void)state;
	for (int is_within = 0; is_within < 2; is_within++) {
		struct lab *lab = open_lab();

		for (unsigned i = 0; i < 20; i++)
			travel(lab, 3, datagram(1, i));
		path_coverage_watermark(&lab->coverage[2], lab->now_ns);
		lab->now_ns += WINDOW / 2;
		travel(lab, 1, datagram(1, 100));
		if (is_within)
			path_coverage_watermark(&lab->coverage[2], lab->now_ns + WINDOW);
		for (unsigned i = 0; i < PLACES; i++)
			path_coverage_end(&lab->coverage[i]);
		finish(lab);
		assert_int_equal(lab->endings, is_within);
		assert_int_equal(lab->doubts[PATH_DOUBT_NOT_RUNNING], !is_within);
		close_lab(lab);
	}
}

static void first_packet_of_a_flow_doubt_of_its_own(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 1, datagram(1, 1));
	wait_window(lab);
	travel(lab, 2, datagram(1, 2));
	travel(lab, 2, datagram(1, 3));
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	assert_int_equal(lab->doubts[PATH_DOUBT_FIRST], 1);
	assert_int_equal(all_doubts(lab), 1);
	close_lab(lab);
}

/* The copy of a packet begins where others come from another place, but is none of these. */
static void copy_made_on_the_way_takes_no_loss_back(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 2, datagram(1, 1));
	travel(lab, 1, datagram(1, 2));
	travel(lab, 2, datagram(1, 3));
	see(lab, 2, datagram(1, 3));
	travel(lab, 1, datagram(1, 4));
	travel(lab, 2, datagram(1, 5));
	finish(lab);
	assert_int_equal(lab->lost[1], 2);
	assert_int_equal(lab->taken_back, 0);
	assert_int_equal(all_doubts(lab), 0);
	close_lab(lab);
}

/* A packet comes to one place, and to two between which no router is. */
static void see_without_order(struct lab *lab, const struct path_identity *identity)
{
	see_with_ttl(lab, 0, identity, 64);
	see_with_ttl(lab, 1, identity, 63);
	see_with_ttl(lab, 2, identity, 63);
}

static void order_not_known_packet_at_fewer_places_doubt(void **state)
{
	struct lab *lab = open_lab();
	struct path_identity whole = datagram(1, 1);
	struct path_identity lost = datagram(1, 2);

	(void)state;
	see_without_order(lab, &whole);
	wait_window(lab);
	see_with_ttl(lab, 0, &lost, 64);
	see_with_ttl(lab, 1, &lost, 63);
	/* the places of another flow have an order */
	travel(lab, 2, datagram(2, 1));
	travel(lab, 1, datagram(2, 2));
	travel(lab, 2, datagram(2, 3));
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	assert_int_equal(lab->lost[2], 1);
	assert_int_equal(lab->doubts[PATH_DOUBT_ORDER], 2);
	assert_int_equal(all_doubts(lab), 2);
	close_lab(lab);
}

/* Packets that came to the host that answers have come, wherever else they were seen. */
static void order_not_known_at_host_that_answers_no_doubt(void **state)
{
	const struct path_place incoming = {.target = 0, .direction = PATH_INCOMING};

	(void)state;
	for (int is_answered = 0; is_answered < 2; is_answered++) {
		struct lab *lab = open_lab();
		struct path_identity packets[] = {datagram(1, 1), datagram(1, 2)};
		struct path_identity answer = datagram(1, 3);

		answer.flow.destination[0] = 1;
		answer.flow.source[0] = 0;
		lab->places[3] = path_pairing_place(lab->pairing, &incoming);
		see_with_ttl(lab, 1, &packets[0], 63);
		see_with_ttl(lab, 2, &packets[0], 63);
		see_with_ttl(lab, 3, &packets[0], 62);
		if (is_answered)
			see_with_ttl(lab, 0, &answer, 64);
		wait_window(lab);
		see_with_ttl(lab, 3, &packets[1], 62);
		finish(lab);
		assert_int_equal(lab->doubts[PATH_DOUBT_ORDER], is_answered ? 1 : 2);
		close_lab(lab);
	}
}

static void drops_of_next_place_doubt_and_no_loss(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 2, datagram(1, 1));
	travel(lab, 1, datagram(1, 2));
	path_coverage_add_drops(&lab->coverage[2], lab->now_ns - 5 * MS, lab->now_ns);
	travel(lab, 2, datagram(1, 3));
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	assert_int_equal(lab->doubts[PATH_DOUBT_DROPPED], 1);
	close_lab(lab);
}

static void damaged_packet_gap_of_its_place_alone(void **state)
{
	const struct path_place other = {.target = 2, .interface = 9, .direction = PATH_INCOMING};
	const struct path_identity damaged = {.kind = PATH_DAMAGED};

	(void)state;
	for (unsigned is_other = 0; is_other < 2; is_other++) {
		struct lab *lab = open_lab();
		struct path_sight sight = {.time_ns = lab->now_ns, .number = 1};

		sight.place = is_other ? path_pairing_place(lab->pairing, &other) : 2;
		path_pairing_add(lab->pairing, &sight, &damaged);
		travel(lab, 2, datagram(1, 1));
		travel(lab, 1, datagram(1, 2));
		travel(lab, 2, datagram(1, 3));
		finish(lab);
		assert_int_equal(lab->lost[1], is_other);
		assert_int_equal(lab->doubts[PATH_DOUBT_DROPPED], !is_other);
		close_lab(lab);
	}
}

static void change_of_way_doubt_and_no_loss(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 2, datagram(1, 1));
	see(lab, 0, datagram(1, 2)); /* which of the two ways? */
	see(lab, 0, datagram(1, 3));
	see(lab, 3, datagram(1, 3));
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	assert_int_equal(lab->doubts[PATH_DOUBT_WAYS], 1);
	close_lab(lab);
}

static void second_visit_with_smaller_ttl_one_journey(void **state)
{
	struct lab *lab = open_lab();
	const struct path_identity identity = datagram(1, 1);

	(void)state;
	see_with_ttl(lab, 1, &identity, 64);
	see_with_ttl(lab, 1, &identity, 63);
	see_with_ttl(lab, 2, &identity, 62);
	finish(lab);
	assert_int_equal(lab->passed[1], 2);
	close_lab(lab);
}

/* The packet has ended at a place, and waits, when another place reports it. */
static void late_place_of_waiting_packet_each_stretch_once(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 1, datagram(1, 1));
	wait_window(lab);
	assert_int_equal(lab->passed[1], 1);
	see(lab, 2, datagram(1, 1));
	wait_window(lab);
	assert_int_equal(lab->passed[1], 2);
	see(lab, 3, datagram(1, 1));
	finish(lab);
	assert_int_equal(lab->passed[1], 3);
	assert_int_equal(lab->skipped, 0);
	close_lab(lab);
}

static void late_pieces_of_waiting_segment_bytes_exact(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 1, segment(1, 0, 9000, 7));
	wait_window(lab);
	see(lab, 2, segment(1, 0, 3000, 7));
	see(lab, 2, segment(1, 3000, 6000, 7));
	finish(lab);
	assert_int_equal(lab->passed_bytes, 18000);
	assert_int_equal(lab->skipped, 0);
	close_lab(lab);
}

/* Somebody sends copies of two packets of a flow, with a smaller TTL. */
static void copies_with_smaller_ttl_no_loss_of_others(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		const struct path_identity identity = datagram(1, i);

		see_with_ttl(lab, 0, &identity, 64);
		see_with_ttl(lab, 1, &identity, 60);
		if (i == 1 || i == 18)
			see_with_ttl(lab, 1, &identity, 40);
	}
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	assert_int_equal(lab->passed[1], 22);
	close_lab(lab);
}

/* As mtr(8) does: again and again, packets of one flow with each TTL. */
static void ttl_that_ends_between_two_places_doubt_and_no_loss(void **state)
{
	enum { HOPS = 4, ROUNDS = 5, TTL_MAX = 8 };
	struct lab *lab = open_lab();

	(void)state;
	for (unsigned i = 0; i < ROUNDS * TTL_MAX; i++) {
		const struct path_identity identity = datagram(1, i);
		const uint8_t ttl = (uint8_t)(TTL_MAX - i % TTL_MAX);

		see_with_ttl(lab, 0, &identity, ttl);
		/* one of those whose TTL suffices is lost */
		if (ttl > HOPS && i != 2 * TTL_MAX)
			see_with_ttl(lab, 1, &identity, ttl - HOPS);
	}
	travel(lab, 1, datagram(1, 1000));
	finish(lab);
	assert_int_equal(lab->lost[1], 1);
	assert_int_equal(lab->doubts[PATH_DOUBT_EXPIRED], ROUNDS * HOPS);
	assert_int_equal(all_doubts(lab), ROUNDS * HOPS);
	close_lab(lab);
}

/* The second place has the packets in a tunnel, the third one has or not. */
static void loss_at_the_end_of_a_tunnel_doubt_but_not_in_it(void **state)
{
	for (unsigned other = 0; other < 2; other++) {
		struct lab *lab = open_lab();
		const struct path_place in_tunnel[] = {
			{.target = 1, .interface = 1, .tunnels = 1},
			{.target = 2, .interface = 2, .tunnels = (uint8_t)other},
		};

		(void)state;
		lab->places[1] = path_pairing_place(lab->pairing, &in_tunnel[0]);
		lab->places[2] = path_pairing_place(lab->pairing, &in_tunnel[1]);
		for (unsigned i = 0; i < 30; i++)
			for (unsigned place = 0; place < (i == 20 ? 2 : 3); place++) {
				struct path_identity identity = datagram(1, i);

				if (place == 1 || (place == 2 && other == 1)) {
					identity.tunnel = 7;
					identity.outer_ttl[0] = 64;
				}
				see_with_ttl(lab, place, &identity, (uint8_t)(64 - place));
			}
		finish(lab);
		assert_int_equal(lab->lost[1], other);
		assert_int_equal(lab->doubts[PATH_DOUBT_TUNNEL], 1 - other);
		assert_int_equal(all_doubts(lab), 1 - other);
		close_lab(lab);
	}
}

static void late_sight_takes_loss_back(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 1, segment(1, 0, 1000, 10));
	travel(lab, 0, segment(1, 1000, 9000, 10));
	travel(lab, 1, segment(1, 10000, 1000, 10));
	wait_window(lab);
	assert_int_equal(lab->lost[1], 1);
	see(lab, 1, segment(1, 4000, 1000, 10)); /* a piece of it */
	see(lab, 1, segment(1, 5000, 1000, 10));
	finish(lab);
	assert_int_equal(lab->taken_back, 1);
	close_lab(lab);
}

static void late_joined_segment_takes_all_its_losses_back(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	travel(lab, 1, segment(1, 0, 1000, 10));
	for (uint32_t at = 1000; at < 5000; at += 1000)
		travel(lab, 0, segment(1, at, 1000, 10));
	travel(lab, 1, segment(1, 10000, 1000, 10));
	wait_window(lab);
	assert_int_equal(lab->lost[1], 4);
	see(lab, 1, segment(1, 1000, 4000, 10));
	finish(lab);
	assert_int_equal(lab->taken_back, 4);
	close_lab(lab);
}

static void late_source_doubt_and_no_loss(void **state)
{
	struct lab *lab = open_lab();
	struct path_sight sight = {.place = 0, .ttl = 64};
	struct path_identity identity = datagram(1, 2);

	(void)state;
	travel(lab, 1, datagram(1, 1));
	sight.time_ns = lab->now_ns;
	lab->now_ns += MS;
	see(lab, 1, identity); /* this one was seen, but is over when the sender's comes */
	wait_window(lab);
	path_pairing_add(lab->pairing, &sight, &identity);
	travel(lab, 1, datagram(1, 3));
	finish(lab);
	assert_int_equal(lab->lost[1], 0);
	close_lab(lab);
}

static void more_flows_than_fit_doubt_and_no_loss(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	for (unsigned i = 0; i < 10 * FLOWS; i++)
		see(lab, i % 2, datagram((uint8_t)i, 1));
	assert_true(path_pairing_counts(lab->pairing).flows <= FLOWS);
	finish(lab);
	for (unsigned i = 0; i < 256; i++)
		assert_int_equal(lab->lost[i], 0);
	close_lab(lab);
}

static void memory_of_the_client_below_64_mib(void **state)
{
	const size_t journeys = 98304, flows = 16384;
	const size_t sum = journeys * (sizeof(struct journey) + 2 * sizeof(uint32_t)) +
			   flows * (sizeof(struct flow) + 2 * sizeof(uint32_t));

	(void)state;
	printf("# %.1f MiB\n", (double)sum / (1 << 20));
	assert_true(sum < 64 << 20);
}

/* One packet that is too large for any journey does not make losses of others doubtful. */
static void left_out_packet_no_doubt_about_other_flows(void **state)
{
	struct lab *lab = open_lab();

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		travel(lab, i == 5 ? 1 : 2, datagram(1, i));
		see(lab, 0, segment(9, 0, UINT32_MAX, 5));
	}
	finish(lab);
	assert_int_equal(lab->lost[1], 1);
	assert_int_equal(lab->doubts[PATH_DOUBT_MEMORY], 10);
	close_lab(lab);
}

static struct path_identity hostile(struct seed *seed, unsigned kind)
{
	struct path_identity identity;

	switch (kind) {
	case 0: /* one identity */
		return datagram(9, 7);
	case 1: /* any bytes of one stream */
		return segment(9, seed_u32(seed), 1 + seed_u32(seed) % 70000, 5);
	case 2: /* the same bytes in any pieces */
		return segment(9, UINT32_MAX - 50000 + seed_u32(seed) % 100000,
			1 + seed_u32(seed) % 2000, 5);
	case 3: /* huge ones, and none */
		identity = segment(9, seed_u32(seed), 0, 5);
		identity.size =
			seed_below(seed, 2) ? UINT32_MAX - (uint32_t)seed_below(seed, 9) : 1;
		return identity;
	default: /* equal but for payload */
		identity = datagram(9, 8);
		identity.checks_valid = (1U << PATH_CHECKS) - 1;
		identity.checks[PATH_CHECK_ALL] = seed_u32(seed);
		return identity;
	}
}

/* An honest flow loses one packet of ten, between hostile ones. */
static void hostile_flow_others_right(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (unsigned kind = 0; kind < 5; kind++) {
		struct lab *lab = open_lab();

		for (uint64_t i = 0; i < HOSTILE; i++) {
			see(lab, (unsigned)seed_below(&seed, PLACES), hostile(&seed, kind));
			if (i % 1000 == 0) /* both are done before they could be evicted */
				travel(lab, i % 10000 == 5000 ? 1 : 2, datagram(1, i));
		}
		finish(lab);
		assert_true(path_pairing_counts(lab->pairing).journeys == 0);
		assert_true(lab->lost[1] <= HOSTILE / 10000);
		close_lab(lab);
	}
}

/*
 * Of a flow that once passed, packets wait for a later one until no space is left. Then each
 * new one ends the oldest: with a search for it, this test would take minutes.
 */
static void many_waiting_packets_of_one_flow_each_ends_at_once(void **state)
{
	enum { WAITING = 1 << 15, MORE = 1 << 20 };
	const struct path_limits limits = {WAITING, FLOWS, WINDOW};
	struct lab *lab = open_lab_of(&limits);

	(void)state;
	travel(lab, 2, datagram(9, 1));
	for (uint64_t i = 2; i < WAITING + MORE; i++)
		see(lab, 0, datagram(9, i));
	assert_true(lab->pairing->flows.list[lab->pairing->flows.newest].waiting_count >
		    WAITING - 2 * WINDOW / MS);
	finish(lab);
	assert_int_equal(lab->lost[9], 0);
	assert_int_equal(lab->ended_packets, WAITING + MORE - 2);
	close_lab(lab);
}

static void time_that_jumps_bounded_and_no_crash(void **state)
{
	const uint64_t years = UINT64_C(3155760000) * 1000 * MS; /* 100 */
	struct seed seed = seed_start();
	struct lab *lab = open_lab();

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		switch (seed_below(&seed, 50)) {
		case 0:
			lab->now_ns += years % (1 + seed_u32(&seed));
			break;
		case 1:
			lab->now_ns = START + seed_u32(&seed);
			break;
		case 2:
			lab->now_ns = seed_below(&seed, 2) ? START + years : seed_below(&seed, 9);
			break;
		}
		travel(lab, (unsigned)seed_below(&seed, PLACES),
			datagram((uint8_t)seed_below(&seed, 8), i));
	}
	assert_true(path_pairing_counts(lab->pairing).journeys <= JOURNEYS);
	finish(lab);
	assert_int_equal(path_pairing_counts(lab->pairing).flows, 0);
	close_lab(lab);
}

/* Sanitizers find sums of times that overflow. */
static void timestamps_of_any_age_no_overflow(void **state)
{
	static const uint64_t times[] = {0, 1, START, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX,
		START - (UINT64_C(1) << 63), START + (UINT64_C(1) << 62), UINT64_C(1) << 61};
	struct seed seed = seed_start();
	struct lab *lab = open_lab();

	(void)state;
	path_pairing_advance(lab->pairing, lab->now_ns);
	for (unsigned i = 0; i < 50000; i++) {
		const struct path_identity identity = datagram(1, seed_below(&seed, 2) ? i : i / 4);
		struct path_sight sight = {.time_ns = lab->now_ns, .number = ++lab->number};

		sight.place = lab->places[seed_below(&seed, PLACES)];
		sight.ttl = (uint8_t)(64 - sight.place);
		if (seed_below(&seed, 4) == 0)
			sight.time_ns = times[seed_below(&seed, sizeof(times) / sizeof(*times))];
		path_coverage_advance(&lab->coverage[sight.place], sight.time_ns);
		path_pairing_add(lab->pairing, &sight, &identity);
		lab->now_ns += seed_below(&seed, 20) * MS;
		path_pairing_advance(lab->pairing, lab->now_ns);
	}
	finish(lab);
	assert_int_equal(path_pairing_counts(lab->pairing).journeys, 0);
	close_lab(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_lost_of_three_told_there),
		cmocka_unit_test(retransmission_with_another_tsval_two_packets),
		cmocka_unit_test(split_segment_with_lost_middle_bytes_exact),
		cmocka_unit_test(joined_segments_bytes_exact),
		cmocka_unit_test(black_hole_ending_and_no_loss),
		cmocka_unit_test(end_of_run_ending_only_within_watermarks),
		cmocka_unit_test(first_packet_of_a_flow_doubt_of_its_own),
		cmocka_unit_test(copy_made_on_the_way_takes_no_loss_back),
		cmocka_unit_test(order_not_known_packet_at_fewer_places_doubt),
		cmocka_unit_test(order_not_known_at_host_that_answers_no_doubt),
		cmocka_unit_test(drops_of_next_place_doubt_and_no_loss),
		cmocka_unit_test(damaged_packet_gap_of_its_place_alone),
		cmocka_unit_test(change_of_way_doubt_and_no_loss),
		cmocka_unit_test(second_visit_with_smaller_ttl_one_journey),
		cmocka_unit_test(late_place_of_waiting_packet_each_stretch_once),
		cmocka_unit_test(late_pieces_of_waiting_segment_bytes_exact),
		cmocka_unit_test(copies_with_smaller_ttl_no_loss_of_others),
		cmocka_unit_test(ttl_that_ends_between_two_places_doubt_and_no_loss),
		cmocka_unit_test(loss_at_the_end_of_a_tunnel_doubt_but_not_in_it),
		cmocka_unit_test(late_sight_takes_loss_back),
		cmocka_unit_test(late_joined_segment_takes_all_its_losses_back),
		cmocka_unit_test(late_source_doubt_and_no_loss),
		cmocka_unit_test(more_flows_than_fit_doubt_and_no_loss),
		cmocka_unit_test(left_out_packet_no_doubt_about_other_flows),
		cmocka_unit_test(memory_of_the_client_below_64_mib),
		cmocka_unit_test(hostile_flow_others_right),
		cmocka_unit_test(many_waiting_packets_of_one_flow_each_ends_at_once),
		cmocka_unit_test(time_that_jumps_bounded_and_no_crash),
		cmocka_unit_test(timestamps_of_any_age_no_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
