/*
 * The targets of a run. In: what their transfers and libcurl tell. Out:
 * packets into the merge, and the state of each.
 */
#include "client/members.h"

#include "client/transfer.h"
#include "common/clock.h"
#include "format/linktype.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BUFFERS_TOTAL = 512 << 10, /* of libcurl, for all streams */
	BUFFER_MIN = 16 << 10,
	BUFFER_MAX = 256 << 10,
};

enum state { CONNECTING, RUNNING, OVER };

struct member {
	struct transfer *transfer;
	enum state state;
	bool failed;
	bool has_file; /* the capture's header is here */
	struct pcapfile file;
};

static void say(const struct members *members, unsigned index, const char *text)
{
	fprintf(stderr, "ddump: %s: %s\n",
		members->arguments->targets.list[index].label, text);
}

static void change_state(
	struct members *members, struct member *member, enum state state)
{
	members->connecting -= member->state == CONNECTING;
	members->over += state == OVER;
	member->state = state;
}

/* Ends a member; failure is NULL if that was in good order. */
static void end_member(
	struct members *members, unsigned index, const struct failure *failure)
{
	struct member *member = &members->list[index];

	if (member->state != OVER) {
		loop_remove(members->loop, transfer_handle(member->transfer));
		merge_end(members->merge, index);
		change_state(members, member, OVER);
	}
	if (failure && !member->failed) {
		member->failed = true;
		members->failed++;
		if (!members->first_failure)
			members->first_failure = clock_ms();
		say(members, index, failure->text);
	} else if (!failure && members->arguments->verbose) {
		say(members, index, "ended");
	}
}

static bool on_started(void *context, unsigned index,
	const struct pcapfile *file, struct failure *failure)
{
	struct members *members = context;
	struct member *member = &members->list[index];

	(void)failure;
	member->file = *file;
	member->has_file = true;
	change_state(members, member, RUNNING);
	if (members->arguments->verbose)
		say(members, index, "captures");
	return true;
}

static bool on_packet(void *context, unsigned index,
	const struct packet *packet, struct failure *failure)
{
	struct members *members = context;

	if (merge_packet(members->merge, index, packet, clock_ms()))
		return true;
	return failure_set(failure, 1, "out of memory");
}

static bool on_wants(void *context, unsigned index)
{
	struct members *members = context;

	if (!merge_is_full(members->merge, index))
		return true;
	members->paused++;
	return false;
}

static long buffer_size(unsigned count)
{
	long size = BUFFERS_TOTAL / (long)count;

	if (size < BUFFER_MIN)
		return BUFFER_MIN;
	return size < BUFFER_MAX ? size : BUFFER_MAX;
}

static bool start_member(struct members *members, unsigned index)
{
	const struct transfer_events events = {
		.started = on_started,
		.packet = on_packet,
		.wants = on_wants,
		.context = members,
	};
	struct transfer *transfer = transfer_new(
		&members->arguments->targets.list[index], index,
		members->arguments, buffer_size(members->count), &events);

	members->list[index].transfer = transfer;
	return transfer && loop_add(members->loop, transfer_handle(transfer));
}

bool members_start(struct members *members, const struct arguments *arguments,
	struct loop *loop, struct merge *merge)
{
	unsigned count = (unsigned)arguments->targets.count;

	*members = (struct members){
		.arguments = arguments,
		.loop = loop,
		.merge = merge,
		.list = calloc(count, sizeof(*members->list)),
		.count = count,
		.connecting = count,
	};
	for (unsigned i = 0; members->list && i < count; i++)
		if (!start_member(members, i))
			return false;
	return members->list != NULL;
}

void members_stop(struct members *members)
{
	for (unsigned i = 0; members->list && i < members->count; i++) {
		struct member *member = &members->list[i];

		if (member->transfer && member->state != OVER)
			loop_remove(members->loop,
				transfer_handle(member->transfer));
		transfer_free(member->transfer);
	}
	free(members->list);
	*members = (struct members){0};
}

static void end_with_result(
	struct members *members, struct transfer *transfer, CURLcode result)
{
	struct failure failure = {0};
	bool good = transfer_result(transfer, result, &failure);

	end_member(members, transfer_index(transfer), good ? NULL : &failure);
}

void members_collect(struct members *members)
{
	CURLcode result;
	CURL *easy;

	while ((easy = loop_ended(members->loop, &result))) {
		char *private = NULL;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
		end_with_result(
			members, (struct transfer *)(void *)private, result);
	}
}

void members_expire(struct members *members, unsigned seconds)
{
	struct failure failure;

	failure_set(&failure, 1, "no capture has begun within %u s", seconds);
	for (unsigned i = 0; i < members->count; i++)
		if (members->list[i].state == CONNECTING)
			end_member(members, i, &failure);
}

void members_resume(struct members *members)
{
	CURLcode result;

	if (members->paused == 0)
		return;
	members->paused = 0;
	for (unsigned i = 0; i < members->count; i++) {
		struct member *member = &members->list[i];

		if (member->state == OVER ||
			!transfer_is_paused(member->transfer))
			continue;
		if (merge_is_full(members->merge, i)) {
			members->paused++;
			continue;
		}
		result = transfer_resume(member->transfer);
		if (result != CURLE_OK)
			end_with_result(members, member->transfer, result);
	}
}

/* How many members' packets can be written under that link type. */
static unsigned count_converting(
	const struct members *members, uint32_t linktype)
{
	unsigned count = 0;

	for (unsigned i = 0; i < members->count; i++)
		count += members->list[i].has_file &&
			 linktype_converts(
				 members->list[i].file.linktype, linktype);
	return count;
}

/* The link type of most members, the first's of several. */
static uint32_t common_linktype(const struct members *members)
{
	uint32_t common = 0;
	unsigned most = 0;

	for (unsigned i = 0; i < members->count; i++) {
		uint32_t own = members->list[i].file.linktype;
		unsigned count;

		if (!members->list[i].has_file || (most > 0 && own == common))
			continue;
		count = count_converting(members, own);
		if (count > most) {
			common = own;
			most = count;
		}
	}
	return common;
}

static void refuse(struct members *members, unsigned index, uint32_t linktype)
{
	struct failure failure;

	failure_set(&failure, 1,
		"sends packets of link type %" PRIu32
		", most of the others %" PRIu32
		": one pcap file can't hold both",
		members->list[index].file.linktype, linktype);
	end_member(members, index, &failure);
	merge_discard(members->merge, index);
}

struct pcapfile members_agree(struct members *members)
{
	struct pcapfile common = {.linktype = common_linktype(members)};

	for (unsigned i = 0; i < members->count; i++) {
		const struct pcapfile *file = &members->list[i].file;

		if (!members->list[i].has_file)
			continue;
		if (!linktype_converts(file->linktype, common.linktype)) {
			refuse(members, i, common.linktype);
			continue;
		}
		common.nano = common.nano || file->nano;
		if (file->snaplen > common.snaplen)
			common.snaplen = file->snaplen;
	}
	/* readers refuse more; 0 and nonsense are taken for "all of it" */
	if (common.snaplen == 0 || common.snaplen > PACKET_MAX)
		common.snaplen = PACKET_MAX;
	return common;
}

uint32_t members_linktype(const struct members *members, unsigned index)
{
	return members->list[index].file.linktype;
}

bool members_is_connecting(const struct members *members, unsigned index)
{
	return members->list[index].state == CONNECTING;
}

bool members_has_failed(const struct members *members, unsigned index)
{
	return members->list[index].failed;
}
