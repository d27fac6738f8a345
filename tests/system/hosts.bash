# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # WORKER and more come from helpers.bash
#
# Several hosts, on top of helpers.bash and client.bash: network namespaces
# around a bridge. The client runs at the bridge, on 10.9.0.254, in the namespace
# $hub; host N is 10.9.0.N, its namespace is $hub-N.

# No packet leaves the client because of the clock.
forever=600000

hub=
hosts=0
declare -gA workers # by host, the listening process

# For each test, unless its file has its own, after the load of this one.
setup() {
	need_capture_tools
}

need_capture_tools() {
	need_root
	need tcpdump
	need tshark
	need capinfos
	need pgrep
	export HOME=$BATS_TEST_TMPDIR
}

teardown() {
	remove_hosts
}

# make_hosts COUNT: that many hosts, each with an interface "eth0".
make_hosts() {
	local i
	hub=ddt-$$-$BATS_TEST_NUMBER
	ip netns add "$hub"
	ip -n "$hub" link set lo up
	ip -n "$hub" link add bridge type bridge
	ip -n "$hub" address add 10.9.0.254/24 dev bridge
	ip -n "$hub" link set bridge up
	for ((i = 1; i <= $1; i++)); do
		make_host "$i" "${interface_of[i]:-eth0}"
	done
}

# The interfaces of all hosts have this index, whatever their name.
same_index=77
declare -ga interface_of # of a host, before make_hosts

make_host() {
	ip netns add "$hub-$1"
	hosts=$1
	ip -n "$hub-$1" link set lo up
	ip -n "$hub-$1" link add "$2" index "$same_index" type veth \
		peer name "port$1" netns "$hub"
	ip -n "$hub-$1" address add "10.9.0.$1/24" dev "$2"
	ip -n "$hub" link set "port$1" master bridge
	ip -n "$hub" link set "port$1" up
	ip -n "$hub-$1" link set "$2" up
}

remove_hosts() {
	local i
	stop_all
	[ -n "$hub" ] || return 0
	for ((i = 1; i <= hosts; i++)); do
		ip netns del "$hub-$i" || true
	done
	ip netns del "$hub"
}

# on HOST COMMAND...: runs it in the namespace of a host; "hub" is the client's.
on() {
	local host=$hub-$1
	[ "$1" != hub ] || host=$hub
	shift
	ip netns exec "$host" "$@"
}

# start_on HOST NAME COMMAND...: the same in the background. $! is the command's
# own process, because ip and sh replace themselves.
start_on() {
	local host=$hub-$1 name=$2
	[ "$1" != hub ] || host=$hub
	shift 2
	start "$name" ip netns exec "$host" sh -c "$without_journal" sh "$@"
}

# start_worker HOST [COMMAND...]: starts a worker, under a command if there is
# one.
start_worker() {
	local host=$1
	shift
	rm -f "$BATS_TEST_TMPDIR/worker$host.err"
	start_on "$host" "worker$host" "$@" "$WORKER" -listen ":8475"
	workers["$host"]=${started[-1]}
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker$host.err"
}

start_workers() {
	local i
	for ((i = 1; i <= hosts; i++)); do
		start_worker "$i"
	done
}

# Like a crash of the whole host: nothing more is sent.
kill_worker() {
	local all
	mapfile -t all < <(pgrep -P "${workers[$1]}")
	kill -KILL "${workers[$1]}" "${all[@]}"
	wait "${workers[$1]}" 2>/dev/null || true
}

# targets_of QUERY: sets targets to an argument for each host, labelled h1, h2,
# and so on.
targets_of() {
	local i
	targets=()
	for ((i = 1; i <= hosts; i++)); do
		targets+=("h$i=http://10.9.0.$i/capture?$1")
	done
}

# The client is run at the bridge.
at_bridge() {
	under=(ip netns exec "$hub")
}

# send_from HOST COUNT RATE ADDRESS PORT [SIZE]
send_from() {
	on "$1" "$TOOLS/udp_send" "$2" "${6:-100}" "$3" "$4" "$5"
}

# Three requests of host 1 to port 4711 and replies of host 2 to port 4712. Each is
# written before the next one is sent: that takes longer than the bound of the
# clocks, and less than three seconds. Sets before to the time of the last request.
exchange_datagrams() {
	local i
	for i in 1 2 3; do
		send_from 1 1 0 10.9.0.2 4711
		eventually file_has $((2 * i - 1))
		before=$(date +%s)
		send_from 2 1 0 10.9.0.1 4712
		eventually file_has $((2 * i))
	done
}

# start_capture QUERY [OPTION]...: a capture on all hosts, into $merged.
start_capture() {
	local targets
	targets_of "$1"
	shift
	at_bridge
	start_merge "$@" "${targets[@]}"
	capturing_on "$hosts"
}

# The same, into a pcapng file.
start_pcapng() {
	start_capture "$@" -w "$BATS_TEST_TMPDIR/merged.pcapng"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
}

# stop PROCESS: until it is ended or continued.
stop() {
	started+=("$1")
	kill -STOP "$1"
	eventually is_stopped "$1"
}

# numbers PORT: the numbers of the datagrams to a port, in the order of the file.
numbers() {
	tshark -n -r "$merged" -Y "udp.dstport == $1" -T fields \
		-e udp.payload 2>/dev/null | cut -c -8
}

# numbers_are COUNT PORT: the file has all datagrams to a port, in their order.
numbers_are() {
	diff <("$TOOLS/udp_send" -print "$1" 100 0 | cut -c -8) <(numbers "$2")
}

is_in_order() {
	fields frame.time_epoch | sort -c
}

# Requests the counts of the client by SIGUSR1, and waits for them.
ask_counts() {
	local before
	before=$(grep -c ' packets of [0-9]* target' "$said" || true)
	kill -USR1 "$client"
	eventually said_more_than "$before"
}

said_more_than() {
	[ "$(grep -c ' packets of [0-9]* target' "$said")" -gt "$1" ]
}

# counts_say PATTERN: requests the counts; does a line match?
counts_say() {
	ask_counts && tail -n $((hosts + 1)) "$said" | grep -q "$1"
}

# file_has N [EXPRESSION]: exactly that many packets of the output match.
file_has() {
	local count=$1
	shift
	[ "$(tcpdump -nr - "$@" <"$merged" 2>/dev/null | wc -l)" -eq "$count" ]
}

# fields NAME...: fields of the packets of the output, one packet a line.
fields() {
	local field options=()
	for field in "$@"; do
		options+=(-e "$field")
	done
	tshark -n -r "$merged" -T fields "${options[@]}" 2>/dev/null
}

# The comments that capinfos shows.
comments() {
	capinfos -k "$merged"
}
