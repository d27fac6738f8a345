#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Malicious requests, systematically: each for a worker process of its own, as
# under systemd. The tool checks the response, the log line, the exit status,
# time, CPU time, and memory, and prints the maximum of each.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
bats_require_minimum_version 1.5.0

setup() {
	need_root
	make_network
	cgroup=
}

teardown() {
	remove_network
	[ -z "$cgroup" ] || rmdir "$cgroup"
}

# attack [OPTION] SET: sends the whole set, or every Nth request of a large one.
attack() {
	enter "$TOOLS/hostile" "$@" "$WORKER" | sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

# A prime, so that every position gets other bytes.
attack_some() {
	local every=7
	[[ $BUILD != *sanitize* ]] || every=61
	HOSTILE_SHARE=${HOSTILE_SHARE:-$every} attack "$@"
}

@test "every byte value at every position of a request: valid response or disconnect" {
	attack_some bytes
}

@test "every byte value as an escape: valid response or disconnect" {
	attack_some escapes
}

@test "a request split at every position: the same response" {
	attack splits
}

@test "requests that HTTP parsers are known to disagree on: rejected" {
	attack shapes
}

@test "request heads that are slow, long, or endless: bounded time and memory" {
	attack sizes
}

@test "filters that are deep, long, or hard to compile: bounded time and memory" {
	# memory runs out on purpose, also for a sanitizer, which would report
	# it; its search for leaks needs memory, too
	local told=$BATS_TEST_TMPDIR/told
	export ASAN_OPTIONS=allocator_may_return_null=1:detect_leaks=0
	ASAN_OPTIONS+=:log_path=$told
	attack filters
	run ! grep -h AddressSanitizer "$told".*
}

no_resolver_answers() {
	printf '%s\n' 'nameserver 127.0.0.1' 'options timeout:20' \
		>"$BATS_TEST_TMPDIR/resolv.conf"
	# shellcheck disable=SC2016 # it is the inner shell's
	isolated+=(unshare -m sh -c 'mount --bind "$0" /etc/resolv.conf &&
		exec "$@"' "$BATS_TEST_TMPDIR/resolv.conf")
}

# With a resolver that does not answer, and without one in the hardened unit.
@test "filters with names that resolve slowly or not at all: bounded time" {
	no_resolver_answers
	attack names
}

@test "the same filters with the signals of the limits blocked: bounded time" {
	no_resolver_answers
	isolated+=(env "--block-signal=ALRM,PROF")
	attack names
}

# Like MemoryMax= of the unit: all processes share it here.
make_memory_limit() {
	local limit=$((64 << 20))
	if [ -d /sys/fs/cgroup/memory ]; then
		cgroup=/sys/fs/cgroup/memory/ddump-test-$$
		mkdir "$cgroup"
		echo $limit >"$cgroup/memory.limit_in_bytes"
	elif grep -qw memory /sys/fs/cgroup/cgroup.subtree_control; then
		cgroup=/sys/fs/cgroup/ddump-test-$$
		mkdir "$cgroup"
		echo $limit >"$cgroup/memory.max"
	else
		skip "needs a cgroup for memory"
	fi
}

@test "filters where setrlimit is forbidden: bounded by the memory of the unit" {
	# a sanitizer needs more memory itself
	[[ $BUILD != *sanitize* ]] || return 0
	make_memory_limit
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		attack -no-setrlimit filters
	)
}
