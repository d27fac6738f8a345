/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/print_text.h"
#include "client/request_headers.h"
#include "client/target_list.h"
#include "client/tls_files.h"

#include <stdbool.h>
#include <stdint.h>

/* The settings of a run. Strings belong to argv. */
struct options {
	struct tls_files credentials;
	struct target_defaults defaults;
	struct target_list targets;
	struct request_headers headers;
	const char *output;   /* NULL or "-": stdout */
	bool split;	      /* a file for each target, see split_files.h */
	const char *report;   /* a file; NULL: none */
	const char *once_at;  /* the preferred place of -once; NULL: the first one */
	bool paths;	      /* a table of them on stdout */
	bool has_paths_delay; /* false: the window of path_window.h */
	uint64_t paths_delay; /* ms that packets wait for it; -paths-delay */
	struct print_text_options print_options;
	bool print;   /* packets as text */
	bool numeric; /* the text has addresses instead of names */
	/* several files, see rotation.h: */
	uint64_t file_bytes;	  /* from which on a file is full; 0: no limit */
	uint64_t file_seconds;	  /* that a file is written; 0: no limit */
	uint64_t file_count;	  /* of a ring, or until the run ends; 0: no limit */
	const char *file_command; /* for each finished file; NULL: none */
	bool ring;		  /* -ring; -C with -W is a ring as well */
	uint64_t count;		  /* packets; 0: no limit */
	uint64_t duration;	  /* seconds; 0: no limit */
	uint64_t hold;		  /* ms */
	const char *ssh;	  /* command for ssh:// targets, NULL: ssh */
	bool pcapng;		  /* write pcapng, not pcap */
	bool no_names;		  /* for addresses, in pcapng */
	bool once;		  /* each connection as one place saw it, see once.h */
	bool align;
	bool align_traffic; /* by the packets of -paths */
	bool retry;
	bool status;
	bool require_all;
	bool netrc;
	bool quiet;
	bool verbose;
	bool list_interfaces; /* of each target, and capture nothing */
	bool wireshark;	      /* it shows the packets: wireshark.h */
	bool version;
	bool help;
	bool extcap; /* Wireshark starts and ends ddump: extcap.h */
};

/* Are there several files (-C, -G)? */
static inline bool options_rotate(const struct options *options)
{
	return options->file_bytes > 0 || options->file_seconds > 0;
}
