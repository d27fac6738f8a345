#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths through tunnels: the inner packet is one packet on all of its way. The truth is what
# nftables counts. In the network of path_lab.bash, the tunnels are between client and server;
# t0 is their interface, and inside they have addresses of their own.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
load path_lab
load path_capture
bats_require_minimum_version 1.5.0

client_t4=10.77.0.1 server_t4=10.77.0.2
client_t6=fd77::1 server_t6=fd77::2

setup() {
	need_lab_tools
}

# start_vxlan 4|6 [OPTION...]: t0 on both hosts, from lo to lo.
start_vxlan() {
	local name
	for name in client:server server:client; do
		add_vxlan "${name%:*}" "${name#*:}" "$@"
	done
}

# add_vxlan NAME OTHER 4|6 [OPTION...]
add_vxlan() {
	local own=${1}_$3 remote=${2}_$3
	ip -n "$(name_space "$1")" link add t0 address "02:00:00:00:00:0${number_of[$1]}" \
		type vxlan id 42 dstport 4789 ttl 64 \
		local "${!own}" remote "${!remote}" "${@:4}"
	address_tunnel "$1"
	# nothing asks for addresses
	remote=${2}_t$3
	ip -n "$(name_space "$1")" neighbour replace "${!remote}" dev t0 \
		lladdr "02:00:00:00:00:0${number_of[$2]}" nud permanent
}

# start_tunnel PROTOCOL HEADER: the same, but the kernel need not have such a tunnel.
start_tunnel() {
	local name other own remote
	for name in client server; do
		other=server
		[ "$name" = client ] || other=client
		own=${name}_4 remote=${other}_4
		start_on "${number_of[$name]}" "tunnel-$name" "$TOOLS/tunnel_end" t0 \
			"${!own}" "${!remote}" "$1" "$2"
		eventually grep -q ready "$BATS_TEST_TMPDIR/tunnel-$name.out"
		address_tunnel "$name"
	done
}

# address_tunnel NAME: its addresses in the tunnel.
address_tunnel() {
	local address4=${1}_t4 address6=${1}_t6
	ip -n "$(name_space "$1")" address add "${!address4}/24" dev t0
	ip -n "$(name_space "$1")" address add "${!address6}/64" dev t0 nodad
	ip -n "$(name_space "$1")" link set t0 mtu "${mtu:-1400}" up
}

# start_tunnel_paths: a capture of all that client and server send.
start_tunnel_paths() {
	lab_filter="host $client_4 or ip6 host $client_6 or net 10.77.0.0/24 or net fd77::/64"
	start_lab_workers client r1 server
	start_paths -- client r1 server
}

# The ways from end to end of more than 100 packets.
long_ways() {
	jq -r '.paths.ways[] | select(.packets > 100) | "\(.packets) \(.places | join(" > "))"' \
		"$report"
}

way_of_all="client:t0 > client:to_r1 (tunnel) > r1:to_client (tunnel) > \
r1:to_server (tunnel) > server:to_r1 (tunnel) > server:t0"

# check_tunnel 4|6 SIZE MATCH: datagrams of which some are dropped in r1, and others between the
# bridges. SIZE bytes are from the begin of the outer layer 4 to that of the inner one; MATCH
# are the packets of the tunnel.
check_tunnel() {
	local in_r1 in_wire port="@th,$((16 + 8 * $2)),16" number="@th,$((88 + 8 * $2)),8"
	offload off
	one_path r1
	drop_at r1 in_r1 "$3 $port 5001-5004 $number and 0x0f == 5"
	drop_in_wire in_wire "$3 $port 5001-5004 $number and 0x0f == 9"
	local "server_$1=$(tunnel_address "$1")"
	start_tunnel_paths
	send_datagrams "$1" 4 100
	end_paths
	in_r1=$(counted r1 in_r1)
	in_wire=$(counted wire in_wire)
	[ "$in_r1" -gt 10 ]
	[ "$in_wire" -gt 10 ]
	no_loss_but 'r1:to_client (tunnel)>r1:to_server (tunnel)' \
		'r1:to_server (tunnel)>server:to_r1 (tunnel)'
	is_stretch client:t0 'client:to_r1 (tunnel)' 400 0
	is_stretch 'r1:to_client (tunnel)' 'r1:to_server (tunnel)' $((400 - in_r1)) "$in_r1"
	is_stretch 'r1:to_server (tunnel)' 'server:to_r1 (tunnel)' \
		$((400 - in_r1 - in_wire)) "$in_wire"
	is_stretch 'server:to_r1 (tunnel)' server:t0 $((400 - in_r1 - in_wire)) 0
	is "way" "$(long_ways)" "$((400 - in_r1 - in_wire)) $way_of_all"
}

tunnel_address() {
	local address=server_t$1
	echo "${!address}"
}

@test "-paths, VXLAN: one way from t0 to t0, and each loss where it was" {
	make_lab
	start_vxlan 4
	check_tunnel 4 50 "udp dport 4789"
}

@test "-paths, IPv6 in VXLAN over IPv6: the same" {
	make_lab
	start_vxlan 6
	check_tunnel 6 70 "udp dport 4789"
}

@test "-paths, GRE with a key: the same" {
	make_lab
	start_tunnel 47 200008000000002a
	check_tunnel 4 28 "ip protocol gre"
}

@test "-paths, IP in IP: the same" {
	make_lab
	start_tunnel 4 ""
	check_tunnel 4 20 "ip protocol 4"
}

@test "-paths, Geneve: the same" {
	make_lab
	start_tunnel 17 0000080000002a00
	check_tunnel 4 36 "udp dport 6081"
}

@test "-paths, VXLAN with offload: no byte of TCP is told as lost but what was dropped" {
	local sent
	make_lab
	start_vxlan 4
	one_path r1
	segment_in_wire
	drop_in_wire dropped "udp dport 4789 ip saddr $server_4 meta length > 1000 numgen inc mod 50 == 7"
	delay_in_wire 10mbit
	server_4=$server_t4 client_4=$client_t4 serve_bytes 1000000
	start_tunnel_paths
	server_4=$server_t4 client_4=$client_t4 fetch 4 4
	end_paths
	[ "$(counted wire dropped)" -gt 10 ]
	no_loss_but 'server:to_r1 (tunnel)>r1:to_server (tunnel)'
	sent=$(($(counted wire dropped bytes) - 102 * $(counted wire dropped)))
	is "bytes lost" "$(stretch 'server:to_r1 (tunnel)' 'r1:to_server (tunnel)' bytes_lost)" "$sent"
}

# check_cut QUERY: r1's captures end before or in the tunnel's headers, or after them. What it
# saw is another packet then, or nothing is known of it.
check_cut() {
	make_lab
	start_vxlan 4
	offload off
	one_path r1
	drop_in_wire in_wire "udp dport 4789 @th,416,16 5001-5004 @th,488,8 and 0x0f == 5"
	lab_filter="host $client_4 or net 10.77.0.0/24"
	start_lab_workers client r1 server
	start_paths -- client "r1?$1" server
	server_4=$server_t4 send_datagrams 4 4 100
	end_paths
	no_loss_but 'r1:to_server (tunnel)>server:to_r1 (tunnel)' \
		'client:to_r1 (tunnel)>server:to_r1 (tunnel)'
	is "lost or not known" \
		$(($(in_all packets_lost) + $(in_all 'packets_not_known | add'))) \
		"$(counted wire in_wire)"
}

@test "-paths, a router's capture ends in the tunnel's headers: no loss that was none" {
	check_cut snaplen=60
	grep -q 'cut by -snaplen' "$BATS_TEST_TMPDIR/ddump.out"
}

@test "-paths, a router's capture ends after the headers of the inner packet: the same" {
	check_cut snaplen=100
	[ "$(stretch 'r1:to_server (tunnel)' 'server:to_r1 (tunnel)' packets_lost)" -gt 10 ]
}

@test "-paths, a router's capture is without payload: the tunnel's own packets there" {
	check_cut payload=0
	# and what IPv6 announces through the tunnel
	[ "$(stretch r1:to_client r1:to_server packets_passed)" -ge 400 ]
}

# r1 makes two fragments of each packet of the tunnel.
@test "-paths, VXLAN in fragments, some of which are lost: no loss that was none" {
	make_lab
	start_vxlan 4 df unset
	offload off
	one_path r1
	ip -n "$(name_space r1)" link set to_server mtu 900
	drop_in_wire later "ip frag-off & 0x1fff != 0 ip id & 0x07 == 5"
	start_tunnel_paths
	at client "$TOOLS/udp_send" 200 1200 500 "$server_t4" 5001
	at client ping -q -n -i 0.01 -W 1 -c 200 -s 1200 "$server_t4" || true
	end_paths
	[ "$(counted wire later)" -gt 10 ]
	no_loss_but
	# echo requests are followed by their first fragments, datagrams are not
	[ "$(stretch 'r1:to_server (tunnel)' 'server:to_r1 (tunnel)' packets_passed)" -gt 150 ]
	[ "$(stretch 'server:to_r1 (tunnel)' server:t0 packets_not_known.expired)" -gt 1 ]
	[ "$(stretch 'r1:to_client (tunnel)' server:t0 packets_passed)" -gt 100 ]
}
