#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths and -paths-delay: what they accept, where the table, the packets and the report
# go, comments and ids of packets. paths.bats compares the figures with a kernel's.
#
# tests/data/paths has the captures of three hosts, web1 - r1 - db1, without offload. In 3 s
# web1 sends 60 datagrams to db1's port 53, of which a firewall in r1 drops the 8th of each
# 20, and SYNs to port 5433, which it drops. db1 answers the 57 datagrams that it gets.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2016 # sh -c has parameters of its own
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR
	data=$BATS_TEST_DIRNAME/../data/paths
	lab=("$data/web1.pcapng" "$data/r1.pcapng" "$data/db1.pcapng")
	file=$BATS_TEST_TMPDIR/out.pcapng
	report=$BATS_TEST_TMPDIR/report.json
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	stop_all
}

# rejects SENTENCE OPTION...: the client ends at once, with this sentence alone.
rejects() {
	local sentence=$1
	shift
	merge "$@" 127.0.0.1:1
	[ "$status" -eq 1 ]
	[ "$(cat "$said")" = "ddump: $sentence" ]
	[ ! -s "$merged" ]
}

# has_row FROM TO PACKETS LOST: has the last table this stretch?
has_row() {
	awk -v from="$1" -v to="$2" -v passed="$3" -v lost="$4" '
		/^PATH/ { found = 0 }
		$1 == from && $3 == to && $4 == passed && $5 == lost { found = 1 }
		END { exit !found }' "$merged"
}

# The table of the lab, and nothing else that counts packets.
has_lab() {
	grep -q '^3 flows, 9 packets: seen at r1:eth0, never beyond$' "$merged"
	has_row web1:eth0 r1:eth0 69 0
	has_row r1:eth0 r1:eth1 57 3
	has_row r1:eth1 db1:eth0 57 0
	has_row db1:eth0 r1:eth1 57 0
	has_row r1:eth1 r1:eth0 57 0
	has_row r1:eth0 web1:eth0 57 0
	run ! grep -q 'NOT KNOWN' "$merged"
}

fields_of() {
	tshark -n -r "$file" -T fields "${@/#/-e}" 2>/dev/null
}

@test "-paths -w -c: packets that still wait at the end are not counted as written" {
	local once
	for once in "" -once; do
		"$DDUMP" -quiet -paths $once -w "$file" -c 50 -report "$file.json" "${lab[@]}"
		[ "$(tshark -nr "$file" 2>/dev/null | wc -l)" -eq 50 ]
		jq -e '[.targets[].packets_written] | add == 50' "$file.json"
	done
}

@test "-paths with -print, with -w -, and -paths-delay alone: one sentence each" {
	local table="-paths: its table goes to stdout; leave out -print, and try -w FILE"
	rejects "$table" -paths -print
	rejects "$table" -paths -print -w "$file"
	rejects "$table" -paths -w -
	rejects "-paths-delay: needs -paths" -paths-delay 0
	rejects "-paths-delay: needs -paths" -paths-delay 100 -w "$file"
	rejects '-paths-delay: "600001" is not a number from 0 to 600000' -paths -paths-delay 600001
	[ ! -e "$file" ]
}

@test "-paths, files: the table on stdout has each loss, and no file is written" {
	merge -paths "${lab[@]}"
	[ "$status" -eq 0 ]
	has_lab
	grep -A 1 '^Flows that lost' "$merged" |
		grep -q '^ *3  r1:eth0 in > r1:eth1 out  UDP 192.0.2.11.38500 > 198.51.100.7.53$'
	[ "$(find . -type f | sort | tr '\n' ' ')" = "./merged.pcap ./said " ]
	grep -q '^ddump: 480 packets of 3 targets$' "$said"
	# the order of targets has no meaning
	merge -paths "${lab[2]}" "${lab[0]}" "${lab[1]}"
	has_lab
	# without the router, it is lost between the two hosts
	merge -paths "${lab[0]}" "${lab[2]}"
	has_row web1:eth0 db1:eth0 57 3
	has_row db1:eth0 web1:eth0 57 0
}

@test "-paths, one target, or packets that are not IP: no table, one sentence" {
	serve
	merge -paths "${lab[0]}"
	[ "$status" -eq 0 ]
	[ "$(cat "$merged")" = "No packet was seen at two places; name hosts that the same packets pass." ]
	merge -paths -hold 0 "a=$url/stream?packets=10&id=1" "b=$url/stream?packets=10&id=2"
	grep -qx 'No packet was seen at two places; name hosts that the same packets pass.' "$merged"
	merge -paths "a=$url/stream?packets=0&id=1"
	grep -qx 'No packet was captured; check the filter and the interfaces.' "$merged"
}

@test "-paths, several link types: a warning only if a file has them" {
	serve
	merge -paths "${lab[0]}" "a=$url/stream?packets=1&id=1&linktype=1"
	run ! grep 'link type' "$said"
	merge -paths -w "$file" "${lab[0]}" "a=$url/stream?packets=1&id=1&linktype=1"
	grep 'link type .* differs from' "$said"
}

@test "-paths -verbose: each lost packet, with time, places and flow" {
	merge -paths -verbose "${lab[@]}"
	[ "$(grep -c 'UTC: lost between r1:eth0 and r1:eth1: UDP 192.0.2.11.38500 > 198.51.100.7.53, 34 bytes of payload$' "$said")" -eq 3 ]
	[ "$(grep -c 'lost between' "$said")" -eq 3 ]
}

@test "-paths -w: one id for all sights of a packet, and a comment on each that is lost" {
	need tshark
	local options
	# whatever the hold is, and whatever the name: pcapng
	for options in "" "-hold 0" "-hold 100" "-paths-delay 5000"; do
		# shellcheck disable=SC2086 # several words
		merge -paths $options -w "$file" "${lab[@]}"
		[ "$status" -eq 0 ]
		has_lab
		[ "$(fields_of frame.number | wc -l)" -eq 480 ]
		[ "$(fields_of frame.interface_name frame.comment | grep -P '\t.')" = \
			"$(printf 'r1:eth0\tnot seen after r1:eth0\n%.0s' 1 2 3)" ]
		# by layer 3 and 4, without the time to live: as many packets as ids, both ways
		[ "$(fields_of frame.packet_id | sort -u | wc -l)" -eq 126 ]
		[ "$(fields_of ip.src ip.id udp.srcport | sort -u | wc -l)" -eq 126 ]
		[ "$(fields_of frame.packet_id ip.src ip.id udp.srcport | sort -u | wc -l)" -eq 126 ]
		# that of the first sight
		[ "$(fields_of frame.number frame.packet_id | awk '$2 > $1')" = "" ]
		fields_of frame.time_epoch | sort -c
	done
	merge -paths -w out.pcap "${lab[@]}"
	[ "$(od -An -tx1 -N 4 out.pcap)" = " 0a 0d 0d 0a" ]
}

@test "-paths -c: the file has so many packets, and the table is printed" {
	need tshark
	merge -paths -c 100 -w "$file" "${lab[@]}"
	[ "$status" -eq 0 ]
	[ "$(fields_of frame.number | wc -l)" -eq 100 ]
	grep -q '^PATH ' "$merged"
	merge -paths -c 100 "${lab[@]}"
	[ "$status" -eq 0 ]
	grep -q '^PATH ' "$merged"
	grep -q '^ddump: 100 packets of 3 targets$' "$said"
}

@test "-paths, several files: each packet is in one of them" {
	need tshark
	local part all=0
	merge -paths -C 10K -w "$file" "${lab[@]}"
	[ "$status" -eq 0 ]
	for part in "$BATS_TEST_TMPDIR"/out*.pcapng*; do
		all=$((all + $(tshark -n -r "$part" 2>/dev/null | wc -l)))
	done
	[ "$all" -eq 480 ]
	has_lab
}

# The members of .paths, as "PATH TYPE".
members() {
	jq -r '.paths | paths(type != "object" and type != "array") as $p | getpath($p) as $v |
		([$p[] | if type == "number" then "[]" else "." + . end] | join("") | .[1:]) +
		" " + ($v | type)' "$report" | sort -u
}

# Those of the manual, a line for each type.
described() {
	sed -n '/^\.Ss Report of paths/,/^\.Sh/s/^\.It Cm paths\.\(.*\) No : \(.*\)/\1 \2/p' \
		"$BATS_TEST_DIRNAME/../../man/ddump.1" |
		awk '{ print $1, $2; if ($4) print $1, $4 }' | sort -u
}

@test "-paths -report: the object has the members of the manual, and the table's figures" {
	need jq
	merge -paths -report "$report" "${lab[@]}"
	jq -e '.schema == 1' "$report"
	[ "$(comm -13 <(described) <(members))" = "" ]
	# this lab translates no address; paths_nat.bats does
	diff <(described | sed '/^translations/d' | cut -d ' ' -f 1 | sort -u) \
		<(members | cut -d ' ' -f 1 | sort -u)
	jq -e '.paths | .packets == 480 and .repeated == 0' "$report"
	jq -e '.paths.stretches | length == 6 and all(.packets_passed ==
		(.histogram | map(.packets) | add) and .delay_min_ns <= .delay_p50_ns and
		.delay_p50_ns <= .delay_max_ns)' "$report"
	jq -e '.paths.stretches[] | select(.from == "r1:eth0" and .to == "r1:eth1") |
		.packets_lost == 3 and .bytes_lost == 102 and .same_host and
		.from_direction == "in" and .to_direction == "out" and
		(.packets_not_known | add) == 0 and .clock_bound_ns == 0' "$report"
	jq -e '.paths.endings == [.paths.endings[0]] and (.paths.endings[0] |
		.place == "r1:eth0" and .flows == 3 and .packets == 9 and .answered_flows == 0 and
		(.worst | length == 3))' "$report"
	jq -e '.paths.flows | length == 1 and .[0].lost == 3' "$report"
	jq -e '.paths.clocks | length == 2 and all(.offset_low_ns < .offset_high_ns)' "$report"
	merge -report "$report" "${lab[@]}"
	jq -e 'has("paths") | not' "$report"
}

# A stream that stays open: the table has what has come so far.
serve_lab() {
	mkfifo web1 r1 db1
	local name
	for name in web1 r1 db1; do
		start "$name" sh -c 'exec 3>"$1"; cat "$2" >&3; exec sleep 100' sh \
			"$name" "$data/$name.pcapng"
	done
}

@test "-paths at SIGUSR1: the table so far on stdout, then the one at the end" {
	serve_lab
	start_merge -paths -hold 100 ./web1 ./r1 ./db1
	capturing_on 3
	asked() {
		kill -USR1 "$client"
		grep -q '^PATH' "$merged"
	}
	eventually asked
	local tables
	tables=$(grep -c '^PATH' "$merged")
	[ "$tables" -ge 1 ]
	kill -INT "$client"
	await_client
	[ "$(grep -c '^PATH' "$merged")" -gt "$tables" ]
	has_row r1:eth0 r1:eth1 57 3
	# it is a file, not a terminal
	run ! grep -q "$(printf '\033')" "$merged"
}

# Prints what the terminal shows after it was cleared for the last time.
last_drawn() {
	tr -d '\r' <"$merged" | awk -v clear="${escape}[[]H" '$0 ~ clear { text = "" }
		{ text = text $0 "\n" } END { printf "%s", text }'
}

# has_drawn COUNT: has the terminal been cleared so many times at least?
has_drawn() {
	[ "$(grep -o "$escape\[H$escape\[J" "$merged" | wc -l)" -ge "$1" ]
}

@test "-paths at a terminal: the table is drawn anew each second, and the last one stays" {
	need pgrep
	local terminal
	escape=$(printf '\033')
	serve_lab
	said=$BATS_TEST_TMPDIR/tty.err
	merged=$BATS_TEST_TMPDIR/tty.out
	start tty "$TOOLS/pty" "$DDUMP" -paths -hold 100 ./web1 ./r1 ./db1
	terminal=${started[-1]}
	capturing_on 3
	eventually has_drawn 3
	run ! has_row r1:eth0 r1:eth1 57 4
	kill -INT "$(pgrep -P "$terminal")"
	client=$terminal
	await_client
	# nothing clears the last one
	last_drawn >last
	grep -q '^r1:eth0  *> r1:eth1  *57 *3 5.0 %' last
	grep -q '^Clocks' last
}

@test "-paths at a terminal: the latest messages follow each table" {
	need pgrep
	local terminal
	escape=$(printf '\033')
	serve_lab
	merged=$BATS_TEST_TMPDIR/tty.out
	said=$merged
	# both of stdout and stderr are the terminal
	start tty "$TOOLS/pty" sh -c 'exec "$@" 2>&1' sh \
		"$DDUMP" -paths -verbose -hold 100 ./web1 ./r1 ./db1
	terminal=${started[-1]}
	eventually has_drawn 4
	kill -INT "$(pgrep -P "$terminal")"
	client=$terminal
	await_client
	last_drawn >last
	grep -q '^r1:eth0  *> r1:eth1  *57 *3 5.0 %' last
	[ "$(grep -c 'lost between r1:eth0 and r1:eth1' last)" -eq 3 ]
}

# A pcapng file, ids.pcapng, in which packets have the ids 1, 2, and so on.
make_file_with_ids() {
	merge -paths -w ids.pcapng "${lab[0]}"
	[ "$status" -eq 0 ]
}

# calls OPTION...: which functions of the paths a merge of the lab calls.
calls() {
	valgrind -q --tool=callgrind --callgrind-out-file="$BATS_TEST_TMPDIR/calls" \
		--compress-strings=no "$BIN/ddump" "$@" "${lab[@]}" >/dev/null 2>"$BATS_TEST_TMPDIR/said"
	grep -Eo '^c?fn=(path_|packet_delay_|paths_arrived)[a-z_]*' "$BATS_TEST_TMPDIR/calls" |
		cut -d = -f 2 | sort -u
}

@test "no -paths: no packet comes to the code that follows it" {
	need valgrind
	# valgrind works neither with sanitizers nor with an emulator
	[[ $BUILD != *sanitize* && -z ${EMULATED:-} ]] || return 0
	calls -paths | grep -qx path_identify
	calls -paths | grep -qx packet_delay_packet
	[ "$(calls -w "$file" | grep -vx packet_delay_cleanup)" = "" ]
}

@test "ids of inputs: the first target's stay, those of others become distinct" {
	need tshark
	local ids
	make_file_with_ids
	merge -w "$file" -pcapng ./ids.pcapng
	ids=$(fields_of frame.packet_id)
	[ "$ids" = "$(seq 126)" ]
	merge -w "$file" -pcapng a=./ids.pcapng b=./ids.pcapng c=./ids.pcapng
	[ "$(fields_of frame.interface_name frame.packet_id | awk '$1 ~ /^a/ { print $2 }')" = "$ids" ]
	[ "$(fields_of frame.packet_id | sort -u | wc -l)" -eq 378 ]
	# the number of the target is in the upper 16 bits
	[ "$(fields_of frame.interface_name frame.packet_id |
		awk '$1 ~ /^c/ { print $2 - 2 * 2 ^ 48 }' | head -n 3 | tr '\n' ' ')" = "1 2 3 " ]
	# with -paths there are new ones
	merge -paths -w "$file" a=./ids.pcapng b="${lab[1]}"
	[ "$(fields_of frame.packet_id | sort -nu | tail -n 1)" -le 366 ]
}
