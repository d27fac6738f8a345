/* SPDX-License-Identifier: MIT */
/*
 * Reads the worker's configuration. In: DDUMP_* of the environment, then argv,
 * which overrides them. Out: struct settings, checked.
 */
#include "worker/config.h"

#include "format/packet.h"
#include "worker/capture_params.h"
#include "worker/exclusions.h"
#include "worker/http_host.h"

#include <stdlib.h>
#include <string.h>

enum {
	RING_DEFAULT_MIB = 8,
	RING_MIN_MIB = 2,
	RING_MAX_MIB = 256,
	/* 100 IPv4 hosts need 361, 100 ports 408 */
	FILTER_STEPS_DEFAULT = 512,
	FILTER_STEPS_MAX = 65536,
	CLIENTS_DEFAULT = 64,
	CLIENTS_MAX = 4096,
	MODE_DEFAULT = 0660,
	BYTES_PER_MIB = 1 << 20,
};

static bool set_exclude(void *to, const char *value, struct error *error)
{
	if (!exclusions_check_expression(value, error))
		return false;
	((struct settings *)to)->exclude = *value ? value : NULL;
	return true;
}

static bool set_number(const struct option_range *range, const char *value, uint32_t *ret_number,
	struct error *error)
{
	uint64_t number;

	if (!option_range_parse(range, value, &number))
		return option_range_reject(range, value, 1, error);
	*ret_number = (uint32_t)number;
	return true;
}

static bool set_ring(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-ring", "MiB", RING_MIN_MIB, RING_MAX_MIB};
	uint32_t mib = 0;

	if (!set_number(&range, value, &mib, error))
		return false;
	((struct settings *)to)->ring = mib * BYTES_PER_MIB;
	return true;
}

static bool set_duration(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {
		"-max-duration", NULL, 1, CAPTURE_PARAMS_DURATION_MAX};

	return set_number(&range, value, &((struct settings *)to)->duration, error);
}

static bool set_snaplen(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-max-snaplen", NULL, 1, PACKET_MAX};

	return set_number(&range, value, &((struct settings *)to)->snaplen, error);
}

static bool set_payload(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-max-payload", NULL, 0, PACKET_MAX};
	struct settings *settings = to;

	settings->limits_payload = true;
	return set_number(&range, value, &settings->payload, error);
}

static bool set_steps(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-max-filter", NULL, 1, FILTER_STEPS_MAX};

	return set_number(&range, value, &((struct settings *)to)->filter_steps, error);
}

static bool set_clients(void *to, const char *value, struct error *error)
{
	static const struct option_range range = {"-max-clients", NULL, 1, CLIENTS_MAX};

	return set_number(&range, value, &((struct settings *)to)->clients, error);
}

static bool add_interface(
	struct settings *settings, const char *name, size_t size, struct error *error)
{
	char *copy;

	if (settings->interface_count == SETTINGS_INTERFACES_MAX)
		return error_set(
			error, 1, "-interface: more than %d names", SETTINGS_INTERFACES_MAX);
	if (size >= IF_NAMESIZE || memchr(name, '/', size) ||
		(size == strlen("any") && memcmp(name, "any", size) == 0))
		return error_set(
			error, 1, "-interface: \"%.*s\" is not an interface name", (int)size, name);
	copy = settings->interfaces[settings->interface_count++];
	memcpy(copy, name, size);
	copy[size] = '\0';
	return true;
}

/* One name or several, separated by spaces; an empty list would mean all. */
static bool set_interfaces(void *to, const char *value, struct error *error)
{
	static const char spaces[] = " \t\r\n";
	struct settings *settings = to;

	/* options replace the value of the variable */
	if (settings->is_inherited)
		settings->interface_count = 0;
	settings->is_inherited = false;
	value += strspn(value, spaces);
	if (!*value)
		return error_set(error, 1, "-interface: the list is empty");
	while (*value) {
		const size_t size = strcspn(value, spaces);

		if (!add_interface(settings, value, size, error))
			return false;
		value += size;
		value += strspn(value, spaces);
	}
	return true;
}

/* One name or several, separated by spaces. */
static bool set_hosts(void *to, const char *value, struct error *error)
{
	static const char spaces[] = " \t\r\n";
	const char *name = value + strspn(value, spaces);
	struct settings *settings = to;
	struct http_host host;

	if (*value && !*name)
		return error_set(error, 1, "-host: the list is empty");
	for (; *name; name += strspn(name, spaces)) {
		const size_t size = strcspn(name, spaces);

		if (!http_host_parse((struct slice){name, size}, &host) || host.name.size != size ||
			name[size - 1] == '.')
			return error_set(error, 1,
				"-host: \"%.*s\" is not a host name without a port", (int)size,
				name);
		name += size;
	}
	settings->hosts = *value ? value : NULL;
	return true;
}

static bool read_yes_no(const char *name, const char *value, bool *ret_is_yes, struct error *error)
{
	*ret_is_yes = strcmp(value, "yes") == 0;
	if (*ret_is_yes || strcmp(value, "no") == 0)
		return true;
	return error_set(error, 1, "%s: \"%s\" is neither yes nor no", name, value);
}

static bool set_proxy(void *to, const char *value, struct error *error)
{
	return read_yes_no("-proxy", value, &((struct settings *)to)->proxy, error);
}

/* The variable has the opposite sense of the option, like "proxy". */
static bool set_promisc(void *to, const char *value, struct error *error)
{
	bool is_allowed = true;
	const bool is_read = read_yes_no("promisc", value, &is_allowed, error);

	((struct settings *)to)->no_promisc = !is_allowed;
	return is_read;
}

/* The same. */
static bool set_names(void *to, const char *value, struct error *error)
{
	bool are_sent = true;
	const bool is_read = read_yes_no("names", value, &are_sent, error);

	((struct settings *)to)->no_names = !are_sent;
	return is_read;
}

static bool set_mode(void *to, const char *value, struct error *error)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	if (*value < '0' || *value > '7' || *end || mode > 0777)
		return error_set(
			error, 1, "-socket-mode: \"%s\" is not an octal mode such as 0660", value);
	((struct settings *)to)->socket_mode = (mode_t)mode;
	return true;
}

#define AT(field) NULL, offsetof(struct settings, field)

const struct option_row settings_rows[] = {
	{"listen", "ADDRESS", "listen on address:port or unix:path (default :8475)", AT(listen)},
	{"capture", "QUERY", "capture to stdout, without HTTP: filter=icmp&duration=9",
		AT(capture)},
	{"exclude", "EXPR", "never capture what matches this pcap-filter(7)", set_exclude, 0},
	{"ring", "MIB", "size of a capture's ring, 2 to 256 (default 8)", set_ring, 0},
	{"interface", "NAME", "capture only on this interface, may be repeated", set_interfaces, 0},
	{"host", "NAMES", "allowed values of Host (default: any for programs)", set_hosts, 0},
	{"proxy", "yes|no", "require a proxy that sends its port (default no)", set_proxy, 0},
	{"no-promisc", NULL, "never set an interface promiscuous", AT(no_promisc)},
	{"no-names", NULL, "send no addresses of this host in streams", AT(no_names)},
	{"max-duration", "S", "longest duration of a capture", set_duration, 0},
	{"max-snaplen", "N", "most bytes kept of a packet", set_snaplen, 0},
	{"max-payload", "N", "most bytes kept after a packet's headers", set_payload, 0},
	{"max-filter", "N", "most steps of a client's filter (default 512)", set_steps, 0},
	{"max-clients", "N", "most captures at once with -listen (default 64)", set_clients, 0},
	{"socket-mode", "MODE", "mode of the socket with -listen unix: (default 0660)", set_mode,
		0},
	{"socket-group", "GROUP", "group of the socket with -listen unix: (default: own)",
		AT(socket_group)},
	{"version", NULL, "print versions", AT(version)},
	{"help", NULL, "print this help", AT(help)},
	{"h", NULL, NULL, AT(help)},
};

const size_t settings_row_count = sizeof(settings_rows) / sizeof(*settings_rows);

static bool read_environment(struct settings *settings, struct error *error)
{
	static const struct {
		const char *name;
		bool (*set)(void *to, const char *value, struct error *error);
	} variables[] = {
		{"DDUMP_EXCLUDE", set_exclude},
		{"DDUMP_HOSTS", set_hosts},
		{"DDUMP_PROXY", set_proxy},
		{"DDUMP_PROMISC", set_promisc},
		{"DDUMP_NAMES", set_names},
		{"DDUMP_RING", set_ring},
		{"DDUMP_INTERFACES", set_interfaces},
		{"DDUMP_MAX_DURATION", set_duration},
		{"DDUMP_MAX_SNAPLEN", set_snaplen},
		{"DDUMP_MAX_PAYLOAD", set_payload},
		{"DDUMP_MAX_FILTER", set_steps},
	};

	struct error inner;

	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
		const char *value = getenv(variables[i].name);

		if (!value || variables[i].set(settings, value, error))
			continue;
		inner = *error;
		return error_set(error, 1, "in %s: %s", variables[i].name, inner.text);
	}
	return true;
}

bool settings_read(int argc, char **argv, struct settings *ret_settings, struct error *error)
{
	int operand;

	*ret_settings = (struct settings){
		.ring = RING_DEFAULT_MIB * BYTES_PER_MIB,
		.filter_steps = FILTER_STEPS_DEFAULT,
		.clients = CLIENTS_DEFAULT,
		.socket_mode = MODE_DEFAULT,
		.ssh_connection = getenv("SSH_CONNECTION"),
	};
	if (!read_environment(ret_settings, error))
		return false;
	ret_settings->is_inherited = true;
	operand = option_table_parse(
		argc, argv, settings_rows, settings_row_count, ret_settings, error);
	if (operand < 0)
		return false;
	if (ret_settings->capture && ret_settings->listen)
		return error_set(
			error, 1, "-capture and -listen exclude each other; leave out one");
	if (operand < argc)
		return error_set(error, 1, "unexpected argument \"%s\"; see -help", argv[operand]);
	return true;
}
