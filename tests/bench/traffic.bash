# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # for the parts, and from lib.bash
#
# What the parts that capture share, on top of lib.bash: a host with a worker,
# and another one that floods it. All packets come from processor $sender;
# captures, and who reads them, run on processor $taker.

ns=ddt-bench-$$
sender=0
taker=$(($(nproc) - 1))
host=(ip netns exec "$ns" taskset -c "$taker")
port=8475
small=66
# 66, 594 and 1514 bytes as 7 : 4 : 1, 363 bytes on the average
mixed=66,66,594,66,594,66,1514,66,594,66,594,66
settle=0.2 # s: what is in a worker's ring leaves sooner

part_end() {
	ip netns del "$ns" 2>/dev/null || true
	ip netns del "$ns-sender" 2>/dev/null || true
}

# No packet but the flood's: IPv6 would add its own.
make_network() {
	local name
	if [ "$(id -u)" -ne 0 ]; then
		echo "needs root" >&2
		exit 1
	fi
	for name in "$ns" "$ns-sender"; do
		ip netns add "$name"
		ip netns exec "$name" sysctl -qw \
			net.ipv6.conf.all.disable_ipv6=1 \
			net.ipv6.conf.default.disable_ipv6=1
		ip -n "$name" link set lo up
	done
	ip -n "$ns" link add in type veth peer out netns "$ns-sender"
	ip -n "$ns" link set in up
	ip -n "$ns-sender" link set out up
}

# $worker listens in the host.
start_worker() {
	start "${host[@]}" "$BIN/ddump-worker" -listen "127.0.0.1:$port" \
		2>"$work/worker"
	worker=$!
	eventually grep -q 'listens on' "$work/worker"
}

# of FILE WORD: the number behind a word.
of() { awk -v word="$2" '$1 == word { print $2 }' "$work/$1"; }

# divide A B [FORMAT]
divide() {
	awk -v a="$1" -v b="$2" -v format="${3:-%.1f}" \
		'BEGIN { printf format "\n", a / b }'
}

# cpu_of PROCESS...: ns that they took so far, user and system.
cpu_of() {
	local process files=()
	for process in "$@"; do
		files+=("/proc/$process/task"/*/schedstat)
	done
	cat "${files[@]}" | awk '{ ns += $1 } END { printf "%.0f\n", ns }'
}

arrived() {
	ip netns exec "$ns" cat /sys/class/net/in/statistics/rx_packets
}

# flood SIZES RATE COUNT: sets $sent, and in ns $wall and $paid, what its
# process and so the receiving kernel took.
flood() {
	local before
	before=$(arrived)
	ip netns exec "$ns-sender" taskset -c "$sender" "$TOOLS/flood" out \
		"$@" >"$work/flood"
	sent=$(of flood sent)
	wall=$(of flood wall)
	paid=$(of flood cpu)
	if (($(arrived) - before != sent)); then
		echo "the flood did not arrive as a whole" >&2
		return 1
	fi
}

# children PROCESS
children() { tr ' ' '\n' <"/proc/$1/task/$1/children"; }

# captures N: are there so many?
captures() { [ "$(wc -l <"/proc/$worker/net/packet")" -eq $(($1 + 1)) ]; }

has_begun() { grep -qs first "$work/$1"; }
has_ended() { grep -qs packets "$work/$1"; }

# ask PORT QUERY FILE: a reader of a worker's capture, which has begun.
ask() {
	rm -f "$work/$3"
	start "${host[@]}" "$TOOLS/drain" "$1" "$2" >"$work/$3"
	eventually has_begun "$3"
}

# begin worker QUERY, or begin COMMAND...: sets $captor, the process.
begin() {
	if [ "$1" = worker ]; then
		ask "$port" "$2" read
		captor=$(children "$worker")
	else
		rm -f "$work/read"
		start "${host[@]}" "$@" 2>"$work/said" > >(
			exec taskset -c "$taker" "$TOOLS/drain" >"$work/read")
		captor=$!
		eventually captures 1
	fi
	sleep 0.3
}

# Sets $packets, that the capture had.
finish() {
	kill -TERM "$captor"
	eventually has_ended read
	eventually captures 0
	packets=$(of read packets)
}

# measure SIZES RATE COUNT CAPTURE...: floods what begin() begins. Sets $cpu,
# ns that its process took, and what flood() and finish() set.
measure() {
	local before flooding=("$1" "$2" "$3")
	shift 3
	begin "$@"
	before=$(cpu_of "$captor")
	flood "${flooding[@]}"
	sleep "$settle"
	cpu=$(($(cpu_of "$captor") - before))
	finish
}
