/* SPDX-License-Identifier: MIT */
/*
 * TCP of the simulated hosts: handshake, requests and responses, retransmissions by
 * time-out and after three duplicate acknowledgments (RFC 9293, RFC 6582), delayed
 * acknowledgments, zero windows, keepalive, FIN and RST.
 */
#include "path_world_sim.h"

#include <stdlib.h>

enum {
	FIN = 0x01,
	SYN = 0x02,
	RST = 0x04,
	PSH = 0x08,
	ACK = 0x10,
	RANGES = 32,
	WINDOW = 65535, /* in units of 64 bytes */
	WINDOW_SCALE = 6,
	RETRIES = 5,
	SEGMENTS_MAX = 200, /* of a congestion window */
};

struct tcp_range {
	uint32_t from, to;
};

struct tcp_end {
	struct tcp_connection *connection;
	struct tcp_end *peer;
	struct sim_flow *flow;			       /* of what it sends */
	uint32_t first, acked, next, highest, written; /* sequence numbers */
	uint32_t received;			       /* all up to this one */
	struct tcp_range ranges[RANGES];	       /* received beyond */
	unsigned range_count;
	uint32_t window_of_peer, window, recover, cwnd;
	uint32_t echo; /* the latest timestamp of the peer */
	uint32_t unacknowledged, read;
	unsigned duplicates, retries;
	uint64_t timer;	   /* number of the timer that is valid */
	uint64_t stall_at; /* the program reads nothing after so many bytes, for a time; 0: never */
	bool is_open, wants_fin, has_sent_fin, has_got_fin, is_delayed;
};

struct tcp_connection {
	struct tcp_end ends[2]; /* client, server */
	uint32_t mss;
	bool has_timestamp, has_keepalive, ends_by_reset, is_closed;
	unsigned rounds;
	uint32_t request, response; /* bytes of each */
	uint64_t think;
};

static int32_t after(uint32_t one, uint32_t other)
{
	return (int32_t)(one - other);
}

static void send_segment(
	struct sim *sim, struct tcp_end *end, uint32_t sequence, uint32_t bytes, uint8_t flags)
{
	struct tcp_connection *connection = end->connection;
	struct sim_packet *packet = sim_packet_new(sim, end->flow);
	const struct sim_node *node = &sim->nodes[end->flow->source];
	const uint32_t segments = bytes ? (bytes + connection->mss - 1) / connection->mss : 1;

	packet->sequence = sequence;
	packet->ack = flags & ACK ? end->received : 0;
	packet->flags = flags;
	packet->bytes = bytes;
	packet->has_mss = flags & SYN;
	packet->window = (uint16_t)end->window;
	packet->has_timestamp = connection->has_timestamp && !(flags & RST);
	packet->timestamp =
		node->tick_start + (uint32_t)((sim->now - SIM_START) / SIM_MS / node->tick_ms);
	packet->timestamp_echo = flags & ACK ? end->echo : 0;
	/* Linux has 0 in answers to a SYN, and in resets */
	if (!(flags & RST) && flags != (SYN | ACK)) {
		packet->id = end->flow->next_id;
		end->flow->next_id = (uint16_t)(end->flow->next_id + segments);
	}
	if (flags & ACK) {
		end->unacknowledged = 0;
		end->is_delayed = false;
	}
	sim_send(sim, packet, bytes > connection->mss ? connection->mss : 0);
}

static void run_timer(struct sim *sim, void *object, uint64_t number);

static void set_timer(struct sim *sim, struct tcp_end *end, uint64_t delay)
{
	end->timer = ++sim->sequence;
	if (sim->now < sim->end + SIM_S / 2)
		sim_at(sim, sim->now + delay, run_timer, end, end->timer);
}

static uint64_t timeout(const struct tcp_end *end)
{
	return 200 * SIM_MS << end->retries;
}

/* Sends what the windows allow. */
static void send_data(struct sim *sim, struct tcp_end *end)
{
	const uint32_t mss = end->connection->mss;

	while (after(end->written, end->next) > 0) {
		const uint32_t flight = end->next - end->acked;
		const uint32_t window =
			end->cwnd < end->window_of_peer ? end->cwnd : end->window_of_peer;
		uint32_t size = end->written - end->next;
		const bool is_all = flight + size <= window && size <= SIM_ATOMS * mss;

		if (flight >= window)
			break;
		if (size > window - flight)
			size = window - flight;
		if (size > SIM_ATOMS * mss)
			size = SIM_ATOMS * mss;
		if (!is_all)
			size -= size % mss;
		if (!size)
			break;
		send_segment(sim, end, end->next, size, ACK | (is_all ? PSH : 0));
		end->next += size;
	}
	if (end->wants_fin && end->next == end->written) {
		send_segment(sim, end, end->next++, 0, ACK | FIN);
		end->has_sent_fin = true;
	}
	if (after(end->next, end->highest) > 0)
		end->highest = end->next;
	set_timer(sim, end, timeout(end));
}

static void write_data(struct sim *sim, struct tcp_end *end, uint32_t bytes)
{
	end->written += bytes;
	send_data(sim, end);
}

static void run_request(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_connection *connection = object;
	struct tcp_end *client = &connection->ends[0];

	(void)number;
	if (connection->is_closed || client->wants_fin)
		return;
	if (connection->rounds && sim->now < sim->end) {
		connection->rounds--;
		write_data(sim, client, connection->request);
	} else if (connection->ends_by_reset) {
		connection->is_closed = true;
		send_segment(sim, client, client->next, 0, RST | ACK);
	} else {
		client->wants_fin = true;
		send_data(sim, client);
	}
}

/* A program has all of a request or response. */
static void handle_read(struct sim *sim, struct tcp_end *end, uint32_t before)
{
	struct tcp_connection *connection = end->connection;
	const bool is_server = end == &connection->ends[1];
	const uint32_t unit = is_server ? connection->request : connection->response;

	if (!unit || before / unit == end->read / unit)
		return;
	if (is_server)
		write_data(sim, end, connection->response);
	else
		sim_at(sim, sim->now + sim_below(sim, connection->think), run_request, connection,
			0);
}

/* Sends a segment that is answered by its window: a window probe, or keepalive. */
static void send_probe(struct sim *sim, struct tcp_end *end)
{
	send_segment(sim, end, end->acked - 1, 0, ACK);
	set_timer(sim, end, 250 * SIM_MS);
}

static void run_timer(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *end = object;

	if (number != end->timer || end->connection->is_closed)
		return;
	if (end->acked == end->highest && (after(end->written, end->next) <= 0 || !end->is_open)) {
		/* all is acknowledged: the connection is idle */
		if (end->connection->has_keepalive && end->is_open && !end->wants_fin)
			send_probe(sim, end);
		return;
	}
	if (end->is_open && !end->window_of_peer) {
		send_probe(sim, end);
		return;
	}
	if (++end->retries > RETRIES)
		return;
	if (!end->is_open) {
		send_segment(sim, end, end->first, 0, end->received ? SYN | ACK : SYN);
		set_timer(sim, end, timeout(end));
		return;
	}
	end->next = end->acked;
	end->cwnd = 2 * end->connection->mss;
	end->duplicates = 0;
	end->recover = end->acked;
	send_data(sim, end);
}

static void run_delayed_ack(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *end = object;

	(void)number;
	if (end->is_delayed && !end->connection->is_closed)
		send_segment(sim, end, end->next, 0, ACK);
}

/* The program reads again. */
static void run_window_update(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *end = object;

	(void)number;
	end->window = WINDOW;
	if (!end->connection->is_closed)
		send_segment(sim, end, end->next, 0, ACK);
}

static void resend_first(struct sim *sim, struct tcp_end *end)
{
	uint32_t size = end->written - end->acked;

	if (size > end->connection->mss)
		size = end->connection->mss;
	if (after(end->written, end->acked) > 0)
		send_segment(sim, end, end->acked, size, ACK);
}

static void handle_ack(struct sim *sim, struct tcp_end *end, const struct sim_packet *packet)
{
	const uint32_t window = (uint32_t)packet->window << WINDOW_SCALE;
	const uint32_t mss = end->connection->mss;
	const bool is_same_window = window == end->window_of_peer;

	if (after(packet->ack, end->highest) > 0 || after(packet->ack, end->acked) < 0)
		return;
	end->window_of_peer = window;
	if (packet->ack != end->acked) {
		end->cwnd += packet->ack - end->acked;
		if (end->cwnd > SEGMENTS_MAX * mss)
			end->cwnd = SEGMENTS_MAX * mss;
		end->acked = packet->ack;
		if (after(end->next, end->acked) < 0)
			end->next = end->acked;
		end->retries = 0;
		end->duplicates = 0;
		if (after(end->recover, end->acked) > 0)
			resend_first(sim, end);
	} else if (!packet->bytes && is_same_window && end->acked != end->highest) {
		if (++end->duplicates == 3) {
			end->recover = end->next;
			end->cwnd = end->cwnd / 2 > 2 * mss ? end->cwnd / 2 : 2 * mss;
			resend_first(sim, end);
		}
	}
	if (!(end->has_sent_fin && end->acked == end->written + 1))
		send_data(sim, end);
}

static void add_range(struct tcp_end *end, uint32_t from, uint32_t to)
{
	if (after(from, end->received) > 0) {
		if (end->range_count < RANGES)
			end->ranges[end->range_count++] = (struct tcp_range){from, to};
		return;
	}
	if (after(to, end->received) > 0)
		end->received = to;
	for (unsigned i = 0; i < end->range_count; i++) {
		if (after(end->ranges[i].from, end->received) > 0)
			continue;
		if (after(end->ranges[i].to, end->received) > 0)
			end->received = end->ranges[i].to;
		end->ranges[i] = end->ranges[--end->range_count];
		i = UINT32_MAX;
	}
}

static void handle_data(struct sim *sim, struct tcp_end *end, const struct sim_packet *packet)
{
	const uint32_t before = end->received, read_before = end->read;

	add_range(end, packet->sequence, packet->sequence + packet->bytes);
	end->unacknowledged += packet->bytes;
	end->read += end->received - before;
	if (end->stall_at && end->read >= end->stall_at) {
		end->stall_at = 0;
		end->window = 0;
		sim_at(sim, sim->now + 300 * SIM_MS, run_window_update, end, 0);
	}
	if (before == end->received || end->range_count || !end->window ||
		end->unacknowledged >= 2 * end->connection->mss) {
		send_segment(sim, end, end->next, 0, ACK);
	} else if (!end->is_delayed) {
		end->is_delayed = true;
		sim_at(sim, sim->now + 40 * SIM_MS, run_delayed_ack, end, 0);
	}
	handle_read(sim, end, read_before);
}

static void handle_fin(struct sim *sim, struct tcp_end *end, const struct sim_packet *packet)
{
	if (packet->sequence + packet->bytes == end->received && !end->has_got_fin) {
		end->received++;
		end->has_got_fin = true;
	}
	send_segment(sim, end, end->next, 0, ACK);
	if (end->has_got_fin && !end->wants_fin) {
		end->wants_fin = true;
		send_data(sim, end);
	}
}

static void handle_syn(struct sim *sim, struct tcp_end *end, const struct sim_packet *packet)
{
	const bool is_server = end == &end->connection->ends[1];

	if (!end->received)
		end->received = packet->sequence + 1;
	end->window_of_peer = WINDOW << WINDOW_SCALE;
	if (is_server && !end->is_open) {
		end->next = end->highest = end->written = end->first + 1;
		send_segment(sim, end, end->first, 0, SYN | ACK);
		set_timer(sim, end, timeout(end));
	} else if (!is_server) {
		const bool was_open = end->is_open;

		end->acked = end->first + 1;
		end->is_open = true;
		end->retries = 0;
		send_segment(sim, end, end->next, 0, ACK);
		if (!was_open)
			run_request(sim, end->connection, 0);
	}
}

void tcp_receive(struct sim *sim, const struct sim_packet *packet)
{
	struct tcp_connection *connection = sim->connections[packet->flow->next_connection];
	const bool is_to_server = packet->flow == connection->ends[0].flow;
	struct tcp_end *end = &connection->ends[is_to_server];

	if (connection->is_closed)
		return;
	if (packet->flags & RST) {
		connection->is_closed = true;
		return;
	}
	if (packet->has_timestamp && after(packet->timestamp, end->echo) > 0)
		end->echo = packet->timestamp;
	if (packet->flags & SYN) {
		end->echo = packet->timestamp;
		handle_syn(sim, end, packet);
		return;
	}
	if (!end->is_open) {
		if (!is_to_server || !end->received || packet->ack != end->first + 1)
			return;
		end->is_open = true;
		end->acked = end->first + 1;
		end->retries = 0;
	}
	handle_ack(sim, end, packet);
	if (packet->bytes)
		handle_data(sim, end, packet);
	else if (after(packet->sequence, end->received) < 0)
		send_segment(sim, end, end->next, 0, ACK);
	if (packet->flags & FIN)
		handle_fin(sim, end, packet);
}

static void run_connect(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *client = object;

	(void)number;
	client->next = client->highest = client->written = client->first + 1;
	send_segment(sim, client, client->first, 0, SYN);
	set_timer(sim, client, timeout(client));
}

void tcp_start(struct sim *sim, unsigned flow, uint64_t time)
{
	static const uint32_t sizes[] = {1, 300, 5000, 400000};
	struct tcp_connection *connection = sim_allocate(sizeof(*connection));

	connection->has_timestamp = sim_chance(sim, 7000);
	connection->mss = (connection->has_timestamp ? 1448 : 1460) -
			  (sim->flows[flow].version == 6 ? 20 : 0) -
			  (sim->flows[flow].has_extensions ? 24 : 0);
	connection->has_keepalive = sim_chance(sim, 3000);
	connection->ends_by_reset = sim_chance(sim, 2000);
	connection->rounds = 1 + (unsigned)sim_below(sim, 20);
	connection->request = 1 + (uint32_t)sim_below(sim, sizes[sim_below(sim, 4)]);
	connection->response = 1 + (uint32_t)sim_below(sim, sizes[sim_below(sim, 4)]);
	if (connection->request + connection->response > 100000 && connection->rounds > 3)
		connection->rounds = 3;
	connection->think = sim_below(sim, 2) ? 500 * SIM_MS : 5 * SIM_MS;
	for (unsigned i = 0; i < 2; i++) {
		struct tcp_end *end = &connection->ends[i];

		end->connection = connection;
		end->peer = &connection->ends[1 - i];
		end->flow = &sim->flows[flow + i];
		end->flow->next_connection = (int)sim->connection_count;
		end->first = sim_chance(sim, 2000) ? UINT32_MAX - (uint32_t)sim_below(sim, 9000)
						   : (uint32_t)sim_mix(sim->random);
		end->acked = end->next = end->highest = end->written = end->first;
		end->window = WINDOW;
		end->cwnd = 10 * connection->mss;
		end->recover = end->first;
		end->stall_at = sim_chance(sim, 1500) ? 1 + sim_below(sim, 20000) : 0;
	}
	sim->connections[sim->connection_count++] = connection;
	sim_at(sim, time, run_connect, &connection->ends[0], 0);
}

void tcp_finish(struct sim *sim)
{
	for (unsigned i = 0; i < sim->connection_count; i++) {
		struct tcp_connection *connection = sim->connections[i];

		for (unsigned j = 0; j < 2; j++) {
			const struct tcp_end *end = &connection->ends[j];
			const uint32_t fin = end->has_sent_fin && end->acked == end->written + 1;

			if (end->is_open)
				sim->world->bytes_acknowledged += end->acked - end->first - 1 - fin;
			sim->world->bytes_read += end->peer->read;
			if (end->written != end->first)
				sim->world->bytes_written += end->written - end->first - 1;
		}
		free(connection);
	}
}
