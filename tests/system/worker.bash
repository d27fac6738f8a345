# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # WORKER and more come from helpers.bash
#
# Functions of the worker's tests, on top of helpers.bash: a network of its own
# for each test, so that a capture has only the test's packets.

port=8475
ns=
isolated=(env)
worker=

make_network() {
	if [ "$(id -u)" -ne 0 ]; then
		port=$(free_port)
		return
	fi
	ns=ddump-test-$$-$BATS_TEST_NUMBER
	ip netns add "$ns"
	ip -n "$ns" link set lo up
	# ip and sh replace themselves, so that $! is the program's own id
	isolated=(ip netns exec "$ns" sh -c "$without_journal" sh)
}

# A second host: "va" and "vb" lead from the network to "pa" and "pb" in it.
make_peer() {
	ip netns add "$ns-peer"
	ip -n "$ns-peer" link set lo up
	local i
	for i in a b; do
		ip -n "$ns" link add "v$i" type veth peer "p$i" netns "$ns-peer"
		ip -n "$ns" link set "v$i" up
		ip -n "$ns-peer" link set "p$i" up
	done
	ip -n "$ns" address add 10.1.0.1/24 dev va
	ip -n "$ns-peer" address add 10.1.0.2/24 dev pa
	ip -n "$ns" address add 10.2.0.1/24 dev vb
	ip -n "$ns-peer" address add 10.2.0.2/24 dev pb
	peer=(ip netns exec "$ns-peer")
}

remove_network() {
	stop_all
	[ -z "$ns" ] || ip netns del "$ns"
	[ ! -e "/run/netns/$ns-peer" ] || ip netns del "$ns-peer"
	[ -z "${open_dir:-}" ] || rm -rf "$open_dir"
}

# For each test, unless its file has its own, after the load of this one.
setup() {
	need_root
	make_network
}

teardown() {
	remove_network
}

# Without root the host's journal can't be hidden.
need_stderr() {
	[ "$(id -u)" -eq 0 ] || [ ! -w /run/systemd/journal/socket ] ||
		skip "needs root, or a host without a journal"
}

# enter COMMAND...: runs a command in the network, to its end.
enter() {
	"${isolated[@]}" "$@"
}

# Does a process have a listening socket of any kind?
has_listener() {
	ss -Hltxnp | grep -q "pid=$1,"
}

# start_worker_by COMMAND...: starts a worker that listens, by a whole command
# line; $worker is its process.
start_worker_by() {
	start worker "${isolated[@]}" "$@"
	worker=${started[-1]}
	if [ -z "$ns" ] && [ -w /run/systemd/journal/socket ]; then
		eventually has_listener "$worker"
	else
		eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker.err"
	fi
}

start_worker() {
	start_worker_by "$WORKER" "$@"
}

listen() {
	start_worker -listen "127.0.0.1:$port" "$@"
}

# Some distributions mount /tmp so that setcap has no effect there.
takes_setcap() {
	! findmnt -n -o OPTIONS -T "$1" | grep -qwE 'nosuid|noexec'
}

# The tests' own folder is closed to other users; this one is open.
make_open_dir() {
	local dir
	for dir in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
		! takes_setcap "$dir" || break
	done
	open_dir=$(mktemp -d "$dir/ddump-test.XXXXXX")
	chmod 755 "$open_dir"
}

# curl to the worker: ask PATH [OPTION]...
ask() {
	local path=$1
	shift
	enter curl -g -sS --max-time 30 "$@" "http://127.0.0.1:$port$path"
}

# ask_status PATH [OPTION]...: the status of the response, a space, and its
# body.
ask_status() {
	ask "$@" -o "$BATS_TEST_TMPDIR/body" -w '%{http_code} '
	cat "$BATS_TEST_TMPDIR/body"
}

# Sends stdin unchanged; prints everything that is received. False if the
# connection was not closed cleanly.
raw() {
	# shellcheck disable=SC2016 # bash in there has its own $0
	enter timeout 25 bash -ec 'exec 3<>"/dev/tcp/127.0.0.1/$0"
		cat >&3
		cat <&3' "$port"
}

# capture NAME QUERY [CURL OPTION]...: starts a capture into NAME.pcap; it has
# begun when this returns. The process of curl is ${captures[NAME]}.
declare -gA captures # load is a function: -g

capture() {
	local name=$1 query=$2
	shift 2
	# the file is also the sign that this capture has begun, not an older
	# one
	rm -f "$BATS_TEST_TMPDIR/$name.pcap"
	start "$name" "${isolated[@]}" curl -gsS -N --max-time 60 "$@" \
		-o "$BATS_TEST_TMPDIR/$name.pcap" \
		"http://127.0.0.1:$port/capture?$query"
	captures[$name]=${started[-1]}
	eventually has_header "$name"
}

# All 24 bytes of a file header, and not an error message.
has_header() {
	local file=$BATS_TEST_TMPDIR/$1.pcap
	[ "$(stat -c %s "$file")" -ge 24 ] &&
		[[ "$(od -An -tx4 -N 4 "$file")" =~ a1b2(c3d4|3c4d) ]]
}

# packets NAME [EXPRESSION]...: the number of packets that match.
packets() {
	local name=$1
	shift
	tcpdump -nr - "$@" <"$BATS_TEST_TMPDIR/$name.pcap" 2>/dev/null | wc -l
}

# has N NAME [EXPRESSION]...: exactly that many packets have arrived.
has() {
	local count=$1
	shift
	[ "$(packets "$@")" -eq "$count" ]
}

# Fields of the packets of a capture, one packet a line.
fields() {
	local name=$1 field options=()
	shift
	for field in "$@"; do
		options+=(-e "$field")
	done
	tshark -n -r "$BATS_TEST_TMPDIR/$name.pcap" -T fields "${options[@]}" \
		2>/dev/null
}

# A 32-bit number of the file's header, by its offset.
header_number() {
	od -An -tu4 -j "$2" -N 4 "$BATS_TEST_TMPDIR/$1.pcap" | tr -d ' '
}

send() {
	enter "$TOOLS/udp_send" "$@"
}

# Waits for a process of ours; sets ended to its exit status.
exit_status() {
	ended=0
	wait "$1" || ended=$?
}

no_packet_sockets() {
	[ "$(enter cat /proc/net/packet | wc -l)" -eq 1 ]
}

# Do that many captures receive packets? Before its filter is attached, a
# worker's socket has another protocol than "all".
# shellcheck disable=SC2016 # for awk to expand
has_packet_sockets() {
	[ "$(enter awk '$4 == "0003"' /proc/net/packet | wc -l)" -eq "$1" ]
}

# The children of the listener, one a line.
children() {
	pgrep -P "$worker"
}

has_children() {
	[ "$(children | wc -l)" -eq "$1" ]
}

no_children() {
	! pgrep -P "$worker" >/dev/null
}

# lacks [OPTION] PATTERN FILE; bats does not notice a failed "! grep".
lacks() {
	! grep -q "$@"
}

# The worker's messages so far. A build that cannot limit system calls, with a
# sanitizer for example, has another one for each capture.
said() {
	grep -v 'system calls are not limited in this build' \
		"$BATS_TEST_TMPDIR/worker.err" || true
}
