#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Targets by ssh: a real sshd with keys, and a worker on the loopback of the
# same host, in a network namespace of the test.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load worker
load ssh
bats_require_minimum_version 1.5.0

setup() {
	need_root
	need sshd
	need ssh
	port=8475 # what ssh:// means
	make_network
	start_worker -listen "127.0.0.1:$port"
	make_keys
	start_sshd
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
	# ssh finds ~/.ssh by the user's entry and not by HOME: -F is the only
	# way
	ssh="ssh -F $keys/config"
}

teardown() {
	stop_all
	remove_network
	rm -rf "$keys"
}

# Processes of this user with these words in their command line.
running() {
	pgrep -fc -- "$1" || true
}

@test "ssh: a worker on a host's loopback is reached without an open port" {
	start_merge -ssh "$ssh" -w "$BATS_TEST_TMPDIR/x.pcapng" \
		-filter 'udp port 4711' ssh://fleet1 two=ssh://root@fleet2/capture
	capturing_on 2
	send 20 100 0 127.0.0.1 4711
	eventually holds 40
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(tshark -n -r "$BATS_TEST_TMPDIR/x.pcapng" -T fields \
		-e frame.interface_name 2>/dev/null | sort | uniq -c |
		tr -s ' ')" = " 20 fleet1:lo
 20 two:lo" ]
	# the URL in the file is the target, not the tunnel
	capinfos -I "$BATS_TEST_TMPDIR/x.pcapng" |
		grep -q 'Description = [a-z0-9]*:lo, ssh://fleet1/capture?filter=udp'
	[ "$(running "$keys/config")" -eq 0 ]
}

holds() {
	[ "$(tcpdump -nr "$BATS_TEST_TMPDIR/x.pcapng" 2>/dev/null | wc -l)" -eq "$1" ]
}

@test "ssh: the port of the URL goes to ssh, the query to the worker" {
	merge -ssh "$ssh" \
		'ssh://127.0.0.1:2222?filter=udp+port+4711&duration=1'
	[ "$status" -eq 0 ]
	grep -q '127.0.0.1:2222: 0 packets' "$said"
}

@test "ssh: the connection of ssh itself is not captured" {
	# one port is in the URL, the other one only in the configuration of ssh
	local target
	for target in ssh://127.0.0.1:2222 ssh://fleet1; do
		start_merge -ssh "$ssh" "$target"
		capturing_on 1
		send 5 100 0 127.0.0.1 4711
		eventually file_has_udp 5
		kill -INT "$client"
		finish_merge
		[ "$(tcpdump -nr "$merged" tcp 2>/dev/null | wc -l)" -eq 0 ]
	done
}

file_has_udp() {
	[ "$(tcpdump -nr "$merged" 'udp port 4711' 2>/dev/null | wc -l)" -eq "$1" ]
}

@test "ssh: a failure of ssh is reported with its message" {
	merge -ssh "$ssh" ssh://127.0.0.1:2223
	[ "$status" -eq 1 ]
	grep -q '127.0.0.1:2223: ssh: .*Connection refused' "$said"
	merge -ssh "$ssh -o PubkeyAuthentication=no" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: .*Permission denied.*; ssh cannot prompt, try a key or an agent' "$said"
	: >"$keys/known_hosts"
	merge -ssh "$ssh" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: Host key verification failed.*; log in with ssh once' "$said"
}

@test "ssh: no worker on the host is reported" {
	kill "$worker"
	wait "$worker" || true
	merge -ssh "$ssh" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: .*; try systemctl enable --now ddump-worker.socket' "$said"
}

@test "ssh: a server that forbids forwarding is reported" {
	sed 's/2222/2224/' "$keys/sshd" >"$keys/strict"
	echo "AllowTcpForwarding no" >>"$keys/strict"
	sed -i 's/2222/2224/' "$keys/known_hosts"
	start strict "${isolated[@]}" "$(command -v sshd)" -D -e \
		-f "$keys/strict"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/strict.err"
	merge -ssh "$ssh" ssh://127.0.0.1:2224
	[ "$status" -eq 1 ]
	grep -q '127.0.0.1:2224: ssh: .*; try AllowTcpForwarding yes' "$said"
}

@test "ssh: a command that does not exist or writes nothing is reported" {
	merge -ssh /nonexistent/ssh ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: .*not found' "$said"
	merge -ssh false ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q '^ddump: fleet1: ' "$said"
}

@test "ssh: an HTTP error of the worker is reported" {
	merge -ssh "$ssh" 'ssh://fleet1?filter=nonsense+filter'
	[ "$status" -eq 1 ]
	grep -q 'fleet1: .*HTTP status 400: .*filter' "$said"
}

@test "ssh: a broken connection is made again with -retry" {
	start_merge -ssh "$ssh" -retry -w "$BATS_TEST_TMPDIR/x.pcapng" \
		-filter 'udp port 4711' ssh://fleet1
	capturing_on 1
	local tunnel
	tunnel=$(pgrep -f "ssh -F $keys/config .* fleet1\$" | head -n 1)
	kill "$tunnel"
	eventually grep -q 'fleet1: .*reconnecting' "$said"
	eventually grep -q 'fleet1: reconnected' "$said"
	send 5 100 0 127.0.0.1 4711
	eventually holds 5
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 2 ]
	[ "$(running "$keys/config")" -eq 0 ]
}

@test "ssh: a killed client leaves no ssh process" {
	start_merge -ssh "$ssh" -filter 'udp port 4711' ssh://fleet1
	capturing_on 1
	[ "$(running "ssh -F $keys/config")" -ge 1 ]
	kill -KILL "$client"
	eventually no_ssh
	eventually no_capture
}

no_ssh() {
	[ "$(running "ssh -F $keys/config")" -eq 0 ]
}

no_capture() {
	[ -z "$(enter ss -0 -H -a 2>/dev/null)" ]
}

@test "ssh: a .netrc entry for 127.0.0.1 is not sent to the worker" {
	local stub=$keys/stub
	cat >"$stub" <<-'END'
		#!/bin/sh
		case " $* " in *" -G "*) exit 1 ;; esac
		exec timeout 3 cat >"$(dirname "$0")/request"
	END
	chmod +x "$stub"
	echo 'machine 127.0.0.1 login me password secret' >"$keys/.netrc"
	HOME=$keys merge -netrc -ssh "$stub" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q '^GET /capture' "$keys/request"
	grep -q '^Forwarded: by="_ssh:22"' "$keys/request"
	run ! grep -qi '^Authorization' "$keys/request"
}

@test "ssh: host names that look like options, and passwords, are rejected" {
	merge ssh://-oProxyCommand=x
	[ "$status" -eq 1 ]
	merge 'ssh://-lroot@host'
	[ "$status" -eq 1 ]
	grep -q 'a user for ssh may contain' "$said"
	merge ssh://root:secret@host
	[ "$status" -eq 1 ]
	grep -q 'cannot pass a password to ssh' "$said"
	run ! grep -q secret "$said"
}

# A replacement for ssh that lists its descriptors; 3 is the listing itself.
list_descriptors() {
	local stub=$keys/stub
	cat >"$stub" <<-'END'
		#!/bin/sh
		ls /proc/self/fd >>"$(dirname "$0")/descriptors"
	END
	chmod +x "$stub"
	merge -ssh "$stub" "http://127.0.0.1:$port?filter=icmp" \
		ssh://fleet1 7</dev/null
	[ "$status" -eq 1 ]
	[ "$(sort -u "$keys/descriptors" | tr '\n' ' ')" = "0 1 2 3 " ]
}

@test "ssh: the process inherits no descriptor of the client" {
	list_descriptors
}

@test "ssh: without close_range(2) the process inherits no descriptor either" {
	need strace
	under+=(strace -f -qq -o "$BATS_TEST_TMPDIR/trace"
		-e trace=close_range -e inject=close_range:error=ENOSYS)
	list_descriptors
	grep -q ENOSYS "$BATS_TEST_TMPDIR/trace"
}
