/* SPDX-License-Identifier: MIT */
/*
 * What the parts of a simulated world share: path_world_topology.c has the
 * network, path_world.c its time and how it forwards, path_world_traffic.c the hosts' traffic,
 * path_world_tcp.c TCP, path_world_frame.c the bytes of packets, path_world_capture.c what is
 * captured of them.
 */
#pragma once

#include "path_world.h"

enum {
	SIM_NODES = 12,
	SIM_INTERFACES = 64,
	SIM_LINKS = 32,
	SIM_ATOMS = 44, /* of one packet: 64 KiB in segments of 1448 bytes */
	SIM_TARGETS = SIM_NODES,
	SIM_FLOWS = 400,
	SIM_CONNECTIONS = 16,
	SIM_TABLES = 2, /* of routes */
};

#define SIM_US UINT64_C(1000)
#define SIM_MS UINT64_C(1000000)
#define SIM_S UINT64_C(1000000000)
#define SIM_START (UINT64_C(1700000000) * SIM_S)
#define SIM_NEVER UINT64_MAX

enum sim_node_kind { SIM_HOST, SIM_ROUTER, SIM_BRIDGE };

/* One direction of a connection. */
struct sim_flow {
	uint32_t number;
	uint8_t version; /* of IP */
	uint8_t protocol;
	bool is_answered;
	bool has_extensions; /* IPv6: hop-by-hop options and destination options */
	unsigned source;     /* nodes */
	unsigned destination;
	uint16_t ports[2];
	uint16_t next_id;    /* of IPv4 */
	int next_connection; /* -1: no TCP */
	unsigned hole_hop;   /* at this link of its way its packets end, from 1; 0: none */
	uint64_t hole_from;  /* true time */
	unsigned dropped_syns;
};

struct sim_packet {
	const struct sim_flow *flow;
	uint64_t content; /* of the payload, but for TCP; of ICMP: what it is */
	uint32_t sequence, ack;
	uint32_t timestamp, timestamp_echo;
	uint16_t window;
	uint16_t id;
	uint8_t flags; /* of TCP */
	uint8_t ttl;
	bool has_timestamp;
	bool has_mss;
	bool has_more_fragments;
	uint16_t fragment_offset;
	uint16_t datagram; /* bytes of the whole payload, if it is fragmented */
	uint32_t bytes;	   /* of layer 4's payload in this packet */
	unsigned hops;
	bool is_ghost;
	size_t atom_count;
	uint32_t atoms[SIM_ATOMS];
};

struct sim;

/* Something that happens at a time. */
struct sim_event {
	uint64_t time;
	uint64_t sequence;
	void (*run)(struct sim *sim, void *object, uint64_t number);
	void *object;
	uint64_t number;
};

struct sim_interface {
	unsigned node;
	unsigned link;
	unsigned peer; /* interface */
	bool has_gro;
	bool has_tso;
	bool is_vlan;
	int upper; /* an interface above this one that is captured, too; or -1 */
	uint32_t snaplen;
	struct sim_packet *held; /* by GRO */
	uint64_t held_since;	 /* which flush is the right one */
	uint64_t busy_until;	 /* the last packet's arrival at the other end */
};

struct sim_link {
	unsigned ends[2]; /* interfaces */
	uint64_t delay;
	uint64_t jitter;
	unsigned loss; /* of 10000 */
	unsigned duplicates;
	bool is_ordered;
	bool keeps_large; /* a veth pair: it passes 64 KiB packets as they are */
	unsigned weights[SIM_TABLES];
};

struct sim_node {
	enum sim_node_kind kind;
	bool is_target;
	unsigned loss;	/* of 10000, between two interfaces */
	uint64_t delay; /* between two interfaces */
	uint64_t busy_until;
	uint8_t initial_ttl;
	unsigned tick_ms; /* of TSval */
	uint32_t tick_start;
	unsigned interfaces[SIM_INTERFACES];
	unsigned interface_count;
	unsigned distance[SIM_TABLES][SIM_NODES]; /* to each node */
};

/* The clock, capture and source of a target. */
struct sim_target {
	int64_t offset; /* ns, what correction has left of it */
	double drift;	/* seconds in a second */
	bool has_microseconds;
	bool has_watermarks;
	uint64_t lateness;	       /* of a source without watermarks, at most */
	uint64_t runs[4];	       /* true times: from, to, from, to */
	uint64_t drops_from, drops_to; /* true times */
	uint64_t counters_at;	       /* when they were read last, by its clock */
	bool has_dropped;	       /* since then */
	uint64_t last_delivery;	       /* of a late source: when its packets come next */
};

struct sim {
	struct path_world *world;
	uint64_t random;
	uint64_t now;
	uint64_t end;
	struct sim_event *heap;
	size_t heap_count, heap_room;
	uint64_t sequence;
	struct sim_node nodes[SIM_NODES];
	unsigned node_count;
	unsigned host_count; /* hosts are the first nodes */
	struct sim_interface interfaces[SIM_INTERFACES];
	unsigned interface_count;
	struct sim_link links[SIM_LINKS];
	unsigned link_count;
	unsigned table; /* of routes, that is in use */
	struct sim_flow flows[SIM_FLOWS];
	unsigned flow_count;
	bool has_ethernet; /* some interfaces are captured without directions */
	struct sim_target targets[SIM_TARGETS];
	struct tcp_connection *connections[SIM_CONNECTIONS];
	unsigned connection_count;
};

/* Spreads every bit of a number over all bits. */
uint64_t sim_mix(uint64_t value);

/* Returns a random number from 0 to below - 1; 0 for 0. */
uint64_t sim_below(struct sim *sim, uint64_t below);

/* Returns true with the chance of so many of 10000. */
bool sim_chance(struct sim *sim, unsigned chance);

/* Returns true with the chance, and if the world has the feature. */
bool sim_feature(struct sim *sim, enum path_world_feature feature, unsigned chance);

/* malloc(3) and realloc(3) that end the test if there is no memory. */
void *sim_allocate(size_t size);
void *sim_grow(void *array, size_t count, size_t *room, size_t size);

/* Appends an element of zeros to an array of WORLD_ARRAY, and returns it. */
#define SIM_ADD(owner, name)                                                                       \
	((owner)->name = sim_grow((owner)->name, (owner)->name##_count, &(owner)->name##_room,     \
		 sizeof(*(owner)->name)),                                                          \
		&(owner)->name[(owner)->name##_count++])

void sim_at(struct sim *sim, uint64_t time,
	void (*run)(struct sim *sim, void *object, uint64_t number), void *object, uint64_t number);

/* Removes the next event and returns it; there is one. */
struct sim_event sim_take_event(struct sim *sim);

/* path_world_topology.c */
void sim_make_network(struct sim *sim);

/* Finds the interfaces by which a node can send to a host, by a table of routes. */
unsigned sim_find_routes(const struct sim *sim, unsigned table, unsigned node, unsigned to,
	unsigned ret_interfaces[SIM_INTERFACES]);

/* Returns the interface by which a node sends packets of a flow; -1: there is none. */
int sim_route(const struct sim *sim, unsigned table, unsigned node, const struct sim_flow *flow);

/* Adds a flow and its opposite one, and returns the first one's number. */
unsigned sim_add_flows(struct sim *sim, uint8_t protocol, unsigned source, unsigned destination);

/* Returns a packet of a flow for sim_send(), with nothing but addresses, id and TTL. */
struct sim_packet *sim_packet_new(struct sim *sim, struct sim_flow *flow);

/* Sends a packet from its flow's source; it is freed. mss: in which pieces, 0: whole. */
void sim_send(struct sim *sim, struct sim_packet *packet, uint32_t mss);

/* path_world_atoms.c: sorts the visits of atoms, and marks atoms that look equal. */
void sim_finish_atoms(struct path_world *world);

/* path_world_traffic.c: starts all traffic of the world. */
void sim_start_traffic(struct sim *sim);
void sim_receive(struct sim *sim, const struct sim_packet *packet);

/* path_world_tcp.c */
void tcp_start(struct sim *sim, unsigned flow, uint64_t time);
void tcp_finish(struct sim *sim);

/* path_world_tcp_receive.c */
void tcp_receive(struct sim *sim, const struct sim_packet *packet);

/* path_world_frame.c: writes a packet as it is captured. Returns its size on the wire. */
enum { SIM_FRAME_MAX = 70000 };
uint32_t sim_write_frame(const struct sim *sim, const struct sim_packet *packet, uint32_t linktype,
	bool is_outgoing, bool is_tagged, unsigned char *out);

/* path_world_capture.c */
void sim_choose_captures(struct sim *sim);
void sim_capture(struct sim *sim, unsigned interface, enum path_direction direction,
	const struct sim_packet *packet);
void sim_finish_captures(struct sim *sim);
