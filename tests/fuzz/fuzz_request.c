/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a request, handled as the worker does up to the expression that
 * is compiled: accepted values must be within their limits, rejected requests
 * must have a status and a message, and a split must not change that.
 */
#include "../lib/printable.h"
#include "fuzz.h"

#include "format/linktype.h"
#include "format/packet.h"
#include "worker/capture_params.h"
#include "worker/exclusions.h"
#include "worker/filter_expression.h"
#include "worker/forwarded.h"
#include "worker/http_host.h"
#include "worker/http_request.h"
#include "worker/interface_choice.h"
#include "worker/peer.h"

#include <arpa/inet.h>
#include <string.h>

static void check_text(const char *text)
{
	must(*text, "a refusal has a sentence");
	must(printable_line(text), "a sentence is printable");
}

static void check_failure(const struct error *error)
{
	static const int statuses[] = {400, 403, 404, 405, 414, 431, 505};
	bool known = false;

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++)
		known = known || error->status == statuses[i];
	must(known, "a refusal has one of the statuses that there are");
	check_text(error->text);
}

static void check_request(const struct http_request *request)
{
	must(request->resource == REQUEST_CAPTURE || request->resource == REQUEST_INTERFACES,
		"a request is for one of the resources");
	must(strlen(request->query) < sizeof(request->query), "the query fits");
	for (const char *c = request->query; *c; c++)
		must(*c > ' ' && *c <= '~' && *c != '#', "the query has only characters of a URL");
	for (const char *c = request->forwarded; *c; c++)
		must((unsigned char)*c >= ' ' || *c == '\t',
			"the Forwarded field has no control character");
}

static void check_query(const struct capture_params *query)
{
	must(strlen(query->filter) < sizeof(query->filter), "a filter fits");
	for (const char *c = query->filter; *c; c++)
		must((unsigned char)*c >= ' ' && *c != 0x7f, "a filter has no control character");
	must(query->interface_count <= SETTINGS_INTERFACES_MAX,
		"there are not too many interfaces");
	for (size_t i = 0; i < query->interface_count; i++) {
		const char *name = query->interfaces[i];
		size_t size = strnlen(name, IF_NAMESIZE);

		must(size > 0 && size < IF_NAMESIZE && *name != '.' && !strpbrk(name, "/ "),
			"an interface's name is not a path");
	}
	must(query->snaplen >= 1 && query->snaplen <= PACKET_MAX, "snaplen is in its range");
	must(query->payload <= PACKET_MAX, "payload is in its range");
	must(query->count <= CAPTURE_PARAMS_COUNT_MAX, "count is in its range");
	must(query->duration <= CAPTURE_PARAMS_DURATION_MAX, "duration is in its range");
	must(query->watermark >= CAPTURE_PARAMS_WATERMARK_MIN &&
			query->watermark <= CAPTURE_PARAMS_WATERMARK_MAX,
		"the interval of watermarks is in its range");
	must(query->native ? query->linktype == 0 && query->interface_count == 1
			   : query->linktype == LINKTYPE_SLL || query->linktype == LINKTYPE_SLL2,
		"linktype is one of the two, or that of one interface");
	must(!query->promisc || query->interface_count > 0, "promiscuous are some");
}

static void check_node(const struct forwarded_node *node)
{
	struct in6_addr binary;

	must(strnlen(node->address, sizeof(node->address)) < sizeof(node->address),
		"an address fits");
	must(!*node->address || inet_pton(AF_INET, node->address, &binary) == 1 ||
			inet_pton(AF_INET6, node->address, &binary) == 1,
		"an address is one");
}

/* A value in the text of an exclusion must not be able to end it. */
static void check_exclusions(const struct exclusions *exclusions)
{
	char text[8192] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	must(out, "there is memory");
	exclusions_print(out, exclusions);
	must(fclose(out) == 0, "the exclusions are not longer");
	must(text[strspn(text, "abcdefghijklmnopqrstuvwxyz"
			       "ABCDEF0123456789.: ()")] == '\0',
		"an exclusion is made of words and addresses");
}

/* A Host name that a browser may use cannot be rebound, or is on the list. */
static void check_caller(const struct origin_claims *claims)
{
	static const char *const lists[] = {NULL, "a web1.example"};
	struct error error = {0};
	struct http_host host;

	if (claims->host.at)
		must(http_host_parse(claims->host, &host), "a host is one");
	for (size_t i = 0; i < 2; i++) {
		error.status = 403;
		if (!origin_check_run(claims, lists[i], &error)) {
			check_failure(&error);
			continue;
		}
		must(!claims->browser || claims->site.at, "a browser sends the site of its page");
		if (claims->browser || lists[i])
			must(claims->host.at &&
					(http_host_is_fixed(&host) ||
						(lists[i] && http_host_is_listed(&host, lists[i]))),
				"a name can't lead elsewhere");
	}
}

static void try_forwarded(const char *value, const char *user)
{
	struct peer proxy = {.local.port = 8475, .trusted = true};
	static struct capture_filter filter;
	struct forwarded_hop hops[FORWARDED_MAX];
	struct error error = {0};
	int count = *value ? forwarded_parse(value, hops, &error) : 0;
	char *joined;

	must(count <= FORWARDED_MAX, "there are not too many hops");
	for (int i = 0; i < count; i++) {
		check_node(&hops[i].from);
		check_node(&hops[i].by);
	}
	filter = (struct capture_filter){.user = user};
	must(peer_add_forwarded(&proxy, value, &error) == (count >= 0),
		"a proxy is believed what is well-formed");
	if (count < 0)
		check_failure(&error);
	exclusions_add_peer(&filter.exclusions, &proxy);
	check_exclusions(&filter.exclusions);
	joined = filter_expression_join(&filter);
	must(joined && memcmp(joined, "(not (", 6) == 0, "the exclusions stand first");
	free(joined);
}

/* Only interfaces of the administrator's list are chosen. */
static void try_interfaces(const struct capture_params *query, const struct settings *narrow)
{
	static const struct settings nowhere = {
		.interfaces = {"nosuch0"},
		.interface_count = 1,
	};
	struct interface_choice choice;
	struct error error = {0};

	must(!interface_choice_resolve(&choice, query, &nowhere, &error), "nosuch0 does not exist");
	check_text(error.text);
	if (!interface_choice_resolve(&choice, query, narrow, &error)) {
		must(error.status == 400 || error.status == 403 || error.status == 500,
			"what is not allowed has its statuses");
		check_text(error.text);
		return;
	}
	must(choice.count > 0, "not all interfaces are meant");
	for (size_t i = 0; i < choice.count; i++)
		must(strcmp(choice.names[i], "lo") == 0, "an interface is allowed and exists");
}

/* The administrator's limits hold, whatever is requested. */
static void try_limits(struct capture_params *query)
{
	static const struct settings narrow = {
		.duration = 60,
		.snaplen = 96,
		.limits_payload = true,
		.payload = 64,
		.interfaces = {"lo", "nosuch0"},
		.interface_count = 2,
	};
	static const struct settings none;
	struct capture_params same = *query;
	struct error error = {0};

	must(capture_params_limit(&none, &same, &error) && memcmp(&same, query, sizeof(same)) == 0,
		"without limits all is as it was asked for");
	try_interfaces(query, &narrow);
	if (!capture_params_limit(&narrow, query, &error)) {
		must(error.status == 403, "what is not allowed has its status");
		check_text(error.text);
		return;
	}
	must(query->duration >= 1 && query->duration <= narrow.duration, "a capture ends in time");
	must(query->snaplen >= 1 && query->snaplen <= narrow.snaplen, "packets are cut");
	must(query->limits_payload && query->payload <= narrow.payload, "payload is cut");
}

static void try_head(const uint8_t *bytes, size_t length)
{
	struct http_request request;
	struct capture_params query;
	struct error error = {0};
	void *head = copy(bytes, length);
	bool taken = http_request_parse(head, length, &request, &error);

	if (taken)
		check_caller(&request.claims);
	free(head);
	if (!taken) {
		check_failure(&error);
		return;
	}
	check_request(&request);
	if (!capture_params_parse(request.query, &query, &error)) {
		check_failure(&error);
		return;
	}
	check_query(&query);
	try_forwarded(request.forwarded, query.filter);
	try_limits(&query);
}

/* The decision on a part is the decision on all of it, or there is none yet. */
static void try_part(
	const uint8_t *bytes, size_t part, bool good, size_t length, const struct error *whole)
{
	struct error error = {0};
	void *own = copy(bytes, part);
	size_t found = 0;

	if (!http_request_find_end(own, part, &found, &error)) {
		must(!good && error.status == whole->status && strcmp(error.text, whole->text) == 0,
			"a refusal of a part is that of the whole");
	} else if (found > 0) {
		must(good && found == length, "a head has one end");
	} else {
		must(!good || length == 0 || part < length, "an end is seen when it comes");
	}
	free(own);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct error error = {0};
	size_t length = 0;
	size_t step;
	void *own;
	bool good;

	/* the connection has no space for more */
	if (size > REQUEST_HEAD_MAX)
		size = REQUEST_HEAD_MAX;
	own = copy(bytes, size);
	good = http_request_find_end(own, size, &length, &error);
	free(own);
	must(length <= size, "a head is not longer than the input");
	if (!good)
		check_failure(&error);
	/* every position of a short input, some of a long one */
	step = 1 + size / 256;
	for (size_t part = 0; part <= size; part += step)
		try_part(bytes, part, good, length, &error);
	if (good && length > 0)
		try_head(bytes, length);
	return 0;
}
