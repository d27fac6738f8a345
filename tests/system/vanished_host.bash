# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2153,SC2154 # WORKER and more come from helpers.bash
#
# A host that vanishes without a word: no FIN, no RST, and the link of the
# others stays up. It takes both programs most of a minute to be sure, so it
# begins when a file of tests does, and the last test looks at what came of it.
#
#     gone-PID          a bridge, 10.3.0.1; what stays
#     gone-PID-peer     10.3.0.2 behind it; what vanishes
#
# A worker and clients on either side: their files are in BATS_FILE_TMPDIR.

gone=

# away COMMAND...: on the host that will vanish.
away() {
	ip netns exec "$gone-peer" "$@"
}

here() {
	ip netns exec "$gone" sh -c "$without_journal" sh "$@"
}

make_gone() {
	gone=gone-$$
	ip netns add "$gone"
	ip netns add "$gone-peer"
	ip -n "$gone" link set lo up
	ip -n "$gone" link add bridge type bridge
	local i
	for i in a b; do
		ip -n "$gone" link add "v$i" type veth peer "p$i" \
			netns "$gone-peer"
		ip -n "$gone" link set "v$i" master bridge up
		ip -n "$gone-peer" link set "p$i" up
	done
	ip -n "$gone" address add 10.3.0.1/24 dev bridge
	ip -n "$gone" link set bridge up
	ip -n "$gone-peer" address add 10.3.0.2/24 dev pa
}

# run_in_file NAME COMMAND...: in the background, until the file's end.
run_in_file() {
	local name=$1
	shift
	"$@" >"$BATS_FILE_TMPDIR/$name.out" 2>"$BATS_FILE_TMPDIR/$name.err" \
		3>&- 4>&- </dev/null &
}

begin_capture() {
	local name=$1
	shift
	run_in_file "$name" away curl -gsN "http://10.3.0.1:8475/capture?$1"
	eventually test -s "$BATS_FILE_TMPDIR/$name.out"
}

# Clients that stay when their worker vanishes; they print how long they ran.
begin_client() {
	# shellcheck disable=SC2016 # for that shell to expand
	run_in_file "$1" here bash -c '"$@"; echo "$? $SECONDS"' bash \
		"$DDUMP" "10.3.0.2?filter=icmp&format=$2" -w /dev/null
	eventually grep -q 'capturing on 1' "$BATS_FILE_TMPDIR/$1.err"
}

# Does much data wait for the client that does not read?
is_stuck() {
	ip netns exec "$gone" ss -Htn 'sport = :8475' | awk '
		$3 > 100000 { found = 1 } END { exit !found }'
}

has_more_than() {
	[ "$(stat -c %s "$BATS_FILE_TMPDIR/$2.out")" -gt "$1" ]
}

# Clients of each kind vanish, and so does a worker of other clients.
vanish() {
	make_gone
	run_in_file here here "$WORKER" -ring 2 -listen :8475
	run_in_file away ip netns exec "$gone-peer" sh -c "$without_journal" \
		sh "$WORKER" -ring 2 -listen :8475
	eventually grep -q 'listens on' "$BATS_FILE_TMPDIR/here.err"
	eventually grep -q 'listens on' "$BATS_FILE_TMPDIR/away.err"
	run_in_file crowd away "$TOOLS/crowd" -stuck 1 10.3.0.1 8475 \
		$'GET /capture?filter=port+4713 HTTP/1.0\r\n\r\n'
	begin_client client_silent pcap
	begin_client client_watermarks pcapng
	here "$TOOLS/udp_send" 300 60000 0 127.0.0.1 4713
	eventually is_stuck
	begin_capture silent filter=icmp
	begin_capture watermarks 'filter=icmp&format=pcapng'
	begin_capture traffic 'filter=port+4712'
	run_in_file udp here "$TOOLS/udp_send" 10000 100 100 127.0.0.1 4712
	eventually has_more_than 1000 traffic
	ip -n "$gone" link set va down
	echo "$gone" >"$BATS_FILE_TMPDIR/gone"
}

# A process in a network namespace keeps it after its name is deleted.
remove_gone() {
	local name pid
	for name in "gone-$$" "gone-$$-peer"; do
		[ -e "/run/netns/$name" ] || continue
		for pid in $(ip netns pids "$name"); do
			kill "$pid" 2>/dev/null || true
		done
		ip netns del "$name"
	done
}
