#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# boot.bash ROOT STEP: boots a container and runs one step of tests/suite/run in
# it, which has started it as the first process of new namespaces. PLACE is the
# folder that is kept, CGROUP the cgroup of the run.
#
# The step "deps" changes ROOT itself and has the machine's network; the others
# keep their changes in memory, and have no network but loopback.
set -euo pipefail

root=$1 step=$2
run=$PLACE/run
. tests/tools/container.bash

# The container needs the rights that tests need: networks, mounts, tracing.
free=(--capability=all --system-call-filter=@debug
	--system-call-filter=@mount --system-call-filter=bpf)

# in_suite COMMAND...: with the environment of a login, and CI=true.
in_suite() {
	inside suite env -i HOME=/root TERM=dumb \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		${strict:+CI=true} "$@"
}

# The tracked files as they are, as a repository, because make dist needs git.
copy_tree() {
	mkdir -p "$run/suite/root/root/ddump"
	git ls-files -z | tar --null --files-from=- -c |
		tar -x --no-same-owner -C "$run/suite/root/root/ddump"
}

# Tests need an address besides loopback's, as each host has one.
add_address() {
	inside suite ip link add suite0 type veth peer name suite1
	inside suite ip address add 192.0.2.1/24 dev suite0
	inside suite ip link set suite0 up
	inside suite ip link set suite1 up
}

make_repository='
	cd /root/ddump
	git init -q
	git add -A
	git -c user.name=suite -c user.email=suite@localhost commit -qm suite'

step_deps() {
	mkdir -p "$run/suite"
	ln -s "$root" "$run/suite/root"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	copy_tree
	boot suite
	await_boot suite
	in_suite make -C /root/ddump deps
	in_suite apt-get clean
	in_suite rm -rf /root/ddump
}

step_werror() {
	local compiler flags
	for compiler in clang gcc "gcc -flto=auto"; do
		echo "# $compiler"
		read -r compiler flags <<<"$compiler"
		in_suite make -C /root/ddump -j"$(nproc)" CC="$compiler" \
			CFLAGS="-O2 -g -Werror $flags" all
	done
}

step_lint() {
	in_suite make -C /root/ddump lint
}

step_unit() {
	in_suite make -C /root/ddump -j"$(nproc)" check PARTS="unit fuzz"
}

step_root() {
	in_suite make -C /root/ddump -j"$(nproc)" check PARTS="${PARTS:-}"
}

# What tshark can do differs between Debian's versions.
step_wireshark() {
	in_suite make -C /root/ddump -j"$(nproc)" check-root \
		PARTS="tests/system/wireshark.bats tests/system/wireshark_lua.bats"
}

# Tests that need root are skipped there.
step_user() {
	in_suite useradd --create-home --shell /bin/bash tester
	in_suite chmod 700 /home/tester
	in_suite cp -r /root/ddump /home/tester/ddump
	in_suite chown -R tester: /home/tester/ddump
	strict='' in_suite runuser -l tester -c \
		"make -C ddump -j$(nproc) check PARTS='${PARTS:-}'"
}

step_packages() {
	in_suite make -C /root/ddump build/packages/built \
		build/packages/next/built
	rm -rf "$PLACE/packages"
	cp -r "$run/suite/root/root/ddump/build/packages" "$PLACE/packages"
	in_suite make -C /root/ddump check-packages
}

strict=true
make_run
if [ "$step" = deps ]; then
	step_deps
	exit
fi
ip link set lo up
make_overlay suite "$root"
copy_tree
boot suite --private-network "${free[@]}"
await_boot suite
add_address
in_suite sh -ec "$make_repository"
"step_$step"
