#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Targets that are a worker's unix socket, and advice where no worker is.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load worker
load ssh
bats_require_minimum_version 1.5.0

setup() {
	need_root
	make_network
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	remove_network
	[ -z "$keys" ] || rm -rf "$keys"
}

@test "unix: a worker's socket, with a query, whatever proxies and .netrc say" {
	start_worker -listen "unix:$PWD/w.sock"
	echo 'machine 127.0.0.1 login me password secret' >.netrc
	HOME=$PWD http_proxy=http://127.0.0.1:1 start_merge -netrc -w x.pcapng \
		"unix:$PWD/w.sock?filter=udp port 4711" "two=unix:w.sock?filter=udp+port+4711"
	capturing_on 2
	send 20 100 0 127.0.0.1 4711
	eventually has_named 40
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(tshark -n -r x.pcapng -T fields -e frame.interface_name 2>/dev/null | sort |
		uniq -c | tr -s ' ')" = " 20 two:lo
 20 w.sock:lo" ]
	capinfos -I x.pcapng | grep -q "Description = w.sock:lo, unix:$PWD/w.sock?filter=udp"
}

has_named() {
	[ "$(tshark -n -r x.pcapng 2>/dev/null | wc -l)" -eq "$1" ]
}

@test "unix: a socket that does not exist, or on which nobody listens" {
	merge unix:missing
	[ "$status" -eq 1 ]
	grep -q '^ddump: missing: cannot connect: ' "$said"
	merge unix:
	grep -q 'unix:: the path of a socket must have 1 to 107 characters' "$said"
}

@test "advice: a host without a worker is one for tcpdump+ssh://" {
	need sshd
	merge 127.0.0.1
	grep -q 'refused; try ssh://HOST, or tcpdump+ssh://HOST if it has no worker' "$said"
	make_keys
	start_sshd
	merge -ssh "ssh -F $keys/config" ssh://fleet1
	grep -q 'ddump-worker.socket on the host, or tcpdump+ssh://' "$said"
}
