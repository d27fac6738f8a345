#!/usr/bin/env bash
# Boots the hosts, administers them as README and ddump-worker(8) say, and runs
# the tests. In: FLEET and CGROUP, of tests/fleet/run, which started it as the
# first process of new namespaces. Out: the lines and the status of tests/run.
#
#     web1, web2   plain TCP with an access list
#     db1          nginx: TLS, client certificates, a unix socket
#     app1         as installed: loopback alone; reached by ssh
#     new1         nothing is installed yet
#     client       no host, but the namespace that ddump runs in
#
# Each is a network namespace at one bridge. The hosts are one root with an
# overlay each.
set -euo pipefail

hosts=(web1 web2 db1 app1 new1)
declare -A addresses=([client]=192.0.2.2 [web1]=192.0.2.21 [web2]=192.0.2.22
	[db1]=192.0.2.31 [app1]=192.0.2.41 [new1]=192.0.2.51)
declare -A interfaces=([client]=eth0 [web1]=eth0 [web2]=eth0 [db1]=ens3
	[app1]=eth0 [new1]=eth0)

run=$FLEET/hosts

# Whatever is mounted here nobody else sees.
make_places() {
	mkdir -p "$run"
	mount -t tmpfs -o mode=755 ddf-hosts "$run"
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

# The client's belongings: certificates, and an ssh that asks nothing.
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
	mkdir -p "$dir/upper" "$dir/work" "$dir/root"
	mount -t overlay "ddf-$1" "$dir/root" -o \
		"lowerdir=$FLEET/root,upperdir=$dir/upper,workdir=$dir/work"
	echo "$1" >"$dir/root/etc/hostname"
	cp "$run/names" "$dir/root/etc/hosts"
	systemd-id128 new >"$dir/root/etc/machine-id"
	cp -r build/packages/*.deb build/packages/next "$dir/root/root"
}

# nspawn takes the cgroup of process 1 for its own: hence it is one. bpf is for
# IPAddressDeny=.
# shellcheck disable=SC2016 # for that shell to expand
in_container='
	echo $$ >"$0/cgroup.procs"
	exec unshare -m -C -p -f --kill-child --mount-proc sh -ec "
		umount -R /sys/fs/cgroup
		mount -t cgroup2 cgroup2 /sys/fs/cgroup
		exec \"\$@\"" sh "$@"'

boot_host() {
	local dir=$run/$1
	mkdir "$CGROUP/$1"
	UNIFIED_CGROUP_HIERARCHY=1 sh -ec "$in_container" "$CGROUP/$1" \
		systemd-nspawn --quiet --keep-unit --register=no --boot \
		--machine="ddf-$1" --hostname="$1" -D "$dir/root" \
		--capability=CAP_BPF --system-call-filter=bpf \
		--network-namespace-path="/run/netns/ddf-$1" \
		</dev/null >"$dir/console" 2>&1 &
	echo $! >"$dir/outer"
}

# The container's own process 1 is the grandchild of what was started.
find_leader() {
	local nspawn
	nspawn=$(pgrep -P "$(cat "$run/$1/outer")") &&
		pgrep -P "$nspawn" -x systemd >"$run/$1/leader"
}

inside() {
	nsenter -t "$(cat "$run/$1/leader")" -a env -u TMPDIR "${@:2}"
}

is_up() {
	[ -d "/proc/$(cat "$run/$1/outer")" ] && find_leader "$1" &&
		inside "$1" systemctl is-system-running --wait 2>/dev/null |
		grep -qE 'running|degraded'
}

# Boots take a second; a slow machine gets a minute.
await_host() {
	local i
	for ((i = 0; i < 600; i++)); do
		! is_up "$1" || return 0
		sleep 0.1
	done
	echo "# $1 does not boot:"
	tail -n 20 "$run/$1/console"
	return 1
}

# readme HEADING: the first block of commands below a heading of README, which
# is for a server.
readme() {
	awk -v heading="$1" '
		$0 == heading { found = 1; next }
		found && /^#/ { exit }
		found && sub(/^    /, "") { block = 1; print; next }
		block { exit }' README.md
}

# follow HOST HEADING: does what README says, word by word, in /root. Who is
# root there has no sudo, and the list to be edited names our network already.
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
	follow "$1" '### A proxy with TLS and client certificates'
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
		follow "$name" '### Debian and Ubuntu'
	done
	follow web1 '### A network that you trust'
	follow web2 '### A network that you trust'
	set_up_proxy db1
	set_up_ssh app1
	follow app1 '### ssh: nothing to open'
}

# When something fails, it is the hosts that know why.
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
	await_host "$host"
done
set_up_all
echo "# ${#hosts[@]} hosts are up"

status=0
HOSTS=$run tests/run "${@:-tests/fleet}" || status=$?
[ "$status" -eq 0 ] || save_journals
exit "$status"
