# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who load this
#
# Functions of the packages' tests, on top of tests/system's helpers.bash.

packages=$PWD/build/packages
names=(ddump ddump-worker)
version=$(sed -n 's/^VERSION = //p' Makefile)
tarball=$PWD/ddump-$version.tar.gz

# deb NAME: the file that make packages has built.
deb() {
	echo "$packages/$1"_*.deb
}

# Modes and paths of a package's files, from a listing of tar or rpm, as far as
# distributions agree: without documents, compression, links between manual
# pages, a merged /usr, folders for zsh and Wireshark, and rpm's links of build
# ids.
agreed_files() {
	awk '!/^d/ { sub(/ -> .*/, ""); print $1, $NF }' | sed -E '
		s, \.?/, /,
		\,/usr/share/(doc|doc-base|licenses)/,d
		\,/\.build-id/,d
		\,/man/,s,\.gz$,,
		\,/man/,s,^[^ ]*,page,
		s, /lib/, /usr/lib/,
		s,/zsh/(vendor-completions|site-functions)/,/zsh/,
		s,/lib(64|/[^/]*-linux-gnu)?/wireshark/,/lib/wireshark/,' | sort
}
