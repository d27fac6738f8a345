#!/usr/bin/env bats
# Several hosts: exact order without waiting, where each packet comes from,
# clocks that differ, hosts that come and go, and what the user sees of it.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load fleet
bats_require_minimum_version 1.5.0

# Nothing but what targets tell may let a packet go.
forever=600000

setup() {
	need_root
	need tcpdump
	need tshark
	need capinfos
	need pgrep
	export HOME=$BATS_TEST_TMPDIR
}

teardown() {
	remove_fleet
}

# start_capture QUERY [OPTION]...: from all hosts, into $merged.
start_capture() {
	local targets
	targets_of "$1"
	shift
	at_bridge
	start_merge "$@" "${targets[@]}"
	capturing_on "$hosts"
}

# The same, into a file of pcapng.
start_pcapng() {
	start_capture "$@" -w "$BATS_TEST_TMPDIR/merged.pcapng"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
}

# Ends the client, whatever else was started after it.
end_capture() {
	kill -INT "$client"
	await_capture
}

await_capture() {
	local i others=()
	for i in "${started[@]}"; do
		[ "$i" = "$client" ] || others+=("$i")
	done
	started=("${others[@]}" "$client")
	finish_merge
}

# stop PROCESS: until somebody ends or continues it.
stop() {
	started+=("$1")
	kill -STOP "$1"
	eventually is_stopped "$1"
}

# The numbers of the datagrams to a port, as they were written.
numbers() {
	tshark -n -r "$merged" -Y "udp.dstport == $1" -T fields \
		-e udp.payload 2>/dev/null | cut -c -8
}

# numbers_are COUNT PORT: all of them, in their order.
numbers_are() {
	diff <("$TOOLS/udp_send" -print "$1" 100 0 | cut -c -8) <(numbers "$2")
}

is_in_order() {
	fields frame.time_epoch | sort -c
}

@test "a packet of one host passes four that are silent, at once" {
	make_fleet 5
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

# The same without watermarks shows what they are for.
@test "without watermarks it is held, until the others have spoken" {
	make_fleet 5
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

@test "packets of five hosts come out in the order of time" {
	make_fleet 5
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

@test "pcapng names host and interface of every packet" {
	interface_of=([1]=eth0 [2]=wan0)
	make_fleet 2
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
	grep -q "Description = http://10.9.0.1.*/capture" \
		"$BATS_TEST_TMPDIR/info"
	[ "$(grep -c "Filter string = udp$" "$BATS_TEST_TMPDIR/info")" -ge 4 ]
}

# One that is alone in its place stays out of the way of the other one.
@test "pcapng on stdout is read live by tshark, with names" {
	make_fleet 2
	start_workers
	local targets
	targets_of 'filter=udp'
	start live ip netns exec "$fleet" bash -c '"$@" | tshark -nl -i - \
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

# Are all packets of a target accounted for?
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

@test "drops are a warning, in the report, and in capinfos" {
	make_fleet 2
	start_worker 1 env DDUMP_RING=2
	start_worker 2
	start_pcapng 'filter=udp'
	kill -STOP "$client"
	send_from 1 3000 0 127.0.0.1 4711 60000
	kill -CONT "$client"
	eventually grep -q 'warning: h1: [1-9][0-9]* packets were dropped' \
		"$said"
	send_from 2 10 0 127.0.0.1 4711
	eventually adds_up h1
	local before
	before=$(wc -l <"$said")
	end_capture
	[ "$status" -eq 0 ]
	tail -n +$((before + 1)) "$said" >"$BATS_TEST_TMPDIR/final"
	grep -q '^ddump: warning: h1: [1-9][0-9]* packets were dropped' \
		"$BATS_TEST_TMPDIR/final"
	grep -q '^ddump: h1: .* 3000 received by filter, [1-9][0-9]* dropped by kernel' \
		"$BATS_TEST_TMPDIR/final"
	grep -q '^ddump: h2: 10 packets.* 10 received by filter, 0 dropped' \
		"$BATS_TEST_TMPDIR/final"
	local dropped
	dropped=$(sed -n 's/.*h1: .*filter, \([0-9]*\) dropped by kernel.*/\1/p' \
		"$BATS_TEST_TMPDIR/final")
	comments | grep -q "h1: $dropped packets dropped by kernel"
	comments | run ! grep -q "h2: "
	file_has $((3000 - dropped + 10))
}

@test "drops of a worker that stood still are not laid to the packets alone" {
	local child
	make_fleet 1
	start_worker 1 env DDUMP_RING=2
	start_capture 'filter=udp'
	child=$(pgrep -P "${workers[1]}")
	stop "$child"
	send_from 1 300 0 127.0.0.1 4711 60000
	kill -CONT "$child"
	eventually grep -q 'warning: h1: [1-9][0-9]* packets were dropped there, because they came faster than the worker ran or the network took them (a narrower -filter' \
		"$said"
	end_capture
	[ "$status" -eq 0 ]
}

# Builds the library that shifts a process's clock, unless make has.
build_shift() {
	shift_library=$BUILD/tests/preload/clock_shift.so
	[ ! -e "$shift_library" ] || return 0
	need cc
	shift_library=$BATS_TEST_TMPDIR/clock_shift.so
	cc -D_GNU_SOURCE -fPIC -shared -o "$shift_library" \
		"$BATS_TEST_DIRNAME/../preload/clock_shift.c"
}

# Two hosts, of which the second one's clock is so many seconds off.
make_shifted() {
	build_shift
	make_fleet 2
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

# What the client says of a host's clock: its offset and the bound, in ms.
clock_of() {
	sed -nE "s/.*$1: its clock is ([0-9.]+) s (behind|ahead).*\+-([0-9.]+) s.*/\1 \3/p" \
		"$said" | awk '{ print $1 * 1000, $2 * 1000 }'
}

# Is it about three seconds, with a bound that holds and is no excuse?
tells_three_seconds() {
	clock_of "$1" | awk '{
			off = $1 > 3000 ? $1 - 3000 : 3000 - $1
			good = off <= $2 + 0.01 && $2 < 1000
		}
		END { exit !(good && NR == 1) }'
}

@test "a clock that is 3 s behind is told, with a bound; the order is wrong" {
	make_shifted -3
	grep -q 'warning: h2: its clock is .* s behind.*-align' "$said"
	run ! grep -q 'h1: its clock' "$said"
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
}

@test "-align brings request and reply into order, and says so" {
	make_shifted -3 -align
	tells_three_seconds h2
	grep -q 'h2: its clock is .*corrected' "$said"
	local i before
	for i in 1 2 3; do
		# each is out before the next one is sent: that takes longer
		# than the clocks' uncertainty here, and no three seconds
		send_from 1 1 0 10.9.0.2 4711
		eventually file_has $((2 * i - 1))
		before=$(date +%s)
		send_from 2 1 0 10.9.0.1 4712
		eventually file_has $((2 * i))
	done
	end_capture
	[ "$status" -eq 0 ]
	[ "$(fields udp.dstport | xargs)" = "4711 4712 4711 4712 4711 4712" ]
	is_in_order
	grep -aqE 'clock [0-9.]+ s behind this one \(\+-[0-9.]+ s\); stamps are corrected' \
		"$merged"
	# the last one is of our time
	fields frame.time_epoch | awk -v before="$before" -v now="$(date +%s)" '
		END { exit $1 < before - 1 || $1 > now + 1 }'
}

@test "-align corrects a clock that is ahead, too" {
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
	# the first one is of our time
	fields frame.time_epoch | awk -v before="$before" -v after="$after" '
		NR == 1 { exit $1 < before - 1 || $1 > after + 2 }'
}

# step SECONDS: the clock of what runs under the library, from now on; in one
# write, as it is read in between.
step() {
	printf '%-20s' "$1" 1<>"$BATS_TEST_TMPDIR/steps"
}

# Both hosts send some more, and all there are of them get out.
both_send() {
	sent=$((${sent:-0} + 20))
	send_from 1 20 0 10.9.0.254 4711
	send_from 2 20 0 10.9.0.254 4712
	eventually file_has "$sent" udp port 4711
	eventually file_has "$sent" udp port 4712
}

# The packets that stand behind a later one in the file.
count_late() {
	fields frame.time_epoch | awk '
		$1 < last { late++ }
		$1 > last { last = $1 }
		END { print late + 0 }'
}

# A capture of two hosts, of which step sets the second one's clock.
start_stepping() {
	build_shift
	make_fleet 2
	start_worker 1
	step 0
	start_worker 2 env LD_PRELOAD="$shift_library" \
		DDUMP_TEST_SHIFT="@$BATS_TEST_TMPDIR/steps"
	start_pcapng 'filter=udp' -hold 300
}

@test "a host's clock that steps stalls nothing, and loses nothing" {
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
	grep -q 'warning: h2: its clock was set back by 7[12][0-9][0-9]\.[0-9] s' "$said"
	grep -aq 'h2: its clock was set back by 7' "$merged"
	run ! grep -q 'h1: its clock was set' "$said"
	grep -q 'came too late to be in order (a longer -hold helps, unless a clock is wrong or was set)' "$said"
	# what is out of order is told
	late=$(sed -n 's/.* written, \([0-9]*\) late.*/\1/p' "$said" |
		awk '{ sum += $1 } END { print sum }')
	[ "$late" -gt 0 ]
	[ "$late" -eq "$(count_late)" ]
}

@test "a clock that steps all the time is told of five times" {
	local i sent=0
	start_stepping
	# more than that, of which one may follow another too fast to be told
	for ((i = 1; i < 10; i++)); do
		step $((i % 2 * 3600))
		both_send
		sleep 1.3
	done
	end_capture
	[ "$status" -eq 0 ]
	[ "$(grep -c 'h2: its clock was set' "$said")" -eq 5 ]
	[ "$(grep -ac 'h2: its clock was set' "$merged")" -eq 5 ]
	grep -aq 'stamped by that; if it is set again, that is not told' "$merged"
}

# Nothing has been captured yet that shows how old a packet may be.
@test "a clock that steps back before the first packet loses none" {
	build_shift
	make_fleet 1
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

@test "our own clock that steps delays nothing, and disorders nothing" {
	local seconds sent=0
	build_shift
	make_fleet 2
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
	run ! grep -q 'its clock was set' "$said"
	is_in_order
}

# h1 sends 1200 datagrams to port 4711 and h2 more than that to port 4712, for
# as long as the test may take.
start_traffic() {
	start_on 1 good "$TOOLS/udp_send" 1200 100 300 10.9.0.254 4711
	good=${started[-1]}
	start_on 2 bad "$TOOLS/udp_send" 20000 100 300 10.9.0.254 4712
}

has_some() {
	! file_has 0 "$@"
}

@test "-retry: a worker that dies and comes back costs the others nothing" {
	make_fleet 2
	start_workers
	start_pcapng 'filter=udp' -retry -hold "$forever"
	local good
	start_traffic
	eventually has_some udp port 4711
	eventually has_some udp port 4712
	kill_worker 2
	eventually grep -q '^ddump: .*h2: .*tried again' "$said"
	start_worker 2
	eventually grep -q '^ddump: .*h2: is back; packets between .* are missing' \
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
	grep -q '^ddump: h2: .* 0 late.*gap' "$said"
	# the comment is where the numbers jump, and nowhere else
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
	grep -qE "^$place:h2: no packets from [0-9T:.-]+ to [0-9T:.-]+ UTC: " \
		"$BATS_TEST_TMPDIR/gaps"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/gaps")" -eq 1 ]
	[ "$(fields frame.comment | grep -c .)" -eq 1 ]
	comments | grep -qE 'h2: no packets from [0-9T:.-]+ to [0-9T:.-]+ UTC: '
}

@test "-retry: twice lost, twice told" {
	make_fleet 2
	start_workers
	start_pcapng 'filter=udp' -retry -hold "$forever"
	local i
	for i in 1 2; do
		send_from 2 3 0 10.9.0.254 4712
		eventually file_has $((3 * i)) udp port 4712
		kill_worker 2
		# that nobody listens there is told as well, if it takes so long
		eventually said_times "$i" 'h2: the stream was cut.*tried again'
		# the other one is not held up by one that is away
		send_from 1 1 0 10.9.0.254 4711
		eventually file_has "$i" udp port 4711
		start_worker 2
		eventually said_times "$i" 'h2: is back'
	done
	send_from 2 1 0 10.9.0.254 4712
	eventually file_has 7 udp port 4712
	end_capture
	[ "$status" -eq 2 ]
	[ "$(comments | grep -o 'h2: no packets from' | wc -l)" -eq 2 ]
	[ "$(fields frame.comment | grep -c 'h2: no packets from')" -eq 2 ]
}

said_times() {
	[ "$(grep -c "$2" "$said")" -eq "$1" ]
}

@test "-retry: one that stays away is told in the file" {
	make_fleet 2
	start_workers
	start_pcapng 'filter=udp' -retry -hold "$forever"
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	kill_worker 2
	eventually grep -q 'h2: .*tried again' "$said"
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5 udp port 4711
	end_capture
	[ "$status" -eq 2 ]
	comments | grep -qE 'h2: no packets since [0-9T:.-]+ UTC: '
	file_has 8
}

# The first one is paused, for a reader that takes nothing.
@test "who tells nothing for long is named, and when it tells again" {
	local child targets
	make_fleet 3
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
	eventually grep -qE '^ddump: warning: h2: tells nothing since [0-9T:.-]+ UTC; packets of the others wait for it, up to -hold$' \
		"$said"
	kill -CONT "$child"
	eventually grep -q '^ddump: warning: h2: tells again$' "$said"
	[ "$(grep -c ' tells ' "$said")" -eq 2 ]
}

# last_is_missing HOST...: of these alone it is told, everywhere.
last_is_missing() {
	local host
	[ "$status" -eq 2 ]
	for host in "$@"; do
		grep -qE "^ddump: warning: $host: what it captured since [0-9T:.-]+ UTC had not come when the capture was ended, and is missing$" \
			"$said"
		comments | grep -qE "$host: what it captured since [0-9T:.-]+ UTC had not come"
	done
	[ "$(grep -c 'had not come' "$said")" -eq $# ]
}

@test "who tells nothing when it is over misses its last packets: told" {
	make_fleet 2
	start_workers
	start_pcapng 'filter=udp' -hold 100
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	stop "$(pgrep -P "${workers[2]}")"
	send_from 1 5 0 10.9.0.254 4711
	send_from 2 5 0 10.9.0.254 4713
	eventually file_has 8
	# by now all that h2 has told is read
	sleep 1.2
	end_capture
	last_is_missing h2
	file_has 0 udp port 4713
}

@test "the same after a -duration, of an ended target not" {
	make_fleet 3
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

# More than the client keeps, in 6 s, and no faster than it comes.
@test "whom a slow reader has put behind, and who ends it, misses that: told" {
	make_fleet 2
	start_workers
	start_reader -rate 100000
	start_capture 'filter=udp' -pcapng -hold 100
	send_from 2 600 100 127.0.0.1 4711 60000
	kill -INT "$client"
	eventually interrupt_taken "$client"
	kill -USR1 "$reader"
	await_capture
	last_is_missing h2
}

@test "without -retry a target's end is told in the file, the others go on" {
	make_fleet 2
	start_workers
	start_pcapng 'filter=udp' -hold "$forever"
	send_from 2 3 0 10.9.0.254 4712
	eventually file_has 3
	kill_worker 2
	eventually grep -q '^ddump: .*h2: .*cut' "$said"
	send_from 1 5 0 10.9.0.254 4711
	eventually file_has 5 udp port 4711
	# it has come back, and nobody asks it
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

@test "a target that failed before the start is told in the file" {
	make_fleet 2
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

@test "SIGUSR1 tells the counts of each target, and the capture goes on" {
	make_fleet 2
	start_workers
	start_capture 'filter=udp' -hold "$forever"
	send_from 1 3 0 10.9.0.254 4711
	eventually file_has 3
	eventually counts_say 'h1: 3 packets, 3 written, 0 late; 3 received by filter, 0 dropped by kernel'
	counts_say 'h2: 0 packets, 0 written'
	counts_say '3 packets of 2 targets'
	send_from 2 4 0 10.9.0.254 4711
	eventually file_has 7
	eventually counts_say 'h2: 4 packets, 4 written'
	end_capture
	[ "$status" -eq 0 ]
	file_has 7
}

@test "-status without a terminal: a plain line every ten seconds" {
	make_fleet 2
	start_workers
	start_capture 'filter=udp' -status
	send_from 1 3 0 10.9.0.254 4711
	local pattern='^ddump: h1: 3 packets, [0-9]+/s, lag [0-9.]+ s; h2: 0 packets, 0/s, lag [0-9.]+ s$'
	eventually grep -qE "$pattern" "$said"
	run ! grep -q $'[\r\x1b]' "$said"
	end_capture
	[ "$status" -eq 0 ]
}

@test "without a terminal and -status there is no status" {
	make_fleet 1
	start_workers
	start_capture 'filter=udp'
	send_from 1 3 0 10.9.0.254 4711
	eventually file_has 3
	end_capture
	run ! grep -q 'lag' "$said"
	run ! grep -q $'[\r\x1b]' "$said"
}

# What a terminal shows in the end of what was written to it: lines without
# what has been erased.
shown() {
	sed 's/\r$//; s/.*\r\x1b\[K//' "$1"
}

@test "a terminal has a status line, which is redrawn and gives way" {
	make_fleet 2
	start_workers
	local targets terminal=$BATS_TEST_TMPDIR/terminal.out
	targets_of 'filter=udp'
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	start terminal ip netns exec "$fleet" "$TOOLS/pty" sh -c \
		'exec "$@" 2>&1' sh "$DDUMP" -w "$merged" "${targets[@]}"
	eventually grep -q 'capturing on 2' "$terminal"
	drawn() {
		grep -oa $'\r\x1b\[K'"$1" "$terminal" >/dev/null
	}
	eventually drawn 'h1: 0 packets, 0/s, lag [0-9.]* s; h2: 0 packets'
	send_from 1 3 0 10.9.0.254 4711
	eventually drawn 'h1: 3 packets'
	# messages stand on lines of their own
	kill_worker 2
	eventually grep -q 'ddump: h2: .*cut' "$terminal"
	eventually drawn '.*h2 (failed)'
	kill -INT "$(pgrep -P "${started[-1]}")"
	finish
	[ "$status" -eq 2 ]
	shown "$terminal"
	shown "$terminal" | run ! grep -v '^ddump: '
	file_has 3
}

@test "ddump and tcpdump share a terminal, and no line is mixed up" {
	make_fleet 2
	start_workers
	local targets terminal=$BATS_TEST_TMPDIR/terminal.out
	targets_of 'filter=udp'
	start terminal ip netns exec "$fleet" "$TOOLS/pty" bash -c \
		'exec 2>&1; "$@" | tcpdump -nlr -' bash "$DDUMP" "${targets[@]}"
	local shell
	eventually grep -q 'capturing on 2' "$terminal"
	local i
	drawn_times() {
		[ "$(grep -oa $'\r\x1b\[Kh1: ' "$terminal" | wc -l)" -ge "$1" ]
	}
	has_lines() {
		[ "$(grep -ac ' > 10.9.0.254.4711: UDP' "$terminal")" -eq "$1" ]
	}
	for i in 1 2 3; do
		# while it stands there, a packet comes
		eventually drawn_times "$i"
		send_from 1 1 0 10.9.0.254 4711
		eventually has_lines "$i"
	done
	shell=$(pgrep -P "${started[-1]}")
	kill -INT "$(pgrep -P "$shell" -x ddump)"
	finish
	shown "$terminal"
	shown "$terminal" | run ! grep -vE \
		'^ddump: |^reading from file -|^[0-9:.]+ IP 10\.9\.0\.1\.[0-9]+ > 10\.9\.0\.254\.4711: UDP, length 100$'
}

# Serves the folder $BATS_TEST_TMPDIR/files; sets files to its URL.
serve_files() {
	local place
	need nginx
	place=$(free_port)
	cat >"$BATS_TEST_TMPDIR/nginx.conf" <<-END
		daemon off;
		user root;
		worker_processes 1;
		pid $BATS_TEST_TMPDIR/nginx.pid;
		error_log $BATS_TEST_TMPDIR/error.log;
		events {}
		http {
			access_log off;
			$(nginx_files "$BATS_TEST_TMPDIR")
			server {
				listen 127.0.0.1:$place;
				root $BATS_TEST_TMPDIR/files;
			}
		}
	END
	start nginx nginx -c "$BATS_TEST_TMPDIR/nginx.conf" \
		-e "$BATS_TEST_TMPDIR/error.log"
	eventually answers "$place"
	files=http://127.0.0.1:$place
}

# What there is to compare of a file's packets, in any order.
content_of() {
	tshark -n -r "$1" -T fields -e frame.time_epoch -e frame.len \
		-e frame.cap_len -e eth.dst -e eth.type 2>/dev/null | sort
}

@test "streams of pcap and files of pcapng of all kinds are merged in one" {
	local files name targets=() data=$BATS_TEST_DIRNAME/../data/pcapng
	mkdir "$BATS_TEST_TMPDIR/files"
	serve
	serve_files
	# of Ethernet, all in the same seconds
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
