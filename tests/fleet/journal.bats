#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The administrator's view of captures: the journal, and no resources between
# captures.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
load ../system/helpers
load ../system/client
load fleet

teardown() {
	leave_all
}

started_id=a4ba7be2a68e4bfe804ff8da5589e6a7
ended_id=43c55f8d33f74f5bb9897ae868812dc3
refused_id=11370d34256347ecbe98f2c2b552af2e
fields='["DDUMP_PEER", "DDUMP_FILTER", "DDUMP_INTERFACE", "DDUMP_STATUS",
	"DDUMP_REASON", "DDUMP_PACKETS", "DDUMP_BYTES", "DDUMP_RECEIVED",
	"DDUMP_DROPPED", "DDUMP_DURATION_USEC",
	"DDUMP_CLIENT", "DDUMP_UID"]'

ask() {
	"${under[@]}" curl -s -o /dev/null "http://web1:8475/capture?$1"
}

@test "a capture: two records with all fields; a rejection: one" {
	local filter="udp port 4741" ours=$BATS_TEST_TMPDIR/records
	start_capture -filter "$filter" -interface eth0 web1
	send web2 web1 4741 30
	eventually is_merged 30
	end_capture
	ask 'filter=udp+prot+4741'
	eventually has_records web1 1 DDUMP_FILTER="udp prot 4741"
	records web1 DDUMP_FILTER="$filter" DDUMP_FILTER="udp prot 4741" \
		>"$ours"
	[ "$(jq -r .MESSAGE_ID "$ours" | xargs)" = \
		"$started_id $ended_id $refused_id" ]
	jq -se "all(.[]; [keys[]] | contains($fields))" "$ours"
	jq -se 'all(.[]; (._SYSTEMD_UNIT | startswith("ddump-worker@")) and
		(.DDUMP_PEER | startswith("192.0.2.2:")))' "$ours"
	jq -se '.[1] | .DDUMP_PACKETS == "30" and .DDUMP_DROPPED == "0" and
		.DDUMP_INTERFACE == "eth0" and .DDUMP_REASON != "" and
		(.DDUMP_DURATION_USEC | tonumber) > 0' "$ours"
	jq -se '.[2].DDUMP_STATUS == "400"' "$ours"
	# as the manual's examples select them
	records web1 DDUMP_PEER="$(jq -r .DDUMP_PEER "$ours" | head -n 1)" |
		jq -se 'length == 2'
}

@test "journalctl -x: explains the records" {
	local text=$BATS_TEST_TMPDIR/text
	start_capture -filter 'udp port 4742' web1
	end_capture
	ask 'filter=udp+prot+4742'
	eventually has_records web1 1 DDUMP_FILTER="udp prot 4742"
	inside web1 journalctl -q --no-pager -x -t ddump-worker >"$text"
	grep -q '^░░ Subject: A packet capture has started' "$text"
	grep -q '^░░ Subject: A packet capture has ended' "$text"
	grep -q '^░░ Subject: A packet capture was refused' "$text"
	grep -q '^░░ Filter: udp port 4742$' "$text"
	grep -q '^░░ Documentation: man:ddump-worker(8)' "$text"
}

# Every text that a client may send: a valid filter, an invalid one, a name, a
# path, a method, a field. journalctl must show one line for each record.
@test "requests with line breaks and colors: no forged line, field, or color" {
	local before text=$BATS_TEST_TMPDIR/text
	before=$(records web1 | wc -l)
	ask 'filter=udp%0aMESSAGE=forged%0dand%1b%5b31m+tcp&duration=1'
	ask 'filter=udp%0aor%0atcp&duration=1' # two records
	ask 'filter=%c2%9b31m%25s%25n'
	ask 'filtre%0aDDUMP_STATUS=200'
	ask 'interface=eth0%0aPRIORITY=0'
	ask 'count=1%e2%80%a8forged' # a line separator of Unicode
	"${under[@]}" curl -s -o /dev/null -X $'GE\x1bT' http://web1:8475/
	"${under[@]}" curl -s -o /dev/null http://web1:8475/%0aforged%1b
	eventually has_records web1 $((before + 9))
	records web1 | tail -n 9 | jq -se 'all(.[];
		(.MESSAGE | type == "string" and test("^[ -~]*$")) and
		(.DDUMP_FILTER | type == "string" and test("^[ -~]*$")) and
		(.DDUMP_REASON | type == "string" and test("^[ -~]*$")) and
		(.PRIORITY == "5" or .PRIORITY == "6"))'
	inside web1 journalctl -q --no-pager -o cat -t ddump-worker >"$text"
	[ "$(wc -l <"$text")" -eq $((before + 9)) ]
	[ "$(grep -c '^forged\|^MESSAGE' "$text")" -eq 0 ]
	inside web1 journalctl -q --no-pager -x -t ddump-worker >"$text"
	[ "$(grep -cP '[\x00-\x08\x0b-\x1f\x7f]' "$text")" -eq 0 ]
}

# systemd's accounting of the captures' slice.
usage() {
	property "$1" system-ddump.slice CPUUsageNSec
}

memory_of_slice() {
	property "$1" system-ddump.slice MemoryCurrent
}

# In the cgroup of the slice, and below it.
processes_of_slice() {
	inside "$1" find /sys/fs/cgroup/system.slice/system-ddump.slice \
		-name cgroup.procs -exec cat {} + | wc -l
}

@test "between captures: no process and no resources" {
	local used
	eventually is_idle web2
	for _ in 1 2 3; do
		start_capture -filter 'udp port 4743' web2
		has_instances web2 1
		has_workers web2 1
		end_capture
		eventually is_idle web2
	done
	[ "$(processes_of_slice web2)" -eq 0 ]
	[[ $(memory_of_slice web2) == "[not set]" ||
		$(memory_of_slice web2) -lt 1048576 ]]
	# no process runs, not even now and then
	used=$(usage web2)
	[ "$used" -gt 0 ]
	sleep 3
	[ "$(usage web2)" = "$used" ]
	figure "idle, after captures: CPU of the slice +0 ns in 3 s," \
		"memory $(memory_of_slice web2), no process, no unit"
}

# From the first byte of a request to the first byte of the response; systemd
# starts the unit in between.
@test "figure: time from connection to first byte" {
	local times
	times=$(for _ in 1 2 3 4 5 6 7 8 9; do
		"${under[@]}" curl -s -m 0.6 -o /dev/null \
			-w '%{time_starttransfer}\n' \
			'http://web1:8475/capture?filter=udp+port+4744' || true
	done | sort -g | sed -n 5p)
	awk -v time="$times" 'BEGIN { exit !(time > 0 && time < 2) }'
	figure "connection to first byte, median of 9: $times s"
}
