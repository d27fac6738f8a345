#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The usage of the program that this one replaces: each command line of its
# README, and its faults as far as client and worker show them together. It runs
# where a host "eth0" leads to 1.1.1.1 and 8.8.8.8, with both programs in the
# current folder, the worker with setcap as a normal user.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load client
bats_require_minimum_version 1.5.0

setup() {
	need_root
	need curl
	need tcpdump
	need tshark
	need setcap
	need setpriv
	make_network
	make_internet
	make_open_dir
	cp "$DDUMP" "$WORKER" "$open_dir/"
	cd "$open_dir" || return
	setcap cap_net_raw=eip ddump-worker
	port=8475
	under=("${isolated[@]}")
	said=$BATS_TEST_TMPDIR/ddump.err
}

# The hosts that the README pings, at the other end of eth0. 1.1.1.2 is in the
# ARP table, but no host has it.
make_internet() {
	ip netns add "$ns-peer"
	ip -n "$ns" link add eth0 type veth peer name far netns "$ns-peer"
	ip -n "$ns" address add 1.1.1.3/24 dev eth0
	ip -n "$ns" link set eth0 up
	ip -n "$ns-peer" link set lo up
	ip -n "$ns-peer" address add 1.1.1.1/24 dev far
	ip -n "$ns-peer" address add 8.8.8.8/32 dev far
	ip -n "$ns-peer" link set far up
	ip -n "$ns" route add 8.8.8.8/32 via 1.1.1.1
	ip -n "$ns" neighbour add 1.1.1.2 lladdr 02:00:00:00:00:02 dev eth0
}

# Our command lines, run as a user other than root.
run_worker() {
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		./ddump-worker "$@"
}

# Types a command line into a shell, $shell; its process reads from the worker.
type_line() {
	start shell "${isolated[@]}" bash -c "$1"
	shell=${started[-1]}
}

# Do that many captures run? Each has its filter by then.
captures_run() {
	[ "$(grep -c ': captures ' "$BATS_TEST_TMPDIR/worker.err")" -eq "$1" ]
}

# knock HOST COUNT: datagrams to a port on which nothing listens. The host
# answers each by ICMP, like a ping.
knock() {
	send "$2" 64 0 "$1" 33434
}

# That many of these answers have returned.
answered() {
	# shellcheck disable=SC2016 # awk's own
	[ "$(enter awk '$1 == "IcmpMsg:" {
		for (i = 2; i <= NF; i++)
			if ($i == "InType3")
				column = i
		value = $column
	}
	END { print value }' /proc/net/snmp)" -eq "$1" ]
}

# The output of the command line so far has that many lines like this.
shows() {
	[ "$(grep -c "$2" "$BATS_TEST_TMPDIR/shell.out")" -eq "$1" ]
}

header_alone() {
	[ "$(stat -c %s "$1")" -eq 24 ]
}

# The worker ends, and with it all its readers; no captured packet is lost.
end_worker() {
	kill "$worker"
	wait "$shell" || true
}

# file_has N FILE [EXPRESSION]: exactly that many packets of a file match.
file_has() {
	local count=$1 file=$2
	shift 2
	[ "$(tcpdump -nr - "$@" <"$file" 2>/dev/null | wc -l)" -eq "$count" ]
}

@test "setcap cap_net_raw=eip, ./ddump-worker as a user: captures" {
	run_worker
	local id
	for id in Uid Gid; do
		grep -qP "^$id:\t65534\t65534\t65534\t65534$" \
			"/proc/$worker/status"
	done
	# by default on every address
	enter curl -sS -o all.pcap \
		"http://1.1.1.3:8475/capture?duration=1&filter=udp"
	header_alone all.pcap
}

# The old program captured its own stream without a filter, without end.
@test "curl http://localhost:8475/capture -vo FILE: writes a full capture" {
	run_worker
	type_line 'curl http://localhost:8475/capture -vo ./full-capture.pcap'
	eventually captures_run 1
	knock 1.1.1.1 2
	eventually answered 2
	end_worker
	grep -q "Content-Type: application/vnd.tcpdump.pcap" \
		"$BATS_TEST_TMPDIR/shell.err"
	file_has 2 full-capture.pcap udp port 33434
	file_has 2 full-capture.pcap icmp
	file_has 0 full-capture.pcap tcp
}

# The old program ignored interface=.
@test "curl with interface= and filter=: both apply" {
	run_worker
	type_line 'curl "http://localhost:8475/capture?interface=eth0&filter='\
'tcp%20port%2080" -vo ./ethernet-http-capture.pcap'
	eventually captures_run 1
	knock 1.1.1.1 1
	# refused: one packet in each direction
	run ! enter bash -c 'echo >/dev/tcp/127.0.0.1/80'
	run ! enter bash -c 'echo >/dev/tcp/1.1.1.1/80'
	end_worker
	file_has 2 ethernet-http-capture.pcap
	file_has 2 ethernet-http-capture.pcap tcp port 80 and host 1.1.1.1
}

@test "curl with an escaped URL into tcpdump: shows packets live" {
	run_worker
	type_line 'curl http://localhost:8475/capture\?filter\=icmp -sN |
		tcpdump -vnl -r-'
	eventually captures_run 1
	knock 1.1.1.1 3
	# live, not when it ends
	eventually shows 3 "1.1.1.1 > 1.1.1.3: ICMP"
	end_worker
	shows 3 " > .*: ICMP"
}

# The old program left connections open.
@test "./ddump TARGET TARGET into tcpdump -vnlr-: shows packets of both" {
	run_worker
	type_line './ddump \
	    "http://0.0.0.0:8475/capture?filter=icmp%20and%20host%201.1.1.1" \
	    "http://0.0.0.0:8475/capture?filter=icmp%20and%20host%208.8.8.8" \
	    | tcpdump -vnlr-'
	eventually grep -q "capturing on 2 targets" \
		"$BATS_TEST_TMPDIR/shell.err"
	knock 1.1.1.1 2
	knock 8.8.8.8 3
	# live, not when it ends
	eventually shows 2 "1.1.1.1 > 1.1.1.3: ICMP"
	eventually shows 3 "8.8.8.8 > 1.1.1.3: ICMP"
	kill -INT "$(pgrep -P "$shell" -x ddump)"
	wait "$shell"
	shows 5 " > .*: ICMP"
	eventually no_packet_sockets
}

# Two captures that could feed each other.
@test "./ddump without a filter: does not capture its own connections" {
	run_worker
	start_merge "http://0.0.0.0:8475/capture" \
		"http://localhost:8475/capture"
	capturing_on 2
	knock 1.1.1.1 1
	eventually file_has 2 "$merged" icmp
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	file_has 2 "$merged" udp
	file_has 0 "$merged" tcp
}

@test "./ddump without arguments: an error that says what it needs" {
	start_merge
	finish_merge
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -q "no target.*-help" "$said"
}

# The old program had neither the default port nor the default path.
@test "PROTOCOL://USER:PASSWORD@HOST:PORT?filter=FILTER: each part is used" {
	local target targets=()
	run_worker
	for target in 127.0.0.1 localhost user@127.0.0.1 \
		user:password@127.0.0.1 127.0.0.1:8475 1.1.1.3 '[::1]'; do
		targets+=("http://$target?filter=udp%20port%204711")
	done
	start_merge "${targets[@]}"
	capturing_on 7
	send 2 100 0 127.0.0.1 4711
	send 2 100 0 127.0.0.1 4712
	eventually file_has 14 "$merged" udp port 4711
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	file_has 14 "$merged"
}

@test "-listen ADDRESS:PORT: listens there" {
	port=9999
	run_worker -listen 127.0.0.1:9999
	start_merge -c 2 "http://127.0.0.1:9999/capture?filter=udp"
	capturing_on 1
	send 2 100 0 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 0 ]
	file_has 2 "$merged" udp port 4711
	# on no other address
	run ! enter curl -s "http://1.1.1.3:9999/interfaces"
	run ! enter curl -s "http://127.0.0.1:8475/interfaces"
}

@test "-listen unix:PATH: listens there" {
	chmod 777 .
	run_worker -listen "unix:$open_dir/socket"
	type_line "curl -sN --unix-socket $open_dir/socket \
		http://localhost/capture?filter=icmp | tcpdump -nlr-"
	eventually captures_run 1
	knock 1.1.1.1 1
	eventually shows 1 "1.1.1.1 > 1.1.1.3: ICMP"
	end_worker
}

# Messages and errors are sent to stderr.
@test "the output: the merged stream and nothing else" {
	run_worker
	start_merge -verbose "http://0.0.0.0:8475/capture?count=2&filter=udp" \
		"http://0.0.0.0:8475/capture?count=2&filter=udp"
	capturing_on 2
	knock 1.1.1.1 2
	finish_merge
	[ "$status" -eq 0 ]
	file_has 4 "$merged" udp dst port 33434
	# a file header, and records of SLL, IPv4, UDP, 64 bytes
	[ "$(stat -c %s "$merged")" -eq $((24 + 4 * (16 + 16 + 20 + 8 + 64))) ]
}

# The old program had microseconds only.
@test "timestamps: nanoseconds; the link type: SLL" {
	run_worker
	start_merge -c 1 "http://0.0.0.0:8475/capture?filter=udp"
	capturing_on 1
	knock 1.1.1.1 1
	finish_merge
	[ "$(od -An -tx4 -N 4 "$merged")" = " a1b23c4d" ]
	[ "$(od -An -tu4 -j 20 -N 4 "$merged" | tr -d ' ')" -eq 113 ]
}

# TLS is tested in client_tls.bats.

# Does a listener that does not accept have that many requests to read?
requests_wait() {
	# shellcheck disable=SC2016 # awk's own
	enter awk -v count="$1" '
		$2 ~ /:211B$/ && $4 == "01" && $5 !~ /:00000000$/ { found++ }
		END { exit found != count }' /proc/net/tcp
}

# The old program opened targets one after another, a second each. Now no target
# responds before all five have a request, and the start waits for no packet.
@test "five targets: requested at once, started without any packet" {
	local targets=() i
	run_worker -listen 0.0.0.0:8475
	kill -STOP "$worker"
	for i in 1 2 3 4 5; do
		targets+=("http://127.0.0.$i:8475/capture?filter=udp")
	done
	start_merge "${targets[@]}"
	eventually requests_wait 5
	[ ! -s "$merged" ]
	kill -CONT "$worker"
	capturing_on 5
	captures_run 5
	eventually header_alone "$merged"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
}

# The old program merged in order of arrival. Two ports take turns; each packet
# arrives through two of three targets.
@test "packets of several targets: in the order of time" {
	local i some="duration=600&count=400&filter=udp+port"
	run_worker
	start_merge -hold "$patient" "http://127.0.0.1?$some+4711" \
		"http://127.0.0.1?$some+4712" \
		"http://127.0.0.1?duration=600&count=800&filter=udp"
	capturing_on 3
	for ((i = 0; i < 20; i++)); do
		send 20 100 0 127.0.0.1 4711
		send 20 100 0 127.0.0.1 4712
	done
	finish_merge
	[ "$status" -eq 0 ]
	tshark -nr "$merged" -T fields -e frame.time_epoch 2>/dev/null |
		sort -c
	tshark -nr "$merged" -Y udp -T fields -e udp.dstport 2>/dev/null |
		uniq -c | awk '{ print $1 }' >runs
	[ "$(wc -l <runs)" -eq 40 ]
	[ "$(sort -u runs)" = 40 ]
}

# The old program had status 200 with an empty body, and exit 0.
@test "a filter that does not compile: reported with its target" {
	run_worker
	start_merge good="http://127.0.0.1?filter=icmp" \
		bad="http://127.0.0.1?filter=icmp%20and%20nonsense%20from"
	finish_merge
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -q "bad: .*400.*syntax error" "$said"
	run ! grep -q "good: " "$said"
	eventually no_packet_sockets
}

# The old program ended without the name of the target.
@test "a target that is not reachable: reported with its name" {
	run_worker
	start_merge good="http://127.0.0.1?filter=icmp" \
		bad="http://127.0.0.1:8476?filter=icmp"
	finish_merge
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -q "bad: .*refused" "$said"
	run ! grep -q "good: " "$said"
	eventually no_packet_sockets
}

# The old program had no name in the message, and exit 0.
@test "a worker that dies: reported, the other target continues" {
	run_worker -listen 127.0.0.1:8475
	start other "${isolated[@]}" "$WORKER" -listen 127.0.0.1:8476
	local other=${started[-1]}
	eventually grep -q "listens on" "$BATS_TEST_TMPDIR/other.err"
	start_merge good="http://127.0.0.1:8475?filter=udp+port+4711" \
		bad="http://127.0.0.1:8476?filter=udp+port+4711"
	capturing_on 2
	send 2 100 0 127.0.0.1 4711
	eventually file_has 4 "$merged"
	kill -KILL "$other"
	eventually grep -q "bad: .*cut" "$said"
	send 3 100 0 127.0.0.1 4711
	eventually file_has 7 "$merged"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 2 ]
	grep -q "good: 5 packets" "$said"
	grep -q "bad: 2 packets" "$said"
}

# The old program kept running, and then had exit 0.
@test "a full disk: reported, client and captures end" {
	run_worker
	mkdir disk
	# a mount namespace of the client, which ends with it
	# shellcheck disable=SC2016 # bash in there has its own
	under+=(unshare -m bash -c \
		'mount -t tmpfs -o size=64k none disk && exec "$@"' bash)
	start_merge -w disk/full.pcap "http://127.0.0.1?filter=udp"
	capturing_on 1
	send 200 1000 0 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 1 ]
	grep -qi "full.pcap: no space" "$said"
	eventually no_packet_sockets
}

# The old program waited minutes for a host that drops packets.
@test "a host that does not answer at all: reported, the other target continues" {
	run_worker
	start_merge -require any good="http://127.0.0.1?filter=udp" \
		hole="http://1.1.1.2?filter=udp"
	eventually captures_run 1
	eventually grep -q "hole: " "$said"
	capturing_on 1
	send 2 100 0 127.0.0.1 4711
	eventually file_has 2 "$merged"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 2 ]
}

# The client has that many connections to port 8475.
connections() {
	# shellcheck disable=SC2016 # awk's own
	enter awk -v count="$1" '
		$3 ~ /:211B$/ && ($4 == "01" || $4 == "08") { found++ }
		END { exit found != count }' /proc/net/tcp
}

# The old program dropped queued packets at Ctrl-C. pcap has no watermarks, so
# packets wait for a silent target.
@test "Ctrl-C: packets that wait for a silent target are written" {
	run_worker
	start_merge -hold "$patient" \
		full="http://127.0.0.1?count=500&filter=udp+port+4711" \
		silent="http://127.0.0.1?filter=udp+port+4712&format=pcap"
	capturing_on 2
	send 500 100 0 127.0.0.1 4711
	# a client that has the whole response closes the connection
	eventually connections 1
	header_alone "$merged"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	file_has 500 "$merged"
	grep -q "full: 500 packets" "$said"
}
