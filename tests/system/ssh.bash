# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by what is loaded
#
# A real sshd with keys of its own, on top of helpers.bash. It runs in the
# network of "isolated", on loopback; its files are in the folder $keys.

keys=

make_keys() {
	keys=$(mktemp -d "${TMPDIR:-/tmp}/ddump-ssh.XXXXXX")
	ssh-keygen -q -t ed25519 -N '' -f "$keys/host"
	ssh-keygen -q -t ed25519 -N '' -f "$keys/user"
	cp "$keys/user.pub" "$keys/authorized_keys"
	sed -E 's/^([^ ]+ [^ ]+).*/[127.0.0.1]:2222,[::1]:2222 \1/' "$keys/host.pub" \
		>"$keys/known_hosts"
	cat >"$keys/config" <<-END
		Host fleet1 fleet2
			HostName 127.0.0.1
			Port 2222
		Host *
			User root
			IdentityFile $keys/user
			IdentitiesOnly yes
			UserKnownHostsFile $keys/known_hosts
			GlobalKnownHostsFile /dev/null
			StrictHostKeyChecking yes
	END
	cat >"$keys/sshd" <<-END
		Port 2222
		ListenAddress 127.0.0.1
		ListenAddress ::1
		HostKey $keys/host
		PidFile none
		AuthorizedKeysFile $keys/authorized_keys
		StrictModes no
		UsePAM no
		PasswordAuthentication no
		PermitRootLogin prohibit-password
	END
}

start_sshd() {
	mkdir -p /run/sshd
	start sshd "${isolated[@]}" "$(command -v sshd)" -D -e -f "$keys/sshd"
	eventually grep -q 'listening on' "$BATS_TEST_TMPDIR/sshd.err"
}
