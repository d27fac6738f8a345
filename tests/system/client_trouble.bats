#!/usr/bin/env bats
# The client in trouble: targets that do not answer as they should, outputs
# that take no more, and users who have seen enough. Numbers in brackets name
# faults of the original program that a test would catch.

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

# The last merge was refused: nothing is written, and this target is named.
refused() {
	[ "$status" -eq 1 ]
	has_nothing
	grep -q "$1" "$said"
	run ! grep -q "capturing on" "$said"
}

@test "a refusal is told with its sentence, nothing is written [8]" {
	local number
	serve
	for number in 400 403 404 500 503; do
		merge "$url/stream?id=1&packets=10" \
			odd="$url/status/$number"
		refused "odd.*$number.*refused with $number on purpose"
	done
}

@test "an answer that is no capture is no capture [8]" {
	local path
	serve
	for path in html garbage gzip empty "lying-length?linktype=9"; do
		merge "$url/stream?id=1&packets=10" odd="$url/$path"
		refused odd
	done
}

@test "nothing is unpacked, whatever memory that takes" {
	serve
	merge "$url/stream?id=1&packets=10" odd="$url/packed"
	refused odd
	grep -q "^ddump: odd: the answer is compressed" "$said"
}

@test "nobody forges the terminal or a line of messages" {
	local path
	serve
	for path in escape garbage; do
		merge odd="$url/$path"
		refused odd
		run ! grep -q $'[\x1b\x07]' "$said"
		run ! grep -q '^forged' "$said"
	done
}

@test "a sentence without end is cut" {
	serve
	merge odd="$url/endless"
	refused "odd.*this sentence never ends"
	[ "$(wc -c <"$said")" -lt 2000 ]
}

@test "a proxy that refuses without end keeps nobody from the others" {
	local recipe="id=1&packets=200"
	serve
	https_proxy=$url merge -require any "$url/stream?$recipe" \
		odd=https://no-way.example
	[ "$status" -eq 2 ]
	grep -q "^ddump: odd: the proxy refuses to connect, with HTTP status 407" \
		"$said"
	verify "$merged" "$recipe"
}

@test "-require any goes on without those that failed [12]" {
	local recipes=("id=1&packets=200" "id=2&packets=200")
	serve
	merge -require any -hold "$patient" "$url/stream?${recipes[0]}" \
		odd="$url/status/404" "$url/stream?${recipes[1]}"
	[ "$status" -eq 2 ]
	grep -q "odd.*404" "$said"
	grep -q "capturing on 2 targets" "$said"
	verify "$merged" "${recipes[@]}"
}

@test "-require any, and none of them answers well [12]" {
	serve
	merge -require any odd="$url/status/404" even="$url/html"
	refused odd
	grep -q even "$said"
}

@test "nobody listens there: named [12]" {
	serve
	merge "$url/stream?id=1&packets=10" \
		deaf="http://127.0.0.1:$(free_port)/stream"
	refused deaf
}

@test "a file that is there survives when nothing is captured" {
	serve
	echo precious >"$BATS_TEST_TMPDIR/old.pcap"
	merge -w "$BATS_TEST_TMPDIR/old.pcap" "$url/status/404"
	[ "$status" -eq 1 ]
	[ "$(cat "$BATS_TEST_TMPDIR/old.pcap")" = precious ]
}

@test "redirects are not followed to another host" {
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

@test "a wrong password is refused, and shown nowhere" {
	serve -auth "$(printf me:right | base64)"
	merge odd="http://me:wrong@127.0.0.1:$port/auth"
	refused "odd.*401"
	run ! grep -q "wrong" "$said"
}

@test "without credentials none are sent" {
	serve
	merge "$url/stream?id=1&packets=1"
	[ "$status" -eq 0 ]
	run ! grep -q "Authorization" "$BATS_TEST_TMPDIR/streams.out"
}

@test "what options say goes to every target that does not say otherwise" {
	serve
	merge -filter "tcp port 80" -snaplen 99 -interface eth0 \
		"$url/stream?id=1" "$url/stream?id=2&filter=icmp&snaplen=7"
	[ "$status" -eq 0 ]
	grep -E "^GET /stream\?id=1&filter=tcp(%20|\+)port(%20|\+)80&" \
		"$BATS_TEST_TMPDIR/streams.out" | grep "snaplen=99" |
		grep -q "interface=eth0"
	grep "^GET /stream?id=2&filter=icmp&snaplen=7&" \
		"$BATS_TEST_TMPDIR/streams.out" | grep -q "interface=eth0"
	run ! grep "id=2.*\(tcp\|99\)" "$BATS_TEST_TMPDIR/streams.out"
}

@test "one that never answers ends after the time-out [14]" {
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
		grep -q "^ddump: $name: no capture has begun within" "$said"
	done
	grep -q silent "$said"
	grep -q head "$said"
	grep -q hole "$said"
	verify "$merged" "$recipe"
}

@test "a terminal gets no packets" {
	serve
	said=$BATS_TEST_TMPDIR/said
	status=0
	"$TOOLS/pty" "$DDUMP" "$url/stream?id=1&packets=10" \
		>"$BATS_TEST_TMPDIR/terminal" 2>"$said" || status=$?
	[ "$status" -eq 1 ]
	[ ! -s "$BATS_TEST_TMPDIR/terminal" ]
	grep -q "tcpdump" "$said"
}

@test "a reader that leaves is a quiet end" {
	serve
	start_reader -exit-after 100000
	start_merge "$url/stream?id=1&packets=1000000"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$merged")" -eq 100000 ]
	run ! grep -qi "pipe" "$said"
}

@test "a reader that leaves while nothing comes is noticed" {
	serve
	start_reader -exit-after 24
	start_merge "$url/stream?id=1&packets=0&end=never"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$merged")" -eq 24 ]
}

@test "an output that takes nothing: said, and the status [13]" {
	[ -c /dev/full ] || skip "needs /dev/full"
	serve
	merge -w /dev/full "$url/stream?id=1&packets=1000"
	[ "$status" -eq 1 ]
	grep -qi "no space" "$said"
}

@test "a full disk: said, the status, and whole records [13]" {
	local recipes=("id=1&packets=5000" "id=2&packets=5000")
	need_root
	mkdir "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o size=1m none "$BATS_TEST_TMPDIR/disk" ||
		skip "needs a tmpfs"
	disk=$BATS_TEST_TMPDIR/disk
	serve
	# it ends by itself, the streams don't
	merge -hold "$patient" -w "$disk/full.pcap" \
		"$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&end=never"
	[ "$status" -eq 1 ]
	grep -qi "no space" "$said"
	[ "$(wc -c <"$disk/full.pcap")" -gt 900000 ]
	verify -partial "$disk/full.pcap" "${recipes[@]}"
	# what did not get out, and what did, is all that was written
	local told
	told=$(sed -nE 's/^ddump: ([0-9]+) packets of 2 targets, ([0-9]+) did not get out$/\1 - \2/p' \
		"$said")
	verify -count "$((told))" -partial "$disk/full.pcap" "${recipes[@]}"
}

@test "-c ends after so many packets" {
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

@test "-duration ends after so many seconds, without traffic, too" {
	local recipe="id=1&packets=0"
	serve
	merge -duration 1 "$url/stream?$recipe&end=never"
	[ "$status" -eq 0 ]
	verify "$merged" "$recipe"
}

@test "Ctrl-C: all that has arrived is out, whole, in order [15]" {
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

@test "Ctrl-C while targets do not answer" {
	serve
	start_merge "$url/silent"
	eventually grep -q "^GET /silent" "$BATS_TEST_TMPDIR/streams.out"
	kill -INT "$client"
	eventually is_gone "$client"
	finish_merge
	[ "$status" -eq 1 ]
}

@test "a second Ctrl-C exits, be the output stuck [15]" {
	serve
	start_reader -stop-after 0 -rate 300000
	start_merge "$url/stream?id=1&packets=100000&end=never"
	eventually stuck_on 1 "$port"
	# one that does not read at all is waited for a second, and no longer
	kill -USR1 "$reader"
	eventually test -s "$merged"
	kill -INT "$client"
	eventually interrupt_taken "$client"
	run ! is_gone "$client"
	# one that follows at once is the same one
	eventually interrupted_again
	finish_merge
	[ "$status" -eq 130 ]
}

interrupted_again() {
	kill -INT "$client"
	is_gone "$client"
}

# As timeout(1) does, which signals its child, and then the group.
@test "an interrupt that arrives twice is one" {
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

@test "no target, an unknown option, a wrong number: usage" {
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

@test "without a stderr, or a stdin, no message gets into the capture" {
	local recipe="id=1&packets=50" merged=$BATS_TEST_TMPDIR/merged.pcap
	serve
	"$DDUMP" "$url/stream?$recipe" >"$merged" 2>&- <&-
	verify "$merged" "$recipe"
	"$DDUMP" "$url/stream?$recipe" 2>&- <&- | cat >"$merged"
	verify "$merged" "$recipe"
	"$DDUMP" -w "$merged.w" "$url/stream?$recipe" 2>&- <&-
	verify "$merged.w" "$recipe"
}
