#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths against the kernel: two paths of equal cost between client and server,
# rules of nftables that drop known packets, and its counters as the truth.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
load path_lab
load path_capture
bats_require_minimum_version 1.5.0

setup() {
	need_lab_tools
}

# The lab itself, without -paths: what a place has captured is what nftables has
# counted there, and what is missing at the next one is what it has dropped.
@test "the lab, packets: captures and the counters of nftables agree" {
	local name interface targets
	make_lab
	offload off
	drop_at r1 dropped_in_r1 "$fifth_datagram"
	drop_in_wire dropped_in_wire "$fifth_ping"
	capture_lab client r1 r2 server
	send_datagrams 4 16 100
	send_datagrams 6 16 100
	one_path r1
	send_pings 4 100
	send_pings 6 100
	all_captured
	end_capture
	[ "$status" -eq 0 ]
	for name in client r1 r2 server; do
		for interface in $(interfaces_of "$name"); do
			is "$name:$interface" "$(seen "$name:$interface" 0)" \
				"$(counted "$name" "in_$interface")"
		done
	done
	# both paths are in use, and rules drop
	[ "$(counted r1 in_to_client)" -gt 300 ]
	[ "$(counted r2 in_to_client)" -gt 100 ]
	[ "$(counted r1 dropped_in_r1)" -gt 0 ]
	is "lost in r1" "$(counted r1 dropped_in_r1)" \
		$(($(seen r1:to_client 0) - $(seen r1:to_server 4)))
	is "lost pings" "$(counted wire dropped_in_wire)" 6
	is "lost in the wire" "$(counted wire dropped_in_wire)" \
		$(($(seen r1:to_server 4) - $(seen server:to_r1 0)))
}

@test "the lab, bytes: segments of TCP are made in the wire, and joined behind it" {
	make_lab
	one_path r1
	segment_in_wire
	drop_in_wire dropped "$some_data"
	count_in_wire passed "$answers"
	count_in_wire long meta length '>' 1600
	serve_bytes 1000000
	capture_lab client r1 server
	fetch 4 3
	all_captured
	end_capture
	[ "$status" -eq 0 ]
	is "long packets in the wire" "$(counted wire long)" 0
	[ "$(counted wire dropped)" -gt 10 ]
	is "bytes at r1" "$(data_seen r1:to_server 0)" "$(data_counted wire passed)"
	is "bytes lost" $(($(data_seen server:to_r1 4) - $(data_seen r1:to_server 0))) \
		"$(data_counted wire dropped)"
	# the server has larger segments than the wire, and r1 other ones
	[ "$(seen server:to_r1 4 'tcp.len > 1448')" -gt 10 ]
	[ "$(seen r1:to_server 0 'tcp.len > 1448')" -gt 10 ]
	[ "$(counted wire passed)" -gt "$(seen r1:to_server 0)" ]
}

@test "-paths, offload off: each lost packet is told where nftables dropped it" {
	local to_r1="client:to_r1 r1:to_client" in_r1="r1:to_client r1:to_server"
	local in_wire="r1:to_server server:to_r1" back="server:to_r1 r1:to_server"
	local lost_1 lost_2 lost_back
	make_lab
	offload off
	drop_at r1 dropped "$fifth_datagram"
	drop_in_wire pings "$fifth_ping"
	drop_in_wire pings6 "$fifth_ping6"
	drop_in_wire replies "$fifth_reply"
	drop_in_wire data "$some_data"
	drop_in_wire data6 "$some_data6"
	delay_in_wire 10mbit
	serve_bytes 300000
	start_lab_workers client r1 r2 server
	start_paths -- client r1 r2 server
	send_datagrams 4 16 100
	send_datagrams 6 16 100
	fetch 4 8
	fetch 6 8
	one_path r1
	send_pings 4 100
	send_pings 6 100
	end_paths
	lost_1=$(counted r1 dropped)
	lost_2=$(($(counted wire pings) + $(counted wire pings6)))
	lost_back=$(($(counted wire replies) + $(counted wire data) + $(counted wire data6)))
	[ "$lost_1" -gt 10 ]
	[ "$lost_2" -gt 10 ]
	[ "$lost_back" -gt 10 ]
	# shellcheck disable=SC2086 # two places each
	{
		is_stretch $to_r1 "$(counted r1 in_to_client)" 0
		is_stretch $in_r1 $(($(counted r1 in_to_client) - lost_1)) "$lost_1"
		is_stretch $in_wire "$(counted server in_to_r1)" "$lost_2"
		is_stretch $back "$(counted r1 in_to_server)" "$lost_back"
		is_stretch r1:to_server r1:to_client "$(counted r1 in_to_server)" 0
		is_stretch r1:to_client client:to_r1 "$(counted client in_to_r1)" 0
		is_stretch client:to_r2 r2:to_client "$(counted r2 in_to_client)" 0
		is_stretch r2:to_client r2:to_server "$(counted r2 in_to_client)" 0
		is_stretch r2:to_server server:to_r2 "$(counted server in_to_r2)" 0
		is_stretch server:to_r2 r2:to_server "$(counted r2 in_to_server)" 0
		is_stretch r2:to_client client:to_r2 "$(counted client in_to_r2)" 0
	}
	no_loss_but "${in_r1/ />}" "${in_wire/ />}" "${back/ />}"
	is "packets" "$(jq .paths.packets "$report")" "$(fields frame.number | wc -l)"
}

# bytes_agree 4|6 HEADERS: downloads of which the wire drops segments; each packet
# has headers of that size.
bytes_agree() {
	local passed
	make_lab
	one_path r1
	segment_in_wire
	drop_in_wire dropped "${some[$1]}"
	count_in_wire passed "${all[$1]}"
	delay_in_wire 10mbit
	serve_bytes 1000000
	start_lab_workers client r1 server
	start_paths -snaplen 128 -- client r1 server
	fetch "$1" 4
	end_paths
	[ "$(counted wire dropped)" -gt 10 ]
	passed=$(data_counted wire passed "$2")
	is "bytes lost" "$(stretch server:to_r1 r1:to_server bytes_lost)" \
		"$(data_counted wire dropped "$2")"
	is "bytes passed" "$(stretch server:to_r1 r1:to_server bytes_passed)" "$passed"
	is "bytes in r1" "$(stretch r1:to_server r1:to_client bytes_passed)" "$passed"
	is "bytes at the client" "$(stretch r1:to_client client:to_r1 bytes_passed)" "$passed"
	is "not known" "$(in_all 'packets_not_known | add')" 0
	no_loss_but 'server:to_r1>r1:to_server'
}

@test "-paths, offload on, IPv4: each lost byte of TCP is told, whatever the segments" {
	bytes_agree 4 52
}

@test "-paths, offload on, IPv6: each lost byte of TCP is told, whatever the segments" {
	bytes_agree 6 72
}

@test "-paths: the delay of a queue, within the bound of the clocks; in one host, to the ns" {
	make_lab
	offload off
	one_path r1
	delay_in_wire 2mbit
	start_lab_workers client r1 server
	start_paths -hold 4000 -- client r1 server
	start_on 1 burst "$TOOLS/udp_send" 120 1000 0 "$server_4" 5001
	wait "${started[-1]}"
	eventually arrived_at_server 120
	end_paths
	is_stretch r1:to_server server:to_r1 120 0
	# of all the 120 datagrams, the queue delays the last by about half a second
	delays_in_file r1:to_server 4 server:to_r1 0 >"$BATS_TEST_TMPDIR/delays"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/delays")" -gt 100000000 ]
	local bound
	bound=$(stretch r1:to_server server:to_r1 clock_bound_ns)
	is_within "$bound" "$(stretch r1:to_server server:to_r1 delay_min_ns)" \
		"$(head -n 1 "$BATS_TEST_TMPDIR/delays")"
	is_within "$bound" "$(stretch r1:to_server server:to_r1 delay_max_ns)" \
		"$(tail -n 1 "$BATS_TEST_TMPDIR/delays")"
	is "number of delays" "$(stretch r1:to_server server:to_r1 delay_count)" 120
	# one clock needs no bound
	delays_in_file r1:to_client 0 r1:to_server 4 >"$BATS_TEST_TMPDIR/delays"
	is "least delay in r1" "$(stretch r1:to_client r1:to_server delay_min_ns)" \
		"$(head -n 1 "$BATS_TEST_TMPDIR/delays")"
	is "longest delay in r1" "$(stretch r1:to_client r1:to_server delay_max_ns)" \
		"$(tail -n 1 "$BATS_TEST_TMPDIR/delays")"
	is "histogram" "$(stretch r1:to_server server:to_r1 'histogram | map(.packets) | add')" 120
}

# All its interfaces see one TTL, and it does not route.
@test "-paths, a bridge is captured, too: the loss is between its two sides" {
	local passed
	make_lab
	offload off
	one_path r1
	drop_in_wire dropped "iifname x1 $fifth_datagram"
	drop_in_wire dropped_back "iifname x2 $fifth_reply"
	start_lab_workers client r1 wire server
	start_paths -- client r1 wire server
	send_datagrams 4 4 100
	send_pings 4 100
	end_paths
	passed=$(counted server in_to_r1)
	[ "$(counted wire dropped)" -gt 10 ]
	[ "$(counted wire dropped_back)" -gt 1 ]
	is_stretch r1:to_server wire:to_r1 500 0
	is_stretch wire:x1 wire:to_server "$passed" "$(counted wire dropped)"
	is_stretch wire:to_server server:to_r1 "$passed" 0
	is_stretch wire:x2 wire:to_r1 "$(counted r1 in_to_server)" "$(counted wire dropped_back)"
	no_loss_but 'wire:x1>wire:to_server' 'wire:x2>wire:to_r1'
}

@test "-paths -w: a comment on each lost packet, one id for all sights of a packet" {
	local distinct
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	start_lab_workers client r1 server
	start_paths -- client r1 server
	send_datagrams 4 4 100
	end_paths
	is "comments" "$(fields frame.comment | grep -c 'not seen after r1:to_client')" \
		"$(counted r1 dropped)"
	# they are on the last sights of exactly those that were dropped
	tshark -n -r "$merged" -Y 'frame.comment contains "not seen after"' -T fields \
		-e frame.interface_name -e udp.payload 2>/dev/null |
		sort | uniq -c | awk '{ print $1, $2, substr($3, 7, 2) }' >"$BATS_TEST_TMPDIR/marked"
	diff "$BATS_TEST_TMPDIR/marked" <(printf '4 r1:to_client %s\n' 05 15 25 35 45 55)
	# as many ids as packets, and one for each
	fields udp.dstport udp.payload frame.packet_id >"$BATS_TEST_TMPDIR/sights"
	is "ids" "$(cut -f 3 "$BATS_TEST_TMPDIR/sights" | sort -u | wc -l)" 400
	is "ids of packets" "$(sort -u "$BATS_TEST_TMPDIR/sights" | wc -l)" 400
}

@test "-paths -paths-delay 0: packets are written at once, the comment comes later" {
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	start_lab_workers client r1 server
	start_paths -paths-delay 0 -- client r1 server
	send_datagrams 4 4 100
	# a later packet, when it is known that the others were lost
	all_captured
	settle
	at client "$TOOLS/udp_send" 4 100 100 "$server_4" 5009
	end_paths
	is_stretch r1:to_client r1:to_server $((404 - $(counted r1 dropped))) "$(counted r1 dropped)"
	[ "$(fields frame.comment | grep -c 'not seen after r1:to_client')" -gt 0 ]
	fields udp.dstport udp.payload frame.packet_id >"$BATS_TEST_TMPDIR/sights"
	is "ids of packets" "$(sort -u "$BATS_TEST_TMPDIR/sights" | wc -l)" 404
}

# start_shifted OPTION...: the server's clock is 3 s ahead, and 50 ppm too fast.
# What passes between both is a download: both directions, all the time.
start_shifted() {
	make_lab
	offload off
	one_path r1
	since=$(date +%s)
	serve_bytes 30000000
	delay_in_wire 60mbit
	start_worker 1
	start_worker 4 env LD_PRELOAD="$BUILD/tests/preload/clock_shift.so" \
		DDUMP_TEST_SHIFT="3 50 $since"
	start_paths -snaplen 128 -hold 8000 "$@" -- client server
	fetch 4 1
	end_paths
}

@test "-paths, clocks 3 s and 50 ppm apart: the offset is told within its bound" {
	local since elapsed
	start_shifted
	elapsed=$(($(date +%s) - since))
	jq -e --argjson drift $((50000 * elapsed)) '.paths.clocks | length == 1 and
		(.[0] | (if .one == "client" then 1 else -1 end) as $sign |
		(if $sign == 1 then [.offset_low_ns, .offset_high_ns]
			else [-.offset_high_ns, -.offset_low_ns] end) |
		.[0] <= 3000000000 + $drift and .[1] >= 3000000000 and
		.[1] - .[0] < 100000000)' "$report"
	no_loss_but
}

@test "-paths -align-traffic: no delay is negative, and none is lost" {
	local since
	start_shifted -align-traffic
	jq -e '[.paths.stretches[].delay_min_ns | select(. != null)] |
		length > 1 and min >= 0' "$report"
	is_stretch client:to_r1 server:to_r1 "$(counted server in_to_r1)" 0
	is_stretch server:to_r1 client:to_r1 "$(counted client in_to_r1)" 0
	no_loss_but
}
