/* SPDX-License-Identifier: MIT */
/*
 * The way of packets from the merge to the output. In: the merge, and whether the
 * output is blocked. Out: a capture file with packets, counters and watermarks, and
 * sources that are resumed.
 */
#include "client/packet_pump.h"

#include "common/clock.h"

enum {
	LONG_BLOCK_MS = 1000, /* of the output, which restarts the hold */
	COUNTERS_MS = 1000,   /* between two looks at the counters */
	WATERMARK_MS = 50,    /* between two watermarks while no packet leaves */
};

/* Writes counters once a second, so that drops are in the file that soon. */
static void write_due_counters(struct packet_pump *pump)
{
	if (clock_ms() < pump->counters_due_ms)
		return;
	pump->counters_due_ms = clock_ms() + COUNTERS_MS;
	if (pump->once)
		once_check_drops(pump->once);
	if (pump->split)
		split_files_write_counters(pump->split);
	else
		capture_file_write_counters(pump->file);
}

/* Writes the watermark of the merge, with each batch of packets and while there are none. */
static void write_watermark(struct packet_pump *pump, bool has_packets)
{
	uint64_t time_ns;

	if (!pump->file->writer.has_watermarks ||
		(!has_packets && clock_ms() < pump->watermark_due_ms))
		return;
	pump->watermark_due_ms = clock_ms() + WATERMARK_MS;
	if (!merge_promise(pump->merge, &time_ns))
		return;
	if (pump->once)
		time_ns = once_promise(pump->once, time_ns);
	capture_file_write_watermark(pump->file, time_ns);
}

/* The output accepts data again, or still. */
static void end_block(struct packet_pump *pump)
{
	const uint64_t now = clock_ms();

	if (pump->blocked_since_ms && now > pump->blocked_since_ms + LONG_BLOCK_MS)
		merge_output_resumed(pump->merge, now);
	pump->blocked_since_ms = 0;
}

/* Writes the packets whose delay is over. While none comes, the merge's watermark is the time. */
static void advance_paths(struct packet_pump *pump)
{
	uint64_t time_ns;

	packet_delay_advance(pump->delay, merge_promise(pump->merge, &time_ns) ? time_ns : 0);
}

void packet_pump_flush(struct packet_pump *pump)
{
	if (pump->split)
		split_files_flush(pump->split);
	capture_file_flush(pump->file);
}

/* Returns how far the packets have come that are not in the delay of -paths. */
static uint64_t progress_of(const struct packet_pump *pump, uint64_t time_ns)
{
	return pump->delay ? packet_delay_promise(pump->delay, time_ns) : time_ns;
}

/*
 * The same for -once. Returns the timeout of the merge, or less if packets wait, and nothing
 * promises to wake the run before.
 */
static int advance_once(struct packet_pump *pump, int timeout)
{
	const uint64_t now_ms = clock_ms();
	uint64_t due_ms;
	uint64_t time_ns;

	if (merge_promise(pump->merge, &time_ns)) {
		once_advance(pump->once, progress_of(pump, time_ns), now_ms);
		return timeout;
	}
	once_advance(pump->once, 0, now_ms);
	due_ms = once_due_ms(pump->once);
	if (due_ms == CLOCK_NEVER)
		return timeout;
	due_ms = due_ms > now_ms ? due_ms - now_ms : 0;
	return timeout < 0 || due_ms < (uint64_t)timeout ? (int)due_ms : timeout;
}

/* Writes the packets that may leave, and due counters. Returns as merge_pump() does. */
static int write_packets(struct packet_pump *pump)
{
	const uint64_t before = pump->file->written;
	bool has_packets;
	int timeout;

	end_block(pump);
	timeout = merge_pump(pump->merge, clock_ms());
	has_packets = pump->file->written > before;
	if (has_packets)
		status_line_yield(pump->status, clock_ms());
	if (pump->delay)
		advance_paths(pump);
	if (pump->once)
		timeout = advance_once(pump, timeout);
	write_watermark(pump, has_packets);
	write_due_counters(pump);
	packet_pump_flush(pump);
	return timeout;
}

int packet_pump_run(struct packet_pump *pump)
{
	struct sources *sources = pump->sources;
	int timeout = -1;

	/* a slow reader takes some data long before it has taken all */
	if (pump->blocked_since_ms && output_wait(outputs_reader(pump->outputs), 0))
		end_block(pump);
	packet_pump_flush(pump);
	if (!outputs_blocked(pump->outputs))
		timeout = write_packets(pump);
	sources->common.output_blocked = outputs_blocked(pump->outputs) != NULL;
	if (sources->common.output_blocked) {
		event_loop_watch_writable(pump->loop);
		if (!pump->blocked_since_ms)
			pump->blocked_since_ms = clock_ms();
	}
	sources_resume(sources);
	/* data that waits for this program must not wait longer than necessary */
	if (sources->common.output_blocked || sources->common.paused_count > 0)
		event_loop_skip_wait(pump->loop);
	return timeout;
}

bool packet_pump_drain(struct packet_pump *pump)
{
	struct capture_file *file = pump->file;

	/* a file that is complete, or has failed, accepts no packets */
	if (!merge_drain(pump->merge, clock_ms()) && file->state == CAPTURE_FILE_OPEN)
		return false;
	if (pump->delay && !packet_delay_finish(pump->delay) && file->state == CAPTURE_FILE_OPEN)
		return false;
	if (pump->once && !once_finish(pump->once) && file->state == CAPTURE_FILE_OPEN)
		return false;
	if (!pump->losses_are_noted)
		sources_note_losses(pump->sources);
	pump->losses_are_noted = true;
	if (!pump->split)
		return capture_file_write_end(file);
	split_files_write_end(pump->split);
	return true;
}
