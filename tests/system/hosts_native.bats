#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Native captures of several hosts, merged: Ethernet with Ethernet, and with what
# workers send by default; and promiscuous mode. worker_native.bats has the worker.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

link_type() {
	od -An -tu4 -j 20 -N 4 "$merged" | tr -d ' '
}

# A bridge may drop an IPv4 packet with a wrong checksum, unless it has a tag.
tagged="eth vlan=0x8100 ip4 udp=4711,4711 size=100"

# frame_from HOST WORDS: sends that frame by a packet socket.
frame_from() {
	echo "$2" | on "$1" "$TOOLS/frame_send" eth0
}

# Do exactly COUNT packets have the hex DIGITS in their bytes?
has_bytes() {
	[ "$(tcpdump -nr - -xx <"$merged" 2>/dev/null | tr -d ' \t\n' |
		sed 's/0x[0-9a-f]\{4\}://g' | grep -o "$2" | wc -l)" -eq "$1" ]
}

@test "-linktype native on two hosts, pcap: Ethernet, with addresses and tags" {
	make_hosts 2
	start_workers
	start_capture 'filter=udp+or+vlan' -linktype native -i eth0 -hold "$forever"
	send_from 1 5 0 10.9.0.2 4711
	frame_from 1 "$tagged"
	eventually file_has 12
	end_capture
	[ "$status" -eq 0 ]
	[ "$(link_type)" -eq 1 ]
	run ! grep -q "warning" "$said"
	# sent by one host and received by the other
	file_has 10 ether src "$(on 1 cat /sys/class/net/eth0/address)" and udp
	file_has 10 ether dst "$(on 2 cat /sys/class/net/eth0/address)" and udp
	file_has 2 vlan 7 and udp port 4711
}

@test "native with cooked captures, pcap: SLL, without directions, one warning" {
	local source i
	make_hosts 3
	start_workers
	at_bridge
	start_merge -hold "$forever" -filter 'udp port 4711' \
		'h1=10.9.0.1?linktype=native&interface=eth0&filter=udp or vlan' h2=10.9.0.2 \
		'h3=10.9.0.3?linktype=native&interface=eth0&filter=udp or vlan'
	capturing_on 3
	send_from 1 5 0 10.9.0.2 4711
	for i in {1..5}; do
		frame_from 3 "$tagged"
	done
	eventually file_has 25
	end_capture
	[ "$status" -eq 0 ]
	[ "$(link_type)" -eq 113 ]
	[ "$(grep -c "warning: .*Ethernet headers are written as SLL" "$said")" -eq 1 ]
	# one host does not know the direction, and the other one not the tag
	source=$(on 1 cat /sys/class/net/eth0/address | tr -d :)
	has_bytes 5 "000300010006${source}00000800"
	has_bytes 5 "000000010006${source}00000800"
	has_bytes 10 000100010006020000000000000081000007080045
	has_bytes 5 0001000100060200000000000000080045
}

@test "native with cooked captures, pcapng: each keeps its link type, in exact order" {
	local i
	make_hosts 2
	start_workers
	at_bridge
	start_merge -hold "$forever" -filter 'udp port 4711' \
		-w "$BATS_TEST_TMPDIR/merged.pcapng" \
		'h1=10.9.0.1?linktype=native&interface=eth0' h2=10.9.0.2
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 2
	# a silent native capture delays nothing, nor does a silent cooked one
	for ((i = 1; i <= 5; i++)); do
		send_from 1 1 0 10.9.0.254 4711
		eventually written "$((2 * i - 1))"
		send_from 2 1 0 10.9.0.254 4711
		eventually written "$((2 * i))"
	done
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields frame.interface_name frame.encap_type | uniq -c | xargs)" = \
		"$(printf '1 h1:eth0 1 1 h2:eth0 25 %.0s' {1..5} | xargs)" ]
	# the counters are those of that interface
	capinfos -I "$merged" >"$BATS_TEST_TMPDIR/interfaces"
	grep -q 'Name = h1:eth0' "$BATS_TEST_TMPDIR/interfaces"
	run ! grep -q 'Name = h1:any' "$BATS_TEST_TMPDIR/interfaces"
	grep -q "h1: 5 packets, 5 written, 0 late; 5 received by filter" "$said"
}

# written COUNT: the same for link types that tcpdump does not read together.
written() {
	[ "$(fields frame.number | wc -l)" -eq "$1" ]
}

promiscuity() {
	ip -n "$hub-$1" -d link show eth0 | grep -o 'promiscuity [0-9]*'
}

is_promiscuous() {
	[ "$(promiscuity "$1")" = "promiscuity $2" ]
}

@test "-i NAME: the interfaces are promiscuous until the capture ends; with -p they are not" {
	local options
	make_hosts 2
	start_workers
	for options in "" "-linktype native"; do
		# shellcheck disable=SC2086 # several words
		start_capture filter=icmp -i eth0 $options
		is_promiscuous 1 1
		is_promiscuous 2 1
		end_capture
		[ "$status" -eq 0 ]
		run ! grep -q warning "$said"
		eventually is_promiscuous 1 0
		eventually is_promiscuous 2 0
		# shellcheck disable=SC2086 # several words
		start_capture filter=icmp -i eth0 -p $options
		is_promiscuous 1 0
		end_capture
		[ "$status" -eq 0 ]
	done
}

@test "-i NAME, a host that forbids promiscuous mode: captures without it, and says so" {
	make_hosts 1
	start_on 1 worker1 "$WORKER" -listen :8475 -no-promisc
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker1.err"
	at_bridge
	merge -i eth0 -duration 1 h1=10.9.0.1
	[ "$status" -eq 0 ]
	grep -q "warning: h1: promiscuous mode is off, .*; try -p" "$said"
	merge -i eth0 -p -duration 1 h1=10.9.0.1
	[ "$status" -eq 0 ]
	run ! grep -q "promiscuous" "$said"
	# what the user asks for is never left out
	merge -duration 1 'h1=10.9.0.1?interface=eth0&promisc=1'
	[ "$status" -eq 1 ]
	grep -q "h1: HTTP status 403: promisc: .*-p" "$said"
}

@test "-linktype native, an interface that does not exist, or none in the query: the reason" {
	make_hosts 1
	start_workers
	at_bridge
	merge -linktype native -i eth9 h1=10.9.0.1
	[ "$status" -eq 1 ]
	grep -q 'h1: HTTP status 400: interface: "eth9"' "$said"
	merge 'h1=10.9.0.1?linktype=native'
	[ "$status" -eq 1 ]
	grep -q 'h1: HTTP status 400: .*native.*interface' "$said"
	run ! grep -q "version 0.1" "$said"
}
