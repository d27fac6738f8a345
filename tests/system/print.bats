#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Packets as text: -print, -print-options, -n, and a terminal.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2016 # sh -c has parameters of its own
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	need tcpdump
	export HOME=$BATS_TEST_TMPDIR
	serve
}

teardown() {
	stop_all
}

# The first lines of packets in $merged, as "SOURCE TIME".
packets_of_text() {
	grep -E '^[a-z0-9]+  [0-2][0-9]:' "$merged" | awk '{ print $1, $2 }'
}

# has_printed COUNT: are that many packets in the output of a client that runs?
has_printed() {
	[ "$(grep -cE '^[a-z0-9]+  [0-2][0-9]:' "$merged")" -eq "$1" ]
}

@test "-print, two link types: each packet once, in order, with its source on each line" {
	local query="packets=400&size=60-120"
	merge -print -n -report "$BATS_TEST_TMPDIR/report" -hold "$patient" \
		"a=$url/stream?$query&id=1" "b=$url/stream?$query&id=2&linktype=276"
	[ "$status" -eq 0 ]
	run ! grep -vE '^[ab]  ' "$merged"
	[ "$(packets_of_text | wc -l)" -eq 800 ]
	[ "$(packets_of_text | grep -c '^a ')" -eq 400 ]
	[ "$(packets_of_text | awk '{ print $2 }')" = "$(packets_of_text | awk '{ print $2 }' | sort)" ]
	run ! grep -q 'Invalid header' "$merged"
	run ! grep -q 'link type' "$said"
	grep -q '"format": "text"' "$BATS_TEST_TMPDIR/report"
	# the same text as that of tcpdump, line by line, for one of them
	merge -pcapng -hold "$patient" "a=$url/stream?$query&id=1"
	tcpdump -nr "$merged" 2>/dev/null | sed 's/^/a  /' >"$BATS_TEST_TMPDIR/expected"
	merge -print -n -hold "$patient" "a=$url/stream?$query&id=1"
	cmp "$merged" "$BATS_TEST_TMPDIR/expected"
}

@test "-print: live, each packet when it has come" {
	start_merge -print -n -hold 0 "a=$url/stream?packets=5&size=60-70&id=1&end=never"
	capturing_on 1
	eventually has_printed 5
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
}

@test "-print with -w: text and packets, over several files, and -c counts both" {
	merge -print -n -w "$BATS_TEST_TMPDIR/a.pcap" -C 10K -c 250 -hold "$patient" \
		"a=$url/stream?packets=300&size=60-120&id=1"
	[ "$status" -eq 0 ]
	[ "$(packets_of_text | wc -l)" -eq 250 ]
	local file all=0
	for file in "$BATS_TEST_TMPDIR"/a*.pcap; do
		all=$((all + $(tcpdump -nr "$file" --count 2>/dev/null | awk '{ print $1 }')))
	done
	[ "$all" -eq 250 ]
}

@test "-print, the reader leaves: ddump ends, and no process stays" {
	need pgrep
	start pager sh -c '"$0" -print -n -hold 0 "$1" | head -n 3' "$DDUMP" \
		"a=$url/stream?packets=2000000&size=60-120&id=1"
	within 30 is_gone "${started[-1]}"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/pager.out")" -eq 3 ]
	no_tcpdump() {
		! pgrep -f 'tcpdump -l --number' >/dev/null
	}
	eventually no_tcpdump
}

@test "-print into a pager that does not read: memory is bounded, Ctrl-C ends it" {
	mkfifo "$BATS_TEST_TMPDIR/pager"
	sleep 100 <>"$BATS_TEST_TMPDIR/pager" &
	started+=("$!")
	said=$BATS_TEST_TMPDIR/said
	"$DDUMP" -print -n -hold 0 "a=$url/stream?packets=100000&size=60-120&id=1" \
		>"$BATS_TEST_TMPDIR/pager" 2>"$said" </dev/null 3>&- &
	client=$!
	started+=("$client")
	capturing_on 1
	kill -INT "$client"
	# the pager reads again
	cat "$BATS_TEST_TMPDIR/pager" >/dev/null 3>&- &
	started+=("$!")
	within 30 is_gone "$client"
}

# A pcap with one UDP packet whose payload is $1, raw IP.
hostile_pcap() {
	local size=${#1}
	local udp=$((8 + size)) ip=$((28 + size))
	printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x65\0\0\0'
	printf '\1\0\0\0\0\0\0\0%b\0\0%b\0\0' "\\x$(printf %02x "$((ip % 256))")\\x$(printf %02x "$((ip / 256))")" \
		"\\x$(printf %02x "$((ip % 256))")\\x$(printf %02x "$((ip / 256))")"
	printf '\x45\0%b\0\0\0\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2' \
		"\\x$(printf %02x "$((ip / 256))")\\x$(printf %02x "$((ip % 256))")"
	printf '\x10\0\x10\0%b\0\0%s' \
		"\\x$(printf %02x "$((udp / 256))")\\x$(printf %02x "$((udp % 256))")" "$1"
}

@test "-A, payload that looks like lines of tcpdump: each has the source of its packet" {
	hostile_pcap $'\n    1  09:09:09.000000 IP forged\n   99  09:09:09.000000 IP forged\nweb  \e[31mred' \
		>"$BATS_TEST_TMPDIR/hostile.pcap"
	merge -print -n -print-options -A -hold "$patient" "bad=$url/file$BATS_TEST_TMPDIR/hostile.pcap" \
		"good=$url/stream?packets=3&size=60-70&id=1"
	[ "$status" -eq 0 ]
	[ "$(grep -c forged "$merged")" -eq 2 ]
	[ "$(grep forged "$merged" | grep -c '^bad  ')" -eq 2 ]
	grep -q '^bad  web  ' "$merged"
	run ! grep -q $'\e' "$merged"
	[ "$(packets_of_text | grep -c '^good ')" -eq 3 ]
}

@test "-print, hostile names of interfaces: no control character reaches the terminal" {
	local name=$'e\x1b[31m"\\\xff\xe2\x80\xae'
	{
		printf '\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0'
		printf '\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0'
		printf '\1\0\0\0\x28\0\0\0\x71\0\0\0\0\0\4\0\2\0\x0c\0%s' "$name"
		printf '\0\0\0\0\x28\0\0\0'
		printf '\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\x20\0\0\0'
	} >"$BATS_TEST_TMPDIR/hostile.pcapng"
	run -0 "$TOOLS/pty" "$DDUMP" -quiet -n "a=$url/file$BATS_TEST_TMPDIR/hostile.pcapng"
	[[ $output == 'a:e\x1b[31m"\\xff\xe2\x80\xae  '* ]]
}

@test "a terminal without -w: packets as text; without tcpdump the error says what to install" {
	local place
	run -0 "$TOOLS/pty" "$DDUMP" -quiet -n "a=$url/stream?packets=3&size=60-70&id=1"
	merged=$BATS_TEST_TMPDIR/text
	tr -d '\r' <<<"$output" >"$merged"
	has_printed 3
	place=$BATS_TEST_TMPDIR/bin
	mkdir "$place"
	cp "$DDUMP" "$place/ddump"
	# tcpdump may be in a directory that is always searched
	need_root
	run ! unshare -m sh -c 'for file in /usr/bin/tcpdump /usr/sbin/tcpdump; do
			[ ! -e $file ] || mount --bind /dev/null $file; done
		PATH=$1; shift; exec "$@"' sh "$place" "$TOOLS/pty" "$place/ddump" "$url/stream"
	[[ $output == *'cannot print packets: tcpdump is missing; install it, or try -w FILE'* ]]
}

@test "-print as root: tcpdump runs as another user" {
	need_root
	start_merge -print -n -hold 0 "a=$url/stream?packets=5&size=60-70&id=1&end=never"
	capturing_on 1
	eventually has_printed 5
	local pid owners
	owners=$(for pid in $(pgrep -f 'tcpdump -l --number'); do stat -c %U "/proc/$pid"; done)
	kill -INT "$client"
	finish_merge
	[ "$(sort -u <<<"$owners")" = nobody ]
}

@test "-print, tcpdump is killed: the error, and the end" {
	start_merge -print -n -hold 0 \
		"a=$url/stream?packets=2000000&size=60-120&id=1&pieces=100"
	capturing_on 1
	some() {
		[ -s "$merged" ]
	}
	eventually some
	pkill -KILL -P "$(pgrep -P "$client")"
	finish_merge
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot print packets: tcpdump was ended by signal 9' "$said"
}
