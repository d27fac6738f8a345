#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The report of -report: what it has, compared with the manual and with what the run
# was.

# shellcheck disable=SC2153,SC2154 # set by what is loaded
# shellcheck disable=SC2016 # jq has variables of its own
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	need jq
	cd "$BATS_TEST_DIRNAME/../.." || return
	export HOME=$BATS_TEST_TMPDIR
	report=$BATS_TEST_TMPDIR/report.json
	serve
}

teardown() {
	stop_all
}

# has FILTER: is the filter of jq true for the report?
has() {
	jq -e "$1" "$report" >/dev/null || {
		cat "$report"
		return 1
	}
}

# The members of the report as "PATH TYPE", an array's index as [].
members() {
	jq -r 'paths(type != "object" and type != "array") as $p | getpath($p) as $v |
		([$p[] | if type == "number" then "[]" else "." + . end] | join("") | .[1:]) +
		" " + ($v | type)' "$report" | sort -u
}

# The manual's as "PATH TYPE", a line for each type that a member can have; "paths" is in
# paths_options.bats.
described() {
	sed -n '/^\.Sh JSON REPORT/,/^\.Ss/s/^\.It Cm \(.*\) No : \(.*\)/\1 \2/p' man/ddump.1 |
		awk '{ print $1, $2; if ($4) print $1, $4 }' | sort -u
}

is_time='test("^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9][.][0-9]{9}Z$")'

@test "-report: has the members of the manual, each of a type that it names" {
	need_root
	local worker
	worker=127.0.0.1:$(free_port)
	start worker unshare -m sh -c "$without_journal" sh "$WORKER" -listen "$worker"
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker.err"
	merge -report "$report" -w "$BATS_TEST_TMPDIR/a.pcapng" -duration 1 -require any \
		"http://$worker?interface=lo" "$url/stream?packets=5&end=cut"
	[ "$status" -eq 2 ]
	cat "$report"
	# the second target has no clock
	diff <(members | cut -d ' ' -f 1 | sort -u) \
		<({ described && echo "targets[].clock null"; } | cut -d ' ' -f 1 | sort -u)
	[ "$(comm -13 <(described) <(members))" = "targets[].clock null" ]
	has '.schema == 1 and (.start | '"$is_time"') and (.end | '"$is_time"')'
	has '.start < .end'
	has '.targets[0].clock.offset_ns | fabs < 1e8'
	has '.targets[0].clock.offset_error_ns | . > 0 and . < 1e9'
}

@test "-report, a target fails: counts, outage, exit status and reason" {
	merge -report "$report" -w "$BATS_TEST_TMPDIR/a.pcap" -hold "$patient" \
		"whole=$url/stream?id=1&packets=300" "cut=$url/stream?id=2&packets=200&end=cut"
	[ "$status" -eq 2 ]
	has '.exit_status == 2 and .ended_by == "targets" and .packets_written == 500'
	has '.exit_reason | startswith("packets are missing: a target failed")'
	has '.output | .file == "'"$BATS_TEST_TMPDIR"'/a.pcap" and .last_file == .file and
		.files == 1 and .format == "pcap"'
	has '[.targets[].label] == ["whole", "cut"]'
	has '[.targets[].state] == ["ended", "failed"]'
	has '[.targets[].packets_received] == [300, 200]'
	has '[.targets[].outage_count] == [0, 1]'
	has '.targets[1].outages[0] | .end == null and (.start | '"$is_time"') and
		(.cause | startswith("the stream was cut"))'
}

@test "-report with -retry: outages have an end" {
	merge -report "$report" -retry -duration 2 -w "$BATS_TEST_TMPDIR/a.pcap" \
		"$url/stream?packets=20&end=cut" "$url/stream?packets=20&end=never"
	[ "$status" -eq 2 ]
	has '.ended_by == "duration" and .targets[0].outage_count > 0'
	has '.targets[0].outages[0] | .start <= .end and .end != null'
	has '.targets[1].outages == []'
}

@test "-report, nothing is captured: the reason is that of the message" {
	merge -report "$report" "http://127.0.0.1:1/"
	[ "$status" -eq 1 ]
	has '.exit_status == 1 and .ended_by == "failure" and .packets_written == 0'
	has '.targets[0].state == "failed" and .targets[0].outages[0].start == null'
	grep -qF "ddump: $(jq -r .exit_reason "$report")" "$said"
}

@test "-report, the output cannot be opened: the reason, and no target" {
	merge -report "$report" -w "$BATS_TEST_TMPDIR/no/such/file" "$url/stream"
	[ "$status" -eq 1 ]
	has '.exit_status == 1 and .targets == []'
	has '.exit_reason | test("cannot open .*/no/such/file: No such file")'
}

@test "-report, SIGUSR1: counts so far, in a whole file at any time" {
	start_merge -report "$report" -w "$BATS_TEST_TMPDIR/a.pcap" -hold 0 \
		"$url/stream?packets=50&end=never"
	capturing_on 1
	has '.end == null and .exit_status == null and .ended_by == null'
	counts_are_written() {
		kill -USR1 "$client" && jq -e '.packets_written == 50' "$report" >/dev/null
	}
	eventually counts_are_written
	has '.targets[0].state == "capturing" and .end == null'
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	has '.ended_by == "interrupt" and .exit_status == 0 and .exit_reason == null'
}

@test "-report, names and URLs with quotes, controls and broken UTF-8: valid JSON" {
	local name=$'e\x1b[31m"\\\xff\xe2\x80\xae'
	# a section, an interface of that name (12 bytes), one packet
	{
		printf '\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0'
		printf '\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0'
		printf '\1\0\0\0\x28\0\0\0\1\0\0\0\0\0\4\0\2\0\x0c\0%s' "$name"
		printf '\0\0\0\0\x28\0\0\0'
		printf '\6\0\0\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\x20\0\0\0'
	} >"$BATS_TEST_TMPDIR/hostile.pcapng"
	merge -pcapng -report "$report" \
		"http://me:s3cret@127.0.0.1:$port/file$BATS_TEST_TMPDIR/hostile.pcapng?a=\"b\\"
	[ "$status" -eq 0 ]
	iconv -f UTF-8 -t UTF-8 "$report" >/dev/null
	run ! grep -q $'[^ -~\n]' "$report"
	run ! grep -q s3cret "$report"
	has '.targets[0].interfaces[0].name == "e\\x1b[31m\"\\\\xff\\xe2\\x80\\xae"'
	has '.targets[0].url | contains("?a=")'
}

@test "-report that cannot be written: at the start nothing is captured, at the end status 1" {
	merge -report "$BATS_TEST_TMPDIR" "$url/stream?packets=1"
	[ "$status" -eq 1 ]
	grep -q '^ddump: -report .*: is not a regular file' "$said"
	[ ! -s "$merged" ]
	run ! grep -q stream "$BATS_TEST_TMPDIR/streams.out"
	mkdir "$BATS_TEST_TMPDIR/gone"
	start_merge -report "$BATS_TEST_TMPDIR/gone/report" "$url/stream?packets=1&end=never"
	capturing_on 1
	rm -r "$BATS_TEST_TMPDIR/gone"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot write the report .*/gone/report: No such file' "$said"
}

@test "-report on a full disk: the old report stays, and nothing else is left" {
	need_root
	local disk=$BATS_TEST_TMPDIR/disk
	mkdir "$disk"
	unshare -m sh -c 'mount -t tmpfs -o size=16k none "$1" && shift && exec "$@"' sh "$disk" \
		bash -c 'cat /dev/zero >"$1/fill" 2>/dev/null; echo old >"$1/other"
			truncate -s 8k "$1/fill"
			"$2" -quiet -report "$1/report" -w /dev/null "$3" || exit
			cp "$1/report" "$4"
			cat /dev/zero >>"$1/fill" 2>/dev/null
			"$2" -quiet -report "$1/report" -w /dev/null "$3"; echo "status $?"
			cmp "$1/report" "$4" && ls "$1"' \
		bash "$disk" "$DDUMP" "$url/stream?packets=9" "$BATS_TEST_TMPDIR/copy" \
		>"$BATS_TEST_TMPDIR/seen" 2>&1
	cat "$BATS_TEST_TMPDIR/seen"
	grep -q '^status 1$' "$BATS_TEST_TMPDIR/seen"
	grep -q 'cannot write the report .*: No space left on device' "$BATS_TEST_TMPDIR/seen"
	[ "$(tail -n 3 "$BATS_TEST_TMPDIR/seen")" = "fill
other
report" ]
}
