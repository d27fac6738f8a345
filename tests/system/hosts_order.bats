#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures of several hosts: the order of packets without waiting, the host and
# interface of each packet, and drops.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

@test "a packet of one host while four are silent: written at once" {
	make_hosts 5
	start_workers
	start_capture 'filter=udp' -hold "$forever"
	local i
	for ((i = 1; i <= 5; i++)); do
		send_from 5 1 0 10.9.0.254 4711
		eventually file_has "$i"
	done
	# no other packet let it go
	counts_say 'h5: 5 packets, 5 written, 0 late'
	for i in 1 2 3 4; do
		grep -q "h$i: 0 packets" "$said"
	done
	end_capture
	[ "$status" -eq 0 ]
}

# The same without watermarks, to show that they are the reason.
@test "a packet while hosts without watermarks are silent: waits for their packets" {
	make_hosts 5
	start_workers
	start_capture 'filter=udp&format=pcap' -hold "$forever"
	send_from 5 3 0 10.9.0.254 4711
	eventually counts_say 'h5: 3 packets, 0 written, 0 late'
	file_has 0
	local i
	for i in 1 2 3; do
		send_from "$i" 1 0 10.9.0.254 4711
	done
	eventually counts_say 'h3: 1 packets, 0 written, 0 late'
	file_has 0
	send_from 4 1 0 10.9.0.254 4711
	eventually file_has 3 src host 10.9.0.5
	end_capture
	[ "$status" -eq 0 ]
	file_has 7
}

@test "packets of five hosts: written in the order of time" {
	make_hosts 5
	start_workers
	start_capture 'filter=udp' -hold "$forever"
	local i senders=()
	for i in 1 2 3 4 5; do
		start_on "$i" "sender$i" "$TOOLS/udp_send" 3000 100 2000 \
			10.9.0.254 "471$i"
		senders+=("${started[-1]}")
	done
	wait "${senders[@]}"
	eventually file_has 15000
	is_in_order
	for i in 1 2 3 4 5; do
		numbers_are 3000 "471$i"
	done
	end_capture
	[ "$status" -eq 0 ]
	run ! grep -q "[1-9][0-9]* late" "$said"
}

@test "pcapng: every packet has its host and interface" {
	interface_of=([1]=eth0 [2]=wan0)
	make_hosts 2
	[ "$(on 1 cat /sys/class/net/eth0/ifindex)" -eq \
		"$(on 2 cat /sys/class/net/wan0/ifindex)" ]
	start_workers
	start_pcapng 'filter=udp' -hold "$forever"
	send_from 1 1 0 10.9.0.2 4711
	send_from 2 1 0 10.9.0.1 4712
	send_from 1 1 0 127.0.0.1 4713
	send_from 2 2 0 127.0.0.1 4714
	eventually file_has 7
	end_capture
	[ "$status" -eq 0 ]
	# 4 is what a host sent, 0 is what it got
	[ "$(fields udp.dstport frame.interface_name sll.pkttype)" = "$(
		printf '%s\t%s\t%s\n' 4711 h1:eth0 4 4711 h2:wan0 0 \
			4712 h2:wan0 4 4712 h1:eth0 0 4713 h1:lo 0 \
			4714 h2:lo 0 4714 h2:lo 0
	)" ]
	is_in_order
	tcpdump -nr "$merged" >/dev/null
	capinfos "$merged" >"$BATS_TEST_TMPDIR/info"
	grep -q "Description = h1:eth0, http://10.9.0.1.*/capture" \
		"$BATS_TEST_TMPDIR/info"
	[ "$(grep -c "Filter string = udp$" "$BATS_TEST_TMPDIR/info")" -ge 4 ]
}

@test "pcapng on stdout: tshark reads it live, with names" {
	make_hosts 2
	start_workers
	local targets
	targets_of 'filter=udp'
	start live ip netns exec "$hub" bash -c '"$@" | tshark -nl -i - \
		-T fields -e frame.interface_name -e udp.dstport' \
		bash "$DDUMP" -pcapng -hold "$forever" "${targets[@]}"
	eventually grep -q 'capturing on 2' "$BATS_TEST_TMPDIR/live.err"
	local i
	for i in 2 1 2; do
		send_from "$i" 1 0 10.9.0.254 "471$i"
		eventually grep -q "^h$i:eth0.471$i$" \
			"$BATS_TEST_TMPDIR/live.out"
	done
	live_has() {
		[ "$(cut -f 1 "$BATS_TEST_TMPDIR/live.out" | xargs)" = "$1" ]
	}
	eventually live_has "h2:eth0 h1:eth0 h2:eth0"
}

# adds_up HOST: are all packets of a target accounted for?
adds_up() {
	ask_counts
	tail -n $((hosts + 1)) "$said" | awk -v label="ddump: $1:" '
		index($0, label) == 1 {
			for (i = 1; i <= NF; i++) {
				if ($i == "packets,") packets = $(i - 1)
				if ($i == "written,") written = $(i - 1)
				if ($i == "received") received = $(i - 1)
				if ($i == "dropped") dropped = $(i - 1)
			}
		}
		END { exit !(dropped > 0 && written == packets &&
			packets + dropped == received) }'
}

@test "dropped packets: a warning, counted in the report and in capinfos" {
	make_hosts 2
	start_worker 1 env DDUMP_RING=2
	start_worker 2
	start_pcapng 'filter=udp'
	kill -STOP "$client"
	send_from 1 3000 0 127.0.0.1 4711 60000
	kill -CONT "$client"
	eventually grep -q 'warning: h1: [1-9][0-9]* packets dropped on that host' \
		"$said"
	send_from 2 10 0 127.0.0.1 4711
	eventually adds_up h1
	local before
	before=$(wc -l <"$said")
	end_capture
	[ "$status" -eq 2 ]
	tail -n +$((before + 1)) "$said" >"$BATS_TEST_TMPDIR/final"
	grep -q '^ddump: warning: h1: [1-9][0-9]* packets dropped on that host' \
		"$BATS_TEST_TMPDIR/final"
	grep -q '^ddump: h1: .* 3000 received by filter, [1-9][0-9]* dropped by kernel$' \
		"$BATS_TEST_TMPDIR/final"
	grep -q '^ddump: h2: 10 packets.* 10 received by filter, 0 dropped by kernel$' \
		"$BATS_TEST_TMPDIR/final"
	local dropped
	dropped=$(sed -n 's/.*h1: .*filter, \([0-9]*\) dropped by kernel.*/\1/p' \
		"$BATS_TEST_TMPDIR/final")
	comments | grep -q "h1: $dropped packets dropped by kernel\"*$"
	comments | run ! grep -q "h2: .*packets"
	[ "$(fields frame.comment |
		grep -c 'h1: [1-9][0-9]* packets dropped on that host')" -eq 1 ]
	file_has $((3000 - dropped + 10))
}

@test "packets dropped while the worker was stopped: the warning names both causes" {
	local child
	make_hosts 1
	start_worker 1 env DDUMP_RING=2
	start_capture 'filter=udp'
	child=$(pgrep -P "${workers[1]}")
	stop "$child"
	send_from 1 300 0 127.0.0.1 4711 60000
	kill -CONT "$child"
	eventually grep -q 'warning: h1: [1-9][0-9]* packets dropped on that host, because they came faster than the worker or the network could send them; try a narrower -filter' \
		"$said"
	end_capture
	[ "$status" -eq 2 ]
}

# The parts of a file's packets to compare, in any order.
content_of() {
	tshark -n -r "$1" -T fields -e frame.time_epoch -e frame.len \
		-e frame.cap_len -e eth.dst -e eth.type 2>/dev/null | sort
}

@test "pcap streams and pcapng files of all kinds: merged into one file" {
	local files name targets=() data=$BATS_TEST_DIRNAME/../data/pcapng
	mkdir "$BATS_TEST_TMPDIR/files"
	serve
	serve_files
	# Ethernet, all within the same seconds
	for name in "" "&nano=1" "&swap=1" "&nano=1&swap=1"; do
		targets+=("s${#targets[@]}=$url/stream?id=${#targets[@]}&linktype=1&packets=300$name")
	done
	for name in tsresol-3 tsresol-6 tsoffset-positive packet-options \
		sections-of-both-orders old-packets interfaces-many \
		stamps-of-two-clocks tsresol-binary-20; do
		cp "$data/good-$name-little" "$data/good-$name-big" \
			"$BATS_TEST_TMPDIR/files/"
		targets+=("$name-l=$files/good-$name-little"
			"$name-b=$files/good-$name-big")
	done
	for name in "${targets[@]}"; do
		curl -sS -o "$BATS_TEST_TMPDIR/in-${name%%=*}" "${name#*=}"
	done
	for name in "$BATS_TEST_TMPDIR"/in-*; do
		content_of "$name"
	done | sort >"$BATS_TEST_TMPDIR/expected"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/expected")" -eq 1238 ]
	for name in merged.pcapng merged.pcap; do
		merge -hold "$patient" -w "$BATS_TEST_TMPDIR/$name" \
			"${targets[@]}"
		[ "$status" -eq 0 ]
		run ! grep -q '[1-9][0-9]* late' "$said"
		merged=$BATS_TEST_TMPDIR/$name
		is_in_order
		content_of "$merged" | diff "$BATS_TEST_TMPDIR/expected" -
		tcpdump -nr "$merged" >/dev/null
	done
}
