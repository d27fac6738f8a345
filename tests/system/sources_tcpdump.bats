#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Targets with tcpdump and sshd, and no worker: a real sshd, tcpdump and sudo, in a
# network namespace of the test.

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
	need tcpdump
	make_network
	make_keys
	chmod 711 "$keys"
	cd "$BATS_TEST_TMPDIR" || return
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
	ssh="ssh -F $keys/config"
}

teardown() {
	stop_all
	remove_network
	rm -rf "$keys"
}

# Starts sshd with a user "capturer", who may run tcpdump by sudo and no other way.
start_sshd_with_user() {
	need sudo
	{
		cat /etc/passwd
		echo "capturer:*:54321:54321::/:/bin/sh"
	} >"$keys/passwd"
	{
		cat /etc/group
		echo "capturer:x:54321:"
	} >"$keys/group"
	echo "capturer ALL=(root) NOPASSWD: $(command -v tcpdump)" >"$keys/sudoers"
	chmod 440 "$keys/sudoers"
	chmod 644 "$keys/authorized_keys"
	mkdir -p /run/sshd
	# ip netns exec gives it mounts of its own
	start sshd "${isolated[@]}" sh -c "mount --bind '$keys/passwd' /etc/passwd &&
		mount --bind '$keys/group' /etc/group &&
		mount --bind '$keys/sudoers' /etc/sudoers &&
		exec $(command -v sshd) -D -e -f '$keys/sshd'"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/sshd.err"
}

# Processes of the network with these words in their command line.
running() {
	local pid count=0
	for pid in $(ip netns pids "$ns"); do
		! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "$1" ||
			count=$((count + 1))
	done
	echo "$count"
}

is_captured_no_more() {
	[ "$(running 'tcpdump -U')" -eq 0 ]
}

captures() {
	[ "$(running 'tcpdump -U')" -gt 0 ]
}

holds() {
	[ "$(tcpdump -nr x.pcap "${@:2}" 2>/dev/null | wc -l)" -eq "$1" ]
}

@test "tcpdump+ssh: captures without a worker, and reports tcpdump's counters" {
	start_sshd
	start_merge -ssh "$ssh" -w x.pcapng -filter 'udp port 4711' \
		tcpdump+ssh://fleet1 'two=tcpdump+ssh://root@fleet2?interface=lo&snaplen=60'
	capturing_on 2
	send 20 100 0 127.0.0.1 4711
	eventually has_named 40
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	grep -q 'fleet1: 20 packets, 20 written, 0 late; [0-9]* received by filter, 0 dropped by kernel' \
		"$said"
	grep -q 'two: 20 packets, 20 written, 0 late; [0-9]* received by filter, 0 dropped by kernel' \
		"$said"
	is_captured_no_more
}

@test "tcpdump+ssh: the connection itself is not captured, by IPv4 and by IPv6" {
	start_sshd
	local target
	for target in fleet1 '[::1]:2222'; do
		start_merge -ssh "$ssh" -w x.pcap "tcpdump+ssh://$target"
		capturing_on 1
		send 20 100 0 127.0.0.1 4711
		eventually holds 20 udp
		kill -INT "$client"
		finish_merge
		[ "$status" -eq 0 ]
		# the kernel may answer with "port unreachable"
		holds 0 not udp and not icmp
	done
}

@test "tcpdump+ssh: the count of the query ends the target" {
	start_sshd
	start_merge -ssh "$ssh" -w x.pcap 'tcpdump+ssh://fleet1?interface=lo&count=5&filter=udp'
	capturing_on 1
	send 20 100 0 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 0 ]
	holds 5
}

is_waited_for() {
	[ "$(running "sleep $1")" -gt 0 ]
}

is_waited_for_no_more() {
	[ "$(running "sleep $1")" -eq 0 ]
}

@test "tcpdump+ssh: the duration of the query ends the target, also with -retry" {
	start_sshd
	merge -retry -ssh "$ssh" 'tcpdump+ssh://fleet1?duration=1&filter=udp'
	[ "$status" -eq 0 ]
	grep -q 'fleet1: 0 packets, 0 written, 0 late; [0-9]* received by filter' "$said"
	run ! grep -q reconnect "$said"
	is_captured_no_more
}

@test "tcpdump+ssh: a duration that has not passed leaves no process on the host" {
	start_sshd
	start_merge -ssh "$ssh" -w x.pcap 'tcpdump+ssh://fleet1?duration=10000&filter=udp'
	capturing_on 1
	eventually is_waited_for 10000
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	within 4 is_captured_no_more
	eventually is_waited_for_no_more 10000
	start_merge -ssh "$ssh" -w x.pcap \
		'tcpdump+ssh://fleet1?interface=lo&duration=10000&count=5&filter=udp'
	capturing_on 1
	eventually is_waited_for 10000
	send 20 100 0 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 0 ]
	holds 5
	eventually is_waited_for_no_more 10000
}

@test "tcpdump+ssh: a limit of payload is rejected, and nothing is captured" {
	start_sshd
	start_worker -listen "127.0.0.1:$port"
	local option='' query=''
	for option in '-payload 0' '-payload 262144' ''; do
		[ -n "$option" ] || query='?payload=0'
		# shellcheck disable=SC2086 # none, or two words
		merge $option -require any -ssh "$ssh" "http://127.0.0.1:$port" \
			"tcpdump+ssh://fleet1$query"
		[ "$status" -eq 1 ]
		grep -q '^ddump: tcpdump+ssh://fleet1.*: payload: tcpdump cannot leave it out; ' "$said"
		[ ! -s "$merged" ]
	done
	# the workers alone can have it
	start_merge -ssh "$ssh" -w x.pcap -filter 'udp port 4711' tcpdump+ssh://fleet1 \
		"http://127.0.0.1:$port?payload=0"
	capturing_on 2
	send 20 100 0 127.0.0.1 4711
	eventually holds 40
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
}

link_type() {
	od -An -tu4 -j 20 -N 4 x.pcap | tr -d ' '
}

@test "tcpdump+ssh: link types are those of a worker: native, sll and sll2" {
	start_sshd
	start_worker -listen "127.0.0.1:$port"
	local options type
	for options in '1 -i lo -linktype native' '113 -linktype sll' '276 -linktype sll2'; do
		type=${options%% *}
		# shellcheck disable=SC2086 # several words
		start_merge ${options#* } -ssh "$ssh" -w x.pcap -filter 'udp port 4711' \
			tcpdump+ssh://fleet1 "http://127.0.0.1:$port"
		capturing_on 2
		send 20 100 0 127.0.0.1 4711
		eventually holds 40
		kill -INT "$client"
		finish_merge
		[ "$status" -eq 0 ]
		[ "$(link_type)" -eq "$type" ]
		run ! grep -q warning "$said"
	done
}

@test "tcpdump+ssh: no character of a filter or name is syntax of the remote shell" {
	start_sshd
	local hostile
	# shellcheck disable=SC2016,SC1003 # nobody is to expand them, and \ is alone
	for hostile in '$(touch made)' '`touch made`' "'; touch made; '" '"; touch made; "' \
		'-z touch' '--help' '&& touch made' '|touch made' '\' $'a\ntouch made' '*' '!!'; do
		merge -ssh "$ssh" -filter "$hostile" tcpdump+ssh://fleet1
		[ "$status" -eq 1 ]
		grep -q '^ddump: fleet1: tcpdump: ' "$said"
		merge -ssh "$ssh" -interface "$hostile" tcpdump+ssh://fleet1
		[ "$status" -eq 1 ]
		grep -q '^ddump: fleet1: tcpdump: ' "$said"
	done
	[ ! -e made ]
	[ ! -e ~/made ]
	# shellcheck disable=SC2016 # the same
	for hostile in 'filter=udp)+or+(tcp' 'filter=(udp' 'snaplen=1;x' 'count=$(x)' 'sudo=x' \
		'filter=a&filter=b' 'nonsense=1' 'filter=%00' 'filter' 'duration=1;x' \
		'linktype=$(x)' 'linktype=native' 'interface=lo&linktype=sll' \
		'sudo=1&duration=1'; do
		merge -ssh "$ssh" "tcpdump+ssh://fleet1?$hostile"
		[ "$status" -eq 1 ]
		grep -q '^ddump: tcpdump+ssh://fleet1?' "$said"
	done
}

@test "tcpdump+ssh: what fails is reported once, with what to do" {
	start_sshd_with_user
	merge -ssh "$ssh" 'tcpdump+ssh://fleet1?filter=nonsense+filter'
	[ "$status" -eq 1 ]
	grep -q 'fleet1: tcpdump: .*syntax error.*; check the filter' "$said"
	[ "$(wc -l <"$said")" -eq 2 ]
	merge -ssh "$ssh" 'tcpdump+ssh://fleet1?interface=eth9'
	grep -q 'fleet1: tcpdump: eth9: .*; check the interface' "$said"
	merge -ssh "$ssh" tcpdump+ssh://capturer@fleet1
	grep -q 'fleet1: tcpdump: .*; add sudo=1 to the query' "$said"
	merge -ssh "$ssh" tcpdump+ssh://127.0.0.1:2223
	grep -q '127.0.0.1:2223: ssh: .*Connection refused' "$said"
	merge -ssh "$ssh -o PubkeyAuthentication=no" tcpdump+ssh://fleet1
	grep -q 'fleet1: ssh: .*Permission denied.*; ssh cannot prompt, try a key or an agent' "$said"
	merge -ssh /nonexistent/ssh tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	: >"$keys/sudoers"
	merge -ssh "$ssh" 'tcpdump+ssh://capturer@fleet1?sudo=1'
	grep -q 'fleet1: sudo: .*; allow the user to run tcpdump with NOPASSWD in sudoers' "$said"
}

@test "tcpdump+ssh: a host without tcpdump, without sudo, or without SSH_CONNECTION" {
	start_sshd
	local stub=$keys/stub
	mkdir empty
	ln -s "$(command -v sh)" "$(command -v cat)" empty
	# instead of ssh and its host: a shell that finds no program
	# it receives the script but not the end of its stdin
	cat >"$stub" <<-'END'
		#!/bin/sh
		dd bs=65536 count=1 status=none | sed 's/^PATH=.*//' |
			env -i PATH="$PWD/empty" SSH_CONNECTION="$connection" sh
	END
	chmod +x "$stub"
	export connection='1.2.3.4 5 6.7.8.9'
	merge -ssh "$stub" tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	grep -q "fleet1: the host's sshd does not set SSH_CONNECTION" "$said"
	connection='1.2.3.4 5 6.7.8.9 22'
	merge -ssh "$stub" tcpdump+ssh://fleet1
	grep -q 'fleet1: the host has no tcpdump; install it there' "$said"
	ln -s "$(command -v tcpdump)" empty
	merge -ssh "$stub" tcpdump+ssh://fleet1?sudo=1
	grep -q 'fleet1: the host has no sudo; try without sudo=1' "$said"
}

# ends_tcpdump HOW: with a filter that matches nothing, so that only the end itself ends it
ends_tcpdump() {
	local pid
	start_merge -ssh "$ssh" -w x.pcap "tcpdump+ssh://$1"
	capturing_on 1
	captures
	case $2 in
	cut)
		# sshd gives the connection up
		for pid in $(ip netns pids "$ns"); do
			! tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null |
				grep -qE '^sshd: (root|capturer)' || kill -KILL "$pid"
		done
		;;
	*) kill -"$2" "$client" ;;
	esac
	within 4 is_captured_no_more
	[ "$2" = KILL ] || finish_merge
}

@test "tcpdump+ssh: an interrupt, kill -9 and a cut connection end the host's tcpdump" {
	start_sshd
	local how
	for how in INT KILL cut; do
		ends_tcpdump 'fleet1?filter=udp+port+9999' "$how"
	done
	grep -q 'fleet1: ssh: ' "$said"
}

@test "tcpdump+ssh: the same with sudo, whose tcpdump the user must not signal" {
	start_sshd_with_user
	local how
	for how in INT KILL cut; do
		ends_tcpdump 'capturer@fleet1?sudo=1&filter=udp+port+9999' "$how"
		ends_tcpdump 'capturer@[::1]:2222?sudo=1&filter=udp+port+9999' "$how"
	done
}

@test "tcpdump+ssh: sudo captures what the user alone cannot, without its own connection" {
	start_sshd_with_user
	start_merge -ssh "$ssh" -w x.pcap 'tcpdump+ssh://capturer@fleet1?sudo=1'
	capturing_on 1
	send 20 100 0 127.0.0.1 4711
	eventually holds 20 udp
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	holds 0 tcp
}

@test "tcpdump+ssh: in one merge with a worker and a program, in order and with names" {
	start_sshd
	start_worker -listen "127.0.0.1:$port"
	start_merge -ssh "$ssh" -w x.pcapng -filter 'udp port 4711' "http://127.0.0.1:$port" \
		tcpdump+ssh://fleet1?interface=lo p=exec:'tcpdump -i lo -U -w - udp port 4711'
	capturing_on 3
	send 20 100 0 127.0.0.1 4711
	eventually has_named 60
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(tshark -n -r x.pcapng -T fields -e frame.interface_name 2>/dev/null | sort |
		uniq -c | tr -s ' ')" = " 20 127.0.0.1:lo
 20 fleet1
 20 p" ]
	capinfos -o x.pcapng | grep -q 'Strict time order: *True'
}

has_named() {
	[ "$(tshark -n -r x.pcapng 2>/dev/null | wc -l)" -eq "$1" ]
}
