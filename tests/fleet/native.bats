#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The packaged unit captures what is on the wire: a device with its own link layer,
# promiscuous, and inside a network namespace.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats; set and used by what is loaded
load ../system/helpers
load ../system/client
load fleet

teardown() {
	leave_all
	inside web1 systemctl stop ddump-worker-blue.socket 2>/dev/null || true
	inside web1 ip netns del blue 2>/dev/null || true
}

is_promiscuous() {
	inside web1 ip -d link show dev eth0 | grep -q 'promiscuity [1-9]'
}

is_not_promiscuous() {
	! is_promiscuous
}

@test "the unit: native and promiscuous, in the unit's limits" {
	start_capture 'web1?interface=eth0&linktype=native&promisc=1&filter=udp+port+4711'
	is_promiscuous
	send web2 web1 4711 50
	eventually is_merged 50
	end_capture
	[ "$status" -eq 0 ]
	[ "$(tshark -r "$merged" -Y eth -T fields -e frame.interface_name 2>/dev/null |
		sort -u)" = web1:eth0 ]
	holds_all "$merged" 'udp.dstport == 4711' 50
	eventually is_idle web1
	is_not_promiscuous
	eventually was_promiscuous
}

was_promiscuous() {
	records web1 DDUMP_PROMISC=yes | grep -q 'in promiscuous mode'
}

# The example of ddump-worker(8).
commands() {
	sed -n '/^\.Ss Namespaces and containers/,/^\.Ss SELinux/p' "$BIN/man/ddump-worker.8" |
		sed -n '/^cd /,/^\.Ed/p' | sed '/^\.Ed/d'
}

# systemd refuses that in some containers, depending on its version.
joins_namespaces() {
	inside web1 systemd-run -q --wait -p NetworkNamespacePath=/run/netns/blue true
}

@test "a socket for a network namespace: captures inside it" {
	inside web1 ip netns add blue
	inside web1 ip -n blue link set lo up
	joins_namespaces || {
		echo "# not tried: this systemd cannot join namespaces here" >&3
		return 0
	}
	inside web1 bash -ec "$(commands)"
	under=(ip netns exec ddf-web1)
	start_capture -filter udp 127.0.0.1:8476
	inside web1 ip netns exec blue bash -c 'echo x >/dev/udp/127.0.0.1/9'
	eventually is_merged 1
	end_capture
	[ "$status" -eq 0 ]
	[ "$(tshark -r "$merged" -T fields -e frame.interface_name -e udp.dstport \
		2>/dev/null)" = "127.0.0.1:8476:lo	9" ]
}
