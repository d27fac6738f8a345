#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths of hosts whose clocks differ and drift, and -align-traffic.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

setup() {
	need_capture_tools
	need jq
	need ping
	report=$BATS_TEST_TMPDIR/report.json
	merged=$BATS_TEST_TMPDIR/merged.pcapng
}

# start_shifted HOST SHIFT: a worker whose clock is off by that, as clock_shift.c has it.
start_shifted() {
	local library=$BUILD/tests/preload/clock_shift.so
	if [ ! -e "$library" ]; then
		need cc
		library=$BATS_TEST_TMPDIR/clock_shift.so
		cc -D_GNU_SOURCE -fPIC -shared -o "$library" \
			"$BATS_TEST_DIRNAME/../preload/clock_shift.c"
	fi
	start_worker "$1" env LD_PRELOAD="$library" DDUMP_TEST_SHIFT="$2"
}

# start_paths [OPTION]...: captures what host 1 and 2 exchange by ICMP.
start_paths() {
	local targets
	targets_of 'filter=icmp'
	at_bridge
	start_merge -paths -report "$report" -w "$merged" "$@" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 2
}

# ping_hosts COUNT INTERVAL: requests of host 1 to host 2.
ping_hosts() {
	on 1 ping -q -c "$1" -i "$2" 10.9.0.2
}

# counts_say_packets COUNT: has each host sent that many packets?
have_come() {
	ask_counts && [ "$(tail -n 3 "$said" | grep -c "h[12]: $1 packets")" -eq 2 ]
}

# stretch FROM TO EXPRESSION: of a stretch in the report.
stretch() {
	jq -r --arg from "$1" --arg to "$2" ".paths.stretches[] |
		select((.from | startswith(\$from)) and (.to | startswith(\$to))) | $3" "$report"
}

@test "clocks 3 s apart, without -align: packets are paired, none is lost" {
	make_hosts 2
	start_worker 1
	start_shifted 2 3
	start_paths
	ping_hosts 50 0.01
	eventually have_come 100
	end_capture
	[ "$status" -eq 0 ]
	[ "$(stretch h1 h2 .packets_passed)" -eq 50 ]
	[ "$(stretch h1 h2 .packets_lost)" -eq 0 ]
	[ "$(stretch h2 h1 .packets_passed)" -eq 50 ]
	[ "$(stretch h1 h2 .delay_count)" -eq 50 ]
	run ! grep -q 'are not paired' "$said"
}

# Does each packet arrive after it was sent, of those from a number of seconds after the first
# one on? The sights of a packet have one id; the host that it is from has sent it.
delays_are_positive() {
	fields frame.packet_id frame.interface_name ip.src frame.time_epoch | awk -v after="$1" '
		{
			host = substr($3, length($3))
			is_sender = $2 ~ ("^h" host)
			split($4, time, ".")
			start = start ? start : time[1]
			at[is_sender, $1] = (time[1] - start) * 1e9 + time[2]
			ids[$1]
		}
		END {
			for (id in ids) {
				if (!((0, id) in at) || !((1, id) in at) || at[1, id] < after * 1e9)
					continue
				delay = at[0, id] - at[1, id]
				least = count == 0 || delay < least ? delay : least
				negative += delay < 0
				count++
			}
			print count + 0 " delays, " negative + 0 " negative, the least " least " ns"
			exit negative > 0 || count < 100
		}'
}

# true_offset: the present offset of the clock of start_drifting, in ns.
true_offset() {
	awk -v now="$(date +%s.%N)" -v since="$since" 'BEGIN {
		printf "%.0f", 3e9 + (now - since) * 50000 }'
}

# Two hosts; the second one's clock is 3 s ahead, and drifts by 50 ppm.
make_drifting() {
	make_hosts 2
	since=$(date +%s)
	start_worker 1
	start_shifted 2 "3 50 $since"
}

@test "-align-traffic, clocks 3 s apart that drift by 50 ppm: delays are positive" {
	local since before after
	make_drifting
	start_paths -align-traffic
	ping_hosts 1000 0.01
	before=$(true_offset)
	ping_hosts 300 0.01
	after=$(true_offset)
	eventually have_come 2600
	end_capture
	[ "$status" -eq 0 ]
	delays_are_positive 12
	# the offset of the clocks, in one of the last windows
	jq -e --argjson before "$((before - 100000))" --argjson after "$after" \
		'.paths.clocks[0] | .offset_low_ns <= $after and .offset_high_ns >= $before and
		.offset_high_ns - .offset_low_ns < 1000000' "$report"
	[ "$(stretch h1 h2 .packets_lost)" -eq 0 ]
	[ "$(stretch h1 h2 .delay_min_ns)" -lt 1000000 ]
	[ "$(grep -c 'align-traffic: from now on, timestamps of h2 are corrected' "$said")" -eq 1 ]
	comments | grep -q 'h2: timestamps corrected by packets, compared with h1: by -3.0'
	# the order of each host's packets, and of all of them
	grep -q 'h1: 2600 packets, 2600 written, 0 late' "$said"
	grep -q 'h2: 2600 packets, 2600 written, 0 late' "$said"
}

@test "clocks nearly as far apart as the window, offsets unknown: a warning" {
	local library=$BUILD/tests/preload/clock_shift.so
	[ -e "$library" ] || skip "needs make"
	make_hosts 2
	at_bridge
	start_merge -paths -report "$report" -hold 2500 \
		"h1=exec:ip netns exec $hub-1 $WORKER -capture 'format=pcapng&filter=icmp'" \
		"h2=exec:ip netns exec $hub-2 env LD_PRELOAD=$library DDUMP_TEST_SHIFT=2 \
			$WORKER -capture 'format=pcapng&filter=icmp'"
	capturing_on 2
	ping_hosts 10 0.01
	eventually grep -q 'packets of h[12] and h[12] are up to 2.0 s apart, and beyond 2.5 s they are not paired; try a longer -hold' "$said"
	end_capture
	[ "$(grep -c 'are not paired' "$said")" -eq 1 ]
}

@test "targets with different filters: one warning with their names" {
	make_hosts 3
	start_workers
	at_bridge
	start_merge -paths -report "$report" -filter 'udp or icmp' \
		h1=http://10.9.0.1 'h2=http://10.9.0.2?filter=icmp' h3=http://10.9.0.3
	capturing_on 3
	grep -q 'the filter of h2 differs from that of h1, so packets may seem lost' "$said"
	end_capture
	start_merge -paths -report "$report" -filter icmp \
		h1=http://10.9.0.1 'h2=http://10.9.0.2?filter=icmp&interface=eth0'
	capturing_on 2
	run ! grep -q differs "$said"
	end_capture
}

@test "a router that sees the streams of other hosts: they are no endings" {
	make_hosts 2
	start_workers
	# on another port, because a worker leaves out its own one
	start_on hub worker "$WORKER" -listen 10.9.0.254:8476
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker.err"
	at_bridge
	start_merge -paths -report "$report" -w "$merged" -filter 'tcp port 8475' \
		h1=http://10.9.0.1 h2=http://10.9.0.2 r=http://10.9.0.254:8476
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 3
	eventually file_has_more_than 20
	end_capture
	[ "$status" -eq 0 ]
	# the router has captured both streams
	fields frame.interface_name | grep -q '^r:'
	[ "$(jq '[.paths.endings[].packets] | add // 0' "$report")" -eq 0 ]
	[ "$(jq '.paths.stretches | length' "$report")" -eq 0 ]
}

file_has_more_than() {
	[ "$(tcpdump -nr - <"$merged" 2>/dev/null | wc -l)" -gt "$1" ]
}
