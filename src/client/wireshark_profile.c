/* SPDX-License-Identifier: MIT */
/*
 * The user's copy of our profile of Wireshark. In: the environment. Out: its folder, and
 * its version.
 *
 * Wireshark writes a file of a profile anew, without comments, when the user changes
 * what is in it. So the version is in each file, and the highest one counts.
 */
#include "client/wireshark_profile.h"

#include "common/text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MARK "# ddump profile "

enum { LINE_SIZE = 256 };

static bool is_folder(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* False: too long. */
static bool join(char ret_path[PATH_MAX], const char *folder, const char *name)
{
	const int size = snprintf(ret_path, PATH_MAX, "%s/%s", folder, name);

	return size > 0 && size < PATH_MAX;
}

bool wireshark_profile_home(char ret_path[PATH_MAX])
{
	const char *own = getenv("WIRESHARK_CONFIG_DIR");
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char old[PATH_MAX];

	if (own && *own)
		return join(ret_path, own, ".");
	if (config && *config == '/') {
		if (!join(ret_path, config, "wireshark"))
			return false;
	} else if (!home || !*home || !join(ret_path, home, ".config/wireshark")) {
		return false;
	}
	/* of versions before 2.2 */
	if (!is_folder(ret_path) && home && join(old, home, ".wireshark") && is_folder(old))
		memcpy(ret_path, old, sizeof(old));
	return true;
}

/* Finds the version in the first line of a file, and keeps the highest one. */
static bool find_version(const char *path, unsigned *highest)
{
	FILE *file = fopen(path, "re");
	char line[LINE_SIZE] = "";
	uint64_t version;
	bool is_found;

	if (!file)
		return false;
	is_found = fgets(line, sizeof(line), file) && strncmp(line, MARK, strlen(MARK)) == 0;
	line[strcspn(line, "\n")] = '\0';
	is_found = is_found && text_number(line + strlen(MARK), UINT_MAX, &version);
	if (is_found && version > *highest)
		*highest = (unsigned)version;
	fclose(file);
	return is_found;
}

bool wireshark_profile_version(
	const char *home, const char *profile, char ret_path[PATH_MAX], unsigned *ret_version)
{
	static const char *const names[] = {"colorfilters", "dfilter_macros", "preferences"};
	const int size = snprintf(ret_path, PATH_MAX, "%s/profiles/%s", home, profile);
	char file[PATH_MAX];
	bool is_found = false;

	*ret_version = 0;
	if (size < 0 || size >= PATH_MAX)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (join(file, ret_path, names[i]) && find_version(file, ret_version))
			is_found = true;
	return is_found;
}
