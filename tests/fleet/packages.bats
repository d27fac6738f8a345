#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The life of the packages on a host without them: each test continues where the
# one before it ended.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154 # bats; set, used by what is loaded
bats_require_minimum_version 1.5.0
load ../system/helpers
load ../system/client
load fleet

bare=$HOSTS/new1/bare # what there was before, and is there after

setup_file() {
	load fleet
	state_of_host >"$HOSTS/new1/bare"
}

teardown() {
	leave_all
}

# Files, users, packages, units, processes, without the files of apt, dpkg, the
# journal, and caches.
state_of_host() {
	inside new1 find / -xdev \( -path /proc -o -path /sys -o -path /root \
		-o -path /var/lib/apt -o -path /var/lib/dpkg -o \
		-path /var/cache -o -path /var/log \) -prune -o -print | sort
	inside new1 cat /etc/passwd /etc/group
	inside new1 dpkg-query -W
	inside new1 systemctl list-unit-files --no-legend
	inside new1 systemctl list-units --all --no-legend --plain |
		awk '{ print $1, $3, $4 }' | grep ddump || true
	inside new1 ps -eo comm= | grep ddump || true
}

socket_is() {
	[ "$(inside new1 systemctl is-enabled ddump-worker.socket)" = "$1" ] &&
		[ "$(property new1 ddump-worker.socket ActiveState)" = "$2" ]
}

listens() {
	inside new1 ss -Hltn | grep -q ':8475'
}

# The client runs on the host itself, because the socket listens on loopback.
start_local_capture() {
	under=(ip netns exec ddf-new1)
	start_capture -filter "udp port $1" 127.0.0.1
}

@test "apt install: dependencies are installed, nothing listens" {
	run ! inside new1 dpkg -s libpcap0.8
	apt_get new1 'install ./ddump-worker_*.deb'
	inside new1 ldd /usr/sbin/ddump-worker
	inside new1 dpkg -s netbase >"$BATS_TEST_TMPDIR/recommended"
	socket_is disabled inactive
	run ! listens
	inside new1 systemctl is-system-running
}

@test "an upgrade of a disabled socket: stays disabled" {
	apt_get new1 'install ./next/ddump-worker_*.deb'
	[[ $(version_of new1 ddump-worker) == *+next ]]
	socket_is disabled inactive
	run ! listens
	apt_get new1 'install --allow-downgrades ./ddump-worker_*.deb'
}

# With the client of the packages, under systemd, as autopkgtest runs it.
@test "the tests of the source package: pass" {
	apt_get new1 'install --no-install-recommends ./ddump_*.deb curl tcpdump'
	cp debian/tests/capture "$HOSTS/new1/root/root"
	inside new1 env AUTOPKGTEST_TMP=/root /root/capture
	# other packages recommend or suggest some of their dependencies
	apt_get new1 '-o APT::AutoRemove::RecommendsImportant=false \
		-o APT::AutoRemove::SuggestsImportant=false \
		purge --autoremove ddump curl tcpdump'
}

@test "an upgrade: restarts the socket, captures continue" {
	inside new1 systemctl enable --now ddump-worker.socket
	socket_is enabled active
	start_local_capture 4751
	start sender ip netns exec ddf-web1 "$TOOLS/udp_send" 8000 100 400 \
		"$(address_of new1)" 4751
	local sender=${started[-1]}
	unset 'started[-1]'
	apt_get new1 'install ./next/ddump-worker_*.deb'
	[[ $(version_of new1 ddump-worker) == *+next ]]
	kill -0 "$sender" # all of that while packets were on their way
	wait "$sender"
	eventually is_merged 8000
	end_capture
	[ "$status" -eq 0 ]
	holds_all "$merged" udp 8000
	socket_is enabled active
	on new1 curl -sf http://127.0.0.1:8475/interfaces
}

@test "removal: captures end" {
	start_local_capture 4752
	send web1 new1 4752 50
	eventually is_merged 50
	apt_get new1 'remove ddump-worker'
	eventually is_idle new1
	finish_merge
	[ "$status" -eq 2 ]
	holds_all "$merged" udp 50
	run ! listens
}

@test "purge: nothing is left" {
	apt_get new1 'purge --autoremove ddump-worker'
	diff "$bare" <(state_of_host)
}
