# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the scripts that load this
#
# What the soak tests share: namespaces of their own, a folder that goes with
# them, and results. Everything ends with the first process of the namespaces,
# the script. A script loads this with its own arguments.

if [ "${1:-}" != inside ]; then
	[ "$(id -u)" -eq 0 ] || {
		echo "$0 needs root" >&2
		exit 1
	}
	exec setpriv --pdeathsig KILL unshare --pid --fork --kill-child \
		--mount --mount-proc --net "$0" inside
fi

# Background processes may write there until they are dead.
clean_up() {
	local pid
	for pid in $(jobs -p); do
		kill -KILL "$pid"
	done 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}

work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 1' INT TERM HUP
passed=0
failed=0

# The workers must not find the host's journal.
make_place() {
	ip link set lo up
	[ ! -d /run/systemd/journal ] ||
		mount -t tmpfs none /run/systemd/journal
}

# ok WHAT COMMAND...
ok() {
	local what=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok - $what"
	else
		failed=$((failed + 1))
		echo "not ok - $what"
	fi
}

print_result() {
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ]
}

# is_flat BEFORE NOW [MORE]: has a value grown by no more than that?
is_flat() {
	[ "$2" -le $(($1 + ${3:-0})) ] || {
		echo "# it was $1, and is $2"
		return 1
	}
}

# KiB of a process
memory() {
	awk '/^VmRSS/ { print $2 }' "/proc/$1/status"
}

descriptors() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

# lines FILE: of a file in the folder, which may not exist yet
lines() {
	wc -l 2>/dev/null <"$work/$1" || echo 0
}
