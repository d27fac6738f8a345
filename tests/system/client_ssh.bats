#!/usr/bin/env bats
# Targets behind ssh: a real sshd with keys, and a worker on the loopback of the
# same host, in a network namespace of the test's own.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load worker
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
	# ssh reads ~/.ssh by the user's entry and not by HOME: -F is the way
	ssh="ssh -F $keys/config"
}

teardown() {
	stop_all
	remove_network
	rm -rf "$keys"
}

make_keys() {
	keys=$(mktemp -d "${TMPDIR:-/tmp}/ddump-ssh.XXXXXX")
	ssh-keygen -q -t ed25519 -N '' -f "$keys/host"
	ssh-keygen -q -t ed25519 -N '' -f "$keys/user"
	cp "$keys/user.pub" "$keys/authorized_keys"
	echo "[127.0.0.1]:2222 $(cut -d ' ' -f 1,2 "$keys/host.pub")" \
		>"$keys/known_hosts"
	cat >"$keys/config" <<-END
		Host fleet1 fleet2
			HostName 127.0.0.1
			Port 2222
		Host *
			User root
			IdentityFile $keys/user
			IdentitiesOnly yes
			UserKnownHostsFile $keys/known_hosts
			GlobalKnownHostsFile /dev/null
			StrictHostKeyChecking yes
	END
	cat >"$keys/sshd" <<-END
		Port 2222
		ListenAddress 127.0.0.1
		HostKey $keys/host
		PidFile none
		AuthorizedKeysFile $keys/authorized_keys
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PermitRootLogin prohibit-password
	END
}

start_sshd() {
	mkdir -p /run/sshd
	start sshd "${isolated[@]}" "$(command -v sshd)" -D -e -f "$keys/sshd"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/sshd.err"
}

# Processes of this user that have such words in their command line.
running() {
	pgrep -fc -- "$1" || true
}

@test "ssh: a worker on a host's loopback, with no open port" {
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
	# what was asked for is told, not how
	capinfos -I "$BATS_TEST_TMPDIR/x.pcapng" |
		grep -q 'Description = ssh://fleet1/capture?filter=udp'
	[ "$(running "$keys/config")" -eq 0 ]
}

holds() {
	[ "$(tcpdump -nr "$BATS_TEST_TMPDIR/x.pcapng" 2>/dev/null | wc -l)" -eq "$1" ]
}

@test "ssh: the port in the URL is ssh's, a query is the worker's" {
	merge -ssh "$ssh" \
		'ssh://127.0.0.1:2222?filter=udp+port+4711&duration=1'
	[ "$status" -eq 0 ]
	grep -q '127.0.0.1:2222: 0 packets' "$said"
}

@test "ssh: its own stream is not captured, and does not feed on itself" {
	# one port is in the URL, the other one only in ssh's configuration
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

@test "ssh: what it says when it fails is told" {
	merge -ssh "$ssh" ssh://127.0.0.1:2223
	[ "$status" -eq 1 ]
	grep -q '127.0.0.1:2223: ssh: .*Connection refused' "$said"
	merge -ssh "$ssh -o PubkeyAuthentication=no" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: .*Permission denied.*(ssh must not have to ask: use keys, or an agent)' "$said"
	: >"$keys/known_hosts"
	merge -ssh "$ssh" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: Host key verification failed.*(log in there once by ssh' "$said"
}

@test "ssh: where no worker listens, it says so" {
	kill "$worker"
	wait "$worker" || true
	merge -ssh "$ssh" ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: .*(no worker there: systemctl enable --now ddump-worker.socket)' "$said"
}

@test "ssh: a server that forbids forwarding is told as that" {
	sed 's/2222/2224/' "$keys/sshd" >"$keys/strict"
	echo "AllowTcpForwarding no" >>"$keys/strict"
	sed -i 's/2222/2224/' "$keys/known_hosts"
	start strict "${isolated[@]}" "$(command -v sshd)" -D -e \
		-f "$keys/strict"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/strict.err"
	merge -ssh "$ssh" ssh://127.0.0.1:2224
	[ "$status" -eq 1 ]
	grep -q '127.0.0.1:2224: ssh: .*(AllowTcpForwarding of sshd there' "$said"
}

@test "ssh: a command that is not there, or says nothing" {
	merge -ssh /nonexistent/ssh ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q 'fleet1: ssh: .*not found' "$said"
	merge -ssh false ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q '^ddump: fleet1: ' "$said"
}

@test "ssh: a worker's refusal comes through" {
	merge -ssh "$ssh" 'ssh://fleet1?filter=nonsense+filter'
	[ "$status" -eq 1 ]
	grep -q 'fleet1: HTTP status 400: .*filter' "$said"
}

@test "ssh: the connection breaks, and -retry makes another" {
	start_merge -ssh "$ssh" -retry -w "$BATS_TEST_TMPDIR/x.pcapng" \
		-filter 'udp port 4711' ssh://fleet1
	capturing_on 1
	local tunnel
	tunnel=$(pgrep -f "ssh -F $keys/config .* fleet1\$" | head -n 1)
	kill "$tunnel"
	eventually grep -q 'fleet1: .*tried again' "$said"
	eventually grep -q 'fleet1: is back' "$said"
	send 5 100 0 127.0.0.1 4711
	eventually holds 5
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 2 ]
	[ "$(running "$keys/config")" -eq 0 ]
}

@test "ssh: a killed client leaves no ssh behind" {
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

@test "ssh: what .netrc has for our loopback stays here" {
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

@test "ssh: no option gets in by a name, no password" {
	merge ssh://-oProxyCommand=x
	[ "$status" -eq 1 ]
	merge 'ssh://-lroot@host'
	[ "$status" -eq 1 ]
	grep -q 'a user for ssh is made of' "$said"
	merge ssh://root:secret@host
	[ "$status" -eq 1 ]
	grep -q 'ssh takes no password' "$said"
	run ! grep -q secret "$said"
}
