/* SPDX-License-Identifier: MIT */
#include "filter_bombs.h"

#include <stdio.h>

/*
 * before, count times; middle; after, count times. '#' is replaced by the
 * count.
 */
struct filter_bomb {
	const char *label;
	const char *before;
	const char *middle;
	const char *after;
	unsigned count;
	const char *statuses;
};

static const struct filter_bomb bombs[] = {
	{"open parentheses", "(", "", "", 16000, "400"},
	{"parentheses", "(", "ip", ")", 8000, "200 400 403"},
	{"escaped parentheses", "%28", "ip", "%29", 5000, "200 400 403"},
	{"nots", "not+", "ip", "", 4000, "200 400 403"},
	{"marks for not", "!", "ip", "", 16000, "200 400 403"},
	{"nots of parentheses", "not(", "ip", ")", 3200, "200 400 403"},
	{"ands", "ip+and+", "ip", "", 2300, "200 400 403"},
	{"ors", "ip+or+", "ip", "", 2700, "200 400 403"},
	{"ports", "port+#+or+", "port+1", "", 1000, "200 400 403"},
	{"ports, and", "not+port+#+and+", "ip", "", 800, "200 400 403"},
	{"portranges", "portrange+#-60000+or+", "ip", "", 560, "200 400 403"},
	{"hosts", "host+10.0.0.#+or+", "ip", "", 800, "200 400 403"},
	{"hosts and hosts", "(src+host+10.0.0.#+or+dst+host+10.1.0.1)+and+", "ip", "", 310,
		"200 400 403"},
	{"IPv6 hosts", "host+fd00::#+or+", "ip", "", 850, "200 400 403"},
	{"nets", "net+10.0.0.0/#+or+", "ip", "", 33, "200 400 403"},
	{"bytes", "ip[#]=1+or+", "ip", "", 1000, "200 400 403"},
	{"bytes, and", "ip[#]=1+and+", "ip", "", 1000, "200 400 403"},
	{"bytes of both", "(ip[#]=1+or+tcp[1]=1)+and+", "ip", "", 600, "200 400 403"},
	{"bytes that differ", "(ip[#]=1+or+udp[#]=2)+and+", "ip", "", 500, "200 400 403"},
	{"pairs of portranges", "(portrange+#-60000+or+portrange+1-#)+and+", "ip", "", 340, "400"},
	{"IPv6 hosts and ports", "(host+fd00::#+and+port+#)+or+", "ip", "", 430, "400"},
	{"bytes of bytes", "ip[", "0", "]", 3000, "200 400 403"},
	{"bytes of bytes, compared", "ip[", "0", "]=1", 1, "200 400 403"},
	{"sums", "1%2b", "1=1", "", 5000, "200 400 403"},
	{"sums of bytes", "ip[#]%2b", "1=1", "", 1400, "200 400 403"},
	{"products in parentheses", "(2*", "ip[0]", ")", 3000, "200 400 403"},
	{"minus signs", "-", "1=ip[0]", "", 15000, "200 400 403"},
	{"a big number", "1", "=ip[0]", "", 15000, "200 400 403"},
	{"vlans", "vlan+and+", "ip", "", 1800, "200 400 403"},
	{"mpls", "mpls+and+", "ip", "", 2000, "200 400 403"},
	{"geneves", "geneve+and+", "ip", "", 1600, "200 400 403"},
	{"protochains", "ip+protochain+#+or+", "ip", "", 700, "200 400 403"},
	{"protochains of IPv6", "ip6+protochain+#+or+", "ip", "", 640, "200 400 403"},
	{"names without a service", "port+no-#+or+", "ip", "", 1000, "400"},
	{"names without a protocol", "proto+no-#+or+", "ip", "", 900, "400"},
	{"a word", "x", "", "", 16000, "400"},
	{"words", "x+", "", "", 8000, "400"},
	{"backslashes", "\\", "", "", 16000, "400"},
	{"blanks", "+", "ip", "", 16000, "200 400 403"},
	{"lines", "%0a", "ip", "", 8000, "200 400 403"},
	{"bytes above ASCII", "%ff", "", "", 8000, "400"},
	{"quotation marks", "%22", "", "", 8000, "400"},
	{"16384 bytes", "x", "", "", 16384, "400"},
	{"64 KiB", "x", "", "", 65536, "414"},
	{"64 KiB, escaped", "%78", "", "", 21845, "414"},
	{"300 parameters", "&interface=lo", "", "", 300, "400"},
	{"16,000 parameters that are empty", "&&", "", "", 8000, "200"},
};

/* Host names, which need a resolver. */
static const struct filter_bomb slow_names[] = {
	{"a name that does not resolve", "", "host+nowhere.example", "", 1, "400"},
	{"500 names that do not resolve", "host+n#.example+or+", "ip", "", 500, "400"},
	{"a network's name", "", "net+nowhere.example", "", 1, "400"},
	{"names of hosts and ports", "host+n#.example+and+port+x#+or+", "ip", "", 300, "400"},
};

static bool hostile_bomb(struct hostile_request *request, size_t number,
	const struct filter_bomb *list, size_t count)
{
	const struct filter_bomb *bomb = list + number;
	char digits[16];

	if (number >= count)
		return false;
	snprintf(request->label, LABEL_MAX, "%s", bomb->label);
	hostile_say(request, "GET /capture?duration=1&filter=");
	for (unsigned i = 1; i <= bomb->count; i++) {
		snprintf(digits, sizeof(digits), "%u", i);
		hostile_fill(request, bomb->before, digits);
	}
	hostile_say(request, bomb->middle);
	hostile_repeat(request, bomb->after, bomb->count);
	hostile_say(request, REST "\r\n");
	request->statuses = bomb->statuses;
	return true;
}

bool hostile_filter(struct hostile_request *request, size_t number)
{
	return hostile_bomb(request, number, bombs, sizeof(bombs) / sizeof(*bombs));
}

bool hostile_name(struct hostile_request *request, size_t number)
{
	return hostile_bomb(request, number, slow_names, sizeof(slow_names) / sizeof(*slow_names));
}
