/* SPDX-License-Identifier: MIT */
/*
 * What an end of a simulated TCP connection does with a segment that arrives: handshake,
 * acknowledgments, fast retransmission (RFC 6582), delayed acknowledgments, FIN and RST.
 */
#include "path_world_tcp.h"

static void run_delayed_ack(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *end = object;

	(void)number;
	if (end->is_delayed && !end->connection->is_closed)
		tcp_send_segment(sim, end, end->next, 0, ACK);
}

/* The program reads again. */
static void run_window_update(struct sim *sim, void *object, uint64_t number)
{
	struct tcp_end *end = object;

	(void)number;
	end->window = WINDOW;
	if (!end->connection->is_closed)
		tcp_send_segment(sim, end, end->next, 0, ACK);
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
			tcp_resend_first(sim, end);
	} else if (!packet->bytes && is_same_window && end->acked != end->highest) {
		if (++end->duplicates == 3) {
			end->recover = end->next;
			end->cwnd = end->cwnd / 2 > 2 * mss ? end->cwnd / 2 : 2 * mss;
			tcp_resend_first(sim, end);
		}
	}
	if (!(end->has_sent_fin && end->acked == end->written + 1))
		tcp_send_data(sim, end);
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
		tcp_send_segment(sim, end, end->next, 0, ACK);
	} else if (!end->is_delayed) {
		end->is_delayed = true;
		sim_at(sim, sim->now + 40 * SIM_MS, run_delayed_ack, end, 0);
	}
	tcp_handle_read(sim, end, read_before);
}

static void handle_fin(struct sim *sim, struct tcp_end *end, const struct sim_packet *packet)
{
	if (packet->sequence + packet->bytes == end->received && !end->has_got_fin) {
		end->received++;
		end->has_got_fin = true;
	}
	tcp_send_segment(sim, end, end->next, 0, ACK);
	if (end->has_got_fin && !end->wants_fin) {
		end->wants_fin = true;
		tcp_send_data(sim, end);
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
		tcp_send_segment(sim, end, end->first, 0, SYN | ACK);
		tcp_set_timer(sim, end);
	} else if (!is_server) {
		const bool was_open = end->is_open;

		end->acked = end->first + 1;
		end->is_open = true;
		end->retries = 0;
		tcp_send_segment(sim, end, end->next, 0, ACK);
		if (!was_open)
			tcp_request(sim, end->connection, 0);
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
		tcp_send_segment(sim, end, end->next, 0, ACK);
	if (packet->flags & FIN)
		handle_fin(sim, end, packet);
}
