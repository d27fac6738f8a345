#!/usr/bin/env bats
# The client's -retry, and what else happens when things go wrong in the middle.
# order.bats does the same with real workers.

# shellcheck disable=SC2154 # variables that client.bash sets

load helpers
load client
bats_require_minimum_version 1.5.0

# The same as finish_merge, where something was started behind the client.
end_merge() {
	status=0
	wait "$client" || status=$?
	cat -v "$said"
}

teardown() {
	stop_all
}

# Ports answer at first, or not, or no more.
serve_again() {
	start streams "$TOOLS/streams" -port "$1"
	eventually answers "$1"
}

@test "-retry -require any waits for a fleet of which all is down" {
	local down
	down=$(free_port)
	start_merge -retry -require any "http://127.0.0.1:$down/stream?id=1&packets=50"
	eventually grep -q 'tried again' "$said"
	run ! is_gone "$client"
	serve_again "$down"
	end_merge
	[ "$status" -eq 2 ]
	grep -q 'is reached; its packets before .* UTC are missing' "$said"
	grep -q 'capturing on 1 target' "$said"
	grep -q '50 packets, 50 written.*; with gaps' "$said"
}

@test "-retry -require any: one that is back has not failed the start" {
	local down
	down=$(free_port)
	serve
	start_merge -retry -require any \
		"slow=$url/slowhead?id=1&packets=20" \
		"down=http://127.0.0.1:$down/stream?id=2&packets=30"
	eventually grep -q 'down: .*tried again' "$said"
	serve_again "$down"
	end_merge
	[ "$status" -eq 2 ]
	grep -q 'capturing on 2 targets' "$said"
	grep -q 'slow: 20 packets, 20 written' "$said"
	grep -q 'down: 30 packets, 30 written' "$said"
}

@test "-retry: one that is back has not failed, though no packet has come" {
	local down
	down=$(free_port)
	start_merge -retry -require any \
		"http://127.0.0.1:$down/stream?id=1&packets=0&end=never"
	eventually grep -q 'tried again' "$said"
	serve_again "$down"
	eventually grep -q 'is reached' "$said"
	kill -USR1 "$client"
	eventually grep -q 'packets of 1 target' "$said"
	kill -INT "$client"
	end_merge
	[ "$status" -eq 2 ]
	[ "$(grep -c ': 0 packets, 0 written, 0 late; .*; with gaps' "$said")" -eq 2 ]
	run ! grep -q ': failed' "$said"
}

@test "-retry: with -require all the start must still be whole" {
	serve
	merge -retry "$url/stream?id=1&packets=5" "127.0.0.1:$(free_port)"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	run ! grep -q 'tried again' "$said"
}

@test "-retry: what has ended in good order is not asked again" {
	serve
	merge -retry "$url/stream?id=1&packets=5"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'GET\|/stream' "$BATS_TEST_TMPDIR/streams.out")" -le 2 ]
}

@test "-retry: who has captured is not asked whether its socket is enabled" {
	serve
	start_merge -retry "$url/stream?id=1&packets=5&end=never"
	capturing_on 1
	kill "${started[0]}"
	eventually grep -q 'Connection refused; it is tried again' "$said"
	kill -INT "$client"
	end_merge
	run ! grep -q 'ddump-worker.socket' "$said"
}

@test "without -retry: a stream that is cut, and that the others go on" {
	serve
	start_merge "$url/stream?id=1&packets=5&end=never" \
		broken="$url/stream?id=2&packets=9&gate=5&end=cut"
	capturing_on 2
	curl -sS "$url/go"
	eventually grep -q 'broken: the stream was cut (the worker was ended or killed, or a proxy was, or its duration was over before all had been read; its journal may say why); the others go on (-retry tries it again)$' "$said"
	run ! is_gone "$client"
	kill -INT "$client"
	end_merge
	[ "$status" -eq 2 ]
	# nobody goes on behind the last one
	start_merge "$url/stream?id=1&packets=5&end=cut"
	end_merge
	grep -q 'the stream was cut' "$said"
	run ! grep -q 'the others go on' "$said"
}

@test "SIGUSR1 while a slow reader is waited for loses nothing" {
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
	run ! grep -q 'nobody reads' "$said"
	grep -q '20000 packets, 20000 written' "$said"
}

@test "a clock is told once an answer, however often it is claimed" {
	serve
	merge "$url/clocks?clocks=30&id=1&packets=5"
	[ "$status" -eq 0 ]
	[ "$(grep -c 'its clock is 3[56][0-9][0-9]\.[0-9]* s ahead' "$said")" -eq 1 ]
}
