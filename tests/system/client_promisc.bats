#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Promiscuous mode, which ddump asks for by itself: workers that do not support it get a
# second request without it. tests/compat has the real ones.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
bats_require_minimum_version 1.5.0

off="promiscuous mode is off, because ddump-worker there is too old or does not allow it; try -p"

teardown() {
	stop_all
}

# asked COUNT PATTERN: have that many requests matched?
asked() {
	[ "$(grep -c "^GET $2" "$BATS_TEST_TMPDIR/streams.out")" -eq "$1" ]
}

warned() {
	[ "$(grep -c "promiscuous" "$said")" -eq 1 ]
	grep -qx "ddump: warning: $1: $off" "$said"
}

@test "-i NAME: asks for promiscuous mode" {
	local recipe="id=1&packets=20"
	serve
	merge -i eth0 "$url/stream?$recipe"
	[ "$status" -eq 0 ]
	verify "$merged" "$recipe"
	asked 1 "/stream?$recipe&interface=eth0&format=pcapng&promisc=1 *$"
	asked 1 .
	run ! grep -q promisc "$said"
}

@test "-p, an interface in the query, or any: does not ask for it" {
	serve
	merge -p -i eth0 "$url/stream?id=1&packets=1"
	[ "$status" -eq 0 ]
	merge -i eth0 "$url/stream?id=1&packets=1&interface=eth1"
	[ "$status" -eq 0 ]
	merge -i eth0 -i any "$url/stream?id=1&packets=1"
	[ "$status" -eq 0 ]
	asked 3 .
	asked 0 ".*promisc"
}

@test "a worker that does not support it: a second request without it, and one warning" {
	local recipe="id=1&packets=20"
	serve
	merge -quiet -i eth0 old="$url/old?$recipe"
	[ "$status" -eq 0 ]
	verify "$merged" "$recipe"
	warned old
	asked 1 "/old?$recipe&interface=eth0&format=pcapng&promisc=1"
	asked 1 "/old?$recipe&interface=eth0&format=pcapng *$"
	asked 2 .
}

# The parameters of a later version may contain others, and names that begin alike.
@test "a worker that announces other parameters: the same" {
	serve
	merge -i eth0 old="$url/old?id=1&packets=20&list=filter,promiscuity,linktype"
	[ "$status" -eq 0 ]
	warned old
	asked 2 .
}

@test "a worker that announces it, and rejects the request: no second request" {
	serve
	merge -i eth0 new="$url/old?id=1&packets=20&list=linktype,promisc"
	[ "$status" -eq 1 ]
	grep -q "^ddump: new: HTTP status 400: unknown parameter" "$said"
	run ! grep -q "version 0.1" "$said"
	asked 1 .
}

@test "promisc=1 in the query: is not left out" {
	serve
	merge -i eth0 old="$url/old?id=1&packets=20&promisc=1"
	[ "$status" -eq 1 ]
	grep -q "^ddump: old: HTTP status 400: unknown parameter \"promisc\"; .*version 0.1" "$said"
	asked 1 .
}

@test "a request that is rejected for another reason: that reason, and no warning" {
	serve
	merge -i eth0 odd="$url/status/400"
	[ "$status" -eq 1 ]
	grep -q "^ddump: odd: HTTP status 400: refused with 400 on purpose$" "$said"
	run ! grep -q promisc "$said"
	asked 2 .
	merge -i eth0 -linktype native old="$url/old?id=1&packets=20"
	[ "$status" -eq 1 ]
	grep -q 'old: HTTP status 400: linktype: "native" is neither .*version 0.1' "$said"
}

@test "many targets that do not support it: one warning, also in a pcapng file" {
	local targets=() i
	need capinfos
	serve
	for ((i = 1; i <= 8; i++)); do
		targets+=("old$i=$url/old?id=$i&packets=20")
	done
	merge -pcapng -i eth0 new="$url/stream?id=9&packets=20" "${targets[@]}"
	[ "$status" -eq 0 ]
	warned "old1, old2, old3, old4, old5 and 3 more"
	capinfos -k "$merged" | grep -q "old1, old2, old3, old4, old5 and 3 more: $off"
	grep -q "180 packets of 9 targets" "$said"
}

@test "-require any: a target that does not support it counts as one that answered" {
	serve
	merge -require any -i eth0 old="$url/old?id=1&packets=20" odd="$url/status/404"
	[ "$status" -eq 2 ]
	warned old
	grep -q "old: 20 packets, 20 written" "$said"
	asked 2 /old
	asked 1 /status
}

# Each attempt asks for it again, because the worker may have been upgraded.
@test "-retry: each attempt asks for it first, the warning comes once" {
	serve
	start_merge -retry -i eth0 old="$url/old?id=1&packets=20&end=cut"
	eventually asked_often
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 2 ]
	warned old
	grep -q 'old: reconnected; packets from .* UTC are missing' "$said"
	# with and without it in turn
	grep '^GET' "$BATS_TEST_TMPDIR/streams.out" |
		awk '(NR % 2) != /promisc=1/ { exit 1 }'
}

asked_often() {
	[ "$(grep -c "^GET" "$BATS_TEST_TMPDIR/streams.out")" -ge 6 ]
}

@test "-retry, a target answers later: the warning comes then" {
	local down
	down=$(free_port)
	serve
	start_merge -retry -require any -i eth0 new="$url/stream?id=1&packets=20&end=never" \
		old="http://127.0.0.1:$down/old?id=2&packets=20&end=never"
	capturing_on 1
	run ! grep -q promisc "$said"
	start streams2 "$TOOLS/streams" -port "$down"
	eventually grep -q "warning: old: $off" "$said"
	kill -INT "$client"
	wait "$client" || true
	cat "$said"
	warned old
}

@test "as Wireshark starts it: the same" {
	local fifo=$BATS_TEST_TMPDIR/fifo
	serve
	mkfifo "$fifo"
	start reader timeout 60 cat "$fifo"
	said=$BATS_TEST_TMPDIR/said
	timeout 60 "$DDUMP" --capture --extcap-interface ddump --fifo "$fifo" --interface eth0 \
		--targets "old=$url/old?id=1&packets=20" 2>"$said" 3>&-
	cat "$said"
	warned old
	timeout 60 "$DDUMP" --capture --extcap-interface ddump --fifo /dev/null --p \
		--interface eth0 --targets "old=$url/old?id=1&packets=20" 2>"$said" 3>&-
	[ ! -s "$said" ]
}
