#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -paths through a router that translates addresses, by nftables. Before and behind it a flow is
# another one; the report says which one, and the losses on both sides are those that
# nftables counts.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
load path_lab
load path_capture
bats_require_minimum_version 1.5.0

router=10.1.1.1 # the address of r1 to the server

setup() {
	need_lab_tools
	make_lab
	offload off
	one_path r1
}

# translate CHAIN RULE: r1 translates; CHAIN is source or destination.
translate() {
	local hook="postrouting priority srcnat"
	[ "$1" = source ] || hook="prerouting priority dstnat"
	at r1 nft -f - <<-END
		table ip nat {
			chain $1 {
				type nat hook $hook;
				${*:2}
			}
		}
	END
}

start_nat_paths() {
	lab_filter="host $client_4 or host $server_4"
	start_lab_workers client r1 server
	start_paths "$@" -- client r1 server
}

# translations: a line for each, as in the report.
translations() {
	jq -r '.paths.translations[] |
		"\(.target) \(.flow) => \(.continues_as) \(.both_ways)"' "$report"
}

# Sorts lines, with * for the ports that the hosts chose.
some_port() {
	sed -E 's/(10\.(10\.0|1\.1)\.1)\.[0-9]+/\1.*/g; s/echo [0-9]+/echo */g' | sort
}

@test "-paths, masquerade: each flow and what it becomes; losses as nftables counts" {
	drop_in_wire dropped "udp dport 5001-5004 @th,88,8 and 0x0f == 5"
	translate source 'oifname "to_server" masquerade'
	start_nat_paths
	send_datagrams 4 4 100
	end_paths
	[ "$(counted wire dropped)" -gt 10 ]
	is "translations" "$(translations | some_port)" "$(printf \
		"r1 UDP $client_4.* > $server_4.%s => UDP $router.* > $server_4.%s false\n" \
		5001 5001 5002 5002 5003 5003 5004 5004)"
	is_stretch client:to_r1 r1:to_client 400 0
	is_stretch r1:to_server server:to_r1 $((400 - $(counted wire dropped))) \
		"$(counted wire dropped)"
	no_loss_but 'r1:to_server>server:to_r1'
	grep -E "r1: UDP $client_4\.[0-9]+ > $server_4\.5001 => UDP $router\.[0-9]+ > $server_4\.5001$" \
		"$BATS_TEST_TMPDIR/ddump.out"
}

@test "-paths, masquerade, TCP and echos: both directions are one translation" {
	translate source 'oifname "to_server" masquerade'
	serve_bytes 100000
	start_nat_paths
	fetch 4 3
	send_pings 4 10
	end_paths
	is "translations" "$(translations | some_port)" "$(
		echo "r1 ICMP $client_4 > $server_4, echo * => ICMP $router > $server_4, echo * true"
		for i in 1 2 3; do
			echo "r1 TCP $client_4.* > $server_4.80 => TCP $router.* > $server_4.80 true"
		done
	)"
	no_loss_but
}

# r1 also forwards packets as they are, so that its interface to the client is not
# the end of all flows.
@test "-paths, destination and source are translated: endings say how the flow continues" {
	translate destination "ip daddr $server_4 udp dport 5001 dnat to $server_4:5003"
	translate source 'udp dport 5003 masquerade'
	start_nat_paths -verbose
	send_datagrams 4 2 100
	end_paths
	is "translations" "$(translations | some_port)" \
		"r1 UDP $client_4.* > $server_4.5001 => UDP $router.* > $server_4.5003 false"
	jq -e --arg to "UDP $router." '.paths.endings[] | select(.place == "r1:to_client") |
		.flows == 1 and .translated_flows == 1 and
		(.worst[0].continues_as | startswith($to))' "$report"
	grep -q 'never beyond; 1 continues with other addresses' "$BATS_TEST_TMPDIR/ddump.out"
	grep -E "5001: 100 packets; continues as UDP $router\.[0-9]+ > $server_4\.5003" \
		"$BATS_TEST_TMPDIR/ddump.out"
	no_loss_but
}

@test "-paths, the router drops what it translates: no translation, and no loss on the way" {
	drop_at r1 hole "udp dport 5001"
	translate source 'oifname "to_server" masquerade'
	start_nat_paths
	send_datagrams 4 2 100
	end_paths
	is "dropped" "$(counted r1 hole)" 100
	is "translations" "$(translations | some_port)" \
		"r1 UDP $client_4.* > $server_4.5002 => UDP $router.* > $server_4.5002 false"
	no_loss_but
}

@test "-paths, a router that translates nothing: no translation" {
	serve_bytes 100000
	start_nat_paths
	fetch 4 3
	send_pings 4 10
	send_datagrams 4 4 100
	end_paths
	is "translations" "$(translations)" ""
	is "others" "$(jq .paths.other_translations "$report")" 0
}
