#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Targets that are files, FIFOs, and standard input.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	serve
}

teardown() {
	stop_all
}

# make_file NAME RECIPE
make_file() {
	curl -s -o "$1" "$url/stream?$2"
}

@test "files: in exact order, whatever -hold is, with names" {
	local recipes=("id=1&packets=5000&nano=1" "id=2&packets=5000&swap=1&nano=1"
		"id=3&packets=5000&nano=1&start=1700000000100000000") i
	for i in 0 1 2; do
		make_file "$i" "${recipes[i]}"
	done
	merged=merged.pcap
	said=said
	"$DDUMP" -hold 0 ./0 file:1 x=- <./2 >"$merged" 2>"$said"
	verify -ties -precision nano "$merged" "${recipes[@]}"
	grep -q '^ddump: 0: 5000 packets, 5000 written, 0 late' "$said"
	grep -q '^ddump: 1: 5000 packets, 5000 written, 0 late' "$said"
	grep -q '^ddump: x: 5000 packets, 5000 written, 0 late' "$said"
	mv 0 web1.pcap
	merge -pcapng -w x.pcapng ./web1.pcap again=./web1.pcap ./web1.pcap
	[ "$status" -eq 0 ]
	[ "$(tshark -n -r x.pcapng -T fields -e frame.interface_name | sort -u | tr '\n' ' ')" = \
		"again web1 web1#2 " ]
	capinfos -I x.pcapng | grep -q 'Description = web1, ./web1.pcap$'
}

@test "files: packets that are not in order are sorted" {
	local recipes=("id=1&packets=9000&nano=1&disorder=3000" "id=2&packets=9000&nano=1"
		"id=3&packets=9000&nano=1&disorder=9000&swap=1") i
	for i in 0 1 2; do
		make_file "$i" "${recipes[i]}"
	done
	merge -hold 0 ./0 ./1 ./2
	[ "$status" -eq 0 ]
	verify -precision nano "$merged" "${recipes[@]}"
	grep -q '0: 9000 packets, 9000 written, 0 late' "$said"
	# by itself, as reordercap(1) does
	merge ./2
	[ "$status" -eq 0 ]
	verify -precision nano "$merged" "${recipes[2]}"
}

@test "files: more data than the queues, and a slow reader of the output" {
	local recipes=("id=1&packets=40000&nano=1&size=1000-1000"
		"id=2&packets=40000&nano=1&size=1000-1000&disorder=500") i
	for i in 0 1; do
		make_file "$i" "${recipes[i]}"
	done
	start_reader -stop-after 1000000
	start_merge -hold 1 ./0 ./1
	capturing_on 2
	sleep 0.3
	kill -USR1 "$reader"
	finish_merge
	[ "$status" -eq 0 ]
	wait "$reader"
	verify -ties -precision nano "$merged" "${recipes[@]}"
}

@test "files: the old packets of a file come before those of a live target" {
	make_file earlier "id=1&packets=3000&nano=1"
	merge -hold "$patient" "$url/stream?id=2&packets=3000&nano=1" ./earlier
	[ "$status" -eq 0 ]
	verify -precision nano "$merged" "id=1&packets=3000&nano=1" "id=2&packets=3000&nano=1"
}

@test "files: FIFOs and process substitution; a writer that starts later" {
	local recipes=("id=1&packets=3000&nano=1" "id=2&packets=3000&nano=1")
	make_file one "${recipes[0]}"
	make_file two "${recipes[1]}"
	mkfifo ./fifo
	start_merge -hold "$patient" ./fifo <(cat two)
	eventually grep -q 'waiting for fifo' "$said"
	cat ./one >./fifo
	finish_merge
	[ "$status" -eq 0 ]
	verify -precision nano "$merged" "${recipes[@]}"
}

@test "files: the output of ddump, with interfaces of several hosts, comments and late packets" {
	make_file one "id=1&packets=500&format=pcapng"
	make_file two "id=2&packets=500&format=pcapng&disorder=100"
	merge -pcapng -w a.pcapng one=./one two=./two
	[ "$status" -eq 0 ]
	# packets out of order, in two files that are one
	cat a.pcapng a.pcapng >b.pcapng
	merge -pcapng -w c.pcapng b=./b.pcapng
	[ "$status" -eq 0 ]
	[ "$(capinfos -c -T c.pcapng | tail -n 1 | cut -f 2)" = 2000 ]
	capinfos -o c.pcapng | grep -q 'Strict time order: *True'
	tshark -n -r c.pcapng -T fields -e frame.interface_name | sort | uniq -c |
		tr -s ' ' >names
	diff names <(tshark -n -r b.pcapng -T fields -e frame.interface_name | sort | uniq -c |
		tr -s ' ' | sed 's/ \([^ ]*\)$/ b:\1/')
}

@test "files: what cannot be read is named with its reason, and not tried again" {
	make_file whole "id=1&packets=100"
	gzip -k whole
	head -c 1000 whole >./cut
	: >nothing
	merge -retry -require any ./whole ./whole.gz ./cut ./nothing ./missing "$BATS_TEST_TMPDIR/"
	[ "$status" -eq 2 ]
	grep -q "whole.gz: the stream is compressed; unpack it, as in exec:'zcat FILE'" "$said"
	grep -q 'cut: the stream was cut within a packet' "$said"
	grep -q 'nothing: the stream ended before a capture began' "$said"
	grep -q 'missing: cannot open ./missing: No such file.*; for a host write http://./missing' \
		"$said"
	grep -q 'cannot read: Is a directory' "$said"
	grep -q 'whole: 100 packets, 100 written' "$said"
	merge exec:'zcat whole.gz'
	[ "$status" -eq 0 ]
}

@test "files: too many packets that are not in order are refused, with a way out" {
	[ -z "${EMULATED:-}" ] || skip "needs a minute"
	# 4,200,000 packets of 4 bytes, the second earlier than the first
	"$TOOLS/capture_files" many 1 4200000 small pcap
	{
		head -c 24 many/1
		tail -c 76 many/1
		tail -c +25 many/1
	} >late
	merge -w x.pcap many/1
	[ "$status" -eq 0 ]
	merge -w x.pcap ./late
	[ "$status" -eq 2 ]
	grep -q 'late: more than 4194304 packets that are not in order of time; try reordercap' "$said"
}

# sorted_packets FILE: a line for each packet, in order of time.
sorted_packets() {
	tshark -n -r "$1" -T fields -e frame.time_epoch -e frame.len -e frame.cap_len -e data \
		2>/dev/null | sort
}

# What mergecap rejects, damages or reads differently, or what has counters of drops.
uncommon='custom-blocks|section-alone|packet-options|packet-len-largest|pseudo-headers'
uncommon+='|simple-packets|statistics-|tsresol-(1|binary-[1-6])|stamp-(before|lowest|highest|by|of)'

# Copies what random sets consist of to the present folder.
make_captures() {
	local i
	for i in {0..7}; do
		make_file "f$i.pcap" "id=$i&packets=$((RANDOM % 100 + 1))&nano=$((i % 2))$(
			[ $((i % 3)) -gt 0 ] || echo "&disorder=$((RANDOM % 80))")&swap=$((i / 4))&size=8-200"
	done
	cp "$BATS_TEST_DIRNAME"/../data/pcapng/good-* .
}

# random_set: sets $set, 1 to 9 captures in random order.
random_set() {
	mapfile -t set < <(
		for name in f?.pcap good-*; do
			echo "$RANDOM $name"
		done | grep -Ev "$uncommon" | sort -n | cut -d ' ' -f 2 | head -n $((RANDOM % 9 + 1))
	)
}

# merge_set NUMBER: by mergecap and by ddump, which sorts it.
merge_set() {
	echo "set $1: ${set[*]}"
	mergecap -F pcapng -w "theirs$1" "${set[@]}" 2>mergecap.err
	merge -quiet -pcapng -w "ours$1" "${set[@]/#/file:}"
	[ "$status" -eq 0 ]
	"$TOOLS/show" "ours$1" | cut -f 1 | sort -nc
}

# A tshark takes longer to start than to read: each reads the sections of ten sets.
@test "files: 100 random sets of captures, the same packets as mergecap has" {
	local i set seed=${SEED:-$((SECONDS + $$))}
	need mergecap
	echo "seed $seed"
	RANDOM=$seed
	make_captures
	for _ in {0..9}; do
		for i in {0..9}; do
			random_set
			merge_set "$i"
		done
		cat theirs? >theirs
		cat ours? >ours
		diff <(sorted_packets theirs) <(sorted_packets ours)
		[ "$(sorted_packets ours | wc -l)" -gt 20 ]
	done
}

@test "a file that a target reads: is not overwritten by -w, -report or a ring" {
	make_file "$BATS_TEST_TMPDIR/one.pcap" "id=1&packets=100"
	local file=$BATS_TEST_TMPDIR/one.pcap before
	before=$(cksum <"$file")
	merge -w "$file" "$file"
	[ "$status" -eq 1 ]
	grep -q -- '-w .*one.pcap: a target reads this file; try another name' "$said"
	ln "$file" "$BATS_TEST_TMPDIR/other.pcap"
	merge -report "$BATS_TEST_TMPDIR/other.pcap" "$file"
	[ "$status" -eq 1 ]
	grep -q -- '-report .*other.pcap: a target reads this file' "$said"
	mv "$BATS_TEST_TMPDIR/other.pcap" "$BATS_TEST_TMPDIR/ring1.pcap"
	merge -w "$BATS_TEST_TMPDIR/ring.pcap" -C 1 -W 2 "$file"
	[ "$status" -eq 1 ]
	grep -q -- '-w .*ring1.pcap: a target reads this file' "$said"
	[ "$(cksum <"$file")" = "$before" ]
}

@test "-report: replaces a report, and no other file" {
	make_file "$BATS_TEST_TMPDIR/one.pcap" "id=1&packets=100"
	local capture=$BATS_TEST_TMPDIR/old.pcap
	cp "$BATS_TEST_TMPDIR/one.pcap" "$capture"
	merge -report "$capture" "$BATS_TEST_TMPDIR/one.pcap"
	[ "$status" -eq 1 ]
	grep -q -- '-report .*old.pcap: is not a report; try another name' "$said"
	cmp "$capture" "$BATS_TEST_TMPDIR/one.pcap"
	merge -w "$BATS_TEST_TMPDIR/x.pcap" -report "$BATS_TEST_TMPDIR/x.pcap" "$capture"
	[ "$status" -eq 1 ]
	grep -q -- '-report: is the file of -w, too' "$said"
	merge -report "$BATS_TEST_TMPDIR/r.json" "$capture"
	[ "$status" -eq 0 ]
	merge -report "$BATS_TEST_TMPDIR/r.json" "$capture"
	[ "$status" -eq 0 ]
}
