#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The client's merge: many streams in, one ordered stream out.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

teardown() {
	stop_all
}

merge_eight() {
	local recipes=() targets=() i
	serve
	for i in 1 2 3 4 5 6 7 8; do
		recipes+=("id=$i&packets=4000&nano=$((i & 1))&swap=$((i >> 1 & 1))")
		targets+=("$url/stream?${recipes[-1]}&http=1.$((i >> 2 & 1))")
	done
	merge -hold "$patient" "${targets[@]}"
	[ "$status" -eq 0 ]
	grep -q "capturing on 8 targets" "$said"
	verify -linktype 113 -precision nano "$merged" "${recipes[@]}"
}

@test "eight streams of all kinds: complete and in order, each packet once" {
	merge_eight
}

@test "eight streams of all kinds under valgrind: no error" {
	need valgrind
	# sanitizers and valgrind do not work together, and valgrind does not
	# work with an emulator
	[[ $BUILD != *sanitize* && -z ${EMULATED:-} ]] || return 0
	under=(valgrind -q --error-exitcode=99 --leak-check=full
		--errors-for-leak-kinds=definite)
	merge_eight
}

# header_number FILE OFFSET: a number of a pcap header, in the byte order of the
# machine that wrote it.
header_number() {
	local order=little
	[ "$(od -An -tx1 -N 1 "$1")" != " a1" ] || order=big
	od -An -tu4 --endian="$order" -j "$2" -N 4 "$1" | tr -d ' '
}

# snaplen_of FILE: the snaplen in a pcap header.
snaplen_of() {
	header_number "$1" 16
}

@test "pcap output: nanoseconds and snaplen 262144, whatever the targets have" {
	local recipes=("id=1&packets=500&snaplen=96&size=60-96"
		"id=2&packets=500&swap=1&snaplen=96&size=60-96")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -precision nano "$merged" "${recipes[@]}"
	[ "$(snaplen_of "$merged")" -eq 262144 ]
	# the header of a file is the same
	merge -hold "$patient" -w "$BATS_TEST_TMPDIR/file.pcap" \
		"${recipes[@]/#/$url/stream?}"
	verify -precision nano "$BATS_TEST_TMPDIR/file.pcap" "${recipes[@]}"
	[ "$(snaplen_of "$BATS_TEST_TMPDIR/file.pcap")" -eq 262144 ]
}

@test "packets of every size: complete and in order" {
	local recipes=("id=1&packets=30&size=24-262144&step=100"
		"id=2&packets=30&size=262144&step=100&swap=1")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "packets with the same timestamp: in the order of the command line" {
	local recipes=("id=3&packets=300&step=0" "id=1&packets=300&step=0"
		"id=2&packets=300&step=0")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -ties "$merged" "${recipes[@]}"
}

@test "streams that arrive one byte at a time: complete and in order" {
	local recipes=("id=1&packets=50&pieces=1" "id=2&packets=50&pieces=1")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "a target without packets, and one with a slow response head: complete" {
	local recipes=("id=1&packets=100" "id=2&packets=0" "id=3&packets=100")
	serve
	merge -hold "$patient" "$url/stream?${recipes[0]}" \
		"$url/stream?${recipes[1]}" "$url/slowhead?${recipes[2]}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "several targets: requested at the same time" {
	local recipes=() i
	serve
	# a client that waits for one response before it sends the next request
	# gets none
	for i in 1 2 3 4 5; do
		recipes+=("id=$i&packets=10&crowd=5")
	done
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

# asked COUNT PATTERN: have that many requests matched?
asked() {
	[ "$(grep -c "^GET $2" "$BATS_TEST_TMPDIR/streams.out")" -eq "$1" ]
}

@test "700 targets: ask for fewer watermarks, and an old worker again without that" {
	local dir=$BATS_TEST_TMPDIR i
	serve
	for ((i = 1; i < 700; i++)); do
		echo "t$i=$url/stream?id=1&packets=1"
	done >"$dir/targets"
	merge "@$dir/targets" "old=$url/old?id=1&packets=1&list=filter"
	[ "$status" -eq 0 ]
	eventually asked 699 '/stream?id=1&packets=1&format=pcapng&watermark=70 *$'
	eventually asked 1 '/old?id=1&packets=1&list=filter&format=pcapng&watermark=70 *$'
	eventually asked 1 '/old?id=1&packets=1&list=filter&format=pcapng *$'
	# the user misses nothing
	run ! grep -q warning "$said"
	merge -hold 240 "@$dir/targets"
	[ "$status" -eq 0 ]
	eventually asked 699 '/stream?id=1&packets=1&format=pcapng&watermark=60 *$'
}

@test "1,000 targets from a file: complete and in order" {
	local recipes=() i
	serve
	for ((i = 0; i < 1000; i++)); do
		recipes+=("id=$i&packets=30&nano=$((i & 1))&swap=$((i & 2))")
	done
	printf '%s\n' '# everybody' "${recipes[@]/#/$url/stream?}" \
		>"$BATS_TEST_TMPDIR/targets"
	merged=$BATS_TEST_TMPDIR/merged.pcap
	(
		# the client raises this limit by itself
		ulimit -Sn 256
		"$TOOLS/cost" "$BATS_TEST_TMPDIR/peak" "$DDUMP" \
			-hold "$patient" -w "$merged" \
			"@$BATS_TEST_TMPDIR/targets"
	)
	verify "$merged" "${recipes[@]}"
	bound_peak "1,000 targets" 150
}

@test "a reader of the output that stops: memory stays bounded" {
	local recipes=() i
	serve
	# each stream is larger than its socket's buffers can grow to
	for i in 1 2 3 4 5 6 7 8; do
		recipes+=("id=$i&packets=1000&size=60000")
	done
	start_reader -stop-after 1000000
	# shellcheck disable=SC2034 # start_merge runs the client under it
	under=("$TOOLS/cost" "$BATS_TEST_TMPDIR/peak")
	start_merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	# unread bytes do not stay long if the client reads everything
	eventually stuck_on 8 "$port"
	have_sent 0
	kill -USR1 "$reader"
	finish_merge
	[ "$status" -eq 0 ]
	wait "$reader"
	# full queues: the memory limit wins over order
	verify -allow-late 8000 "$merged" "${recipes[@]}"
	bound_peak "480 MB through a reader that stops" 192
}

# Starts a merge of 240 MB and of one more target, and measures its memory.
start_flood() {
	local i
	serve
	for i in 1 2 3 4; do
		recipes+=("id=$i&packets=1000&size=60000")
	done
	# shellcheck disable=SC2034 # start_merge runs the client under it
	under=("$TOOLS/cost" "$BATS_TEST_TMPDIR/peak")
	start_merge -hold "$patient" "$url/$1" "${recipes[@]/#/$url/stream?}"
}

@test "a flood while another target is silent: memory stays bounded" {
	local recipes=()
	start_flood 'stream?id=0&delay=600000'
	eventually have_sent 4
	eventually all_read "$port"
	kill -INT "$(awk '/^pid/ { print $2 }' "$BATS_TEST_TMPDIR/peak")"
	finish_merge
	[ "$status" -eq 0 ]
	verify -allow-late 4000 "$merged" "${recipes[@]}"
	bound_peak "240 MB behind a silent target" 192
}

@test "a flood before the last target responds: memory stays bounded" {
	local recipes=()
	start_flood 'stream?id=0&crowd=6'
	eventually stuck_on 4 "$port"
	have_sent 0
	# the first target responds after the sixth request
	curl -sS "$url/status/404"
	finish_merge
	[ "$status" -eq 0 ]
	verify -allow-late 4000 "$merged" "${recipes[@]}"
	bound_peak "240 MB before the last target answers" 192
}

@test "disorder within a stream: sorted" {
	local recipes=("id=1&packets=400&disorder=16" "id=2&packets=300")
	serve
	start_merge -hold "$patient" "$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&gate=0"
	# all packets of the first target arrive before the second one, which
	# ends with earlier timestamps, lets them go
	eventually have_sent 1
	eventually all_read "$port"
	curl -sS "$url/go"
	eventually verify "$merged" "${recipes[@]}"
}

@test "a silent target: packets wait for -hold, later ones are counted as late" {
	local recipes=("id=1&packets=100" "id=2&packets=100")
	serve
	start_merge -hold 100 "$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&gate=0&end=never"
	eventually verify -partial -count 100 "$merged" "${recipes[@]}"
	# packets that arrive later are counted as late, and neither dropped nor
	# hidden
	curl -sS "$url/go"
	eventually verify -allow-late 100 "$merged" "${recipes[@]}"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	grep -q ' written, [1-9][0-9]* late' "$said"
}

@test "a target that sends its packets within -hold: nothing is late" {
	local recipes=("id=1&packets=100" "id=2&packets=90")
	serve
	start_merge -hold "$patient" "$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&gate=0"
	eventually have_sent 1
	eventually all_read "$port"
	verify -partial -count 0 "$merged" "${recipes[@]}" ||
		[ ! -s "$merged" ]
	curl -sS "$url/go"
	eventually verify "$merged" "${recipes[@]}"
}

@test "SLL2 with SLL: written as SLL, byte for byte" {
	local recipes=("id=1&packets=500&linktype=276&swap=1"
		"id=2&packets=500&linktype=113"
		"id=3&packets=500&linktype=276&nano=1")
	serve
	merge -quiet -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -linktype 113 "$merged" "${recipes[@]}"
	[ "$(grep -c "warning: .*SLL2 headers are written as SLL" "$said")" -eq 1 ]
}

# Packets of every kind that an Ethernet header can have, and the longest one.
@test "Ethernet with SLL or SLL2: written as SLL, byte for byte, with one warning" {
	local type recipes
	serve
	for type in 113 276; do
		recipes=("id=1&packets=500&linktype=1&swap=1"
			"id=2&packets=500&linktype=$type"
			"id=3&packets=20&linktype=1&nano=1&size=262130-262144")
		merge -quiet -hold "$patient" "${recipes[@]/#/$url/stream?}"
		[ "$status" -eq 0 ]
		verify -linktype 113 "$merged" "${recipes[@]}"
		[ "$(grep -c "warning: .*Ethernet headers are written as SLL" "$said")" -eq 1 ]
	done
}

# In pcapng each interface has its own link type: neither a silent server nor
# one packet changes it.
@test "SLL2 with SLL in pcapng: SLL2 is kept" {
	local recipe="id=1&packets=100&linktype=276" packets
	serve
	need tshark
	for packets in 0 1; do
		merge -pcapng -hold "$patient" honest="$url/stream?$recipe" \
			other="$url/stream?id=2&packets=$packets&linktype=113"
		[ "$status" -eq 0 ]
		run ! grep -q "written as SLL" "$said"
		[ "$(tshark -nr "$merged" -T fields -e frame.interface_name \
			-e frame.encap_type 2>/dev/null |
			grep -c "^honest.*210$")" -eq 100 ]
	done
}

@test "all targets with the same link type: it is kept" {
	local type recipes
	serve
	for type in 1 101 276; do
		recipes=("id=1&packets=100&linktype=$type"
			"id=2&packets=100&swap=1&linktype=$type")
		merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
		[ "$status" -eq 0 ]
		verify -linktype "$type" "$merged" "${recipes[@]}"
	done
}

@test "targets with different link types: rejected, with the names" {
	serve
	merge one="$url/stream?id=1&packets=10" \
		odd="$url/stream?id=2&packets=10&linktype=101"
	[ "$status" -eq 1 ]
	grep -q "odd: packets of link type 101 do not fit into a pcap of link type 113; try -pcapng" \
		"$said"
	[ ! -s "$merged" ]
}

@test "as many targets of one link type as of another: the worker's decides" {
	local recipe="id=1&packets=100" type
	serve
	for type in 113 276; do
		merge -require any -hold "$patient" \
			first="$url/stream?id=2&packets=10&linktype=101" \
			honest="$url/stream?$recipe&linktype=$type"
		[ "$status" -eq 2 ]
		grep -q "first: packets of link type 101 " "$said"
		run ! grep -q "honest: its packets" "$said"
		verify -linktype "$type" "$merged" "$recipe&linktype=$type"
	done
}

# In pcap output the client waits for its link type until the hold is over, and
# then starts without it.
@test "a file with only a header: no effect on the link type, no warning" {
	local recipes=("id=1&packets=0&linktype=101" "id=2&packets=100") how
	serve
	for how in clean never; do
		merge -hold 100 -c 100 "$url/stream?${recipes[0]}&end=$how" \
			"$url/stream?${recipes[1]}"
		[ "$status" -eq 0 ]
		verify -linktype 113 "$merged" "${recipes[1]}"
		run ! grep -q "link type" "$said"
	done
}

@test "a target without any packet with pcapng output: starts without a warning" {
	serve
	start_merge -pcapng -hold 600000 \
		"$url/stream?id=1&packets=0&linktype=101&end=never" \
		"$url/stream?id=2&packets=100&end=never"
	capturing_on 2
	eventually have_sent 2
	eventually all_read "$port"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	grep -q "100 packets of 2 targets" "$said"
	run ! grep -q "link type" "$said"
}

@test "an interrupt while the first packets are awaited: received packets are written" {
	local recipe="id=2&packets=50&linktype=101"
	serve
	start_merge -hold "$patient" "$url/stream?id=1&packets=0&end=never" \
		"$url/stream?$recipe&end=never"
	eventually have_sent 2
	eventually all_read "$port"
	run ! grep -q "capturing on" "$said"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	verify -linktype 101 "$merged" "$recipe"
}

# A worker's response has its time, and its first interface has the link type of
# the stream.
@test "a silent worker: its link type decides all the same" {
	local recipe="id=2&packets=50"
	serve
	start_merge -require any -hold "$patient" \
		file="$url/stream?id=1&packets=10&linktype=101" \
		silent="$url/clocks?clocks=1&$recipe&gate=0"
	eventually grep -q "file: packets of link type 101 do not fit into a pcap of link type 113" \
		"$said"
	curl -sS "$url/go"
	finish_merge
	[ "$status" -eq 2 ]
	verify -linktype 113 "$merged" "$recipe"
}

@test "frame check sequences: the link type is the same" {
	local recipes=("id=1&packets=100&linktype=$((0x24000001))"
		"id=2&packets=100&linktype=1") option
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -linktype 1 "$merged" "${recipes[@]}"
	merge -pcapng -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	run ! grep -q "link type" "$said"
}

@test "an interface without packets: no effect on the link type, in pcap and pcapng" {
	local hex files i
	# a section, interfaces of link types 113 and 1, a packet on the second
	# one
	hex=0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000
	hex+="01000000140000007100000000000000140000000100000014000000"
	hex+=0100000000000000140000000600000030000000010000001d0d0600
	hex+=00405b7a10000000100000000102030405060102030405060800aaaa
	hex+="30000000"
	mkdir "$BATS_TEST_TMPDIR/files"
	for ((i = 0; i < ${#hex}; i += 2)); do
		printf '%b' "\\x${hex:i:2}"
	done >"$BATS_TEST_TMPDIR/files/unused.pcapng"
	serve_files
	merge "$files/unused.pcapng"
	[ "$status" -eq 0 ]
	[ "$(header_number "$merged" 20)" -eq 1 ]
	[ "$(stat -c %s "$merged")" -eq $((24 + 16 + 16)) ]
	merge -pcapng "$files/unused.pcapng"
	[ "$status" -eq 0 ]
	run ! grep -q "link type" "$said"
	tcpdump -nr "$merged" >/dev/null
}

@test "different link types in pcapng: kept, with one warning about readers" {
	local recipes=("id=1&packets=100" "id=2&packets=100&linktype=1")
	serve
	merge -pcapng -hold "$patient" "$url/stream?${recipes[0]}" \
		odd="$url/stream?${recipes[1]}"
	[ "$status" -eq 0 ]
	[ "$(grep -c "link type" "$said")" -eq 1 ]
	grep -q "link type [0-9]* differs from [0-9]* of other targets; Wireshark reads such a file, tcpdump rejects it" \
		"$said"
	grep -q "200 packets of 2 targets" "$said"
}

@test "-require any with a rejected link type: the others are captured" {
	local recipes=("id=1&packets=100" "id=3&packets=100")
	serve
	merge -require any -hold "$patient" "$url/stream?${recipes[0]}" \
		odd="$url/stream?id=2&packets=100&linktype=101" \
		"$url/stream?${recipes[1]}"
	[ "$status" -eq 2 ]
	grep -q "odd" "$said"
	verify -linktype 113 "$merged" "${recipes[@]}"
}

@test "a stream that is cut: reported, the others are complete" {
	local recipes=("id=1&packets=500" "id=2&packets=100" "id=3&packets=500")
	local how
	for how in cut middle reset; do
		serve
		start_merge -hold "$patient" "$url/stream?${recipes[0]}" \
			broken="$url/stream?${recipes[1]}&gate=50&end=$how" \
			"$url/stream?${recipes[2]}"
		capturing_on 3
		curl -sS "$url/go"
		finish_merge
		[ "$status" -eq 2 ]
		grep -q "broken" "$said"
		verify "$merged" "${recipes[@]}"
		stop_all
	done
}

# Such a stream may arrive at once or a byte at a time: it has begun when its
# file header has arrived.
@test "a stream that is cut at once: its packets are written, exit 2" {
	local recipe="id=1&packets=20" how pieces
	serve
	for how in cut middle reset; do
		for pieces in 65536 random 1; do
			merge "$url/stream?$recipe&end=$how&pieces=$pieces"
			[ "$status" -eq 2 ]
			grep -q "capturing on 1 target$" "$said"
			verify "$merged" "$recipe"
		done
	done
}

@test "a stream that is cut before another one begins: both are written, exit 2" {
	local recipes=("id=1&packets=20" "id=2&packets=30")
	local option
	for option in all any; do
		serve
		start_merge -hold "$patient" -require "$option" \
			broken="$url/stream?${recipes[0]}&end=middle" \
			slow="$url/slowhead?${recipes[1]}&crowd=3"
		eventually grep -q "broken: the stream was cut" "$said"
		# the other target continues after the third request
		curl -sS "$url/status/404"
		finish_merge
		[ "$status" -eq 2 ]
		grep -q "capturing on 2 targets" "$said"
		verify "$merged" "${recipes[@]}"
		stop_all
	done
}

@test "a stream that is cut, and another that never begins: no file, exit 1" {
	local recipe="id=1&packets=20"
	serve
	merge "$url/stream?$recipe&end=middle" odd="$url/status/404"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	run ! grep -q "capturing on" "$said"
	merge -require any "$url/stream?$recipe&end=middle" \
		odd="$url/status/404"
	[ "$status" -eq 2 ]
	grep -q "capturing on 1 target$" "$said"
	verify "$merged" "$recipe"
}

@test "a target that sends an invalid packet: reported, the others are complete" {
	local recipe="id=1&packets=500" option
	serve
	for option in all any; do
		merge -require "$option" -hold "$patient" \
			"$url/stream?$recipe" liar="$url/lying-length"
		[ "$status" -eq 2 ]
		grep -q "liar" "$said"
		verify "$merged" "$recipe"
	done
}

# Its counters have drops, in the kernel and at the interface.
@test "a file whose counters have drops: exit 2, which a script can tolerate" {
	local files
	mkdir "$BATS_TEST_TMPDIR/files"
	cp "$BATS_TEST_DIRNAME/../data/pcapng/good-statistics-little" \
		"$BATS_TEST_TMPDIR/files/drops"
	serve_files
	merge -pcapng "$files/drops"
	[ "$status" -eq 2 ]
	grep -q "drops.*3 packets, 3 written\|3 packets of 1 target" "$said"
	"$DDUMP" -quiet -w "$BATS_TEST_TMPDIR/drops.pcap" "$files/drops" \
		2>/dev/null || [ $? -eq 2 ]
}

@test "packets that are late: exit 0 if nothing else is wrong" {
	local recipes=("id=1&packets=100" "id=2&packets=100")
	serve
	start_merge -hold 0 "$url/stream?${recipes[0]}" \
		"$url/stream?${recipes[1]}&gate=0"
	eventually verify -partial -count 100 "$merged" "${recipes[@]}"
	curl -sS "$url/go"
	finish_merge
	[ "$status" -eq 0 ]
	grep -q "packets came too late to be in order" "$said"
}
