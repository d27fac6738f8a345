#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Names of hosts in a pcapng: the addresses of each target's interfaces have its label,
# live and in files, and no address has a name that could be wrong.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

setup() {
	need_root
	need tshark
	export HOME=$BATS_TEST_TMPDIR
}

teardown() {
	remove_hosts
}

# make_docker_hosts COUNT: each host also has addresses that others have, too.
make_docker_hosts() {
	local i
	make_hosts "$1"
	for ((i = 1; i <= $1; i++)); do
		on "$i" ip link add docker0 type bridge
		on "$i" ip address add 172.17.0.1/16 dev docker0
		on "$i" ip address add 169.254.1.1/16 dev docker0
		on "$i" ip link set docker0 up
		on "$i" ip address add "10.8.0.$i/24" dev eth0
		on "$i" ip address add "2001:db8::$i/64" dev eth0 nodad
	done
}

# names [FILE]: the names that tshark has at the end of a file, sorted.
names() {
	tshark -N n -r "${1:-$merged}" -q -z hosts 2>/dev/null |
		sed -nE 's/^([0-9a-f.:]+)\s+([^ ]+)$/\1 \2/p' | sort
}

# shown [FILE]: source and destination of each packet, as tshark shows them.
shown() {
	tshark -N n -r "${1:-$merged}" -T fields -e ip.src_host -e ip.dst_host 2>/dev/null |
		sort | uniq -c | xargs
}

of_two_hosts='10.8.0.1 h1
10.8.0.2 h2
10.9.0.1 h1
10.9.0.2 h2
2001:db8::1 h1
2001:db8::2 h2'

@test "names: addresses have the label of their target, and those of two hosts have none" {
	need editcap
	make_docker_hosts 2
	start_workers
	start_pcapng 'filter=udp and host 10.9.0.1' -hold "$forever"
	send_from 1 3 0 10.9.0.2 4711
	eventually file_has 6
	end_capture
	[ "$status" -eq 0 ]
	[ "$(names)" = "$of_two_hosts" ]
	[ "$(shown)" = "6 h1 h2" ]
	tcpdump -nr "$merged" >/dev/null
	# version 4.0 rejects a file with names before the first interface, and keeps no names
	editcap "$merged" "$BATS_TEST_TMPDIR/copy"
	[ "$(fields frame.interface_name | sort | uniq -c | xargs)" = "3 h1:eth0 3 h2:eth0" ]
}

@test "names: are in the stream before the first packet, for a reader of a pipe" {
	make_docker_hosts 2
	start_workers
	targets_of 'filter=udp and host 10.9.0.1'
	at_bridge
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	tshark -N n -l -r - -T fields -e ip.src_host -e ip.dst_host \
		<"$BATS_TEST_TMPDIR/pipe" >"$BATS_TEST_TMPDIR/live" 2>/dev/null 3>&- &
	started+=($!)
	start_merge -pcapng -hold "$forever" -w "$BATS_TEST_TMPDIR/pipe" "${targets[@]}"
	capturing_on 2
	send_from 1 1 0 10.9.0.2 4711
	eventually grep -q 'h1	h2' "$BATS_TEST_TMPDIR/live"
	end_capture
	run ! grep -q '10\.' "$BATS_TEST_TMPDIR/live"
}

@test "names: -no-names of the client, and -no-names and DDUMP_NAMES=no of a worker" {
	make_docker_hosts 3
	start_worker 1 env DDUMP_NAMES=no
	start_on 2 worker2 "$WORKER" -listen :8475 -no-names
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker2.err"
	start_worker 3
	start_pcapng 'filter=udp'
	end_capture
	# it alone has sent them
	[ "$(names)" = "10.8.0.3 h3
10.9.0.3 h3
172.17.0.1 h3
2001:db8::3 h3" ]
	start_pcapng 'filter=udp' -no-names
	end_capture
	[ -z "$(names)" ]
	run -1 env DDUMP_NAMES=maybe "$WORKER" -help
	[[ "$output" = *'DDUMP_NAMES: names: "maybe" is neither yes nor no'* ]]
}

@test "names: a host that comes later gets its own, and takes back an address that is no longer one host's" {
	make_docker_hosts 2
	start_worker 1
	start_into_later
	send_from 1 1 0 10.9.0.254 4711
	eventually file_has 1
	[ "$(names)" = "10.8.0.1 h1
10.9.0.1 h1
172.17.0.1 h1
2001:db8::1 h1" ]
	start_worker 2
	eventually grep -q 'h2: connected' "$said"
	send_from 2 1 0 10.9.0.1 4711
	eventually file_has 3
	end_capture
	[ "$(names | grep -v '^172')" = "$of_two_hosts" ]
	# the record of the address itself is no name
	[ "$(names | grep '^172')" = "172.17.0.1 172.17.0.1" ]
}

# Starts without the second host, which is connected when it answers.
start_into_later() {
	local targets
	targets_of 'filter=udp'
	at_bridge
	start_merge -pcapng -require any -retry -hold 100 \
		-w "$BATS_TEST_TMPDIR/merged.pcapng" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 1
}

@test "names: each file of -C has them" {
	local file
	make_docker_hosts 2
	start_workers
	targets_of 'filter=udp'
	at_bridge
	start_merge -pcapng -hold 100 -C 64K -w "$BATS_TEST_TMPDIR/a.pcapng" "${targets[@]}"
	capturing_on 2
	send_from 1 2000 2000 10.9.0.2 4711
	eventually test -e "$BATS_TEST_TMPDIR/a3.pcapng"
	end_capture
	[ "$status" -eq 0 ]
	for file in "$BATS_TEST_TMPDIR"/a*.pcapng; do
		[ "$(names "$file")" = "$of_two_hosts" ]
	done
}

@test "names: a merge is read again with the same names, counts and comments" {
	make_docker_hosts 2
	start_workers
	start_pcapng 'filter=udp and host 10.9.0.1' -hold "$forever"
	send_from 1 3 0 10.9.0.2 4711
	eventually file_has 6
	end_capture
	local first=$merged
	merge -w "$BATS_TEST_TMPDIR/again.pcapng" "again=$first"
	[ "$status" -eq 0 ]
	[ "$(names "$BATS_TEST_TMPDIR/again.pcapng")" = "$of_two_hosts" ]
	[ "$(shown "$BATS_TEST_TMPDIR/again.pcapng")" = "6 h1 h2" ]
	grep -q '^ddump: again: 6 packets, 6 written, 0 late; 6 received by filter' "$said"
	capinfos -k "$BATS_TEST_TMPDIR/again.pcapng" | grep -q 'again: comment: h1: clock'
	merge -no-names -w "$BATS_TEST_TMPDIR/again.pcapng" "again=$first"
	[ "$status" -eq 0 ]
	[ -z "$(names "$BATS_TEST_TMPDIR/again.pcapng")" ]
}
