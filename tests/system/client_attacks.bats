#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Malicious servers (tests/lib/attacks.c), one after the other, each next to a
# target that works: the packets of the working target are complete and in
# order, memory is bounded, and no control character reaches the terminal.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

good="id=7&packets=2000&size=60-3000"

setup() {
	# long enough for all attacks on a busy machine
	serve -lifetime 1200
	attacks=$("$TOOLS/streams" -attacks)
}

teardown() {
	stop_all
}

# unclean FILE: does it have bytes that a terminal would act on? Messages are
# printable UTF-8.
unclean() {
	! iconv -f UTF-8 -t UTF-8 "$1" >"$BATS_TEST_TMPDIR/utf8" ||
		LC_ALL=C.UTF-8 grep -qP \
			'[\x00-\x09\x0b-\x1f\x7f-\x9f\x{2028}-\x{202e}\x{2066}-\x{2069}]' \
			"$1"
}

# Was the peak below so many MiB? A sanitizer's own memory is not bounded.
is_peak_below() {
	[[ $BUILD == *sanitize* ]] || [ "$(awk '/^peak/ { print $2 }' \
		"$BATS_TEST_TMPDIR/peak")" -lt $(($1 * 1024)) ]
}

# attacked OPTION... TARGET...: captures until all packets of the good target
# have arrived; then the reader exits.
attacked() {
	said=$BATS_TEST_TMPDIR/said
	timeout -s KILL 100 "$TOOLS/cost" "$BATS_TEST_TMPDIR/peak" \
		"$DDUMP" -require any -hold 100 "$@" \
		"good=$url/stream?$good&end=never" 2>"$said" 3>&- |
		timeout 90 "$TOOLS/verify" -among - "$good"
	status=("${PIPESTATUS[@]}")
	echo "# $*: ${status[*]}, $(tr '\n' ' ' <"$BATS_TEST_TMPDIR/peak")"
	cat -v "$said"
	[ "${status[1]}" -eq 0 ]
	# exit 2 is allowed, because the other target may fail
	[ "${status[0]}" -eq 0 ] || [ "${status[0]}" -eq 2 ]
	run ! unclean "$said"
}

@test "each attack by one target: the other target's packets are complete" {
	local name
	for name in $attacks; do
		attacked -align "bad=$url/attack/$name"
		[ "$(wc -c <"$said")" -lt 4096 ]
		# two queues of 16 MiB, and everything else
		within 64
	done
}

@test "all attacks at once: the other target's packets are complete" {
	local name targets=()
	for name in $attacks; do
		targets+=("$name=$url/attack/$name")
	done
	attacked "${targets[@]}"
	is_peak_below 160
}
