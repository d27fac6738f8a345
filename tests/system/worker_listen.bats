#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The ways in which a worker gets a connection: addresses, unix sockets,
# systemd, inetd; and the ways in which it ends.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker

setup() {
	make_network
}

# The status of a response; /interfaces is 200 without any privilege.
status_of() {
	enter curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$@"
}

@test "-listen with an IPv4 address: answers on that address only" {
	start_worker -listen "127.0.0.1:$port"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	run status_of "http://[::1]:$port/interfaces"
	[ "$status" -eq 7 ]
}

@test "-listen with an IPv6 address: answers on that address only" {
	start_worker -listen "[::1]:$port"
	[ "$(status_of "http://[::1]:$port/interfaces")" = 200 ]
	run status_of "http://127.0.0.1:$port/interfaces"
	[ "$status" -eq 7 ]
}

@test "-listen with only a port: answers on IPv4 and IPv6" {
	start_worker -listen ":$port"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://[::1]:$port/interfaces")" = 200 ]
}

# The default of the program that this one replaces; needs a network in which
# 8475 is free.
@test "no options and no socket: listens on port 8475" {
	need_root
	start_worker
	[ "$(status_of "http://127.0.0.1:8475/interfaces")" = 200 ]
	[ "$(status_of "http://[::1]:8475/interfaces")" = 200 ]
}

@test "-listen with a unix socket: mode 0660, removed with the worker" {
	local path=$BATS_TEST_TMPDIR/socket
	umask 0
	start_worker -listen "unix:$path"
	[ "$(stat -c %a "$path")" = 660 ]
	[ "$(status_of --unix-socket "$path" http://x/interfaces)" = 200 ]
	kill "$worker"
	exit_status "$worker"
	[ "$ended" -eq 0 ]
	[ ! -e "$path" ]
}

# In an earlier program the proxy, another user, could not connect.
@test "-socket-mode and -socket-group: the user of a proxy can connect" {
	need_root
	make_open_dir
	start_worker -listen "unix:$open_dir/socket" -socket-mode 0620 \
		-socket-group nogroup
	[ "$(stat -c '%a %G' "$open_dir/socket")" = "620 nogroup" ]
	run enter setpriv --reuid 65534 --regid nogroup --clear-groups \
		curl -si --unix-socket "$open_dir/socket" http://x/interfaces
	[ "$status" -eq 0 ]
	[[ "$output" == "HTTP/1.1 200 OK"* ]]
}

@test "an invalid -socket-mode or an unknown -socket-group: an error that names it" {
	need_stderr
	local path=$BATS_TEST_TMPDIR/socket
	run enter "$WORKER" -listen "unix:$path" -socket-mode 0888
	[ "$status" -eq 1 ]
	[[ "$output" == *'-socket-mode: "0888" is not an octal mode'* ]]
	run enter "$WORKER" -listen "unix:$path" -socket-group no-such-group
	[ "$status" -eq 1 ]
	[[ "$output" == *"group \"no-such-group\" does not exist"* ]]
	[ ! -e "$path" ]
}

# In an earlier program the socket of a killed worker blocked the next one.
@test "a stale unix socket: replaced" {
	local path=$BATS_TEST_TMPDIR/socket
	start_worker -listen "unix:$path"
	kill -KILL "$worker"
	exit_status "$worker"
	[ -S "$path" ]
	start_worker -listen "unix:$path"
	[ "$(status_of --unix-socket "$path" http://x/interfaces)" = 200 ]
}

is_left() {
	! status_of --unix-socket "$1" http://x/interfaces
}

@test "a worker that ends after its successor has started: keeps the successor's socket" {
	need_root
	local path=$BATS_TEST_TMPDIR/socket first child
	start_worker -listen "unix:$path"
	first=$worker
	start idle "${isolated[@]}" curl -sN --unix-socket "$path" \
		http://x/capture?filter=icmp
	eventually has_children 1
	# a stopped process has to be killed, some seconds later
	child=$(children)
	kill -STOP "$child"
	kill "$first"
	eventually is_left "$path"
	start_worker -listen "unix:$path"
	exit_status "$first"
	[ "$ended" -eq 0 ]
	[ "$(status_of --unix-socket "$path" http://x/interfaces)" = 200 ]
}

@test "a unix socket in use: left alone, and reported" {
	need_stderr
	local path=$BATS_TEST_TMPDIR/socket
	start_worker -listen "unix:$path"
	run enter "$WORKER" -listen "unix:$path"
	[ "$status" -eq 1 ]
	[[ "$output" == *"cannot listen on $path: another process listens on it"* ]]
	[ "$(status_of --unix-socket "$path" http://x/interfaces)" = 200 ]
}

@test "a file in place of the unix socket: left alone, and reported" {
	need_stderr
	local path=$BATS_TEST_TMPDIR/file
	echo precious >"$path"
	run enter "$WORKER" -listen "unix:$path"
	[ "$status" -eq 1 ]
	[[ "$output" == *"it exists and is not a socket"* ]]
	[ "$(cat "$path")" = precious ]
}

# activate OPTION...: passes the socket as systemd does, or as inetd with
# --inetd.
activate() {
	start activator "${isolated[@]}" systemd-socket-activate \
		-l "127.0.0.1:$port" "$@"
	eventually grep -q 'Listening on' "$BATS_TEST_TMPDIR/activator.err"
}

@test "a connection from systemd: served" {
	need systemd-socket-activate
	activate -a "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/capture?filtre=x")" = 400 ]
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
}

@test "a connection from inetd on stdin: served" {
	need systemd-socket-activate
	activate -a --inetd "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/nowhere")" = 404 ]
}

@test "a listening socket from systemd: served" {
	need systemd-socket-activate
	activate "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
}

@test "a listening socket from inetd on stdin: served" {
	need systemd-socket-activate
	activate --inetd "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
}

@test "a connection from systemd: served until the capture ends" {
	need_root
	need systemd-socket-activate
	activate -a "$WORKER"
	capture a 'filter=udp+port+4711&count=3'
	send 3 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 3 a
	eventually no_packet_sockets
}

# A user who starts it like this does not expect a port open to everybody.
@test "a pipe or a file on stdin: listens on nothing, with an error" {
	need_root
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 5<>"$BATS_TEST_TMPDIR/fifo"
	local in
	for in in "$BATS_TEST_TMPDIR/fifo" "$BATS_TEST_FILENAME" "$BATS_TEST_TMPDIR"; do
		# shellcheck disable=SC2016 # for sh in there
		run enter timeout 20 sh -c 'exec "$0" <"$1" 2>&1' "$WORKER" \
			"$in"
		[ "$status" -eq 1 ]
		[ "$output" = "ddump-worker: standard input is not a socket; $(
			)try -listen ADDRESS:PORT, $(
			)or enable ddump-worker.socket" ]
		# -listen makes the intention clear
		# shellcheck disable=SC2016
		start_worker_by sh -c 'exec "$0" -listen "$1" <"$2"' "$WORKER" \
			"127.0.0.1:$port" "$in"
		[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
		stop_all
	done
	exec 5>&-
}

# As in the README of the program that this one replaces.
@test "started by hand without a socket: listens on all addresses" {
	need_root
	need script
	start_worker_by sh -c "exec '$WORKER' </dev/null"
	[ "$(status_of "http://127.0.0.1:8475/interfaces")" = 200 ]
	stop_all
	start_worker_by sh -c "exec '$WORKER' <&-"
	[ "$(status_of "http://127.0.0.1:8475/interfaces")" = 200 ]
	stop_all
	start terminal "${isolated[@]}" script -qefc "exec '$WORKER'" /dev/null
	eventually grep -q "listens on :8475" "$BATS_TEST_TMPDIR/terminal.out"
	[ "$(status_of "http://127.0.0.1:8475/interfaces")" = 200 ]
}

# inetd makes the connection stderr, too, and every report would be sent to it.
@test "stderr under inetd: not sent to the client" {
	need_root
	need systemd-socket-activate
	activate -a --inetd sh -c "exec '$WORKER' 2>&1"
	run raw <<-'END'
		GET /nowhere HTTP/1.1
		Host: x

	END
	# bare line feeds: a rejected request, which would make one report
	[[ "$output" == "HTTP/1.1 400 Bad Request"* ]]
	[ "${lines[-1]}" = "a line of the request head ends without a carriage return" ]
	[ "$(grep -c 'carriage return' <<<"$output")" -eq 1 ]
	[[ "$output" != *ddump-worker* ]]
}

@test "a wrong option under inetd: not sent to the client" {
	need_root
	need systemd-socket-activate
	activate -a --inetd sh -c "exec '$WORKER' -bogus 2>&1"
	run raw </dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == 'HTTP/1.1 500 '* ]]
	[[ "$output" != *bogus* ]]
}

@test "a wrong setting with a connected client: the client gets the error" {
	need_root
	need systemd-socket-activate
	local inetd
	for inetd in --accept --inetd; do
		activate -a "$inetd" -E DDUMP_RING=1 "$WORKER"
		[ "$(ask_status /capture)" = "500 the worker's settings are $(
			)invalid; see its journal" ]
		# the message is sent to the client only
		eventually grep -q 'in DDUMP_RING: -ring: "1" is not a number' \
			"$BATS_TEST_TMPDIR/activator.err"
		stop_all
	done
}

@test "a wrong option at a terminal: the message is printed there" {
	need_root
	need script
	# stdin and stderr are one file there, too, but not a connection
	run enter script -qec "'$WORKER' -bogus" /dev/null
	[[ "$output" == *"unknown option -bogus"* ]]
	[ "$status" -eq 1 ]
}

# An earlier program had no limits at all.
@test "a parent that ignores SIGCHLD: every client is served" {
	start_worker_by env --ignore-signal=CHLD "$WORKER" \
		-listen "127.0.0.1:$port" -max-clients 1
	for _ in 1 2 3 4 5; do
		eventually no_children
		[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	done
}

@test "-max-clients: no more captures than that" {
	need_root
	start_worker -listen "127.0.0.1:$port" -max-clients 2
	capture a filter=icmp
	capture b filter=icmp
	run ask_status /capture
	[ "$output" = "503 2 captures run already, the limit of -max-clients: $(
		)wait for one to end" ]
	has_packet_sockets 2
	kill -KILL "${captures[a]}"
	eventually has_children 1
	has_packet_sockets 1
	capture c filter=icmp
	has_packet_sockets 2
}

# Half of them get a 503, the others are closed: one report at once, and one for
# all later ones, at the latest when the worker ends.
@test "-max-clients and a flood of connections: two lines in the log" {
	need_root
	start_worker -listen "127.0.0.1:$port" -max-clients 1
	capture a filter=icmp
	local i log=$BATS_TEST_TMPDIR/worker.err
	for ((i = 0; i < 20; i++)); do
		ask /capture -o /dev/null || true
	done
	kill "$worker"
	exit_status "$worker"
	[ "$(grep -c refused "$log")" -eq 2 ]
	[ "$(sed -n 's/.* refused \([0-9]*\) connections*: 1 captures.*/\1/p' \
		"$log" | paste -sd +)" = 1+19 ]
}

@test "twice as many connections as -max-clients: the others are not served" {
	start_worker -listen "127.0.0.1:$port" -max-clients 1
	# two silent clients take the slot, and the slot for a 503
	start idle "${isolated[@]}" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		exec 4<>/dev/tcp/127.0.0.1/$port; exec cat <&3"
	eventually has_children 2
	run ask /capture
	[ "$status" -ne 0 ]
	has_children 2
}

# Memory in KiB and descriptors of the listener.
memory_of_worker() {
	awk '/^VmRSS/ { print $2 }' "/proc/$worker/status"
}

descriptors_of_worker() {
	find "/proc/$worker/fd" -mindepth 1 | wc -l
}

has_descriptors() {
	[ "$(descriptors_of_worker)" -eq "$1" ]
}

# crowd [TEXT]: clients that connect all at once; ${started[-1]} is their
# process.
crowd() {
	start crowd "${isolated[@]}" "$TOOLS/crowd" 10000 127.0.0.1 "$port" "$@"
	eventually grep -q begun "$BATS_TEST_TMPDIR/crowd.out"
}

# On a fast machine all of them may have a response by now.
end_crowd() {
	kill "${started[-1]}" 2>/dev/null || true
	exit_status "${started[-1]}"
}

captures_for_a_second() {
	ask '/capture?duration=1&filter=icmp' -f -o "$BATS_TEST_TMPDIR/capture"
}

@test "10,000 connections at once: the next client is served" {
	need_root
	local before descriptors after
	start_worker -listen "127.0.0.1:$port"
	captures_for_a_second
	eventually no_children
	before=$(memory_of_worker)
	descriptors=$(descriptors_of_worker)
	# all of them are connected before the first one is accepted
	kill -STOP "$worker"
	crowd $'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n'
	kill -CONT "$worker"
	eventually captures_for_a_second
	end_crowd
	cat "$BATS_TEST_TMPDIR/crowd.out"
	eventually no_children
	after=$(memory_of_worker)
	echo "memory $before KiB, then $after"
	[ "$after" -le $((before + 256)) ]
	eventually has_descriptors "$descriptors"
}

@test "10,000 connections without a request: twice -max-clients processes, no more" {
	need_root
	start_worker -listen "127.0.0.1:$port" -max-clients 10
	crowd
	eventually has_children 20
	# the others were closed, and do not wait
	eventually has_established 20
	# a silent client has ten seconds; these disconnect
	end_crowd
	eventually captures_for_a_second
	eventually no_children
}

has_established() {
	[ "$(enter ss -Htn state established "sport = :$port" | wc -l)" -eq "$1" ]
}

@test "SIGTERM to the listener: it and its captures end, the streams end as cut" {
	need_root
	start_worker -listen "127.0.0.1:$port"
	capture a filter=udp
	capture b filter=icmp
	kill "$worker"
	# 18: the last chunk never arrived
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	exit_status "${captures[b]}"
	[ "$ended" -eq 18 ]
	exit_status "$worker"
	[ "$ended" -eq 0 ]
	no_packet_sockets
}

@test "SIGTERM with a child from before the start: the listener ends at once" {
	# shellcheck disable=SC2016 # sh in there has its own $0
	start_worker_by sh -c 'sleep 30 & exec "$@"' sh \
		"$WORKER" -listen "127.0.0.1:$port"
	local sleeper
	sleeper=$(children)
	kill "$worker"
	exit_status "$worker"
	[ "$ended" -eq 0 ]
	kill "$sleeper"
}

@test "SIGINT to the listener: the same as SIGTERM" {
	need_root
	# a shell without job control starts background processes that ignore it
	start_worker_by env --default-signal=INT "$WORKER" -listen \
		"127.0.0.1:$port"
	capture a filter=udp
	kill -INT "$worker"
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	exit_status "$worker"
	[ "$ended" -eq 0 ]
}

@test "SIGTERM with a client that sends nothing: the worker ends at once" {
	start_worker -listen "127.0.0.1:$port"
	start idle "${isolated[@]}" bash -c \
		"exec 3<>/dev/tcp/127.0.0.1/$port; exec cat <&3"
	eventually has_children 1
	kill "$worker"
	exit_status "$worker"
	[ "$ended" -eq 0 ]
}

@test "SIGKILL to the listener: its captures end, too" {
	need_root
	start_worker -listen "127.0.0.1:$port"
	capture a filter=udp
	local child
	child=$(children)
	kill -KILL "$worker"
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	eventually is_gone "$child"
	eventually no_packet_sockets
}

@test "a client's mistake: exit status 0" {
	need_root
	need systemd-socket-activate
	# systemd records the exit status, as this file does
	activate -a --inetd sh -c "'$WORKER'; echo \$? >>'$BATS_TEST_TMPDIR/status'"
	ask '/capture?filter=tcp+prot' -o /dev/null
	ask /nowhere -o /dev/null
	eventually test -s "$BATS_TEST_TMPDIR/status"
	eventually has_lines 2 "$BATS_TEST_TMPDIR/status"
	[ "$(sort -u "$BATS_TEST_TMPDIR/status")" = 0 ]
}

has_lines() {
	[ "$(wc -l <"$2")" -eq "$1" ]
}

# Nothing below may listen: a worker that does runs until the timeout.
refuses() {
	local sentence=$1
	shift
	run enter timeout 5 "$WORKER" "$@"
	[ "$status" -eq 1 ] || echo "status $status of $*"
	[ "$status" -eq 1 ]
	[[ "$output" == *"$sentence"* ]] || echo "said: $output"
	[[ "$output" == *"$sentence"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "an invalid -listen: an error that names it" {
	need_stderr
	local bad
	for bad in "" 8475 127.0.0.1 127.0.0.1: ::1:8475 ::1 "[::1]" unix; do
		refuses "-listen: \"$bad\" is neither address:port" -listen "$bad"
	done
	refuses '-listen: "" is not a usable path' -listen unix:
	refuses 'is not a usable path' \
		-listen "unix:/$(printf 'x%.0s' {1..200})"
	refuses "cannot listen on $BATS_TEST_TMPDIR/none/socket: No such file" \
		-listen "unix:$BATS_TEST_TMPDIR/none/socket"
	refuses "cannot listen on 192.0.2.1:$port: Cannot assign" \
		-listen "192.0.2.1:$port"
}

@test "an invalid port: an error" {
	need_stderr
	refuses 127.0.0.1:http -listen 127.0.0.1:http
	refuses 127.0.0.1:-1 -listen 127.0.0.1:-1
	# must not become port 4464
	refuses 127.0.0.1:70000 -listen 127.0.0.1:70000
}

@test "a port that is in use: an error" {
	need_stderr
	start_worker -listen "127.0.0.1:$port"
	refuses "cannot listen on 127.0.0.1:$port: Address already in use" \
		-listen "127.0.0.1:$port"
}

@test "-listen with only a port whose IPv6 half is in use: an error" {
	need_root
	start_worker_by "$WORKER" -listen "[::1]:$port"
	refuses "cannot listen on :$port: Address already in use" \
		-listen ":$port"
}

@test "a datagram socket on stdin: an error, and no fallback to listening" {
	need_root
	# shellcheck disable=SC2016 # bash in there has its own $0
	run enter timeout 5 bash -c '"$0" 0<>/dev/udp/127.0.0.1/9' "$WORKER"
	[ "$status" -eq 1 ]
	[[ "$output" == *"a passed socket: Protocol wrong type for socket" ]]
}

# As in the unit, where a long record may be passed to the journal in a file.
@test "a worker that may not write its -help to a file: exit 1, no signal" {
	# shellcheck disable=SC2016 # sh in there has its own $0
	run prlimit --fsize=0 sh -c '"$0" -help >"$1"' "$WORKER" \
		"$BATS_TEST_TMPDIR/help"
	[ "$status" -eq 1 ]
}

@test "wrong options: an error for each" {
	need_stderr
	refuses 'unknown option -bogus; see -help' -bogus
	refuses '-listen needs an argument' -listen
	refuses 'unexpected argument "eth0"; see -help' eth0
	refuses '-max-clients: "0" is not a number from 1 to' -max-clients 0
	refuses '-max-clients: "-1" is not a number from 1 to' -max-clients -1
	refuses '-ring: "1" is not a number of MiB from 2 to 256' -ring 1
	refuses '-ring: "257" is not a number of MiB from 2 to 256' -ring 257
	refuses '-ring: "8M" is not a number of MiB from 2 to 256' -ring 8M
	refuses '-exclude: the expression is longer than' \
		-exclude "$(printf 'x%.0s' {1..2000})"
	refuses '-max-duration: "0" is not a number from 1 to' -max-duration 0
	refuses '-max-snaplen: "9999999" is not a number' -max-snaplen 9999999
	refuses '-max-payload: "-1" is not a number from 0 to 262144' -max-payload -1
	refuses '-max-filter: "0" is not a number from 1 to 65536' -max-filter 0
	refuses '-max-filter: "65537" is not a number from' -max-filter 65537
	refuses '-interface: "a-name-of-16-bytes" is no' \
		-interface a-name-of-16-bytes
	refuses '-interface: "any" is no' -interface any
	refuses '-interface: "../x" is no' -interface 'lo ../x'
	refuses '-interface: the list is empty' -interface ' '
	refuses '-host: "web1:8475" is not a host name without a port' \
		-host 'web2 web1:8475'
	refuses '-host: "web1." is not a host name' -host web1.
	refuses '-host: the list is empty' -host ' '
	DDUMP_HOSTS='a/b' refuses 'in DDUMP_HOSTS: -host: "a/b" is not a host name'
	DDUMP_INTERFACES='' refuses 'in DDUMP_INTERFACES: -interface: the list is empty'
	DDUMP_MAX_DURATION=x refuses 'in DDUMP_MAX_DURATION: '
	DDUMP_RING=tiny refuses '-ring: "tiny" is not a number of MiB'
}

@test "-exclude with a word that changes later offsets: rejected" {
	need_stderr
	refuses '"pppoes" changes the offsets of what follows; try "ether' \
		-exclude 'udp or (pppoes)'
	local word
	for word in geneve vxlan; do
		refuses "-exclude: \"$word\" changes the offsets" -exclude "$word"
	done
	export DDUMP_EXCLUDE='tcp and not pppoes 7'
	refuses 'in DDUMP_EXCLUDE: -exclude: "pppoes"'
	# parts of other words are allowed
	DDUMP_EXCLUDE='host vxlan-1.geneve' enter "$WORKER" -version
}

@test "control characters in an argument: escaped in the message" {
	need_stderr
	run enter "$WORKER" -listen $'\e[31mred\nline'
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" == *'\x1b[31mred\x0aline'* ]]
}

@test "-help and -version: every option, and the versions of worker and libpcap" {
	run "$WORKER" -help
	[ "$status" -eq 0 ]
	local option
	for option in listen capture exclude ring interface host proxy no-promisc no-names \
		max-duration max-snaplen \
		max-payload max-filter max-clients socket-mode socket-group version help; do
		[[ "$output" =~ "  "(-[a-z]+, )*-$option ]]
	done
	[ "$("$WORKER" --help)" = "$output" ]
	run "$WORKER" -version
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == "ddump-worker "[0-9]* ]]
	[[ "${lines[1]}" == libpcap* ]]
}

# /proc/PID/stat: the session is the sixth field, the terminal the seventh.
field_of() {
	sed 's/.*) //' "/proc/$1/stat" | cut -d ' ' -f "$(($2 - 2))"
}

# shellcheck disable=SC2016 # for script's own shell to expand
@test "the process of a connection at a terminal: cannot insert input into it" {
	need_root
	local parent child
	BY=$(printf '%q ' exec "${isolated[@]}" "$WORKER" -listen \
		"127.0.0.1:$port") \
		start terminal script -qefc 'eval "$BY"' /dev/null
	eventually grep -q "listens on" "$BATS_TEST_TMPDIR/terminal.out"
	capture a 'filter=icmp'
	parent=$(pgrep -P "${started[0]}")
	child=$(pgrep -P "$parent")
	[ "$(field_of "$parent" 7)" -ne 0 ]
	[ "$(field_of "$child" 6)" -eq "$child" ]
	[ "$(field_of "$child" 7)" -eq 0 ]
	[ "$(readlink "/proc/$child/fd/0")" = /dev/null ]
	[ "$(readlink "/proc/$child/fd/1")" = /dev/null ]
	# it still writes its reports there, but cannot read: O_WRONLY
	[[ "$(readlink "/proc/$child/fd/2")" == /dev/pts/* ]]
	grep -qP '^flags:\t.*1$' "/proc/$child/fdinfo/2"
	grep -q 'captures filter icmp' "$BATS_TEST_TMPDIR/terminal.out"
}
