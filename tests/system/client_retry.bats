#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The client's -retry, and other failures during a capture. hosts_outages.bats
# does the same with real workers.

# shellcheck disable=SC2154 # variables that client.bash sets

load helpers
load client
bats_require_minimum_version 1.5.0

# The same as finish_merge, if something was started after the client.
end_merge() {
	status=0
	wait "$client" || status=$?
	cat -v "$said"
}

teardown() {
	stop_all
}

# Ports that answer at first, or later, or no more.
serve_again() {
	start streams "$TOOLS/streams" -port "$1"
	eventually answers "$1"
}

@test "-retry -require any with all targets down: waits for them" {
	local down
	down=$(free_port)
	start_merge -retry -require any "http://127.0.0.1:$down/stream?id=1&packets=50"
	eventually grep -q 'reconnecting' "$said"
	run ! is_gone "$client"
	serve_again "$down"
	end_merge
	[ "$status" -eq 2 ]
	grep -q 'connected; packets before .* UTC are missing' "$said"
	grep -q 'capturing on 1 target' "$said"
	grep -q '50 packets, 50 written.*; with outages' "$said"
}

@test "-retry -require any, a target returns: it does not count as failed" {
	local down
	down=$(free_port)
	serve
	start_merge -retry -require any \
		"slow=$url/slowhead?id=1&packets=20&crowd=2" \
		"down=http://127.0.0.1:$down/stream?id=2&packets=30"
	eventually grep -q 'down: .*reconnecting' "$said"
	serve_again "$down"
	eventually grep -q 'down: connected' "$said"
	# the other target responds after the second request
	curl -sS "$url/status/404"
	end_merge
	[ "$status" -eq 2 ]
	grep -q 'capturing on 2 targets' "$said"
	grep -q 'slow: 20 packets, 20 written' "$said"
	grep -q 'down: 30 packets, 30 written' "$said"
}

# libpcap cuts packets at the header's snaplen and rounds timestamps to the
# header's unit.
@test "-retry, a target returns with longer packets and finer timestamps: all complete" {
	local recipes=("id=1&packets=20&snaplen=96&size=60-96"
		"id=2&packets=30&nano=1&size=1000-9000")
	local down
	need tcpdump
	need tshark
	down=$(free_port)
	serve
	start_merge -retry -require any "$url/stream?${recipes[0]}&end=never" \
		"http://127.0.0.1:$down/stream?${recipes[1]}"
	capturing_on 1
	serve_again "$down"
	eventually verify -allow-late 30 "$merged" "${recipes[@]}"
	kill -INT "$client"
	end_merge
	tcpdump --nano -r "$merged" -w "$BATS_TEST_TMPDIR/read.pcap"
	verify -allow-late 30 -precision nano "$BATS_TEST_TMPDIR/read.pcap" \
		"${recipes[@]}"
	diff <(tshark -nr "$merged" -T fields -e frame.time_epoch -e frame.cap_len) \
		<(tshark -nr "$BATS_TEST_TMPDIR/read.pcap" -T fields \
			-e frame.time_epoch -e frame.cap_len)
}

@test "-retry, a target returns and sends no packet yet: it does not count as failed" {
	local down
	down=$(free_port)
	start_merge -retry -require any \
		"http://127.0.0.1:$down/stream?id=1&packets=0&end=never"
	eventually grep -q 'reconnecting' "$said"
	serve_again "$down"
	eventually grep -q ': connected; ' "$said"
	kill -USR1 "$client"
	eventually grep -q 'packets of 1 target' "$said"
	kill -INT "$client"
	end_merge
	[ "$status" -eq 2 ]
	[ "$(grep -c ': 0 packets, 0 written, 0 late; .*; with outages' "$said")" -eq 2 ]
	run ! grep -q ': failed' "$said"
}

@test "-retry, a request that is rejected for its content: not repeated" {
	local number
	serve
	for number in 400 403 404 405 413 414 431; do
		merge -retry -require any odd="$url/status/$number" \
			"$url/stream?id=1&packets=5"
		[ "$status" -eq 2 ]
		grep -q "odd: HTTP status $number" "$said"
		run ! grep -q 'reconnecting' "$said"
	done
	# a 400 of the only target ends the client; a 503 may be temporary and
	# is retried
	merge -retry -require any odd="$url/status/400"
	[ "$status" -eq 1 ]
	start_merge -retry -require any odd="$url/status/503"
	eventually grep -q 'odd: HTTP status 503.*reconnecting' "$said"
	kill -INT "$client"
	end_merge
	[ "$status" -eq 1 ]
}

cpu_ticks() {
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

# The second attempt is 2 s after the start; an earlier version made it without
# any pause.
@test "-retry: waits between attempts, and reports the target it waits for" {
	start_merge -retry -require any down="127.0.0.1:$(free_port)" \
		away="127.0.0.1:$(free_port)"
	eventually grep -q 'ddump: waiting for down, away$' "$said"
	local before
	before=$(cpu_ticks "$client")
	sleep 1
	[ $(($(cpu_ticks "$client") - before)) -lt 30 ]
	kill -INT "$client"
	end_merge
	[ "$status" -eq 1 ]
	grep -q 'ddump: interrupted while waiting for down, away$' "$said"
}

@test "-retry -require all: all targets must still start" {
	serve
	merge -retry "$url/stream?id=1&packets=5" "127.0.0.1:$(free_port)"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	run ! grep -q 'reconnecting' "$said"
}

@test "-retry, a target is lost before the others begin: it is retried" {
	serve
	start_merge -retry "broken=$url/stream?id=1&packets=5&end=cut" \
		"slow=$url/slowhead?id=2&packets=5&crowd=4&end=never"
	eventually grep -q 'broken: .*reconnecting' "$said"
	eventually grep -q 'id=2' "$BATS_TEST_TMPDIR/streams.out"
	curl -sS "$url/status/404" "$url/status/404"
	eventually grep -q 'capturing on 2 targets' "$said"
	eventually grep -q 'broken: reconnected' "$said"
	kill -INT "$client"
	end_merge
	[ "$status" -eq 2 ]
}

@test "-retry, a stream that ended normally: not requested again" {
	serve
	merge -retry "$url/stream?id=1&packets=5"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'GET\|/stream' "$BATS_TEST_TMPDIR/streams.out")" -le 2 ]
}

@test "-retry, a target that has captured before: no advice to enable its socket" {
	serve
	start_merge -retry "$url/stream?id=1&packets=5&end=never"
	capturing_on 1
	kill "${started[0]}"
	eventually grep -q 'Connection refused; reconnecting' "$said"
	kill -INT "$client"
	end_merge
	run ! grep -q 'ddump-worker.socket' "$said"
}

@test "without -retry, a stream that is cut: reported, the others continue" {
	serve
	start_merge "$url/stream?id=1&packets=5&end=never" \
		broken="$url/stream?id=2&packets=9&gate=5&end=cut"
	capturing_on 2
	curl -sS "$url/go"
	eventually grep -q "broken: the stream was cut; the worker's journal may have the cause; the other targets continue; try -retry to reconnect\$" "$said"
	run ! is_gone "$client"
	kill -INT "$client"
	end_merge
	[ "$status" -eq 2 ]
	# no attempt follows the last one
	start_merge "$url/stream?id=1&packets=5&end=cut"
	end_merge
	grep -q 'the stream was cut' "$said"
	run ! grep -q 'the other targets continue' "$said"
}

@test "SIGUSR1 while ddump waits for a slow reader: no packet is lost" {
	serve
	start_reader -rate 300000
	start_merge "$url/stream?id=1&packets=20000&end=never"
	capturing_on 1
	eventually have_sent 1
	eventually all_read "$port"
	kill -INT "$client"
	eventually interrupt_taken "$client"
	kill -USR1 "$client"
	eventually grep -q 'packets of 1 target' "$said"
	kill -USR1 "$reader"
	finish_merge
	[ "$status" -eq 0 ]
	run ! grep -q 'stopped reading' "$said"
	grep -q '20000 packets, 20000 written' "$said"
}

@test "a clock that is sent many times in one response: reported once" {
	serve
	merge "$url/clocks?clocks=30&id=1&packets=5"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'clock is 3[56][0-9][0-9]\.[0-9]* s ahead' "$said")" -eq 1 ]
}
