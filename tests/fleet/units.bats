#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The units in a booted systemd: the connections they accept, the rights of a
# capture, and what is left after it.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
load ../system/helpers
load ../system/client
load fleet

teardown() {
	leave_all
}

listens_on() {
	inside "$1" ss -Hltn 'sport = :8475' | awk '{ print $4 }'
}

@test "the socket as installed: listens on loopback only" {
	[ "$(listens_on app1)" = 127.0.0.1:8475 ]
	merge app1
	[ "$status" -eq 1 ]
	grep -q "app1: cannot connect.*Connection refused; try ssh://" \
		"$said"
}

@test "the unit: security score of 1.3 or less, live and offline" {
	local live
	start_capture -filter 'udp port 4701' web1
	live=$(instances web1)
	inside web1 systemd-analyze security --no-pager --threshold=13 "$live" \
		>"$BATS_TEST_TMPDIR/live"
	inside web1 systemd-analyze security --no-pager --offline=yes \
		--threshold=13 /lib/systemd/system/ddump-worker@.service \
		>"$BATS_TEST_TMPDIR/offline"
	end_capture
	figure "$(tail -n 1 "$BATS_TEST_TMPDIR/live")"
}

# The rights of a process in /proc.
status_of() {
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}

# The bounding set needs CAP_SETPCAP to change. Under NoNewPrivs it gives no
# process anything.
@test "a capturing process: a dynamic user without capabilities" {
	local pid set uid
	start_capture -filter 'udp port 4702' web1
	pid=$(workers web1)
	for set in CapInh CapPrm CapEff CapAmb; do
		[ "$(status_of "$pid" $set)" = 0000000000000000 ]
	done
	[ "$(status_of "$pid" CapBnd)" = 0000000000002000 ]
	[ "$(status_of "$pid" NoNewPrivs)" -eq 1 ]
	[ "$(status_of "$pid" Seccomp)" -eq 2 ]
	# systemd's range for dynamic users
	uid=$(status_of "$pid" Uid)
	[ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ]
	[ "$(property web1 "$(instances web1)" UID)" -eq "$uid" ]
	figure "a capture's memory:" "$(awk '/^[RP]ss:/ { print $1, $2, $3 }' \
		"/proc/$pid/smaps_rollup" | tr '\n' ' ')(ring: 8192 kB)"
	end_capture
}

# The process of the only capture on app1, by its number there.
capture_on_app1() {
	property app1 "$(instances app1)" MainPID
}

# Replaces the worker by our own program, within the same unit.
probe_unit() {
	drop_in app1 ddump-worker@.service <<-END
		[Service]
		ExecStart=
		ExecStart=-/usr/sbin/ddump-worker $*
		BindReadOnlyPaths=/usr/share/probe:/usr/sbin/ddump-worker
	END
	on app1 bash -c 'exec 4<>/dev/tcp/127.0.0.1/8475
		echo >&4
		cat <&4 2>/dev/null || true'
}

# The same without the unit, as root; its mounts end with it.
probe_free() {
	inside app1 unshare -m bash -c \
		"/usr/share/probe $1 0<>/dev/tcp/127.0.0.1/22 2>&1"
}

# Files and sockets of other users, for the program to find.
plant() {
	cp "$TOOLS/probe" "$HOSTS/app1/root/usr/share/probe"
	echo >"$HOSTS/app1/root/srv/probe"
	# where Debian has one, for its initramfs
	inside app1 install -D /bin/sh /usr/lib/klibc/bin/sh
}

# plant_socket NAME [OPTION]: an abstract socket, which exists until it is used.
plant_socket() {
	start "$1" ip netns exec ddf-app1 systemd-socket-activate \
		"${@:2}" -l "@$1" true
	eventually grep -q Listening "$BATS_TEST_TMPDIR/$1.err"
}

# sorted_are EXPECTED...: the lines of stdin are these.
sorted_are() {
	diff <(sort) <(printf '%s\n' "$@" | sort)
}

# stdin has no line that does not match.
only() {
	! grep -vxE "$1"
}

# These fail for root in a container, too.
never='limit it|(load|remove) module.*|kexec|ambient capability|real time'
never+='|priority|device'

# ddump-worker(8) lists the rest under SECURITY.
@test "a process that is taken over, before and during a capture: stays confined" {
	local free=$BATS_TEST_TMPDIR/free held=$BATS_TEST_TMPDIR/held pid
	plant
	start_capture -filter 'udp port 4707' ssh://app1
	pid=$(capture_on_app1)
	plant_socket probe
	plant_socket probe-datagrams --datagram
	probe_unit "$pid" >"$held"
	records app1 | jq -r .MESSAGE | grep 'connect anew' | tail -n 1 >>"$held"
	cat "$held"
	# each attempt would succeed without the unit
	plant_socket probe-datagrams --datagram
	probe_free "$pid" >"$free"
	cat "$free"
	grep ': no$' "$free" | only "($never): no"
	diff <(grep -oE '.*: (yes|no)$' "$held" | cut -d : -f 1) \
		<(grep -oE '.*: (yes|no)$' "$free" | cut -d : -f 1)

	# with CAP_NET_RAW packets and unix sockets, without it only the latter
	grep family "$held" | sorted_are "before: family 1" \
		"before: family 17" "after: family 1"
	grep ': yes$' "$held" | sorted_are "limit it: yes" \
		"connections: yes" "abstract datagrams: yes" \
		"send a frame: yes" "join another's packets: yes" \
		"promiscuous mode: yes"
	# from version 254 on systemd gives a unit the last of these, its own
	grep '^writable' "$held" | grep -vxE \
		'writable (/dev/(tty|u?random|full|zero|null|(pts/)?ptmx)|/sys/.*/ddump-worker@.*/memory.pressure)' |
		sorted_are "writable /run/systemd/journal/socket"
	# the last one is ours, on the hosts of these tests
	grep '^readable' "$held" | only \
		'readable (/etc/(services|protocols|ld.so.cache)|/packages)'
	grep '^program' "$held" | only \
		'program (/usr/sbin/ddump-worker|/usr/lib/.*)'
	# none of them while a capture is sent
	plant_socket probe-datagrams --datagram
	probe_unit "$pid" limited >"$held"
	# it is unused, and does not end by itself
	kill -KILL "${started[-1]}"
	wait "${started[-1]}" || true
	unset 'started[-1]'
	records app1 | jq -r .MESSAGE | grep 'connect anew' | tail -n 1 >>"$held"
	cat "$held"
	diff <(grep -oE '.*: (yes|no)$' "$held" | cut -d : -f 1) \
		<(grep -oE '.*: (yes|no)$' "$free" | cut -d : -f 1)
	run ! grep -E ': yes$|^after: family|^writable|^readable|^program' "$held"
	# the capture is not affected
	end_capture
	[ "$status" -eq 0 ]
}

# The sockets of all programs in a host's network.
# shellcheck disable=SC2016 # awk's own
datagrams_of() {
	on "$1" awk '$1 == "Udp:" && $5 ~ /^[0-9]/ { print $5 }' /proc/net/snmp
}

@test "a capture during restarts, reloads, and upgrades: continues" {
	local before count
	start_capture -filter 'udp port 4703' web1
	before=$(datagrams_of web2)
	# until it is ended
	start sender ip netns exec ddf-web2 "$TOOLS/udp_send" 1000000 100 400 \
		"$(address_of web1)" 4703
	restart_socket web1
	inside web1 systemctl daemon-reload
	apt_get web1 'install ./next/ddump-worker_*.deb'
	[[ $(version_of web1 ddump-worker) == *+next ]]
	inside web1 systemctl stop ddump-worker.socket
	inside web1 systemctl start ddump-worker.socket
	# all of that while packets were in flight; a new capture works, too
	kill "${started[-1]}"
	wait "${started[-1]}" || true
	unset 'started[-1]'
	count=$(($(datagrams_of web2) - before))
	"${under[@]}" curl -sf http://web1:8475/interfaces
	eventually is_merged "$count"
	end_capture
	[ "$status" -eq 0 ]
	holds_all "$merged" 'frame.interface_name == "web1:eth0"' "$count"
}

@test "an instance that is stopped: its stream is cut, captured packets are kept" {
	start_capture -filter 'udp port 4704' web1
	send web2 web1 4704 50
	eventually is_merged 50
	inside web1 systemctl stop "$(instances web1)"
	finish_merge
	[ "$status" -eq 2 ]
	grep -q '^ddump: web1: .*cut' "$said"
	holds_all "$merged" udp 50
	eventually is_idle web1
	records web1 DDUMP_FILTER="udp port 4704" | tail -n 1 |
		jq -e '.DDUMP_PACKETS == "50" and .DDUMP_REASON != ""'
}

# A smaller ring for them: 64 of 8 MiB are too much for a test machine.
@test "64 captures: no more until one has ended" {
	local targets=() i one
	drop_in web2 ddump-worker@.service <<-END
		[Service]
		Environment=DDUMP_RING=2
	END
	for ((i = 1; i < 64; i++)); do
		targets+=("t$i=http://web2")
	done
	start one "${under[@]}" "$DDUMP" -filter 'udp port 4705' web2
	one=${started[-1]}
	start_merge -filter 'udp port 4705' "${targets[@]}"
	eventually grep -q 'capturing on 63 targets' "$said"
	eventually grep -q 'capturing on 1 target' "$BATS_TEST_TMPDIR/one.err"
	has_workers web2 64

	merge -duration 5 -filter 'udp port 4706' web2
	[ "$status" -eq 1 ]
	grep -q 'web2: .*too many captures' "$said"
	has_workers web2 64

	kill -INT "$one"
	eventually has_workers web2 63
	eventually has_instances web2 63
	merge -duration 1 -filter 'udp port 4706' web2
	[ "$status" -eq 0 ]
	stop_all
	eventually is_idle web2
}

# crowd COUNT [OPTION] [TEXT]: clients of web2 that connect all at once.
crowd() {
	local options=()
	[ "$1" != -stuck ] || { options=(-stuck) && shift; }
	start crowd "${under[@]}" "$TOOLS/crowd" "${options[@]}" "$1" \
		"$(address_of web2)" 8475 "${@:2}"
	eventually grep -q begun "$BATS_TEST_TMPDIR/crowd.out"
}

# It may have ended by itself: then all its clients have been served.
end_crowd() {
	kill "${started[-1]}" 2>/dev/null || true
	wait "${started[-1]}"
	unset 'started[-1]'
	xargs <"$BATS_TEST_TMPDIR/crowd.out"
}

established() {
	[ "$(on client ss -Htn state established 'dport = :8475' | wc -l)" \
		-ge "$1" ]
}

captures_for_a_second() {
	"${under[@]}" curl -sf -o "$BATS_TEST_TMPDIR/capture" \
		'http://web2:8475/capture?duration=1&filter=icmp'
}

# Silent connections become processes in the end, for ten seconds each.
@test "200 connections without a request: no process, and other clients are served" {
	crowd 200
	eventually established 200
	sleep 1
	is_idle web2
	captures_for_a_second
	end_crowd
	eventually is_idle web2
}

# The private memory of all workers in KiB, with their rings.
memory_of_workers() {
	local pid
	for pid in $(workers "$1"); do
		cat "/proc/$pid/smaps_rollup"
	done | awk '/^Private_(Clean|Dirty):/ { sum += $2 } END { print sum }'
}

all_are_full() {
	[ "$(on web2 ss -Htn 'sport = :8475' |
		awk '$3 > 30000' | wc -l)" -eq "$1" ]
}

dropped_of() {
	records web2 DDUMP_FILTER="udp port 4708" |
		jq -r 'select(.DDUMP_REASON) | .DDUMP_DROPPED'
}

has_dropped() {
	[ "$(dropped_of | grep -c '^[1-9]')" -eq "$1" ]
}

# Each has a ring of 2 MiB, which holds a few dozen of these packets.
@test "64 captures that do not read: bounded memory, all drops are reported" {
	drop_in web2 ddump-worker@.service <<-END
		[Service]
		Environment=DDUMP_RING=2
	END
	crowd -stuck 64 \
		$'GET /capture?filter=udp+port+4708 HTTP/1.0\r\n\r\n'
	eventually has_workers web2 64
	eventually has_records web2 64 DDUMP_FILTER="udp port 4708"
	on web2 "$TOOLS/udp_send" 300 60000 500 127.0.0.1 4708
	eventually all_are_full 64
	figure "64 captures that do not read: $(memory_of_workers web2) KiB," \
		"64 rings of 2048 KiB among them"
	# less than 1 MiB for each, besides the ring
	[ "$(memory_of_workers web2)" -lt $((64 * (2048 + 1024))) ]
	run captures_for_a_second
	[ "$status" -ne 0 ]
	end_crowd
	eventually is_idle web2
	eventually has_dropped 64
	captures_for_a_second
}

counts_of_socket() {
	echo "$(property "$1" ddump-worker.socket NAccepted)" \
		"$(property "$1" ddump-worker.socket NRefused)"
}

# By default systemd treats 200 connections in two seconds as an attack, and
# stops listening.
@test "10,000 connections at once: the socket keeps listening" {
	local before
	before=$(counts_of_socket web2)
	crowd 10000 $'GET /nowhere HTTP/1.1\r\nHost: web2\r\n\r\n'
	eventually captures_for_a_second
	[ "$(property web2 ddump-worker.socket ActiveState)" = active ]
	end_crowd
	eventually is_idle web2
	# it was a flood: more than were accepted
	[ "$(property web2 ddump-worker.socket NRefused)" -gt "${before#* }" ]
	figure "10,000 connections: accepted, refused" \
		"$before, then $(counts_of_socket web2)"
}

# 10,000 are more than the kernel queues before their requests arrive.
@test "10,000 connections without a request: the socket keeps listening" {
	crowd 10000
	eventually has_workers web2 64
	[ "$(property web2 ddump-worker.socket ActiveState)" = active ]
	end_crowd
	eventually captures_for_a_second
	eventually is_idle web2
}
