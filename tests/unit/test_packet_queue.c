/* SPDX-License-Identifier: MIT */
/*
 * The queue against a model that looks at everything: the same packets come
 * out in the same order, whatever goes in, and the memory that it says it
 * takes is at least what it holds and falls back when that leaves.
 */
#include "client/packet_queue.h"

#include "unit.h"

#include <string.h>

enum {
	ROUNDS = 150,
	STEPS = 400,
	SLAB = 16384,
	SLAB_USUAL = SLAB - 64, /* the most that surely fits in one */
	EMPTY_MAX = 2 * SLAB,	/* what an empty queue may keep */
	PLACE = 8,
	STORE = 48, /* what a packet takes besides its bytes, at most */
};

/* A packet that should be in the queue; number says when it came. */
struct expected {
	struct packet packet;
	uint64_t arrived;
	size_t number;
};

struct model {
	struct expected list[STEPS];
	size_t count;
	size_t bytes; /* of the packets */
	size_t pushed;
};

static unsigned char body[PACKET_MAX];

/* Bytes that differ from packet to packet, and within one. */
static const unsigned char *fill_body(size_t number, size_t size)
{
	for (size_t i = 0; i < size; i++)
		body[i] = (unsigned char)(number * 31 + i * 7 + (i >> 8));
	return body;
}

static void push(struct packet_queue *queue, struct model *model, uint64_t time, uint32_t caplen)
{
	struct expected *expected = &model->list[model->count++];

	*expected = (struct expected){
		.packet = {.time = time,
			.caplen = caplen,
			.len = caplen + 5,
			.interface = (uint32_t)model->pushed * 2654435761U},
		.arrived = model->pushed * 3,
		.number = model->pushed,
	};
	model->pushed++;
	model->bytes += caplen;
	expected->packet.data = fill_body(expected->number, caplen);
	assert_true(packet_queue_push(queue, &expected->packet, expected->arrived));
	/* the queue's is a copy */
	memset(body, 0, caplen);
}

static size_t first_of(const struct model *model)
{
	size_t first = 0;

	for (size_t i = 1; i < model->count; i++)
		if (model->list[i].packet.time < model->list[first].packet.time)
			first = i;
	return first;
}

static void check_first(const struct packet_queue *queue, const struct model *model)
{
	const struct expected *expected = &model->list[first_of(model)];
	const struct queued_packet *queued = packet_queue_first(queue);
	const struct packet *packet = &queued->packet;

	assert_int_equal(packet->time, expected->packet.time);
	assert_int_equal(packet->caplen, expected->packet.caplen);
	assert_int_equal(packet->len, expected->packet.len);
	assert_int_equal(packet->interface, expected->packet.interface);
	assert_int_equal(queued->arrived, expected->arrived);
	assert_memory_equal(
		packet->data, fill_body(expected->number, packet->caplen), packet->caplen);
}

static void pop(struct packet_queue *queue, struct model *model)
{
	size_t first = first_of(model);

	check_first(queue, model);
	packet_queue_pop(queue);
	model->bytes -= model->list[first].packet.caplen;
	model->count--;
	/* those of one time stay in their order of arrival */
	memmove(&model->list[first], &model->list[first + 1],
		(model->count - first) * sizeof(*model->list));
}

static void check_memory(const struct packet_queue *queue, const struct model *model)
{
	assert_int_equal(queue->count, model->count);
	assert_true(queue->bytes >= model->bytes + PLACE * model->count);
	if (model->count == 0)
		assert_true(queue->bytes <= EMPTY_MAX);
}

static uint32_t some_size(struct seed *seed)
{
	static const uint32_t edges[] = {
		0, 0, 1, 7, 8, 9, SLAB_USUAL, SLAB - 1, SLAB, SLAB + 1, PACKET_MAX - 1, PACKET_MAX};

	switch (seed_below(seed, 40)) {
	case 0:
		return edges[seed_below(seed, sizeof(edges) / sizeof(*edges))];
	case 1:
		return (uint32_t)seed_below(seed, 65536);
	default:
		return (uint32_t)seed_below(seed, 1515);
	}
}

/* Mostly growing, with equal ones and, every so often, earlier ones. */
static uint64_t some_time(struct seed *seed, uint64_t *now, size_t disorder)
{
	*now += seed_below(seed, 3);
	if (disorder && seed_below(seed, disorder) == 0)
		return *now - seed_below(seed, *now < 50 ? *now + 1 : 50);
	return *now;
}

static void one_round(struct seed *seed)
{
	const size_t disorder = seed_below(seed, 6);
	struct model model = {0};
	struct packet_queue queue = {0};
	uint64_t now = seed_below(seed, 3) ? (uint64_t)seed_u32(seed) << 28 : 0;
	size_t fill = 5;

	for (size_t i = 0; i < STEPS; i++) {
		if (seed_below(seed, 30) == 0)
			fill = 1 + seed_below(seed, 9);
		if (seed_below(seed, 10) < fill)
			push(&queue, &model, some_time(seed, &now, disorder), some_size(seed));
		else if (model.count > 0)
			pop(&queue, &model);
		check_memory(&queue, &model);
	}
	if (seed_below(seed, 2))
		while (model.count > 0) {
			pop(&queue, &model);
			check_memory(&queue, &model);
		}
	packet_queue_cleanup(&queue);
	assert_int_equal(queue.bytes, 0);
}

static void queue_random_operations_match_model(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++)
		one_round(&seed);
}

static void queue_equal_times_keep_order(void **state)
{
	struct model model = {0};
	struct packet_queue queue = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		push(&queue, &model, 7 - i % 3, 20);
	for (int i = 0; i < 100; i++)
		pop(&queue, &model);
	packet_queue_cleanup(&queue);
}

static void queue_disorder_within_limit_sorted(void **state)
{
	struct model model = {0};
	struct packet_queue queue = {0};

	(void)state;
	/* the worst: each belongs in front, across the ring's growth */
	for (uint64_t i = 0; i < 200; i++)
		push(&queue, &model, 1000 - i, 3);
	while (model.count > 100)
		pop(&queue, &model);
	/* the ring's first place is in its middle now */
	for (uint64_t i = 0; i < 200; i++)
		push(&queue, &model, i % 2 ? i : UINT64_MAX - i, 300);
	while (model.count > 0)
		pop(&queue, &model);
	packet_queue_cleanup(&queue);
}

/* The most that packets in order may take, those of a size. */
static size_t upper_bound(size_t count, size_t size)
{
	const size_t store = (size + STORE + 7) / 8 * 8;
	const size_t per_slab = store > SLAB_USUAL ? 1 : SLAB_USUAL / store;
	const size_t slab = store > SLAB_USUAL ? store + 64 : SLAB;
	const size_t ring = count < 64 ? 64 : 2 * count;

	/* one that has partly left, and one that is partly full */
	return (count / per_slab + 2) * slab + ring * PLACE;
}

static void queue_memory_follows_content(void **state)
{
	static const uint32_t sizes[] = {
		0, 1, 60, 356, 1514, 9000, SLAB_USUAL, SLAB, 65536, PACKET_MAX};
	struct seed seed = seed_start();

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct model model = {0};
		struct packet_queue queue = {0};
		size_t most = 1 + seed_below(&seed, 70);

		while (model.count < most) {
			push(&queue, &model, model.pushed, sizes[i]);
			assert_true(queue.bytes <= upper_bound(model.count, sizes[i]));
		}
		/* steady: what comes pushes out what came before */
		for (int j = 0; j < 500; j++) {
			push(&queue, &model, model.pushed, sizes[i]);
			pop(&queue, &model);
			assert_true(queue.bytes <= upper_bound(most + 1, sizes[i]));
		}
		while (model.count > 0)
			pop(&queue, &model);
		assert_true(queue.bytes <= EMPTY_MAX);
		packet_queue_cleanup(&queue);
	}
}

static void queue_empty_keeps_little_memory(void **state)
{
	struct model model = {0};
	struct packet_queue queue = {0};

	(void)state;
	for (int i = 0; i < 50; i++) {
		push(&queue, &model, 1, PACKET_MAX);
		assert_true(queue.bytes >= PACKET_MAX);
		pop(&queue, &model);
		assert_true(queue.bytes <= EMPTY_MAX);
		push(&queue, &model, 1, 60);
		assert_true(queue.bytes <= EMPTY_MAX);
		pop(&queue, &model);
	}
	packet_queue_cleanup(&queue);
}

static void queue_after_cleanup_usable(void **state)
{
	struct packet_queue queue = {0};

	(void)state;
	packet_queue_cleanup(&queue); /* an empty one, too */
	for (int i = 0; i < 20; i++) {
		struct model model = {0};

		for (int j = 0; j < i * 19; j++)
			push(&queue, &model, (uint64_t)(j % 50),
				(uint32_t)(j % 7 == 0 ? 20000 : j));
		for (int j = 0; j < i * 8; j++)
			pop(&queue, &model);
		packet_queue_cleanup(&queue);
		assert_int_equal(queue.count, 0);
		assert_int_equal(queue.bytes, 0);
	}
}

static void queue_keeps_options_of_packet(void **state)
{
	unsigned char bytes[PLACE + 12];
	struct packet_queue queue = {0};

	(void)state;
	for (uint32_t caplen = 0; caplen <= 5; caplen++) {
		const size_t padded = (caplen + 3) / 4 * 4;
		const struct packet packet = {
			.caplen = caplen,
			.data = bytes,
			.options_size = 12,
		};

		memcpy(bytes, fill_body(caplen, sizeof(bytes)), sizeof(bytes));
		assert_true(packet_queue_push(&queue, &packet, 1));
		memset(bytes, 0, sizeof(bytes));
		assert_int_equal(packet_queue_first(&queue)->packet.options_size, 12);
		assert_memory_equal(packet_queue_first(&queue)->packet.data,
			fill_body(caplen, sizeof(bytes)), caplen);
		assert_memory_equal(packet_options(&packet_queue_first(&queue)->packet),
			fill_body(caplen, sizeof(bytes)) + padded, 12);
		packet_queue_pop(&queue);
	}
	packet_queue_cleanup(&queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_keeps_options_of_packet),
		cmocka_unit_test(queue_random_operations_match_model),
		cmocka_unit_test(queue_equal_times_keep_order),
		cmocka_unit_test(queue_disorder_within_limit_sorted),
		cmocka_unit_test(queue_memory_follows_content),
		cmocka_unit_test(queue_empty_keeps_little_memory),
		cmocka_unit_test(queue_after_cleanup_usable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
