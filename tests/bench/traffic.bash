# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # for the parts, and from lib.bash
#
# Functions of the parts that capture, on top of lib.bash: a host with a worker,
# and another one that floods it. All packets are sent on processor $sender;
# captures and their readers run on processor $taker.

ns=ddt-bench-$$
sender=0
taker=$(($(nproc) - 1))
host=(ip netns exec "$ns" taskset -c "$taker")
port=8475
small=66
# 66, 594 and 1514 bytes as 7 : 4 : 1, 363 bytes on average
mixed=66,66,594,66,594,66,1514,66,594,66,594,66

# Waits until the worker's ring is empty.
settle() { sleep 0.2; }

part_end() {
	ip netns del "$ns" 2>/dev/null || true
	ip netns del "$ns-sender" 2>/dev/null || true
}

# The only packets are the flood's: IPv6 would send its own.
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

# start_worker [OPTION...]: starts a worker in the host; $worker is its process.
start_worker() {
	DDUMP_MAX_FILTER=65536 start "${host[@]}" "$BIN/ddump-worker" \
		-listen "127.0.0.1:$port" "$@" \
		2>"$work/worker"
	worker=$!
	eventually grep -q 'listens on' "$work/worker"
}

# of FILE WORD: the number after a word.
of() { awk -v word="$2" '$1 == word { print $2 }' "$work/$1"; }

# divide A B [FORMAT]
divide() {
	awk -v a="$1" -v b="$2" -v format="${3:-%.1f}" \
		'BEGIN { printf format "\n", a / b }'
}

# cpu_of PROCESS...: their CPU time so far in ns, user and system.
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

# flood SIZES RATE COUNT: sets $sent, and in ns $wall and $paid, the time of its
# process, which includes the receiving kernel's.
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

# captures N: are there that many?
captures() { [ "$(wc -l <"/proc/$worker/net/packet")" -eq $(($1 + 1)) ]; }

has_begun() { grep -qs first "$work/$1"; }
has_ended() { grep -qs packets "$work/$1"; }

# ask PORT QUERY FILE: starts a reader of a worker's capture, which has begun
# when this returns.
ask() {
	rm -f "$work/$3"
	start "${host[@]}" "$TOOLS/drain" "$1" "$2" >"$work/$3"
	eventually has_begun "$3"
}

# begin worker QUERY, or begin COMMAND...: sets $captor, the capturing process.
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

# Sets $packets, the number of packets in the capture.
finish() {
	kill -TERM "$captor"
	eventually has_ended read
	eventually captures 0
	packets=$(of read packets)
}

# has_run: has the capture of $captor used CPU time since measure() looked?
has_run() { (($(cpu_of "$captor") > before)); }

# measure SIZES RATE COUNT CAPTURE...: floods a capture of begin(). Sets $cpu,
# the ns that its process took, and the results of flood() and finish().
measure() {
	local before flooding=("$1" "$2" "$3")
	shift 3
	begin "$@"
	before=$(cpu_of "$captor")
	flood "${flooding[@]}"
	settle
	eventually has_run
	cpu=$(($(cpu_of "$captor") - before))
	finish
}
