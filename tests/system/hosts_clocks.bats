#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures of several hosts whose clocks differ or step, -align, and a step of
# the client's own clock.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

# Builds the library that shifts a process's clock, unless make has.
build_shift() {
	shift_library=$BUILD/tests/preload/clock_shift.so
	[ ! -e "$shift_library" ] || return 0
	need cc
	shift_library=$BATS_TEST_TMPDIR/clock_shift.so
	cc -D_GNU_SOURCE -fPIC -shared -o "$shift_library" \
		"$BATS_TEST_DIRNAME/../preload/clock_shift.c"
}

# make_shifted SECONDS [OPTION]...: two hosts; the second one's clock is off by
# that.
make_shifted() {
	build_shift
	make_hosts 2
	start_worker 1
	start_worker 2 env LD_PRELOAD="$shift_library" DDUMP_TEST_SHIFT="$1"
	local targets=('h1=http://10.9.0.1?filter=udp+port+4711'
		'h2=http://10.9.0.2?filter=udp+port+4712')
	shift
	at_bridge
	start_merge -w "$BATS_TEST_TMPDIR/merged.pcapng" "$@" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 2
}

# clock_of HOST: the reported offset of its clock, and the bound, in ms.
clock_of() {
	sed -nE "s/.*$1: clock is ([0-9.]+) s (behind|ahead).*\+-([0-9.]+) s.*/\1 \3/p" \
		"$said" | awk '{ print $1 * 1000, $2 * 1000 }'
}

# Is it about three seconds, with a correct bound of less than one second?
tells_three_seconds() {
	clock_of "$1" | awk '{
			off = $1 > 3000 ? $1 - 3000 : 3000 - $1
			good = off <= $2 + 0.01 && $2 < 1000
		}
		END { exit !(good && NR == 1) }'
}

@test "a clock 3 s behind: a warning with its bound, and the order is wrong" {
	make_shifted -3
	grep -q 'warning: h2: clock is .* s behind.*-align' "$said"
	run ! grep -q 'h1: clock' "$said"
	tells_three_seconds h2
	# request and reply, three times
	local i
	for i in 1 2 3; do
		send_from 1 1 0 10.9.0.2 4711
		send_from 2 1 0 10.9.0.1 4712
	done
	eventually counts_say 'h1: 3 packets'
	eventually counts_say 'h2: 3 packets'
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields udp.dstport | xargs)" = "4712 4712 4712 4711 4711 4711" ]
	grep -aqE 'clock [0-9.]+ s behind this one \(\+-[0-9.]+ s\)' "$merged"
	comments | grep -qE 'h2: clock [0-9.]+ s behind this one'
}

@test "-align: request and reply are in order, and the correction is reported" {
	make_shifted -3 -align
	tells_three_seconds h2
	grep -q 'h2: clock is .*corrected' "$said"
	local before
	exchange_datagrams
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields udp.dstport | xargs)" = "4711 4712 4711 4712 4711 4712" ]
	is_in_order
	grep -aqE 'clock [0-9.]+ s behind this one \(\+-[0-9.]+ s\); timestamps are corrected' \
		"$merged"
	# the last one has our time
	fields frame.time_epoch | awk -v before="$before" -v now="$(date +%s)" '
		END { exit $1 < before - 1 || $1 > now + 1 }'
}

@test "-align with a clock that is ahead: corrected, too" {
	make_shifted 3 -align -hold "$forever"
	tells_three_seconds h2
	local i before after=
	before=$(date +%s)
	for i in 1 2; do
		send_from 2 1 0 10.9.0.1 4712
		after=${after:-$(date +%s)}
		eventually file_has $((2 * i - 1))
		send_from 1 1 0 10.9.0.2 4711
		eventually file_has $((2 * i))
	done
	end_capture
	[ "$(fields udp.dstport | xargs)" = "4712 4711 4712 4711" ]
	# the first one has our time
	fields frame.time_epoch | awk -v before="$before" -v after="$after" '
		NR == 1 { exit $1 < before - 1 || $1 > after + 2 }'
}

# step SECONDS: sets the clock of a program under the library, from now on; in
# one write, because it may be read at any time.
step() {
	printf '%-20s' "$1" 1<>"$BATS_TEST_TMPDIR/steps"
}

# Both hosts send more packets, and all of them are written.
both_send() {
	sent=$((${sent:-0} + 20))
	send_from 1 20 0 10.9.0.254 4711
	send_from 2 20 0 10.9.0.254 4712
	eventually file_has "$sent" udp port 4711
	eventually file_has "$sent" udp port 4712
}

# The number of packets after a later one in the file.
count_late() {
	fields frame.time_epoch | awk '
		$1 < last { late++ }
		$1 > last { last = $1 }
		END { print late + 0 }'
}

# A capture of two hosts; step sets the second one's clock.
start_stepping() {
	build_shift
	make_hosts 2
	start_worker 1
	step 0
	start_worker 2 env LD_PRELOAD="$shift_library" \
		DDUMP_TEST_SHIFT="@$BATS_TEST_TMPDIR/steps"
	start_pcapng 'filter=udp' -hold 300
}

@test "a host's clock that steps: no packet is delayed or lost" {
	local seconds sent=0 late
	start_stepping
	for seconds in -7200 3600 0 -1 86400 -86400 0; do
		step "$seconds"
		both_send
	done
	end_capture
	[ "$status" -eq 0 ]
	grep -q "h1: $sent packets, $sent written.* 0 dropped" "$said"
	grep -q "h2: $sent packets, $sent written.* 0 dropped" "$said"
	grep -q 'warning: h2: clock was set back by 7[12][0-9][0-9]\.[0-9] s' "$said"
	grep -aq 'h2: clock was set back by 7' "$merged"
	run ! grep -q 'h1: clock was set' "$said"
	grep -q 'came too late to be in order; try a longer -hold, or check the clock of that host' "$said"
	# packets out of order are reported
	late=$(sed -n 's/.* written, \([0-9]*\) late.*/\1/p' "$said" |
		awk '{ sum += $1 } END { print sum }')
	[ "$late" -gt 0 ]
	[ "$late" -eq "$(count_late)" ]
}

@test "a clock that steps all the time: five warnings" {
	local i sent=0
	start_stepping
	# more than that, because some steps follow each other too fast to be
	# reported
	for ((i = 1; i < 10; i++)); do
		step $((i % 2 * 3600))
		both_send
		sleep 1.3
	done
	end_capture
	[ "$status" -eq 0 ]
	[ "$(grep -c 'h2: clock was set' "$said")" -eq 5 ]
	[ "$(comments | grep -o 'h2: clock was set' | wc -l)" -eq 5 ]
	[ "$(fields frame.comment | grep -o 'h2: clock was set' | wc -l)" -eq 5 ]
	grep -aq 'timestamps of the new time; further steps are not reported' "$merged"
}

# No packet has been captured yet that shows how old a packet may be.
@test "a clock that steps back before the first packet: no packet is lost" {
	build_shift
	make_hosts 1
	step 0
	start_worker 1 env LD_PRELOAD="$shift_library" \
		DDUMP_TEST_SHIFT="@$BATS_TEST_TMPDIR/steps"
	start_capture 'filter=udp&format=pcap' -hold 100
	step -7200
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5
	end_capture
	[ "$status" -eq 0 ]
}

@test "the client's own clock steps: no packet is delayed or out of order" {
	local seconds sent=0
	build_shift
	make_hosts 2
	start_workers
	step 0
	local targets
	targets_of 'filter=udp'
	at_bridge
	under+=(env LD_PRELOAD="$shift_library"
		DDUMP_TEST_SHIFT="@$BATS_TEST_TMPDIR/steps")
	start_merge -hold "$forever" -duration 3600 -status \
		-w "$BATS_TEST_TMPDIR/merged.pcapng" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 2
	for seconds in 0 -1 7200 0 -7200 86400 -86400 0; do
		step "$seconds"
		both_send
	done
	end_capture
	[ "$status" -eq 0 ]
	grep -q "h1: $sent packets, $sent written, 0 late.* 0 dropped" "$said"
	grep -q "h2: $sent packets, $sent written, 0 late.* 0 dropped" "$said"
	run ! grep -q 'clock was set' "$said"
	is_in_order
}
