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
		"$root$prefix/libexec/wireshark/extcap/ddump" --extcap-interfaces
		grep -q "$prefix/share/doc/ddump-worker/examples" \
			"$root$prefix/share/man/man8/ddump-worker.8"
		run_make uninstall DESTDIR="$root" PREFIX="$prefix"
		[ -z "$(find "$root" ! -type d)" ]
	done
}

@test "Wireshark's directory may be anywhere" {
	local root=$BATS_TEST_TMPDIR/root
	run_make install DESTDIR="$root" EXTCAPDIRS=/opt/x/extcap
	[ "$(readlink -f "$root/opt/x/extcap/ddump")" = \
		"$(readlink -f "$root/usr/local/bin/ddump")" ]
	run_make uninstall DESTDIR="$root" EXTCAPDIRS=/opt/x/extcap
	[ ! -L "$root/opt/x/extcap/ddump" ]
}

@test "what is built is installed as it is" {
	local built
	built=$(stat -c %Y "$BIN/ddump")
	run_make install DESTDIR="$BATS_TEST_TMPDIR/root" CC=false
	[ "$(stat -c %Y "$BIN/ddump")" = "$built" ]
}

@test "what the administrator put beside the examples stays" {
	local root=$BATS_TEST_TMPDIR/root
	local examples=$root/usr/local/share/doc/ddump-worker/examples
	run_make install DESTDIR="$root"
	touch "$examples/mine.conf"
	run_make uninstall DESTDIR="$root"
	[ "$(find "$root" ! -type d)" = "$examples/mine.conf" ]
}

@test "a PREFIX that no unit could name is refused" {
	local prefix
	for prefix in relative "/a b"; do
		run -2 run_make install DESTDIR="$BATS_TEST_TMPDIR" \
			PREFIX="$prefix"
		[[ "$output" == *"PREFIX is to be an absolute path"* ]]
	done
}

@test "versions are told, with the libraries'" {
	"$DDUMP" -version | grep -q '^ddump [0-9]'
	"$DDUMP" --version | grep -q '^libcurl/'
	"$WORKER" -version | grep -q '^libpcap '
}

@test "README quotes what the benchmark measured" {
	[[ $(<README.md) == *"$(<tests/bench/results.md)"* ]]
}
