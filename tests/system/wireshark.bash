# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2154 # DDUMP and more come from helpers.bash and worker.bash
#
# tshark as a user who has ddump among the external capture programs, and its profiles.

# make_user: sets as_user, a command that runs another one as that user, and extcap.
make_user() {
	make_open_dir
	mkdir "$open_dir/extcap" "$open_dir/bin"
	mkdir -m 777 "$open_dir/home"
	cp "$DDUMP" "$open_dir/bin/ddump"
	ln -s ../bin/ddump "$open_dir/extcap/ddump"
	extcap=$open_dir/extcap/ddump
	# as root, tshark looks in its own directory only
	as_user=(env HOME="$open_dir/home" WIRESHARK_EXTCAP_DIR="$open_dir/extcap")
	[ "$(id -u)" -ne 0 ] || as_user+=(setpriv --reuid=65534
		--regid="$(group_of_dumpcap)" --clear-groups)
}

# Some distributions let only a group run it.
group_of_dumpcap() {
	local group
	group=$(stat -c %g "$(command -v dumpcap)")
	[ "$group" -ne 0 ] || group=65534
	echo "$group"
}

# install_profiles: where Wireshark copies them when the user first uses them, and the
# files of ddump.
install_profiles() {
	env -u MAKEFLAGS -u MAKELEVEL -u SANITIZE make -s install \
		DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/usr
	cp -r "$BATS_TEST_TMPDIR/root/usr/share" "$open_dir/share"
	mkdir -p "$open_dir/home/.config/wireshark"
	cp -r "$open_dir/share/wireshark/profiles" "$open_dir/home/.config/wireshark/"
	chmod -R a+rwX "$open_dir/home" "$open_dir/share"
}

# tshark_is_at_least MAJOR.MINOR
tshark_is_at_least() {
	local version
	version=$(tshark --version 2>/dev/null | sed -n '1s/.* \([0-9]*\.[0-9]*\)\..*/\1/p')
	[ "$(printf '%s\n' "$1" "$version" | sort -V | head -n 1)" = "$1" ]
}
