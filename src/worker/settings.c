/*
 * The administrator's word. In: DDUMP_* of the environment, then argv. Out:
 * struct settings, checked.
 */
#include "worker/settings.h"

#include "common/text.h"
#include "worker/filter.h"

#include <stdlib.h>
#include <string.h>

enum {
	RING_DEFAULT_MIB = 8,
	RING_MIN_MIB = 2,
	RING_MAX_MIB = 256,
	CLIENTS_DEFAULT = 64,
	CLIENTS_MAX = 4096,
	MODE_DEFAULT = 0660,
	BYTES_PER_MIB = 1 << 20,
};

static bool set_listen(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	((struct settings *)to)->listen = value;
	return true;
}

static bool set_exclude(void *to, const char *value, struct failure *failure)
{
	if (strlen(value) >= FILTER_EXCLUSION_SIZE)
		return failure_set(failure, 1, "-exclude: longer than %d bytes",
			FILTER_EXCLUSION_SIZE - 1);
	((struct settings *)to)->exclude = *value ? value : NULL;
	return true;
}

static bool set_ring(void *to, const char *value, struct failure *failure)
{
	uint64_t mib;

	if (!text_number(value, RING_MAX_MIB, &mib) || mib < RING_MIN_MIB)
		return failure_set(failure, 1,
			"-ring: \"%s\" is no number of MiB from %d to %d",
			value, RING_MIN_MIB, RING_MAX_MIB);
	((struct settings *)to)->ring = (uint32_t)mib * BYTES_PER_MIB;
	return true;
}

static bool set_clients(void *to, const char *value, struct failure *failure)
{
	uint64_t clients;

	if (!text_number(value, CLIENTS_MAX, &clients) || clients == 0)
		return failure_set(failure, 1,
			"-max-clients: \"%s\" is no number from 1 to %d", value,
			CLIENTS_MAX);
	((struct settings *)to)->clients = (uint32_t)clients;
	return true;
}

static bool set_mode(void *to, const char *value, struct failure *failure)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	if (*value < '0' || *value > '7' || *end || mode > 0777)
		return failure_set(failure, 1,
			"-socket-mode: \"%s\" is no octal mode like 0660",
			value);
	((struct settings *)to)->socket_mode = (mode_t)mode;
	return true;
}

static bool set_group(void *to, const char *value, struct failure *failure)
{
	(void)failure;
	((struct settings *)to)->socket_group = value;
	return true;
}

static bool set_version(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct settings *)to)->version = true;
	return true;
}

static bool set_help(void *to, const char *value, struct failure *failure)
{
	(void)value;
	(void)failure;
	((struct settings *)to)->help = true;
	return true;
}

const struct option_row settings_rows[] = {
	{"listen", "ADDRESS",
		"address:port or unix:path to listen on (default :8475,\n"
		"                     where stdin is no socket)",
		set_listen},
	{"exclude", "EXPR", "pcap-filter that no client captures", set_exclude},
	{"ring", "MIB", "size of a capture's ring (default 8, 2 to 256)",
		set_ring},
	{"max-clients", "N", "of -listen, at once (default 64)", set_clients},
	{"socket-mode", "MODE", "of -listen unix: (default 0660)", set_mode},
	{"socket-group", "GROUP", "of -listen unix: (default: our own)",
		set_group},
	{"version", NULL, "print versions", set_version},
	{"help", NULL, "print this", set_help},
	{"h", NULL, NULL, set_help},
};

const size_t settings_row_count =
	sizeof(settings_rows) / sizeof(*settings_rows);

static bool read_environment(struct settings *settings, struct failure *failure)
{
	static const struct {
		const char *name;
		bool (*set)(
			void *to, const char *value, struct failure *failure);
	} variables[] = {
		{"DDUMP_EXCLUDE", set_exclude},
		{"DDUMP_RING", set_ring},
	};

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		const char *value = getenv(variables[i].name);

		if (value && !variables[i].set(settings, value, failure))
			return false;
	}
	return true;
}

bool settings_read(int argc, char **argv, struct settings *ret_settings,
	struct failure *failure)
{
	int operand;

	*ret_settings = (struct settings){
		.ring = RING_DEFAULT_MIB * BYTES_PER_MIB,
		.clients = CLIENTS_DEFAULT,
		.socket_mode = MODE_DEFAULT,
	};
	if (!read_environment(ret_settings, failure))
		return false;
	operand = options_parse(argc, argv, settings_rows, settings_row_count,
		ret_settings, failure);
	if (operand < 0)
		return false;
	if (operand < argc)
		return failure_set(failure, 1,
			"\"%s\" is one argument too many, see -help",
			argv[operand]);
	return true;
}
