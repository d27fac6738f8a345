# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by those who load this
#
# Containers with real systemd, for boot.bash of tests/fleet and tests/suite,
# which runs as the first process of new namespaces. Set before: run, a folder
# that has NAME/root for each container, and CGROUP, the cgroup of the run.

# nspawn uses the cgroup of process 1, so it has to be process 1 of a namespace.
# shellcheck disable=SC2016 # for that shell to expand
in_container='
	echo $$ >"$0/cgroup.procs"
	exec unshare -m -C -p -f --kill-child --mount-proc sh -ec "
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		exec \"\$@\"" sh "$@"'

# Mounts at run are not visible outside.
make_run() {
	mkdir -p "$run"
	mount -t tmpfs -o mode=755 ddf-hosts "$run"
}

# make_overlay NAME ROOT: a root whose changes are kept in memory.
make_overlay() {
	local dir=$run/$1
	mkdir -p "$dir/upper" "$dir/work" "$dir/root"
	mount -t overlay "ddf-$1" "$dir/root" -o \
		"lowerdir=$2,upperdir=$dir/upper,workdir=$dir/work"
	echo "$1" >"$dir/root/etc/hostname"
}

# boot NAME [OPTION]...: with more options for systemd-nspawn.
boot() {
	local dir=$run/$1
	mkdir "$CGROUP/$1"
	UNIFIED_CGROUP_HIERARCHY=1 sh -ec "$in_container" "$CGROUP/$1" \
		systemd-nspawn --quiet --keep-unit --register=no --boot \
		--machine="ddf-$1" --hostname="$1" -D "$dir/root" "${@:2}" \
		</dev/null >"$dir/console" 2>&1 &
	echo $! >"$dir/outer"
}

# The container's own process 1 is the grandchild of the started process.
find_leader() {
	local nspawn
	nspawn=$(pgrep -P "$(cat "$run/$1/outer")") &&
		pgrep -P "$nspawn" -x systemd >"$run/$1/leader"
}

inside() {
	nsenter -t "$(cat "$run/$1/leader")" -a env -u TMPDIR "${@:2}"
}

# A unit that cannot start in a container is ignored.
is_up() {
	local state
	[ -d "/proc/$(cat "$run/$1/outer")" ] && find_leader "$1" || return 1
	state=$(inside "$1" systemctl is-system-running --wait 2>/dev/null) ||
		true
	[[ $state == running || $state == degraded ]]
}

# A boot takes a second; a slow machine gets a minute.
await_boot() {
	local i
	for ((i = 0; i < 600; i++)); do
		! is_up "$1" || return 0
		sleep 0.1
	done
	echo "# $1 does not boot:"
	tail -n 20 "$run/$1/console"
	return 1
}
