#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the user sees while ddump captures on several hosts: counts on SIGUSR1,
# -status, and the status line of a terminal.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

@test "SIGUSR1: the counts of each target, and the capture continues" {
	make_hosts 2
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

@test "-status without a terminal: one plain line every ten seconds" {
	make_hosts 2
	start_workers
	start_capture 'filter=udp' -status
	send_from 1 3 0 10.9.0.254 4711
	local pattern='^ddump: h1: 3 packets, [0-9]+/s, lag [0-9.]+ s; h2: 0 packets, 0/s, lag [0-9.]+ s$'
	eventually grep -qE "$pattern" "$said"
	run ! grep -q $'[\r\x1b]' "$said"
	end_capture
	[ "$status" -eq 0 ]
}

@test "no terminal and no -status: no status line" {
	make_hosts 1
	start_workers
	start_capture 'filter=udp'
	send_from 1 3 0 10.9.0.254 4711
	eventually file_has 3
	end_capture
	run ! grep -q 'lag' "$said"
	run ! grep -q $'[\r\x1b]' "$said"
}

# The lines that a terminal shows at the end: without the text that was erased.
shown() {
	sed 's/\r$//; s/.*\r\x1b\[K//' "$1"
}

@test "a status line on a terminal: redrawn, and removed for other lines" {
	make_hosts 2
	start_workers
	local targets terminal=$BATS_TEST_TMPDIR/terminal.out
	targets_of 'filter=udp'
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	start terminal ip netns exec "$hub" "$TOOLS/pty" sh -c \
		'exec "$@" 2>&1' sh "$DDUMP" -w "$merged" "${targets[@]}"
	eventually grep -q 'capturing on 2' "$terminal"
	drawn() {
		grep -oa $'\r\x1b\[K'"$1" "$terminal" >/dev/null
	}
	eventually drawn 'h1: 0 packets, 0/s, lag [0-9.]* s; h2: 0 packets'
	send_from 1 3 0 10.9.0.254 4711
	eventually drawn 'h1: 3 packets'
	# messages are on lines of their own
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

@test "ddump and tcpdump on one terminal: no line is mixed up" {
	make_hosts 2
	start_workers
	local targets terminal=$BATS_TEST_TMPDIR/terminal.out
	targets_of 'filter=udp'
	start terminal ip netns exec "$hub" "$TOOLS/pty" bash -c \
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
		# a packet arrives while the status line is shown
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
