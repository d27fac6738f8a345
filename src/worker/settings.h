/* SPDX-License-Identifier: MIT */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SETTINGS_INTERFACES_MAX = 32 };

/* The administrator's settings: options, or DDUMP_* in the environment. */
struct settings {
	const char *listen;	    /* address; NULL: not given */
	const char *capture;	    /* query of a capture to stdout; NULL: not given */
	const char *ssh_connection; /* of the environment, for such a capture; NULL: none */
	const char *exclude;	    /* pcap-filter(7) that is never captured; NULL: none */
	const char *hosts;	    /* allowed in Host, separated by spaces; NULL: any */
	bool proxy;		    /* clients must come by a proxy that sends its port */
	bool no_promisc;	    /* no interface is set promiscuous */
	bool no_names;		    /* streams do not have the host's addresses */
	uint32_t ring;		    /* bytes */
	uint32_t duration;	    /* s, the limit; 0: none */
	uint32_t snaplen;	    /* bytes, the limit; 0: none */
	bool limits_payload;	    /* no more bytes after the headers are sent: */
	uint32_t payload;
	uint32_t filter_steps; /* limit of a client's filter: filter_check_steps() */
	char interfaces[SETTINGS_INTERFACES_MAX][IF_NAMESIZE];
	size_t interface_count; /* that are allowed; 0: all */
	bool is_inherited;	/* the interfaces come from the environment */
	uint32_t clients;	/* limit of captures at once, of -listen */
	mode_t socket_mode;
	const char *socket_group; /* NULL: that of the process */
	bool help;
	bool version;
};
