# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # TOOLS and more come from helpers.bash
#
# A network with two paths of equal cost, on top of hosts.bash:
#
#             to_r1 ---- to_client r1 to_server ---- wire ---- to_r1
#     client                                                         server
#             to_r2 ---- to_client r2 to_server -------------- to_r2
#
# The addresses of the flows are those of client and server on lo; a hash of
# addresses and ports chooses the path. "wire" is two bridges with a link between
# them, x1 (to the server) and x2 (to r1); nobody captures there. All are hosts of
# hosts.bash too, so that the client of ddump reaches their workers by eth0. The
# truth is what nftables counts, in the table "lab" of each host.

declare -gA number_of=([client]=1 [r1]=2 [r2]=3 [server]=4 [wire]=5)
client_4=10.10.0.1 server_4=10.20.0.1
client_6=fd10::1 server_6=fd20::1
lab_filter="(host $client_4 and host $server_4) or (ip6 host $client_6 and ip6 host $server_6)"

need_lab_tools() {
	need_capture_tools
	need nft
	need ethtool
	need ping
	need jq
}

# at NAME COMMAND...: runs it on a host of the lab.
at() {
	on "${number_of[$1]}" "${@:2}"
}

# name_space NAME: the namespace of a host of the lab.
name_space() {
	echo "$hub-${number_of[$1]}"
}

# link NAME INTERFACE NAME INTERFACE: a veth pair.
link() {
	ip -n "$(name_space "$1")" link add "$2" type veth \
		peer name "$4" netns "$(name_space "$3")"
	ip -n "$(name_space "$1")" link set "$2" up
	ip -n "$(name_space "$3")" link set "$4" up
}

# number_link N NAME INTERFACE NAME INTERFACE: addresses of both ends of network N.
number_link() {
	ip -n "$(name_space "$2")" address add "10.$1.1/24" dev "$3"
	ip -n "$(name_space "$4")" address add "10.$1.2/24" dev "$5"
	ip -n "$(name_space "$2")" address add "fd00:${1/./:}::1/64" dev "$3" nodad
	ip -n "$(name_space "$4")" address add "fd00:${1/./:}::2/64" dev "$5" nodad
}

# make_routes NAME: the routes of client or server to the other one, by each
# router. Nexthops can be replaced without a time that has none.
make_routes() {
	local space i family own other=server end=0 near=2
	space=$(name_space "$1")
	[ "$1" = client ] || { other=client end=1 near=1; }
	for i in 1 2; do
		ip -n "$space" nexthop add id "4$i" via "10.$i.$end.$near" dev "to_r$i"
		ip -n "$space" nexthop add id "6$i" via "fd00:$i:$end::$near" dev "to_r$i"
	done
	for family in 4 6; do
		own=${1}_$family other=${other%_*}_$family
		ip -n "$space" nexthop add id "${family}0" group "${family}1/${family}2"
		ip -n "$space" "-$family" route add "${!other}" nhid "${family}0" src "${!own}"
	done
}

# Settings of the kernel, before there are interfaces: no address waits for its
# check, routers forward, and the ports of a flow choose its path.
configure_kernels() {
	local i
	for i in client r1 r2 server wire; do
		at "$i" sysctl -qw net.ipv6.conf.all.accept_dad=0 \
			net.ipv6.conf.default.accept_dad=0 \
			net.ipv6.conf.all.forwarding=1 net.ipv4.ip_forward=1 \
			net.ipv4.fib_multipath_hash_policy=1 \
			net.ipv6.fib_multipath_hash_policy=1
	done
}

make_wire() {
	local i
	link wire x1 wire x2
	for i in to_server:a x1:a x2:b to_r1:b; do
		ip -n "$(name_space wire)" link show "wire_${i#*:}" >/dev/null 2>&1 ||
			ip -n "$(name_space wire)" link add "wire_${i#*:}" type bridge
		ip -n "$(name_space wire)" link set "${i%:*}" master "wire_${i#*:}"
		ip -n "$(name_space wire)" link set "wire_${i#*:}" up
	done
}

# make_lab: the hosts, without a worker.
make_lab() {
	local i
	make_hosts 5
	configure_kernels
	link client to_r1 r1 to_client
	link client to_r2 r2 to_client
	link r1 to_server wire to_r1
	link server to_r1 wire to_server
	link r2 to_server server to_r2
	make_wire
	number_link 1.0 client to_r1 r1 to_client
	number_link 1.1 r1 to_server server to_r1
	number_link 2.0 client to_r2 r2 to_client
	number_link 2.1 r2 to_server server to_r2
	ip -n "$(name_space client)" address add "$client_4/32" dev lo
	ip -n "$(name_space client)" address add "$client_6/128" dev lo nodad
	ip -n "$(name_space server)" address add "$server_4/32" dev lo
	ip -n "$(name_space server)" address add "$server_6/128" dev lo nodad
	make_routes client
	make_routes server
	for i in 1 2; do
		ip -n "$(name_space "r$i")" route add "$client_4" via "10.$i.0.1"
		ip -n "$(name_space "r$i")" route add "$client_6" via "fd00:$i:0::1"
		ip -n "$(name_space "r$i")" route add "$server_4" via "10.$i.1.2"
		ip -n "$(name_space "r$i")" route add "$server_6" via "fd00:$i:1::2"
	done
	make_counters
	sink_datagrams
}

# one_path ROUTER: all flows take this one, from now on.
one_path() {
	local name i family
	i=${1#r}
	for name in client server; do
		for family in 4 6; do
			ip -n "$(name_space "$name")" nexthop replace id "${family}0" \
				group "$family$i"
		done
	done
}

# offload on|off: of all interfaces of the lab. Off: each packet is a packet.
offload() {
	local name interface
	for name in client r1 r2 server wire; do
		for interface in to_client to_server to_r1 to_r2 x1 x2; do
			set_offload "$name" "$interface" "$1" 2>/dev/null || true
		done
	done
}

# set_offload NAME INTERFACE on|off
set_offload() {
	at "$1" ethtool -K "$2" tso "$3" gso "$3" gro "$3" tx-udp-segmentation "$3"
}

# Segments are made on the link between the two bridges, in both directions, and
# joined again where server and r1 receive them: each place sees other pieces of a
# stream. A veth joins nothing whose sender would have made segments itself.
segment_in_wire() {
	local i
	offload on
	for i in x1 x2 to_r1 to_server; do
		set_offload wire "$i" off
	done
}

# Nothing listens there, and no ICMP error comes back.
sink_datagrams() {
	at server nft -f - <<-'END'
		table inet sink {
			chain input {
				type filter hook input priority 0;
				udp dport 5000-5999 drop
			}
		}
	END
}

# The packets of the lab's flows that arrive at each interface, before any rule
# drops one: counters "in_INTERFACE".
make_counters() {
	local name interface
	for name in client r1 r2 server; do
		at "$name" nft -f - <<-END
			table inet lab {
				chain arrive {
					type filter hook prerouting priority raw;
					ip saddr != { $client_4, $server_4 } return
					ip6 saddr != { $client_6, $server_6 } return
					ip daddr != { $client_4, $server_4 } return
					ip6 daddr != { $client_6, $server_6 } return
				}
			}
		END
		for interface in $(interfaces_of "$name"); do
			at "$name" nft add counter inet lab "in_$interface"
			at "$name" nft add rule inet lab arrive iifname "$interface" \
				counter name "in_$interface"
		done
	done
}

interfaces_of() {
	case $1 in
	client | server) echo "to_r1 to_r2" ;;
	*) echo "to_client to_server" ;;
	esac
}

# drop_at ROUTER NAME MATCH...: the router drops forwarded packets that match,
# counted as NAME.
drop_at() {
	at "$1" nft -f - <<-END
		table inet lab {
			counter $2 { }
			chain forward {
				type filter hook forward priority 0;
				${*:3} counter name $2 drop
			}
		}
	END
}

# drop_in_wire NAME MATCH...: the same, where nobody captures: in the bridge
# after x1 or x2, whatever the direction.
drop_in_wire() {
	at wire nft -f - <<-END
		table bridge lab {
			counter $1 { }
			chain forward {
				type filter hook forward priority 0;
				iifname { "x1", "x2" } ${*:2} counter name $1 drop
			}
		}
	END
}

# count_in_wire NAME MATCH...: counts what the wire lets pass, after rules that
# drop.
count_in_wire() {
	at wire nft -f - <<-END
		table bridge lab {
			counter $1 { }
			chain forward {
				type filter hook forward priority 0;
				iifname { "x1", "x2" } ${*:2} counter name $1
			}
		}
	END
}

# delay_in_wire RATE: what passes between the bridges waits in a queue. With 10mbit
# a retransmission is never in the same ms as what was lost, and so not identical.
delay_in_wire() {
	local i
	for i in x1 x2; do
		ip netns exec "$(name_space wire)" tc qdisc add dev "$i" root \
			tbf rate "$1" burst 3kb limit 4mb
	done
}

# counted NAME COUNTER [packets|bytes]: what nftables has counted.
counted() {
	at "$1" nft -j list counters |
		jq --arg name "$2" --arg field "${3:-packets}" \
			'[.nftables[].counter? | select(.name == $name) | .[$field]] | add // 0'
}

# Datagrams have a number in their first 4 bytes, echo requests and replies in
# the same byte of theirs. These match one of 16, neither the first nor the last
# of a run of 100.
fifth_datagram="udp dport 5000-5999 @th,88,8 and 0x0f == 5"
fifth_ping="icmp type echo-request @th,56,8 and 0x0f == 5"
fifth_ping6="icmpv6 type echo-request @th,56,8 and 0x0f == 5"
fifth_reply="icmp type echo-reply @th,56,8 and 0x0f == 9"

# What the server sends by TCP, and one of 50 of its packets with much data.
answers="ip saddr $server_4 tcp flags & syn == 0"
answers6="ip6 saddr $server_6 tcp flags & syn == 0"
some_data="ip saddr $server_4 meta l4proto tcp meta length > 1000 numgen inc mod 50 == 7"
some_data6="ip6 saddr $server_6 meta l4proto tcp meta length > 1000 numgen inc mod 50 == 7"
declare -gA all=([4]=$answers [6]=$answers6) some=([4]=$some_data [6]=$some_data6)

# send_datagrams 4|6 FLOWS PACKETS: to ports from 5001 on, all at the same time.
send_datagrams() {
	local i address=server_$1 pids=()
	for ((i = 1; i <= $2; i++)); do
		start_on 1 "udp$1-$i" "$TOOLS/udp_send" "$3" 100 500 "${!address}" $((5000 + i))
		pids+=("${started[-1]}")
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
}

# send_joined COUNT SIZE: datagrams that the kernel receives ten at a time, and one
# alone between them.
send_joined() {
	at client "$TOOLS/udp_send" -join 10 "$1" "$2" 1000 "$server_4" 5001
}

# send_pings 4|6 COUNT: some are lost, so the status is not ping's.
send_pings() {
	local address=server_$1 source=client_$1
	at client ping -q -n -i 0.01 -W 1 -c "$2" -I "${!source}" "${!address}" || true
}

# serve_bytes SIZE: the server of /file, of that many bytes, on both addresses.
serve_bytes() {
	need nginx
	mkdir -p "$BATS_TEST_TMPDIR/www"
	head -c "$1" /dev/urandom >"$BATS_TEST_TMPDIR/www/file"
	nginx_configure "$BATS_TEST_TMPDIR" "user root;" <<-END
		server {
			listen $server_4:80;
			listen [$server_6]:80;
			root $BATS_TEST_TMPDIR/www;
			keepalive_timeout 0;
		}
	END
	start_on 4 nginx nginx -c "$BATS_TEST_TMPDIR/nginx.conf" \
		-e "$BATS_TEST_TMPDIR/error.log"
	eventually on 4 curl -gsS -o /dev/null -r 0-0 "http://$server_4/file"
}

# fetch 4|6 COUNT: downloads the file that many times, each by a connection of
# its own, at the same time; each is complete.
fetch() {
	local i address=server_$1 source=client_$1 url pids=()
	url="http://${!address}/file"
	[ "$1" = 4 ] || url="http://[${!address}]/file"
	for ((i = 1; i <= $2; i++)); do
		start_on 1 "fetch$1-$i" curl -gsS --max-time 60 \
			--interface "${!source}" -o "$BATS_TEST_TMPDIR/fetched$1-$i" "$url"
		pids+=("${started[-1]}")
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	for ((i = 1; i <= $2; i++)); do
		cmp "$BATS_TEST_TMPDIR/www/file" "$BATS_TEST_TMPDIR/fetched$1-$i"
	done
}
