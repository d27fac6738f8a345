#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ddump.lua in tshark: what -paths has written is there as fields, and copies of a packet do
# not reach TCP. The truth is that of the lab, and the ids and comments in the file.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # a test changes what is its own
load helpers
load worker
load client
load hosts
load path_lab
load path_capture
load wireshark
bats_require_minimum_version 1.5.0

first=(-o ip.try_heuristic_first:TRUE -o ipv6.try_heuristic_first:TRUE)

# As root, Wireshark 4.4 loads no script.
setup() {
	need tshark
	make_user
	cp src/wireshark/ddump.lua "$open_dir/"
}

teardown() {
	remove_hosts
	rm -rf "$open_dir"
}

# open_file FILE: for the user of tshark.
open_file() {
	opened=$open_dir/opened.pcapng
	cp "$1" "$opened"
	chmod a+r "$opened"
}

# see OPTION...: tshark with ddump.lua, in two passes; a Lua error is a failure.
see() {
	see_once -2 "${first[@]}" "$@"
}

# The same with all options from the arguments.
see_once() {
	"${as_user[@]}" tshark -n -r "$opened" -X "lua_script:$open_dir/ddump.lua" "$@" \
		2>"$BATS_TEST_TMPDIR/tshark.err"
	! grep -i lua "$BATS_TEST_TMPDIR/tshark.err"
}

at_server='frame.interface_name == "server:to_r1"'
again="$at_server and sll.pkttype == 4 and
	(tcp.analysis.retransmission or tcp.analysis.out_of_order)"

count() {
	see -Y "$1" -T fields -e frame.number | wc -l
}

# A capture of what "$@" sends, whose packets r1 drops by rules; set to be opened.
capture() {
	start_lab_workers client r1 server
	start_paths "${options[@]}" -- client r1 server
	"$@"
	end_paths
	open_file "$merged"
}

traffic() {
	send_datagrams 4 4 100
	send_datagrams 6 2 50
	fetch 4 4
	fetch 6 4
	send_pings 4 100
}

# "FRAME: PLACE > PLACE ..." of each packet, by the ids in the file.
paths_by_id() {
	tshark -n -r "$opened" -T fields -e frame.number -e frame.packet_id \
		-e frame.interface_name 2>/dev/null |
		awk -F '\t' '
			!($2 in path) { first[$2] = $1; order[++count] = $2 }
			!(($2, $3) in seen) { path[$2] = path[$2] (path[$2] ? " > " : "") $3 }
			{ seen[$2, $3] = 1 }
			END {
				for (i = 1; i <= count; i++)
					print first[order[i]] ": " path[order[i]]
			}'
}

# The same by ddump.lua, without times and losses.
paths_seen() {
	see -Y ddump.path -T fields -e frame.number -e ddump.path |
		sed -E 's/\tseen on [0-9]+: /: /; s/, not seen after .*//
			s/ \+[0-9.]+(ns|us|ms|s)//g'
}

copies_by_id() {
	tshark -n -r "$opened" -T fields -e frame.number -e frame.packet_id 2>/dev/null |
		awk '$2 in first { print $1, first[$2]; next } { first[$2] = $1 }'
}

# Paths, copies and losses are those of the file; copies end above IP, and first sights do
# not.
shows_the_file() {
	diff <(paths_seen) <(paths_by_id)
	diff <(see -Y ddump.copy -T fields -e frame.number -e ddump.copy | tr '\t' ' ') \
		<(copies_by_id)
	is "with a comment" "$(count ddump.lost)" "$(fields frame.comment | grep -c 'not seen after')"
	is "lost, at other places" "$(see -Y ddump.lost -T fields -e frame.interface_name \
		-e ddump.lost | awk -F '\t' '$1 != $2' | wc -l)" 0
	is "copies above IP" "$(count 'ddump.copy and (tcp or udp or icmp or icmpv6)')" 0
	is "first sights not above IP" \
		"$(count 'not ddump.copy and not (tcp or udp or icmp or icmpv6)')" 0
}

@test "offload off: paths of all packets, the router's drops, and TCP without copies" {
	local options=() dropped
	make_lab
	offload off
	one_path r1
	drop_at r1 datagrams "$fifth_datagram"
	drop_at r1 pings "$fifth_ping"
	drop_at r1 data "$some_data"
	drop_at r1 data6 "$some_data6"
	delay_in_wire 10mbit
	serve_bytes 300000
	capture traffic
	shows_the_file
	dropped=$(($(counted r1 datagrams) + $(counted r1 pings) + $(counted r1 data) +
		$(counted r1 data6)))
	[ "$dropped" -gt 40 ]
	is "lost" "$(count ddump.lost)" "$dropped"
	is "places of all others" "$(count 'ddump.sights == 4')" \
		$(($(count ddump.sights) - $(count ddump.lost)))
	# data that TCP sent again is what the sender's packets show by themselves
	[ "$(count "$again")" -gt 10 ]
	is "sent again" "$(count "$again")" \
		"$(see_once -2 -R "$at_server" -Y "$again" -T fields -e frame.number | wc -l)"
	# times are exact: those of the packets
	diff <(see -Y ddump.copy -T fields -e ddump.copy -e ddump.delay -e frame.time_epoch |
		awk '{ printf "%s %.9f\n", $1, substr($3, 7) - $2 }' | sort -u | wc -l) \
		<(see -Y ddump.copy -T fields -e ddump.copy | sort -u | wc -l)
	# columns of a copy, and of a first sight that was lost
	see -Y 'frame.number == 2' | grep -E ' copy .* same packet as frame 1, [0-9.]+ (ns|us|ms) after it$'
	see -Y 'ddump.path contains "not seen"' | grep -c '\[not seen after r1:to_' |
		grep -qx "$(count ddump.lost)"
}

@test "offload on: pieces of a segment are copies of it" {
	local options=()
	make_lab
	one_path r1
	segment_in_wire
	drop_in_wire dropped "$some_data"
	serve_bytes 1000000
	capture fetch 4 3
	shows_the_file
	[ "$(counted wire dropped)" -gt 10 ]
	[ "$(count ddump.lost)" -gt 10 ]
	[ "$(count ddump.lost)" -le "$(counted wire dropped)" ]
}

# Packets that have left before it is known which of them were lost, and a later one.
lost_and_later() {
	send_datagrams 4 4 100
	all_captured
	settle
	at client "$TOOLS/udp_send" 4 100 100 "$server_4" 5009
}

@test "-paths-delay 0: a comment that comes later is on its packet" {
	local options=(-paths-delay 0) late
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	capture lost_and_later
	late=$(fields frame.comment | grep -o 'packet [0-9]* was not seen after r1:to_client' | wc -l)
	[ "$late" -gt 10 ]
	is "lost" "$(count ddump.lost)" "$(counted r1 dropped)"
	is "lost elsewhere" "$(see -Y 'ddump.lost and frame.interface_name != "r1:to_client"' \
		-T fields -e frame.number | wc -l)" 0
}

# Packets of tests/data as ddump merges them: no lab is needed.
merge_files() {
	merge -paths -w "$BATS_TEST_TMPDIR/paths.pcapng" tests/data/paths/{web1,r1,db1}.pcapng
	open_file "$BATS_TEST_TMPDIR/paths.pcapng"
}

@test "Wireshark asks TCP first: fields are there, and copies in TCP" {
	merge_files
	[ "$(count 'ddump.copy and (tcp or udp)')" -eq 0 ]
	first=()
	[ "$(count 'ddump.copy and (tcp or udp)')" -gt 10 ]
	diff <(see -Y ddump.copy -T fields -e frame.number -e ddump.copy | tr '\t' ' ') \
		<(copies_by_id)
	see -Y 'ddump.copy' | grep -q ' copy .* same packet as frame '
}

@test "an error of ICMP has IP in it: one line of ddump for each packet" {
	make_lab
	offload off
	one_path r1
	options=()
	capture nested
	[ "$(count icmp.type == 3)" -gt 2 ]
	see -Y 'ddump and icmp.type == 3' -V >"$BATS_TEST_TMPDIR/lines"
	is "lines" "$(grep -c '^ddump: ' "$BATS_TEST_TMPDIR/lines")" \
		"$(grep -c '^Frame ' "$BATS_TEST_TMPDIR/lines")"
}

# A datagram to a closed port has an error as answer, with the datagram in it.
nested() {
	at client bash -c "for i in 1 2 3; do echo x >/dev/udp/$server_4/4999; sleep 0.1; done" || true
	at client ping -q -c 3 -i 0.1 -I "$client_4" "$server_4"
}

@test "one pass: copies and losses are there, and nothing is said of the path" {
	merge_files
	[ "$(see_once -Y ddump.copy | wc -l)" -gt 10 ]
	[ "$(see_once -Y 'ddump.path or ddump.sights' | wc -l)" -eq 0 ]
	[ "$(see_once "${first[@]}" -Y 'ddump.copy and tcp' | wc -l)" -eq 0 ]
}

@test "tshark -2 without a filter: a message" {
	merge_files
	run ! see_once -2
	grep -q 'ddump.lua: no paths.*add -Y frame' "$BATS_TEST_TMPDIR/tshark.err"
}

@test "the preference dissect_copies: copies are dissected, and marked" {
	merge_files
	[ "$(see -o ddump.dissect_copies:TRUE -Y 'ddump.copy and (tcp or udp)' | wc -l)" -gt 10 ]
	[ "$(see -o ddump.dissect_copies:TRUE | grep -c ' copy ')" -eq 0 ]
}

# Damaged files and those of other programs, some with packet ids.
@test "other programs' files: nothing differs" {
	local file checked=0
	cd "$BATS_TEST_DIRNAME/../.." || return
	for file in tests/data/pcapng/good-*-little tests/data/captures/* tests/data/paths/*; do
		open_file "$file"
		"${as_user[@]}" tshark -n -2 "${first[@]}" -Y frame -V -r "$opened" \
			>"$BATS_TEST_TMPDIR/without" 2>/dev/null || true
		see -Y frame -V >"$BATS_TEST_TMPDIR/with" || true
		diff "$BATS_TEST_TMPDIR/without" "$BATS_TEST_TMPDIR/with"
		checked=$((checked + 1))
	done
	[ "$checked" -gt 50 ]
}
