#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The worker's pcapng: other programs read it live, and no packet is older than
# a watermark before it.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
bats_require_minimum_version 1.5.0

setup() {
	need_root
	need curl
	need tcpdump
	need tshark
	export HOME=$BATS_TEST_TMPDIR
	make_network
	start_worker -listen "127.0.0.1:$port" -ring "${ring:-8}"
}

# pcapng NAME QUERY [CURL OPTION]...: starts a capture into NAME.pcap; it has
# begun when this returns. The process of curl is ${captures[NAME]}.
pcapng() {
	local name=$1 query=$2
	shift 2
	rm -f "$BATS_TEST_TMPDIR/$name.pcap"
	start "$name" "${isolated[@]}" curl -gsS -N --max-time 60 "$@" \
		-o "$BATS_TEST_TMPDIR/$name.pcap" \
		"http://127.0.0.1:$port/capture?format=pcapng&$query"
	captures["$name"]=${started[-1]}
	eventually tells "$name" '^interface 0 any '
}

# blocks NAME: the blocks of a stream so far, a line each; fails if it is
# invalid.
blocks() {
	"$TOOLS/watermarks" -print -partial <"$BATS_TEST_TMPDIR/$1.pcap"
}

# tells NAME PATTERN: does a line match?
tells() {
	blocks "$1" | grep "$2" >/dev/null
}

# counts NAME WORD N: exactly that many lines begin with this word.
counts() {
	[ "$(blocks "$1" | grep -c "^$2 ")" -eq "$3" ]
}

last_counts() {
	blocks "$1" | grep '^counts ' | tail -n 1
}

last_counts_are() {
	[ "$(last_counts "$1")" = "counts $2" ]
}

# Are all packets accounted for, received or dropped?
adds_up() {
	blocks "$1" | awk '
		/^packet / { packets++ }
		/^counts / { received = $2; dropped = $3 }
		END { exit packets + dropped != received }'
}

# Are the watermarks of a stream correct? It must have at least that many
# packets.
keeps() {
	local verdict sound=0
	verdict=$("$TOOLS/watermarks" -partial <"$BATS_TEST_TMPDIR/$1.pcap") ||
		sound=1
	# shellcheck disable=SC2001 # of every line
	sed 's/^/# /' <<<"$verdict" >&3
	[ "$sound" -eq 0 ] && [ "${verdict%% *}" -ge "$2" ]
}

# flood COUNT SIZE RATE: datagrams to three ports at once, RATE a second each.
flood() {
	local i senders=()
	for i in 1 2 3; do
		start "flood$i" "${isolated[@]}" "$TOOLS/udp_send" "$@" \
			127.0.0.1 "471$i"
		senders+=("${started[-1]}")
	done
	for i in "${senders[@]}"; do
		wait "$i"
	done
}

# All counted packets have arrived, so nothing will follow.
is_settled() {
	tells "$1" "^counts $2 " && adds_up "$1"
}

# Sockets with small buffers: a client that does not read stops the worker soon.
make_sockets_small() {
	# shellcheck disable=SC2016 # sh in there has its own
	enter sh -c 'for file in rmem wmem; do
		echo 4096 32768 65536 >/proc/sys/net/ipv4/tcp_$file
	done'
}

# Stops and continues a reader, for a while.
stop_and_go() {
	local i
	for ((i = 0; i < $2; i++)); do
		sleep 0.3
		kill -STOP "${captures[$1]}"
		sleep "$3"
		kill -CONT "${captures[$1]}"
	done
}

@test "pcapng of interface any: section and interface before any packet" {
	pcapng a 'filter=icmp' -D "$BATS_TEST_TMPDIR/head"
	grep -q $'^Content-Type: application/x-pcapng\r$' \
		"$BATS_TEST_TMPDIR/head"
	grep -q $'^Transfer-Encoding: chunked\r$' "$BATS_TEST_TMPDIR/head"
	grep -qE $'^Ddump-Clock: [0-9]{19} [0-9]{19}\r$' \
		"$BATS_TEST_TMPDIR/head"
	counts a packet 0
	counts a interface 1
	# the first two blocks, read without our reader
	[ "$(od -An -tx4 -N 12 "$BATS_TEST_TMPDIR/a.pcap" |
		awk '{ print $1, $3 }')" = "0a0d0d0a 1a2b3c4d" ]
	local section
	section=$(header_number a 4)
	[ "$(header_number a "$section")" -eq 1 ]
	kill -0 "${captures[a]}"
}

@test "pcapng of all interfaces: an interface is added before its first packet" {
	pcapng a 'filter=udp'
	send 2 100 0 127.0.0.1 4711
	eventually counts a packet 2
	counts a interface 2
	# these did not exist when the capture began
	make_peer
	send 1 100 0 10.1.0.2 4712
	eventually counts a packet 3
	send 1 100 0 10.2.0.2 4713
	send 1 100 0 10.1.0.2 4714
	send 1 100 0 127.0.0.1 4715
	eventually counts a packet 6
	[ "$(blocks a | awk '/^interface/ { print $2, $3 }')" = \
		$'0 any\n1 lo\n2 va\n3 vb' ]
	[ "$(fields a frame.interface_name udp.dstport)" = \
		$'lo\t4711\nlo\t4711\nva\t4712\nvb\t4713\nva\t4714\nlo\t4715' ]
}

@test "an interface that is renamed or removed: keeps its number" {
	make_peer
	pcapng a 'filter=udp'
	send 1 100 0 10.1.0.2 4711
	eventually counts a packet 1
	ip -n "$ns" link delete va
	send 1 100 0 10.2.0.2 4712
	eventually counts a packet 2
	[ "$(fields a frame.interface_name)" = $'va\nvb' ]
}

@test "pcapng header: filter, nanoseconds, one link type and snaplen" {
	make_peer
	local filter='udp and not port 9999'
	pcapng a "filter=${filter// /+}&snaplen=99"
	capture b "filter=${filter// /+}&snaplen=99&precision=nano"
	send 20 200 0 127.0.0.1 4711
	send 20 200 0 10.1.0.2 4711
	eventually counts a packet 40
	eventually has 40 b
	[ "$(blocks a | awk '/^interface/ { print $4, $5 }' | sort -u)" = \
		"113 99" ]
	capinfos "$BATS_TEST_TMPDIR/a.pcap" >"$BATS_TEST_TMPDIR/info"
	[ "$(grep -c " Filter string = $filter\$" "$BATS_TEST_TMPDIR/info")" \
		-eq 3 ]
	[ "$(grep -c 'Time precision = nanoseconds (9)' \
		"$BATS_TEST_TMPDIR/info")" -eq 3 ]
	grep -q 'Capture application: *ddump-worker' "$BATS_TEST_TMPDIR/info"
	# these are the packets and timestamps of the plain capture
	[ "$(fields a frame.time_epoch frame.len frame.cap_len)" = \
		"$(fields b frame.time_epoch frame.len frame.cap_len)" ]
	fields a frame.time_epoch | grep -qv '000$'
	[ "$(packets a udp)" -eq 40 ]
}

# shows N FILE PATTERN: a reader has printed that many such lines.
shows() {
	[ "$(grep -cE "$3" "$BATS_TEST_TMPDIR/$2")" -eq "$1" ]
}

# Starts the command line of a reader after curl.
start_live() {
	start live "${isolated[@]}" bash -c "curl -gsSN --max-time 60 \
		'http://127.0.0.1:$port/capture?format=pcapng&filter=udp' | $1"
	eventually has_packet_sockets 1
	eventually grep -q ': captures ' "$BATS_TEST_TMPDIR/worker.err"
}

# Two interfaces appear during the capture, packets arrive one by one.
live_traffic() {
	send 1 100 0 127.0.0.1 4711
	eventually shows 1 live.out "$1"
	make_peer
	send 2 100 0 10.1.0.2 4711
	eventually shows 3 live.out "$1"
	send 3 100 0 10.2.0.2 4711
	eventually shows 6 live.out "$1"
	# the stream is still open
	has_packet_sockets 1
}

@test "tcpdump -nr -: reads pcapng live" {
	start_live 'tcpdump -nlr -'
	live_traffic ' > .*\.4711: UDP'
}

@test "tshark -i -: reads pcapng live, with interface names" {
	start_live 'tshark -nl -i - -T fields -e frame.interface_name \
		-e udp.dstport'
	live_traffic $'\t4711$'
	[ "$(cut -f 1 "$BATS_TEST_TMPDIR/live.out" | uniq -c | xargs)" = \
		"1 lo 2 va 3 vb" ]
}

@test "a quiet capture: watermarks about every 50 ms" {
	pcapng a 'filter=icmp&duration=3'
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	# sixty of them; a busy machine may lose some, but never adds any
	local watermarks
	watermarks=$(blocks a | grep -c '^watermark ')
	echo "# $watermarks watermarks in 3 s" >&3
	[ "$watermarks" -ge 20 ]
	[ "$watermarks" -le 75 ]
	# they continue with the clock
	blocks a | awk '/^watermark/ { if (!first) first = $2; last = $2 }
		END { exit last - first < 2 || last - first > 3.5 }'
	blocks a | grep '^watermark ' | tail -n 1 |
		awk -v now="$(date +%s.%N)" '{
			exit now - $2 < 0 || now - $2 > 5 }'
}

@test "watermark=1000: few while it is quiet, and the counters once a second" {
	local watermarks
	pcapng a 'filter=icmp&duration=3&watermark=1000'
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	watermarks=$(blocks a | grep -c '^watermark ')
	echo "# $watermarks watermarks in 3 s" >&3
	# the first, one a second, and the last
	[ "$watermarks" -ge 2 ]
	[ "$watermarks" -le 6 ]
}

@test "a packet: followed at once by a later watermark" {
	pcapng a 'filter=udp'
	send 1 100 0 127.0.0.1 4711
	eventually counts a packet 1
	beyond() {
		blocks a | awk '/^packet/ { time = $2 }
			/^watermark/ && time && $2 > time { found = 1 }
			END { exit !found }'
	}
	eventually beyond
	# while nothing else arrives: not because of a later packet
	counts a packet 1
	keeps a 1
}

@test "counters: about once a second and at the end, with correct values" {
	pcapng a 'filter=udp&duration=6'
	send 500 100 0 127.0.0.1 4711
	eventually last_counts_are a "500 0"
	send 250 100 0 127.0.0.1 4712
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	counts a packet 750
	last_counts_are a "750 0"
	[ "$(blocks a | grep -c '^counts ')" -ge 3 ]
	"$TOOLS/watermarks" <"$BATS_TEST_TMPDIR/a.pcap"
	# a capture that is stopped ends with counters, too
	pcapng b 'filter=udp'
	send 100 100 0 127.0.0.1 4711
	kill "$worker"
	exit_status "${captures[b]}"
	counts b packet 100
	last_counts_are b "100 0"
	# but does not claim to be complete, for readers that do not see HTTP
	run -1 "$TOOLS/watermarks" <"$BATS_TEST_TMPDIR/b.pcap"
	[[ "$output" == *"was cut before its end mark"* ]]
}

@test "count=N in pcapng: ends after N packets, with counters" {
	pcapng a 'filter=udp&count=20'
	send 50 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	counts a packet 20
	keeps a 20
	"$TOOLS/watermarks" <"$BATS_TEST_TMPDIR/a.pcap"
	blocks a | tail -n 2 | grep -q '^counts '
}

@test "pcapng over HTTP/1.0: complete when the connection closes" {
	pcapng a 'filter=udp&count=10' --http1.0 -D "$BATS_TEST_TMPDIR/head"
	run ! grep -qi transfer-encoding "$BATS_TEST_TMPDIR/head"
	send 10 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	counts a packet 10
	# without -partial: a cut would be reported
	"$TOOLS/watermarks" <"$BATS_TEST_TMPDIR/a.pcap"
}

@test "HEAD with format=pcapng: the content type, and no capture" {
	run ask '/capture?format=pcapng&filter=udp' -I
	[ "$status" -eq 0 ]
	[[ "$output" == *"200 OK"* ]]
	[[ "$output" == *"Content-Type: application/x-pcapng"* ]]
	no_packet_sockets
}

@test "pcapng with linktype=sll2: interface names and indexes" {
	make_peer
	pcapng a 'filter=udp&linktype=sll2'
	send 1 100 0 127.0.0.1 4711
	send 1 100 0 10.2.0.2 4711
	eventually counts a packet 2
	[ "$(blocks a | awk '/^interface/ { print $4, $5 }' | sort -u)" = \
		"276 262144" ]
	[ "$(fields a frame.interface_name sll.ifindex)" = \
		"lo"$'\t1\nvb\t'"$(enter cat /sys/class/net/vb/ifindex)" ]
	[ "$(packets a udp)" -eq 2 ]
}

@test "format=: unknown or repeated values are rejected" {
	run ask_status '/capture?format=pcapng2'
	[[ "$output" == 400\ *format* ]]
	run ask_status '/capture?format=pcapng&format=pcap'
	[[ "$output" == 400\ *format* ]]
	capture b 'format=pcap&filter=udp'
}

# The tests below check watermarks under all kinds of traffic: no packet follows
# a watermark of its time or later.

@test "watermarks in bursts: no later packet is older" {
	pcapng a 'filter=udp'
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		flood 2000 100 0
		sleep 0.0$i
	done
	eventually is_settled a 60000
	keeps a 50000
}

@test "watermarks at high rates: no later packet is older" {
	pcapng a 'filter=udp'
	flood 60000 200 20000
	eventually is_settled a 180000
	keeps a 100000
}

@test "watermarks at low rates: no later packet is older" {
	pcapng a 'filter=udp'
	local i rate
	i=0
	for rate in 3 19 50 101 200; do
		i=$((i + 1))
		start "slow$i" "${isolated[@]}" "$TOOLS/udp_send" $((rate * 4)) \
			100 "$rate" 127.0.0.1 "471$i"
	done
	eventually is_settled a $((373 * 4))
	keeps a $((373 * 4))
}

@test "watermarks on several interfaces: no later packet is older" {
	make_peer
	pcapng a 'filter=udp'
	start one "${isolated[@]}" "$TOOLS/udp_send" 40000 100 10000 \
		10.1.0.2 4711
	start two "${isolated[@]}" "$TOOLS/udp_send" 40000 100 10000 \
		10.2.0.2 4712
	start three "${peer[@]}" "$TOOLS/udp_send" 40000 100 10000 \
		10.1.0.1 4713
	flood 20000 100 5000
	eventually is_settled a 180000
	keeps a 100000
	[ "$(blocks a | grep -c '^interface')" -eq 4 ]
}

@test "watermarks with a reader that stops and continues: no later packet is older" {
	make_sockets_small
	pcapng a 'filter=udp'
	start traffic "${isolated[@]}" "$TOOLS/udp_send" 60000 100 15000 \
		127.0.0.1 4711
	start traffic2 "${isolated[@]}" "$TOOLS/udp_send" 60000 100 15000 \
		127.0.0.1 4712
	stop_and_go a 5 0.5
	eventually is_settled a 120000
	keeps a 50000
}

@test "watermarks with a reader that stops for long: no later packet is older" {
	make_sockets_small
	pcapng a 'filter=udp'
	start traffic "${isolated[@]}" "$TOOLS/udp_send" 100000 100 20000 \
		127.0.0.1 4711
	stop_and_go a 2 2
	eventually is_settled a 100000
	keeps a 20000
}

# Nothing new is counted, but the ring is far from empty.
@test "watermarks with a slow reader after a burst: no later packet is older" {
	make_sockets_small
	pcapng a 'filter=udp' --limit-rate 1M
	send 20000 100 0 127.0.0.1 4711
	eventually is_settled a 20000
	keeps a 10000
}

@test "watermarks when the worker itself is stopped: no later packet is older" {
	pcapng a 'filter=udp'
	local child
	child=$(children)
	start traffic "${isolated[@]}" "$TOOLS/udp_send" 100000 100 25000 \
		127.0.0.1 4711
	local i
	for ((i = 0; i < 60; i++)); do
		sleep 0.03
		kill -STOP "$child"
		sleep 0.0$((i % 3 * 2 + 5))
		[ $((i % 5)) -ne 0 ] || sleep 0.12
		kill -CONT "$child"
	done
	eventually is_settled a 100000
	keeps a 50000
}

# The first read of the ring finds more than is processed at once.
@test "watermarks when a capture begins during a flood: no later packet is older" {
	local spaces
	# shellcheck disable=SC2016 # sh in there has its own
	enter sh -c 'for file in rmem wmem; do
		echo 4096 4096 4096 >/proc/sys/net/ipv4/tcp_$file
	done'
	# a filter that fills the sockets: the head is not sent before the
	# client reads
	spaces=$(printf '%016000d' 0)
	start a "${isolated[@]}" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		printf 'GET %s HTTP/1.0\r\n\r\n' \
			'/capture?format=pcapng&duration=6&filter=udp${spaces//0/+}' >&3
		until [ -e '$BATS_TEST_TMPDIR/go' ]; do sleep 0.05; done
		exec cat <&3"
	eventually has_packet_sockets 1
	send 20000 100 0 127.0.0.1 4711
	touch "$BATS_TEST_TMPDIR/go"
	exit_status "${started[-1]}"
	sed '1,/^\r$/d' "$BATS_TEST_TMPDIR/a.out" >"$BATS_TEST_TMPDIR/a.pcap"
	is_settled a 20000
	# more than two dispatches: a slow sender does not fill the ring's
	# blocks
	keeps a 9000
}

@test "packets dropped while the reader is stopped: in the counters" {
	make_sockets_small
	pcapng a 'filter=udp'
	kill -STOP "${captures[a]}"
	send 50000 1000 0 127.0.0.1 4711
	kill -CONT "${captures[a]}"
	eventually is_settled a 50000
	[[ "$(last_counts a)" =~ ^counts\ 50000\ [1-9][0-9]*$ ]]
	keeps a 1000
}

# Before the filter is attached, the ring is empty and nothing is counted.
@test "a capture that begins under traffic: the counters are what was delivered" {
	local i ports='' terms=100
	# a sanitizer needs more memory than compiling may take
	[[ $BUILD != *sanitize* ]] || terms=20
	for ((i = 1; i < terms; i++)); do
		ports+="+or+port+$((i * 7))" # takes a while to compile
	done
	start traffic "${isolated[@]}" "$TOOLS/udp_send" 10000000 100 1000 \
		127.0.0.1 4711
	pcapng a "filter=udp+and+(port+4711$ports)"
	some_came() {
		[ "$(blocks a | grep -c '^packet ')" -ge 100 ]
	}
	eventually some_came
	# its end follows the last counters, and nothing is in flight
	kill "${started[-2]}"
	exit_status "${started[-2]}"
	kill "$worker"
	exit_status "${captures[a]}"
	keeps a 100
	last_counts a
	adds_up a
}
