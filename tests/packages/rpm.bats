#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ddump.spec, built by this machine's rpm, against the Debian packages: both
# install the same.

# shellcheck disable=SC2154 # set by what is loaded
load ../system/helpers
load packages

setup_file() {
	load packages
	! command -v rpmbuild >/dev/null || build_rpms
}

setup() {
	need rpmbuild
	need dpkg-deb
}

# This machine is not Fedora: hence without dependencies.
build_rpms() {
	env -u MAKEFLAGS -u MAKELEVEL rpmbuild --nodeps \
		--load tests/packages/fedora.macros \
		--define "_topdir $BATS_FILE_TMPDIR" -ta "$tarball" \
		>"$BATS_FILE_TMPDIR/log" 2>&1 || {
		tail -n 30 "$BATS_FILE_TMPDIR/log"
		return 1
	}
}

rpm_of() {
	echo "$BATS_FILE_TMPDIR"/RPMS/*/"$1-$version"-*.rpm
}

@test "rpmlint: no finding" {
	need rpmlint
	run rpmlint -c tests/packages/rpmlint.toml rpm/ddump.spec \
		"$BATS_FILE_TMPDIR"/SRPMS/*.rpm \
		"$(rpm_of ddump)" "$(rpm_of ddump-worker)"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == *" 0 errors, 0 warnings, "* ]]
}

@test "files and modes: those of the Debian packages" {
	local name
	for name in "${names[@]}"; do
		diff <(dpkg-deb -c "$(deb "$name")" | agreed_files) \
			<(rpm -qlvp "$(rpm_of "$name")" | agreed_files)
	done
	# the manual names the folder of the examples
	for name in nginx.conf ddump-worker.socket.d/network.conf; do
		rpm -qlp "$(rpm_of ddump-worker)" | grep -qx \
			"/usr/share/doc/ddump-worker/examples/$name"
	done
}

# Debian's packages for the libraries that an rpm needs.
needed_by() {
	rpm -qp --requires "$(rpm_of "$1")" | sed -n 's/^\(lib.*\.so[^(]*\)(.*/\1/p' |
		sort -u | while read -r library; do
		dpkg -S "*/$library" | sed -n 's/:.*//p' | head -n 1
	done | sort -u
}

depends_of() {
	dpkg-deb -f "$(deb "$1")" Depends | tr , '\n' |
		sed 's/^ *//; s/ .*//' | sort -u
}

@test "libraries: those of the Debian packages" {
	local name
	for name in "${names[@]}"; do
		diff <(depends_of "$name") <(needed_by "$name")
	done
}

# pkg-config's NAME.pc and the -dev package of Debian; libpcap's is for any
# version of it.
@test "build dependencies: those of the Debian packages" {
	local module
	rpm -qp --requires "$BATS_FILE_TMPDIR"/SRPMS/*.rpm |
		sed -n 's/^pkgconfig(\(.*\)).*/\1/p' >"$BATS_TEST_TMPDIR/modules"
	while read -r module; do
		dpkg -S "*/pkgconfig/$module.pc" |
			sed 's/:.*//; s/^libpcap.*-dev/libpcap-dev/'
	done <"$BATS_TEST_TMPDIR/modules" | sort >"$BATS_TEST_TMPDIR/rpm"
	sed -n '/^Build-Depends/,/^[^ ]*:.*$/s/^ \(lib[^ ,]*\).*/\1/p' \
		debian/control | sort >"$BATS_TEST_TMPDIR/deb"
	diff "$BATS_TEST_TMPDIR/deb" "$BATS_TEST_TMPDIR/rpm"
}

# Package names differ between Fedora and Debian; the content of netbase is
# always present on Fedora.
@test "Recommends and Suggests: those of the Debian packages" {
	local name kind
	for name in "${names[@]}"; do
		for kind in Recommends Suggests; do
			diff <(dpkg-deb -f "$(deb "$name")" $kind |
				sed 's/tshark/wireshark-cli/
					s/openssh-client/&s/; s/netbase//' |
				tr -d ' ' | tr , '\n' | grep . | sort) \
				<(rpm -qp "--${kind,,}" "$(rpm_of "$name")" | sort)
		done
	done
}

scripts_of_deb() {
	local script
	for script in postinst prerm postrm; do
		dpkg-deb -I "$(deb "$1")" $script 2>/dev/null || true
	done
}

# Nothing is enabled; an upgrade restarts the socket: on Fedora if it was
# running, on Debian if it is enabled, as is the custom there. Removal stops it,
# and after it the captures.
@test "scripts: the same effect as Debian's" {
	local rpm=$BATS_TEST_TMPDIR/rpm deb=$BATS_TEST_TMPDIR/deb stopped
	stopped="ddump-worker.socket
'ddump-worker@*.service' system-ddump.slice"
	rpm -qp --scripts "$(rpm_of ddump-worker)" >"$rpm"
	scripts_of_deb ddump-worker >"$deb"
	[ -z "$(rpm -qp --scripts "$(rpm_of ddump)")$(scripts_of_deb ddump)" ]

	grep -q '^systemd_postun_with_restart ddump-worker.socket$' "$rpm"
	grep -q '_dh_action=restart' "$deb"
	grep -q "deb-systemd-invoke \$_dh_action 'ddump-worker.socket'" "$deb"

	grep -q '^systemd_post ddump-worker.socket$' "$rpm"
	[ "$(grep -c 'enable' "$rpm")" -eq 0 ]
	[ "$(grep -c ' enable ' "$deb")" -eq "$(grep -c was-enabled "$deb")" ]

	[ "$(sed -n 's/^systemd_preun //p
		s/.*systemctl stop \(.*\) ||.*/\1/p' "$rpm")" = "$stopped" ]
	[ "$(sed -n "s/.*deb-systemd-invoke stop '\([^' ]*\)' >.*/\1/p
		s/.*deb-systemd-invoke stop \(.*\) .*/\1/p" "$deb")" = \
		"$stopped" ]
}
