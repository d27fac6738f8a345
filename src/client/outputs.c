/* SPDX-License-Identifier: MIT */
/*
 * The outputs of a run. In: -w, -print and the options of several files, and whether
 * stdout is a terminal. Out: an open output, and one for text beside it.
 */
#include "client/outputs.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static bool has_file(const struct options *options)
{
	return options->output && strcmp(options->output, "-") != 0;
}

/* Is the main output without packets? */
static bool writes_nothing(const struct options *options)
{
	return options->split || (options->paths && !options->output);
}

/* Packets are printed if the user wants that, or sees stdout. */
static void choose_printing(struct options *options)
{
	if (!options->output && !options->paths && output_is_terminal())
		options->print = true;
	if (options->print && !has_file(options))
		options->pcapng = true;
	if (options->numeric)
		options->print_options.words[options->print_options.count++] = "-n";
}

/* Starts to print: to the output itself, or beside the file of -w. */
static bool open_print(struct outputs *outputs, const struct options *options, struct error *error)
{
	const int fd = printer_start(&outputs->printer, &options->print_options, error);
	struct output *print;

	if (fd < 0)
		return false;
	print = output_open_pipe(fd, error);
	if (!print)
		close(fd);
	if (has_file(options))
		outputs->print = print;
	else
		outputs->main = print;
	return print != NULL;
}

/* Opens the first file of several. */
static struct output *open_first_file(struct rotation *rotation, struct error *error)
{
	bool is_created;
	const int fd = rotation_open_first(rotation, time(NULL), &is_created, error);
	struct output *output;

	if (fd < 0)
		return NULL;
	output = output_open_file(fd, rotation->name, is_created, error);
	if (!output)
		close(fd);
	return output;
}

bool outputs_open(struct outputs *outputs, struct options *options, struct error *error)
{
	choose_printing(options);
	/* split_files.h has the files of -split, and their rotation */
	if (!options->split &&
		!rotation_init(&outputs->rotation, options, options->output, time(NULL), error))
		return false;
	if (options->print && !open_print(outputs, options, error))
		return false;
	if (outputs->rotation.is_on)
		outputs->main = open_first_file(&outputs->rotation, error);
	else if (!outputs->main)
		outputs->main =
			output_open(writes_nothing(options) ? "/dev/null" : options->output, error);
	if (!outputs->main || !outputs->print || !output_is_piped(outputs->main))
		return outputs->main != NULL;
	return error_set(error, 1, "-print: -w needs the name of a regular file");
}

struct output *outputs_reader(const struct outputs *outputs)
{
	return outputs->print ? outputs->print : outputs->main;
}

const struct output *outputs_blocked(const struct outputs *outputs)
{
	if (outputs->print && output_is_blocked(outputs->print))
		return outputs->print;
	return output_is_blocked(outputs->main) ? outputs->main : NULL;
}

bool outputs_end_printing(struct outputs *outputs)
{
	struct output **print = outputs->print ? &outputs->print : &outputs->main;
	struct error error = {0};

	if (outputs->printer.pid == 0)
		return true;
	output_close(*print, &error);
	*print = NULL;
	return printer_wait(&outputs->printer);
}

void outputs_cleanup(struct outputs *outputs)
{
	output_close(outputs->main, &(struct error){0});
	output_close(outputs->print, &(struct error){0});
	printer_wait(&outputs->printer);
	rotation_cleanup(&outputs->rotation);
}
