/* SPDX-License-Identifier: MIT */
/*
 * Resolves the interfaces of a capture. In: names that a client asks for, and
 * the administrator's list. Out: indexes, or an error.
 */
#include "worker/interface_choice.h"

#include "worker/interfaces.h"

#include <stdio.h>
#include <string.h>

static bool is_any(const char *name)
{
	return strcmp(name, "any") == 0;
}

static bool has_any(const struct capture_params *params)
{
	for (size_t i = 0; i < params->interface_count; i++)
		if (is_any(params->interfaces[i]))
			return true;
	return false;
}

static bool is_allowed(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->interface_count; i++)
		if (strcmp(settings->interfaces[i], name) == 0)
			return true;
	return settings->interface_count == 0;
}

static void append_text(struct interface_choice *choice, const char *name)
{
	const size_t used = strlen(choice->text);

	snprintf(choice->text + used, sizeof(choice->text) - used, "%s%s", used ? "," : "", name);
}

static void append_interface(struct interface_choice *choice, const char *name, uint32_t index)
{
	snprintf(choice->names[choice->count], IF_NAMESIZE, "%s", name);
	choice->indexes[choice->count++] = index;
	append_text(choice, name);
}

/* Chooses all interfaces of the administrator's list that exist; at least one must. */
static bool choose_listed(
	struct interface_choice *choice, const struct settings *settings, struct error *error)
{
	uint32_t index;

	for (size_t i = 0; i < settings->interface_count; i++) {
		if (!interfaces_index(settings->interfaces[i], &index, error))
			return false;
		if (index)
			append_interface(choice, settings->interfaces[i], index);
	}
	if (choice->count == 0)
		return error_set(error, 500,
			"interface: no interface of the worker's -interface list exists");
	return true;
}

/* Chooses the interfaces that a request names; all if it names none, or "any". */
static bool choose_named(
	struct interface_choice *choice, const struct capture_params *params, struct error *error)
{
	uint32_t index;

	for (size_t i = 0; i < params->interface_count; i++) {
		const char *name = params->interfaces[i];

		if (is_any(name)) {
			append_text(choice, name);
			continue;
		}
		if (!interfaces_index(name, &index, error))
			return false;
		if (!index)
			return error_set(error, 400,
				"interface: \"%s\" does not exist; run \"ip link\" on that host",
				name);
		append_interface(choice, name, index);
	}
	/* the others were looked up only for the error, and stay in the text */
	if (has_any(params))
		choice->count = 0;
	return true;
}

/* Rejects a name that is not on the list; from "any" on, which is the whole list, none. */
static bool check_allowed(
	const struct capture_params *params, const struct settings *settings, struct error *error)
{
	for (size_t i = 0; i < params->interface_count; i++) {
		const char *name = params->interfaces[i];

		if (is_any(name))
			break;
		if (!is_allowed(settings, name))
			return error_set(error, 403,
				"interface: \"%s\" is not in the worker's -interface list", name);
	}
	return true;
}

bool interface_choice_resolve(struct interface_choice *ret_choice,
	const struct capture_params *params, const struct settings *settings, struct error *error)
{
	memset(ret_choice, 0, sizeof(*ret_choice));
	if (!check_allowed(params, settings, error))
		return false;
	if (settings->interface_count > 0 && (params->interface_count == 0 || has_any(params)))
		return choose_listed(ret_choice, settings, error);
	return choose_named(ret_choice, params, error);
}
