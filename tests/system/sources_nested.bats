#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A ddump that reads another ddump: labels nest, counters and notes pass, and the order is
# exact and live, because a merge sends watermarks.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load worker
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	remove_network
}

has_named() {
	[ "$(tshark -n -r "$1" 2>/dev/null | wc -l)" -eq "$2" ]
}

@test "nested: workers behind two merges, live whatever -hold is, with nested labels" {
	need_root
	make_network
	start_worker -listen "127.0.0.1:$port"
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
	local inner="$DDUMP -hold $patient -quiet -pcapng -filter 'udp port 4711'"
	start_merge -hold "$patient" -w x.pcapng -filter 'udp port 4711' \
		one=exec:"$inner web1=http://127.0.0.1:$port web2=http://127.0.0.1:$port" \
		two=exec:"$inner in=exec:\"$inner deep=http://127.0.0.1:$port\"" \
		"direct=http://127.0.0.1:$port"
	capturing_on 3
	send 20 100 0 127.0.0.1 4711
	# each waits for all others, for a minute if one of them sent no watermarks
	within 20 has_named x.pcapng 80
	[ "$(tshark -n -r x.pcapng -T fields -e frame.interface_name 2>/dev/null | sort |
		uniq -c | tr -s ' ')" = " 20 direct:lo
 20 one:web1:lo
 20 one:web2:lo
 20 two:in:deep:lo" ]
	capinfos -o x.pcapng | grep -q 'Strict time order: *True'
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	grep -q 'one: 40 packets, 40 written, 0 late' "$said"
}

@test "nested: streams that are merged twice are in exact order" {
	local recipes=() i
	serve
	for i in 1 2 3 4; do
		recipes+=("id=$i&packets=4000&nano=1")
	done
	merge -hold "$patient" \
		a=exec:"$DDUMP -quiet -hold $patient -pcapng '$url/stream?${recipes[0]}' '$url/stream?${recipes[1]}'" \
		b=exec:"$DDUMP -quiet -hold $patient -pcapng '$url/stream?${recipes[2]}' '$url/stream?${recipes[3]}'"
	[ "$status" -eq 0 ]
	verify -precision nano "$merged" "${recipes[@]}"
}

@test "nested: counters, and the notes of the inner run, are in the outer file" {
	need_root
	make_network
	start_worker -listen "127.0.0.1:$port"
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
	start_merge -w x.pcapng -retry \
		b=exec:"$DDUMP -duration 2 -require any -pcapng -filter 'udp port 4711' w=http://127.0.0.1:$port gone=http://127.0.0.1:1"
	capturing_on 1
	send 20 100 0 127.0.0.1 4711
	eventually grep -q 'b: ddump: gone: cannot connect' "$said"
	eventually grep -q 'b: the program exited with status 2' "$said"
	kill -INT "$client"
	finish_merge
	grep -q '20 received by filter' "$said"
	capinfos -k x.pcapng | grep -q 'b: comment: gone: cannot connect'
}

# Prints how many watermarks a stream has, and fails if a packet breaks a promise.
count_watermarks() {
	"$TOOLS/watermarks" -print -partial <"$1" >printed || return
	grep -c '^watermark' printed || true
}

@test "nested: a merge keeps what its watermarks promise" {
	need_root
	make_network
	start_worker -listen "127.0.0.1:$port"
	(
		until [ -s stream ]; do sleep 0.05; done
		send 2000 100 1000 127.0.0.1 4711
	) 3>&- &
	local sender=$!
	enter "$DDUMP" -duration 4 -quiet -pcapng -filter 'udp port 4711' "127.0.0.1:$port" \
		"again=127.0.0.1:$port" | cat >stream
	wait "$sender"
	[ "$(count_watermarks stream)" -gt 10 ]
	[ "$(grep -c '^packet' printed)" -eq 4000 ]
}

@test "nested: a merge of which one running target sends no watermarks sends none" {
	need_root
	make_network
	start_worker -listen "127.0.0.1:$port"
	enter "$DDUMP" -duration 2 -quiet -pcapng "127.0.0.1:$port" \
		exec:'tcpdump -i lo -U -w - udp port 4711' | cat >stream
	[ "$(count_watermarks stream)" -eq 0 ]
	grep -aq ddump-merge stream
}

@test "nested: a file has no watermarks and no interface for them" {
	serve
	merge -pcapng -w x.pcapng "$url/stream?id=1&packets=10"
	run ! grep -aq 'ddump-merge' x.pcapng
	"$DDUMP" -quiet -pcapng "$url/stream?id=1&packets=10" | cat >y.pcapng
	grep -aq 'ddump-merge' y.pcapng
	[ "$(tshark -n -r y.pcapng 2>/dev/null | wc -l)" -eq 10 ]
	tcpdump -nr y.pcapng >/dev/null
}
