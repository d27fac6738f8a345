/* SPDX-License-Identifier: MIT */
/*
 * Script that runs tcpdump on a host. In: the query of a target. Out: commands for the
 * host's POSIX shell.
 *
 * Theory of operation
 *
 * The login shell of the host may be any program, with its own rules of quoting. So ssh
 * gives it two plain words, "exec sh", and this script goes to that shell's stdin. It is
 * one compound command, which the shell reads as a whole before it runs it: a script that
 * is cut does nothing.
 *
 * Its own connection. The stream must not be captured again, which would go on without
 * end. SSH_CONNECTION has the addresses and ports as the host sees them. The exclusion
 * stands left of the user's filter, because some terms of a filter shift the offsets of
 * all that stands right of them. With IPv6 the kernel gives large segments a hop-by-hop
 * header, behind which "tcp port" does not look.
 *
 * The end. stdin ends when ddump or its ssh does, or when sshd gives the connection up.
 * Then a second process terminates tcpdump. When tcpdump ends by itself, the second
 * process is ended first, so that it terminates no other process of the same number.
 *
 * A duration has a third process. sleep(1) is everywhere, timeout(1) is not. Its shell
 * waits for sleep, to be able to end it when tcpdump has ended before: no process of ours
 * remains on the host.
 *
 * With sudo, this user must not signal tcpdump. So it also captures the packets that close
 * the connection, FIN and RST: it then writes into a pipe that sshd has closed, and ends.
 */
#include "client/tcpdump_script.h"

#include "client/shell_quote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SET_PATH "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n"
#define FIND_TCPDUMP "command -v tcpdump >/dev/null || exit 122\n"

static const char begin[] = "{\n" SET_PATH "set -f\n"
			    "set -- $SSH_CONNECTION\n"
			    "[ $# -eq 4 ] || exit 121\n" FIND_TCPDUMP
			    /* addresses without the zone of fe80::1%eth0 */
			    "own=\"host ${1%%\\%*} and host ${3%%\\%*} and tcp port $2 and "
			    "tcp port $4\"\n"
			    "case $1 in\n"
			    "*:*)\n"
			    "\tlarge=\"ip6[6] = 0 and ip6[40] = 6 and ip6[41] = 0 and "
			    "((ip6[48:2] = $4 and ip6[50:2] = $2) or "
			    "(ip6[48:2] = $2 and ip6[50:2] = $4))\"\n"
			    "\tothers=\"not ($own) and not ($large)\"\n"
			    "\tclosing=\"$own and ip6[53] & 5 != 0\"\n"
			    "\t;;\n"
			    "*)\n"
			    "\tothers=\"not ($own)\"\n"
			    "\tclosing=\"$own and tcp[13] & 5 != 0\"\n"
			    "\t;;\n"
			    "esac\n"
			    "filter=$others\n";

static const char with_sudo[] = "command -v sudo >/dev/null || exit 123\n"
				"filter=\"($closing) or ($filter)\"\n";

static const char run[] = " -- \"$filter\" </dev/null 3<&- &\n"
			  "tcpdump=$!\n"
			  "(cat <&3; kill $tcpdump) >/dev/null 2>&1 &\n"
			  "watch=$!\n";

/* The duration is between these. */
static const char timer_begin[] = "(sleep ";
static const char timer_end[] = " & trap \"kill $!\" TERM; wait $! && kill $tcpdump) "
				"</dev/null >/dev/null 2>&1 3<&- &\n"
				"watch=\"$watch $!\"\n";

static const char end[] = "wait $tcpdump\n"
			  "status=$?\n"
			  "kill $watch 2>/dev/null\n"
			  "exit $status\n"
			  "}\n";

const char tcpdump_script_list[] = "{\n" SET_PATH FIND_TCPDUMP "exec tcpdump -D </dev/null\n"
				   "}\n";

/* A part of the script: a word of it, and a value that follows, or NULL. */
struct part {
	const char *before;
	const char *value; /* is quoted */
	const char *after;
};

static size_t part_size(const struct part *part)
{
	if (!part->value)
		return 0;
	return strlen(part->before) + shell_quote_size(part->value) + strlen(part->after);
}

static char *add_text(char *out, const char *text)
{
	return stpcpy(out, text);
}

static char *add_part(char *out, const struct part *part)
{
	if (!part->value)
		return out;
	out = add_text(out, part->before);
	out = shell_quote(out, part->value);
	return add_text(out, part->after);
}

/* tcpdump's name of a link type; NULL: that which it chooses itself. */
static const char *find_linktype(const char *linktype)
{
	if (!linktype || strcmp(linktype, "native") == 0)
		return NULL;
	return strcmp(linktype, "sll") == 0 ? "LINUX_SLL" : "LINUX_SLL2";
}

char *tcpdump_script_make(const struct tcpdump_query *query)
{
	const char *const filter = query->filter && *query->filter ? query->filter : NULL;
	const struct part filter_part = {"user=", filter, "\nfilter=\"$filter and ($user)\"\n"};
	const char *const command =
		query->sudo ? "exec 3<&0\nsudo -n tcpdump" : "exec 3<&0\ntcpdump";
	const char *const promisc = query->no_promisc ? " -p" : "";
	const struct part options[] = {
		{" -U -w - -B 8192 -i ", query->interface ? query->interface : "any", ""},
		{" -s ", query->snaplen, ""},
		{" -c ", query->count, ""},
		{" -y ", find_linktype(query->linktype), ""},
	};
	const struct part timer = {timer_begin, query->duration, timer_end};
	size_t size = sizeof(begin) + sizeof(with_sudo) + sizeof(run) + sizeof(end) +
		      strlen(command) + strlen(promisc) + part_size(&filter_part) +
		      part_size(&timer);
	char *script;
	char *out;

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		size += part_size(&options[i]);
	script = malloc(size);
	if (!script)
		return NULL;
	out = add_text(script, begin);
	out = add_part(out, &filter_part);
	if (query->sudo)
		out = add_text(out, with_sudo);
	out = add_text(out, command);
	out = add_text(out, promisc);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		out = add_part(out, &options[i]);
	out = add_text(out, run);
	out = add_part(out, &timer);
	add_text(out, end);
	return script;
}
