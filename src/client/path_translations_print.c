/* SPDX-License-Identifier: MIT */
/*
 * Flows that become others in a router. In: translations. Out: text, and JSON for scripts.
 */
#include "client/path_translations_print.h"

#include "client/json_text.h"
#include "client/path_flow_text.h"

#include <inttypes.h>

enum { SHOWN = 10, INDENT = 4 };

static const char *target_of(
	const struct path_results *results, const struct path_translation *translation)
{
	return results->names.target(results->names.context, translation->target);
}

static void print_one(
	const struct path_results *results, FILE *out, const struct path_translation *translation)
{
	char from[PATH_FLOW_TEXT_MAX];
	char to[PATH_FLOW_TEXT_MAX];

	path_flow_describe(&translation->from, from);
	path_flow_describe(&translation->to, to);
	fprintf(out, "%*s%s: %s => %s%s\n", INDENT, "", target_of(results, translation), from, to,
		translation->is_both_ways ? ", and back" : "");
}

void path_translations_print(const struct path_results *results, FILE *out)
{
	const struct path_translation *list;
	size_t count;
	size_t shown;

	if (!results->translations)
		return;
	list = path_translations_list(results->translations, &count);
	if (count == 0)
		return;
	shown = results->lists_all_ways || count < SHOWN ? count : SHOWN;
	fputs("\nTranslated, with other addresses or ports after a router:\n", out);
	for (size_t i = 0; i < shown; i++)
		print_one(results, out, &list[i]);
	if (shown < count || path_translations_others(results->translations) > 0)
		fprintf(out, "%*sand %" PRIu64 " more\n", INDENT, "",
			count - shown + path_translations_others(results->translations));
}

void path_translations_print_json(const struct path_results *results, FILE *out)
{
	const struct path_translation *list = NULL;
	uint64_t others = 0;
	size_t count = 0;

	if (results->translations) {
		list = path_translations_list(results->translations, &count);
		others = path_translations_others(results->translations);
	}
	fputs("\"translations\": [", out);
	for (size_t i = 0; i < count; i++) {
		char text[PATH_FLOW_TEXT_MAX];

		fprintf(out, "%s\n    {\"target\": ", i > 0 ? "," : "");
		json_print_string(out, target_of(results, &list[i]));
		path_flow_describe(&list[i].from, text);
		fputs(", \"flow\": ", out);
		json_print_string(out, text);
		path_flow_describe(&list[i].to, text);
		fputs(", \"continues_as\": ", out);
		json_print_string(out, text);
		fprintf(out, ", \"both_ways\": %s}", list[i].is_both_ways ? "true" : "false");
	}
	fprintf(out, "],\n  \"other_translations\": %" PRIu64, others);
}
