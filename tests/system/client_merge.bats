#!/usr/bin/env bats
# The client's merge: many streams in, one ordered stream out. Numbers in
# brackets name faults of the original program that a test would catch.

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

@test "eight streams of all kinds: whole, once, in order [1, 5]" {
	merge_eight
}

@test "eight streams of all kinds, under valgrind" {
	need valgrind
	# a sanitizer has looked already, and the two do not go together
	[[ $BUILD != *sanitize* ]] || return 0
	under=(valgrind -q --error-exitcode=99 --leak-check=full
		--errors-for-leak-kinds=definite)
	merge_eight
}

@test "coarse stamps all over: the output's are coarse, too" {
	local recipes=("id=1&packets=500" "id=2&packets=500&swap=1")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -precision micro "$merged" "${recipes[@]}"
}

@test "packets of every size" {
	local recipes=("id=1&packets=30&size=24-262144&step=100"
		"id=2&packets=30&size=262144&step=100&swap=1")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "packets of one stamp are in the order of the command line" {
	local recipes=("id=3&packets=300&step=0" "id=1&packets=300&step=0"
		"id=2&packets=300&step=0")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -ties "$merged" "${recipes[@]}"
}

@test "one byte at a time" {
	local recipes=("id=1&packets=50&pieces=1" "id=2&packets=50&pieces=1")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "a target without packets, and one with a slow head" {
	local recipes=("id=1&packets=100" "id=2&packets=0" "id=3&packets=100")
	serve
	merge -hold "$patient" "$url/stream?${recipes[0]}" \
		"$url/stream?${recipes[1]}" "$url/slowhead?${recipes[2]}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "all targets are asked at once [4]" {
	local recipes=() i
	serve
	# who waits for one answer before it asks the next gets none
	for i in 1 2 3 4 5; do
		recipes+=("id=$i&packets=10&crowd=5")
	done
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

@test "1,000 targets from a file" {
	local recipes=() i
	serve
	for ((i = 0; i < 1000; i++)); do
		recipes+=("id=$i&packets=30&nano=$((i & 1))&swap=$((i & 2))")
	done
	printf '%s\n' '# everybody' "${recipes[@]/#/$url/stream?}" \
		>"$BATS_TEST_TMPDIR/targets"
	merged=$BATS_TEST_TMPDIR/merged.pcap
	(
		# it raises this one by itself
		ulimit -Sn 256
		"$TOOLS/cost" "$BATS_TEST_TMPDIR/peak" "$DDUMP" \
			-hold "$patient" -w "$merged" \
			"@$BATS_TEST_TMPDIR/targets"
	)
	verify "$merged" "${recipes[@]}"
	bound_peak "1,000 targets" 150
}

@test "a reader that stops does not fill the memory" {
	local recipes=() i
	serve
	# each of them more than its socket's buffers can grow to
	for i in 1 2 3 4 5 6 7 8; do
		recipes+=("id=$i&packets=1000&size=60000")
	done
	start_reader -stop-after 1000000
	# shellcheck disable=SC2034 # start_merge runs the client under it
	under=("$TOOLS/cost" "$BATS_TEST_TMPDIR/peak")
	start_merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	# with a client that takes all in nothing lies for long
	eventually stuck_on 8 "$port"
	have_sent 0
	kill -USR1 "$reader"
	finish_merge
	[ "$status" -eq 0 ]
	wait "$reader"
	# where queues are full, memory counts more than order
	verify -allow-late 8000 "$merged" "${recipes[@]}"
	bound_peak "480 MB through a reader that stops" 192
}

# Starts a merge, measured, of 240 MB and of one target more.
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

@test "a flood behind a silent target does not fill the memory" {
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

@test "a flood before the last target answers does not fill the memory" {
	local recipes=()
	start_flood 'stream?id=0&crowd=6'
	eventually stuck_on 4 "$port"
	have_sent 0
	# the sixth request lets the first target answer
	curl -sS "$url/status/404?crowd=6"
	finish_merge
	[ "$status" -eq 0 ]
	verify -allow-late 4000 "$merged" "${recipes[@]}"
	bound_peak "240 MB before the last target answers" 192
}

@test "disorder within a stream is sorted" {
	local recipes=("id=1&packets=400&disorder=16" "id=2&packets=300")
	serve
	start_merge -hold "$patient" "$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&gate=0"
	# all of the first one is in before the second one, which ends
	# earlier by its stamps, lets it go
	eventually have_sent 1
	eventually all_read "$port"
	curl -sS "$url/go"
	eventually verify "$merged" "${recipes[@]}"
}

@test "a silent target holds packets for the hold, and no longer" {
	local recipes=("id=1&packets=100" "id=2&packets=100")
	serve
	start_merge -hold 100 "$url/stream?${recipes[0]}&end=never" \
		"$url/stream?${recipes[1]}&gate=0&end=never"
	eventually verify -partial -count 100 "$merged" "${recipes[@]}"
	# what comes after all is late: neither dropped nor hidden
	curl -sS "$url/go"
	eventually verify -allow-late 100 "$merged" "${recipes[@]}"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	grep -q ' written, [1-9][0-9]* late' "$said"
}

@test "a silent target holds packets back until then" {
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

@test "SLL2 beside SLL becomes SLL, byte for byte [9]" {
	local recipes=("id=1&packets=500&linktype=276&swap=1"
		"id=2&packets=500&linktype=113"
		"id=3&packets=500&linktype=276&nano=1")
	serve
	merge -hold "$patient" "${recipes[@]/#/$url/stream?}"
	[ "$status" -eq 0 ]
	verify -linktype 113 "$merged" "${recipes[@]}"
}

@test "link types that agree stay what they are [9]" {
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

@test "link types that do not agree are refused by name [9]" {
	serve
	merge one="$url/stream?id=1&packets=10" \
		odd="$url/stream?id=2&packets=10&linktype=1"
	[ "$status" -eq 1 ]
	grep -q "odd" "$said"
	[ ! -s "$merged" ]
}

@test "-require any goes on without the link type that is refused [9]" {
	local recipes=("id=1&packets=100" "id=3&packets=100")
	serve
	merge -require any -hold "$patient" "$url/stream?${recipes[0]}" \
		odd="$url/stream?id=2&packets=100&linktype=1" \
		"$url/stream?${recipes[1]}"
	[ "$status" -eq 2 ]
	grep -q "odd" "$said"
	verify -linktype 113 "$merged" "${recipes[@]}"
}

@test "a stream that is cut is named, the others are complete [12]" {
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

@test "a target that lies about a packet is named, the others complete" {
	local recipe="id=1&packets=500"
	serve
	merge -require any -hold "$patient" "$url/stream?$recipe" \
		liar="$url/lying-length"
	[ "$status" -eq 2 ]
	grep -q "liar" "$said"
	verify "$merged" "$recipe"
}
