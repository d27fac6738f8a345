/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdbool.h>

/*
 * Messages to Wireshark while it captures, by the control pipe of extcap: a status
 * bar, warnings, and a log. A process has one such pipe, like one stderr, so its state
 * is kept here. The numbers of the controls are those of extcap_control_print().
 */

/* Prints the controls in the syntax of extcap(4): the log. */
void extcap_control_print(void);

/*
 * Opens the pipes: in is the one that Wireshark writes to, out the one that it reads.
 * From then on it receives what notices.h prints, and SIGTERM ends this process soon
 * after Wireshark has closed its side. False: a name is NULL or
 * empty, or a pipe cannot be opened, and messages stay on stderr.
 */
bool extcap_control_open(const char *in, const char *out);

/* Messages are for stderr again. */
void extcap_control_close(void);
