#!/usr/bin/env bats
# What an administrator allows: the longest capture, the largest snaplen, and
# the interfaces, by options and by the environment.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
bats_require_minimum_version 1.5.0

answers_with() {
	local answer
	answer=$(ask_status "$2")
	echo "$2: $answer"
	[[ "$answer" == "$1"* ]]
}

@test "-max-duration ends who does not say, and refuses who says more" {
	listen -max-duration 1
	answers_with '403 duration: this worker captures for 1 s at most' \
		'/capture?duration=2'
	# both end by themselves, complete
	ask '/capture?filter=udp' >/dev/null
	ask '/capture?filter=udp&duration=1' >/dev/null
	eventually grep -q 'the duration was over' "$BATS_TEST_TMPDIR/worker.err"
}

# Its place is free soon after the limit, whatever its kernel acknowledges.
@test "-max-duration ends a client that does not read" {
	listen -max-duration 1 -max-clients 1
	capture a 'filter=udp'
	kill -STOP "${captures[a]}"
	# more than the socket's buffers take
	send 500 60000 0 127.0.0.1 4711
	eventually no_packet_sockets
	eventually no_children
	kill -CONT "${captures[a]}"
	eventually grep -q 'the duration was over, and the client did not read' \
		"$BATS_TEST_TMPDIR/worker.err"
}

@test "ddump, where it reads too late, knows that it may be the duration" {
	listen -max-duration 1
	start ddump "${isolated[@]}" "$DDUMP" -filter udp \
		-w "$BATS_TEST_TMPDIR/late.pcap" "127.0.0.1:$port"
	eventually grep -q 'capturing on 1' "$BATS_TEST_TMPDIR/ddump.err"
	kill -STOP "${started[-1]}"
	# more than the sockets' buffers take
	send 500 60000 0 127.0.0.1 4711
	eventually no_children
	kill -CONT "${started[-1]}"
	exit_status "${started[-1]}"
	[ "$ended" -eq 2 ]
	grep -q 'the stream was cut (.* or its duration was over before all had been read;' \
		"$BATS_TEST_TMPDIR/ddump.err"
}

# It reads on, at a rate at which what the ring holds of this takes longer than
# the worker waits, many times over: curl's own limit lets much pass at first.
@test "what a slow client has not had when the duration is over is no end" {
	local path=$BATS_TEST_TMPDIR/socket
	start_worker -listen "unix:$path" -ring 16
	# shellcheck disable=SC2016 # bash in there has its own
	start slow bash -c 'curl -gsSN --unix-socket "$0" "$1" | {
			head -c 24 >"$2"
			while [ "$(head -c 20000 | wc -c)" -gt 0 ]; do
				sleep 0.1
			done
		}
		exit "${PIPESTATUS[0]}"' "$path" \
		'http://worker/capture?filter=udp&duration=4' \
		"$BATS_TEST_TMPDIR/slow.pcap"
	eventually test -s "$BATS_TEST_TMPDIR/slow.pcap"
	send 200000 100 0 127.0.0.1 4711
	eventually grep -q 'the duration was over' \
		"$BATS_TEST_TMPDIR/worker.err"
	exit_status "${started[-1]}"
	# cut in the middle
	[ "$ended" -eq 18 ]
	grep -q 'the duration was over, and the client did not read' \
		"$BATS_TEST_TMPDIR/worker.err"
}

# Nobody was slow but the process itself, as on a host that sleeps.
@test "a worker that was held up when the duration was over sends all" {
	listen
	capture a 'filter=udp+port+4711&duration=1'
	local child
	child=$(children)
	kill -STOP "$child"
	eventually is_stopped "$child"
	send 10000 100 0 127.0.0.1 4711
	sleep 7
	kill -CONT "$child"
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 10000 a
}

# A second capture, as long, tells when the first one is over.
@test "-max-duration: nothing leaves that came after the end" {
	listen -max-duration 6
	capture a 'filter=udp&snaplen=100000'
	capture b 'filter=udp+port+4712'
	kill -STOP "${captures[a]}"
	# more than the socket's buffers take, less than the ring
	send 110 60000 0 127.0.0.1 4711
	exit_status "${captures[b]}"
	# the first one still waits
	has_packet_sockets 1
	send 5 100 0 127.0.0.1 4713
	kill -CONT "${captures[a]}"
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 0 a port 4713
	has 110 a port 4711
}

@test "-max-snaplen cuts who does not say, and refuses who says more" {
	listen -max-snaplen 100
	answers_with '403 snaplen: this worker keeps 100 bytes at most' \
		'/capture?snaplen=101'
	capture a 'filter=udp&count=1'
	capture b 'filter=udp&count=1&snaplen=60'
	send 1 1000 0 127.0.0.1 4711
	eventually has 1 a
	eventually has 1 b
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq $((24 + 16 + 100)) ]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/b.pcap")" -eq $((24 + 16 + 60)) ]
}

@test "-interface is all that there is" {
	make_peer
	listen -interface va -interface nowhere
	answers_with '403 interface: this worker does not capture on lo' \
		'/capture?interface=lo'
	capture all ''
	capture any 'interface=any'
	capture va 'interface=va'
	send 3 100 0 127.0.0.1 4711
	send 3 100 0 10.2.0.2 4711
	send 3 100 0 10.1.0.2 4711
	eventually has 3 all udp port 4711
	eventually has 3 any udp port 4711
	eventually has 3 va udp port 4711
}

@test "where no allowed interface exists, nothing is captured" {
	listen -interface nowhere
	answers_with '500 none of the interfaces' /capture
}

@test "the environment says the same, and an option wins over it" {
	make_peer
	export DDUMP_MAX_DURATION=5 DDUMP_MAX_SNAPLEN=100
	export DDUMP_INTERFACES='va vb'
	listen -max-duration 7 -interface vb
	answers_with '403 duration: this worker captures for 7 s' \
		'/capture?duration=8'
	answers_with '403 snaplen: this worker keeps 100' '/capture?snaplen=200'
	answers_with '403 interface: this worker does not capture on va' \
		'/capture?interface=va'
}
