/* SPDX-License-Identifier: MIT */
/*
 * The flows of ddump's own streams. In: ends of connections. Out: whether a flow is one.
 *
 * A sorted array has the keys of both directions of each connection; of one to a server, the
 * other end is all zero.
 */
#include "client/path_own_flows.h"

#include "client/path_flow_key.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum {
	CONNECTIONS = 3, /* of a target: the last two, and one to a server */
	SERVER = 2,	 /* the number of that one */
	SSH_PORT = 22,
};

struct connection {
	bool is_set;
	struct path_flow_key key;
};

struct path_own_flows {
	unsigned targets;
	struct connection *connections; /* CONNECTIONS of each target */
	struct path_flow_key *sorted;	/* twice as many */
	size_t count;
	bool has_servers;
};

void path_own_flows_free(struct path_own_flows *own)
{
	if (!own)
		return;
	free(own->connections);
	free(own->sorted);
	free(own);
}

/* Returns the version of IP, or 0 if it is no address. */
static uint8_t parse_end(const struct path_own_end *end, uint8_t address[16], uint8_t port[2])
{
	const uint16_t number = htons((uint16_t)end->port);
	char text[INET6_ADDRSTRLEN];
	const size_t size = strcspn(end->address, "%");

	if (size >= sizeof(text))
		return 0;
	memcpy(text, end->address, size);
	text[size] = '\0';
	memcpy(port, &number, sizeof(number));
	if (inet_pton(AF_INET, text, address) == 1)
		return 4;
	return inet_pton(AF_INET6, text, address) == 1 ? 6 : 0;
}

static int compare(const void *one, const void *other)
{
	return memcmp(one, other, sizeof(struct path_flow_key));
}

static void sort(struct path_own_flows *own)
{
	own->count = 0;
	for (size_t i = 0; i < (size_t)CONNECTIONS * own->targets; i++) {
		if (!own->connections[i].is_set)
			continue;
		own->sorted[own->count++] = own->connections[i].key;
		own->sorted[own->count++] = path_flow_key_turn(&own->connections[i].key);
	}
	qsort(own->sorted, own->count, sizeof(*own->sorted), compare);
}

void path_own_flows_connect(struct path_own_flows *own, unsigned target,
	const struct path_own_end *local, const struct path_own_end *peer)
{
	struct connection *connections = &own->connections[(size_t)CONNECTIONS * target];
	struct connection connection = {.is_set = true, .key.protocol = IPPROTO_TCP};
	struct path_flow_key *key = &connection.key;

	key->version = parse_end(local, key->source, key->source_port);
	if (key->version == 0 ||
		parse_end(peer, key->destination, key->destination_port) != key->version)
		return;
	connections[1] = connections[0];
	connections[0] = connection;
	sort(own);
}

static void add_server(
	struct path_own_flows *own, unsigned target, const struct path_own_end *server)
{
	struct connection *connection = &own->connections[(size_t)CONNECTIONS * target + SERVER];
	struct path_flow_key *key = &connection->key;

	key->protocol = IPPROTO_TCP;
	key->version = parse_end(server, key->destination, key->destination_port);
	connection->is_set = key->version > 0;
	own->has_servers = own->has_servers || connection->is_set;
}

static void add_servers(struct path_own_flows *own, const struct target_list *targets)
{
	for (unsigned i = 0; i < own->targets; i++) {
		const struct target *target = &targets->list[i];
		const struct path_own_end server = {
			.address = target->ssh_host,
			.port = target->ssh_port ? (unsigned)strtoul(target->ssh_port, NULL, 10)
						 : SSH_PORT,
		};

		if (target->ssh_host)
			add_server(own, i, &server);
	}
	sort(own);
}

struct path_own_flows *path_own_flows_new(const struct target_list *targets)
{
	struct path_own_flows *own = calloc(1, sizeof(*own));
	const size_t count = (size_t)CONNECTIONS * targets->count;

	if (!own)
		return NULL;
	own->targets = (unsigned)targets->count;
	own->connections = calloc(count, sizeof(*own->connections));
	own->sorted = calloc(2 * count, sizeof(*own->sorted));
	if (!own->connections || !own->sorted) {
		path_own_flows_free(own);
		return NULL;
	}
	add_servers(own, targets);
	return own;
}

static bool find(const struct path_own_flows *own, const struct path_flow_key *key)
{
	return bsearch(key, own->sorted, own->count, sizeof(*key), compare) != NULL;
}

/* Is it a flow to a server? */
static bool find_server(const struct path_own_flows *own, const struct path_flow_key *flow)
{
	struct path_flow_key key = *flow;

	memset(key.source, 0, sizeof(key.source));
	memset(key.source_port, 0, sizeof(key.source_port));
	return find(own, &key);
}

bool path_own_flows_have(const struct path_own_flows *own, const struct path_flow_key *flow)
{
	struct path_flow_key turned;

	if (own->count == 0 || flow->protocol != IPPROTO_TCP)
		return false;
	if (find(own, flow))
		return true;
	turned = path_flow_key_turn(flow);
	return own->has_servers && (find_server(own, flow) || find_server(own, &turned));
}
