/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/file_blocks.h"
#include "client/file_command.h"
#include "client/interface_table.h"
#include "client/notices.h"
#include "client/options.h"
#include "client/record_writer.h"
#include "client/rotation.h"

enum capture_file_state {
	CAPTURE_FILE_OPEN,	  /* it accepts packets, once it has started */
	CAPTURE_FILE_COMPLETE,	  /* it has as many packets or files as -c or -W allows */
	CAPTURE_FILE_READER_GONE, /* the output's reader has closed it */
	CAPTURE_FILE_FAILED,	  /* error is set */
};

/*
 * The capture file of a run: what is known at its start, packets in their final order,
 * each with its interface, counters and notes. With -C or -G it is several files, each of
 * which is complete.
 */
struct capture_file {
	const struct options *options;
	struct interface_table *interfaces;
	struct notices *notices;
	struct record_writer writer;
	struct record_writer print; /* of -print; its output is NULL: none */
	/* of several files: */
	struct rotation *rotation;	/* NULL: one file */
	struct file_commands *commands; /* of -z */
	struct file_blocks blocks;
	bool open_failed;    /* the next file could not be opened, which was reported */
	uint64_t file_start; /* packets written before the present file */
	enum capture_file_state state;
	bool started;	   /* the output has its header */
	bool is_discarded; /* packets are counted, and not written */
	bool is_of_target; /* of -split: it has this target only: */
	unsigned target;
	bool has_readers;      /* the output is a capture for users, not only text */
	struct error error;    /* of CAPTURE_FILE_FAILED */
	uint64_t written;      /* packets */
	uint64_t watermark_ns; /* the last one; 0: none */
	/* how far capture_file_write_end() is: */
	bool end_has_begun;
	uint32_t counters_at;	/* the next interface; INTERFACE_TABLE_NONE: all are written */
	unsigned notes_written; /* targets; one more: the general notes, too */
	struct notes_seen general_seen; /* of -split: general notes in earlier files */
	bool sll2_warned;		/* that headers become SLL */
	bool ethernet_warned;		/* the same */
	bool has_interface;		/* of this link type: */
	uint32_t linktype;
};

/*
 * Writes the header. linktype is that of a pcap output. If that fails, state
 * changes.
 */
void capture_file_start(struct capture_file *file, uint32_t linktype);

/*
 * Writes a packet, for struct merge_sink; context is the file. False: the file
 * accepts none now.
 */
bool capture_file_packet(void *context, unsigned target, const struct packet *packet);

/*
 * Can a packet be printed, for which its interface may be described first? Then
 * capture_file_packet() accepts it, if the file is discarded.
 */
bool capture_file_can_print(struct capture_file *file, const struct packet *packet);

/* The same for a block of a stream, which is written as it is. */
bool capture_file_block(void *context, unsigned target, const unsigned char *bytes, size_t size);

/*
 * Ends the present file and begins the next one. If that cannot be opened, warns and
 * continues with the present one.
 */
void capture_file_rotate(struct capture_file *file);

void capture_file_cleanup(struct capture_file *file);

/* Flushes the buffer, as far as the output's reader accepts it. */
void capture_file_flush(struct capture_file *file);

/* Writes a watermark, if the file has them: all packets up to time_ns are in it. */
void capture_file_write_watermark(struct capture_file *file, uint64_t time_ns);

/*
 * Writes the counters of interfaces whose drops have grown since they were written, or,
 * every few seconds, whose other counters have.
 */
void capture_file_write_counters(struct capture_file *file);

/*
 * Writes all counters and notes, or no more if the output has failed or was closed.
 * False: the output is blocked; flush it, and call this again.
 */
bool capture_file_write_end(struct capture_file *file);

/* Ends the file with an error, which reason becomes. */
void capture_file_fail(struct capture_file *file, const char *reason);

/* Ends the file because the output's reader has closed it. */
void capture_file_set_reader_gone(struct capture_file *file);
