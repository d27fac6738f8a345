#!/usr/bin/env bats
# Requests that mean harm, systematically: each on a worker's process of its
# own, as systemd starts it. The tool looks at the answer, the log's line, the
# process' end, its time, CPU time and memory; the figures are printed.

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

# attack [OPTION] SET: all of the set, or of a large one every Nth.
attack() {
	enter "$TOOLS/hostile" "$@" "$WORKER" | sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

# A prime, so that every place gets other bytes.
attack_some() {
	local every=7
	[[ $BUILD != *sanitize* ]] || every=61
	HOSTILE_SHARE=${HOSTILE_SHARE:-$every} attack "$@"
}

@test "every byte at every place of a request" {
	attack_some bytes
}

@test "every byte in escapes" {
	attack_some escapes
}

@test "a request that is split, at every place" {
	attack splits
}

@test "what other parsers are known to read in another way" {
	attack shapes
}

@test "heads that are slow, long, or have no end" {
	attack sizes
}

@test "filters that are deep, long, or hard to compile" {
	# that memory ends is the point here, also for a sanitizer's own, which
	# tells; looking for leaks takes some, too
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

# Without a resolver's answer, and without one in the hardened unit.
@test "filters with names that resolve slowly or not at all" {
	no_resolver_answers
	attack names
}

@test "the same where the signals that end them are blocked" {
	no_resolver_answers
	isolated+=(env "--block-signal=ALRM,PROF")
	attack names
}

# As MemoryMax= of the unit: all that are under way at once share it here.
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

@test "where setrlimit is forbidden, the memory of the unit bounds filters" {
	# a sanitizer takes more by itself
	[[ $BUILD != *sanitize* ]] || return 0
	make_memory_limit
	(
		echo "$BASHPID" >"$cgroup/cgroup.procs"
		attack -no-setrlimit filters
	)
}
