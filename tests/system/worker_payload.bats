#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures without payload: no client can see a byte of it, every header arrives
# whole, and other programs read the result.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
load frames
bats_require_minimum_version 1.5.0

# random frames of the first test; "make check-payload" sends a million
frames=${PACKETS:-20000}
seed=${DDUMP_SEED:-$RANDOM$RANDOM}

# A peer that sends nothing by itself.
make_silent_peer() {
	make_peer
	"${peer[@]}" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
}

# capture_random NAME QUERY: a capture of what arrives at va.
capture_random() {
	capture "$1" "interface=va&filter=inbound&$2" --unix-socket "$socket"
}

has_packets() {
	[ "$(tcpdump -nr - <"$BATS_TEST_TMPDIR/$2.pcap" 2>/dev/null | wc -l)" -ge "$1" ]
}

checked() {
	"$TOOLS/random_headers" check "$BATS_TEST_TMPDIR/$1.pcap" "$seed" "$frames" "$2"
}

# The last frames arrive within the time of a block of the ring.
is_complete() {
	checked "$@" >"$BATS_TEST_TMPDIR/checked" 2>&1 ||
		! grep -q 'a frame is missing' "$BATS_TEST_TMPDIR/checked"
}

@test "random frames: each header arrives whole, and no byte of payload" {
	local socket=$BATS_TEST_TMPDIR/socket name
	echo "# seed $seed, $frames frames" >&3
	make_silent_peer
	# by a unix socket, so that no port is excluded
	start_worker -listen "unix:$socket" -ring 256
	capture_random sll payload=0
	capture_random sll2 'payload=0&linktype=sll2&precision=nano'
	capture_random some payload=11
	"${peer[@]}" "$TOOLS/random_headers" send pa "$seed" "$frames"
	for name in sll sll2 some; do
		eventually is_complete "$name" "$([ "$name" = some ] && echo 11 || echo 0)"
	done
	checked sll 0
	checked sll2 0
	checked some 11
}
