# shellcheck shell=bash
# shellcheck disable=SC2034 # used by those who load this
#
# What the tests of packages share, on top of tests/system's helpers.bash.

packages=$PWD/build/packages
names=(ddump ddump-worker)
version=$(sed -n 's/^VERSION = //p' Makefile)
tarball=$PWD/ddump-$version.tar.gz

# deb NAME: the file that make packages has built.
deb() {
	echo "$packages/$1"_*.deb
}
