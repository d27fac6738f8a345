#!/usr/bin/env bats
# The Debian packages, as make packages has built them.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
bats_require_minimum_version 1.5.0
load ../system/helpers
load packages

@test "it is one version everywhere" {
	need dpkg-parsechangelog
	[[ $(dpkg-parsechangelog -S Version) == "$version"-* ]]
	grep -q "^Version: *$version$" rpm/ddump.spec
	grep -q "^## $version" NEWS.md
}

@test "make dist gives the same bytes anywhere" {
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

@test "lintian has nothing to say" {
	need lintian
	lintian --profile debian --allow-root -I --pedantic \
		"$packages"/*.changes >"$BATS_TEST_TMPDIR/said" 2>&1
	cat "$BATS_TEST_TMPDIR/said"
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "the programs are hardened" {
	need blhc
	need hardening-check
	local name features=()
	# not known to dpkg before 1.22
	dpkg-buildflags --query-features hardening | grep -q branch ||
		features=(--nocfprotection)
	blhc --all "$packages/build.log"
	for name in "${names[@]}"; do
		dpkg-deb -x "$(deb "$name")" "$BATS_TEST_TMPDIR/root"
	done
	hardening-check "${features[@]}" "$BATS_TEST_TMPDIR"/root/usr/*bin/*
}

@test "another path, umask, time zone and locale: the same bytes" {
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
