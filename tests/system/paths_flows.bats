#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths: which way flows take, datagrams that offload splits and joins, addresses that
# a router rewrites, and tunnels. The truth is what nftables counts.
#
#             to_r1 ---- to_client r1 to_server --- to_r1 wire to_server --- to_r1
#     client                                                                      server
#             to_r2 ---- to_client r2 to_server ---------------------------- to_r2

# shellcheck disable=SC2034,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	need_root
	need nft
	need ethtool
	need jq
	export HOME=$BATS_TEST_TMPDIR
	lab=ddf-$$-$BATS_TEST_NUMBER
	make_lab
}

teardown() {
	local name
	stop_all
	for name in client r1 r2 wire server; do
		ip netns del "$lab-$name" || true
	done
}

at() {
	ip netns exec "$lab-$1" "${@:2}"
}

# link NAME INTERFACE NAME INTERFACE [NETWORK]: a veth pair, with addresses
# 10.NETWORK.1 and .2.
link() {
	ip -n "$lab-$1" link add "$2" type veth peer name "$4" netns "$lab-$3"
	ip -n "$lab-$1" link set "$2" up
	ip -n "$lab-$3" link set "$4" up
	[ -n "${5:-}" ] || return 0
	ip -n "$lab-$1" address add "10.$5.1/24" dev "$2"
	ip -n "$lab-$3" address add "10.$5.2/24" dev "$4"
}

make_lab() {
	local name i
	for name in client r1 r2 wire server; do
		ip netns add "$lab-$name"
		ip -n "$lab-$name" link set lo up
		at "$name" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv4.fib_multipath_hash_policy=1 net.ipv4.conf.all.rp_filter=0 \
			net.ipv4.conf.default.rp_filter=0
	done
	link client to_r1 r1 to_client 1.0
	link client to_r2 r2 to_client 2.0
	link r1 to_server wire to_r1
	link wire to_server server to_r1
	link r2 to_server server to_r2 2.1
	ip -n "$lab-r1" address add 10.1.1.1/24 dev to_server
	ip -n "$lab-server" address add 10.1.1.2/24 dev to_r1
	ip -n "$lab-wire" link add bridge type bridge
	ip -n "$lab-wire" link set bridge up
	ip -n "$lab-wire" link set to_r1 master bridge
	ip -n "$lab-wire" link set to_server master bridge
	ip -n "$lab-client" address add 10.10.0.1/32 dev lo
	ip -n "$lab-server" address add 10.20.0.1/32 dev lo
	for i in 1 2; do
		ip -n "$lab-r$i" route add 10.10.0.1 via "10.$i.0.1"
		ip -n "$lab-r$i" route add 10.20.0.1 via "10.$i.1.2"
	done
	ip -n "$lab-client" route add 10.20.0.1 src 10.10.0.1 \
		nexthop via 10.1.0.2 nexthop via 10.2.0.2
	ip -n "$lab-server" route add 10.10.0.1 src 10.20.0.1 \
		nexthop via 10.1.1.1 nexthop via 10.2.1.1
	at server nft -f - <<-'END'
		table ip sink {
			chain input {
				type filter hook input priority 0;
				udp dport 5000-5999 drop
			}
		}
	END
	count_forwarded r1
	count_forwarded r2
}

count_forwarded() {
	at "$1" nft -f - <<-'END'
		table ip lab {
			counter forwarded {}
			chain forward {
				type filter hook forward priority 0;
				udp dport 5000-5999 counter name forwarded
			}
		}
	END
}

# counted NAME COUNTER packets|bytes
counted() {
	at "$1" nft -j list counters | jq ".nftables[].counter | select(.name == \"$2\") | .$3"
}

# one_path: all flows go by r1, from now on.
one_path() {
	ip -n "$lab-client" route replace 10.20.0.1 via 10.1.0.2 src 10.10.0.1
	ip -n "$lab-server" route replace 10.10.0.1 via 10.1.1.1 src 10.20.0.1
}

# start_paths [OPTION]... : a capture on all hosts but the wire.
start_paths() {
	local name targets=()
	for name in client r1 r2 server; do
		targets+=("$name=exec:ip netns exec $lab-$name $WORKER -capture format=pcapng")
	done
	report=$BATS_TEST_TMPDIR/report.json
	start_merge -paths -report "$report" "$@" "${targets[@]}"
	capturing_on 4
	sleep 2 # all captures have run before the first packet
}

end_paths() {
	sleep 3 # what is on its way comes to the client
	kill -INT "$client"
	finish_merge
	cat "$BATS_TEST_TMPDIR/ddump.out"
	jq -c '.paths | .stretches |= map(del(.histogram)) | .stretches[], del(.stretches)' "$report"
}

# paths EXPRESSION: of jq, in the report.
paths() {
	jq "$1" "$report"
}

is() {
	[ "$2" = "$3" ] || {
		echo "$1: $2, not $3"
		return 1
	}
}

# stretch FROM TO MEMBER
stretch() {
	paths "[.paths.stretches[] | select(.from == \"$1\" and .to == \"$2\") | .$3] | add // 0"
}

nothing_unknown() {
	is "not known" "$(paths '[.paths.stretches[].packets_not_known[]] | add')" 0
	is "clients' endings" "$(paths '[.paths.endings[].packets] | add // 0')" 0
}

# way NAME MEMBER: of the way by a router.
way() {
	paths "[.paths.ways[] | select(.places[1] == \"$1:to_client\") | .$2] | add // 0"
}

@test "equal-cost ways stand apart, with the flows and packets of each" {
	local i
	start_paths
	for ((i = 0; i < 40; i++)); do
		at client "$TOOLS/udp_send" 5 100 0 10.20.0.1 $((5000 + i))
	done
	end_paths
	nothing_unknown
	is ways "$(paths '.paths.ways | length')" 2
	is r1 "$(way r1 packets)" "$(counted r1 forwarded packets)"
	is r2 "$(way r2 packets)" "$(counted r2 forwarded packets)"
	is "flows of r1" "$(way r1 flows)" $(($(counted r1 forwarded packets) / 5))
	is "flows of r2" "$(way r2 flows)" $(($(counted r2 forwarded packets) / 5))
	is flows $(($(way r1 flows) + $(way r2 flows))) 40
	[ "$(way r1 flows)" -gt 0 ]
	[ "$(way r2 flows)" -gt 0 ]
	is places "$(paths '.paths.ways[] | select(.places[1] == "r1:to_client") | .places |
		join(" > ")')" '"client:to_r1 > r1:to_client > r1:to_server > server:to_r1"'
	grep -q '^WAY .* FLOWS .* PACKETS$' "$BATS_TEST_TMPDIR/ddump.out"
}

@test "one way for each pair of ends: no table of ways, but for -verbose and JSON" {
	one_path
	start_paths
	at client "$TOOLS/udp_send" 20 100 0 10.20.0.1 5000
	end_paths
	is ways "$(paths '.paths.ways | length')" 1
	is packets "$(way r1 packets)" 20
	run ! grep '^WAY' "$BATS_TEST_TMPDIR/ddump.out"
	start_paths -verbose
	at client "$TOOLS/udp_send" 20 100 0 10.20.0.1 5000
	end_paths
	grep '^WAY' "$BATS_TEST_TMPDIR/ddump.out"
}

# offload on|off: datagrams are segments in the wire, where some are dropped, but never the
# first and last ones, whose loss no others would prove. On, the
# sender and r1 have large ones, and the server joins them.
offload() {
	at client ethtool -K to_r1 tso "$1" gso "$1" tx-udp-segmentation "$1"
	at r1 ethtool -K to_server tso off tx-udp-segmentation off
	at wire ethtool -K to_server tso off tx-udp-segmentation off
	at server ethtool -K to_r1 gro "$1" rx-udp-gro-forwarding "$1"
	at wire nft -f - <<-'END'
		table bridge lab {
			counter lost {}
			chain forward {
				type filter hook forward priority 0;
				udp dport 5000 udp length > 1000 quota over 30000 bytes @th,64,8 & 7 == 3 counter name lost drop
			}
		}
	END
}

# segments: 100 datagrams of 40 segments of 1200 bytes, and one of 800.
segments() {
	local lost lost_bytes
	one_path
	offload "$1"
	start_paths
	at client "$TOOLS/segment_send" 1200 100 48800 50 10.20.0.1 5000
	end_paths
	lost=$(counted wire lost packets)
	lost_bytes=$(($(counted wire lost bytes) - 28 * lost))
	nothing_unknown
	[ "$lost" -gt 50 ]
	is "to r1" "$(stretch client:to_r1 r1:to_client bytes_passed)" 4880000
	is "in r1" "$(stretch r1:to_client r1:to_server bytes_passed)" 4880000
	is "in the wire" "$(stretch r1:to_server server:to_r1 bytes_passed)" \
		$((4880000 - lost_bytes))
	is "lost bytes" "$(stretch r1:to_server server:to_r1 bytes_lost)" "$lost_bytes"
	is "lost packets" "$(stretch r1:to_server server:to_r1 packets_lost)" "$lost"
	is "all lost" "$(paths '[.paths.stretches[].packets_lost] | add')" "$lost"
}

@test "segments of UDP, offload off: packets and bytes as nftables counts" {
	segments off
	grep -E 'client: 4[0-9]{3} packets' "$said"
	grep -E 'server: 3[0-9]{3} packets' "$said"
}

@test "segments of UDP, split by r1 and joined by the server: the same bytes" {
	segments on
	# the client has large ones, the server those that it joined
	grep -E 'client: 1[0-9][0-9] packets' "$said"
	grep -E 'server: [0-9]{3} packets' "$said"
}
