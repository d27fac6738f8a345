# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used, and set, by those who load this
#
# Functions of tests/fleet/run and tests/suite/run: namespaces that end with all
# their processes, and a Debian root by debootstrap.
#
# Set before it is loaded: cage_name, for the lines of results. Afterwards call
# start_cage, which sets "trap clean_up EXIT".
cgroup=
child=

# A skipped test counts as failed in CI.
skip() {
	if [ "${CI:-}" = true ]; then
		echo "not ok - $cage_name: $1"
		echo "0 passed, 1 failed"
		exit 1
	fi
	echo "ok - $cage_name # skip $1"
	echo "0 passed, 0 failed"
	exit 0
}

# need_all PROGRAM...: skips unless they exist and this is root.
need_all() {
	local program
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	for program; do
		command -v "$program" >/dev/null || skip "needs $program"
	done
}

# A run that was killed leaves its cgroups: empty, but still there.
remove_cgroups_before() {
	local old
	for old in "$1"/ddf-*; do
		[ ! -d "$old" ] || [ -d "/proc/${old##*-}" ] ||
			find "$old" -depth -type d -exec rmdir {} +
	done
}

# A cgroup of this run, below ours. Memory and CPU are only counted if the
# machine has these controllers in cgroup2.
make_cgroup() {
	local top own controller
	top=$(findmnt -n -t cgroup2 -o TARGET | tail -n 1)
	[ -n "$top" ] || skip "needs cgroup2"
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	remove_cgroups_before "$top${own%/}"
	cgroup=$top${own%/}/ddf-$$
	mkdir "$cgroup" 2>/dev/null || { cgroup=; skip "needs a cgroup"; }
	for controller in cpu memory pids; do
		echo "+$controller" 2>/dev/null \
			>"$cgroup/cgroup.subtree_control" || true
	done
	mkdir "$cgroup/tests"
}

is_empty() {
	grep -q '^populated 0' "$cgroup/cgroup.events"
}

# Kills the processes in the run's cgroup, and removes the cgroups below it
# except "tests".
empty_cgroup() {
	until is_empty; do
		echo 1 2>/dev/null >"$cgroup/cgroup.kill" || true
		sleep 0.05
	done
	find "$cgroup" -mindepth 1 -depth -type d ! -path "$cgroup/tests" \
		-exec rmdir {} +
}

# Runs a command to its end in namespaces of its own, in which it is process 1;
# the arguments before "--" are more options for unshare. It ends with this
# script, even by SIGKILL. The kernel ends its processes a moment later, so wait
# for them and their cgroups before the next one.
cage() {
	local options=() status=0
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2016 # for that shell to expand
	sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$cgroup/tests" \
		setpriv --pdeathsig KILL unshare --pid --fork --kill-child \
		--mount --mount-proc "${options[@]}" "$@" </dev/null &
	child=$!
	wait "$child" || status=$?
	child=
	empty_cgroup
	return "$status"
}

# kill ends the first process, the kernel the others, a moment later.
clean_up() {
	trap '' INT TERM HUP
	[ -z "$child" ] || { kill -KILL "$child" && wait "$child"; } 2>/dev/null ||
		true
	if [ -n "$cgroup" ]; then
		empty_cgroup
		rmdir "$cgroup/tests" "$cgroup"
	fi
	rm -rf "$place"/root.new.*
}

# start_cage FOLDER: for roots and logs, which are kept between runs.
start_cage() {
	place=$1
	mkdir -p "$place"
	trap clean_up EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	make_cgroup
}

# The mirror in the configuration of this machine's apt.
find_mirror() {
	local form="\$(SITE)"
	mirror=$(apt-get indextargets --format "$form" "Created-By: Packages" \
		"Release: $1" "Component: main" 2>/dev/null |
		head -n 1) || true
	: "${mirror:=http://deb.debian.org/debian}"
	eval "$(apt-config shell proxy Acquire::http::Proxy 2>/dev/null)"
	[ -z "${proxy:-}" ] || export http_proxy=$proxy
}

# make_root SUITE PACKAGES ROOT [OPTION]...: by debootstrap; its output is in
# debootstrap.log. For an unknown suite the script of unstable is used.
make_root() {
	local suite=$1 packages=$2 root=$3 script=()
	shift 3
	[ -e "/usr/share/debootstrap/scripts/$suite" ] ||
		script=(/usr/share/debootstrap/scripts/sid)
	find_mirror "$suite"
	mkdir -p "$root"
	cage -- debootstrap --variant=minbase --include="$packages" "$@" "$suite" \
		"$root" "$mirror" "${script[@]}" \
		>"$place/debootstrap.log" 2>&1 || {
		tail -n 5 "$place/debootstrap.log"
		return 1
	}
}
