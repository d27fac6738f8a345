#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A capture never contains its own traffic, whatever headers come before TCP;
# all other traffic is captured. In the cooked form and in the native one.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
load frames

# Captures by a client on the other host, in both forms: NAME and NAME-native.
# far NAME ADDRESS [CURL'S OPTION]...
far() {
	local name=$1 address=$2
	shift 2
	far_in "$name" "$address" sll "$@"
	far_in "$name-native" "$address" native "$@"
}

far_in() {
	local name=$1 address=$2 form=$3
	shift 3
	rm -f "$BATS_TEST_TMPDIR/$name.pcap"
	start "$name" "${peer[@]}" curl -gsS -N --max-time 60 "$@" \
		-o "$BATS_TEST_TMPDIR/$name.pcap" \
		"http://$address:$port/capture?interface=va&linktype=$form"
	eventually has_header "$name"
}

# The same by a client on this host. near NAME [CURL'S OPTION]...
near() {
	local name=$1
	shift
	capture "$name" 'interface=va' "$@"
	capture "$name-native" 'interface=va&linktype=native' "$@"
}

# passed_are NAME NUMBERS: these frames of the last send_frames are in both.
passed_are() {
	[ "$(passed "$1")" = "$2" ]
	[ "$(passed "$1-native" 14)" = "$2" ]
}

# TCP of one port under each possible chain of headers: 12 frames.
own_frames() {
	cat <<-END
		eth ip4 tcp=$1,9
		eth ip4opt tcp=9,$1
		eth ip6 tcp=$1,9
		eth ip6 hop tcp=$1,9
		eth ip6 dst tcp=9,$1
		eth ip6 route tcp=$1,9
		eth ip6 frag=0 tcp=$1,9
		eth ip6 hop dst route frag=0 dst tcp=$1,9
		eth ip6 hop dst dst route frag=0 dst tcp=9,$1
		eth vlan=0x8100 ip6 hop tcp=$1,9
		eth vlan=0x88a8 vlan=0x8100 ip4 tcp=$1,9
		eth vlan=0x88a8 vlan=0x8100 ip6 hop tcp=9,$1
	END
}

# Frames that only look like TCP of that port: 11 frames.
other_frames() {
	cat <<-END
		eth ip4 tcp=9,10
		eth ip4 udp=$1,$1
		eth ip6 hop udp=$1,$1
		eth ip6 hop tcp=9,10
		eth vlan=0x88a8 vlan=0x8100 ip4 udp=$1,$1
		eth ip4 cut=0x2001 tcp=$1,9
		eth ip6 frag=1 tcp=$1,9
		eth ip6 hop dst dst route route dst dst tcp=$1,9
		eth is=0x86dd
		eth ip6 hop hex=06ff
		eth ip4 is=6 hex=ffff
	END
}

others="12 13 14 15 16 17 18 19 20 21 22"

@test "the worker's own connection: not captured under any headers" {
	make_peer
	start_worker -listen ":$port"
	far a 10.1.0.1
	send_frames < <(own_frames "$port"; other_frames "$port")
	passed_are a "$others"
}

@test "the connections that ssh and proxies report in Forwarded: not captured" {
	make_peer
	listen
	near ssh -H 'Forwarded: by="_ssh:22"'
	near by -H 'Forwarded: for=unknown;by="192.0.2.1:443"'
	near from \
		-H 'Forwarded: for="[fd09::2]:4711", for="10.9.0.1:4712"'
	send_frames < <(own_frames 22; other_frames 22)
	passed_are ssh "$others"
	send_frames < <(own_frames 443; other_frames 443)
	passed_are by "$others"
	# an endpoint is an address and a port
	send_frames <<-END
		eth ip6 hop tcp=9,4711
		eth ip6 hop tcp=4711,9
		eth ip6 tcp=9,4712
		eth ip4 tcp=9,4711
		eth ip4 tcp=4712,9
		eth ip4opt tcp=9,4712
	END
	passed_are from "1 2 3 5"
}

@test "the ports in -exclude: not captured under any headers" {
	make_peer
	listen -exclude 'udp port 7 or tcp port 2222 or 2223'
	near a
	send_frames < <(own_frames 2222; other_frames 2222)
	passed_are a "$others"
	send_frames < <(own_frames 2223; echo eth ip4 udp=8,8
		echo eth ip4 udp=7,8)
	passed_are a 12
}

# Fragments have no ports: TCP fragments between these two hosts are not
# captured.
@test "later TCP fragments between the hosts of the connection: not captured" {
	make_peer
	ip -n "$ns" address add fd77::1/64 dev va nodad
	ip -n "$ns-peer" address add fd77::2/64 dev pa nodad
	start_worker -listen ":$port"
	far four 10.1.0.1
	far six '[fd77::1]'
	send_frames <<-END
		eth ip4=10.1.0.1,10.1.0.2 cut=0x2001 tcp=9,9
		eth ip4=10.1.0.2,10.1.0.1 cut=1 tcp=9,9
		eth ip4=10.1.0.2,10.1.0.3 cut=1 tcp=9,9
		eth ip4=10.1.0.2,10.1.0.1 cut=1 udp=9,9
		eth ip6=fd77::1,fd77::2 hop frag=3 tcp=9,9
		eth ip6=fd77::2,fd77::1 frag=3 dst tcp=9,9
		eth ip6=fd77::2,fd77::3 frag=3 tcp=9,9
		eth ip6=fd77::2,fd77::1 frag=3 udp=9,9
	END
	passed_are four "2 3 4 5 6 7"
	passed_are six "0 1 2 3 6 7"
}

# IPv6 segments of more than 64 KiB have a hop-by-hop header.
make_big_tcp() {
	make_peer
	local name device
	for name in "$ns" "$ns-peer"; do
		device=va
		[ "$name" = "$ns" ] || device=pa
		ip -n "$name" link set "$device" gso_max_size 200000 \
			gro_max_size 200000 2>/dev/null ||
			skip "needs a kernel and ip(8) with BIG TCP"
	done
	ip -n "$ns" address add fd77::1/64 dev va nodad
	ip -n "$ns-peer" address add fd77::2/64 dev pa nodad
}

segments_are_big() {
	[ "$(tcpdump -nr "$BATS_TEST_TMPDIR/big" 'ip6[6] = 0 and ip6[40] = 6' \
		2>/dev/null | wc -l)" -gt 0 ]
}

# Without the exclusion each captured segment would become one more segment of
# the stream, without end. The traffic is large enough for large segments of the
# stream.
@test "BIG TCP, a stream of large segments: not captured by itself" {
	need tcpdump
	make_big_tcp
	start_worker -listen ":$port"
	start tcpdump "${isolated[@]}" tcpdump -i va -s 200 -U \
		-w "$BATS_TEST_TMPDIR/big" "src port $port or ip6[6] = 0"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/tcpdump.err"
	far a '[fd77::1]' --limit-rate 100M
	local round=0
	until segments_are_big || [ "$round" -eq 50 ]; do
		"${peer[@]}" "$TOOLS/udp_send" 20 60000 0 fd77::1 4711
		round=$((round + 1))
		eventually has_datagrams $((round * 20))
	done
	segments_are_big || skip "needs a kernel that makes large segments"
	local name
	for name in a a-native; do
		has 0 $name tcp
		has 0 $name "ip6[6] = 0 and ip6[40] = 6"
	done
}

# That many datagrams have arrived, counted by their first fragments.
has_datagrams() {
	[ "$(packets a 'ip6[6] = 44 and ip6[42:2] = 1')" -eq "$1" ]
}
