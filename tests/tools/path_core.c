/* SPDX-License-Identifier: MIT */
/*
 * How many sights of packets one core follows: path_identify(), path_translations_add() and
 * path_pairing_add(), with each packet at four places, and its memory.
 *
 *     path_core [SIGHTS]
 */
#include "client/path_pairing.h"
#include "client/path_state.h"
#include "client/path_translations.h"
#include "common/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PLACES = 4,
	SIGHTS = 4000000,
	FLOWS = 1000,
	JOURNEYS = 131072,
	FLOWS_MAX = 16384,
	RAW = 101, /* link type */
	UDP_SIZE = 20 + 8 + 172,
	TCP_SIZE = 20 + 32 + 1448,
	LOSS_OF = 997,	/* one packet of these is lost on its way */
	STEP_NS = 2000, /* between packets */
};

static void ignore_passage(void *context, const struct path_passage *passage)
{
	(void)passage;
	++*(uint64_t *)context;
}

static void ignore_loss(void *context, const struct path_missing *missing)
{
	(void)missing;
	++((uint64_t *)context)[1];
}

static void ignore_taken_back(
	void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	(void)context, (void)missing, (void)doubt;
}

static void ignore_doubt(void *context, const struct path_missing *missing, enum path_doubt doubt)
{
	(void)missing, (void)doubt;
	++((uint64_t *)context)[2];
}

static void ignore_ending(void *context, const struct path_ending *ending)
{
	(void)context, (void)ending;
}

static void put16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static void put32(unsigned char *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

/* Writes a packet of a flow, and returns its size. */
static uint32_t write_packet(unsigned char *out, bool is_tcp, uint64_t number)
{
	const uint32_t size = is_tcp ? TCP_SIZE : UDP_SIZE;
	const uint32_t flow = (uint32_t)(number % FLOWS);

	memset(out, 0, 60);
	out[0] = 0x45;
	put16(out + 2, size);
	put16(out + 4, (unsigned)(number / FLOWS & 0xffff));
	out[9] = is_tcp ? 6 : 17;
	put32(out + 12, 0xc0000200 + flow % 250);
	put32(out + 16, 0xc6336401);
	put16(out + 20, 1024 + flow);
	put16(out + 22, 80);
	put32(out + 32, (uint32_t)number);
	if (is_tcp) {
		put32(out + 24, (uint32_t)(number / FLOWS * 1448));
		put32(out + 28, 1);
		put16(out + 32, 0x8010);
		memcpy(out + 40, "\1\1\10\12", 4); /* timestamps */
		put32(out + 44, (uint32_t)(number / 100000));
	} else {
		put16(out + 24, size - 20);
	}
	return size;
}

static struct path_pairing *open_pairing(
	struct path_coverage coverage[PLACES], uint64_t counts[3], uint16_t ret_places[PLACES])
{
	const struct path_limits limits = {JOURNEYS, FLOWS_MAX, NS_PER_S / 20};
	const struct path_pairing_sink sink = {.context = counts,
		.passed = ignore_passage,
		.lost = ignore_loss,
		.take_back = ignore_taken_back,
		.doubt = ignore_doubt,
		.ending = ignore_ending};
	struct path_pairing *pairing = path_pairing_new(&limits, coverage, &sink);

	if (!pairing)
		return NULL;
	for (unsigned i = 0; i < PLACES; i++) {
		const struct path_place place = {.target = i,
			.interface = i,
			.direction = i == 0 ? PATH_OUTGOING : PATH_INCOMING};

		path_coverage_begin(&coverage[i], 1);
		ret_places[i] = path_pairing_place(pairing, &place);
	}
	return pairing;
}

/* Returns how many sights are followed in a second; 0: out of memory. */
static double measure(bool is_tcp, uint64_t sights, uint64_t counts[3])
{
	static const struct path_hash_key key = {{1, 2}, {3, 4, 5}};
	/* a router between two hosts */
	static const unsigned targets[PLACES] = {0, 1, 1, 2};
	static const enum path_direction directions[PLACES] = {
		PATH_OUTGOING, PATH_INCOMING, PATH_OUTGOING, PATH_INCOMING};
	struct path_coverage coverage[PLACES] = {0};
	uint16_t places[PLACES];
	struct path_pairing *pairing = open_pairing(coverage, counts, places);
	struct path_translations *translations = path_translations_new(&key, PLACES);
	unsigned char packet[TCP_SIZE] = {0};
	uint64_t number = 0, begin, now = NS_PER_S;

	if (!pairing || !translations)
		return 0;
	begin = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (uint64_t i = 0; number < sights; i++, now += STEP_NS) {
		const uint32_t size = write_packet(packet, is_tcp, i);

		for (unsigned j = 0; j < PLACES; j++) {
			struct path_sight sight = {
				.time_ns = now + j * 100, .number = ++number, .place = places[j]};
			const struct path_translation_packet seen = {.target = targets[j],
				.time_ns = sight.time_ns,
				.data = packet,
				.linktype = RAW,
				.caplen = size,
				.len = size};
			struct path_identity identity;

			packet[8] = (unsigned char)(64 - j);
			path_identify(&key, RAW, packet, size, size, &identity);
			identity.direction = directions[j];
			path_translations_add(translations, &seen, &identity);
			sight.ttl = identity.ttl;
			path_coverage_advance(&coverage[j], sight.time_ns);
			path_pairing_add(pairing, &sight, &identity);
			path_pairing_advance(pairing, sight.time_ns);
			if (i % LOSS_OF == LOSS_OF - 1 && j == 1)
				break;
		}
	}
	path_pairing_finish(pairing);
	path_pairing_free(pairing);
	path_translations_free(translations);
	return (double)number * 1e9 / (double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - begin);
}

int main(int argc, char **argv)
{
	const uint64_t sights = argc > 1 ? strtoull(argv[1], NULL, 10) : SIGHTS;

	for (unsigned is_tcp = 0; is_tcp < 2; is_tcp++) {
		uint64_t counts[3] = {0};
		const double rate = measure(is_tcp, sights, counts);

		printf("%s: %.0f sights/s, %" PRIu64 " passed, %" PRIu64 " lost, %" PRIu64
		       " in doubt\n",
			is_tcp ? "TCP" : "UDP", rate, counts[0], counts[1], counts[2]);
	}
	printf("memory: %.1f MiB of %d journeys and %d flows\n",
		((double)JOURNEYS * (sizeof(struct journey) + 2 * sizeof(uint32_t)) +
			(double)FLOWS_MAX * (sizeof(struct flow) + 2 * sizeof(uint32_t))) /
			(1 << 20),
		JOURNEYS, FLOWS_MAX);
	return 0;
}
