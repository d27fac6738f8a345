#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Our package with Debian's own tshark. Both are on app1, and run there in the
# client's network, from which web1 and web2 can be reached.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
bats_require_minimum_version 1.5.0
load ../system/helpers
load ../system/client
load fleet

setup_file() {
	load fleet
	apt_get app1 'install --no-install-recommends ./ddump_*.deb tshark'
}

teardown() {
	leave_all
}

# as USER COMMAND...: on app1, in the client's network.
as() {
	ip netns exec ddf-client nsenter -t "$(cat "$HOSTS/app1/leader")" \
		-m -p -i -u setpriv --reuid="$1" --regid="$1" --init-groups \
		env -u TMPDIR HOME=/tmp "${@:2}" </dev/null 3>&-
}

offers_ddump() {
	as "$1" tshark -D | grep ' ddump (Many hosts)$'
}

is_asked_for() {
	records "$1" | grep -q "captures filter udp port $2 "
}

# captures_two USER PORT: has tshark captured the packets of both hosts, in the
# order of time? It ends by itself. No other test uses the port.
captures_two() {
	local lines=$BATS_TEST_TMPDIR/tshark.out ended=0 host
	start tshark as "$1" timeout 60 tshark -i ddump -c 40 \
		-f "udp port $2" \
		-o 'extcap.ddump.targets:web1 web2' -T fields \
		-e frame.time_epoch -e frame.interface_name
	for host in web1 web2; do
		eventually is_asked_for $host "$2"
	done
	send web1 web2 "$2" 20
	wait "${started[-1]}" || ended=$?
	cat "$BATS_TEST_TMPDIR/tshark.err" "$lines"
	[ "$ended" -eq 0 ]
	sort -c -n "$lines"
	for host in web1 web2; do
		[ "$(grep -c "$host:eth0\$" "$lines")" -eq 20 ]
		eventually is_idle $host
	done
}

# As Debian installs it: every user who may run tshark may capture from the
# fleet, and needs no privilege on this host.
@test "tshark of any user: offers ddump, and captures on two hosts" {
	offers_ddump root
	captures_two root 4761
	offers_ddump ops
	captures_two ops 4762
}

@test "the profile: Wireshark finds it for each user, and copies it" {
	local user
	inside app1 sh -c 'printf "%s" "1MOyoQIABAAAAAAAAAAAAAAABAABAAAA" | base64 -d >/tmp/none.pcap'
	for user in root ops; do
		run -0 as "$user" tshark -C ddump -r /tmp/none.pcap
		run -0 as "$user" tshark -C ddump-native -r /tmp/none.pcap
	done
	inside app1 grep -q '^# ddump profile' /tmp/.config/wireshark/profiles/ddump/colorfilters
}

@test "tshark where only a group may capture: offers ddump, and captures" {
	inside app1 sh -ec 'echo wireshark-common \
		wireshark-common/install-setuid boolean true |
		debconf-set-selections
		dpkg-reconfigure -f noninteractive wireshark-common'
	run -126 as ops dumpcap -D
	inside app1 usermod -aG wireshark ops
	offers_ddump ops
	captures_two ops 4763
}
