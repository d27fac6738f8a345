#pragma once

#include "common/failure.h"
#include "common/options.h"
#include "worker/query.h"

#include <stdint.h>
#include <sys/types.h>

/* What the administrator decides, on the command line or in DDUMP_*. */
struct settings {
	const char *listen; /* NULL: not asked for */
	const char
		*exclude;  /* expression that no client can lift; NULL: none */
	const char *hosts; /* names in Host, blanks between; NULL: any */
	uint32_t ring;	   /* bytes */
	uint32_t duration; /* s that a capture may last; 0: for ever */
	uint32_t snaplen;  /* that a client may ask for; 0: any */
	char interfaces[QUERY_INTERFACES_MAX][IF_NAMESIZE];
	size_t interface_count; /* that may be captured on; 0: all */
	bool is_inherited;	/* they come from the environment */
	uint32_t clients;	/* children of -listen at once */
	mode_t socket_mode;
	const char *socket_group; /* NULL: the process's own */
	bool help;
	bool version;
};

extern const struct option_row settings_rows[];
extern const size_t settings_row_count;

/* Defaults, then the environment, then the command line. */
bool settings_read(int argc, char **argv, struct settings *ret_settings,
	struct failure *failure);
