/* SPDX-License-Identifier: MIT */
/*
 * The bytes of pcap files: what is encoded decodes to the same, in both byte
 * orders and precisions; libpcap reads it; what can't be is refused; what the
 * format cannot express is cut to what it can.
 */
#include "format/pcap_file.h"

#include "format/linktype.h"
#include "unit.h"

#include <pcap/pcap.h>
#include <string.h>

enum { ROUNDS = 5000 };

static const uint64_t NS_PER_S = 1000000000;

/* Turns the numbers in bytes, all of them 32 bits wide, to the other order. */
static void turn_u32(unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i += 4) {
		unsigned char turned[4] = {bytes[i + 3], bytes[i + 2], bytes[i + 1], bytes[i]};

		memcpy(bytes + i, turned, sizeof(turned));
	}
}

/* The same for a file header, which has two numbers of 16 bits in it. */
static void turn_header(unsigned char header[PCAP_FILE_HEADER])
{
	const unsigned char version[4] = {header[5], header[4], header[7], header[6]};

	turn_u32(header, PCAP_FILE_HEADER);
	memcpy(header + 4, version, sizeof(version));
}

static void pcap_header_has_the_bytes_of_the_draft(void **state)
{
	static const unsigned char big_endian[PCAP_FILE_HEADER] = {0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0,
		4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 113};
	const struct pcap_file file = {.linktype = 113, .snaplen = 262144};
	const uint16_t one = 1;
	unsigned char out[PCAP_FILE_HEADER];

	(void)state;
	pcap_file_put_header(out, &file);
	if (*(const unsigned char *)&one == 1)
		turn_header(out);
	assert_memory_equal(out, big_endian, sizeof(out));
}

static void pcap_header_survives_a_round_trip(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const struct pcap_file file = {
			.linktype = seed_u32(&seed),
			.snaplen = seed_u32(&seed),
			.nano = seed_below(&seed, 2),
			.swapped = seed_below(&seed, 2),
		};
		struct pcap_file back;
		unsigned char bytes[PCAP_FILE_HEADER];

		pcap_file_put_header(bytes, &file);
		if (file.swapped)
			turn_header(bytes);
		assert_true(pcap_file_get_header(bytes, &back));
		assert_int_equal(back.linktype, file.linktype);
		assert_int_equal(back.snaplen, file.snaplen);
		assert_int_equal(back.nano, file.nano);
		assert_int_equal(back.swapped, file.swapped);
	}
}

static void pcap_header_of_another_format_is_rejected(void **state)
{
	const struct pcap_file file = {.linktype = 1, .snaplen = 64};
	unsigned char good[PCAP_FILE_HEADER];
	struct pcap_file back;

	(void)state;
	pcap_file_put_header(good, &file);
	/* magic and major version: any bit that is another makes it none */
	for (size_t bit = 0; bit < 6 * 8; bit++) {
		unsigned char bytes[PCAP_FILE_HEADER];

		memcpy(bytes, good, sizeof(bytes));
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(pcap_file_get_header(bytes, &back));
	}
	assert_false(pcap_file_get_header(
		(const unsigned char *)"\x0a\x0d\x0d\x0apcapng is another one", &back));
	assert_false(
		pcap_file_get_header((const unsigned char *)"HTTP/1.1 400 Bad Request", &back));
}

static struct packet random_packet(struct seed *seed)
{
	return (struct packet){
		.time = seed_u32(seed) * NS_PER_S + seed_below(seed, NS_PER_S),
		.caplen = (uint32_t)seed_below(seed, PACKET_MAX + 1),
		.len = seed_u32(seed),
	};
}

static void pcap_record_survives_a_round_trip(void **state)
{
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const struct packet packet = random_packet(&seed);
		const struct pcap_file file = {
			.nano = seed_below(&seed, 2),
			.swapped = seed_below(&seed, 2),
		};
		struct packet back;
		unsigned char bytes[PCAP_FILE_RECORD];

		pcap_file_put_record(bytes, &packet, file.nano);
		if (file.swapped)
			turn_u32(bytes, sizeof(bytes));
		assert_true(pcap_file_get_record(bytes, &file, &back));
		assert_int_equal(back.caplen, packet.caplen);
		assert_int_equal(back.len, packet.len);
		assert_null(back.data);
		/* microseconds are cut, never rounded: order stays */
		assert_int_equal(back.time, packet.time - (file.nano ? 0 : packet.time % 1000));
	}
}

static bool takes_record(bool nano, uint32_t fraction, uint32_t caplen)
{
	const uint32_t record[] = {1, fraction, caplen, caplen};
	const struct pcap_file file = {.nano = nano};
	unsigned char bytes[PCAP_FILE_RECORD];
	struct packet packet;
	bool taken;

	memcpy(bytes, record, sizeof(bytes));
	taken = pcap_file_get_record(bytes, &file, &packet);
	/* a second or more of it is carried */
	assert_int_equal(packet.time, NS_PER_S + fraction * (nano ? UINT64_C(1) : UINT64_C(1000)));
	assert_int_equal(packet.caplen, caplen);
	return taken;
}

static void pcap_impossible_record_is_rejected(void **state)
{
	(void)state;
	assert_true(takes_record(false, 999999, PACKET_MAX));
	assert_true(takes_record(false, 1000000, 0));
	assert_true(takes_record(false, UINT32_MAX, 0));
	assert_true(takes_record(true, 999999999, 0));
	assert_true(takes_record(true, 1000000000, 0));
	assert_true(takes_record(true, UINT32_MAX, 0));
	assert_false(takes_record(true, 0, PACKET_MAX + 1));
	assert_false(takes_record(true, 0, UINT32_MAX));
}

/* The format of former times, whose record headers are longer. */
static void pcap_modified_header_is_read(void **state)
{
	const struct pcap_file file = {.linktype = 1, .snaplen = 96};
	const uint32_t magic = 0xa1b2cd34;

	(void)state;
	for (int swapped = 0; swapped < 2; swapped++) {
		unsigned char bytes[PCAP_FILE_HEADER];
		struct pcap_file back;

		pcap_file_put_header(bytes, &file);
		assert_true(pcap_file_get_header(bytes, &back));
		assert_int_equal(pcap_file_record_size(&back), PCAP_FILE_RECORD);
		memcpy(bytes, &magic, sizeof(magic));
		if (swapped)
			turn_header(bytes);
		assert_true(pcap_file_get_header(bytes, &back));
		assert_true(back.modified);
		assert_false(back.nano);
		assert_int_equal(back.swapped, swapped);
		assert_int_equal(back.linktype, 1);
		assert_int_equal(back.snaplen, 96);
		assert_int_equal(pcap_file_record_size(&back), 24);
	}
}

/* From 2106 on there are no stamps: the last one stands for all of them. */
static void pcap_late_time_becomes_the_last_one(void **state)
{
	static const uint64_t end = (UINT64_C(1) << 32) * 1000000000;
	const uint64_t later[] = {
		end - 1, end, end + 1, end + 5000000000, UINT64_MAX - 1, UINT64_MAX};
	struct seed seed = seed_start();

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		const struct pcap_file file = {.nano = seed_below(&seed, 2)};
		struct packet packet = random_packet(&seed);
		struct packet back;
		unsigned char bytes[PCAP_FILE_RECORD];

		packet.time = later[seed_below(&seed, 6)];
		pcap_file_put_record(bytes, &packet, file.nano);
		assert_true(pcap_file_get_record(bytes, &file, &back));
		assert_int_equal(back.time, file.nano ? end - 1 : end - 1000);
		assert_int_equal(back.caplen, packet.caplen);
		assert_int_equal(back.len, packet.len);
	}
}

static void check_with_libpcap(pcap_t *pcap, const struct packet *expected)
{
	struct pcap_pkthdr *header;
	const unsigned char *data;

	assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
	assert_int_equal(header->ts.tv_sec, expected->time / NS_PER_S);
	assert_int_equal(header->ts.tv_usec, expected->time % NS_PER_S);
	assert_int_equal(header->caplen, expected->caplen);
	assert_int_equal(header->len, expected->len);
	assert_memory_equal(data, expected->data, expected->caplen);
}

static void pcap_written_file_is_read_by_libpcap(void **state)
{
	const unsigned char data[] = "twenty bytes and more";
	const struct packet packet = {
		.time = 1700000000123456789, .caplen = sizeof(data), .len = 1500, .data = data};
	const struct pcap_file file = {.linktype = LINKTYPE_SLL2, .snaplen = 99, .nano = true};
	unsigned char bytes[PCAP_FILE_HEADER + PCAP_FILE_RECORD];
	char error[PCAP_ERRBUF_SIZE];
	FILE *out = tmpfile();
	pcap_t *pcap;

	(void)state;
	assert_non_null(out);
	pcap_file_put_header(bytes, &file);
	pcap_file_put_record(bytes + PCAP_FILE_HEADER, &packet, true);
	assert_int_equal(fwrite(bytes, sizeof(bytes), 1, out), 1);
	assert_int_equal(fwrite(data, sizeof(data), 1, out), 1);
	rewind(out);
	pcap = pcap_fopen_offline_with_tstamp_precision(out, PCAP_TSTAMP_PRECISION_NANO, error);
	assert_non_null(pcap);
	assert_int_equal(pcap_datalink(pcap), DLT_LINUX_SLL2);
	assert_int_equal(pcap_snapshot(pcap), 99);
	check_with_libpcap(pcap, &packet);
	pcap_close(pcap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_header_has_the_bytes_of_the_draft),
		cmocka_unit_test(pcap_header_survives_a_round_trip),
		cmocka_unit_test(pcap_header_of_another_format_is_rejected),
		cmocka_unit_test(pcap_record_survives_a_round_trip),
		cmocka_unit_test(pcap_modified_header_is_read),
		cmocka_unit_test(pcap_impossible_record_is_rejected),
		cmocka_unit_test(pcap_late_time_becomes_the_last_one),
		cmocka_unit_test(pcap_written_file_is_read_by_libpcap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
