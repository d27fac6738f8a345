#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures of several hosts that go away, return, or send nothing: -retry, the
# warnings, and the notes in the pcapng file.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

# h1 sends 1200 datagrams to port 4711; h2 sends more than that to port 4712,
# for longer than the test takes.
start_traffic() {
	start_on 1 good "$TOOLS/udp_send" 1200 100 300 10.9.0.254 4711
	good=${started[-1]}
	start_on 2 bad "$TOOLS/udp_send" 20000 100 300 10.9.0.254 4712
}

has_some() {
	! file_has 0 "$@"
}

@test "-retry, a worker dies and returns: no packet of the others is lost" {
	make_hosts 2
	start_workers
	start_pcapng 'filter=udp' -retry -hold "$forever"
	local good
	start_traffic
	eventually has_some udp port 4711
	eventually has_some udp port 4712
	kill_worker 2
	eventually grep -q '^ddump: .*h2: .*reconnecting' "$said"
	start_worker 2
	eventually grep -q '^ddump: .*h2: reconnected; packets from .* are missing' \
		"$said"
	send_from 2 5 0 10.9.0.254 4713
	eventually file_has 5 udp port 4713
	wait "$good"
	eventually file_has 1200 udp port 4711
	end_capture
	[ "$status" -eq 2 ]
	numbers_are 1200 4711
	is_in_order
	grep -q '^ddump: h1: 1200 packets, 1200 written, 0 late' "$said"
	grep -q '^ddump: h2: .* 0 late.*outages' "$said"
	# only the packet after the jump of the numbers has the comment
	tshark -n -r "$merged" -Y 'udp.dstport == 4712' -T fields \
		-e udp.payload -e frame.comment 2>/dev/null |
		cut -f 1 | cut -c -8 >"$BATS_TEST_TMPDIR/numbers"
	local place
	place=$(while read -r number; do
		echo $((16#$number))
	done <"$BATS_TEST_TMPDIR/numbers" |
		awk 'NR > 1 && $1 != last + 1 { print NR } { last = $1 }')
	[[ "$place" =~ ^[0-9]+$ ]]
	tshark -n -r "$merged" -Y 'udp.dstport == 4712' -T fields \
		-e frame.comment 2>/dev/null |
		awk 'length() { print NR ":" $0 }' >"$BATS_TEST_TMPDIR/gaps"
	cat "$BATS_TEST_TMPDIR/gaps"
	grep -qE "^$place:(.*,)?h2: no packets from [0-9T:.-]+ to [0-9T:.-]+ UTC: " \
		"$BATS_TEST_TMPDIR/gaps"
	[ "$(fields frame.comment | grep -c 'h2: no packets from')" -eq 1 ]
	# the loss is on the packet that was written next, of any host
	[ "$(fields frame.comment | grep -c 'h2: no packets since .*; reconnecting')" -eq 1 ]
	[ "$(fields frame.comment | grep -c .)" -le 2 ]
	comments | grep -qE 'h2: no packets from [0-9T:.-]+ to [0-9T:.-]+ UTC: '
}

@test "-retry, a target is lost twice: both outages are reported" {
	make_hosts 2
	start_workers
	start_pcapng 'filter=udp' -retry -hold "$forever"
	local i
	for i in 1 2; do
		send_from 2 3 0 10.9.0.254 4712
		eventually file_has $((3 * i)) udp port 4712
		kill_worker 2
		# a long outage also has messages about refused connections
		eventually said_times "$i" 'h2: the stream was cut.*reconnecting'
		# the other target does not wait for one that is away
		send_from 1 1 0 10.9.0.254 4711
		eventually file_has "$i" udp port 4711
		start_worker 2
		eventually said_times "$i" 'h2: reconnected'
	done
	send_from 2 1 0 10.9.0.254 4712
	eventually file_has 7 udp port 4712
	end_capture
	[ "$status" -eq 2 ]
	[ "$(comments | grep -o 'h2: no packets from' | wc -l)" -eq 2 ]
	[ "$(fields frame.comment | grep -c 'h2: no packets from')" -eq 2 ]
	[ "$(fields frame.interface_name frame.comment |
		grep -c '^h1:eth0.*h2: no packets since .*; reconnecting')" -eq 2 ]
}

said_times() {
	[ "$(grep -c "$2" "$said")" -eq "$1" ]
}

@test "an interface that is renamed: still captured, with its old name" {
	make_hosts 1
	start_workers
	start_pcapng 'filter=udp&interface=eth0'
	send_from 1 1 0 10.9.0.254 4711
	eventually file_has 1
	on 1 ip link set eth0 down
	on 1 ip link set eth0 name new0
	on 1 ip link set new0 up
	send_from 1 2 0 10.9.0.254 4711
	eventually file_has 3
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields frame.interface_name | sort | uniq -c | xargs)" = "3 h1:eth0" ]
	merge -require any 'http://10.9.0.1?interface=eth0'
	[ "$status" -eq 1 ]
	grep -q '"eth0" does not exist' "$said"
}

# Its request was accepted once, so a rejection now may be temporary.
@test "-retry, an interface is removed and returns: captured again" {
	make_hosts 1
	on 1 ip link add br9 type bridge
	start_workers
	start_capture 'interface=br9' -retry
	on 1 ip link del br9
	eventually grep -q 'h1: HTTP status 400: interface: "br9" does not exist.*reconnecting' \
		"$said"
	on 1 ip link add br9 type bridge
	eventually grep -q 'h1: reconnected' "$said"
	end_capture
	[ "$status" -eq 2 ]
	grep -q "h1: the stream was cut.*; the worker's journal may have the cause" \
		"$said"
}

@test "-retry, a target does not return: the outage is in the file" {
	need editcap
	make_hosts 2
	start_workers
	start_pcapng 'filter=udp' -retry -hold "$forever"
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	kill_worker 2
	eventually grep -q 'h2: .*reconnecting' "$said"
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5 udp port 4711
	end_capture
	[ "$status" -eq 2 ]
	comments | grep -qE 'h2: no packets since [0-9T:.-]+ UTC: '
	file_has 8
	# this loses the end of a file
	editcap "$merged" "$BATS_TEST_TMPDIR/copy"
	merged=$BATS_TEST_TMPDIR/copy
	comments | grep -qE 'h1: clock [0-9.]+ s '
	comments | run ! grep -q 'no packets since'
	[ "$(fields udp.dstport frame.comment |
		grep -c '^4711.*h2: no packets since .*; reconnecting')" -eq 1 ]
}

# The first target is paused, because the reader takes nothing.
@test "a target that sends nothing for long: a warning, and another when it resumes" {
	local child targets
	make_hosts 3
	start_workers
	targets_of 'filter=udp'
	at_bridge
	start_reader
	start_merge -hold "$forever" "${targets[@]}"
	capturing_on 3
	kill -STOP "$reader"
	send_from 1 600 0 127.0.0.1 4711 60000
	child=$(pgrep -P "${workers[2]}")
	stop "$child"
	eventually grep -qE '^ddump: warning: h2: no data since [0-9T:.-]+ UTC; packets of other targets are delayed by up to -hold$' \
		"$said"
	kill -CONT "$child"
	eventually grep -q '^ddump: warning: h2: data resumed$' "$said"
	[ "$(grep -cE 'no data|data resumed' "$said")" -eq 2 ]
}

# last_is_missing HOST...: the loss is reported everywhere, of these hosts only.
last_is_missing() {
	local host
	[ "$status" -eq 2 ]
	for host in "$@"; do
		grep -qE "^ddump: warning: $host: packets captured after [0-9T:.-]+ UTC did not arrive before the end, and are missing$" \
			"$said"
		comments | grep -qE "$host: packets captured after [0-9T:.-]+ UTC did not arrive before the end"
	done
	[ "$(grep -c 'did not arrive before the end' "$said")" -eq $# ]
}

@test "an interrupt while a target is silent: the loss is reported, exit 2" {
	make_hosts 2
	start_workers
	start_pcapng 'filter=udp' -hold 100
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	stop "$(pgrep -P "${workers[2]}")"
	send_from 1 5 0 10.9.0.254 4711
	send_from 2 5 0 10.9.0.254 4713
	eventually file_has 8
	# by now everything that h2 has sent is read
	sleep 1.2
	end_capture
	last_is_missing h2
	file_has 0 udp port 4713
}

@test "the end of -duration while a target is silent: its loss alone is reported" {
	make_hosts 3
	start_workers
	at_bridge
	start_merge -duration 4 -hold 100 -w "$BATS_TEST_TMPDIR/merged.pcapng" \
		'h1=http://10.9.0.1?filter=udp' 'h2=http://10.9.0.2?filter=udp' \
		'h3=http://10.9.0.3?filter=udp&duration=1'
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 3
	stop "$(pgrep -P "${workers[2]}")"
	started+=("$client")
	finish_merge
	last_is_missing h2
}

# More data in 6 s than the client's queue holds, no faster than it is sent.
@test "an interrupt while a target lags because of a slow reader: the loss is reported" {
	make_hosts 2
	start_workers
	start_reader -rate 100000
	start_capture 'filter=udp' -pcapng -hold 100
	send_from 2 600 100 127.0.0.1 4711 60000
	kill -INT "$client"
	eventually interrupt_taken "$client"
	kill -USR1 "$reader"
	await_client
	last_is_missing h2
}

@test "without -retry, a target ends: it is in the file, the others continue" {
	make_hosts 2
	start_workers
	start_pcapng 'filter=udp' -hold "$forever"
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	kill_worker 2
	eventually grep -q '^ddump: .*h2: .*cut' "$said"
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5 udp port 4711
	# it has returned, and gets no request
	start_worker 2
	send_from 2 3 0 10.9.0.254 4712
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 10 udp port 4711
	end_capture
	[ "$status" -eq 2 ]
	comments | grep -q 'h2: .*cut'
	run ! grep -q 'captures' "$BATS_TEST_TMPDIR/worker2.err"
	file_has 13
}

@test "a target that failed before the start: it is in the file" {
	make_hosts 2
	start_worker 1
	at_bridge
	start_merge -require any -w "$BATS_TEST_TMPDIR/merged.pcapng" \
		'h1=http://10.9.0.1?filter=udp' h2=http://10.9.0.2
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 1
	send_from 1 1 0 10.9.0.254 4711
	eventually file_has 1
	end_capture
	[ "$status" -eq 2 ]
	comments | grep -qi 'h2: .*refused'
}
