# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # BIN, OLD_BIN and more come from what is loaded
#
# Clients and workers of two versions, on top of helpers.bash, client.bash, and
# hosts.bash. "new" is today's version, in BIN; "old" is the one in OLD_BIN.
#
# The messages of the two versions may differ, so no test depends on one: they
# look at sockets, files, numbers, labels, and the exit status.

declare -gA folder_of=([old]=$OLD_BIN [new]=$BIN)
declare -gA other_than=([old]=new [new]=old)

worker_version= # of start_versions
port=8475       # of the workers that are started
runner=()       # a command that workers run under

setup() {
	need_capture_tools
	need curl
	need jq
}

# both_ways COMMAND...: runs it once with the old client and new workers, and
# once with the new client and old workers.
both_ways() {
	with_versions old new "$@"
	with_versions new old "$@"
}

# by_each_client COMMAND...: runs it with the old client, then with the new one;
# it starts workers of both versions by itself.
by_each_client() {
	with_versions old both "$@"
	with_versions new both "$@"
}

# with_versions CLIENT WORKERS COMMAND...: removes hosts and files after it.
with_versions() {
	echo "# $1 client, $2 workers:"
	DDUMP=${folder_of[$1]}/ddump
	worker_version=$2
	"${@:3}"
	remove_hosts
	hub=
	rm -rf "${BATS_TEST_TMPDIR:?}"/*
}

# start_version VERSION HOST [OPTION...]: starts a worker of that version.
start_version() {
	start_on "$2" "worker$2-$port" "${runner[@]}" \
		"${folder_of[$1]}/ddump-worker" -listen ":$port" "${@:3}"
	workers["$2"]=${started[-1]}
	eventually listens_on "$2" "$port"
}

# start_versions [OPTION...]: starts one of worker_version on every host.
start_versions() {
	local i
	for ((i = 1; i <= hosts; i++)); do
		start_version "$worker_version" "$i" "$@"
	done
}

# Starts both versions on the first host: the old one on port 8475, the new one
# on 8476.
start_old_and_new() {
	start_version old 1
	port=8476
	start_version new 1
	port=8475
}

# listens_on HOST PORT
listens_on() {
	[ -n "$(on "$1" ss -Htln "sport = :$2")" ]
}

# start_into FILE ARGUMENT...: starts the client, which writes to that file. The
# header is written as soon as every target has answered.
start_into() {
	at_bridge
	start_merge "${@:2}" -w "$BATS_TEST_TMPDIR/$1"
	merged=$BATS_TEST_TMPDIR/$1
	eventually test -s "$merged"
}

# start_capture_into FILE QUERY [OPTION...]: the same for a capture on all hosts.
start_capture_into() {
	targets_of "$2"
	start_into "$1" "${@:3}" "${targets[@]}"
}

# run_client FILE ARGUMENT...: runs the client to its end; sets status.
run_client() {
	at_bridge
	merge "${@:2}" -w "$BATS_TEST_TMPDIR/$1"
	merged=$BATS_TEST_TMPDIR/$1
}

# arrives_from HOST PORT: sends one more datagram; has any been captured?
arrives_from() {
	send_from "$1" 1 0 10.9.0.254 "$2"
	! file_has 0 udp port "$2"
}

# The packets of a file: link type, time, and all bytes.
packets_of() {
	tcpdump -nr - -tt --time-stamp-precision=nano -xx <"$1" 2>&1 |
		sed '1s/, snapshot length.*//'
}

# The same, and the names of their interfaces.
named_packets_of() {
	packets_of "$1"
	tshark -n -r "$1" -T fields -e frame.interface_name -e frame.len \
		2>/dev/null
}
