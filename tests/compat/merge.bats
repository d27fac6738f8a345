#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Hosts that are upgraded one by one: workers of both versions in one capture, and
# workers that are replaced while it runs.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load ../system/helpers
load ../system/client
load ../system/hosts
load compat
bats_require_minimum_version 1.5.0

# The first host has the old worker, the second one the new worker.
make_mixed_hosts() {
	make_hosts 2
	start_version old 1
	start_version new 2
}

# These packets can only be written because of the silent worker's watermarks.
silence_delays_nothing() {
	local i
	make_mixed_hosts
	start_capture_into merged.pcapng filter=udp -hold "$forever"
	for ((i = 1; i <= 5; i++)); do
		send_from 2 1 0 10.9.0.254 4711
		eventually file_has "$i"
	done
	for ((i = 6; i <= 10; i++)); do
		send_from 1 1 0 10.9.0.254 4711
		eventually file_has "$i"
	done
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields frame.interface_name | uniq -c | xargs)" = \
		"5 h2:eth0 5 h1:eth0" ]
}

@test "a silent worker of one version: does not delay one of the other" {
	by_each_client silence_delays_nothing
}

# start_senders COUNT: both hosts send that many, to ports 4711 and 4712.
start_senders() {
	local i
	for i in 1 2; do
		start_on "$i" "sender$i" "$TOOLS/udp_send" "$1" 100 2000 \
			10.9.0.254 "471$i"
	done
}

# All packets of both, in the order of time.
is_complete() {
	numbers_are "$1" 4711
	numbers_are "$1" 4712
	is_in_order
	file_has $((2 * $1))
}

order_is_exact() {
	make_mixed_hosts
	start_capture_into merged.pcapng filter=udp -hold "$forever"
	start_senders 3000
	eventually file_has 6000
	end_capture
	[ "$status" -eq 0 ]
	is_complete 3000
	[ "$(fields frame.interface_name | sort | uniq -c | xargs)" = \
		"3000 h1:eth0 3000 h2:eth0" ]
}

@test "packets of an old and a new worker: in the order of time" {
	by_each_client order_is_exact
}

# formats_mix OLD NEW: the formats of the two streams, which end by themselves.
formats_mix() {
	make_mixed_hosts
	start_into merged.pcapng -hold "$forever" \
		"h1=10.9.0.1?filter=udp&count=1000&format=$1" \
		"h2=10.9.0.2?filter=udp&count=1000&format=$2"
	start_senders 1000
	await_client
	[ "$status" -eq 0 ]
	is_complete 1000
}

@test "packets of an old and a new worker, pcap and pcapng: in the order of time" {
	by_each_client formats_mix pcap pcapng
	by_each_client formats_mix pcapng pcap
}

# worker_is_replaced VERSION: a worker of that version by one of the other.
worker_is_replaced() {
	make_hosts 2
	start_version new 1
	start_version "$1" 2
	start_capture_into merged.pcapng filter=udp -retry -hold "$forever"
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	kill_worker 2
	eventually grep -q 'h2: ' "$said"
	start_version "${other_than[$1]}" 2
	eventually arrives_from 2 4713
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5 udp port 4711
	end_capture
	[ "$status" -eq 2 ]
	is_in_order
	file_has 3 udp port 4712
	comments | grep -q 'h2: '
}

@test "-retry, a worker is replaced by the other version: captured again" {
	by_each_client worker_is_replaced old
	by_each_client worker_is_replaced new
}

# runs VERSION: the one process that captures on the first host runs that
# version, whatever file has its name now.
runs() {
	cmp "/proc/$1/exe" "${folder_of[$2]}/ddump-worker"
}

# captures_by_activation COUNT: that many workers run; the last one is $last.
captures_by_activation() {
	last=$(pgrep -n -P "$activator") && [ "$(pgrep -c -P "$activator")" -eq "$1" ]
}

# program_is_replaced VERSION: as a package manager does, by a new file under
# the same name. systemd starts it for each connection.
program_is_replaced() {
	local program=$BATS_TEST_TMPDIR/ddump-worker first last activator
	make_hosts 1
	cp "${folder_of[$1]}/ddump-worker" "$program"
	start_on 1 activator systemd-socket-activate -a --inetd -l 8475 "$program"
	activator=${started[-1]}
	eventually listens_on 1 8475
	start_into first.pcapng 'h1=10.9.0.1?filter=udp' -hold "$forever"
	first=$client
	eventually captures_by_activation 1
	runs "$last" "$1"
	cp "${folder_of[${other_than[$1]}]}/ddump-worker" "$program.new"
	mv "$program.new" "$program"
	mv "$said" "$BATS_TEST_TMPDIR/first.err"
	start_into second.pcapng 'h1=10.9.0.1?filter=udp' -hold "$forever"
	eventually captures_by_activation 2
	runs "$last" "${other_than[$1]}"
	send_from 1 20 0 10.9.0.254 4711
	for merged in "$BATS_TEST_TMPDIR"/{first,second}.pcapng; do
		eventually file_has 20
	done
	end_capture
	[ "$status" -eq 0 ]
	client=$first said=$BATS_TEST_TMPDIR/first.err
	end_capture
	[ "$status" -eq 0 ]
	diff <(named_packets_of "$BATS_TEST_TMPDIR/first.pcapng") \
		<(named_packets_of "$BATS_TEST_TMPDIR/second.pcapng")
}

@test "the worker's program is replaced during a capture: the capture continues" {
	need systemd-socket-activate
	by_each_client program_is_replaced old
	by_each_client program_is_replaced new
}
