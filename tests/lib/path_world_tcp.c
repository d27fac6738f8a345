/* SPDX-License-Identifier: MIT */
/*
 * TCP of the simulated hosts (RFC 9293): what their programs write, what each end sends,
 * retransmissions by time-out, probes of zero windows, and keepalive. What arrives is in
 * path_world_tcp_receive.c.
 */
#include "path_world_tcp.h"

#include <stdlib.h>

enum { RETRIES = 5 };

void tcp_send_segment(
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

void tcp_set_timer(struct sim *sim, struct tcp_end *end)
{
	set_timer(sim, end, 200 * SIM_MS << end->retries);
}

void tcp_send_data(struct sim *sim, struct tcp_end *end)
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
		tcp_send_segment(sim, end, end->next, size, ACK | (is_all ? PSH : 0));
		end->next += size;
	}
	if (end->wants_fin && end->next == end->written) {
		tcp_send_segment(sim, end, end->next++, 0, ACK | FIN);
		end->has_sent_fin = true;
	}
	if (after(end->next, end->highest) > 0)
		end->highest = end->next;
	tcp_set_timer(sim, end);
}

static void write_data(struct sim *sim, struct tcp_end *end, uint32_t bytes)
{
	end->written += bytes;
	tcp_send_data(sim, end);
}

void tcp_request(struct sim *sim, void *object, uint64_t number)
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
		tcp_send_segment(sim, client, client->next, 0, RST | ACK);
	} else {
		client->wants_fin = true;
		tcp_send_data(sim, client);
	}
}

void tcp_handle_read(struct sim *sim, struct tcp_end *end, uint32_t before)
{
	struct tcp_connection *connection = end->connection;
	const bool is_server = end == &connection->ends[1];
	const uint32_t unit = is_server ? connection->request : connection->response;

	if (!unit || before / unit == end->read / unit)
		return;
	if (is_server)
		write_data(sim, end, connection->response);
	else
		sim_at(sim, sim->now + sim_below(sim, connection->think), tcp_request, connection,
			0);
}

/* Sends a segment that is answered by its window: a window probe, or keepalive. */
static void send_probe(struct sim *sim, struct tcp_end *end)
{
	tcp_send_segment(sim, end, end->acked - 1, 0, ACK);
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
		tcp_send_segment(sim, end, end->first, 0, end->received ? SYN | ACK : SYN);
		tcp_set_timer(sim, end);
		return;
	}
	end->next = end->acked;
	end->cwnd = 2 * end->connection->mss;
	end->duplicates = 0;
	end->recover = end->acked;
	tcp_send_data(sim, end);
}

void tcp_resend_first(struct sim *sim, struct tcp_end *end)
{
	uint32_t size = end->written - end->acked;

	if (size > end->connection->mss)
		size = end->connection->mss;
	if (after(end->written, end->acked) > 0)
		tcp_send_segment(sim, end, end->acked, size, ACK);
}

static void run_connect(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *client = object;

	(void)number;
	client->next = client->highest = client->written = client->first + 1;
	tcp_send_segment(sim, client, client->first, 0, SYN);
	tcp_set_timer(sim, client);
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
