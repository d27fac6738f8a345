# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # WORKER and more come from helpers.bash
#
# Captures of the network of path_lab.bash, and what -paths reports of them.

# The connections of fetch have ended: nothing is on its way any more.
connections_are_over() {
	! has_connections client && ! has_connections server
}

# TIME-WAIT does not count.
has_connections() {
	local peers="dst $server_4 or dst [$server_6] or dst $client_4 or dst [$client_6]"
	at "$1" ss -Htn state connected exclude time-wait "$peers" | grep -q .
}

# start_lab_workers NAME...: a worker on each host, with a ring that a slow machine
# does not fill.
start_lab_workers() {
	local name
	for name in "$@"; do
		start_worker "${number_of[$name]}" env DDUMP_RING=32
	done
}

# lab_targets TARGET...: sets targets. A TARGET is a host of the lab, or NAME?QUERY.
lab_targets() {
	local target name
	targets=()
	for target in "$@"; do
		name=${target%%\?*}
		targets+=("$name=http://10.9.0.${number_of[$name]}/capture${target#"$name"}")
	done
}

# capture_lab NAME...: workers on these hosts, and a capture without -paths.
capture_lab() {
	local targets
	start_lab_workers "$@"
	lab_targets "$@"
	at_bridge
	start_merge -filter "$lab_filter" -w "$BATS_TEST_TMPDIR/merged.pcapng" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on $#
}

# Waits until all packets that were captured have been sent and read.
all_captured() {
	local before=
	eventually connections_are_over
	until [ -n "$before" ] && [ "$(received)" = "$before" ]; do
		before=$(received)
		sleep 0.5
	done
}

# The packets so far of each target, as SIGUSR1 reports them.
received() {
	ask_counts
	awk '$4 == "packets," { count[$2] = $3 } END { for (i in count) print i, count[i] }' "$said" |
		sort | xargs
}

# start_paths OPTION... -- TARGET...: a capture with -paths; the report comes to
# $report, and the packets to $merged.
start_paths() {
	local options=() targets
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	report=$BATS_TEST_TMPDIR/report.json
	at_bridge
	lab_targets "$@"
	start_merge -paths -filter "$lab_filter" -report "$report" \
		-w "$BATS_TEST_TMPDIR/merged.pcapng" "${options[@]}" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	eventually grep -q 'capturing on' "$said"
	settle
}

# A packet is lost only if the next capture ran for as long as a packet may take,
# before and after.
settle() {
	sleep 2.5
}

# Ends the capture when all that was sent has been captured.
end_paths() {
	all_captured
	settle
	end_capture
	cat "$BATS_TEST_TMPDIR/ddump.out"
	jq -c '.paths | .stretches |= map(del(.histogram)) | .stretches[], del(.stretches)' "$report"
}

# is_stretch FROM TO PASSED LOST: exactly these packets, and all are known.
is_stretch() {
	is "$1 > $2: passed" "$(stretch "$1" "$2" packets_passed)" "$3"
	is "$1 > $2: lost" "$(stretch "$1" "$2" packets_lost)" "$4"
	is "$1 > $2: not known" "$(doubts "$1" "$2")" 0
}

# arrived_at_server COUNT: that many packets, at least.
arrived_at_server() {
	[ $(($(counted server in_to_r1) + $(counted server in_to_r2))) -ge "$1" ]
}

# has_counted NAME COUNTER COUNT: that many packets, at least.
has_counted() {
	[ "$(counted "$1" "$2")" -ge "$3" ]
}

# data_counted NAME COUNTER [HEADERS]: the bytes of TCP's payload, if each packet
# has headers of that size: by default IPv4, TCP, and its timestamps.
data_counted() {
	echo $(($(counted "$1" "$2" bytes) - ${3:-52} * $(counted "$1" "$2")))
}

# data_seen PLACE DIRECTION: the same of what a place has in the file.
data_seen() {
	tshark -n -r "$merged" -Y "frame.interface_name == \"$1\" && sll.pkttype == $2" \
		-T fields -e tcp.len 2>/dev/null | awk '{ sum += $1 } END { print sum + 0 }'
}

# delays_in_file FROM DIRECTION TO DIRECTION: by the file, of the datagrams that
# have been seen at both places, in ns, the smallest first.
delays_in_file() {
	tshark -n -r "$merged" -T fields -e frame.interface_name -e sll.pkttype \
		-e udp.dstport -e udp.payload -e frame.time_epoch 2>/dev/null |
		awk -F '\t' -v from="$1 $2" -v to="$3 $4" '
			{ split($5, time, "."); key = $3 " " substr($4, 1, 8) }
			$1 " " $2 == from { second[key] = time[1]; ns[key] = time[2] }
			$1 " " $2 == to { to_second[key] = time[1]; to_ns[key] = time[2] }
			END {
				for (key in ns)
					if (key in to_ns) {
						seconds = to_second[key] - second[key]
						printf "%d\n", seconds * 1e9 + to_ns[key] - ns[key]
					}
			}' | sort -n
}

# has_in_file PLACE
has_in_file() {
	tshark -n -r "$merged" -Y "frame.interface_name == \"$1\"" -c 100000 \
		-T fields -e frame.number 2>/dev/null | grep -q .
}

# stretch FROM TO FIELD: the sum of a field over the stretches between two
# places, such as client:to_r1 and r1:to_client.
stretch() {
	jq --arg from "$1" --arg to "$2" \
		"[.paths.stretches[] | select(.from == \$from and .to == \$to) | .$3] | add // 0" \
		"$report"
}

# in_all FIELD: the sum of a field over all stretches.
in_all() {
	jq "[.paths.stretches[] | .$1] | add // 0" "$report"
}

# doubts FROM TO: the packets of a stretch of which nothing is known.
doubts() {
	stretch "$1" "$2" 'packets_not_known | add'
}

# doubts_after FROM: the same of all that was seen there, whatever the next place.
doubts_after() {
	jq --arg from "$1" '[.paths.stretches[] | select(.from == $from) |
		.packets_not_known | add] | add // 0' "$report"
}

# is WHAT ONE OTHER: prints both if they differ.
is() {
	[ "$2" = "$3" ] || {
		echo "$1: $2, expected $3"
		return 1
	}
}

# is_within BOUND ONE OTHER
is_within() {
	[ "$(($2 > $3 ? $2 - $3 : $3 - $2))" -le "$1" ] || {
		echo "$2, expected $3 +-$1"
		return 1
	}
}

# No loss is reported but on the stretches FROM>TO of the arguments.
no_loss_but() {
	local known
	known=$(printf '%s\n' "$@" | jq -R . | jq -s .)
	jq -e --argjson known "$known" '[.paths.stretches[]
		| select(.packets_lost != 0 or .bytes_lost != 0)
		| select(("\(.from)>\(.to)" as $name | $known | index($name)) == null)]
		| if . == [] then true else (. | tostring | halt_error) end' "$report"
}

# seen PLACE DIRECTION [FILTER]: the packets that a place has in the file.
# DIRECTION is 0 (in), or 4 (out).
seen() {
	tshark -n -r "$merged" -Y "frame.interface_name == \"$1\" &&
		sll.pkttype == $2 ${3:+&& ($3)}" -T fields -e frame.number 2>/dev/null | wc -l
}
