/*
 * The administrator's word. In: DDUMP_* of the environment, then argv. Out:
 * struct settings, checked.
 */
#include "worker/settings.h"

#include "common/text.h"
#include "format/packet.h"
#include "worker/filter.h"
#include "worker/host.h"

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

/*
 * What stands behind these words in an expression is looked for within their
 * packets alone: elsewhere it would not be excluded. False: one is used.
 */
static bool check_shift(const char *expression, struct failure *failure)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._\\";
	static const struct {
		const char *word;
		const char *cure;
	} shifts[] = {
		{"geneve", "udp port 6081"},
		{"pppoes", "ether proto 0x8864"},
		{"vxlan", "udp port 4789"},
	};
	size_t size;

	for (; *expression; expression += size ? size : 1) {
		size = strspn(expression, letters);
		for (size_t i = 0; i < sizeof(shifts) / sizeof(*shifts); i++)
			if (size == strlen(shifts[i].word) &&
				memcmp(expression, shifts[i].word, size) == 0)
				return failure_set(failure, 1,
					"-exclude: \"%s\" would shift what "
					"stands behind it: write \"%s\"",
					shifts[i].word, shifts[i].cure);
	}
	return true;
}

static bool set_exclude(void *to, const char *value, struct failure *failure)
{
	if (strlen(value) >= FILTER_EXCLUSION_SIZE)
		return failure_set(failure, 1, "-exclude: longer than %d bytes",
			FILTER_EXCLUSION_SIZE - 1);
	if (!check_shift(value, failure))
		return false;
	((struct settings *)to)->exclude = *value ? value : NULL;
	return true;
}

static bool set_number(const char *name, const char *value, uint32_t max,
	uint32_t *ret_number, struct failure *failure)
{
	uint64_t number;

	if (!text_number(value, max, &number) || number == 0)
		return failure_set(failure, 1,
			"%s: \"%s\" is no number from 1 to %u", name, value,
			max);
	*ret_number = (uint32_t)number;
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

static bool set_duration(void *to, const char *value, struct failure *failure)
{
	return set_number("-max-duration", value, QUERY_DURATION_MAX,
		&((struct settings *)to)->duration, failure);
}

static bool set_snaplen(void *to, const char *value, struct failure *failure)
{
	return set_number("-max-snaplen", value, PACKET_MAX,
		&((struct settings *)to)->snaplen, failure);
}

static bool add_interface(struct settings *settings, const char *name,
	size_t size, struct failure *failure)
{
	char *room;

	if (settings->interface_count == QUERY_INTERFACES_MAX)
		return failure_set(failure, 1, "-interface: more than %d",
			QUERY_INTERFACES_MAX);
	if (size >= IF_NAMESIZE || memchr(name, '/', size) ||
		(size == strlen("any") && memcmp(name, "any", size) == 0))
		return failure_set(failure, 1,
			"-interface: \"%.*s\" is no interface's name",
			(int)size, name);
	room = settings->interfaces[settings->interface_count++];
	memcpy(room, name, size);
	room[size] = '\0';
	return true;
}

/* A name, or several with blanks between them. None would mean all. */
static bool set_interfaces(void *to, const char *value, struct failure *failure)
{
	static const char blanks[] = " \t\r\n";
	struct settings *settings = to;

	/* an option wins over its variable */
	if (settings->is_inherited)
		settings->interface_count = 0;
	settings->is_inherited = false;
	value += strspn(value, blanks);
	if (!*value)
		return failure_set(failure, 1, "-interface: names nothing");
	while (*value) {
		const size_t size = strcspn(value, blanks);

		if (!add_interface(settings, value, size, failure))
			return false;
		value += size;
		value += strspn(value, blanks);
	}
	return true;
}

/* A name, or several with blanks between them. */
static bool set_hosts(void *to, const char *value, struct failure *failure)
{
	static const char blanks[] = " \t\r\n";
	const char *name = value + strspn(value, blanks);
	struct settings *settings = to;
	struct host host;

	if (*value && !*name)
		return failure_set(failure, 1, "-host: names nothing");
	for (; *name; name += strspn(name, blanks)) {
		const size_t size = strcspn(name, blanks);

		if (!host_parse((struct span){name, size}, &host) ||
			host.name.size != size || name[size - 1] == '.')
			return failure_set(failure, 1,
				"-host: \"%.*s\" is no name of a host, "
				"without a port",
				(int)size, name);
		name += size;
	}
	settings->hosts = *value ? value : NULL;
	return true;
}

static bool set_clients(void *to, const char *value, struct failure *failure)
{
	return set_number("-max-clients", value, CLIENTS_MAX,
		&((struct settings *)to)->clients, failure);
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

#define AT(member) NULL, offsetof(struct settings, member)

const struct option_row settings_rows[] = {
	{"listen", "ADDRESS", "address:port or unix:path (default :8475)",
		AT(listen)},
	{"exclude", "EXPR", "pcap-filter(7) that no client captures",
		set_exclude, 0},
	{"ring", "MIB", "size of a capture's ring (default 8, 2 to 256)",
		set_ring, 0},
	{"interface", "NAME", "capture on nothing but these, may be repeated",
		set_interfaces, 0},
	{"host", "NAMES", "that clients may ask by (default: any, of programs)",
		set_hosts, 0},
	{"max-duration", "S", "the longest that a capture lasts", set_duration,
		0},
	{"max-snaplen", "N", "the most bytes that are kept of a packet",
		set_snaplen, 0},
	{"max-clients", "N", "of -listen, at once (default 64)", set_clients,
		0},
	{"socket-mode", "MODE", "of -listen unix: (default 0660)", set_mode, 0},
	{"socket-group", "GROUP", "of -listen unix: (default: our own)",
		AT(socket_group)},
	{"version", NULL, "print versions", AT(version)},
	{"help", NULL, "print this", AT(help)},
	{"h", NULL, NULL, AT(help)},
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
		{"DDUMP_HOSTS", set_hosts},
		{"DDUMP_RING", set_ring},
		{"DDUMP_INTERFACES", set_interfaces},
		{"DDUMP_MAX_DURATION", set_duration},
		{"DDUMP_MAX_SNAPLEN", set_snaplen},
	};

	struct failure inner;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		const char *value = getenv(variables[i].name);

		if (!value || variables[i].set(settings, value, failure))
			continue;
		inner = *failure;
		return failure_set(
			failure, 1, "in %s: %s", variables[i].name, inner.text);
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
	ret_settings->is_inherited = true;
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
