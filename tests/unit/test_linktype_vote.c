/* SPDX-License-Identifier: MIT */
/*
 * The link type of the output: what targets send decides it, a worker is taken
 * at its word, and interfaces without packets decide nothing.
 */
#include "client/linktype_vote.h"

#include "client/source_stream.h"

#include "offline.h"

#include <string.h>

enum { MOST = 6, HOLD_MS = 2000, NOW_MS = 5000, ETHERNET = 1, PPP = 9 };
enum { NONE = 0, SLL = 113, SLL2 = 276, FCS = 0x24000000 };

/* A target: what its stream is, declares, and has sent. */
struct row {
	enum { PCAP = 1, PCAPNG, WORKER } kind;
	uint32_t declared[2]; /* 0: none */
	uint32_t sent;	      /* 0: none yet */
	bool is_over;
};

struct sample {
	const char *name;
	bool pcapng; /* the output */
	struct row rows[MOST];
	bool waits;	      /* for first packets */
	uint32_t linktype;    /* NONE: a pcapng has one for each interface */
	const char *excluded; /* "x" for each that is, "-" for the others */
};

static const struct sample samples[] = {
	{"one pcap", false, {{PCAP, {ETHERNET}, 0, false}}, false, ETHERNET, "-"},
	{"alike pcaps", false, {{PCAP, {PPP}, 0, false}, {PCAP, {PPP}, PPP, false}}, false, PPP,
		"--"},
	{"unlike pcaps, before their packets", false,
		{{PCAP, {PPP}, 0, false}, {PCAP, {ETHERNET}, 0, false}}, true, PPP, "--"},
	{"unlike pcaps: who has sent decides", false,
		{{PCAP, {PPP}, 0, false}, {PCAP, {ETHERNET}, ETHERNET, false}}, true, ETHERNET,
		"--"},
	{"unlike pcaps that have sent: the first one", false,
		{{PCAP, {PPP}, PPP, false}, {PCAP, {ETHERNET}, ETHERNET, false}}, false, PPP, "-x"},
	{"most voices win", false,
		{{PCAP, {PPP}, PPP, false}, {PCAP, {ETHERNET}, ETHERNET, false},
			{PCAP, {ETHERNET}, ETHERNET, true}},
		false, ETHERNET, "x--"},
	{"a file that is only a header", false,
		{{PCAP, {ETHERNET}, 0, true}, {PCAP, {PPP}, PPP, false}}, false, PPP, "--"},
	{"files that are only headers, and one that may send", false,
		{{PCAP, {ETHERNET}, 0, true}, {PCAP, {ETHERNET}, 0, true}, {PCAP, {PPP}, 0, false}},
		false, PPP, "---"},
	{"nothing but headers", false,
		{{PCAP, {PPP}, 0, true}, {PCAP, {PPP}, 0, true}, {PCAP, {ETHERNET}, 0, true}},
		false, PPP, "---"},
	{"a pcapng may have more interfaces", false, {{PCAPNG, {ETHERNET}, 0, false}}, true,
		ETHERNET, "-"},
	{"its interface without packets", false, {{PCAPNG, {PPP, ETHERNET}, ETHERNET, false}},
		false, ETHERNET, "-"},
	{"a silent worker is taken at its word", false, {{WORKER, {SLL}, 0, false}}, false, SLL,
		"-"},
	{"a silent worker beside a file", false,
		{{PCAP, {PPP}, PPP, true}, {WORKER, {SLL}, 0, false}}, false, SLL, "x-"},
	{"a worker that has ended without a packet", false,
		{{PCAP, {ETHERNET}, ETHERNET, false}, {WORKER, {SLL}, 0, true}}, false, ETHERNET,
		"--"},
	{"who is named in front of a worker", false,
		{{PCAPNG, {PPP}, PPP, false}, {WORKER, {SLL}, SLL, false}}, false, SLL, "x-"},
	{"the same with SLL2", false, {{PCAPNG, {PPP}, PPP, false}, {WORKER, {SLL2}, 0, false}},
		false, SLL2, "x-"},
	{"SLL2 becomes SLL where both come", false,
		{{WORKER, {SLL2}, SLL2, false}, {WORKER, {SLL2}, SLL2, false},
			{WORKER, {SLL}, 0, false}},
		false, SLL, "---"},
	{"also for a pcap that has sent nothing yet", false,
		{{WORKER, {SLL2}, SLL2, false}, {PCAP, {SLL}, 0, false}}, false, SLL, "--"},
	{"only Ethernet", false,
		{{WORKER, {ETHERNET}, 0, false}, {WORKER, {ETHERNET}, ETHERNET, false},
			{PCAP, {ETHERNET}, 0, false}},
		false, ETHERNET, "---"},
	{"Ethernet becomes SLL beside SLL", false,
		{{WORKER, {ETHERNET}, ETHERNET, false}, {WORKER, {ETHERNET}, 0, false},
			{WORKER, {SLL}, 0, false}},
		false, SLL, "---"},
	{"and beside SLL2, which does so, too", false,
		{{WORKER, {SLL2}, SLL2, false}, {WORKER, {ETHERNET}, 0, false},
			{WORKER, {ETHERNET}, 0, false}},
		false, SLL, "---"},
	{"Ethernet beside SLL2 that has ended without a packet", false,
		{{WORKER, {ETHERNET}, 0, false}, {WORKER, {SLL2}, 0, true}}, false, ETHERNET, "--"},
	{"what fits together has a voice together", false,
		{{PCAP, {PPP}, PPP, false}, {PCAP, {PPP}, PPP, false}, {WORKER, {SLL2}, 0, false},
			{WORKER, {ETHERNET}, 0, false}},
		false, SLL, "xx--"},
	{"but less than more of another", false,
		{{WORKER, {ETHERNET}, 0, false}, {WORKER, {SLL2}, 0, false},
			{PCAP, {PPP}, PPP, false}, {PCAP, {PPP}, PPP, false},
			{PCAP, {PPP}, PPP, false}},
		false, PPP, "xx---"},
	{"frame check sequences change nothing", false,
		{{PCAP, {ETHERNET | FCS}, ETHERNET, false}, {PCAP, {ETHERNET}, 0, false}}, false,
		ETHERNET, "--"},
	{"a pcapng output waits for nobody", true,
		{{PCAPNG, {ETHERNET}, 0, false}, {PCAP, {SLL}, 0, false}}, false, NONE, "--"},
	{"a pcapng output leaves nobody out", true,
		{{PCAPNG, {ETHERNET}, ETHERNET, false}, {WORKER, {SLL}, SLL, false}}, false, NONE,
		"--"},
};

/* A run without any network. */
static struct run {
	struct options options;
	struct target targets[MOST];
	struct source list[MOST];
	struct sources sources;
	struct offline offline;
} run;

static bool take(void *context, unsigned target, const struct packet *packet)
{
	(void)context;
	(void)target;
	(void)packet;
	return true;
}

static void add_interface(unsigned target, uint32_t linktype)
{
	const struct interface interface = {.linktype = linktype, .name = "", .filter = ""};
	struct error error = {0};
	uint32_t number;

	assert_true(
		interface_table_find(&run.offline.interfaces, target, &interface, &number, &error));
}

/* Sends a packet from an interface of that link type. False: the source is refused. */
static bool try_packet(struct source *source, uint32_t linktype, struct error *error)
{
	static const unsigned char data[64];
	const struct interface interface = {.linktype = linktype, .name = "", .filter = ""};
	const struct transfer_events events = source_stream_events(source);
	struct packet packet = {.time = 1, .caplen = 64, .len = 64, .data = data};

	assert_true(interface_table_find(
		&run.offline.interfaces, source->index, &interface, &packet.interface, error));
	return events.stream.packet(source, &packet, error);
}

static void send_packet(struct source *source, uint32_t linktype)
{
	struct error error = {0};

	assert_true(try_packet(source, linktype, &error));
	assert_true(source->has_sent);
}

static void add_member(unsigned i, const struct row *row)
{
	static char label[] = "web";
	struct source *source = &run.list[i];

	run.targets[i].label = label;
	*source = (struct source){
		.common = &run.sources.common,
		.target = &run.targets[i],
		.index = i,
		.state = row->is_over ? SOURCE_OVER : SOURCE_RUNNING,
		.is_worker = row->kind == WORKER,
		.is_pcap = row->kind == PCAP,
		.stream_began_ms = 1,
	};
	run.sources.common.in_state[source->state]++;
	run.sources.common.begun_count++;
	for (size_t k = 0; k < 2 && row->declared[k]; k++)
		add_interface(i, row->declared[k]);
	if (row->sent)
		send_packet(source, row->sent);
}

static void run_open(const struct sample *sample)
{
	const struct merge_limits limits = {.hold_ms = HOLD_MS, .queue_bytes = 1 << 20};
	const struct merge_sink sink = {.packet = take};
	unsigned count = (unsigned)strlen(sample->excluded);

	run = (struct run){
		.options = {.pcapng = sample->pcapng, .quiet = true, .hold = HOLD_MS},
		.sources = {.list = run.list, .count = count},
	};
	run.sources.common = offline_open(&run.offline, &run.options, count, &limits, &sink);
	for (unsigned i = 0; i < count; i++)
		add_member(i, &sample->rows[i]);
}

static void run_close(void)
{
	for (unsigned i = 0; i < run.sources.count; i++)
		outages_cleanup(&run.sources.list[i].outages);
	offline_close(&run.offline, &run.sources.common);
}

static void check(const struct sample *sample)
{
	unsigned begun = 0;

	if (sample->waits) {
		assert_false(linktype_vote(&run.sources, NOW_MS));
		assert_false(linktype_vote(&run.sources, NOW_MS + HOLD_MS - 1));
		assert_false(run.sources.common.linktype_chosen);
		assert_true(linktype_vote(&run.sources, NOW_MS + HOLD_MS));
	} else {
		assert_true(linktype_vote(&run.sources, NOW_MS));
	}
	assert_true(run.sources.common.linktype_chosen);
	assert_int_equal(run.sources.common.linktype, sample->linktype);
	for (unsigned i = 0; i < run.sources.count; i++) {
		const bool excluded = sample->excluded[i] == 'x';

		assert_int_equal(run.list[i].is_refused, excluded);
		begun += !excluded;
	}
	assert_int_equal(run.sources.common.begun_count, begun);
	assert_int_equal(run.sources.common.missing_count, run.sources.count - begun);
}

static void vote_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		print_message("%s\n", samples[i].name);
		run_open(&samples[i]);
		check(&samples[i]);
		run_close();
	}
}

static const struct sample *find_sample(const char *name)
{
	const struct sample *sample = samples;

	while (strcmp(sample->name, name) != 0)
		sample++;
	return sample;
}

/* What comes after the decision is held to it. */
static void later_interface_of_other_linktype_is_refused(void **state)
{
	struct error error = {0};

	(void)state;
	run_open(find_sample("alike pcaps"));
	assert_true(linktype_vote(&run.sources, NOW_MS));
	send_packet(&run.list[0], PPP);
	assert_false(try_packet(&run.list[0], ETHERNET, &error));
	assert_non_null(strstr(error.text, "link types 9 and 1"));
	assert_true(run.list[0].is_refused);
	run_close();
}

static void first_packet_of_other_linktype_is_refused(void **state)
{
	struct error error = {0};

	(void)state;
	run_open(find_sample("a silent worker is taken at its word"));
	assert_true(linktype_vote(&run.sources, NOW_MS));
	assert_false(try_packet(&run.list[0], PPP, &error));
	assert_non_null(strstr(error.text, "link type 9 do not fit into a pcap of link type 113"));
	run_close();
	/* what came first is written already */
	run_open(find_sample("only Ethernet"));
	assert_true(linktype_vote(&run.sources, NOW_MS));
	assert_false(try_packet(&run.list[0], SLL2, &error));
	assert_non_null(strstr(error.text, "link type 276 do not fit into a pcap of link type 1;"));
	run_close();
}

/* Also before there is a decision: the packets in front of it can be kept. */
static void source_with_two_linktypes_is_refused_in_pcap(void **state)
{
	struct error error = {0};

	(void)state;
	run_open(find_sample("a pcapng may have more interfaces"));
	send_packet(&run.list[0], ETHERNET);
	send_packet(&run.list[0], ETHERNET | FCS);
	assert_false(try_packet(&run.list[0], PPP, &error));
	assert_true(linktype_vote(&run.sources, NOW_MS));
	assert_int_equal(run.sources.common.linktype, ETHERNET);
	assert_int_equal(run.sources.common.begun_count, 1);
	run_close();
}

static void source_with_ethernet_and_sll2_becomes_sll(void **state)
{
	(void)state;
	run_open(find_sample("a pcapng may have more interfaces"));
	send_packet(&run.list[0], ETHERNET);
	send_packet(&run.list[0], SLL2);
	assert_true(linktype_vote(&run.sources, NOW_MS));
	assert_int_equal(run.sources.common.linktype, SLL);
	run_close();
}

static void pcapng_accepts_all_linktypes(void **state)
{
	(void)state;
	run_open(find_sample("a pcapng output leaves nobody out"));
	send_packet(&run.list[0], PPP);
	assert_true(linktype_vote(&run.sources, NOW_MS));
	send_packet(&run.list[1], SLL2);
	send_packet(&run.list[1], ETHERNET);
	run_close();
}

/* The first packet that is awaited ends the wait. */
static void first_packet_ends_the_wait(void **state)
{
	(void)state;
	run_open(find_sample("unlike pcaps, before their packets"));
	assert_false(linktype_vote(&run.sources, NOW_MS));
	send_packet(&run.list[1], ETHERNET);
	assert_false(linktype_vote(&run.sources, NOW_MS));
	run.list[0].state = SOURCE_OVER;
	assert_true(linktype_vote(&run.sources, NOW_MS));
	assert_int_equal(run.sources.common.linktype, ETHERNET);
	run_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vote_table),
		cmocka_unit_test(later_interface_of_other_linktype_is_refused),
		cmocka_unit_test(first_packet_of_other_linktype_is_refused),
		cmocka_unit_test(source_with_two_linktypes_is_refused_in_pcap),
		cmocka_unit_test(source_with_ethernet_and_sll2_becomes_sll),
		cmocka_unit_test(pcapng_accepts_all_linktypes),
		cmocka_unit_test(first_packet_ends_the_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
