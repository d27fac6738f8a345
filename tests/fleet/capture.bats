#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# One command for the whole fleet: by plain TCP, by a proxy with TLS, by ssh.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
load ../system/helpers
load ../system/client
load fleet

teardown() {
	leave_all
}

count=200
ring=(web1 web2 db1 app1 web1) # each sends to the next one
first_port=4711

start_fleet_capture() {
	start_capture -filter 'udp portrange 4711-4714 or tcp port 80' \
		"${mtls[@]}" web1 http://web2 db1="$front" \
		ssh://app1
}

# Four flows at once, each from a host to the next, and a request for a page.
make_traffic() {
	local i senders=()
	for ((i = 0; i < 4; i++)); do
		send "${ring[i]}" "${ring[i + 1]}" $((first_port + i)) $count \
			400 3>&- &
		senders+=($!)
	done
	on web1 curl -s -o "$BATS_TEST_TMPDIR/page" http://db1/
	wait "${senders[@]}"
}

interface_of_host() {
	case $1 in
	db1) echo db1:ens3 ;;
	*) echo "$1:eth0" ;;
	esac
}

# Each packet of a flow is in the file once from its sender, then once from its
# receiver, in the order of the file and of the timestamps.
flow_is_whole() {
	local from to
	from=$(interface_of_host "$1")
	to=$(interface_of_host "$2")
	holds_all "$merged" \
		"udp.dstport == $3 && frame.interface_name == \"$from\"" $count
	holds_all "$merged" \
		"udp.dstport == $3 && frame.interface_name == \"$to\"" $count
	tshark -r "$merged" -Y "udp.dstport == $3" -T fields \
		-e frame.interface_name -e udp.payload -e frame.time_epoch \
		2>/dev/null | awk -v from="$from" -v to="$to" '
		$1 == from { sent[$2] = $3; next }
		$1 != to || !($2 in sent) || $3 < sent[$2] { bad = 1; print }
		END { exit bad }'
}

# Host and direction of each packet of a TCP connection, in the order of the
# file.
sightings() {
	tshark -r "$merged" -Y "$1" -T fields -e frame.interface_name \
		2>/dev/null | xargs
}

@test "one command for all hosts: each packet once, its host and interface, in order" {
	local i
	start_fleet_capture
	grep -q 'capturing on 4 targets' "$said"
	make_traffic
	eventually is_merged $((4 * 2 * count + 12))
	end_capture
	[ "$status" -eq 0 ]
	for ((i = 0; i < 4; i++)); do
		flow_is_whole "${ring[i]}" "${ring[i + 1]}" $((first_port + i))
	done
	# the whole file is in the order of time
	tshark -r "$merged" -T fields -e frame.time_epoch 2>/dev/null |
		LC_ALL=C sort -c -g
	# request before reply, across hosts
	[ "$(sightings 'tcp.flags.syn == 1 && tcp.flags.ack == 0')" = \
		"web1:eth0 db1:ens3" ]
	[ "$(sightings 'tcp.flags.syn == 1 && tcp.flags.ack == 1')" = \
		"db1:ens3 web1:eth0" ]
	[[ $(sightings 'tcp.len > 0') == \
		"web1:eth0 db1:ens3 db1:ens3 "*"web1:eth0" ]]
	# the file has no other packets
	[ -z "$(tshark -r "$merged" -Y 'not udp and not tcp' 2>/dev/null)" ]
	# tcpdump reads it as well
	tcpdump -nr "$merged" 2>/dev/null | grep -q 'UDP, length 100'
}

is_any() {
	[[ $1 == *0.0.0.0/0* && $1 == *::/0* ]]
}

@test "a client that is not on the list of addresses: does not reach the worker" {
	local list
	"${under[@]}" curl -sf http://web1:8475/interfaces
	list=$(property web1 ddump-worker.socket IPAddressAllow)
	[[ $list == *192.0.2.0/28* ]]
	is_any "$(property web1 ddump-worker.socket IPAddressDeny)"
	if inside web1 journalctl -q | grep 'does not support BPF'; then
		figure "no IPAddressDeny= on this machine: only set, not seen"
		return
	fi
	[ "$(on web2 curl -s -m 2 -o /dev/null -w '%{http_code}' \
		http://web1:8475/interfaces)" = 000 ]
	# the capture process is denied everything, but has its connection
	# already
	is_any "$(property web1 ddump-worker@x.service IPAddressDeny)"
}

@test "a worker behind nginx: only on a socket for nginx" {
	[ "$(inside db1 stat -c '%a %U:%G' /run/ddump-worker.sock)" = \
		"660 root:www-data" ]
	[ "$(inside db1 ss -Hltnp | grep -c 'systemd\|ddump')" -eq 0 ]
	merge http://db1
	[ "$status" -eq 1 ]
	# and no process remains
	inside db1 systemctl stop ddump-worker.socket
	[ ! -e "/proc/$(cat "$HOSTS/db1/leader")/root/run/ddump-worker.sock" ]
	inside db1 systemctl start ddump-worker.socket
}

@test "nginx with client certificates: captures with one, an error without" {
	start_capture -filter 'udp port 4715' "${mtls[@]}" db1="$front"
	send web1 db1 4715 100
	eventually is_merged 100
	end_capture
	[ "$status" -eq 0 ]
	holds_all "$merged" 'frame.interface_name == "db1:ens3"' 100
	records db1 DDUMP_FILTER="udp port 4715" |
		jq -se 'all(.DDUMP_PEER | test("^unix:uid=33,pid=[0-9]+$"))'

	merge -duration 5 -filter 'udp port 4716' -ca "$mine/ca.pem" db1="$front"
	[ "$status" -eq 1 ]
	grep -q '^ddump: db1: HTTP status 400: No required SSL certificate was sent' \
		"$said"
	# a client without the authority does not connect
	merge -duration 5 -cert "$mine/me.pem" -key "$mine/me.key" db1="$front"
	[ "$status" -eq 1 ]
	grep -q '^ddump: db1: SSL certificate problem.*-ca FILE' "$said"
	has_records db1 0 DDUMP_FILTER="udp port 4716"
}

@test "two captures of everything through one proxy: do not capture each other" {
	start_capture "${mtls[@]}" a="$front" b="$front"
	send web1 db1 4718 20
	eventually is_merged 40
	sleep 3
	end_capture
	[ "$status" -eq 0 ]
	[ -z "$(tshark -r "$merged" -Y "tcp.port == $front_port" 2>/dev/null)" ]
}

@test "ssh to a host whose only open port is ssh: captures" {
	start_capture -filter 'udp port 4717' ssh://app1
	send web1 app1 4717 100
	eventually is_merged 100
	end_capture
	[ "$status" -eq 0 ]
	holds_all "$merged" 'frame.interface_name == "app1:eth0"' 100
	eventually is_idle app1
}
