/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target on files, without a fuzzer: so a corpus is a test, and a
 * finding of a fuzzer can be debugged.
 */
#include "fuzz.h"

enum { INPUT_MAX = 16 << 20 };

static bool replay(const char *path)
{
	uint8_t *bytes = malloc(INPUT_MAX);
	FILE *file = fopen(path, "rb");
	bool good = bytes && file;

	if (good) {
		size_t size = fread(bytes, 1, INPUT_MAX, file);

		good = !ferror(file) && feof(file);
		/* the last line shows which file made the program end */
		printf("%s\n", path);
		fflush(stdout);
		if (good)
			LLVMFuzzerTestOneInput(bytes, size);
	}
	if (file)
		fclose(file);
	free(bytes);
	if (!good)
		fprintf(stderr, "%s: can't be read\n", path);
	return good;
}

int main(int argc, char **argv)
{
	int status = argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;

	if (argc == 1)
		fprintf(stderr, "Usage: %s FILE...\n", argv[0]);
	for (int i = 1; i < argc; i++)
		if (!replay(argv[i]))
			status = EXIT_FAILURE;
	return status;
}
