#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Kinds of targets on several hosts, with real programs: workers by http and by ssh,
# tcpdump by ssh and in namespaces, programs, files and FIFOs; and a ddump on a bastion.

# shellcheck disable=SC2153,SC2154 # set by what is loaded
load helpers
load client
load hosts
load ssh
bats_require_minimum_version 1.5.0

count=200
container= # its first process
flows='udp portrange 4711-4715'

setup() {
	need_capture_tools
	need sshd
	need ssh
	need nsenter
	need unshare
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	# unshare ignores SIGTERM, and so does the first process of a container
	[ -z "$container" ] || kill -KILL "$container"
	remove_hosts
	[ -z "$keys" ] || rm -rf "$keys"
}

# start_sshd_on HOST NAME: sshd there, which ssh -F $keys/config reaches as NAME.
start_sshd_on() {
	local address=10.9.0.$1
	sed "/^ListenAddress/d; s/^Port .*/&\nListenAddress $address/" "$keys/sshd" >"$keys/sshd$1"
	sed "s/^[^ ]*/[$address]:2222/" "$keys/known_hosts" >"$keys/known"
	cat "$keys/known" >>"$keys/known_hosts"
	printf 'Host %s\n\tHostName %s\n\tPort 2222\n' "$2" "$address" |
		cat - "$keys/config" >"$keys/new"
	mv "$keys/new" "$keys/config"
	mkdir -p /run/sshd
	start_on "$1" "sshd$1" "$(command -v sshd)" -D -e -f "$keys/sshd$1"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/sshd$1.err"
}

# Prints how many packets each interface has, and its name.
names() {
	fields frame.interface_name | sort | uniq -c | tr -s ' '
}

is_in_strict_order() {
	capinfos -o "$merged" | grep -q 'Strict time order: *True'
}

sources= # of the run

# received COUNT LABEL...: has each of these targets sent that many packets?
received() {
	local want=$1 label
	shift
	ask_counts
	for label; do
		tail -n $((sources + 1)) "$said" | grep -q "$label: $want packets, " || return 1
	done
}

# flow_is_whole PORT SENDER RECEIVER: each datagram is in the file twice, first from its
# sender, and those of each of the two are complete and in their order.
flow_is_whole() {
	local name
	for name in "$2" "$3"; do
		diff <("$TOOLS/udp_send" -print "$count" 100 0 | cut -c -8) \
			<(tshark -n -r "$merged" -T fields -e udp.payload -Y \
				"udp.dstport == $1 && frame.interface_name == \"$name\"" \
				2>/dev/null | cut -c -8)
	done
	tshark -n -r "$merged" -Y "udp.dstport == $1" -T fields -e frame.interface_name \
		-e udp.payload 2>/dev/null |
		awk -v from="$2" '$1 == from { sent[$2] = 1 } !($2 in sent) { exit 1 }'
}

@test "all kinds of targets in one merge: exact order, names, and counts of each" {
	local i senders=()
	make_hosts 5
	make_keys
	start_worker 1
	start_worker 2
	start_sshd_on 2 two
	start_sshd_on 3 three
	# a file of what was before
	start_on 1 before "$WORKER" -capture "count=20&format=pcapng&filter=udp port 4711"
	eventually test -s before.out
	send_from 1 20 0 10.9.0.2 4711
	within 20 is_gone "${started[-1]}"
	mkfifo fifo
	start_on 5 fifo sh -c "exec '$WORKER' -capture 'format=pcapng&filter=$flows' >fifo"
	at_bridge
	sources=6
	start_merge -hold "$forever" -ssh "ssh -F $keys/config" -w x.pcapng -filter "$flows" \
		h1=http://10.9.0.1 h2=ssh://two h3=tcpdump+ssh://three \
		h4=exec:"ip netns exec $hub-4 tcpdump -U -w - -i any $flows" \
		h5=./fifo before=./before.out
	merged=$PWD/x.pcapng
	capturing_on "$sources"
	eventually grep -q 'h4: .*listening on' "$said"
	for i in 1 2 3 4 5; do
		send_from "$i" "$count" 400 "10.9.0.$((i % 5 + 1))" $((4710 + i)) 3>&- &
		senders+=($!)
	done
	wait "${senders[@]}"
	# nothing is written before, because tcpdump sends no watermarks
	eventually received $((2 * count)) h1 h2 h3 h4 h5
	end_capture
	[ "$status" -eq 0 ]
	[ "$(names)" = " 20 before:eth0
 400 h1:eth0
 400 h2:eth0
 400 h3
 400 h4
 400 h5:eth0" ]
	is_in_strict_order
	[ "$(fields frame.interface_name | head -n 20 | sort -u)" = before:eth0 ]
	flow_is_whole 4712 h2:eth0 h3
	flow_is_whole 4713 h3 h4
	flow_is_whole 4714 h4 h5:eth0
	flow_is_whole 4715 h5:eth0 h1:eth0
	for i in 1 2 3 4 5; do
		grep -q "h$i: 400 packets, 400 written, 0 late" "$said"
	done
	for i in 1 2; do
		grep -q "h$i: .*; 400 received by filter, 0 dropped by kernel" "$said"
	done
	# tcpdump also counts what came before its filter was in force
	grep -q 'h3: .*; [0-9]* received by filter, 0 dropped by kernel' "$said"
}

# A container: namespaces of its own for network, mounts and processes, where only it has
# the program /run/sniff. Sets container to its first process.
start_container() {
	# shellcheck disable=SC2016 # for the shells to expand
	start container unshare --net --mount --pid --fork --kill-child sh -c '
		mount -t tmpfs none /run
		cp "$(command -v tcpdump)" /run/sniff
		ip link set lo up
		echo ready
		exec sleep infinity'
	eventually grep -q ready "$BATS_TEST_TMPDIR/container.out"
	container=$(pgrep -P "${started[-1]}")
}

@test "programs in namespaces and a container: ip netns exec, nsenter -n and nsenter -m" {
	local filter='udp port 4711' worker="$WORKER -capture 'format=pcapng&filter=udp port 4711'"
	local join
	make_hosts 1
	start_container
	join="nsenter -t $container -n"
	sources=6
	start_merge -hold "$forever" -w x.pcapng \
		any=exec:"ip netns exec $hub-1 tcpdump -U -w - -i any $filter" \
		lo=exec:"ip netns exec $hub-1 tcpdump -U -w - -i lo $filter" \
		w=exec:"ip netns exec $hub-1 $worker" \
		c=exec:"$join tcpdump -U -w - -i any $filter" \
		m=exec:"$join -m /run/sniff -U -w - -i lo $filter" \
		cw=exec:"$join $worker"
	merged=$PWD/x.pcapng
	capturing_on "$sources"
	eventually says_listening 4
	on 1 "$TOOLS/udp_send" 20 100 0 127.0.0.1 4711
	nsenter -t "$container" -n "$TOOLS/udp_send" 30 100 0 127.0.0.1 4711
	eventually received 20 any lo w
	eventually received 30 c m cw
	end_capture
	[ "$status" -eq 0 ]
	[ "$(names)" = " 20 any
 30 c
 30 cw:lo
 20 lo
 30 m
 20 w:lo" ]
	is_in_strict_order
	grep -q 'w: 20 packets, 20 written, 0 late; 20 received by filter, 0 dropped' "$said"
	grep -q 'cw: 30 packets, 30 written, 0 late; 30 received by filter, 0 dropped' "$said"
	# nothing of them remains
	eventually no_capture_in 1
	eventually no_capture_of_container
}

says_listening() {
	[ "$(grep -c 'tcpdump: listening on\|sniff: listening on' "$said")" -eq "$1" ]
}

no_capture_in() {
	[ -z "$(ip netns pids "$hub-$1")" ]
}

no_capture_of_container() {
	[ "$(nsenter -t "$container" -n cat /proc/net/packet | wc -l)" -eq 1 ]
}

@test "workers in namespaces: a merge of them is live whatever -hold is" {
	local worker="$WORKER -capture 'format=pcapng&filter=udp port 4711'"
	make_hosts 2
	start_container
	start_merge -hold "$forever" -w x.pcapng \
		one=exec:"ip netns exec $hub-1 $worker" two=exec:"nsenter -n -t $container $worker"
	merged=$PWD/x.pcapng
	capturing_on 2
	send_from 1 20 0 10.9.0.2 4711
	# while the other one has no packets, only its watermarks
	eventually file_has 20
	end_capture
	[ "$status" -eq 0 ]
	[ "$(names)" = " 20 one:eth0" ]
}

# Host 1 is a bastion with sshd, before workers on hosts 2 and 3.
make_bastion() {
	make_hosts 3
	make_keys
	start_worker 2
	start_worker 3
	start_sshd_on 1 bastion
}

@test "a ddump on a bastion, by a real sshd: nested labels, live, and its end" {
	local remote
	make_bastion
	remote="$DDUMP -hold $forever -pcapng -filter 'udp port 4711'"
	remote+=" web1=http://10.9.0.2 web2=http://10.9.0.3"
	at_bridge
	start_merge -hold "$forever" -filter 'udp port 4711' -w x.pcapng \
		direct=http://10.9.0.2 \
		bastion=exec:"ssh -F $keys/config bastion \"$remote\""
	merged=$PWD/x.pcapng
	capturing_on 2
	# the inner run's messages have the label of the target
	eventually grep -q 'bastion: ddump: capturing on 2 targets' "$said"
	send_from 2 20 0 10.9.0.3 4711
	# each waits for all others, for minutes if one of them sent no watermarks
	eventually file_has 60
	end_capture
	[ "$status" -eq 0 ]
	[ "$(names)" = " 20 bastion:web1:eth0
 20 bastion:web2:eth0
 20 direct:eth0" ]
	is_in_strict_order
	grep -q 'bastion: 40 packets, 40 written, 0 late' "$said"
	eventually has_no_ddump 1
	eventually has_no_capture 2
	eventually has_no_capture 3
}

has_no_ddump() {
	! ip netns pids "$hub-$1" | xargs -r ps -o args= -p | grep -q "^$DDUMP "
}

has_no_capture() {
	[ -z "$(pgrep -P "${workers[$1]}")" ]
}

@test "a ddump on a bastion that ends by itself: counters of the hosts behind it" {
	local remote
	make_bastion
	remote="$DDUMP -pcapng -filter 'udp port 4711' 'web1=http://10.9.0.2?count=20'"
	remote+=" 'web2=http://10.9.0.3?count=20'"
	at_bridge
	start_merge -w x.pcapng bastion=exec:"ssh -F $keys/config bastion \"$remote\""
	merged=$PWD/x.pcapng
	capturing_on 1
	eventually grep -q 'bastion: ddump: capturing on 2 targets' "$said"
	send_from 2 20 0 10.9.0.3 4711
	await_client
	[ "$status" -eq 0 ]
	grep -q 'bastion: 40 packets, 40 written, 0 late; 40 received by filter, 0 dropped' "$said"
	[ "$(names)" = " 20 bastion:web1:eth0
 20 bastion:web2:eth0" ]
}

@test "a ddump on a bastion: its exit status and the loss of a host behind it are reported" {
	local remote
	make_bastion
	remote="$DDUMP -pcapng -filter 'udp port 4711' web1=http://10.9.0.2 web2=http://10.9.0.3"
	at_bridge
	start_merge -w x.pcapng bastion=exec:"ssh -F $keys/config bastion \"$remote\""
	merged=$PWD/x.pcapng
	capturing_on 1
	eventually grep -q 'bastion: ddump: capturing on 2 targets' "$said"
	send_from 2 20 0 10.9.0.3 4711
	eventually file_has 40
	kill_worker 2
	eventually grep -q 'bastion: ddump: web1: the stream was cut' "$said"
	send_from 2 20 0 10.9.0.3 4711
	# the other host's packets still come
	eventually file_has 60
	kill_worker 3
	await_client
	[ "$status" -eq 2 ]
	grep -q 'bastion: the program exited with status 2' "$said"
	capinfos -k x.pcapng | grep -q 'bastion: comment: web1: the stream was cut'
}
