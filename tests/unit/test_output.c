/* SPDX-License-Identifier: MIT */
/*
 * What is written: byte for byte the pcap file that it should be, to files and
 * pipes; whole records however a disk fills up; no byte that a reader has to
 * be waited for; and nothing at all where nothing was started.
 */
#include "client/output.h"

#include "client/record_writer.h"
#include "format/linktype.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PACKETS = 20,
	FULL_PACKETS = 4,
	BLOCKS = FULL_PACKETS + 4, /* what is in a small pcapng */
	FULL_MAX = 100000,	   /* packets that fill everything */
	ROOM = 8 << 20,
};

/* A stream, and the bytes that it is to become, put together by hand. */
struct sample {
	struct record_writer writer; /* but its output */
	struct packet packets[PACKETS];
	uint32_t linktypes[PACKETS];
	size_t count;
	unsigned char *expected;
	size_t size;
	size_t ends[PACKETS + 1]; /* where header and records end */
	size_t end_count;
};

static char directory[] = "/tmp/ddump-test-XXXXXX";
static char path[sizeof(directory) + 16];
static unsigned char *bodies; /* of packets */
static unsigned char *got;

static void put(struct sample *sample, const void *bytes, size_t size)
{
	assert_true(sample->size + size <= ROOM);
	memcpy(sample->expected + sample->size, bytes, size);
	sample->size += size;
}

static void put_header(struct sample *sample)
{
	const uint32_t header[] = {0xa1b23c4d,
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0x40002 : 0x20004, 0, 0, PACKET_MAX,
		sample->writer.linktype};

	put(sample, header, sizeof(header));
	sample->ends[sample->end_count++] = sample->size;
}

static void put_packet(struct sample *sample, size_t number)
{
	const struct packet *packet = &sample->packets[number];
	const unsigned char *at = packet->data;
	bool turn = sample->linktypes[number] != sample->writer.linktype;
	uint32_t record[] = {(uint32_t)(packet->time / 1000000000),
		(uint32_t)(packet->time % 1000000000), packet->caplen, packet->len};

	if (turn) {
		record[2] -= 4;
		record[3] -= 4;
	}
	put(sample, record, sizeof(record));
	if (turn) {
		const unsigned char sll[] = {0, at[10], at[8], at[9], 0, at[11], at[12], at[13],
			at[14], at[15], at[16], at[17], at[18], at[19], at[0], at[1]};

		put(sample, sll, sizeof(sll));
		put(sample, at + 20, packet->caplen - 20);
	} else {
		put(sample, at, packet->caplen);
	}
	sample->ends[sample->end_count++] = sample->size;
}

/* largest is of the packets' bytes, 20 or more. */
static void make_sample(struct seed *seed, struct sample *sample, size_t count, size_t largest)
{
	*sample = (struct sample){
		.writer = {.linktype = LINKTYPE_SLL},
		.count = count,
		.expected = malloc(ROOM),
	};
	assert_non_null(sample->expected);
	put_header(sample);
	for (size_t i = 0; i < count; i++) {
		bool sll2 = seed_below(seed, 2);
		size_t least = sll2 ? 20 : 0;
		size_t size = seed_below(seed, 10) ? least + seed_below(seed, largest - least + 1)
						   : (seed_below(seed, 2) ? largest : least);

		sample->linktypes[i] = sll2 ? LINKTYPE_SLL2 : LINKTYPE_SLL;
		sample->packets[i] = (struct packet){
			.time = (uint64_t)seed_u32(seed) * 1000000000 +
				seed_below(seed, 1000000000),
			.caplen = (uint32_t)size,
			.len = (uint32_t)(size + seed_below(seed, 100)),
			.data = bodies + seed_below(seed, 4096),
		};
		put_packet(sample, i);
	}
}

static void free_sample(struct sample *sample)
{
	free(sample->expected);
}

/* False: it is not for a slow reader that anything is not taken. */
static bool wait_for_reader(struct output *output, struct error *error)
{
	if (!output_is_blocked(output))
		return false;
	assert_true(output_wait(output, 10000));
	return output_flush(output, error);
}

static bool write_packet(struct record_writer *writer, const struct sample *sample, size_t number,
	struct error *error)
{
	return record_writer_packet(writer, &sample->packets[number],
		(struct record_source){.number = sample->packets[number].interface,
			.linktype = sample->linktypes[number]},
		error);
}

/* What a pcapng has besides, in front of packets and behind them. */
static bool write_interface(struct record_writer *writer, struct error *error)
{
	const struct interface interface = {
		.linktype = LINKTYPE_SLL, .name = "a:eth0", .filter = "tcp"};
	uint32_t number;

	return !writer->pcapng || record_writer_interface(writer, &interface, &number, error);
}

static bool write_end(struct record_writer *writer, struct error *error)
{
	const struct statistics statistics = {.valid = STATISTICS_ALL};

	return !writer->pcapng || (record_writer_statistics(writer, &statistics, error) &&
					  record_writer_comment(writer, "it is over", error));
}

/* Writes it all, flushing every so often; false: it could not be. */
static bool write_sample(
	struct output *output, const struct sample *sample, size_t every, struct error *error)
{
	struct record_writer writer = sample->writer;
	bool good;

	writer.output = output;
	good = record_writer_start(&writer, NULL, error) && write_interface(&writer, error);
	for (size_t i = 0; i < sample->count && good; i++) {
		do
			good = write_packet(&writer, sample, i, error);
		while (!good && wait_for_reader(output, error));
		if (good && every && i % every == 0)
			good = output_flush(output, error);
	}
	good = good && write_end(&writer, error);
	while (wait_for_reader(output, error))
		;
	return good;
}

static void write_whole(const char *to, const struct sample *sample)
{
	struct error error = {0};
	struct output *output = output_open(to, &error);

	assert_non_null(output);
	assert_true(write_sample(output, sample, 7, &error));
	assert_true(output_close(output, &error));
	assert_int_equal(error.status, 0);
}

static size_t read_file(const char *name)
{
	FILE *in = fopen(name, "rb");
	size_t size;

	assert_non_null(in);
	size = fread(got, 1, ROOM, in);
	fclose(in);
	return size;
}

static void write_file(const char *name, const char *text)
{
	FILE *out = fopen(name, "wb");

	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void check_file(const struct sample *sample, size_t size)
{
	assert_int_equal(read_file(path), size);
	assert_int_equal(memcmp(got, sample->expected, size), 0);
}

static int make_directory(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/x.pcap", directory);
	bodies = malloc(PACKET_MAX + 4096);
	got = malloc(ROOM);
	assert_non_null(bodies);
	assert_non_null(got);
	for (size_t i = 0; i < PACKET_MAX + 4096; i++)
		bodies[i] = (unsigned char)(i * 7 + (i >> 8) * 13);
	return 0;
}

static int remove_directory(void **state)
{
	(void)state;
	unlink(path);
	free(bodies);
	free(got);
	return rmdir(directory);
}

static void file_complete(void **state)
{
	static const size_t largest[] = {20, 60, 1514, 65535, PACKET_MAX};
	struct seed seed = seed_start();

	(void)state;
	for (size_t i = 0; i < sizeof(largest) / sizeof(*largest); i++) {
		struct sample sample;

		make_sample(&seed, &sample, PACKETS, largest[i]);
		write_whole(path, &sample);
		check_file(&sample, sample.size);
		free_sample(&sample);
	}
}

static void file_without_packets_has_header(void **state)
{
	struct seed seed = seed_start();
	struct sample sample;

	(void)state;
	make_sample(&seed, &sample, 0, 20);
	/* a longer one goes */
	write_file(path, "01234567890123456789012345678901234567890123456789");
	write_whole(path, &sample);
	check_file(&sample, 24);
	free_sample(&sample);
}

/* Runs with stdout elsewhere. Cmocka's own must not end up there. */
static void write_to_stdout(const char *name, int to, const struct sample *sample)
{
	int saved;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(to, STDOUT_FILENO);
	write_whole(name, sample);
	/* it stays open: it was not the output's to close */
	assert_int_equal(fcntl(STDOUT_FILENO, F_GETFD), 0);
	dup2(saved, STDOUT_FILENO);
	close(saved);
}

static void dash_is_stdout(void **state)
{
	static const char *const names[] = {NULL, "-"};
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sample sample;
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		make_sample(&seed, &sample, 20, 100);
		/* behind what the shell's other commands have written */
		assert_int_equal(write(fd, "before", 6), 6);
		write_to_stdout(names[i], fd, &sample);
		close(fd);
		assert_int_equal(read_file(path), sample.size + 6);
		assert_memory_equal(got, "before", 6);
		assert_memory_equal(got + 6, sample.expected, sample.size);
		free_sample(&sample);
	}
}

static size_t got_size;

static void *read_pipe(void *context)
{
	const int fd = *(const int *)context;
	ssize_t size;

	while ((size = read(fd, got + got_size, ROOM - got_size)) > 0)
		got_size += (size_t)size;
	return NULL;
}

static void pipe_complete(void **state)
{
	struct seed seed = seed_start();
	struct sample sample;
	pthread_t reader;
	int fds[2];

	(void)state;
	got_size = 0;
	make_sample(&seed, &sample, PACKETS, PACKET_MAX);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(pthread_create(&reader, NULL, read_pipe, fds), 0);
	write_to_stdout("-", fds[1], &sample);
	close(fds[1]);
	pthread_join(reader, NULL);
	close(fds[0]);
	assert_int_equal(got_size, sample.size);
	assert_int_equal(memcmp(got, sample.expected, sample.size), 0);
	free_sample(&sample);
}

/* Writes until it is full; ends is where records end. Returns how many. */
static size_t fill(
	struct output *output, const struct sample *sample, size_t *ends, struct error *error)
{
	struct record_writer writer = sample->writer;
	size_t size = sample->ends[0];
	size_t count = 0;

	writer.output = output;
	if (!record_writer_start(&writer, NULL, error))
		return 0;
	while (count < FULL_MAX && write_packet(&writer, sample, count % PACKETS, error)) {
		const size_t place = count % PACKETS;

		size += sample->ends[place + 1] - sample->ends[place];
		ends[count++] = size;
	}
	return count;
}

/* How many of them a reader that stalls has not got, by its own account. */
static uint64_t count_behind(int far, const size_t *ends, size_t count)
{
	uint64_t behind = 0;
	int taken = 0;

	ioctl(far, FIONREAD, &taken);
	for (size_t i = 0; i < count; i++)
		behind += ends[i] > (size_t)taken;
	return behind;
}

/*
 * A reader that stalls is none to wait for, of a socket nor of a pipe. While
 * it is in stdout's place nothing is asserted, which writes there.
 */
static void stall(struct seed *seed, int fds[2])
{
	size_t *ends = calloc(FULL_MAX, sizeof(*ends));
	struct error error = {0};
	struct sample sample;
	struct output *output;
	uint64_t pending;
	uint64_t behind;
	uint64_t left;
	bool blocked;
	size_t count;
	int saved;

	assert_non_null(ends);
	make_sample(seed, &sample, PACKETS, 1000);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fds[1], STDOUT_FILENO);
	output = output_open("-", &error);
	count = fill(output, &sample, ends, &error);
	blocked = output_is_blocked(output) && output_is_piped(output) && !output_wait(output, 1);
	pending = output_pending(output);
	behind = count_behind(fds[0], ends, count);
	close(fds[0]);
	/* what it has not taken stays untaken when it leaves */
	left = output_flush(output, &error) ? 0 : output_pending(output);
	output_close(output, &error);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(fds[1]);
	assert_true(blocked);
	assert_int_equal(left, pending);
	assert_uint_in_range(pending, 1, count);
	assert_int_equal(pending, behind);
	/* the reader has left, which is no error */
	assert_int_equal(error.status, 0);
	free_sample(&sample);
	free(ends);
}

static void pipe_with_stalled_reader_does_not_block(void **state)
{
	struct seed seed = seed_start();
	int fds[2];

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		stall(&seed, fds);
		assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
		stall(&seed, fds);
	}
}

/* What a pcapng has besides packets is not counted as such. */
static void pending_counts_packets_only(void **state)
{
	struct seed seed = seed_start();
	struct error error = {0};
	struct output *output = output_open(path, &error);
	uint64_t packets = 0;

	(void)state;
	assert_true(output_start(output, &error));
	for (int i = 0; i < 1000; i++) {
		const bool is_packet = seed_below(&seed, 2);
		const size_t size = 16 + seed_below(&seed, 100);

		memset(output_buffer(output), 0, size);
		assert_true(output_add(output, size, is_packet, &error));
		packets += is_packet;
		assert_int_equal(output_pending(output), packets);
		if (seed_below(&seed, 100))
			continue;
		assert_true(output_flush(output, &error));
		packets = 0;
		assert_int_equal(output_pending(output), 0);
	}
	assert_true(output_flush(output, &error));
	assert_false(output_is_blocked(output));
	assert_false(output_is_piped(output));
	assert_true(output_close(output, &error));
}

/* The largest record fits behind a buffer that is all but full. */
static void record_of_largest_size_fits(void **state)
{
	enum { FULL = 262144 };
	struct error error = {0};
	struct output *output = output_open(path, &error);

	(void)state;
	assert_true(output_start(output, &error));
	memset(output_buffer(output), 1, FULL - 1);
	assert_true(output_add(output, FULL - 1, true, &error));
	memset(output_buffer(output), 2, OUTPUT_RECORD_MAX);
	assert_true(output_add(output, OUTPUT_RECORD_MAX, true, &error));
	/* and so do as many small ones as there can be */
	for (int i = 0; i < 40000; i++) {
		memset(output_buffer(output), 3, 16);
		assert_true(output_add(output, 16, true, &error));
	}
	assert_true(output_close(output, &error));
	assert_int_equal(read_file(path), FULL - 1 + OUTPUT_RECORD_MAX + 40000 * 16);
	for (size_t i = 0; i < FULL + OUTPUT_RECORD_MAX; i++)
		assert_int_equal(got[i], i < FULL - 1			    ? 1
					 : i < FULL - 1 + OUTPUT_RECORD_MAX ? 2
									    : 3);
}

/* Nothing that is handed over stays in a buffer after a flush. */
static void flush_writes_all(void **state)
{
	struct seed seed = seed_start();
	struct error error = {0};
	struct output *output = output_open(path, &error);
	struct record_writer writer;
	struct sample sample;

	(void)state;
	make_sample(&seed, &sample, PACKETS, 300);
	writer = sample.writer;
	writer.output = output;
	assert_true(record_writer_start(&writer, NULL, &error));
	check_file(&sample, 24);
	for (size_t i = 0; i < sample.count; i++) {
		assert_true(write_packet(&writer, &sample, i, &error));
		assert_true(output_flush(output, &error));
		check_file(&sample, sample.ends[i + 1]);
	}
	assert_true(output_close(output, &error));
	free_sample(&sample);
}

static void limit_files(rlim_t size)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The whole records within so many bytes. */
static size_t whole_within(const struct sample *sample, size_t size)
{
	size_t whole = 0;

	for (size_t i = 0; i < sample->end_count; i++)
		if (sample->ends[i] <= size)
			whole = sample->ends[i];
	return whole;
}

static void fill_disk(const struct sample *sample, size_t size, size_t every)
{
	struct error error = {0};
	struct error again = {0};
	struct output *output = output_open(path, &error);
	struct record_writer writer = sample->writer;
	bool good;

	writer.output = output;

	assert_non_null(output);
	limit_files(size);
	good = write_sample(output, sample, every, &error) && output_flush(output, &error);
	/* once broken, it stays so, and adds nothing */
	if (!good) {
		assert_false(write_packet(&writer, sample, 0, &again));
		assert_null(output_buffer(output));
		assert_false(output_is_blocked(output));
		assert_false(output_flush(output, &again));
	}
	output_close(output, &again);
	limit_files(RLIM_INFINITY);
	assert_int_equal(good, size >= sample->size);
	assert_int_equal(error.status, !good);
	assert_int_equal(again.status, 0);
	if (!good) {
		assert_non_null(strstr(error.text, path));
		assert_non_null(strstr(error.text, strerror(EFBIG)));
	}
	check_file(sample, whole_within(sample, size));
}

static void disk_full_leaves_whole_records(void **state)
{
	static const size_t flushes[] = {0, 1, 2};
	struct seed seed = seed_start();
	struct sample sample;

	(void)state;
	make_sample(&seed, &sample, FULL_PACKETS, 44);
	for (size_t size = 0; size <= sample.size + 1; size++)
		for (size_t i = 0; i < sizeof(flushes) / sizeof(*flushes); i++)
			fill_disk(&sample, size, flushes[i]);
	free_sample(&sample);
}

/* How many of so many packets are not whole within so many bytes. */
static uint64_t not_within(const struct sample *sample, size_t packets, size_t size)
{
	uint64_t count = 0;

	for (size_t i = 0; i < packets; i++)
		count += sample->ends[i + 1] > size;
	return count;
}

/* Adds packets, flushing every so often, until the disk takes no more. */
static void lose(const struct sample *sample, size_t size, size_t every)
{
	struct error error = {0};
	struct output *output = output_open(path, &error);
	struct record_writer writer = sample->writer;
	size_t added = 0;
	bool good;

	assert_non_null(output);
	writer.output = output;
	limit_files(size);
	good = record_writer_start(&writer, NULL, &error);
	while (good && added < sample->count) {
		good = write_packet(&writer, sample, added, &error);
		added += good;
		if (good && added % every == 0)
			good = output_flush(output, &error);
	}
	if (good)
		good = output_flush(output, &error);
	assert_int_equal(good, size >= sample->size);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(output_pending(output), not_within(sample, added, size));
		/* and asking for more loses no more */
		assert_int_equal(output_flush(output, &error), good);
	}
	output_close(output, &error);
	limit_files(RLIM_INFINITY);
}

static void disk_full_lost_packets_pending(void **state)
{
	struct seed seed = seed_start();
	struct sample sample;

	(void)state;
	make_sample(&seed, &sample, FULL_PACKETS, 44);
	for (size_t size = 0; size <= sample.size + 1; size++)
		for (size_t every = 1; every < 4; every++)
			lose(&sample, size, every);
	free_sample(&sample);
	/* more than the buffer takes, so that to add a packet fails */
	make_sample(&seed, &sample, PACKETS, PACKET_MAX);
	for (size_t i = 0; i < sample.end_count; i++)
		for (size_t every = 1; every < PACKETS; every += 9)
			lose(&sample, sample.ends[i] - seed_below(&seed, 2), every);
	free_sample(&sample);
}

/* Takes what an empty disk gets for what is expected: it is the writer's. */
static void make_pcapng(struct seed *seed, struct sample *sample)
{
	make_sample(seed, sample, FULL_PACKETS, 44);
	sample->writer.pcapng = true;
	write_whole(path, sample);
	sample->size = read_file(path);
	memcpy(sample->expected, got, sample->size);
	sample->end_count = 0;
	for (size_t at = 0; at < sample->size;) {
		uint32_t size;

		memcpy(&size, got + at + 4, sizeof(size));
		at += size;
		sample->ends[sample->end_count++] = at;
	}
	assert_int_equal(sample->end_count, BLOCKS);
}

static void disk_full_leaves_whole_blocks(void **state)
{
	struct seed seed = seed_start();
	struct sample sample;

	(void)state;
	make_pcapng(&seed, &sample);
	for (size_t size = 0; size <= sample.size + 1; size++)
		for (size_t every = 0; every < 3; every++)
			fill_disk(&sample, size, every);
	free_sample(&sample);
}

static void disk_full_keeps_data_of_others(void **state)
{
	static const int flags[] = {O_TRUNC, O_APPEND};
	struct seed seed = seed_start();
	struct sample sample;

	(void)state;
	make_sample(&seed, &sample, 3, 44);
	for (size_t size = 6; size < 6 + sample.size; size++) {
		struct error error = {0};
		size_t whole = whole_within(&sample, size - 6);
		int saved = dup(STDOUT_FILENO);
		struct output *output;
		int fd;

		fflush(stdout);
		write_file(path, "before");
		fd = open(path, O_WRONLY | flags[size % 2]);
		if (flags[size % 2] == O_TRUNC)
			assert_int_equal(write(fd, "before", 6), 6);
		dup2(fd, STDOUT_FILENO);
		limit_files(size);
		output = output_open(NULL, &error);
		write_sample(output, &sample, 0, &error);
		output_flush(output, &error);
		output_close(output, &error);
		limit_files(RLIM_INFINITY);
		dup2(saved, STDOUT_FILENO);
		close(saved);
		close(fd);
		assert_int_equal(error.status, 1);
		assert_int_equal(read_file(path), 6 + whole);
		assert_memory_equal(got, "before", 6);
		assert_memory_equal(got + 6, sample.expected, whole);
	}
	free_sample(&sample);
}

static void device_full_is_error(void **state)
{
	struct error error = {0};
	struct output *output = output_open("/dev/full", &error);
	struct record_writer writer = {.output = output, .linktype = 1};

	(void)state;
	assert_non_null(output);
	assert_false(record_writer_start(&writer, NULL, &error));
	assert_int_equal(error.status, 1);
	assert_string_equal(error.text, "/dev/full: No space left on device");
	output_close(output, &error);
}

static void reader_closed_is_no_error(void **state)
{
	struct error error = {.status = 9};
	struct record_writer writer = {.linktype = 1};
	char name[32];
	struct output *output;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", fds[1]);
	output = output_open(name, &error);
	assert_non_null(output);
	close(fds[0]);
	writer.output = output;
	assert_false(record_writer_start(&writer, NULL, &error));
	assert_int_equal(error.status, 0);
	output_close(output, &error);
	assert_int_equal(error.status, 0);
	close(fds[1]);
}

static void output_not_started_keeps_file(void **state)
{
	struct error error = {0};

	(void)state;
	unlink(path);
	assert_true(output_close(output_open(path, &error), &error));
	assert_int_equal(access(path, F_OK), -1);
	write_file(path, "precious");
	assert_true(output_close(output_open(path, &error), &error));
	assert_int_equal(read_file(path), 8);
	assert_memory_equal(got, "precious", 8);
	/* and NULL is what a refused one is */
	assert_true(output_close(NULL, &error));
	assert_int_equal(error.status, 0);
}

static void bad(const char *name, const char *sentence)
{
	struct error error = {0};

	assert_null(output_open(name, &error));
	assert_int_equal(error.status, 1);
	if (!strstr(error.text, sentence))
		fail_msg("%s: %s", name ? name : "stdout", error.text);
}

static void output_not_opened_named(void **state)
{
	(void)state;
	bad("/nonexistent/x", "/nonexistent/x: No such file");
	bad(directory, directory);
	bad("", "No such file");
}

static void terminal_rejected(void **state)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	int slave;
	int saved;

	(void)state;
	assert_true(terminal >= 0);
	assert_int_equal(grantpt(terminal), 0);
	assert_int_equal(unlockpt(terminal), 0);
	bad(ptsname(terminal), "is a terminal");
	slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(slave, STDOUT_FILENO);
	bad(NULL, "stdout is a terminal");
	bad("-", "tcpdump -nr -");
	dup2(saved, STDOUT_FILENO);
	close(saved);
	close(slave);
	close(terminal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(file_complete),
		cmocka_unit_test(file_without_packets_has_header),
		cmocka_unit_test(dash_is_stdout),
		cmocka_unit_test(pipe_complete),
		cmocka_unit_test(pipe_with_stalled_reader_does_not_block),
		cmocka_unit_test(pending_counts_packets_only),
		cmocka_unit_test(record_of_largest_size_fits),
		cmocka_unit_test(flush_writes_all),
		cmocka_unit_test(disk_full_leaves_whole_records),
		cmocka_unit_test(disk_full_leaves_whole_blocks),
		cmocka_unit_test(disk_full_lost_packets_pending),
		cmocka_unit_test(disk_full_keeps_data_of_others),
		cmocka_unit_test(device_full_is_error),
		cmocka_unit_test(reader_closed_is_no_error),
		cmocka_unit_test(output_not_started_keeps_file),
		cmocka_unit_test(output_not_opened_named),
		cmocka_unit_test(terminal_rejected),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
