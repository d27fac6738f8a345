#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The Debian packages, as make packages has built them.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
bats_require_minimum_version 1.5.0
load ../system/helpers
load packages

@test "the version: the same in all files" {
	need dpkg-parsechangelog
	[[ $(dpkg-parsechangelog -S Version) == "$version"-* ]]
	grep -q "^Version: *$version$" rpm/ddump.spec
	# the newest version is the first one
	[[ $(grep -m 1 '^## ' NEWS.md) == "## $version"* ]]
	grep -qF "ddump-worker_$(dpkg-parsechangelog -S Version)_amd64.deb" README.md
	grep -q "ddump-worker-$version-.*\.rpm" README.md
}

@test "make dist anywhere: the same bytes" {
	need git
	cd "$BATS_TEST_TMPDIR"
	git clone -q "$OLDPWD" one
	(
		umask 077
		export TZ=Asia/Kathmandu LC_ALL=C.UTF-8
		git clone -q "$OLDPWD" another-one
		env -u MAKEFLAGS -u MAKELEVEL make -s -C another-one dist
	)
	env -u MAKEFLAGS -u MAKELEVEL make -s -C one dist
	cmp ./*one/ddump-*.tar.gz
}

# Debian 12's lintian does not know Debian 13's policy.
@test "lintian: no finding" {
	need lintian
	local suppressed=()
	dpkg --compare-versions "$(lintian --print-version)" ge 2.117 ||
		suppressed=(--suppress-tags newer-standards-version)
	lintian --profile debian --allow-root -I --pedantic "${suppressed[@]}" \
		"$packages"/*.changes >"$BATS_TEST_TMPDIR/said" 2>&1
	cat "$BATS_TEST_TMPDIR/said"
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "the programs: hardened" {
	need blhc
	need hardening-check
	local name features=() distribution
	# Both need notes in all linked objects, also in those of the C library.
	distribution=$(hardening-check /bin/ls) || true
	[[ $distribution == *"Control flow integrity: yes"* ]] ||
		features+=(--nocfprotection)
	[[ $distribution != *"Branch Protection: no"* ]] ||
		features+=(--nobranchprotection)
	blhc --all "$packages/build.log"
	for name in "${names[@]}"; do
		dpkg-deb -x "$(deb "$name")" "$BATS_TEST_TMPDIR/root"
	done
	hardening-check "${features[@]}" "$BATS_TEST_TMPDIR"/root/usr/*bin/*
}

# As on a system without systemd.pc.
@test "a build without systemd.pc: fails, and names the package to install" {
	need dpkg-buildpackage
	tar -xf "$tarball" -C "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"/ddump-*
	run env -u MAKEFLAGS -u MAKELEVEL PKG_CONFIG_LIBDIR=/nonexistent \
		debian/rules build
	echo "$output"
	[ "$status" -ne 0 ]
	[[ $output == *"SYSTEMDUNITDIR is empty"*"install systemd-dev"* ]]
	[ ! -e ddump-worker ]
}

@test "a build with another path, umask, time zone, and locale: the same bytes" {
	need dpkg-buildpackage
	local deb again=$BATS_TEST_TMPDIR/a/longer/path
	(
		umask 077
		export TZ=Asia/Kathmandu LC_ALL=C.UTF-8
		export DEB_BUILD_OPTIONS="${DEB_BUILD_OPTIONS:-} nocheck"
		tests/packages/build "$tarball" "$again"
	)
	for deb in "$packages"/*.deb; do
		cmp "$deb" "$again/${deb##*/}"
	done
}
