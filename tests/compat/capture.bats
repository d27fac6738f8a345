#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# One client and one worker of different versions: captures, counters, errors,
# and reports are the same as within one version.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load ../system/helpers
load ../system/client
load ../system/hosts
load ../system/ssh
load compat
bats_require_minimum_version 1.5.0

# Sixty datagrams of several sizes, in three directions.
send_sixty() {
	send_from 2 20 0 10.9.0.1 4711
	send_from 1 20 0 10.9.0.2 4711 1400
	send_from 1 20 0 127.0.0.1 4711 10
}

# capture_by_all SUFFIX QUERY [OPTION...]: each client captures from each worker
# on the first host, all at once, into CLIENT-WORKER.SUFFIX.
capture_by_all() {
	local name clients=()
	for name in old-8475 old-8476 new-8475 new-8476; do
		merged=$BATS_TEST_TMPDIR/$name.$1
		start "$name" ip netns exec "$hub" \
			"${folder_of[${name%-*}]}/ddump" -w "$merged" "${@:3}" \
			"h1=http://10.9.0.1:${name#*-}/capture?$2"
		clients+=("${started[-1]}")
		eventually test -s "$merged"
	done
	send_sixty
	for merged in "$BATS_TEST_TMPDIR"/*-847*."$1"; do
		eventually file_has "${wanted:-60}"
	done
	kill -INT "${clients[@]}"
	for name in "${clients[@]}"; do
		wait "$name"
	done
}

# all_agree SUFFIX COMMAND: its output is the same for all four files.
all_agree() {
	local name reference=$BATS_TEST_TMPDIR/reference
	"$2" "$BATS_TEST_TMPDIR/old-8475.$1" >"$reference"
	for name in old-8476 new-8475 new-8476; do
		"$2" "$BATS_TEST_TMPDIR/$name.$1" | diff "$reference" -
	done
	rm "$BATS_TEST_TMPDIR"/*-847*."$1"
}

@test "pcap, every pair of versions: the same packets, bytes, and timestamps" {
	local query
	make_hosts 2
	start_old_and_new
	for query in precision=micro precision=nano linktype=sll2 snaplen=60; do
		capture_by_all pcap "format=pcap&filter=udp+port+4711&$query"
		all_agree pcap packets_of
	done
}

@test "pcapng, every pair of versions: the same packets and interfaces" {
	local query
	make_hosts 2
	start_old_and_new
	for query in snaplen=262144 snaplen=60 linktype=sll2; do
		capture_by_all pcapng "filter=udp+port+4711&$query"
		all_agree pcapng named_packets_of
	done
}

@test "the options of the client: the same effect on both workers" {
	make_hosts 2
	start_old_and_new
	local wanted=40
	capture_by_all pcapng "" -filter 'udp port 4711' -s 60 -i eth0
	all_agree pcapng named_packets_of
	wanted=60
	capture_by_all pcap "" -filter 'udp port 4711' -i eth0 -i lo
	all_agree pcap packets_of
}

# What the new client asks for by itself, it leaves out; what the user asks for, it
# does not.
@test "-i and -linktype native, an old worker: a warning, and advice to upgrade" {
	need ssh
	need sshd
	make_hosts 1
	DDUMP=${folder_of[new]}/ddump
	start_version old 1
	start_into one.pcapng -i eth0 'h1=10.9.0.1?filter=udp'
	grep -q "warning: h1: promiscuous mode is off, because ddump-worker there is too old" "$said"
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5
	end_capture
	[ "$status" -eq 0 ]
	run_client two.pcapng -linktype native -i eth0 h1=10.9.0.1
	[ "$status" -eq 1 ]
	grep -q 'h1: HTTP status 400: linktype: "native" .*of version 0.1 .*upgrade' "$said"
	isolated=(ip netns exec "$hub-1")
	make_keys
	start_sshd
	under=("${isolated[@]}")
	start_merge -ssh "ssh -F $keys/config" -i lo -w "$BATS_TEST_TMPDIR/three.pcapng" \
		'ssh://fleet1?filter=udp'
	merged=$BATS_TEST_TMPDIR/three.pcapng
	eventually test -s "$merged"
	grep -q "warning: fleet1: promiscuous mode is off" "$said"
	send_from 1 5 0 127.0.0.1 4711
	eventually file_has 5
	end_capture
	[ "$status" -eq 0 ]
	rm -rf "$keys"
}

@test "-payload with the old worker: rejected, so no payload is captured in silence" {
	make_hosts 1
	start_old_and_new
	run ip netns exec "$hub" timeout 20 "${folder_of[new]}/ddump" -payload 0 -duration 1 \
		-i eth0 -w "$BATS_TEST_TMPDIR/old.pcap" 10.9.0.1:8475
	[ "$status" -eq 1 ]
	[[ "$output" == *payload* ]]
	[ ! -s "$BATS_TEST_TMPDIR/old.pcap" ]
	run ip netns exec "$hub" timeout 20 "${folder_of[new]}/ddump" -payload 0 -duration 1 \
		-w "$BATS_TEST_TMPDIR/new.pcap" 10.9.0.1:8476
	[ "$status" -eq 0 ]
}

@test "/interfaces: the new worker reports everything that the old one did" {
	make_hosts 1
	start_old_and_new
	on hub curl -gsSf http://10.9.0.1:8475/interfaces >"$BATS_TEST_TMPDIR/old"
	on hub curl -gsSf http://10.9.0.1:8476/interfaces >"$BATS_TEST_TMPDIR/new"
	jq -e 'map(.name) == ["lo", "eth0"]' "$BATS_TEST_TMPDIR/old"
	# the new version may have more fields
	jq -n -e --slurpfile old "$BATS_TEST_TMPDIR/old" \
		--slurpfile new "$BATS_TEST_TMPDIR/new" '
		[$old[0], $new[0]] | transpose | all(.[0] as $before |
			$before == (.[1] | with_entries(
				select(.key | in($before)))))'
}

# A slow reader: its packets and drops add up to the packets that its kernel
# received.
counts_add_up() {
	local packets received dropped
	make_hosts 1
	start_versions -ring 2
	start_capture_into merged.pcapng filter=udp
	kill -STOP "$client"
	send_from 1 3000 0 127.0.0.1 4711 60000
	kill -CONT "$client"
	eventually arrives_from 1 4712
	# a worker that is terminated sends its last counters
	kill "${workers[1]}"
	await_client
	[ "$status" -eq 2 ]
	packets=$(tcpdump -nr - <"$merged" 2>/dev/null | wc -l)
	read -r _ received dropped _ < <(
		"$TOOLS/watermarks" -print -partial <"$merged" |
			grep '^counts' | tail -n 1
	)
	echo "$packets packets, $received received, $dropped dropped"
	[ "$dropped" -gt 0 ]
	[ $((packets + dropped)) -eq "$received" ]
	grep -q "h1: .*[^0-9]${dropped}[^0-9]" "$said"
	comments | grep -q "h1: .*$dropped"
}

@test "counters: received is written plus dropped" {
	both_ways counts_add_up
}

# Each of these captures ends normally, and no more packets are written.
ends_are_complete() {
	local format target
	make_hosts 1
	start_versions
	start_on 1 sender "$TOOLS/udp_send" 1000000 100 200 10.9.0.254 4711
	for format in pcap pcapng; do
		target="10.9.0.1:8475/capture?filter=udp&format=$format"
		run_client "c.$format" -c 5 "$target"
		[ "$status" -eq 0 ]
		file_has 5
		run_client "duration.$format" -duration 1 "$target"
		[ "$status" -eq 0 ]
		run_client "count.$format" "$target&count=5"
		[ "$status" -eq 0 ]
		file_has 5
		run_client "duration.$format" "$target&duration=1"
		[ "$status" -eq 0 ]
	done
}

@test "-c, -duration, count=, and duration=: the capture ends as complete" {
	both_ways ends_are_complete
}

# cut_is_reported FORMAT KILL-COMMAND...
cut_is_reported() {
	make_hosts 2
	start_versions
	start_capture_into merged.pcapng "filter=udp&format=$1" -hold 100
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	"${@:2}"
	eventually grep -q 'h2: ' "$said"
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 8
	end_capture
	[ "$status" -eq 2 ]
	file_has 3 udp port 4712
	comments | grep -q 'h2: '
}

terminate_worker() {
	kill "${workers[2]}"
}

@test "a stream that is cut: reported, and the other one continues" {
	local format
	for format in pcap pcapng; do
		both_ways cut_is_reported "$format" kill_worker 2
		both_ways cut_is_reported "$format" terminate_worker
	done
}

# is_refused STATUS PATH: the client ends and writes nothing, and shows the
# message with the worker's reason.
is_refused() {
	local sentence=$BATS_TEST_TMPDIR/sentence url=http://10.9.0.1:8475$2
	[ "$(on hub curl -gsS -o "$sentence" -w '%{http_code}' "$url")" = "$1" ]
	grep -q '[a-z]' "$sentence"
	run_client refused.pcapng "h1=$url"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -qF -- "$(cat "$sentence")" "$said"
	grep -q "h1: .*$1" "$said"
}

refusals_arrive() {
	make_hosts 1
	start_versions -max-duration 60 -max-snaplen 100 -interface eth0
	is_refused 400 '/capture?filter=tcp+prot'
	is_refused 400 '/capture?filtre=icmp'
	is_refused 403 '/capture?duration=61'
	is_refused 403 '/capture?snaplen=101'
	is_refused 403 '/capture?interface=lo'
	is_refused 404 /nowhere
}

@test "the message of a 400, 403, or 404: shown" {
	both_ways refusals_arrive
}

too_many_are_refused() {
	make_hosts 1
	start_versions -max-clients 1
	start_into first.pcap '10.9.0.1?filter=icmp'
	is_refused 503 '/capture?filter=icmp'
	kill -0 "$client"
}

@test "the message of a 503: shown, and the first capture continues" {
	both_ways too_many_are_refused
}

# The worker is 3 s behind. The times that it sends let -align correct that.
clock_is_corrected() {
	make_hosts 2
	start_version "$worker_version" 1
	runner=(env LD_PRELOAD="$BUILD/tests/preload/clock_shift.so"
		DDUMP_TEST_SHIFT=-3)
	start_version "$worker_version" 2
	runner=()
	start_into merged.pcapng -align \
		'h1=http://10.9.0.1?filter=udp+port+4711' \
		'h2=http://10.9.0.2?filter=udp+port+4712'
	exchange_datagrams
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields udp.dstport | xargs)" = "4711 4712 4711 4712 4711 4712" ]
	is_in_order
}

@test "-align: corrects the clock of a worker of the other version" {
	both_ways clock_is_corrected
}

# The stream goes through sshd on the same host; it does not capture itself.
ssh_reaches_it() {
	make_hosts 1
	start_versions
	isolated=(ip netns exec "$hub-1")
	make_keys
	start_sshd
	under=("${isolated[@]}")
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	start_merge -ssh "ssh -F $keys/config" -w "$BATS_TEST_TMPDIR/merged.pcapng" \
		ssh://fleet1
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	eventually test -s "$merged"
	send_from 1 20 0 127.0.0.1 4711
	eventually file_has 20 udp port 4711
	end_capture
	[ "$status" -eq 0 ]
	file_has 0 tcp
	merge -ssh "ssh -F $keys/config" 'ssh://fleet1?filter=tcp+prot'
	[ "$status" -eq 1 ]
	grep -q 'fleet1: .*400' "$said"
	rm -rf "$keys"
}

@test "ssh://: reaches a worker of the other version" {
	need ssh
	need sshd
	both_ways ssh_reaches_it
}
