/*
 * Any bytes as a request, handled as the worker does up to the expression
 * that is compiled: what is taken must be within its bounds, what is refused
 * must have a status and a sentence, and a split must not change that.
 */
#include "fuzz.h"

#include "format/linktype.h"
#include "format/packet.h"
#include "worker/filter.h"
#include "worker/forwarded.h"
#include "worker/host.h"
#include "worker/limits.h"
#include "worker/peer.h"
#include "worker/query.h"
#include "worker/request.h"

#include <arpa/inet.h>
#include <string.h>

static void check_text(const char *text)
{
	must(*text, "a refusal has a sentence");
	for (const char *c = text; *c; c++)
		must(*c >= ' ' && *c <= '~', "a sentence is printable");
}

static void check_failure(const struct failure *failure)
{
	static const int statuses[] = {400, 403, 404, 405, 414, 431, 505};
	bool known = false;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		known = known || failure->status == statuses[i];
	must(known, "a refusal has one of the statuses that there are");
	check_text(failure->text);
}

static void check_request(const struct request *request)
{
	must(request->resource == REQUEST_CAPTURE ||
			request->resource == REQUEST_INTERFACES,
		"a request is for one of the resources");
	must(strlen(request->query) < sizeof(request->query), "the query fits");
	for (const char *c = request->query; *c; c++)
		must(*c > ' ' && *c <= '~' && *c != '#',
			"the query has only what a URL may have");
	for (const char *c = request->forwarded; *c; c++)
		must((unsigned char)*c >= ' ' || *c == '\t',
			"the Forwarded field has no control character");
}

static void check_query(const struct query *query)
{
	must(strlen(query->filter) < sizeof(query->filter), "a filter fits");
	for (const char *c = query->filter; *c; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f,
			"a filter has no control character");
	must(query->interface_count <= QUERY_INTERFACES_MAX,
		"there are not too many interfaces");
	for (size_t i = 0; i < query->interface_count; i++) {
		const char *name = query->interfaces[i];
		size_t size = strnlen(name, IF_NAMESIZE);

		must(size > 0 && size < IF_NAMESIZE && *name != '.' &&
				!strpbrk(name, "/ "),
			"an interface's name is no path");
	}
	must(query->snaplen >= 1 && query->snaplen <= PACKET_MAX,
		"snaplen is in its range");
	must(query->count <= QUERY_COUNT_MAX, "count is in its range");
	must(query->duration <= QUERY_DURATION_MAX, "duration is in its range");
	must(query->linktype == LINKTYPE_SLL ||
			query->linktype == LINKTYPE_SLL2,
		"linktype is one of the two");
}

static void check_node(const struct forwarded_node *node)
{
	struct in6_addr binary;

	must(strnlen(node->address, sizeof(node->address)) <
			sizeof(node->address),
		"an address fits");
	must(!*node->address ||
			inet_pton(AF_INET, node->address, &binary) == 1 ||
			inet_pton(AF_INET6, node->address, &binary) == 1,
		"an address is one");
}

/* What goes into an exclusion must not be able to end it. */
static void check_exclusions(const struct filter *filter)
{
	for (size_t i = 0; i < filter->exclusion_count; i++) {
		const char *text = filter->exclusions[i];

		/* of what has a tag: only a port comes in from outside */
		if (strncmp(text, "outbound and (link", 18) == 0)
			continue;
		must(text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEF0123456789.: ")] == '\0',
			"an exclusion is made of words and addresses");
	}
}

/* What a browser may ask by can't be bent, or is on the list. */
static void check_caller(const struct caller *caller)
{
	static const char *const lists[] = {NULL, "a web1.example"};
	struct failure failure = {0};
	struct host host;

	if (caller->host.at)
		must(host_parse(caller->host, &host), "a host is one");
	for (size_t i = 0; i < 2; i++) {
		failure.status = 403;
		if (!caller_check(caller, lists[i], &failure)) {
			check_failure(&failure);
			continue;
		}
		must(!caller->browser || caller->site.at,
			"a browser says whose page it is");
		if (caller->browser || lists[i])
			must(caller->host.at &&
					(host_is_fixed(&host) ||
						(lists[i] &&
							host_is_listed(&host,
								lists[i]))),
				"a name can't lead elsewhere");
	}
}

static void try_forwarded(const char *value, const char *user)
{
	static const struct peer proxy = {.local_port = 8475, .trusted = true};
	static struct filter filter;
	struct forwarded_hop hops[FORWARDED_MAX];
	struct failure failure = {0};
	int count = *value ? forwarded_parse(value, hops, &failure) : 0;
	char *joined;

	must(count <= FORWARDED_MAX, "there are not too many hops");
	for (int i = 0; i < count; i++) {
		check_node(&hops[i].from);
		check_node(&hops[i].by);
	}
	filter = (struct filter){.user = user};
	must(peer_exclude(&proxy, value, &filter, &failure) == (count >= 0),
		"a proxy is believed what is well-formed");
	if (count < 0)
		check_failure(&failure);
	check_exclusions(&filter);
	joined = filter_join(&filter);
	must(joined && memcmp(joined, "(not (", 6) == 0,
		"the exclusions stand first");
	free(joined);
}

/* What the administrator allows is never exceeded, whatever is asked for. */
static void try_limits(struct query *query)
{
	static const struct settings narrow = {
		.duration = 60,
		.snaplen = 96,
		.interfaces = {"lo", "nosuch0"},
		.interface_count = 2,
	};
	static const struct settings none;
	static const struct settings nowhere = {
		.interfaces = {"nosuch0"},
		.interface_count = 1,
	};
	struct query same = *query;
	struct query elsewhere = *query;
	struct failure failure = {0};

	must(limits_apply(&none, &same, &failure) &&
			memcmp(&same, query, sizeof(same)) == 0,
		"without limits all is as it was asked for");
	if (!limits_apply(&nowhere, &elsewhere, &failure))
		check_text(failure.text);
	if (!limits_apply(&narrow, query, &failure)) {
		must(failure.status == 403 || failure.status == 500,
			"what is not allowed has its statuses");
		check_text(failure.text);
		return;
	}
	must(query->duration >= 1 && query->duration <= narrow.duration,
		"a capture ends in time");
	must(query->snaplen >= 1 && query->snaplen <= narrow.snaplen,
		"packets are cut");
	must(query->interface_count > 0, "not all interfaces are meant");
	for (size_t i = 0; i < query->interface_count; i++)
		must(strcmp(query->interfaces[i], "lo") == 0 ||
				strcmp(query->interfaces[i], "nosuch0") == 0,
			"an interface is one of those");
}

static void try_head(const uint8_t *bytes, size_t length)
{
	struct request request;
	struct query query;
	struct failure failure = {0};
	void *head = copy(bytes, length);
	bool taken = request_parse(head, length, &request, &failure);

	if (taken)
		check_caller(&request.caller);
	free(head);
	if (!taken) {
		check_failure(&failure);
		return;
	}
	check_request(&request);
	if (!query_parse(request.query, &query, &failure)) {
		check_failure(&failure);
		return;
	}
	check_query(&query);
	try_forwarded(request.forwarded, query.filter);
	try_limits(&query);
}

/* A verdict on a part is the verdict on all of it, or there is none yet. */
static void try_part(const uint8_t *bytes, size_t part, bool good,
	size_t length, const struct failure *whole)
{
	struct failure failure = {0};
	void *own = copy(bytes, part);
	size_t found = 0;

	if (!request_complete(own, part, &found, &failure)) {
		must(!good && failure.status == whole->status &&
				strcmp(failure.text, whole->text) == 0,
			"a refusal of a part is that of the whole");
	} else if (found > 0) {
		must(good && found == length, "a head has one end");
	} else {
		must(!good || length == 0 || part < length,
			"an end is seen when it comes");
	}
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct failure failure = {0};
	size_t length = 0;
	size_t step;
	void *own;
	bool good;

	/* the connection has no room for more */
	if (size > REQUEST_HEAD_MAX)
		size = REQUEST_HEAD_MAX;
	own = copy(bytes, size);
	good = request_complete(own, size, &length, &failure);
	free(own);
	must(length <= size, "a head is not longer than what has come");
	if (!good)
		check_failure(&failure);
	/* every point of a short input, some of a long one */
	step = 1 + size / 256;
	for (size_t part = 0; part <= size; part += step)
		try_part(bytes, part, good, length, &failure);
	if (good && length > 0)
		try_head(bytes, length);
	return 0;
}
