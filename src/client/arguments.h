#pragma once

#include "client/credentials.h"
#include "client/target.h"
#include "common/failure.h"
#include "common/options.h"

#include <stdint.h>

/* What the command line says. Strings are argv's own. */
struct arguments {
	struct credentials credentials;
	struct target_defaults defaults;
	struct targets targets;
	const char *output; /* NULL or "-": stdout */
	uint64_t count;	    /* packets; 0: no end */
	uint64_t duration;  /* seconds; 0: no end */
	uint64_t hold;	    /* ms */
	const char *ssh;    /* command for ssh:// targets, NULL: ssh */
	bool pcapng;	    /* is written, not pcap */
	bool align;
	bool retry;
	bool status;
	bool require_all;
	bool netrc;
	bool quiet;
	bool verbose;
	bool version;
	bool help;
	bool extcap; /* Wireshark has us started, and ends us: extcap.h */
};

extern const struct option_row arguments_rows[];
extern const size_t arguments_row_count;

/*
 * Parses the command line, wipes the passwords in it, and reads the files of
 * targets that it names. ret_arguments is for arguments_clear() either way.
 */
bool arguments_read(int argc, char **argv, struct arguments *ret_arguments,
	struct failure *failure);

void arguments_clear(struct arguments *arguments);
