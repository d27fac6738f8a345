#!/usr/bin/env bats
# Servers in the wrong hands, one after the other, each next to a target that is
# well: tests/tools/attacks.h has them. Whatever comes, the other one's packets
# are all there and in order, memory is bounded, the terminal stays clean.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

good="id=7&packets=2000&size=60-3000"

setup() {
	serve
	attacks=$("$TOOLS/streams" -attacks)
}

teardown() {
	stop_all
}

# What a terminal would act on; a line of messages is printable ASCII.
unclean() {
	LC_ALL=C grep -aq '[^ -~]' "$1"
}

# Was the peak below so many MiB? A sanitizer's own memory is not bounded.
within() {
	[[ $BUILD == *sanitize* ]] || [ "$(awk '/^peak/ { print $2 }' \
		"$BATS_TEST_TMPDIR/peak")" -lt $(($1 * 1024)) ]
}

# attacked OPTION... TARGET...: read until the good target's packets are all
# there, and then the reader goes.
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
	# a reader that goes is no failure of ours, what the other does is
	[ "${status[0]}" -eq 0 ] || [ "${status[0]}" -eq 2 ]
	run ! unclean "$said"
}

@test "each attack leaves the other target whole" {
	local name
	for name in $attacks; do
		attacked -align "bad=$url/attack/$name"
		[ "$(wc -c <"$said")" -lt 4096 ]
		# two queues of 16 MiB, and all else
		within 64
	done
}

@test "all attacks at once leave the other target whole" {
	local name targets=()
	for name in $attacks; do
		targets+=("$name=$url/attack/$name")
	done
	attacked "${targets[@]}"
	within 160
}
