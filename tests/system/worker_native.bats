#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures of one device with its own link layer, and promiscuous mode: what
# tcpdump -i shows, the worker shows.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load frames
bats_require_minimum_version 1.5.0

setup() {
	need_root
	need tcpdump
	need tshark
	export HOME=$BATS_TEST_TMPDIR
	make_network
}

native=linktype=native

# start_tcpdump NAME DEVICE [OPTION]...: tcpdump captures into NAME.pcap.
start_tcpdump() {
	local name=$1 device=$2
	shift 2
	start "$name" "${isolated[@]}" tcpdump -U --nano -i "$device" \
		-w "$BATS_TEST_TMPDIR/$name.pcap" "$@"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/$name.err"
}

# Every byte of all packets, and their lengths.
dump() {
	tcpdump -nr "$BATS_TEST_TMPDIR/$1.pcap" -t -e -xx 2>/dev/null
}

times() {
	tcpdump -nr "$BATS_TEST_TMPDIR/$1.pcap" -tt --nano 2>/dev/null |
		cut -d ' ' -f 1
}

# is_same ONE OTHER: the same packets, and timestamps within 1 ms.
is_same() {
	diff <(dump "$1") <(dump "$2") || return
	paste <(times "$1") <(times "$2") | awk '
		{ far += ($1 - $2) ^ 2 > 1e-6 }
		END { exit far > 0 || NR == 0 }'
}

# Frames with and without tags, of IP and of what is not IP.
various_frames() {
	cat <<-END
		eth ip4 udp=7,9
		eth vlan=0x8100 ip4 udp=7,9
		eth vlan=0x88a8 vlan=0x8100 ip4 udp=7,9
		eth vlan=0x8100 ip6 udp=7,9
		eth is=0x0806 hex=0001080006040001
		ieee hex=424203
		eth ip6 hop udp=7,9
	END
}

same_as_tcpdump() {
	eventually has_length a "$last" 14
	eventually has_length t "$last" 14
	is_same a t
}

@test "native: the same bytes, lengths and times as tcpdump, whoever starts first" {
	make_peer
	listen
	start_tcpdump t va "ether broadcast"
	capture a "interface=va&$native&precision=nano&filter=ether+broadcast"
	send_frames < <(various_frames)
	same_as_tcpdump
	[ "$(header_number a 20)" -eq 1 ]
	end_all
	listen
	capture a "interface=va&$native&precision=nano&filter=ether+broadcast"
	start_tcpdump t va "ether broadcast"
	send_frames < <(various_frames)
	same_as_tcpdump
}

end_all() {
	stop_all
	rm -f "$BATS_TEST_TMPDIR"/[at].pcap
}

@test "native: jumbo frames and segments larger than the MTU, as tcpdump has them" {
	make_peer
	listen
	ip -n "$ns" link set va mtu 9000
	ip -n "$ns-peer" link set pa mtu 9000
	# of one direction: two captures may see sent and received packets in another order
	start_tcpdump t va -s 262144 'udp or (tcp and src host 10.1.0.1)'
	capture a "interface=va&$native&precision=nano&filter=udp+or+(tcp+and+src+host+10.1.0.1)"
	"${peer[@]}" "$TOOLS/udp_send" 3 8900 0 10.1.0.1 4711
	# the host sends segments that are larger than the device's MTU
	start server "${isolated[@]}" systemd-socket-activate -l 10.1.0.1:4713 \
		--inetd -a dd if=/dev/zero bs=400000 count=1 status=none
	eventually has_server
	# shellcheck disable=SC2016 # bash in there has its own
	"${peer[@]}" timeout 25 bash -c 'cat <"/dev/tcp/10.1.0.1/4713"' >/dev/null
	"${peer[@]}" "$TOOLS/udp_send" 1 700 0 10.1.0.1 4711
	eventually has 4 a udp
	eventually has 4 t udp
	# the end of the connection may come later
	eventually is_same a t
	[ "$(packets a 'tcp and greater 9015')" -gt 0 ]
}

has_server() {
	enter ss -Hltn | grep -q 10.1.0.1:4713
}

@test "native: tags of frames that are sent are in the bytes, and matched" {
	make_peer
	listen
	start_tcpdump t vb "ether broadcast"
	capture a "interface=vb&$native&precision=nano&filter=ether+broadcast"
	capture tagged "interface=vb&$native&filter=vlan+7"
	enter "$TOOLS/tagged_send" vb 0x8100 4 4711
	enter "$TOOLS/tagged_send" vb 0x88a8 6 4712
	eventually has 2 a vlan
	eventually has 2 t vlan
	is_same a t
	eventually has 2 tagged
}

@test "native: filters mean what they mean for tcpdump -i" {
	make_peer
	listen
	local expressions=('vlan 7' 'vlan and ip' 'ether broadcast' 'stp' 'arp' 'ip6'
		'greater 216' 'less 208' 'ether src 2:0:0:0:0:0' 'not vlan'
		'vlan and vlan' 'udp port 9' 'ether[0] & 1 != 0')
	local i
	for i in "${!expressions[@]}"; do
		capture "a$i" "interface=va&$native" -G --data-urlencode \
			"filter=ether broadcast and (ether proto 0x88b5 or (${expressions[i]}))"
	done
	start_tcpdump t va "ether broadcast"
	send_frames < <(various_frames)
	eventually has_length t "$last" 14
	for i in "${!expressions[@]}"; do
		eventually has_length "a$i" "$last" 14
	done
	for i in "${!expressions[@]}"; do
		start_tcpdump "t$i" va "ether broadcast and (ether proto 0x88b5 or (${expressions[i]}))"
	done
	# the same frames again, by tcpdump's own filter of a live device
	local before=$last
	send_frames < <(various_frames)
	for i in "${!expressions[@]}"; do
		eventually has_length "t$i" "$last" 14
		eventually has_length "a$i" "$last" 14
		diff <(lengths "t$i" 14) <(lengths "a$i" 14 | awk -v from="$before" '$1 > from')
	done
}

# libpcap itself filters the first packets of a capture, and cannot know their
# direction, so tcpdump loses some.
@test "native: inbound and outbound" {
	make_peer
	listen
	capture in "interface=va&$native&filter=inbound"
	capture out "interface=va&$native&filter=outbound+and+udp"
	send_frames < <(various_frames)
	send 2 60 0 10.1.0.2 4711
	[ "$(passed in 14)" = "0 1 2 3 4 5 6" ]
	eventually has 2 out
}

@test "native: each program is tcpdump's own for that device" {
	make_peer
	local expression device
	for device in va lo; do
		for expression in '' 'vlan 42' 'vlan 5 and ip' 'ether host 2:0:0:0:0:1' \
			stp 'greater 1501' 'tcp port 80 or udp port 53' 'inbound' \
			'ip6 and not arp' 'ether multicast' 'vlan and vlan and tcp' \
			'portrange 100-200' 'ether proto 0x88cc' 'ip[2:2] > 40' 'llc'; do
			diff <(enter tcpdump -dd -i "$device" -s 262144 "$expression" \
				2>/dev/null) \
				<(enter "$TOOLS/native_filter" "$device" "$expression")
		done
	done
}

@test "native pcapng: the device is the one interface, with its watermarks and counters" {
	make_peer
	listen
	capture_pcapng a "interface=va&$native&filter=ether+broadcast"
	send_frames < <(various_frames)
	eventually blocks_have a '^counts 8 0$'
	[ "$(blocks a | grep '^interface')" = "interface 0 va 1 262144 ether broadcast" ]
	[ "$(blocks a | grep -c '^packet')" -eq 8 ]
	eventually watermark_is_after_last_packet a
	"$TOOLS/watermarks" -partial <"$BATS_TEST_TMPDIR/a.pcap"
}

blocks() {
	"$TOOLS/watermarks" -print -partial <"$BATS_TEST_TMPDIR/$1.pcap"
}

blocks_have() {
	blocks "$1" | grep "$2" >/dev/null
}

watermark_is_after_last_packet() {
	blocks "$1" | awk '
		/^packet/ { packet = $2 }
		/^watermark/ { mark = $2 }
		END { exit !(packet > 0 && mark > packet) }'
}

# capture_pcapng NAME QUERY
capture_pcapng() {
	rm -f "$BATS_TEST_TMPDIR/$1.pcap"
	start "$1" "${isolated[@]}" curl -gsS -N --max-time 60 \
		-o "$BATS_TEST_TMPDIR/$1.pcap" \
		"http://127.0.0.1:$port/capture?format=pcapng&$2"
	captures["$1"]=${started[-1]}
	eventually blocks_have "$1" '^interface 0 '
}

# On the loopback interface each packet is sent and received: one of them counts.
@test "native on lo: each packet once, in the counters, too, and the watermark goes on" {
	listen
	capture_pcapng a "interface=lo&$native&filter=udp"
	send 5000 60 20000 127.0.0.1 4711
	eventually blocks_have a '^counts 5000 0$'
	[ "$(blocks a | grep -c '^packet')" -eq 5000 ]
	eventually watermark_is_after_last_packet a
	"$TOOLS/watermarks" -partial <"$BATS_TEST_TMPDIR/a.pcap"
}

# Its packets begin with IP.
@test "native on a tun device: raw IP, and filters match" {
	start_tun tun7
	ip -n "$ns" address add 10.7.0.1/24 dev tun7
	listen
	capture a "interface=tun7&$native&filter=udp+port+4711"
	capture own "interface=tun7&$native"
	capture headers "interface=tun7&$native&filter=udp+port+4711&payload=0"
	send 3 60 0 10.7.0.2 4711
	send 2 60 0 10.7.0.2 4712
	eventually has 3 a
	[ "$(header_number a 20)" -eq 101 ]
	[ "$(fields a ip.dst udp.dstport | sort -u)" = "10.7.0.2	4711" ]
	eventually has 5 own udp
	eventually has 3 headers
	[ "$(fields headers frame.cap_len frame.len | sort -u)" = "28	88" ]
}

# start_tun NAME [HARDWARE]
start_tun() {
	[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
	mkfifo "$BATS_TEST_TMPDIR/$1.end"
	# the device goes when the test's end of the pipe does
	# shellcheck disable=SC2016 # for that shell to expand
	start "$1" "${isolated[@]}" sh -c 'exec "$@" <"$0"' \
		"$BATS_TEST_TMPDIR/$1.end" "$TOOLS/tun_open" "$@"
	exec 9>"$BATS_TEST_TMPDIR/$1.end"
	eventually grep -q ready "$BATS_TEST_TMPDIR/$1.out"
}

@test "native on a device that has no link type of its own: an error that names sll2" {
	# 512 is PPP, which libpcap captures cooked
	start_tun ppp7 512
	listen
	run -0 ask_status "/capture?interface=ppp7&$native"
	[[ "$output" = "400 linktype: native is not possible on ppp7, "*"; try sll2" ]]
	run -0 ask_status "/capture?interface=ppp7&linktype=sll2&duration=1"
	[[ "$output" = "200 "* ]]
}

@test "GET /interfaces: the link type of the native form" {
	make_peer
	start_tun tun7
	listen
	local all
	all=$(ask /interfaces)
	[[ "$all" = *'"name":"lo","up":true,"addresses":["127.0.0.1","::1"],"linktype":"EN10MB"'* ]]
	[[ "$all" = *'"name":"va",'*'"linktype":"EN10MB"'* ]]
	[[ "$all" = *'"name":"tun7",'*'"linktype":"RAW"'* ]]
}

@test "native: a device that goes down and comes back is captured again" {
	make_peer
	listen
	capture a "interface=va&$native&filter=ether+proto+0x88b5"
	send_frames </dev/null
	eventually has_length a "$last" 14
	ip -n "$ns" link set va down
	sleep 0.3
	ip -n "$ns" link set va up
	eventually is_up va
	send_frames </dev/null
	eventually has_length a "$last" 14
	kill -0 "${captures[a]}"
}

is_up() {
	ip -n "$ns" link show "$1" | grep -q 'LOWER_UP'
}

@test "native: a device that is gone ends the capture, and the report says so" {
	make_peer
	listen
	capture a "interface=va&$native"
	ip -n "$ns" link del va
	exit_status "${captures[a]}"
	[ "$ended" -ne 0 ]
	eventually grep -q 'the interface va is gone' "$BATS_TEST_TMPDIR/worker.err"
}

# libpcap looks for the device by its name when it has been down.
@test "native: a device that is renamed while it is down ends the capture" {
	make_peer
	start a "${isolated[@]}" "$WORKER" -capture "interface=va&$native"
	local worker_a=${started[-1]}
	eventually has_packet_sockets 1
	eventually grep -q 'captures everything on va' "$BATS_TEST_TMPDIR/a.err"
	stop_process "$worker_a"
	ip -n "$ns" link set va down
	ip -n "$ns" link set va name vz
	kill -CONT "$worker_a"
	exit_status "$worker_a"
	[ "$ended" -eq 1 ]
	grep -q 'ddump-worker: the interface va is gone' "$BATS_TEST_TMPDIR/a.err"
}

stop_process() {
	kill -STOP "$1"
	eventually is_stopped "$1"
}

@test "native: a device that is down waits for it to come up" {
	make_peer
	ip -n "$ns" link set va down
	listen
	capture a "interface=va&$native&filter=ether+proto+0x88b5"
	ip -n "$ns" link set va up
	eventually is_up va
	send_frames </dev/null
	eventually has_length a "$last" 14
}

@test "native and HEAD: the head alone" {
	make_peer
	listen
	run -0 ask_status "/capture?interface=va&$native" -I
	[[ "$output" = "200 "* ]]
	no_packet_sockets
}

@test "vlan, ether and stp on all interfaces: an error that names native" {
	listen
	local filter
	for filter in vlan 'ether+host+2:0:0:0:0:1' stp 'ether+broadcast'; do
		run -0 ask_status "/capture?filter=$filter"
		[[ "$output" = "400 filter: "*native* ]]
	done
}

@test "-exclude that reads the cooked header: native is refused, cooked is not" {
	make_peer
	listen -exclude 'link[0:2] = 0x88cc'
	run -0 ask_status "/capture?interface=va&$native"
	[[ "$output" = "403 the worker's -exclude"* ]]
	run -0 ask_status "/capture?interface=va&duration=1"
	[[ "$output" = "200 "* ]]
}

@test "-exclude: lengths count as in cooked captures, and what cannot match excludes nothing" {
	make_peer
	start_tun tun7
	ip -n "$ns" address add 10.7.0.1/24 dev tun7
	# 16 bytes of SLL and 28 of IP and UDP are before the data
	listen -exclude 'greater 144 or arp'
	capture a "interface=va&$native&filter=udp"
	capture b "interface=tun7&$native&filter=udp"
	local size address
	for address in 10.1.0.2 10.7.0.2; do
		for size in 101 100 99; do
			send 1 $size 0 $address 4711
		done
	done
	eventually has 1 a
	eventually has 1 b
	[ "$(fields a udp.length)" = 107 ]
	[ "$(fields b udp.length)" = 107 ]
}

# promiscuity DEVICE: how many keep it promiscuous.
promiscuity() {
	ip -n "$ns" -d link show dev "$1" | grep -o 'promiscuity [0-9]*'
}

promiscuity_is() {
	[ "$(promiscuity "$1")" = "promiscuity $2" ]
}

@test "promisc=1: the device is promiscuous for as long as the capture runs" {
	make_peer
	listen
	local form before
	before=$(promiscuity va)
	for form in "$native" linktype=sll2; do
		capture a "interface=va&$form&promisc=1"
		[ "$(promiscuity va)" = "promiscuity 1" ]
		grep -q 'on va in promiscuous mode' "$BATS_TEST_TMPDIR/worker.err"
		kill "${captures[a]}"
		eventually promiscuity_is va 0
	done
	capture a "interface=va&interface=vb&promisc=1"
	promiscuity_is va 1
	promiscuity_is vb 1
	capture b "interface=va&promisc=0"
	promiscuity_is va 1
	[ "$before" = "promiscuity 0" ]
}

# A bridge: the frames from pa to an address behind vb are not for this host.
make_bridge() {
	make_peer
	local device
	ip -n "$ns" link add bridge type bridge
	for device in va vb; do
		ip -n "$ns" link set "$device" master bridge
	done
	ip -n "$ns" link set bridge up
	local mac
	mac=$("${peer[@]}" cat /sys/class/net/pb/address)
	"${peer[@]}" ip neigh replace 10.1.0.99 lladdr "$mac" dev pa
	bridge -n "$ns" fdb replace "$mac" dev vb master static
}

@test "promisc=1: shows the frames for others that a bridge forwards" {
	need bridge
	make_bridge
	listen
	capture with "interface=bridge&$native&promisc=1&filter=udp"
	"${peer[@]}" "$TOOLS/udp_send" 2 60 0 10.1.0.99 4711
	eventually has 2 with
	kill "${captures[with]}"
	eventually promiscuity_is bridge 0
	capture without "interface=bridge&$native&filter=udp+or+ether+broadcast"
	"${peer[@]}" "$TOOLS/udp_send" 2 60 0 10.1.0.99 4711
	# the last frame is for all
	send_frames </dev/null
	eventually has_length without "$last" 14
	has 0 without udp
}

@test "promiscuous mode: is off after any death of a worker" {
	make_peer
	listen
	local i pid
	start first "${isolated[@]}" "$WORKER" -capture "interface=va&$native&promisc=1"
	eventually promiscuity_is va 1
	kill -KILL "${started[-1]}"
	eventually promiscuity_is va 0
	for ((i = 0; i < 50; i++)); do
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			start "kill" "${isolated[@]}" timeout -s KILL \
				"0.0$((1 + RANDOM % 9))" "$WORKER" -capture \
				"interface=va&$native&promisc=1"
		done
		for pid in "${started[@]:1}"; do
			wait "$pid" || true
		done
		started=("${started[0]}")
	done
	eventually promiscuity_is va 0
	no_packet_sockets
}

@test "-no-promisc and DDUMP_PROMISC=no: promiscuous mode is forbidden" {
	make_peer
	listen -no-promisc
	run -0 ask_status "/capture?interface=va&promisc=1"
	[[ "$output" = "403 promisc: "* ]]
	run -0 ask_status "/capture?interface=va&promisc=0&duration=1"
	[[ "$output" = "200 "* ]]
	run -1 enter env DDUMP_PROMISC=no "$WORKER" -capture 'interface=va&promisc=1'
	[[ "$output" = *"ddump-worker: promisc: "* ]]
	run -1 enter env DDUMP_PROMISC=maybe "$WORKER" -help
	[[ "$output" = *'DDUMP_PROMISC: promisc: "maybe" is neither yes nor no'* ]]
}

@test "every answer announces the parameters that the worker knows" {
	listen
	local path names='filter, interface, snaplen, payload, count, duration, format, precision, linktype, promisc, watermark'
	for path in /capture?duration=1 /interfaces /capture?x=1 /nothing; do
		ask "$path" -D - -o /dev/null | tr -d '\r' |
			grep -x "Ddump-Parameters: $names"
	done
}

# Without HTTP.
@test "-capture: the stream on standard output" {
	make_peer
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	# shellcheck disable=SC2016 # for that shell to expand
	start a "${isolated[@]}" sh -c 'exec "$@" >"$0"' "$BATS_TEST_TMPDIR/pipe" \
		"$WORKER" -capture "interface=va&$native&count=8&filter=ether+broadcast"
	local worker_a=${started[-1]}
	start b cat "$BATS_TEST_TMPDIR/pipe"
	eventually has_packet_sockets 1
	send_frames < <(various_frames)
	exit_status "$worker_a"
	[ "$ended" -eq 0 ]
	ln -s b.out "$BATS_TEST_TMPDIR/b.pcap"
	[ "$(passed b 14)" = "0 1 2 3 4 5 6" ]
	grep -q 'stdout (uid 0): captures filter ether broadcast on va' "$BATS_TEST_TMPDIR/a.err"
	grep -q 'captured 8 packets' "$BATS_TEST_TMPDIR/a.err"
}

@test "-capture: a refusal is an error on stderr, and exit status 1" {
	run -1 --separate-stderr enter "$WORKER" -capture 'filtre=icmp'
	[ "$output" = "" ]
	[[ "$stderr" = "ddump-worker: unknown parameter \"filtre\";"* ]]
	run -1 --separate-stderr enter "$WORKER" -capture 'filter=port'
	[ "$output" = "" ]
	[[ "$stderr" = "ddump-worker: filter: "* ]]
	run -1 --separate-stderr enter "$WORKER" -capture 'interface=nowhere'
	[[ "$stderr" = "ddump-worker: interface: \"nowhere\" does not exist"* ]]
}

@test "-capture: SIGINT ends it with a complete stream" {
	start a "${isolated[@]}" "$WORKER" -capture 'interface=lo&format=pcapng&filter=udp'
	local worker_a=${started[-1]}
	eventually has_packet_sockets 1
	send 3 60 0 127.0.0.1 4711
	eventually out_has 3
	kill -INT "$worker_a"
	exit_status "$worker_a"
	[ "$ended" -eq 0 ]
}

out_has() {
	cp "$BATS_TEST_TMPDIR/a.out" "$BATS_TEST_TMPDIR/a.pcap"
	[ "$(blocks a | grep -c '^packet')" -eq "$1" ]
}

@test "-capture: to a full disk, a terminal or nothing: an error, exit status 1" {
	need script
	# shellcheck disable=SC2016 # for that shell to expand
	run -1 --separate-stderr enter sh -c 'exec "$0" -capture interface=lo >/dev/full' "$WORKER"
	[[ "$stderr" = *"ddump-worker: cannot write to standard output: No space left on device"* ]]
	# shellcheck disable=SC2016 # for that shell to expand
	run -1 enter sh -c 'exec "$0" -capture interface=lo >&-' "$WORKER"
	[[ "$output" = *"standard output is closed"* ]]
	# shellcheck disable=SC2016 # for that shell to expand
	run -1 enter sh -c 'exec "$0" -capture interface=lo <&- >&-' "$WORKER"
	[[ "$output" = *"standard output is closed"* ]]
	run -1 enter script -qec "$WORKER -capture interface=lo" /dev/null
	[[ "$output" = *"standard output is a terminal"* ]]
}

# To sockets bash connects itself; each packet of the stream would be one more.
@test "-capture: to a TCP connection, which is not captured" {
	make_peer
	start server "${peer[@]}" systemd-socket-activate -l 10.1.0.2:4713 --inetd -a cat
	eventually has_listener_at_peer
	# shellcheck disable=SC2016 # bash in there has its own
	start a "${isolated[@]}" bash -c 'exec "$0" -capture "interface=va&linktype=native&filter=tcp" \
		>"/dev/tcp/10.1.0.2/4713"' "$WORKER"
	eventually grep -q 'captures filter' "$BATS_TEST_TMPDIR/a.err"
	# a connection of its own is captured, and its packets make the stream
	"${peer[@]}" timeout 10 bash -c ': <"/dev/tcp/10.1.0.1/1"' || true
	sleep 0.3
	kill -INT "${started[-1]}"
	eventually grep -q 'captured [1-9] packets' "$BATS_TEST_TMPDIR/a.err"
}

has_listener_at_peer() {
	"${peer[@]}" ss -Hltn | grep -q 10.1.0.2:4713
}

@test "-capture: the flags of standard output are as before" {
	# shellcheck disable=SC2016 # for that shell to expand
	enter sh -c '"$0" -capture "interface=lo&duration=1" 2>/dev/null
		cat /proc/self/fdinfo/1 >&2' "$WORKER" 2>"$BATS_TEST_TMPDIR/flags" |
		cat >/dev/null
	# 04000 is O_NONBLOCK
	grep -q '^flags:.*[0-3][0-7][0-7][0-7]$' "$BATS_TEST_TMPDIR/flags"
}

@test "-capture: ends when nobody reads any more" {
	# shellcheck disable=SC2016 # for that shell to expand
	enter timeout 60 sh -c '"$0" -capture "interface=lo" | head -c 24 >/dev/null' "$WORKER" \
		2>/dev/null
	eventually no_packet_sockets
}

@test "-capture: its own ssh connection is not captured" {
	make_peer
	start a "${isolated[@]}" env SSH_CONNECTION='10.9.0.2 4711 10.9.0.1 22' \
		"$WORKER" -capture "interface=va&$native"
	eventually has_packet_sockets 1
	send_frames <<-END
		eth ip4 tcp=22,4711
		eth ip4=10.9.0.2,10.9.0.1 tcp=4711,22
		eth ip4 tcp=22,4712
		eth ip4=10.9.0.3,10.9.0.1 tcp=4711,22
	END
	ln -s a.out "$BATS_TEST_TMPDIR/a.pcap"
	[ "$(passed a 14)" = "2 3" ]
}
