# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # WORKER and more come from helpers.bash
#
# What the tests of the worker share, on top of helpers.bash: a network of its
# own for each test, so that a capture holds what the test sent and no more.

port=8475
ns=
isolated=(env)
worker=

# With a journal nothing goes to stderr: the worker must not find the host's.
without_journal='[ ! -d /run/systemd/journal ] ||
	mount -t tmpfs none /run/systemd/journal; exec "$@"'

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

# For each test, unless its file has its own, behind the load of this one.
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

# Runs a command within the network, to its end.
enter() {
	"${isolated[@]}" "$@"
}

# Starts a worker that listens, as a command line of its own; $worker is its
# process.
start_worker_by() {
	start worker "${isolated[@]}" "$@"
	worker=${started[-1]}
	if [ -z "$ns" ] && [ -w /run/systemd/journal/socket ]; then
		eventually answers "$port"
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

# The tests' own folder is closed to other users; this one is open.
make_open_dir() {
	open_dir=$(mktemp -d "${TMPDIR:-/tmp}/ddump-test.XXXXXX")
	chmod 755 "$open_dir"
}

# curl to the worker: ask PATH [OPTION]...
ask() {
	local path=$1
	shift
	enter curl -g -sS --max-time 30 "$@" "http://127.0.0.1:$port$path"
}

# The status of the answer, and a space, and its body.
ask_status() {
	ask "$@" -o "$BATS_TEST_TMPDIR/body" -w '%{http_code} '
	cat "$BATS_TEST_TMPDIR/body"
}

# Sends stdin as it is; prints all that comes back. False if the connection
# was not closed cleanly.
raw() {
	# shellcheck disable=SC2016 # bash in there has its own $0
	enter timeout 25 bash -ec 'exec 3<>"/dev/tcp/127.0.0.1/$0"
		cat >&3
		cat <&3' "$port"
}

# Starts a capture into FILE.pcap: capture NAME QUERY [curl's OPTION]...; it
# has begun when this returns. The process of curl is ${captures[NAME]}.
declare -gA captures # load is a function: -g

capture() {
	local name=$1 query=$2
	shift 2
	# the file is also the sign that this capture runs, and no older one
	rm -f "$BATS_TEST_TMPDIR/$name.pcap"
	start "$name" "${isolated[@]}" curl -gsS -N --max-time 60 "$@" \
		-o "$BATS_TEST_TMPDIR/$name.pcap" \
		"http://127.0.0.1:$port/capture?$query"
	captures[$name]=${started[-1]}
	eventually has_header "$name"
}

# All 24 bytes, and no sentence of a refusal instead.
has_header() {
	local file=$BATS_TEST_TMPDIR/$1.pcap
	[ "$(stat -c %s "$file")" -ge 24 ] &&
		[[ "$(od -An -tx4 -N 4 "$file")" =~ a1b2(c3d4|3c4d) ]]
}

# Packets of a capture that match an expression.
packets() {
	local name=$1
	shift
	tcpdump -nr - "$@" <"$BATS_TEST_TMPDIR/$name.pcap" 2>/dev/null | wc -l
}

# has N NAME [EXPRESSION]...: as many packets have arrived, exactly.
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

# Ends a process of ours and keeps what it said.
exit_status() {
	ended=0
	wait "$1" || ended=$?
}

packet_sockets() {
	enter cat /proc/net/packet | tail -n +2 | wc -l
}

no_packet_sockets() {
	[ "$(packet_sockets)" -eq 0 ]
}

has_packet_sockets() {
	[ "$(packet_sockets)" -eq "$1" ]
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

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# The worker's own words so far.
said() {
	cat "$BATS_TEST_TMPDIR/worker.err"
}
