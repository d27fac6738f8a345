# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # WORKER and more come from helpers.bash
#
# Several hosts, on top of helpers.bash and client.bash: network namespaces
# around a bridge. The client runs at the bridge, on 10.9.0.254; host N is
# 10.9.0.N, its namespace is $fleet-N.

fleet=
hosts=0
declare -gA workers # by host, the listening process

# With a journal nothing goes to stderr: the workers must not find the host's.
hidden_journal='[ ! -d /run/systemd/journal ] ||
	mount -t tmpfs none /run/systemd/journal; exec "$@"'

# make_fleet COUNT: that many hosts, each with an interface "eth0".
make_fleet() {
	local i
	fleet=ddt-$$-$BATS_TEST_NUMBER
	ip netns add "$fleet"
	ip -n "$fleet" link set lo up
	ip -n "$fleet" link add bridge type bridge
	ip -n "$fleet" address add 10.9.0.254/24 dev bridge
	ip -n "$fleet" link set bridge up
	for ((i = 1; i <= $1; i++)); do
		make_host "$i" "${interface_of[i]:-eth0}"
	done
}

# Interfaces of all hosts have this index, whatever their name.
same_index=77
declare -ga interface_of # of a host, before make_fleet

make_host() {
	ip netns add "$fleet-$1"
	hosts=$1
	ip -n "$fleet-$1" link set lo up
	ip -n "$fleet-$1" link add "$2" index "$same_index" type veth \
		peer name "port$1" netns "$fleet"
	ip -n "$fleet-$1" address add "10.9.0.$1/24" dev "$2"
	ip -n "$fleet" link set "port$1" master bridge
	ip -n "$fleet" link set "port$1" up
	ip -n "$fleet-$1" link set "$2" up
}

remove_fleet() {
	local i
	stop_all
	[ -n "$fleet" ] || return 0
	for ((i = 1; i <= hosts; i++)); do
		ip netns del "$fleet-$i" || true
	done
	ip netns del "$fleet"
}

# on HOST COMMAND...: in a host's namespace; "hub" is the client's.
on() {
	local host=$fleet-$1
	[ "$1" != hub ] || host=$fleet
	shift
	ip netns exec "$host" "$@"
}

# start_on HOST NAME COMMAND...: the same in the background. The id is the
# command's own: ip and sh replace themselves.
start_on() {
	local host=$fleet-$1 name=$2
	[ "$1" != hub ] || host=$fleet
	shift 2
	start "$name" ip netns exec "$host" sh -c "$hidden_journal" sh "$@"
}

# start_worker HOST [COMMAND...]: that runs the worker, if any.
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

# A crash of the whole host, as far as it goes: nothing is said any more.
kill_worker() {
	local all
	mapfile -t all < <(pgrep -P "${workers[$1]}")
	kill -KILL "${workers[$1]}" "${all[@]}"
	wait "${workers[$1]}" 2>/dev/null || true
}

# targets QUERY: an argument for each host, labelled h1, h2 and so on.
targets_of() {
	local i
	targets=()
	for ((i = 1; i <= hosts; i++)); do
		targets+=("h$i=http://10.9.0.$i/capture?$1")
	done
}

# The client's command line runs at the bridge.
at_bridge() {
	under=(ip netns exec "$fleet")
}

# send_from HOST COUNT RATE ADDRESS PORT [SIZE]
send_from() {
	on "$1" "$TOOLS/udp_send" "$2" "${6:-100}" "$3" "$4" "$5"
}

# Asks the client how it is going, and waits for the answer.
ask_counts() {
	local before
	before=$(grep -c ' packets of [0-9]* target' "$said" || true)
	kill -USR1 "$client"
	eventually said_more_than "$before"
}

said_more_than() {
	[ "$(grep -c ' packets of [0-9]* target' "$said")" -gt "$1" ]
}

# counts_say PATTERN: asks, and a line of the answer is like this.
counts_say() {
	ask_counts && tail -n $((hosts + 1)) "$said" | grep -q "$1"
}

# file_has N [EXPRESSION]: so many packets of what was written match, exactly.
file_has() {
	local count=$1
	shift
	[ "$(tcpdump -nr - "$@" <"$merged" 2>/dev/null | wc -l)" -eq "$count" ]
}

# Fields of the packets that were written, one packet a line.
fields() {
	local field options=()
	for field in "$@"; do
		options+=(-e "$field")
	done
	tshark -n -r "$merged" -T fields "${options[@]}" 2>/dev/null
}

# What capinfos shows as comments.
comments() {
	capinfos -k "$merged"
}
