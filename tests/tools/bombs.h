/*
 * Filters that are meant to cost as much as they can: deep, long, and of
 * names that nobody knows. In: a number. Out: the request of a capture.
 */
#pragma once

#include "requests.h"

/* before, count times; middle; after, count times. A '#' counts them. */
struct bomb {
	const char *label;
	const char *before;
	const char *middle;
	const char *after;
	unsigned count;
	const char *statuses;
};

static const struct bomb bombs[] = {
	{"open parentheses", "(", "", "", 16000, "400"},
	{"parentheses", "(", "ip", ")", 8000, "200 400"},
	{"escaped parentheses", "%28", "ip", "%29", 5000, "200 400"},
	{"nots", "not+", "ip", "", 4000, "200 400"},
	{"marks for not", "!", "ip", "", 16000, "200 400"},
	{"nots of parentheses", "not(", "ip", ")", 3200, "200 400"},
	{"ands", "ip+and+", "ip", "", 2300, "200 400"},
	{"ors", "ip+or+", "ip", "", 2700, "200 400"},
	{"ports", "port+#+or+", "port+1", "", 1000, "200 400"},
	{"ports, and", "not+port+#+and+", "ip", "", 800, "200 400"},
	{"portranges", "portrange+#-60000+or+", "ip", "", 560, "200 400"},
	{"hosts", "host+10.0.0.#+or+", "ip", "", 800, "200 400"},
	{"hosts and hosts", "(src+host+10.0.0.#+or+dst+host+10.1.0.1)+and+",
		"ip", "", 310, "200 400"},
	{"IPv6 hosts", "host+fd00::#+or+", "ip", "", 850, "200 400"},
	{"nets", "net+10.0.0.0/#+or+", "ip", "", 33, "200 400"},
	{"bytes", "ip[#]=1+or+", "ip", "", 1000, "200 400"},
	{"bytes, and", "ip[#]=1+and+", "ip", "", 1000, "200 400"},
	{"bytes of both", "(ip[#]=1+or+tcp[1]=1)+and+", "ip", "", 600,
		"200 400"},
	{"bytes that differ", "(ip[#]=1+or+udp[#]=2)+and+", "ip", "", 500,
		"200 400"},
	{"pairs of portranges", "(portrange+#-60000+or+portrange+1-#)+and+",
		"ip", "", 340, "400"},
	{"IPv6 hosts and ports", "(host+fd00::#+and+port+#)+or+", "ip", "", 430,
		"400"},
	{"bytes of bytes", "ip[", "0", "]", 3000, "200 400"},
	{"bytes of bytes, compared", "ip[", "0", "]=1", 1, "200 400"},
	{"sums", "1%2b", "1=1", "", 5000, "200 400"},
	{"sums of bytes", "ip[#]%2b", "1=1", "", 1400, "200 400"},
	{"products in parentheses", "(2*", "ip[0]", ")", 3000, "200 400"},
	{"minus signs", "-", "1=ip[0]", "", 15000, "200 400"},
	{"a big number", "1", "=ip[0]", "", 15000, "200 400"},
	{"vlans", "vlan+and+", "ip", "", 1800, "200 400"},
	{"mpls", "mpls+and+", "ip", "", 2000, "200 400"},
	{"geneves", "geneve+and+", "ip", "", 1600, "200 400"},
	{"protochains", "ip+protochain+#+or+", "ip", "", 700, "200 400"},
	{"protochains of IPv6", "ip6+protochain+#+or+", "ip", "", 640,
		"200 400"},
	{"names without a service", "port+no-#+or+", "ip", "", 1000, "400"},
	{"names without a protocol", "proto+no-#+or+", "ip", "", 900, "400"},
	{"a word", "x", "", "", 16000, "400"},
	{"words", "x+", "", "", 8000, "400"},
	{"backslashes", "\\", "", "", 16000, "400"},
	{"blanks", "+", "ip", "", 16000, "200 400"},
	{"lines", "%0a", "ip", "", 8000, "200 400"},
	{"bytes above ASCII", "%ff", "", "", 8000, "400"},
	{"quotation marks", "%22", "", "", 8000, "400"},
	{"16384 bytes", "x", "", "", 16384, "400"},
	{"64 KiB", "x", "", "", 65536, "414"},
	{"64 KiB, escaped", "%78", "", "", 21845, "414"},
	{"300 parameters", "&interface=lo", "", "", 300, "400"},
	{"16,000 parameters that are empty", "&&", "", "", 8000, "200"},
};

/* Names of hosts, which take a resolver. */
static const struct bomb slow_names[] = {
	{"a name that does not resolve", "", "host+nowhere.example", "", 1,
		"400"},
	{"500 names that do not resolve", "host+n#.example+or+", "ip", "", 500,
		"400"},
	{"a network's name", "", "net+nowhere.example", "", 1, "400"},
	{"names of hosts and ports", "host+n#.example+and+port+x#+or+", "ip",
		"", 300, "400"},
};

static inline bool raid_bomb(
	struct raid *raid, size_t number, const struct bomb *list, size_t count)
{
	const struct bomb *bomb = list + number;
	char digits[16];

	if (number >= count)
		return false;
	snprintf(raid->label, LABEL_MAX, "%s", bomb->label);
	raid_say(raid, "GET /capture?duration=1&filter=");
	for (unsigned i = 1; i <= bomb->count; i++) {
		snprintf(digits, sizeof(digits), "%u", i);
		raid_fill(raid, bomb->before, digits);
	}
	raid_say(raid, bomb->middle);
	raid_repeat(raid, bomb->after, bomb->count);
	raid_say(raid, REST "\r\n");
	raid->statuses = bomb->statuses;
	return true;
}

static inline bool raid_filter(struct raid *raid, size_t number)
{
	return raid_bomb(raid, number, bombs, sizeof(bombs) / sizeof(*bombs));
}

static inline bool raid_name(struct raid *raid, size_t number)
{
	return raid_bomb(raid, number, slow_names,
		sizeof(slow_names) / sizeof(*slow_names));
}
