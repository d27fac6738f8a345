#!/usr/bin/env bats
# Installation.

load helpers
bats_require_minimum_version 1.5.0

# A make of its own, with no word of the one that runs the tests.
run_make() {
	env -u MAKEFLAGS -u MAKELEVEL -u SANITIZE make -s "$@"
}

@test "what is installed is where it was asked for, and goes again" {
	local root=$BATS_TEST_TMPDIR/root prefix
	for prefix in /usr /usr/local; do
		run_make install DESTDIR="$root" PREFIX="$prefix"
		[ -x "$root$prefix/bin/ddump" ]
		[ -x "$root$prefix/sbin/ddump-worker" ]
		grep -q "^ExecStart=-$prefix/sbin/ddump-worker$" \
			"$root$prefix/lib/systemd/system/ddump-worker@.service"
		run ! grep -rq "@SBINDIR@" "$root"
		"$root$prefix/lib/wireshark/extcap/ddump" --extcap-interfaces
		run_make uninstall DESTDIR="$root" PREFIX="$prefix"
		[ -z "$(find "$root" ! -type d)" ]
	done
}

@test "Wireshark's directory may be anywhere" {
	local root=$BATS_TEST_TMPDIR/root
	run_make install DESTDIR="$root" EXTCAPDIR=/opt/x/extcap
	[ "$(readlink -f "$root/opt/x/extcap/ddump")" = \
		"$(readlink -f "$root/usr/local/bin/ddump")" ]
	run_make uninstall DESTDIR="$root" EXTCAPDIR=/opt/x/extcap
	[ ! -L "$root/opt/x/extcap/ddump" ]
}

@test "versions are told, with the libraries'" {
	"$DDUMP" -version | grep -q '^ddump [0-9]'
	"$DDUMP" --version | grep -q '^libcurl/'
	"$WORKER" -version | grep -q '^libpcap '
}

@test "README quotes what the benchmark measured" {
	[[ $(<README.md) == *"$(<tests/bench/results.md)"* ]]
}
