/*
 * What a client may ask for. In: its query, and the administrator's settings.
 * Out: a query within both.
 */
#include "worker/limits.h"

#include "format/packet.h"
#include "worker/interfaces.h"

#include <string.h>

static bool limit_duration(const struct settings *settings, struct query *query,
	struct failure *failure)
{
	if (settings->duration == 0 ||
		(query->duration > 0 && query->duration <= settings->duration))
		return true;
	if (query->duration > 0)
		return failure_set(failure, 403,
			"duration: this worker captures for %u s at most",
			settings->duration);
	query->duration = settings->duration;
	return true;
}

static bool limit_snaplen(const struct settings *settings, struct query *query,
	struct failure *failure)
{
	if (settings->snaplen == 0 || query->snaplen <= settings->snaplen)
		return true;
	/* who does not say asks for the most */
	if (query->snaplen < PACKET_MAX)
		return failure_set(failure, 403,
			"snaplen: this worker keeps %u bytes at most",
			settings->snaplen);
	query->snaplen = settings->snaplen;
	return true;
}

static bool is_allowed(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->interface_count; i++)
		if (strcmp(settings->interfaces[i], name) == 0)
			return true;
	return false;
}

/* Who asks for all gets those that are allowed and exist. */
static bool take_all(const struct settings *settings, struct query *query,
	struct failure *failure)
{
	query->interface_count = 0;
	for (size_t i = 0; i < settings->interface_count; i++) {
		const char *name = settings->interfaces[i];
		uint32_t index;

		if (!interfaces_index(name, &index, failure))
			return false;
		if (index)
			memcpy(query->interfaces[query->interface_count++],
				name, strlen(name) + 1);
	}
	return query->interface_count > 0 ||
	       failure_set(failure, 500,
		       "none of the interfaces that this worker may capture "
		       "on is here");
}

static bool limit_interfaces(const struct settings *settings,
	struct query *query, struct failure *failure)
{
	if (settings->interface_count == 0)
		return true;
	for (size_t i = 0; i < query->interface_count; i++) {
		if (strcmp(query->interfaces[i], "any") == 0)
			return take_all(settings, query, failure);
		if (!is_allowed(settings, query->interfaces[i]))
			return failure_set(failure, 403,
				"interface: this worker does not capture on %s",
				query->interfaces[i]);
	}
	return query->interface_count > 0 || take_all(settings, query, failure);
}

bool limits_apply(const struct settings *settings, struct query *query,
	struct failure *failure)
{
	return limit_duration(settings, query, failure) &&
	       limit_snaplen(settings, query, failure) &&
	       limit_interfaces(settings, query, failure);
}
