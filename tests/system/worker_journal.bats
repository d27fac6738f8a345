#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The reports of a worker: in the journal, or on stderr if there is no journal.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker

lines_said() {
	[ "$(said | wc -l)" -eq "$1" ]
}

# says N PATTERN: the whole N-th line matches.
says() {
	said | sed -n "$1p" | grep -qxE "$2" || said
	said | sed -n "$1p" | grep -qxE "$2"
}

@test "without a journal: one line on stderr at the start, one at the end" {
	make_peer
	start_worker -listen "127.0.0.1:$port"
	capture a 'filter=udp+port+4711&count=3&interface=lo&interface=va'
	says 2 'ddump-worker: 127\.0\.0\.1:[0-9]+ \(uid 0\): captures filter udp port'$(
		)' 4711 on lo,va'
	lines_said 2
	send 3 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	eventually lines_said 3
	# 24 bytes and three times 16 + 16 + 28 + 100
	says 3 'ddump-worker: 127\.0\.0\.1:[0-9]+ \(uid 0\): captured 3 packets \(504 '$(
		)'bytes sent, 0 packets dropped\) in [0-9]+\.[0-9]{3} s: the'$(
		)' count was reached'
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq 504 ]
}

@test "without a journal: one line for a rejection, none for a connection without a request" {
	start_worker -listen "127.0.0.1:$port"
	enter bash -c "exec 3<>/dev/tcp/127.0.0.1/$port"
	eventually no_children
	ask '/capture?filtre=icmp' -o /dev/null
	eventually lines_said 2
	says 2 'ddump-worker: 127\.0\.0\.1:[0-9]+ \(uid 0\): refused \(400\): unknown '$(
		)'parameter "filtre"; try filter, .*'
	ask /interfaces -o /dev/null
	ask /interfaces -I -o /dev/null
	eventually no_children
	lines_said 2
}

@test "a client on a unix socket: logged by user and process" {
	start_worker -listen "unix:$BATS_TEST_TMPDIR/socket"
	enter curl -s --unix-socket "$BATS_TEST_TMPDIR/socket" -o /dev/null \
		http://x/nowhere
	eventually lines_said 2
	says 2 'ddump-worker: unix:uid=0,pid=[1-9][0-9]*: refused \(404\): .*'
}

@test "a client over IPv6: its address is logged" {
	start_worker -listen "[::1]:$port"
	enter curl -s -o /dev/null "http://[::1]:$port/nowhere"
	eventually lines_said 2
	says 2 'ddump-worker: \[::1\]:[0-9]+ \(uid 0\): refused \(404\): .*'
}

# Bytes that a client may try to put into a terminal or a log.
forgeries() {
	ask '/capture?filter=icmp%0aMESSAGE=forged%0d%0aPRIORITY=0' "$@"
	ask '/capture?filter=%1b%5b31mred' "$@"
	ask '/capture?filter=%c2%9b31mred' "$@"
	ask '/capture?filter=%25s%25n%25d%25s%25n' "$@"
	ask '/capture?filtre%0aforged=1' "$@"
	ask '/capture?count=1%0aforged' "$@"
	ask '/capture?interface=lo%0aforged' "$@"
	ask '/capture?interface=%25s%25n' "$@"
	ask '/%0aforged%1b' "$@"
	ask '/capture' "$@" -X $'GE\x1bT'
	ask '/capture' "$@" -H $'Forwarded: for=\x9b31m"'
	ask '/capture' "$@" -H $'Bad\x1b: x'
	ask '/capture' "$@" -H $'Host: \x1b[31m'
}
forgeries=13

@test "requests with control characters: no second log line, no control character" {
	start_worker -listen "127.0.0.1:$port"
	forgeries -o /dev/null
	eventually lines_said $((1 + forgeries))
	[ "$(said | grep -cE '^ddump-worker: 127.0.0.1:[0-9]+ \(uid 0\): refused \(4[0-9]+\): ')" \
		-eq $forgeries ]
	said | lacks -P '[^ -~]' -
	# the same in a valid filter
	capture a 'filter=icmp%0aor%09udp&duration=1'
	exit_status "${captures[a]}"
	eventually lines_said $((3 + forgeries))
	says $((2 + forgeries)) '.*: captures filter icmp or udp on all.*'
	said | lacks -P '[^ -~]' -
}

# A journal of the tests' own, without systemd, in a mount namespace that the
# worker enters. It needs the host's /sys/fs/cgroup, so "ip netns exec", which
# mounts another /sys, is not used; loopback has the same name and index
# everywhere.
start_journal() {
	local journald
	for journald in /usr/lib/systemd/systemd-journald \
		/lib/systemd/systemd-journald; do
		[ ! -x $journald ] || break
	done
	[ -x "$journald" ] || skip "needs systemd-journald"
	need journalctl
	need jq
	# /etc/machine-id is empty in some containers
	start journald unshare -m sh -ec '
		mount -t tmpfs none /run
		mkdir -p /run/systemd/journal /run/systemd/journald.conf.d \
			/run/log/journal
		printf "[Journal]\nStorage=volatile\nReadKMsg=no\n%s\n" \
			"RateLimitIntervalSec=0" \
			>/run/systemd/journald.conf.d/test.conf
		echo 0123456789abcdef0123456789abcdef >/run/machine-id
		mount --bind /run/machine-id /etc/machine-id
		exec "$@"' sh "$journald"
	local journal=${started[-1]}
	isolated=(nsenter -t "$journal" -m "--net=/run/netns/$ns")
	eventually "${isolated[@]}" test -S /run/systemd/journal/socket
	eventually "${isolated[@]}" test -s \
		/run/log/journal/0123456789abcdef0123456789abcdef/system.journal
}

# Our records, one JSON object a line.
records() {
	enter journalctl -q -D /run/log/journal -o json \
		SYSLOG_IDENTIFIER=ddump-worker "$@" |
		grep -v 'system calls are not limited in this build' || true
}

has_records() {
	local count=$1
	shift
	[ "$(records "$@" | wc -l)" -eq "$count" ]
}

# Each message has its ID, which the catalog explains.
started_id=a4ba7be2a68e4bfe804ff8da5589e6a7
ended_id=43c55f8d33f74f5bb9897ae868812dc3
refused_id=11370d34256347ecbe98f2c2b552af2e

start_journaled_worker() {
	start_journal
	start worker "${isolated[@]}" "$WORKER" -listen "127.0.0.1:$port" "$@"
	worker=${started[-1]}
	eventually has_records 1
}

@test "a capture in the journal: two records with all fields" {
	start_journaled_worker
	capture a 'filter=udp+port+4711&count=4&interface=lo'
	eventually has_records 1 MESSAGE_ID=$started_id
	send 4 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	eventually has_records 1 MESSAGE_ID=$ended_id
	has_records 3

	records MESSAGE_ID=$started_id | jq -e '
		.PRIORITY == "6" and .DDUMP_STATUS == "200" and
		.DDUMP_FILTER == "udp port 4711" and
		.DDUMP_INTERFACE == "lo" and
		(.DDUMP_PEER | test("^127\\.0\\.0\\.1:[0-9]+$")) and
		.DDUMP_UID == "0" and .DDUMP_CLIENT == "" and
		(.MESSAGE | test("^127\\.0\\.0\\.1:[0-9]+ \\(uid 0\\): captures filter udp port 4711 on lo$"))'
	records MESSAGE_ID=$ended_id | jq -e '
		.PRIORITY == "6" and .DDUMP_STATUS == "200" and
		.DDUMP_FILTER == "udp port 4711" and
		.DDUMP_PACKETS == "4" and .DDUMP_BYTES == "664" and
		.DDUMP_DROPPED == "0" and
		(has("DDUMP_INTERFACE_DROPPED") | not) and
		(.DDUMP_DURATION_USEC | test("^[0-9]+$")) and
		.DDUMP_REASON == "the count was reached" and
		(.DDUMP_PEER | test("^127\\.0\\.0\\.1:[0-9]+$")) and
		(.MESSAGE | test(": captured 4 packets "))'
	# one and the same connection
	[ "$(records DDUMP_STATUS=200 | jq -r .DDUMP_PEER | sort -u |
		wc -l)" -eq 1 ]
	# reported once, not twice
	[ "$(said | grep -cv "listens on")" -eq 0 ]
}

@test "the client in the journal: the user on loopback, and the client of a proxy" {
	start_journaled_worker
	local user
	user=$(id -u nobody)
	enter setpriv --reuid "$user" --regid "$user" --clear-groups \
		curl -sgS -o /dev/null -H 'Forwarded: for="[2001:db8::7]:4711"' \
		"http://127.0.0.1:$port/capture?duration=1"
	records MESSAGE_ID=$ended_id DDUMP_UID="$user" \
		'DDUMP_CLIENT=[2001:db8::7]:4711' | jq -e .MESSAGE |
		grep -F "(uid $user) for [2001:db8::7]:4711: captured"
}

@test "a rejected request with a long filter: one short record" {
	start_journaled_worker
	ask "/capture?filter=tcp+prot+$(printf '%08000d' 1)" -o /dev/null
	eventually has_records 1 MESSAGE_ID=$refused_id
	[ "$(records MESSAGE_ID=$refused_id | wc -c)" -lt 6000 ]
}

@test "a rejected request in the journal: one record" {
	start_journaled_worker
	ask '/capture?filter=tcp+prot' -o /dev/null
	eventually has_records 1 MESSAGE_ID=$refused_id
	records MESSAGE_ID=$refused_id | jq -e '
		.PRIORITY == "5" and .DDUMP_STATUS == "400" and
		.DDUMP_FILTER == "tcp prot" and .DDUMP_PACKETS == "0" and
		(.DDUMP_REASON | test("^filter: ")) and
		(.MESSAGE | test(": refused \\(400\\): filter: "))'
	has_records 2
	[ "$(said | grep -cv "listens on")" -eq 0 ]
}

@test "a filter with line breaks and escape sequences: no forged field or sequence" {
	start_journaled_worker
	ask '/capture?filter=tcp%0aDDUMP_STATUS%3d200%c2%9b' -o /dev/null
	eventually has_records 1 MESSAGE_ID=$refused_id
	records MESSAGE_ID=$refused_id | jq -e '
		.DDUMP_STATUS == "400" and
		.DDUMP_FILTER == "tcp DDUMP_STATUS=200\\xc2\\x9b"'
}

@test "a fault of the worker itself: an error in the journal" {
	start_journal
	start worker "${isolated[@]}" setpriv --bounding-set -net_raw \
		--inh-caps -net_raw "$WORKER" -listen "127.0.0.1:$port"
	worker=${started[-1]}
	eventually has_records 1
	ask /capture -o /dev/null
	eventually has_records 1 MESSAGE_ID=$refused_id
	records MESSAGE_ID=$refused_id | jq -e '
		.PRIORITY == "3" and .DDUMP_STATUS == "500" and
		(.MESSAGE | test("CAP_NET_RAW"))'
}

@test "dropped packets: a warning in the journal" {
	start_journaled_worker -ring 2
	capture a 'filter=udp'
	kill -STOP "${captures[a]}"
	send 1000 60000 0 127.0.0.1 4711
	kill -KILL "${captures[a]}"
	eventually has_records 1 MESSAGE_ID=$ended_id
	records MESSAGE_ID=$ended_id | jq -e '
		.PRIORITY == "4" and (.DDUMP_DROPPED | tonumber) > 0 and
		.DDUMP_REASON == "the client left"'
}

@test "requests that imitate journal fields: no forged record or field" {
	start_journaled_worker
	forgeries -o /dev/null
	eventually has_records $forgeries MESSAGE_ID=$refused_id
	has_records $((1 + forgeries))
	has_records 0 MESSAGE=forged
	has_records $forgeries PRIORITY=5
	# a field that has bytes instead of text is an array in JSON
	records | jq -se 'all(.[]; .MESSAGE | type == "string" and
		test("^[ -~]*$"))'
	records | jq -se 'all(.[]; .DDUMP_REASON // "" |
		type == "string" and test("^[ -~]*$"))'
}
