#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures of other programs as targets: everything in them is written, and
# errors in one of them do not affect the others.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export HOME=$BATS_TEST_TMPDIR
	pcap=$PWD/tests/fuzz/corpus/fuzz_reader
	pcapng=$PWD/tests/data/pcapng
	captures=$PWD/tests/data/captures
	serve
}

teardown() {
	stop_all
}

# merge_files OPTION... FILE...: each file is a target of its name.
merge_files() {
	local args=() arg
	for arg in "$@"; do
		[[ $arg == /* ]] && arg=$(basename "$arg")=$url/file$arg
		args+=("$arg")
	done
	merge -hold "$patient" "${args[@]}"
}

# fields NAME...: these fields of each packet, as tshark reads them.
fields() {
	local args=() field
	for field; do
		args+=(-e "$field")
	done
	tshark -nr "$merged" -T fields "${args[@]}" 2>/dev/null
}

@test "modified pcap: its packets are read in either byte order" {
	need tshark
	merge_files "$pcap/good-modified-little" "$pcap/good-modified-big"
	[ "$status" -eq 0 ]
	[ "$(fields frame.time_epoch frame.len)" = "1700000000.000001000	60
1700000000.000001000	60
1700000002.000000000	0
1700000002.000000000	3
1700000002.000000000	0
1700000002.000000000	3" ]
}

@test "pcap with a fraction of a second or more: added to the seconds, no packet is lost" {
	merge_files "$pcap/good-micro-fraction-of-a-second"
	[ "$status" -eq 0 ]
	run "$TOOLS/show" "$merged"
	[ "$output" = "2.000000000	1	1	unknown" ]
}

@test "a packet header with an invalid length: the number is in the message" {
	merge_files "$pcap/bad-caplen-over-limit"
	[ "$status" -ne 0 ]
	grep -q "announces 262145 bytes, more than 262144" "$said"
}

@test "a packet shorter than its pseudo header: its target fails, the others continue" {
	local file
	need tshark
	for file in "$pcap/bad-pseudo-header-little" \
		"$pcapng/bad-pseudo-header-irda-big" \
		"$pcapng/bad-pseudo-header-erf-little"; do
		merge_files -pcapng -require any "$file" \
			"$pcapng/good-packet-sizes-big"
		[ "$status" -eq 2 ]
		grep -q "^ddump: $(basename "$file"): a packet of .* bytes lacks the header" "$said"
		tshark -nr "$merged" >"$BATS_TEST_TMPDIR/read" \
			2>"$BATS_TEST_TMPDIR/complaints"
		run ! grep -q damaged "$BATS_TEST_TMPDIR/complaints"
		[ "$(fields frame.interface_name | grep -c packet-sizes)" -eq 10 ]
	done
}

# lines_with TEXT: in how many lines of stderr a text occurs.
lines_with() {
	grep -c -e "$1" "$said"
}

@test "a timestamp out of range: limited, reported once, all packets are written" {
	local file
	need tshark
	for file in by-1-too-high highest of-seconds-too-high; do
		merge_files -pcapng "$pcapng/good-stamp-$file-big" \
			"$pcapng/good-stamp-$file-little" "$pcapng/good-names-big"
		[ "$status" -eq 0 ]
		[ "$(lines_with "-stamp-.* is out of range and becomes 2554-07-21;")" -eq 2 ]
		run ! grep -q "[1-9] late" "$said"
		[ "$(fields frame.time_epoch | tail -n 2)" = "18446744073.709551615
18446744073.709551615" ]
		[ "$(fields frame.time_epoch | wc -l)" -eq 4 ]
	done
	merge_files "$pcapng/good-stamp-before-1970-big"
	[ "$status" -eq 0 ]
	grep -q "timestamp 1700000000999999 x 10^-6 s - 1700000001 s is out of range and becomes 1970-01-01;" "$said"
	[ "$(fields frame.time_epoch)" = "0.000000000" ]
}

@test "a timestamp after 2106 in pcap: limited to the last possible one, reported once" {
	need tshark
	merge_files "$pcapng/good-stamp-last-big" "$pcapng/good-names-big"
	[ "$status" -eq 0 ]
	[ "$(lines_with "good-stamp-last-big: timestamp 18446744073 s becomes 2106-02-07")" -eq 1 ]
	[ "$(lines_with 2106)" -eq 1 ]
	[ "$(fields frame.time_epoch | tail -n 1)" = "4294967295.999999999" ]
	# a timestamp out of range is reported once, too
	merge_files "$pcapng/good-stamp-highest-little"
	[ "$(lines_with 2106)" -eq 1 ]
	merge_files -pcapng "$pcapng/good-stamp-last-big"
	[ "$(lines_with warning)" -eq 0 ]
}

@test "interfaces with the same name: kept apart and distinguishable" {
	need tshark
	merge_files -pcapng "$pcapng/good-twins-big" "$pcapng/good-twins-little"
	[ "$status" -eq 0 ]
	[ "$(fields frame.interface_name | sort)" = "good-twins-big
good-twins-big:#2
good-twins-big:eth0
good-twins-big:eth0#2
good-twins-little
good-twins-little:#2
good-twins-little:eth0
good-twins-little:eth0#2" ]
}

# The text that tshark decrypts from a file: it reads each packet once, so
# secrets must precede the packets that need them.
decrypted() {
	tshark -nr "$1" -d tcp.port==4433,tls -Y http -T fields \
		-e tcp.stream -e http.request.uri -e http.file_data \
		-e http.response.code 2>/dev/null
}

@test "TLS secrets in pcapng: tshark decrypts the output like the original" {
	local order
	need tshark
	for order in little big; do
		[ "$(decrypted "$captures/tls-$order" | wc -l)" -eq 2 ]
		merge_files -pcapng "$captures/tls-$order" \
			"$pcapng/good-statistics-$order"
		diff <(decrypted "$captures/tls-$order") <(decrypted "$merged")
		[ "$(lines_with "tls-.* not kept")" -eq 0 ]
	done
}

@test "TLS secrets with pcap output: one warning that they are missing" {
	merge_files "$captures/tls-little" "$captures/tls-big"
	[ "$status" -eq 0 ]
	[ "$(lines_with "tls-little: pcap cannot store .*decryption secrets.*; try -pcapng")" -eq 1 ]
	[ "$(lines_with "cannot store")" -eq 2 ]
}

# Everything but packets in a pcapng file. The properties that the writer sets
# itself are left out: sections, interface names, timestamp resolutions.
held() {
	"$TOOLS/list" "$1" | sed -E 's/^(packet [0-9]{16})000 /\1 /' |
		grep -v -e "^section" -e "^interface [29] " | sort
}

# mergecap 4.0 drops custom blocks, and damages addresses of interfaces and
# verdicts of packets.
@test "pcapng: everything that mergecap keeps is kept, in either byte order" {
	local kind order name line
	need mergecap
	for kind in names secrets journal old-packets statistics \
		filter-of-bytecode texts-with-zeros options-without-end; do
		for order in little big; do
			name=good-$kind-$order
			merge_files -pcapng "$pcapng/$name"
			mergecap -w "$BATS_TEST_TMPDIR/theirs" "$pcapng/$name"
			held "$merged" >"$BATS_TEST_TMPDIR/ours"
			# mergecap loses the options of secrets; from version
			# 4.4 on it writes names in other records
			while read -r line; do
				grep -q "^$line" "$BATS_TEST_TMPDIR/ours" || {
					echo "$name has lost: $line"
					return 1
				}
			done < <(held "$BATS_TEST_TMPDIR/theirs" |
				grep -v '^block 4 ')
			[ "$kind" != names ] ||
				grep -q "^$(held "$pcapng/good-names-little" |
					grep '^block 4 ' | cut -c 1-150)" \
					"$BATS_TEST_TMPDIR/ours"
		done
	done
}

@test "options of packets and interfaces: kept, in either byte order" {
	local order
	for order in little big; do
		merge_files -pcapng "$pcapng/good-packet-options-$order" \
			"$pcapng/good-interface-options-$order"
		[ "$status" -eq 0 ]
		"$TOOLS/list" "$merged" >"$BATS_TEST_TMPDIR/list"
		echo "packet 1700000000000000000 1 6120636f6d6d656e74
packet 1700000000000000000 1 616e6420616e6f746865720d0a6f662074776f206c696e657320c3a9
packet 1700000000000000000 2 25000081
packet 1700000000000000000 2988 d97e00006578616d706c65
packet 1700000000000000000 2989 d97e00006578616d706c65
packet 1700000000000000000 3 02ec1d8797
packet 1700000000000000000 3 03456e42177c101e3c2e996ec29a3d508e
packet 1700000000000000000 4 3930000000000000
packet 1700000000000000000 5 0100000000000000
packet 1700000000000000000 6 03000000
packet 1700000000000000000 7 0064726f70
packet 1700000000000000000 8 d204000000000000" |
			diff - <(grep "^packet" "$BATS_TEST_TMPDIR/list" |
				grep -v " 7 0[12]" | sort)
		[ "$(grep -c "^packet .* 7 0[12]" "$BATS_TEST_TMPDIR/list")" -eq 2 ]
		for option in 4:c0000201ffffff00 4:c0000202ffffff00 \
			5:20010db800000000000000000000000140 6:020000000001 \
			7:020000fffe000001 8:00ca9a3b00000000 10:100e0000 \
			16:00a00f0000000000 17:00007d0000000000 \
			18:4575726f70652f4265726c696e \
			"3:$(printf 'good-interface-options-%s:eth0, the first interface' "$order" |
				xxd -p -c 0)" \
			15:61206e6574776f726b2063617264; do
			grep -qx "interface ${option%:*} ${option#*:}" \
				"$BATS_TEST_TMPDIR/list"
		done
	done
}

@test "blocks that must not be copied, and unknown ones: left out, reported once" {
	merge_files -pcapng "$pcapng/good-custom-blocks-big" \
		"$pcapng/good-unknown-blocks-little"
	[ "$status" -eq 0 ]
	"$TOOLS/list" "$merged" >"$BATS_TEST_TMPDIR/list"
	[ "$(grep -c "^block" "$BATS_TEST_TMPDIR/list")" -eq 1 ]
	grep -q "^block 2989 d97e0000616e79" "$BATS_TEST_TMPDIR/list"
	[ "$(lines_with warning)" -eq 2 ]
	grep -q "custom-blocks-big: not in the output: custom data marked as not to be copied$" "$said"
	grep -q "unknown-blocks-little: not in the output: blocks of unknown types$" "$said"
	# the end of the file has the same
	[ "$(grep -ac "not in the output: blocks of unknown types" "$merged")" -eq 1 ]
}

@test "options of the section header: in a comment at the end of the pcapng file" {
	need capinfos
	merge_files -pcapng "$pcapng/good-section-options-big" \
		"$pcapng/good-names-little"
	[ "$status" -eq 0 ]
	grep -aq "section-options-big: hardware: a machine" "$merged"
	grep -aq "section-options-big: system: an operating system" "$merged"
	grep -aq "section-options-big: application: an application" "$merged"
	run capinfos -k "$merged"
	[[ $output == *"section-options-big: comment: a comment"* ]]
	# each line has the label, so that no line looks like one of ours
	grep -aq "^good-section-options-big: comment: of two lines" "$merged"
	merge_files "$pcapng/good-section-options-big"
	grep -q "pcap cannot store descriptions of the capture; try -pcapng" "$said"
}

@test "interface descriptions: the name, then that of the source, or the URL" {
	need tshark
	merge_files -pcapng "$pcapng/good-twins-little"
	[ "$(fields frame.interface_description)" = "good-twins-little, $url/file$pcapng/good-twins-little?format=pcapng
good-twins-little:#2, $url/file$pcapng/good-twins-little?format=pcapng
good-twins-little:eth0, front
good-twins-little:eth0#2, back" ]
	[ "$("$TOOLS/list" "$merged" | grep -c "^interface 1 687474703a2f2f")" -eq 2 ]
}
