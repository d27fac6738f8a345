/* SPDX-License-Identifier: MIT */
/*
 * Datagrams that offload splits and joins: whatever the places see, large ones, segments or
 * segments that were joined anew, each byte has the same identity at all of them. What offload
 * has not touched stays one packet.
 */
#include "client/path_datagrams.h"

#include "unit.h"

#include <netinet/in.h>
#include <string.h>

enum { WORLDS = 200, SENDS = 20, SEGMENTS_MAX = 12, SIZE_MAX_SEGMENT = 1400, PLACES = 3 };

struct send {
	uint32_t at; /* of all bytes of the flow */
	uint32_t segment;
	uint32_t size;
	uint16_t id;
};

/* What one place knows a byte by. */
struct byte_identity {
	uint64_t digest;
	uint32_t sequence;
};

struct world {
	struct path_hash_key key;
	struct path_datagrams *datagrams;
	struct seed seed;
	bool has_id;
	struct send sends[SENDS];
	unsigned char bytes[SENDS * SEGMENTS_MAX * SIZE_MAX_SEGMENT];
	struct byte_identity known[PLACES][SENDS * SEGMENTS_MAX * SIZE_MAX_SEGMENT];
	struct path_identity parts[PATH_PARTS_MAX];
};

static struct world world;

static struct path_identity identify(uint32_t at, uint32_t size, uint16_t id)
{
	struct path_identity identity = {
		.kind = PATH_WHOLE,
		.flow = {.protocol = IPPROTO_UDP, .version = 4, .source = {1}},
		.flow_digest = 77,
		.has_id = world.has_id,
		.id = world.has_id ? id : 0,
	};

	identity.digest = ((uint64_t)size << 32 | identity.id) * 0x9e3779b97f4a7c15;
	path_identity_set_payload(&world.key, world.bytes + at, size, &identity);
	return identity;
}

/* A place sees a packet. Returns how many parts it has. */
static size_t see(unsigned place, uint32_t at, uint32_t size, uint16_t id)
{
	const struct path_identity identity = identify(at, size, id);
	const size_t count =
		path_datagrams_split(world.datagrams, &identity, world.bytes + at, world.parts);
	uint32_t done = 0;

	for (size_t i = 0; i < count; i++) {
		const struct path_identity *part = &world.parts[i];

		for (uint32_t byte = 0; byte < part->size; byte++)
			world.known[place][at + done + byte] =
				(struct byte_identity){part->digest, part->sequence + byte};
		done += part->size;
	}
	assert_int_equal(done, size);
	return count;
}

static void see_segments(unsigned place, const struct send *send, bool may_lose)
{
	uint16_t id = send->id;

	for (uint32_t at = 0; at < send->size; at += send->segment) {
		const uint32_t left = send->size - at;

		if (!may_lose || seed_below(&world.seed, 5) > 0)
			see(place, send->at + at, left < send->segment ? left : send->segment, id);
		id++;
	}
}

/* Sees a send whole, in segments, or in segments that were joined to several datagrams. */
static void see_send(unsigned place, const struct send *send, unsigned how)
{
	uint32_t at = 0;

	if (how == 0)
		see(place, send->at, send->size, send->id);
	else if (how == 1)
		see_segments(place, send, send->at > 0 && seed_below(&world.seed, 2) == 0);
	while (how == 2 && at < send->size) {
		const uint32_t segments = 1 + (uint32_t)seed_below(&world.seed, 6);
		const uint32_t left = send->size - at;
		const uint32_t joined = segments * send->segment;
		const uint32_t size = joined < left ? joined : left;

		see(place, send->at + at, size, (uint16_t)(send->id + at / send->segment));
		at += size;
	}
}

static void make_world(bool has_id)
{
	uint32_t at = 0;
	const uint32_t segment = 1000 + (uint32_t)seed_below(&world.seed, 400);
	uint16_t id = 65500;

	assert_true(path_hash_key_init(&world.key));
	world.datagrams = path_datagrams_new(&world.key);
	assert_non_null(world.datagrams);
	world.has_id = has_id;
	memset(world.known, 0, sizeof(world.known));
	for (size_t i = 0; i < sizeof(world.bytes); i++)
		world.bytes[i] = (unsigned char)seed_below(&world.seed, 256);
	for (unsigned i = 0; i < SENDS; i++) {
		struct send *send = &world.sends[i];

		send->at = at;
		send->id = id;
		send->segment = segment;
		send->size =
			send->segment * (1 + (uint32_t)seed_below(&world.seed, SEGMENTS_MAX - 1)) +
			500 + (uint32_t)seed_below(&world.seed, 500);
		at += send->size;
		id = (uint16_t)(id + SEGMENTS_MAX);
	}
}

/* Each byte that two places saw has one identity. Returns how many these are. */
static size_t compare(unsigned one, unsigned other)
{
	size_t compared = 0;

	for (size_t i = 0; i < sizeof(world.bytes); i++) {
		const struct byte_identity *a = &world.known[one][i];
		const struct byte_identity *b = &world.known[other][i];

		if (a->digest == 0 || b->digest == 0)
			continue;
		assert_int_equal(a->digest, b->digest);
		assert_int_equal(a->sequence, b->sequence);
		compared++;
	}
	return compared;
}

static void each_byte_has_one_identity(void **state)
{
	(void)state;
	world.seed = seed_start();
	for (unsigned round = 0; round < WORLDS; round++) {
		unsigned how[PLACES];

		make_world(round % 2 == 0);
		for (unsigned place = 0; place < PLACES; place++)
			how[place] = (unsigned)seed_below(&world.seed, 3);
		for (unsigned i = 0; i < SENDS; i++)
			for (unsigned place = 0; place < PLACES; place++)
				see_send(place, &world.sends[i], how[place]);
		assert_true(compare(0, 1) > 0);
		assert_true(compare(1, 2) > 0);
		assert_true(compare(0, 2) > 0);
		path_datagrams_free(world.datagrams);
	}
}

/* A receiver joins segments of two sends; they are known as sent, or as segments. */
static void joined_from_two_sends(void **state)
{
	(void)state;
	world.seed = seed_start();
	for (unsigned how = 0; how < 2; how++) {
		const struct send one = {.size = 6000, .segment = 1200, .id = 100};
		const struct send other = {.at = 6000, .size = 4800, .segment = 1200, .id = 105};

		make_world(true);
		if (how == 0) {
			see_send(0, &one, how);
			see_send(0, &other, how);
		} else {
			see_segments(0, &one, false);
			see_segments(0, &other, false);
		}
		see(1, 0, 3600, 100);
		see(1, 3600, 6000, 103);
		see(1, 9600, 1200, 108);
		assert_int_equal(compare(0, 1), 10800);
		path_datagrams_free(world.datagrams);
	}
}

/* Segments stay known by their size, however many small packets of the flow follow. */
static void size_of_segments_outlasts_equal_small_packets(void **state)
{
	(void)state;
	world.seed = seed_start();
	make_world(true);
	for (uint16_t i = 1; i < 5; i++) /* the first one is lost */
		see(0, i * 1200, 1200, (uint16_t)(100 + i));
	for (uint16_t i = 0; i < 3; i++)
		see(0, 20000 + i * 500, 500, (uint16_t)(300 + i));
	see(1, 0, 6000, 100);
	assert_int_equal(compare(0, 1), 4800);
	path_datagrams_free(world.datagrams);
}

static void untouched_packets_stay_one(void **state)
{
	(void)state;
	world.seed = seed_start();
	make_world(true);
	for (unsigned i = 0; i < 1000; i++) {
		const uint32_t size = 1 + (uint32_t)seed_below(&world.seed, 1472);
		const uint32_t at = i * 200;
		const struct path_identity identity = identify(at, size, (uint16_t)i);

		for (unsigned place = 0; place < 2; place++) {
			assert_int_equal(see(place, at, size, (uint16_t)i), 1);
			assert_memory_equal(&world.parts[0], &identity, sizeof(identity));
		}
	}
	path_datagrams_free(world.datagrams);
}

/* Equal payloads, as of a probe: the identification tells them apart. */
static void equal_payloads_apart(void **state)
{
	(void)state;
	world.seed = seed_start();
	make_world(true);
	memset(world.bytes, 0, sizeof(world.bytes));
	for (uint16_t i = 0; i < 50; i++)
		for (unsigned place = 0; place < 2; place++) {
			const uint32_t size = i % 2 == 0 ? 1200 : 100;
			const struct path_identity identity = identify(0, size, i);

			assert_int_equal(see(place, 0, size, i), 1);
			assert_memory_equal(&world.parts[0], &identity, sizeof(identity));
		}
	path_datagrams_free(world.datagrams);
}

/* What was not captured, and other protocols, are left as they are. */
static void others_are_left_alone(void **state)
{
	struct path_identity identity;

	(void)state;
	world.seed = seed_start();
	make_world(true);
	see(0, 0, 1200, 1);
	identity = identify(0, 2400, 1);
	identity.flow.protocol = IPPROTO_SCTP;
	assert_int_equal(
		path_datagrams_split(world.datagrams, &identity, world.bytes, world.parts), 1);
	identity = identify(0, 2400, 1);
	identity.checks_valid = 1;
	assert_int_equal(
		path_datagrams_split(world.datagrams, &identity, world.bytes, world.parts), 1);
	assert_memory_equal(&world.parts[0], &identity, sizeof(identity));
	path_datagrams_free(world.datagrams);
}

/*
 * A datagram has new segments, and then the end of one that is kept. It is found after a few
 * of them; after many, the search for each of them would take too long.
 */
static bool is_found_after(unsigned count)
{
	enum { SEGMENT = 100, KEPT = 4000, TAIL = 90 };
	const uint32_t end = count * SEGMENT;
	uint64_t digest;

	make_world(false);
	see(0, KEPT, KEPT, 0);
	see(0, 0, SEGMENT, 0); /* the datagram's segments are as large as its first one */
	memcpy(world.bytes + end, world.bytes + 2 * KEPT - TAIL, TAIL);
	see(1, 0, end + TAIL, 0);
	digest = world.known[1][end].digest;
	path_datagrams_free(world.datagrams);
	return digest == world.known[0][2 * KEPT - TAIL].digest;
}

static void searches_of_one_datagram_limited(void **state)
{
	(void)state;
	world.seed = seed_start();
	assert_true(is_found_after(3));
	assert_false(is_found_after(12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_has_one_identity),
		cmocka_unit_test(joined_from_two_sends),
		cmocka_unit_test(size_of_segments_outlasts_equal_small_packets),
		cmocka_unit_test(untouched_packets_stay_one),
		cmocka_unit_test(equal_payloads_apart),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(searches_of_one_datagram_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
