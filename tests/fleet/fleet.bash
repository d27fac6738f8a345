# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # used and set by those who load this
#
# Functions of the fleet's tests, on top of tests/system's helpers.bash and
# client.bash. HOSTS, from boot.bash, has a folder for each host, and one for
# the client.

# The client's command line runs in its own namespace.
under=(ip netns exec ddf-client)
mine=$HOSTS/client
front=https://db1:8475 # the proxy, as boot.bash sets it up
front_port=${front##*:}
mtls=(-ca "$mine/ca.pem" -cert "$mine/me.pem" -key "$mine/me.key")

# on HOST COMMAND...: this machine's programs, in the host's network.
on() {
	ip netns exec "ddf-$1" "${@:2}"
}

# inside HOST COMMAND...: the host's own programs, in the booted system.
inside() {
	nsenter -t "$(cat "$HOSTS/$1/leader")" -a env -u TMPDIR "${@:2}" \
		</dev/null 3>&-
}

# Prints a measured value among the results of the tests.
figure() {
	echo "# figure: $*" >&3
}

# The instances of the unit, running or not.
instances() {
	inside "$1" systemctl list-units --all --no-legend --plain \
		'ddump-worker@*' | awk '{ print $1 }'
}

# The processes of workers, by their numbers in this namespace.
workers() {
	local pid
	for pid in $(ip netns pids "ddf-$1"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != ddump-worker ] ||
			echo "$pid"
	done
}

has_instances() {
	[ "$(instances "$1" | wc -l)" -eq "$2" ]
}

has_workers() {
	[ "$(workers "$1" | wc -l)" -eq "$2" ]
}

is_idle() {
	has_instances "$1" 0 && has_workers "$1" 0
}

# property HOST UNIT NAME: the value of a property of a unit.
property() {
	inside "$1" systemctl show -P "$3" "$2"
}

# Our records in a host's journal, one JSON object a line.
records() {
	inside "$1" journalctl -q -o json -t ddump-worker "${@:2}"
}

has_records() {
	[ "$(records "$1" "${@:3}" | wc -l)" -eq "$2" ]
}

# send FROM TO PORT COUNT [RATE]: numbered datagrams.
send() {
	on "$1" "$TOOLS/udp_send" "$4" 100 "${5:-0}" "$(address_of "$2")" "$3"
}

address_of() {
	awk -v name="$1" '$2 == name { print $1 }' /etc/hosts
}

# payloads FILE FILTER: of the packets that tshark selects, a line each.
payloads() {
	tshark -r "$1" -Y "$2" -T fields -e udp.payload 2>/dev/null
}

# holds_all FILE FILTER COUNT: has each of the datagrams once, in order.
holds_all() {
	diff <(payloads "$1" "$2") <("$TOOLS/udp_send" -print "$3" 100 0) \
		>"$BATS_TEST_TMPDIR/diff" || {
		echo "not all of $2:"
		head -n 3 "$BATS_TEST_TMPDIR/diff" | cut -c 1-60
		return 1
	}
}

# Starts the client, and waits until it captures.
start_capture() {
	start_merge -pcapng "$@"
	eventually grep -q 'capturing on' "$said"
}

# Ends the client by SIGINT, and shows its messages.
end_capture() {
	kill -INT "$client"
	finish_merge
}

# Has the client written at least that many packets?
is_merged() {
	[ "$(tshark -r "$merged" 2>/dev/null | wc -l)" -ge "$1" ]
}

# apt_get HOST ARGUMENTS: in /root, which has our packages; next/ has later
# ones.
apt_get() {
	inside "$1" sh -c "cd /root && apt-get -q -o Dpkg::Use-Pty=0 $2"
}

version_of() {
	# shellcheck disable=SC2016 # for dpkg-query to expand
	inside "$1" dpkg-query -W -f '${Version}' "$2"
}

restart_socket() {
	inside "$1" systemctl restart ddump-worker.socket
}

dropped=() # what drop_in has put there, for leave_all to take away

# drop_in HOST UNIT: changes the unit by the drop-in on stdin, for one test.
drop_in() {
	local dir=/run/systemd/system/$2.d
	inside "$1" mkdir -p "$dir"
	dropped+=("$1 $dir")
	nsenter -t "$(cat "$HOSTS/$1/leader")" -a \
		sh -c "cat >$dir/test.conf" 3>&-
	inside "$1" systemctl daemon-reload
}

# The end of each test.
leave_all() {
	local one
	stop_all
	for one in "${dropped[@]}"; do
		inside "${one%% *}" rm -rf "${one#* }"
		inside "${one%% *}" systemctl daemon-reload
	done
}
