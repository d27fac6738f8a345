#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Boots the hosts, sets them up as README and ddump-worker(8) describe, and runs
# the tests. In: FLEET and CGROUP, from tests/fleet/run, which started it as the
# first process of new namespaces. Out: the output and the status of tests/run.
#
#     web1, web2   plain TCP with an access list
#     db1          nginx: TLS, client certificates, a unix socket
#     app1         as installed: loopback only; reached by ssh
#     new1         nothing is installed yet
#     client       not a host, only the namespace in which ddump runs
#
# Each is a network namespace at one bridge. All hosts share one root file
# system, each with an overlay.
set -euo pipefail

hosts=(web1 web2 db1 app1 new1)
declare -A addresses=([client]=192.0.2.2 [web1]=192.0.2.21 [web2]=192.0.2.22
	[db1]=192.0.2.31 [app1]=192.0.2.41 [new1]=192.0.2.51)
declare -A interfaces=([client]=eth0 [web1]=eth0 [web2]=eth0 [db1]=ens3
	[app1]=eth0 [new1]=eth0)

run=$FLEET/hosts
. tests/tools/container.bash

make_places() {
	make_run
	mount -t tmpfs ddf-netns /run/netns 2>/dev/null ||
		{ mkdir -p /run/netns && mount -t tmpfs ddf-netns /run/netns; }
	mkdir "$run/tmp" "$run/client"
	export TMPDIR=$run/tmp
}

make_names() {
	local name
	{
		echo 127.0.0.1 localhost
		for name in "${!addresses[@]}"; do
			echo "${addresses[$name]} $name"
		done
	} >"$run/names"
	mount --bind "$run/names" /etc/hosts
}

make_network() {
	local name
	ip link set lo up
	ip link add name ddf-bridge type bridge
	ip link set ddf-bridge up
	for name in client "${hosts[@]}"; do
		make_namespace "$name" "${interfaces[$name]}"
	done
}

make_namespace() {
	ip netns add "ddf-$1"
	ip -n "ddf-$1" link set lo up
	ip link add "port-$1" type veth peer name "$2" netns "ddf-$1"
	ip link set "port-$1" master ddf-bridge up
	ip -n "ddf-$1" address add "${addresses[$1]}/24" dev "$2"
	ip -n "ddf-$1" link set "$2" up
}

# make_certificate NAME EXTENSION: signed by our authority.
make_certificate() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr"
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days 2 \
		-extfile <(echo "$2") -out "$1.pem"
}

# The client's files: certificates, and a configuration of ssh without prompts.
make_secrets() {
	cd "$run/client"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=fleet -days 2 -keyout ca.key -out ca.pem
	make_certificate db1 subjectAltName=DNS:db1
	make_certificate me extendedKeyUsage=clientAuth
	ssh-keygen -q -t ed25519 -N '' -f id
	cat >ssh_config <<-END
		User ops
		IdentityFile $run/client/id
		IdentitiesOnly yes
		UserKnownHostsFile $run/client/known_hosts
		StrictHostKeyChecking accept-new
	END
	mount --bind ssh_config /etc/ssh/ssh_config
	cd "$OLDPWD"
}

# make_host NAME: its files, with our packages in /root, to be installed.
make_host() {
	local dir=$run/$1
	make_overlay "$1" "$FLEET/root"
	cp "$run/names" "$dir/root/etc/hosts"
	systemd-id128 new >"$dir/root/etc/machine-id"
	cp -r "$DEBS"/*.deb "$DEBS/next" "$dir/root/root"
}

# bpf is for IPAddressDeny=.
boot_host() {
	boot "$1" --capability=CAP_BPF --system-call-filter=bpf \
		--network-namespace-path="/run/netns/ddf-$1"
}

# readme HEADING: the first block of commands below a heading of README that is
# for a server.
readme() {
	awk -v heading="$1" '
		$0 == heading { found = 1; next }
		found && /^#/ { exit }
		found && sub(/^    /, "") { block = 1; print; next }
		block { exit }' README.md
}

# follow HOST HEADING: runs the commands of README unchanged, in /root. The
# hosts have no sudo, and the list to be edited already has our network.
follow() {
	local commands
	commands=$(readme "$2")
	[ -n "$commands" ]
	inside "$1" sh -exc "cd /root; sudo() { \"\$@\"; }; sudoedit() { :; }
		$commands" >>"$FLEET/setup.log" 2>&1
}

set_up_proxy() {
	local home=$run/$1/root/root
	cp "$run/client/ca.pem" "$home/clients.crt"
	cp "$run/client/$1.pem" "$home/server.crt"
	cp "$run/client/$1.key" "$home/server.key"
	follow "$1" '### Through a proxy with TLS and client certificates'
}

set_up_ssh() {
	local home=$run/$1/root/home/ops
	inside "$1" useradd -m ops
	mkdir -m 700 "$home/.ssh"
	cp "$run/client/id.pub" "$home/.ssh/authorized_keys"
	inside "$1" chown -R ops:ops /home/ops/.ssh
}

set_up_all() {
	local name
	: >"$FLEET/setup.log"
	for name in web1 web2 db1 app1; do
		follow "$name" '## Install'
	done
	follow web1 '### Over a network that you trust'
	follow web2 '### Over a network that you trust'
	set_up_proxy db1
	set_up_ssh app1
	follow app1 '### Over ssh'
}

# After a failure, the logs of the hosts show the reason.
save_journals() {
	local name
	for name in "${hosts[@]}"; do
		inside "$name" journalctl --no-pager >"$FLEET/$name.journal" ||
			true
	done
	echo "# the hosts' journals are in $FLEET"
}

make_places
make_names
make_network
make_secrets >"$FLEET/secrets.log" 2>&1
for host in "${hosts[@]}"; do
	make_host "$host"
	boot_host "$host"
done
for host in "${hosts[@]}"; do
	await_boot "$host"
done
set_up_all
echo "# ${#hosts[@]} hosts are up"

status=0
HOSTS=$run tests/run "${@:-tests/fleet}" || status=$?
[ "$status" -eq 0 ] || save_journals
exit "$status"
