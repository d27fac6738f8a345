/* SPDX-License-Identifier: MIT */
/*
 * Reports of tcpdump on a host. In: lines on its stderr, and the exit status of the
 * script. Out: counters, and errors as sentences with a remedy.
 */
#include "client/tcpdump_report.h"

#include "client/tcpdump_script.h"
#include "common/text.h"

#include <stdio.h>
#include <string.h>

enum {
	NUMBER_SIZE = 24,
	SSH_FAILS = 255, /* ssh(1): for each error of its own */
};

/* Parses "N packets WHAT", or "1 packet WHAT". */
static bool parse_count(const char *line, const char *what, uint64_t *ret_count)
{
	const size_t size = strspn(line, "0123456789");
	const char *rest = line + size;
	char number[NUMBER_SIZE];

	if (size == 0 || size >= sizeof(number))
		return false;
	memcpy(number, line, size);
	number[size] = '\0';
	if (strncmp(rest, " packet", strlen(" packet")) != 0)
		return false;
	rest += strlen(" packet");
	rest += *rest == 's';
	return strcmp(rest, what) == 0 && text_number(number, UINT64_MAX, ret_count);
}

/* tcpdump has no other form of its counters. */
static bool parse_counters(struct statistics *counters, const char *line)
{
	uint64_t captured;

	if (parse_count(line, " received by filter", &counters->received))
		counters->valid |= STATISTICS_RECEIVED;
	else if (parse_count(line, " dropped by kernel", &counters->dropped))
		counters->valid |= STATISTICS_DROPPED;
	else if (parse_count(line, " dropped by interface", &counters->interface_dropped))
		counters->valid |= STATISTICS_INTERFACE_DROPPED;
	else
		return parse_count(line, " captured", &captured);
	return true;
}

static bool names_program(const char *line)
{
	static const char *const names[] = {"tcpdump: ", "sudo: ", "ssh: "};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

bool tcpdump_report_add(struct tcpdump_report *report, const char *line)
{
	static const char *const starts[] = {"tcpdump: listening on ", "tcpdump: data link type ",
		"tcpdump: verbose output suppressed"};

	if (parse_counters(&report->counters, line))
		return true;
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (strncmp(line, starts[i], strlen(starts[i])) == 0)
			return true;
	/* "(No such device exists)" may follow "tcpdump: eth9: No such device exists" */
	if (names_program(line) || !names_program(report->reason))
		snprintf(report->reason, sizeof(report->reason), "%s", line);
	return false;
}

/* tcpdump, sudo and ssh have one exit status for all errors: only texts name the cause. */
static const char *find_advice(const char *line)
{
	static const struct {
		const char *part;
		const char *advice;
	} advices[] = {
		{"sudo: ", "; allow the user to run tcpdump with NOPASSWD in sudoers"},
		{"permission", "; add sudo=1 to the query, or log in as a user who can capture"},
		{"Operation not permitted",
			"; add sudo=1 to the query, or log in as a user who can capture"},
		{"syntax error", "; check the filter"},
		{"No such device", "; check the interface"},
		{"Permission denied", "; ssh cannot prompt, try a key or an agent"},
		{"Host key verification failed", "; log in with ssh once to accept the host key"},
	};

	for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
		if (strstr(line, advices[i].part))
			return advices[i].advice;
	return "";
}

bool tcpdump_report_exit(const struct tcpdump_report *report, int status, struct error *error)
{
	static const char ssh[] = "ssh: ";
	const char *line = report->reason;

	switch (status) {
	case TCPDUMP_SCRIPT_NO_CONNECTION:
		return error_set(error, 1,
			"the host's sshd does not set SSH_CONNECTION, so its stream cannot be "
			"excluded from the capture");
	case TCPDUMP_SCRIPT_NO_TCPDUMP:
		return error_set(error, 1, "the host has no tcpdump; install it there");
	case TCPDUMP_SCRIPT_NO_SUDO:
		return error_set(error, 1, "the host has no sudo; try without sudo=1");
	case SSH_FAILS:
		if (strncmp(line, ssh, strlen(ssh)) == 0)
			line += strlen(ssh);
		return error_set(
			error, 1, "ssh: %s%s", *line ? line : "exit status 255", find_advice(line));
	default:
		break;
	}
	if (!*line)
		return error_set(error, 1, "tcpdump exited with status %d", status);
	return error_set(error, 1, "%s%s", line, find_advice(line));
}
