#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Captures without payload: no client can see a byte of it, every header arrives
# whole, and other programs read the result.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
load frames
bats_require_minimum_version 1.5.0

# random frames of the first test; "make check-payload" sends a million
frames=${PACKETS:-20000}
seed=${DDUMP_SEED:-$RANDOM$RANDOM}

# A peer that sends nothing by itself.
make_silent_peer() {
	make_peer
	"${peer[@]}" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
}

# capture_random NAME QUERY: a capture of what arrives at va.
capture_random() {
	capture "$1" "interface=va&filter=inbound&$2" --unix-socket "$socket"
}

has_packets() {
	[ "$(tcpdump -nr - <"$BATS_TEST_TMPDIR/$2.pcap" 2>/dev/null | wc -l)" -ge "$1" ]
}

checked() {
	"$TOOLS/random_headers" check "$BATS_TEST_TMPDIR/$1.pcap" "$seed" "$frames" "$2"
}

# The last frames arrive within the time of a block of the ring.
is_complete() {
	checked "$@" >"$BATS_TEST_TMPDIR/checked" 2>&1 ||
		! grep -q 'a frame is missing' "$BATS_TEST_TMPDIR/checked"
}

@test "random frames: each header arrives whole, and no byte of payload" {
	local socket=$BATS_TEST_TMPDIR/socket name
	echo "# seed $seed, $frames frames" >&3
	make_silent_peer
	# by a unix socket, so that no port is excluded
	start_worker -listen "unix:$socket" -ring "$((frames > 100000 ? 256 : 64))"
	capture_random sll payload=0
	capture_random sll2 'payload=0&linktype=sll2&precision=nano'
	capture_random native 'payload=0&linktype=native'
	capture_random some payload=11
	capture_random more 'payload=11&linktype=native'
	"${peer[@]}" "$TOOLS/random_headers" send pa "$seed" "$frames"
	for name in sll sll2 native; do
		eventually is_complete "$name" 0
		checked "$name" 0
	done
	for name in some more; do
		eventually is_complete "$name" 11
		checked "$name" 11
	done
}

# --- what a client may try under -max-payload 0

secret=534543524554 # "SECRET"

# A frame of each kind, with a secret after its headers: its name, the words for
# frame_send, and the bytes of its headers after the link header.
kinds="
tcp eth ip4 tcp=9,80 hex=$secret :40
options eth ip4opt tcp=9,80 hex=$secret :48
offset eth ip4 is=6 hex=000900500000000100000002f00200000000000001010101010101010101010101010101010101010101010101010101010101010101010101010101$secret :80
short eth ip4 is=6 hex=00090050000000010000000200020000000000000101$secret :40
udp eth ip4 udp=9,53 hex=$secret :28
icmp eth ip4 is=1 hex=0800000000010001$secret :28
error eth ip4 is=1 hex=0303000000000000 ip4 udp=9,53 hex=$secret :28
igmp eth ip4 is=2 hex=$secret :20
sctp eth ip4 sctp=9,80 hex=$secret :32
esp eth ip4 is=50 hex=0000000100000001$secret :28
ah eth ip4 is=51 hex=0604000000000001$secret :28
gre eth ip4 is=47 hex=00000800 ip4 udp=9,53 hex=$secret :20
ipip eth ip4 is=4 ip4 udp=9,53 hex=$secret :20
later eth ip4 cut=1 is=17 hex=$secret :20
first eth ip4 cut=0x2000 udp=9,53 hex=$secret :28
tcp6 eth ip6 tcp=9,80 hex=$secret :60
udp6 eth ip6 udp=9,53 hex=$secret :48
icmp6 eth ip6 is=58 hex=8000000000010001$secret :48
error6 eth ip6 is=58 hex=0104000000000000 ip6 udp=9,53 hex=$secret :48
six6 eth ip6 is=41 ip6 udp=9,53 hex=$secret :40
hop6 eth ip6 hop tcp=9,80 hex=$secret :76
chain6 eth ip6 hop dst route frag=0 dst udp=9,53 hex=$secret :120
later6 eth ip6 frag=1 is=17 hex=$secret :48
arp eth is=0x0806 hex=00010800060400010200000000010a0900010000000000000a090002$secret :28
rarp eth is=0x8035 hex=$secret :0
stp ieee hex=424203$secret :0
mpls eth is=0x8847 hex=0001413f ip4 udp=9,53 hex=$secret :0
pppoe eth is=0x8864 hex=1100000700300021 ip4 udp=9,53 hex=$secret :0
wrong eth is=0x0800 hex=55$secret :0
vlan eth vlan=0x8100 ip4 udp=9,53 hex=$secret :28
qinq eth vlan=0x88a8 vlan=0x8100 ip4 udp=9,53 hex=$secret :32
"

frames_of_kinds() {
	sed -n 's/^[a-z0-9]* \(.*\) :[0-9]*$/\1/p' <<<"$kinds"
}

# Sends each, and waits until the captures have all of them and the last frame.
send_kinds() {
	local name
	send_frames < <(frames_of_kinds)
	for name in "$@"; do
		eventually has_packets "$(($(frames_of_kinds | wc -l) + 1))" "$name"
	done
}

shows_secret() {
	LC_ALL=C grep -aq SECRET "$BATS_TEST_TMPDIR/$1.pcap"
}

# capture_kinds NAME QUERY [CURL OPTION]...: a capture in any format.
capture_kinds() {
	local name=$1 query=$2
	shift 2
	rm -f "$BATS_TEST_TMPDIR/$name.pcap"
	start "$name" "${isolated[@]}" curl -gsS -N --max-time 60 "$@" \
		-o "$BATS_TEST_TMPDIR/$name.pcap" \
		"http://127.0.0.1:$port/capture?interface=va&$query"
	eventually test -s "$BATS_TEST_TMPDIR/$name.pcap"
}

@test "frames of each kind without a limit: the secret is in the capture" {
	make_silent_peer
	listen
	capture_kinds a 'filter=inbound'
	capture_kinds b 'filter=inbound&payload=6'
	send_kinds a b
	shows_secret a
	shows_secret b
}

@test "frames of each kind with payload=0: headers are whole, and nothing after them" {
	local size
	make_silent_peer
	listen
	capture_kinds a 'filter=inbound&payload=0'
	capture_kinds b 'filter=inbound&payload=3'
	capture_kinds native 'filter=inbound&payload=0&linktype=native'
	send_kinds a b native
	lacks -a SECRET "$BATS_TEST_TMPDIR/native.pcap"
	lacks -a SECRET "$BATS_TEST_TMPDIR/a.pcap"
	fields a frame.cap_len | head -n -1 | while read -r size; do
		echo $((size - 16))
	done >"$BATS_TEST_TMPDIR/sizes"
	sed -n 's/^.* :\([0-9]*\)$/\1/p' <<<"$kinds" | diff - "$BATS_TEST_TMPDIR/sizes"
	fields b frame.cap_len | head -n -1 | while read -r size; do
		echo $((size - 19))
	done | diff "$BATS_TEST_TMPDIR/sizes" -
	# the outer tag is there
	fields native frame.cap_len vlan.id | head -n -1 | while read -r size tags; do
		echo $((size - 14 - (${#tags} > 0 ? 4 : 0)))
	done | diff "$BATS_TEST_TMPDIR/sizes" -
	[ "$(fields native vlan.id | grep -c .)" -eq 2 ]
}

@test "-max-payload 0 with any request: no client gets a byte of payload" {
	local names=() name query
	make_silent_peer
	listen -max-payload 0
	while read -r query; do
		name=q${#names[@]}
		names+=("$name")
		capture_kinds "$name" "$query"
	done <<-END
		filter=inbound
		filter=inbound&snaplen=262144
		filter=inbound&snaplen=1000&payload=0
		filter=inbound&linktype=sll2
		filter=inbound&format=pcapng
		filter=inbound&format=pcapng&linktype=sll2
		filter=inbound&linktype=native
		filter=inbound&linktype=native&format=pcapng&snaplen=200
		filter=inbound+and+ether+host+ff:ff:ff:ff:ff:ff&linktype=native
		filter=inbound&precision=nano
		filter=inbound+and+(ip+or+not+ip)
		filter=inbound+and+greater+1
		filter=inbound+and+(tcp[13]%26255!=7+or+len>1)
	END
	capture_kinds old 'filter=inbound' -0
	send_kinds "${names[@]}" old
	for name in "${names[@]}" old; do
		lacks -a SECRET "$BATS_TEST_TMPDIR/$name.pcap"
	done
	# the default is payload=0
	cmp <(fields q0 frame.cap_len) <(fields q2 frame.cap_len)
}

# packets_pass NAME EXPRESSION: does one match?
packets_pass() {
	[ "$(packets "$@")" -ge 1 ]
}

# A segment that the network card or the other host would split, and fragments.
@test "-max-payload 0 with large segments and fragments: no payload" {
	make_peer
	listen -max-payload 0
	start other "${isolated[@]}" "$WORKER" -listen 10.1.0.1:8476
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/other.err"
	capture_kinds a 'filter=host+10.1.0.2'
	"${peer[@]}" curl -gsS -o "$BATS_TEST_TMPDIR/answer" \
		"http://10.1.0.1:8476/capture?filter=$(printf 'SECRET%.0s' {1..1400})"
	"${peer[@]}" "$TOOLS/udp_send" 1 9000 0 10.1.0.1 4711
	eventually has_packets 1 a
	eventually packets_pass a icmp
	[ "$(fields a tcp.len | sort -n | tail -n 1)" -gt 1500 ]
	[ "$(packets a 'ip[6:2] & 0x1fff != 0')" -ge 5 ]
	[ "$(packets a 'ip[6:2] & 0x1fff != 0 and len > 100')" -ge 5 ]
	[ "$(tshark -n -r "$BATS_TEST_TMPDIR/a.pcap" -Y 'ip.frag_offset > 0' -T fields \
		-e frame.cap_len 2>/dev/null | sort -u)" = 36 ]
	lacks -a SECRET "$BATS_TEST_TMPDIR/a.pcap"
	# IPv4 and TCP with all options, or less
	[ "$(fields a frame.cap_len | sort -n | tail -n 1)" -le $((16 + 20 + 60)) ]
}

answers_with() {
	local answer
	answer=$(ask_status "$2")
	echo "$2: $answer"
	[[ "$answer" == "$1"* ]]
}

@test "-max-payload: the default without payload=, 403 for a larger one" {
	listen -max-payload 10
	answers_with "403 payload: the worker's limit is 10 bytes; leave it out, or ask for less" '/capture?payload=11'
	answers_with "403 payload: the worker's limit is 10 bytes; leave it out, or ask for less" '/capture?payload=262144'
	capture a 'filter=udp&count=1'
	capture b 'filter=udp&count=1&payload=4'
	capture c 'filter=udp&count=1&payload=4&snaplen=45'
	send 1 1000 0 127.0.0.1 4711
	eventually has 1 a
	eventually has 1 b
	eventually has 1 c
	[ "$(fields a frame.len frame.cap_len)" = "$(printf '1044\t54')" ]
	[ "$(fields b frame.len frame.cap_len)" = "$(printf '1044\t48')" ]
	[ "$(fields c frame.len frame.cap_len)" = "$(printf '1044\t45')" ]
}

@test "-max-payload: a filter cannot test bytes of payload" {
	local filter status
	listen -max-payload 0
	for filter in 'udp[8]%264!=0' 'ip[28]=1' 'tcp[20:4]=0x47455420' 'ip6[48]=1' \
		'link[40]=0' 'len>ip[28]' 'tcp[13%2B99]=0' 'icmp[8]=69' 'arp[28]=1' \
		'udp[8:4]=1+or+udp+port+53'; do
		answers_with '403 filter: "' "/capture?filter=$filter"
		answers_with '403 filter: "' "/capture?payload=0&filter=$filter"
		grep -q 'may read what the worker'\''s -max-payload 0 hides; allowed: ' \
			"$BATS_TEST_TMPDIR/body"
		status=$(ask "/capture?filter=$filter" -I -o /dev/null -w '%{http_code}')
		[ "$status" = 403 ]
	done
	for filter in pppoes mpls geneve+1 vxlan+1; do
		answers_with '403 filter: "' "/capture?filter=$filter+and+udp+port+53"
	done
	for filter in vlan 'ether[40]=1' 'udp[8]=1' 'vlan+and+udp[8]=1' 'link[40]=0'; do
		answers_with '403 filter: "' \
			"/capture?interface=lo&linktype=native&filter=$filter"
	done
	for filter in port+53 'tcp[tcpflags]%26tcp-syn!=0' ip6 arp greater+100; do
		status=$(ask "/capture?filter=$filter" -I -o /dev/null -w '%{http_code}')
		[ "$status" = 200 ]
	done
}

@test "DDUMP_MAX_PAYLOAD: the same limit, and -max-payload overrides it" {
	export DDUMP_MAX_PAYLOAD=0
	listen
	answers_with "403 payload: the worker's limit is 0 bytes; leave it out, or ask for less" '/capture?payload=1'
	kill "$worker"
	exit_status "$worker"
	listen -max-payload 1
	answers_with "403 payload: the worker's limit is 1 bytes; leave it out, or ask for less" '/capture?payload=2'
}

@test "-max-payload with -capture: the same limit" {
	run -1 enter "$WORKER" -max-payload 0 -capture 'payload=1'
	[[ "$output" == *"payload: the worker's limit is 0 bytes"* ]]
	run -1 enter "$WORKER" -max-payload 0 -capture 'filter=udp[8]=1'
	[[ "$output" == *'filter: "udp[8]" may read'* ]]
}

@test "-max-payload and -exclude: -exclude may read payload" {
	listen -max-payload 0 -exclude 'udp[8] = 0x30'
	capture a 'filter=udp+port+4711'
	# shellcheck disable=SC2016 # bash in there has its own $0
	enter bash -c 'printf 0123 >/dev/udp/127.0.0.1/4711
		printf 123 >/dev/udp/127.0.0.1/4711'
	eventually has 1 a
	[ "$(fields a udp.length)" = 11 ]
}

# Without a complaint but that packets are cut.
is_read_by_tshark() {
	need tshark
	tshark -n -r "$1" >/dev/null 2>"$BATS_TEST_TMPDIR/tshark.err"
	lacks -v 'Running as user' "$BATS_TEST_TMPDIR/tshark.err"
	[ -z "$(tshark -n -r "$1" -Y _ws.malformed 2>/dev/null)" ]
}

@test "ddump -payload 0: other programs read its file, and the file shows the limit" {
	local format file
	listen
	for format in pcap pcapng; do
		file=$BATS_TEST_TMPDIR/out.$format
		start ddump "${isolated[@]}" "$DDUMP" -payload 0 -filter 'udp port 4711' -c 3 \
			-w "$file" "127.0.0.1:$port"
		eventually grep -q 'capturing on 1' "$BATS_TEST_TMPDIR/ddump.err"
		send 3 300 0 127.0.0.1 4711
		exit_status "${started[-1]}"
		[ "$ended" -eq 0 ]
		is_read_by_tshark "$file"
		[ "$(tshark -n -r "$file" -T fields -e frame.len -e frame.cap_len -e udp.srcport \
			2>/dev/null | cut -f 1,2 | sort -u)" = "$(printf '344\t44')" ]
	done
	grep -aq 'at most 0 bytes of payload are kept (payload=)' "$file"
}

@test "-max-payload with pcapng: a comment of each interface names the limit" {
	listen -max-payload 7
	ask '/capture?format=pcapng&filter=udp&duration=1' >"$BATS_TEST_TMPDIR/a.pcapng"
	grep -aq 'at most 7 bytes of payload are kept (-max-payload of the worker)' \
		"$BATS_TEST_TMPDIR/a.pcapng"
	ask '/capture?format=pcapng&filter=udp&duration=1&payload=2' >"$BATS_TEST_TMPDIR/a.pcapng"
	grep -aq 'at most 2 bytes of payload are kept (payload=)' "$BATS_TEST_TMPDIR/a.pcapng"
}
