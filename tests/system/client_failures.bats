#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Failures around the client: targets that do not respond correctly, outputs
# that cannot be written, and interrupts.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	disk=
}

teardown() {
	stop_all
	[ -z "$disk" ] || umount "$disk"
}

has_nothing() {
	[ ! -s "$merged" ]
}

# refused PATTERN: the last merge failed, wrote nothing, and a message about
# this target matches.
refused() {
	[ "$status" -eq 1 ]
	has_nothing
	grep -q "$1" "$said"
	run ! grep -q "capturing on" "$said"
}

@test "an HTTP error: its message is shown, nothing is written" {
	local number
	serve
	for number in 400 403 404 500 503; do
		merge "$url/stream?id=1&packets=10" \
			odd="$url/status/$number"
		refused "odd.*$number.*refused with $number on purpose"
	done
}

@test "linktype=native or promisc=1, a worker of version 0.1: its message, and what to do" {
	local upgrade="the worker is of version 0.1 or not ddump-worker; upgrade it" query
	serve
	for query in linktype=native promisc=1; do
		merge odd="$url/old?$query"
		refused "^ddump: odd: HTTP status 400: .*${query%=*}.*; $upgrade\$"
	done
	merge -linktype native -i eth0 odd="$url/old"
	refused "odd: HTTP status 400: linktype: \"native\" is neither sll nor sll2; $upgrade"
	# a newer one has the last word, and a page is a proxy's
	merge odd="$url/old?linktype=native&list=filter"
	refused "odd: HTTP status 400: linktype"
	run ! grep -q "version 0.1" "$said"
	merge odd="$url/status/404?linktype=native" even="$url/status/400"
	refused "even: HTTP status 400"
	run ! grep -q "version 0.1" "$said"
}

@test "a response that is not a capture: the target fails" {
	local path
	serve
	for path in html garbage gzip empty; do
		merge "$url/stream?id=1&packets=10" odd="$url/$path"
		refused odd
	done
}

@test "compressed responses: rejected without being decompressed" {
	serve
	merge "$url/stream?id=1&packets=10" odd="$url/packed"
	refused odd
	grep -q "^ddump: odd: the response is compressed" "$said"
}

@test "control characters from a target: neither change the terminal nor forge a message" {
	local path
	serve
	for path in escape garbage; do
		merge odd="$url/$path"
		refused odd
		run ! grep -q $'[\x1b\x07]' "$said"
		run ! grep -q '^forged' "$said"
	done
}

@test "an error message without end: cut" {
	serve
	merge odd="$url/endless"
	refused "odd.*this sentence never ends"
	[ "$(wc -c <"$said")" -lt 2000 ]
}

@test "a proxy whose error has no end: the other targets continue" {
	local recipe="id=1&packets=200"
	serve
	https_proxy=$url merge -require any "$url/stream?$recipe" \
		odd=https://no-way.example
	[ "$status" -eq 2 ]
	grep -q "^ddump: odd: the proxy rejects the connection with HTTP status 407" \
		"$said"
	verify "$merged" "$recipe"
}

@test "-require any with some failed targets: the others are captured" {
	local recipes=("id=1&packets=200" "id=2&packets=200")
	serve
	merge -require any -hold "$patient" "$url/stream?${recipes[0]}" \
		odd="$url/status/404" "$url/stream?${recipes[1]}"
	[ "$status" -eq 2 ]
	grep -q "odd.*404" "$said"
	grep -q "capturing on 2 targets" "$said"
	verify "$merged" "${recipes[@]}"
}

@test "-require any with only failed targets: exit 1" {
	serve
	merge -require any odd="$url/status/404" even="$url/html"
	refused odd
	grep -q even "$said"
}

@test "a port on which nothing listens: the target is named" {
	serve
	merge "$url/stream?id=1&packets=10" \
		deaf="http://127.0.0.1:$(free_port)/stream"
	refused deaf
}

@test "nothing is captured: an existing output file is kept" {
	serve
	echo precious >"$BATS_TEST_TMPDIR/old.pcap"
	merge -w "$BATS_TEST_TMPDIR/old.pcap" "$url/status/404"
	[ "$status" -eq 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/old.pcap")" = precious ]
}

@test "a redirect to another host: not followed" {
	serve
	merge odd="$url/redirect?to=http://localhost:$port/stream"
	refused odd
	run ! grep -q "^GET /stream" "$BATS_TEST_TMPDIR/streams.out"
}

@test "user and password: sent, and shown nowhere" {
	local recipe="id=1&packets=10&end=never"
	local secret="pa:ss@w/d"
	serve -auth "$(printf 'me:%s' "$secret" | base64)"
	start_merge -verbose "http://me:pa%3Ass%40w%2Fd@127.0.0.1:$port/auth?$recipe"
	eventually verify "$merged" "$recipe"
	run ! grep -q "pa%3A" "/proc/$client/cmdline"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	run ! grep -q "pa[:%]" "$said"
	run ! grep -q "pa[:%]" "$merged"
}

@test "a wrong password: rejected, and shown nowhere" {
	serve -auth "$(printf me:right | base64)"
	merge odd="http://me:wrong@127.0.0.1:$port/auth"
	refused "odd.*401"
	run ! grep -q "wrong" "$said"
}

@test "no credentials: none are sent" {
	serve
	merge "$url/stream?id=1&packets=1"
	[ "$status" -eq 0 ]
	run ! grep -q "Authorization" "$BATS_TEST_TMPDIR/streams.out"
}

@test "options for all targets: apply unless the URL has its own parameter" {
	serve
	merge -filter "tcp port 80" -snaplen 99 -payload 98 -interface eth0 \
		"$url/stream?id=1" "$url/stream?id=2&filter=icmp&snaplen=7&payload=6"
	[ "$status" -eq 0 ]
	grep -E "^GET /stream\?id=1&filter=tcp(%20|\+)port(%20|\+)80&" \
		"$BATS_TEST_TMPDIR/streams.out" | grep "snaplen=99&payload=98" |
		grep -q "interface=eth0"
	grep "^GET /stream?id=2&filter=icmp&snaplen=7&payload=6&" \
		"$BATS_TEST_TMPDIR/streams.out" | grep -q "interface=eth0"
	run ! grep "id=2.*\(tcp\|9[89]\)" "$BATS_TEST_TMPDIR/streams.out"
}

@test "targets that never respond: fail after the timeout, exit 2" {
	local recipe="id=1&packets=100"
	local late=(slow_headers half_a_section section_alone
		chunk_extension_alone)
	local stuck name targets=()
	serve -stuck
	for name in "${late[@]}"; do
		targets+=("$name=$url/attack/$name")
	done
	stuck=$(awk '/^stuck/ { print $3 }' "$BATS_TEST_TMPDIR/streams.out")
	merge -require any "$url/stream?$recipe" silent="$url/silent" \
		head="$url/headonly" hole="http://127.0.0.1:$stuck/stream" \
		"${targets[@]}"
	[ "$status" -eq 2 ]
	for name in "${late[@]}"; do
		grep -q "^ddump: $name: no capture started within" "$said"
	done
	grep -q silent "$said"
	grep -q head "$said"
	grep -q hole "$said"
	verify "$merged" "$recipe"
}

@test "a terminal as output for packets: rejected" {
	serve
	said=$BATS_TEST_TMPDIR/said
	status=0
	"$TOOLS/pty" "$DDUMP" -w - "$url/stream?id=1&packets=10" \
		>"$BATS_TEST_TMPDIR/terminal" 2>"$said" || status=$?
	[ "$status" -eq 1 ]
	[ ! -s "$BATS_TEST_TMPDIR/terminal" ]
	grep -q "tcpdump" "$said"
}

@test "the reader of the output exits: ddump ends without a message" {
	serve
	start_reader -exit-after 100000
	start_merge "$url/stream?id=1&packets=1000000"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$merged")" -eq 100000 ]
	run ! grep -qi "pipe" "$said"
}

@test "the reader of the output exits while no packet arrives: ddump ends" {
	serve
	start_reader -exit-after 24
	start_merge "$url/stream?id=1&packets=0&end=never"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$merged")" -eq 24 ]
}

@test "an output that cannot be written: the error, exit 1" {
	[ -c /dev/full ] || skip "needs /dev/full"
	serve
	merge -w /dev/full "$url/stream?id=1&packets=1000"
	[ "$status" -eq 1 ]
	grep -qi "no space" "$said"
}

@test "a full disk: the error, exit 1, whole records in the file" {
	local recipes=("id=1&packets=5000" "id=2&packets=5000")
	need_root
	mkdir "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o size=1m none "$BATS_TEST_TMPDIR/disk" ||
		skip "needs a tmpfs"
	disk=$BATS_TEST_TMPDIR/disk
	serve
	# it ends by itself, the streams do not
	merge -hold "$patient" -w "$disk/full.pcap" \
		"$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&end=never"
	[ "$status" -eq 1 ]
	grep -qi "no space" "$said"
	[ "$(wc -c <"$disk/full.pcap")" -gt 900000 ]
	verify -partial "$disk/full.pcap" "${recipes[@]}"
	# packets reported as written and those reported as not written are all
	# packets
	local told
	told=$(sed -nE 's/^ddump: ([0-9]+) packets of 2 targets, ([0-9]+) not written$/\1 - \2/p' \
		"$said")
	verify -count "$((told))" -partial "$disk/full.pcap" "${recipes[@]}"
}

@test "-c N: the capture ends after N packets" {
	local recipes=("id=1&packets=500&end=never"
		"id=2&packets=500&end=never")
	local count
	serve
	for count in 1 137 999; do
		merge -c "$count" -hold "$patient" \
			"${recipes[@]/#/$url/stream?}"
		[ "$status" -eq 0 ]
		verify -partial -count "$count" "$merged" "${recipes[@]}"
	done
}

@test "-duration without traffic: the capture ends in time" {
	local recipe="id=1&packets=0"
	serve
	merge -duration 1 "$url/stream?$recipe&end=never"
	[ "$status" -eq 0 ]
	verify "$merged" "$recipe"
}

@test "Ctrl-C: all received packets are written, whole and in order" {
	local recipes=("id=1&packets=1000" "id=2&packets=1000&nano=1"
		"id=3&packets=0")
	serve
	start_merge -hold "$patient" one="$url/stream?${recipes[0]}&end=never" \
		two="$url/stream?${recipes[1]}&end=never" \
		three="$url/stream?${recipes[2]}&end=never"
	capturing_on 3
	eventually have_sent 3
	eventually all_read "$port"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
	grep -q "one.*1000" "$said"
	grep -q "two.*1000" "$said"
	grep -q "three" "$said"
}

@test "Ctrl-C while targets do not respond: ddump ends" {
	serve
	start_merge "$url/silent"
	eventually grep -q "^GET /silent" "$BATS_TEST_TMPDIR/streams.out"
	kill -INT "$client"
	eventually is_gone "$client"
	finish_merge
	[ "$status" -eq 1 ]
}

@test "a second Ctrl-C while the output is blocked: ddump ends at once, exit 130" {
	serve
	start_reader -stop-after 0 -rate 300000
	start_merge "$url/stream?id=1&packets=100000&end=never"
	eventually stuck_on 1 "$port"
	# an interrupt waits one second for a reader that does not read
	kill -USR1 "$reader"
	eventually test -s "$merged"
	kill -INT "$client"
	eventually interrupt_taken "$client"
	run ! is_gone "$client"
	# a second interrupt within that time counts as the same one
	eventually interrupted_again
	finish_merge
	[ "$status" -eq 130 ]
}

interrupted_again() {
	kill -INT "$client"
	is_gone "$client"
}

# As timeout(1) does, which signals its child, and then the process group.
@test "SIGINT and SIGTERM at the same time: one interrupt" {
	local recipe="id=1&packets=1000"
	serve
	start_merge "$url/stream?$recipe&end=never"
	capturing_on 1
	eventually have_sent 1
	eventually all_read "$port"
	kill -STOP "$client"
	kill -INT "$client"
	kill -TERM "$client"
	kill -CONT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	verify "$merged" "$recipe"
}

@test "no target, an unknown option, or an invalid number: an error and exit 1" {
	serve
	merge
	[ "$status" -eq 1 ]
	merge -nonsense "$url/stream?id=1"
	[ "$status" -eq 1 ]
	merge -c many "$url/stream?id=1"
	[ "$status" -eq 1 ]
	merge "ftp://127.0.0.1:$port/"
	[ "$status" -eq 1 ]
	run ! grep -q GET "$BATS_TEST_TMPDIR/streams.out"
}

@test "without stderr or stdin: no message gets into the capture" {
	local recipe="id=1&packets=50" merged=$BATS_TEST_TMPDIR/merged.pcap
	serve
	"$DDUMP" "$url/stream?$recipe" >"$merged" 2>&- <&-
	verify "$merged" "$recipe"
	"$DDUMP" "$url/stream?$recipe" 2>&- <&- | cat >"$merged"
	verify "$merged" "$recipe"
	"$DDUMP" -w "$merged.w" "$url/stream?$recipe" 2>&- <&-
	verify "$merged.w" "$recipe"
}
