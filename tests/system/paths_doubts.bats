#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths where it cannot know what was lost: captures that lack packets, paths that
# change, and packets that change on their way. No loss is told that was none.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
load path_lab
load path_capture
bats_require_minimum_version 1.5.0

setup() {
	need_lab_tools
}

@test "-paths, a flow takes the other path: no packet is told as lost" {
	make_lab
	offload off
	one_path r1
	start_lab_workers client r1 r2 server
	start_paths -- client r1 r2 server
	start_on 1 flow "$TOOLS/udp_send" 2000 100 1000 "$server_4" 5001
	local flow=${started[-1]}
	eventually arrived_at_server 500
	one_path r2
	wait "$flow"
	end_paths
	# between two routes the client has none: udp_send ends, or all have arrived
	no_loss_but
	is "packets by r1" "$(stretch client:to_r1 r1:to_client packets_passed)" \
		"$(counted r1 in_to_client)"
	is "packets by r2" "$(stretch client:to_r2 r2:to_client packets_passed)" \
		"$(counted r2 in_to_client)"
	[ "$(counted r2 in_to_client)" -gt 0 ]
	is "packets" "$(($(counted r1 in_to_client) + $(counted r2 in_to_client)))" \
		"$(($(counted server in_to_r1) + $(counted server in_to_r2)))"
}

# What the old path loses before the flow has moved is not told as lost on the new.
@test "-paths, a path breaks and the flow moves: no loss on the new path" {
	make_lab
	offload off
	one_path r1
	start_lab_workers client r1 r2 server
	start_paths -- client r1 r2 server
	start_on 1 flow "$TOOLS/udp_send" 2000 100 1000 "$server_4" 5001
	local flow=${started[-1]}
	eventually arrived_at_server 500
	drop_at r1 broken "udp dport 5001"
	eventually has_counted r1 broken 100
	one_path r2
	wait "$flow"
	end_paths
	[ "$(counted r2 in_to_client)" -gt 0 ]
	no_loss_but
	is "packets of which it is not known" "$(in_all 'packets_not_known | add')" \
		"$(counted r1 broken)"
}

@test "-paths, a black hole: an ending in r1, first of all, and no loss" {
	make_lab
	offload off
	one_path r1
	drop_at r1 hole udp dport 5002
	start_lab_workers client r1 server
	start_paths -- client r1 server
	send_datagrams 4 3 100
	end_paths
	no_loss_but
	is "dropped" "$(counted r1 hole)" 100
	jq -e '.paths.endings[0] | .place == "r1:to_client" and .direction == "in" and
		.flows == 1 and .packets == 100 and .bytes == 10000 and
		.answered_flows == 0 and .continued_flows == 0' "$report"
	jq -e --arg to "> $server_4.5002" '.paths.endings[0].worst |
		length == 1 and (.[0].flow | endswith($to)) and .[0].packets == 100' "$report"
}

@test "-paths, the kernel drops packets of a capture: not known, none is lost" {
	local child flow
	make_lab
	offload off
	one_path r1
	start_lab_workers client r1
	start_worker 4 env DDUMP_RING=2
	start_paths -- client r1 server
	start_on 1 flow "$TOOLS/udp_send" 12000 1000 4000 "$server_4" 5001
	flow=${started[-1]}
	eventually arrived_at_server 2000
	child=$(pgrep -P "${workers[4]}")
	stop "$child"
	# more than the ring has space for
	eventually arrived_at_server 8000
	kill -CONT "$child"
	wait "$flow"
	end_paths
	is "arrived" "$(counted server in_to_r1)" 12000
	grep -qE '^ddump: server: .* [1-9][0-9]* dropped by kernel' "$said"
	no_loss_but
	[ "$(stretch r1:to_server server:to_r1 packets_not_known.dropped)" -gt 100 ]
	is "packets to the server" \
		$(($(stretch r1:to_server server:to_r1 packets_passed) + $(doubts_after r1:to_server))) 12000
}

@test "-paths, a capture begins later and goes away: not known, none is lost" {
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	start_lab_workers client server
	start_paths -retry -require any -- client r1 server
	capturing_on 2
	start_on 1 flow "$TOOLS/udp_send" 100000 100 500 "$server_4" 5001
	local flow=${started[-1]}
	eventually arrived_at_server 500
	start_worker 2
	eventually has_in_file r1:to_client
	kill_worker 2
	eventually grep -q 'r1: .*reconnecting' "$said"
	start_worker 2
	eventually grep -q 'r1: reconnected' "$said"
	sleep 3
	kill "$flow"
	end_paths
	# what r1 dropped while it was captured, and no more than all of it
	no_loss_but 'r1:to_client>r1:to_server' 'client:to_r1>server:to_r1'
	[ "$(stretch r1:to_client r1:to_server packets_lost)" -gt 10 ]
	[ "$(in_all packets_lost)" -le "$(counted r1 dropped)" ]
	is "packets that passed to r1" "$(stretch client:to_r1 r1:to_client packets_passed)" \
		"$(seen r1:to_client 0)"
}

@test "-paths, a capture ends first: the packets after that are not lost" {
	make_lab
	offload off
	one_path r1
	start_lab_workers client r1 server
	start_paths -- client r1 server
	start_on 1 flow "$TOOLS/udp_send" 2000 100 1000 "$server_4" 5001
	local flow=${started[-1]}
	eventually arrived_at_server 500
	kill_worker 4
	wait "$flow"
	end_paths
	no_loss_but
	is "arrived" "$(counted server in_to_r1)" 2000
	[ "$(stretch r1:to_server server:to_r1 packets_passed)" -ge 400 ]
	is "packets to the server" \
		$(($(stretch r1:to_server server:to_r1 packets_passed) + $(doubts_after r1:to_server))) 2000
}

# An Ethernet header has no direction, and client and r1 see the same TTL.
@test "-paths, native on the client: the order is not known, and no loss is told" {
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	start_lab_workers client r1 server
	start_paths -- 'client?linktype=native&interface=to_r1' r1 server
	send_datagrams 4 4 100
	end_paths
	no_loss_but 'r1:to_client>r1:to_server'
	is "from the client" "$(stretch client:to_r1 r1:to_client packets_passed)" 0
	[ "$(in_all packets_not_known.order)" -gt 0 ]
}

# A router takes one of the TTL, and a host's clock orders its own interfaces.
@test "-paths, native on the server: the order is known by TTL" {
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	start_lab_workers client r1 server
	start_paths -- client 'server?linktype=native&interface=to_r1'
	send_datagrams 4 4 100
	end_paths
	is_stretch client:to_r1 server:to_r1 $((400 - $(counted r1 dropped))) "$(counted r1 dropped)"
}

# Without payload, datagrams of IPv6 that have one size are identical: IPv4 has its
# identification.
@test "-paths with payload=0, and a short snaplen at one place: all packets pair" {
	local dropped
	make_lab
	offload off
	one_path r1
	drop_at r1 dropped "$fifth_datagram"
	start_lab_workers client r1 server
	start_paths -- 'client?payload=0' r1 'server?snaplen=96'
	send_datagrams 4 4 100
	dropped=$(counted r1 dropped)
	send_datagrams 6 4 100
	end_paths
	is_stretch client:to_r1 r1:to_client 800 0
	is_stretch r1:to_server server:to_r1 $((800 - $(counted r1 dropped))) 0
	is "lost" "$(stretch r1:to_client r1:to_server packets_lost)" "$dropped"
	is "lost, or another one of the same" $(($(counted r1 dropped) - dropped)) \
		"$(stretch r1:to_client r1:to_server packets_not_known.repeated)"
	no_loss_but 'r1:to_client>r1:to_server'
}

# The device of the second bridge splits what the kernel had in one packet.
@test "-paths, datagrams are split on the way (UDP_SEGMENT): none is told as lost" {
	make_lab
	one_path r1
	segment_in_wire
	start_lab_workers client r1 server
	start_paths -- client r1 server
	send_joined 500 1000
	send_datagrams 4 2 100
	end_paths
	# the lab is what the test is about
	[ "$(seen r1:to_server 4 'udp.length > 1008')" -gt 10 ]
	[ "$(seen server:to_r1 0 'udp.length > 1008')" -eq 0 ]
	is "arrived" "$(counted server in_to_r1)" 700
	no_loss_but
}

@test "-paths, packets become fragments on the way: none is told as lost" {
	make_lab
	offload off
	one_path r1
	at client sysctl -qw net.ipv4.ip_no_pmtu_disc=1
	at r1 ip link set to_server mtu 600
	at server ip link set to_r1 mtu 600
	start_lab_workers client r1 server
	start_paths -- client r1 server
	start_on 1 long "$TOOLS/udp_send" 200 1200 200 "$server_4" 5001
	send_datagrams 4 2 100
	at client ping -q -n -i 0.01 -M dont -s 1200 -c 50 -I "$client_4" "$server_4"
	wait "${started[-1]}" || true
	end_paths
	[ "$(seen r1:to_server 4 ip.flags.mf==1)" -gt 200 ]
	no_loss_but
}

@test "-paths, fragments from the sender on: the loss of first ones is not told elsewhere" {
	make_lab
	offload off
	one_path r1
	drop_in_wire dropped "$fifth_datagram"
	start_lab_workers client r1 server
	start_paths -- client r1 server
	at client "$TOOLS/udp_send" 200 3000 200 "$server_4" 5001
	at client "$TOOLS/udp_send" 200 3000 200 "$server_6" 5001
	send_datagrams 4 2 100
	end_paths
	[ "$(counted wire dropped)" -gt 10 ]
	[ "$(jq .paths.not_followed.fragments "$report")" -gt 100 ]
	no_loss_but 'r1:to_server>server:to_r1'
	[ "$(stretch r1:to_server server:to_r1 packets_lost)" -le "$(counted wire dropped)" ]
}

# start_hub HOST...: a capture with -paths of hosts that make_hosts has made; a HOST
# may have a query.
start_hub() {
	local i
	report=$BATS_TEST_TMPDIR/report.json
	targets=()
	for i in "$@"; do
		start_worker "${i%%\?*}"
		targets+=("h${i%%\?*}=http://10.9.0.${i%%\?*}/capture${i#"${i%%\?*}"}")
	done
	at_bridge
	start_pcapng_of "${targets[@]}"
}

start_pcapng_of() {
	start_merge -paths -filter 'udp portrange 5000-5999' -report "$report" \
		-w "$BATS_TEST_TMPDIR/merged.pcapng" "$@"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on $#
	settle
}

# A bridge floods what it has not learned: a host that is not on the way sees some.
@test "-paths, a bridge floods packets to another host at times: none is told as lost" {
	local flow
	make_hosts 3
	ip -n "$hub" link set bridge type bridge ageing_time 0
	start_hub 1 3
	start_on 1 flow "$TOOLS/udp_send" 3000 100 1000 10.9.0.2 5001
	flow=${started[-1]}
	sleep 1
	ip netns exec "$hub" bridge link set dev port3 flood off
	sleep 1
	ip netns exec "$hub" bridge link set dev port3 flood on
	wait "$flow"
	end_paths
	# it has seen some, before and after those that it has not
	[ "$(fields frame.interface_name | grep -c h3:eth0)" -gt 100 ]
	[ "$(fields frame.interface_name | grep -c h3:eth0)" -lt 2900 ]
	no_loss_but
}

# make_stick: host 2 routes from host 1 to host 3, by the only interface that it has,
# and drops 13 of 200.
make_stick() {
	make_hosts 3
	on 2 sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 \
		net.ipv4.conf.eth0.send_redirects=0
	ip -n "$hub-1" route add 10.9.0.3/32 via 10.9.0.2
	on 2 nft -f - <<-END
		table inet lab {
			chain forward {
				type filter hook forward priority 0;
				$fifth_datagram drop
			}
		}
	END
}

@test "-paths, a router with one interface: the loss is between its two directions" {
	make_stick
	start_hub 1 2 3
	on 1 "$TOOLS/udp_send" 200 100 500 10.9.0.3 5001
	end_paths
	is_stretch h1:eth0 h2:eth0 200 0
	is_stretch h2:eth0 h2:eth0 187 13
	is_stretch h2:eth0 h3:eth0 187 0
}

# Without a direction, both are one place.
@test "-paths, a router with one interface, native: no loss is told but in it" {
	make_stick
	start_hub 1 '2?linktype=native&interface=eth0' 3
	on 1 "$TOOLS/udp_send" 200 100 500 10.9.0.3 5001
	end_paths
	no_loss_but 'h2:eth0>h2:eth0 (again)' 'h1:eth0>h3:eth0'
	[ "$(in_all packets_lost)" -le 13 ]
}

# As a router does that does not know a connection any more: the last packets leave
# it with the addresses that they came with.
@test "-paths, a router translates most packets of a flow, but not the last: none is lost" {
	make_lab
	offload off
	one_path r1
	at r1 nft -f - <<-'END'
		table ip nat {
			chain raw {
				type filter hook prerouting priority raw;
				udp dport 5001 @th,88,8 >= 240 notrack
			}
			chain source {
				type nat hook postrouting priority srcnat;
				oifname "to_server" udp dport 5001 masquerade
			}
		}
	END
	start_lab_workers client r1 server
	lab_filter="($lab_filter) or udp port 5001"
	start_paths -- client r1 server
	at client "$TOOLS/udp_send" 250 100 500 "$server_4" 5001
	end_paths
	is "translated" "$(seen r1:to_server 4 'ip.src == 10.1.1.1')" 240
	is "not translated" "$(seen r1:to_server 4 "ip.src == $client_4")" 10
	no_loss_but
}
