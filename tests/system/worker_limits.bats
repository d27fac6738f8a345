#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The administrator's limits: duration, snaplen, filter, and interfaces, by
# options and by the environment.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
bats_require_minimum_version 1.5.0

answers_with() {
	local answer
	answer=$(ask_status "$2")
	echo "$2: $answer"
	[[ "$answer" == "$1"* ]]
}

@test "-max-duration: the default without duration=, 403 for a longer one" {
	listen -max-duration 1
	answers_with "403 duration: the worker's limit is 1 s" \
		'/capture?duration=2'
	# both end by themselves, complete
	ask '/capture?filter=udp' >/dev/null
	ask '/capture?filter=udp&duration=1' >/dev/null
	eventually grep -q 'the duration was over' "$BATS_TEST_TMPDIR/worker.err"
}

# Its slot is free soon after the limit, whatever its kernel acknowledges.
@test "-max-duration with a client that does not read: the capture ends" {
	listen -max-duration 1 -max-clients 1
	capture a 'filter=udp'
	kill -STOP "${captures[a]}"
	# more than the socket's buffers take
	send 500 60000 0 127.0.0.1 4711
	eventually no_packet_sockets
	eventually no_children
	kill -CONT "${captures[a]}"
	eventually grep -q 'the duration was over, and the client did not read' \
		"$BATS_TEST_TMPDIR/worker.err"
}

@test "ddump that reads too slowly until -max-duration: the cut stream is explained" {
	listen -max-duration 1
	start ddump "${isolated[@]}" "$DDUMP" -filter udp \
		-w "$BATS_TEST_TMPDIR/late.pcap" "127.0.0.1:$port"
	eventually grep -q 'capturing on 1' "$BATS_TEST_TMPDIR/ddump.err"
	kill -STOP "${started[-1]}"
	# more than the sockets' buffers take
	send 500 60000 0 127.0.0.1 4711
	eventually no_children
	kill -CONT "${started[-1]}"
	exit_status "${started[-1]}"
	[ "$ended" -eq 2 ]
	grep -q "the stream was cut; the worker's journal may have the cause" \
		"$BATS_TEST_TMPDIR/ddump.err"
}

# A client that reads slowly: the data in the ring takes many times longer than
# the worker waits. curl's own limit of the rate is not exact enough at first.
@test "duration= reached before a slow client has read all: the stream ends as cut" {
	local path=$BATS_TEST_TMPDIR/socket
	start_worker -listen "unix:$path" -ring 16
	# shellcheck disable=SC2016 # bash in there has its own
	start slow bash -c 'curl -gsSN --unix-socket "$0" "$1" | {
			head -c 24 >"$2"
			while [ "$(head -c 20000 | wc -c)" -gt 0 ]; do
				sleep 0.1
			done
		}
		exit "${PIPESTATUS[0]}"' "$path" \
		'http://worker/capture?filter=udp&duration=4' \
		"$BATS_TEST_TMPDIR/slow.pcap"
	eventually test -s "$BATS_TEST_TMPDIR/slow.pcap"
	send 200000 100 0 127.0.0.1 4711
	eventually grep -q 'the duration was over' \
		"$BATS_TEST_TMPDIR/worker.err"
	exit_status "${started[-1]}"
	# cut in the middle
	[ "$ended" -eq 18 ]
	grep -q 'the duration was over, and the client did not read' \
		"$BATS_TEST_TMPDIR/worker.err"
}

# The worker process was stopped, as on a host that sleeps; the client was not
# slow.
@test "duration= reached while the worker was stopped: all packets arrive" {
	listen
	capture a 'filter=udp+port+4711&duration=1'
	local child
	child=$(children)
	kill -STOP "$child"
	eventually is_stopped "$child"
	send 10000 100 0 127.0.0.1 4711
	sleep 7
	kill -CONT "$child"
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 10000 a
}

# A second capture with the same duration shows when the first one is over.
@test "-max-duration: packets captured after the end are not sent" {
	listen -max-duration 6
	capture a 'filter=udp&snaplen=100000'
	capture b 'filter=udp+port+4712'
	kill -STOP "${captures[a]}"
	# more than the socket's buffers take, less than the ring
	send 110 60000 0 127.0.0.1 4711
	exit_status "${captures[b]}"
	# the first capture still has its socket
	has_packet_sockets 1
	send 5 100 0 127.0.0.1 4713
	kill -CONT "${captures[a]}"
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 0 a port 4713
	has 110 a port 4711
}

@test "-max-snaplen: the default without snaplen=, 403 for a larger one" {
	listen -max-snaplen 100
	answers_with "403 snaplen: the worker's limit is 100 bytes" \
		'/capture?snaplen=101'
	capture a 'filter=udp&count=1'
	capture b 'filter=udp&count=1&snaplen=60'
	send 1 1000 0 127.0.0.1 4711
	eventually has 1 a
	eventually has 1 b
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq $((24 + 16 + 100)) ]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/b.pcap")" -eq $((24 + 16 + 60)) ]
}

# Replaces the worker by one with other options.
listen_again() {
	kill "$worker"
	exit_status "$worker"
	listen "$@"
}

# A payload for port 4711.
send_text() {
	# shellcheck disable=SC2016 # bash in there has its own $0
	enter bash -c 'printf %s "$0" >/dev/udp/127.0.0.1/4711' "$1"
}

# checks STATUS FILTER: the status of HEAD with it.
checks() {
	[ "$(ask "/capture?filter=$2" -I -o /dev/null -w '%{http_code}')" = "$1" ]
}

# ask_bits QUERY: captures eight times, once for each bit of a byte, and prints
# the byte of the packet that is sent meanwhile.
ask_bits() {
	local bit byte=0
	for bit in {0..7}; do
		capture "bit$bit" \
			"filter=udp+port+4711+and+$1%26$((1 << bit))!=0&snaplen=64"
	done
	send_text "$(printf '%0207d' 0)secret"
	capture last 'filter=udp&duration=1'
	exit_status "${captures[last]}"
	for bit in {0..7}; do
		byte=$((byte | $(packets "bit$bit") << bit))
		kill "${captures[bit$bit]}"
	done
	# shellcheck disable=SC2059 # made of a number
	printf "\\x$(printf %x "$byte")"
}

@test "-max-snaplen: a filter cannot test bytes beyond it" {
	local filter
	listen
	# without the limit this would work
	[ "$(ask_bits 'udp[215]')" = s ]
	[ "$(ask_bits 'udp[219]')" = e ]
	listen_again -max-snaplen 64
	for filter in 'udp[215]%264!=0' 'ip+[8]>1' 'tcp[13%2B99]=0' \
		'tcp[13]=2+and+udp[40]=1' 'link[200]=0' 'len>ip[8]'; do
		answers_with '403 filter: "' "/capture?snaplen=64&filter=$filter"
		grep -q 'may read what the worker'\''s -max-snaplen 64 hides; allowed: ' \
			"$BATS_TEST_TMPDIR/body"
		checks 403 "$filter"
	done
	answers_with '403 filter: "pppoes" may read what the worker'\''s -max-snaplen 64 hides' \
		'/capture?filter=pppoes+and+port+80'
	for filter in port+80 'tcp[tcpflags]%26tcp-syn!=0' \
		'icmp[icmptype]=icmp-echo' 'icmp6[icmp6type]=128' ip6 arp \
		'greater+100' 'not+net+10'; do
		checks 200 "$filter"
	done
}

@test "-max-snaplen and -exclude: -exclude may read beyond it" {
	listen -max-snaplen 64 -exclude 'udp[200] = 0x30'
	capture a 'filter=udp+port+4711&count=1'
	send_text "$(printf '%0207d' 0)"
	send 1 300 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$(fields a udp.length)" = 308 ]
}

@test "a filter rejected because of -max-snaplen: ddump shows the reason" {
	listen -max-snaplen 64
	run enter timeout 20 "$DDUMP" -filter 'udp[215] & 4 != 0' -w - "127.0.0.1:$port"
	[ "$status" -eq 1 ]
	[[ "$output" == *'filter: "udp[215]" may read what the worker'\''s -max-snaplen 64 hides; '* ]]
}

# hosts N: a filter of N hosts, all different.
hosts() {
	local i
	printf 'host+10.1.0.1'
	for ((i = 2; i <= $1; i++)); do
		printf '+or+host+10.%d.%d.%d' $((i % 7)) $((i / 7)) $((i % 250))
	done
}

# bits N: a filter that reads N bytes at computed offsets.
bits() {
	local i
	printf 'udp[8]%%264=4'
	for ((i = 9; i < 8 + $1; i++)); do
		printf '+or+udp[%d]%%264=4' "$i"
	done
}

@test "-max-filter: 100 hosts and 20 bytes at computed offsets are accepted" {
	listen
	checks 200 "$(hosts 100)"
	# libpcap does not finish a filter of 300 in time
	[[ $BUILD == *sanitize* ]] || checks 403 "$(hosts 150)"
	checks 200 "$(bits 20)"
	answers_with '403 filter: needs ' "/capture?filter=$(bits 40)"
	grep -Eq 'needs [0-9]{3} steps, the worker.s limit is 512; .*DDUMP_MAX_FILTER' \
		"$BATS_TEST_TMPDIR/body"
	run enter timeout 20 "$DDUMP" -filter "$(printf '%b' \
		"$(bits 40 | sed 's/%/\\x/g; s/+/ /g')")" -w - "127.0.0.1:$port"
	[ "$status" -eq 1 ]
	[[ "$output" == *"the worker's limit is 512; "* ]]
}

@test "-max-filter: only the client's part of the filter counts" {
	local count
	# an IPv4 host needs less than the exclusions
	export DDUMP_MAX_FILTER=20
	listen -exclude 'tcp port 5432 or net 192.0.2.0/24'
	checks 200 host+192.0.2.1
	checks 403 "$(hosts 20)"
	ask "/capture?filter=$(hosts 20)" >"$BATS_TEST_TMPDIR/body"
	count=$(sed 's/.*needs \([0-9]*\) .*/\1/' "$BATS_TEST_TMPDIR/body")
	listen_again -max-filter "$count"
	checks 200 "$(hosts 20)"
	listen_again -max-filter $((count - 1))
	checks 403 "$(hosts 20)"
}

@test "-interface: the only interfaces that can be captured and listed" {
	make_peer
	listen -interface va -interface nowhere
	answers_with "403 interface: \"lo\" is not in the worker's -interface list" \
		'/capture?interface=lo'
	capture all ''
	capture any 'interface=any'
	capture va 'interface=va'
	send 3 100 0 127.0.0.1 4711
	send 3 100 0 10.2.0.2 4711
	send 3 100 0 10.1.0.2 4711
	eventually has 3 all udp port 4711
	eventually has 3 any udp port 4711
	eventually has 3 va udp port 4711
}

@test "-interface with no existing interface: nothing is captured" {
	listen -interface nowhere
	answers_with '500 interface: no interface of the worker' /capture
}

@test "DDUMP_ variables: set the same limits, and options override them" {
	make_peer
	export DDUMP_MAX_DURATION=5 DDUMP_MAX_SNAPLEN=100
	export DDUMP_INTERFACES='va vb'
	listen -max-duration 7 -interface vb
	answers_with "403 duration: the worker's limit is 7 s" \
		'/capture?duration=8'
	answers_with "403 snaplen: the worker's limit is 100" '/capture?snaplen=200'
	answers_with '403 interface: "va" is not in the worker' \
		'/capture?interface=va'
}
