#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# All kinds of targets in one merge, on booted hosts: workers by TCP and by ssh, tcpdump by
# ssh and inside containers, a worker's -capture, a file and a FIFO; and a ddump on a
# bastion.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
load ../system/helpers
load ../system/client
load fleet
bats_require_minimum_version 1.5.0

count=200
flows='udp portrange 4721-4725'
ring=(web1 web2 db1 app1 new1 web1) # each sends to the next one
forever=600000			    # no packet is written because of the clock

setup_file() {
	load fleet
	apt_get app1 'install --no-install-recommends ./ddump_*.deb'
	apt_get web2 'install --no-install-recommends tcpdump'
	inside web2 mkdir -p -m 700 /root/.ssh
	cp "$mine/id.pub" "$HOSTS/web2/root/root/.ssh/authorized_keys"
	inside web2 chown -R root:root /root/.ssh
}

teardown() {
	local host
	leave_all
	for host in "${allowed[@]}"; do
		restart_socket "$host"
	done
}

# Prints how many packets each interface has, and its name.
names() {
	tshark -n -r "$merged" -T fields -e frame.interface_name 2>/dev/null | sort | uniq -c |
		tr -s ' '
}

is_in_order() {
	tshark -n -r "$merged" -T fields -e frame.time_epoch 2>/dev/null | LC_ALL=C sort -c
}

# received COUNT LABEL...: has each of these targets sent that many packets?
received() {
	local want=$1 label
	shift
	kill -USR1 "$client"
	for label; do
		grep -q "$label: $want packets, " "$said" || return 1
	done
}

# sent_before_received PORT SENDER: is each datagram first in the file from its sender?
sent_before_received() {
	tshark -n -r "$merged" -Y "udp.dstport == $1" -T fields -e frame.interface_name \
		-e udp.payload 2>/dev/null |
		awk -v from="$2" '$1 == from { sent[$2] = 1 } !($2 in sent) { exit 1 }'
}

leader() {
	cat "$HOSTS/$1/leader"
}

@test "all kinds of targets in one merge: exact order, names, and counts of each" {
	local i senders=() dir=$BATS_TEST_TMPDIR
	local names_of=(web1:eth0 web2 db1:ens3 app1:eth0 new1)
	# a file of what was before
	start before inside web1 ddump-worker -capture \
		'count=20&format=pcapng&interface=eth0&filter=udp port 4721'
	eventually test -s "$dir/before.out"
	send web1 web2 4721 20
	within 20 is_gone "${started[-1]}"
	mkfifo "$dir/db1"
	start fifo sh -c "exec nsenter -t $(leader db1) -a ddump-worker \
		-capture 'format=pcapng&filter=$flows' >'$dir/db1'"
	start_merge -hold "$forever" -w "$dir/x.pcapng" -filter "$flows" \
		web1 web2=tcpdump+ssh://root@web2 "file:$dir/db1" ssh://app1 \
		new1=exec:"nsenter -t $(leader new1) -n tcpdump -U -w - -i any $flows" \
		own=exec:"nsenter -t $(leader web2) -m -n tcpdump -U -w - -i eth0 $flows" \
		before="$dir/before.out"
	merged=$dir/x.pcapng
	capturing_on 7
	eventually grep -q 'new1: .*listening on' "$said"
	eventually grep -q 'own: .*listening on' "$said"
	for i in 0 1 2 3 4; do
		send "${ring[i]}" "${ring[i + 1]}" $((4721 + i)) "$count" 400 3>&- &
		senders+=($!)
	done
	wait "${senders[@]}"
	eventually received $((2 * count)) web1 web2 db1 app1 new1 own
	end_capture
	[ "$status" -eq 0 ]
	[ "$(names)" = " 400 app1:eth0
 20 before:eth0
 400 db1:ens3
 400 new1
 400 own
 400 web1:eth0
 400 web2" ]
	is_in_order
	for i in 1 2 3 4; do
		holds_all "$merged" "udp.dstport == $((4721 + i)) &&
			frame.interface_name == \"${names_of[i]}\"" "$count"
		holds_all "$merged" "udp.dstport == $((4721 + i)) &&
			frame.interface_name == \"${names_of[(i + 1) % 5]}\"" "$count"
	done
	for i in 2 3 4; do
		sent_before_received $((4721 + i)) "${names_of[i]}"
	done
	# tcpdump also counts what came before its filter was in force
	grep -q 'web2: 400 packets, 400 written, 0 late; [0-9]* received by filter, 0 dropped' \
		"$said"
	run ! grep -q ' [1-9][0-9]* late' "$said"
	eventually is_idle web1
	eventually is_idle app1
}

allowed=() # hosts whose socket has another list of addresses, for one test

# allow_bastion HOST: lets app1 reach the host's worker.
allow_bastion() {
	drop_in "$1" ddump-worker.socket <<-END
		[Socket]
		IPAddressAllow=$(address_of app1)
	END
	allowed+=("$1")
	restart_socket "$1"
}

@test "a ddump on a bastion: nested labels, counters, and live" {
	local query='?count=40'
	allow_bastion web1
	allow_bastion web2
	start_merge -hold "$forever" -w "$BATS_TEST_TMPDIR/x.pcapng" \
		-filter 'udp port 4726' "direct=http://web1$query" \
		bastion=exec:"ssh app1 \"ddump -pcapng -filter 'udp port 4726' \
			'web1$query' 'web2$query'\""
	merged=$BATS_TEST_TMPDIR/x.pcapng
	capturing_on 2
	eventually grep -q 'bastion: ddump: capturing on 2 targets' "$said"
	send web1 web2 4726 20
	# none of them has ended
	eventually is_merged 60
	send web1 web2 4726 20
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(names)" = " 40 bastion:web1:eth0
 40 bastion:web2:eth0
 40 direct:eth0" ]
	is_in_order
	grep -q 'bastion: 80 packets, 80 written, 0 late; 80 received by filter, 0 dropped' "$said"
	eventually is_idle web1
	eventually is_idle web2
}
