#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# make install and make uninstall.

load helpers
bats_require_minimum_version 1.5.0

# make without the variables of the make that runs the tests.
run_make() {
	env -u MAKEFLAGS -u MAKELEVEL -u SANITIZE make -s "$@"
}

@test "make install and uninstall: files in the given directories, then none" {
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
		[ -f "$root$prefix/share/man/man5/ddump-stream.5" ]
		[ "$(cd "$root$prefix/share/wireshark/profiles" && grep -l deinterlacing -- */*)" = \
			ddump-native/preferences ]
		run_make uninstall DESTDIR="$root" PREFIX="$prefix"
		[ -z "$(find "$root" ! -type d)" ]
		[ ! -e "$root$prefix/share/wireshark/profiles" ]
	done
}

@test "EXTCAPDIRS: the link is in the given directory" {
	local root=$BATS_TEST_TMPDIR/root
	run_make install DESTDIR="$root" EXTCAPDIRS=/opt/x/extcap
	[ "$(readlink -f "$root/opt/x/extcap/ddump")" = \
		"$(readlink -f "$root/usr/local/bin/ddump")" ]
	run_make uninstall DESTDIR="$root" EXTCAPDIRS=/opt/x/extcap
	[ ! -L "$root/opt/x/extcap/ddump" ]
}

@test "make install after make: nothing is built again" {
	local built
	built=$(stat -c %Y "$BIN/ddump")
	run_make install DESTDIR="$BATS_TEST_TMPDIR/root" CC=false
	[ "$(stat -c %Y "$BIN/ddump")" = "$built" ]
}

@test "make uninstall: files of the administrator among the examples stay" {
	local root=$BATS_TEST_TMPDIR/root
	local examples=$root/usr/local/share/doc/ddump-worker/examples
	run_make install DESTDIR="$root"
	touch "$examples/mine.conf"
	run_make uninstall DESTDIR="$root"
	[ "$(find "$root" ! -type d)" = "$examples/mine.conf" ]
}

@test "a PREFIX that units cannot use: rejected" {
	local prefix
	for prefix in relative "/a b"; do
		run -2 run_make install DESTDIR="$BATS_TEST_TMPDIR" \
			PREFIX="$prefix"
		[[ "$output" == *"PREFIX is to be an absolute path"* ]]
	done
}

@test "-version: the versions of the program and of its libraries" {
	"$DDUMP" -version | grep -q '^ddump [0-9]'
	"$DDUMP" --version | grep -q '^libcurl/'
	"$WORKER" -version | grep -q '^libpcap '
}

@test "README: the headline has six rows of what the benchmark measured" {
	local row rows
	rows=$(sed -n '/^<!-- headline of make bench/,/^<!-- end of headline/p' \
		README.md | grep '^|')
	[ "$(wc -l <<<"$rows")" -eq 8 ]
	while read -r row; do
		grep -qxF -- "$row" tests/bench/results.md
	done <<<"$rows"
}

# Files that the links of a page name, one a line.
linked_files() {
	grep -oE '\]\([^)#]+' "$1" | cut -c 3- | grep -v '^https*:'
}

@test "README and CONTRIBUTING: the files that links name exist" {
	local file
	[ "$(linked_files README.md | wc -l)" -ge 6 ]
	linked_files README.md >"$BATS_TEST_TMPDIR/files"
	linked_files CONTRIBUTING.md >>"$BATS_TEST_TMPDIR/files" || true
	while read -r file; do
		[ -f "$file" ]
	done <"$BATS_TEST_TMPDIR/files"
}

# Modules that CONTRIBUTING's map names, one a line: below the line of a folder, the
# words before two spaces.
mapped_modules() {
	sed -n '/^## Map/,/^## /p' CONTRIBUTING.md | awk '
		/^    [^ ]/ { folder = $1 ~ /^src\// ? $1 : "" }
		/^      [^ ]/ || /^        [^ ]/ {
			sub(/^ +/, "")
			sub(/  .*/, "")
			count = split($0, names, /, */)
			for (i = 1; folder && i <= count; i++)
				if (names[i])
					print folder names[i]
		}'
}

source_modules() {
	local file
	for file in src/*/*.[ch]; do
		echo "${file%.[ch]}"
	done
}

@test "CONTRIBUTING: the map has each module of src, and no other" {
	diff <(mapped_modules | sort) <(source_modules | sort -u)
}
