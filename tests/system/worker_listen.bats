#!/usr/bin/env bats
# The ways to a connection: addresses, unix sockets, systemd, inetd; and how
# all of it ends.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker

setup() {
	make_network
}

# The status of an answer; that of /interfaces is 200 without any privilege.
status_of() {
	enter curl -sS --max-time 10 -o /dev/null -w '%{http_code}' "$@"
}

@test "-listen with an IPv4 address answers there and nowhere else" {
	start_worker -listen "127.0.0.1:$port"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	run status_of "http://[::1]:$port/interfaces"
	[ "$status" -eq 7 ]
}

@test "-listen with an IPv6 address answers there and nowhere else" {
	start_worker -listen "[::1]:$port"
	[ "$(status_of "http://[::1]:$port/interfaces")" = 200 ]
	run status_of "http://127.0.0.1:$port/interfaces"
	[ "$status" -eq 7 ]
}

@test "-listen with a port alone answers on IPv4 and IPv6" {
	start_worker -listen ":$port"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://[::1]:$port/interfaces")" = 200 ]
}

# The original's default; needs a network in which 8475 is free.
@test "without options and without a socket it listens on :8475" {
	need_root
	start_worker
	[ "$(status_of "http://127.0.0.1:8475/interfaces")" = 200 ]
	[ "$(status_of "http://[::1]:8475/interfaces")" = 200 ]
}

@test "a unix socket is 0660 and goes with its worker" {
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

# Fault 16: the proxy, another user, could not connect.
@test "-socket-mode and -socket-group let a proxy's user in" {
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

@test "a bad -socket-mode and an unknown -socket-group are told" {
	need_stderr
	local path=$BATS_TEST_TMPDIR/socket
	run enter "$WORKER" -listen "unix:$path" -socket-mode 0888
	[ "$status" -eq 1 ]
	[[ "$output" == *'-socket-mode: "0888" is no octal mode'* ]]
	run enter "$WORKER" -listen "unix:$path" -socket-group no-such-group
	[ "$status" -eq 1 ]
	[[ "$output" == *"there is no group no-such-group"* ]]
	[ ! -e "$path" ]
}

# Fault 16: what a killed worker left behind blocked the next one.
@test "a stale unix socket gives way" {
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

@test "a worker that ends leaves its successor's unix socket" {
	need_root
	local path=$BATS_TEST_TMPDIR/socket first child
	start_worker -listen "unix:$path"
	first=$worker
	start idle "${isolated[@]}" curl -sN --unix-socket "$path" \
		http://x/capture?filter=icmp
	eventually has_children 1
	# who is stopped has to be killed, some seconds later
	child=$(children)
	kill -STOP "$child"
	kill "$first"
	eventually is_left "$path"
	start_worker -listen "unix:$path"
	exit_status "$first"
	[ "$ended" -eq 0 ]
	[ "$(status_of --unix-socket "$path" http://x/interfaces)" = 200 ]
}

@test "a unix socket that somebody listens on is left alone" {
	need_stderr
	local path=$BATS_TEST_TMPDIR/socket
	start_worker -listen "unix:$path"
	run enter "$WORKER" -listen "unix:$path"
	[ "$status" -eq 1 ]
	[[ "$output" == *"can't listen on $path: somebody else does"* ]]
	[ "$(status_of --unix-socket "$path" http://x/interfaces)" = 200 ]
}

@test "a file that is no socket is left alone" {
	need_stderr
	local path=$BATS_TEST_TMPDIR/file
	echo precious >"$path"
	run enter "$WORKER" -listen "unix:$path"
	[ "$status" -eq 1 ]
	[[ "$output" == *"it exists and is no socket"* ]]
	[ "$(cat "$path")" = precious ]
}

# activate OPTION...: the socket is systemd's way, or inetd's with --inetd.
activate() {
	start activator "${isolated[@]}" systemd-socket-activate \
		-l "127.0.0.1:$port" "$@"
	eventually grep -q 'Listening on' "$BATS_TEST_TMPDIR/activator.err"
}

@test "systemd passes a connection" {
	need systemd-socket-activate
	activate -a "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/capture?filtre=x")" = 400 ]
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
}

@test "inetd passes a connection on stdin" {
	need systemd-socket-activate
	activate -a --inetd "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/nowhere")" = 404 ]
}

@test "systemd passes a listening socket" {
	need systemd-socket-activate
	activate "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
}

@test "inetd passes a listening socket on stdin" {
	need systemd-socket-activate
	activate --inetd "$WORKER"
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
}

@test "a connection from systemd is served to the end of the capture" {
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

# inetd makes the connection stderr, too, and every report would go to it.
@test "nothing of stderr reaches inetd's client" {
	need_root
	need systemd-socket-activate
	activate -a --inetd sh -c "exec '$WORKER' 2>&1"
	run raw <<-'END'
		GET /nowhere HTTP/1.1
		Host: x

	END
	# bare line feeds: one refusal, which would make one report
	[[ "$output" == "HTTP/1.1 400 Bad Request"* ]]
	[ "${lines[-1]}" = "a line ends without a carriage return" ]
	[ "$(grep -c 'carriage return' <<<"$output")" -eq 1 ]
	[[ "$output" != *ddump-worker* ]]
}

@test "no message about a wrong option reaches inetd's client" {
	need_root
	need systemd-socket-activate
	activate -a --inetd sh -c "exec '$WORKER' -bogus 2>&1"
	run raw </dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == 'HTTP/1.1 500 '* ]]
	[[ "$output" != *bogus* ]]
}

@test "where a setting is wrong, who is connected is told that" {
	need_root
	need systemd-socket-activate
	local inetd
	for inetd in --accept --inetd; do
		activate -a "$inetd" -E DDUMP_RING=1 "$WORKER"
		[ "$(ask_status /capture)" = "500 the worker's settings are $(
			)wrong: its journal says which" ]
		# which is said there, and nowhere else
		eventually grep -q 'in DDUMP_RING: -ring: "1" is no number' \
			"$BATS_TEST_TMPDIR/activator.err"
		stop_all
	done
}

@test "a terminal is told about a wrong option" {
	need_root
	need script
	# stdin and stderr are one file there, too, but nobody's connection
	run enter script -qec "'$WORKER' -bogus" /dev/null
	[[ "$output" == *"-bogus is no option that I know"* ]]
	[ "$status" -eq 1 ]
}

# Fault 18: no limits at all.
@test "a parent that ignores the end of children hinders nobody" {
	start_worker_by env --ignore-signal=CHLD "$WORKER" \
		-listen "127.0.0.1:$port" -max-clients 1
	for _ in 1 2 3 4 5; do
		eventually no_children
		[ "$(status_of "http://127.0.0.1:$port/interfaces")" = 200 ]
	done
}

@test "-max-clients bounds the captures" {
	need_root
	start_worker -listen "127.0.0.1:$port" -max-clients 2
	capture a filter=icmp
	capture b filter=icmp
	run ask_status /capture
	[ "$output" = "503 2 captures run here already, which is its limit: $(
		)wait for one to end (-max-clients)" ]
	has_packet_sockets 2
	kill -KILL "${captures[a]}"
	eventually has_children 1
	has_packet_sockets 1
	capture c filter=icmp
	has_packet_sockets 2
}

@test "beyond that, connections are not served at all" {
	start_worker -listen "127.0.0.1:$port" -max-clients 1
	# two that say nothing take the place, and the place for a 503
	start idle "${isolated[@]}" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		exec 4<>/dev/tcp/127.0.0.1/$port; exec cat <&3"
	eventually has_children 2
	run ask /capture
	[ "$status" -ne 0 ]
	has_children 2
}

# Of the listener: its memory in KiB, and its descriptors.
memory_of_worker() {
	awk '/^VmRSS/ { print $2 }' "/proc/$worker/status"
}

descriptors_of_worker() {
	find "/proc/$worker/fd" -mindepth 1 | wc -l
}

has_descriptors() {
	[ "$(descriptors_of_worker)" -eq "$1" ]
}

# crowd [TEXT]: clients that come all at once; ${started[-1]} is theirs.
crowd() {
	start crowd "${isolated[@]}" "$TOOLS/crowd" 10000 127.0.0.1 "$port" "$@"
	eventually grep -q begun "$BATS_TEST_TMPDIR/crowd.out"
}

captures_for_a_second() {
	ask '/capture?duration=1&filter=icmp' -f -o "$BATS_TEST_TMPDIR/capture"
}

@test "10,000 connections at once: who comes behind them is served" {
	need_root
	local before descriptors after
	start_worker -listen "127.0.0.1:$port"
	captures_for_a_second
	eventually no_children
	before=$(memory_of_worker)
	descriptors=$(descriptors_of_worker)
	crowd $'GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n'
	eventually captures_for_a_second
	kill "${started[-1]}"
	exit_status "${started[-1]}"
	cat "$BATS_TEST_TMPDIR/crowd.out"
	# it was a flood: there was no room for most of it
	[ "$(awk '/^(failed|waiting)/ { count += $2 } END { print count }' \
		"$BATS_TEST_TMPDIR/crowd.out")" -gt 1000 ]
	eventually no_children
	after=$(memory_of_worker)
	echo "memory $before KiB, then $after"
	[ "$after" -le $((before + 256)) ]
	eventually has_descriptors "$descriptors"
}

@test "10,000 connections that say nothing: as many processes as allowed" {
	need_root
	start_worker -listen "127.0.0.1:$port" -max-clients 10
	crowd
	eventually has_children 20
	# the others were closed, and not kept waiting
	eventually has_established 20
	# who stays has ten seconds; these leave
	kill "${started[-1]}"
	eventually captures_for_a_second
	eventually no_children
}

has_established() {
	[ "$(enter ss -Htn state established "sport = :$port" | wc -l)" -eq "$1" ]
}

@test "SIGTERM ends the listener and its captures, which show it" {
	need_root
	start_worker -listen "127.0.0.1:$port"
	capture a filter=udp
	capture b filter=icmp
	kill "$worker"
	# 18: the last chunk never came
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	exit_status "${captures[b]}"
	[ "$ended" -eq 18 ]
	exit_status "$worker"
	[ "$ended" -eq 0 ]
	no_packet_sockets
}

@test "a child from before does not keep a listener from its end" {
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

@test "SIGINT ends the listener as SIGTERM does" {
	need_root
	# a shell without job control starts background processes deaf to it
	start_worker_by env --default-signal=INT "$WORKER" -listen \
		"127.0.0.1:$port"
	capture a filter=udp
	kill -INT "$worker"
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	exit_status "$worker"
	[ "$ended" -eq 0 ]
}

@test "SIGTERM does not wait for a client that says nothing" {
	start_worker -listen "127.0.0.1:$port"
	start idle "${isolated[@]}" bash -c \
		"exec 3<>/dev/tcp/127.0.0.1/$port; exec cat <&3"
	eventually has_children 1
	kill "$worker"
	exit_status "$worker"
	[ "$ended" -eq 0 ]
}

@test "captures die with a listener that is killed" {
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

@test "a client's mistake is no failure of the worker" {
	need_root
	need systemd-socket-activate
	# systemd's accounting sees the exit status; so does this file
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

# Nothing below may listen: a worker that does would run until the time is up.
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

@test "a bad -listen is refused with a sentence that names it" {
	need_stderr
	local bad
	for bad in "" 8475 127.0.0.1 127.0.0.1: ::1:8475 ::1 "[::1]" unix; do
		refuses "-listen: \"$bad\" is neither address:port" -listen "$bad"
	done
	refuses '-listen: "" is no usable path' -listen unix:
	refuses 'is no usable path' \
		-listen "unix:/$(printf 'x%.0s' {1..200})"
	refuses "can't listen on $BATS_TEST_TMPDIR/none/socket: No such file" \
		-listen "unix:$BATS_TEST_TMPDIR/none/socket"
	refuses "can't listen on 192.0.2.1:$port: Cannot assign" \
		-listen "192.0.2.1:$port"
}

@test "a port that is none is refused" {
	need_stderr
	refuses 127.0.0.1:http -listen 127.0.0.1:http
	refuses 127.0.0.1:-1 -listen 127.0.0.1:-1
	# must not come out as port 4464
	refuses 127.0.0.1:70000 -listen 127.0.0.1:70000
}

@test "a port that is taken is refused" {
	need_stderr
	start_worker -listen "127.0.0.1:$port"
	refuses "can't listen on 127.0.0.1:$port: Address already in use" \
		-listen "127.0.0.1:$port"
}

@test "where IPv6's port is taken, :port is not IPv4's alone" {
	need_root
	start_worker_by "$WORKER" -listen "[::1]:$port"
	refuses "can't listen on :$port: Address already in use" \
		-listen ":$port"
}

@test "who is given datagrams opens no port to everybody" {
	need_root
	# shellcheck disable=SC2016 # bash in there has its own $0
	run enter timeout 5 bash -c '"$0" 0<>/dev/udp/127.0.0.1/9' "$WORKER"
	[ "$status" -eq 1 ]
	[[ "$output" == *"a socket is given: Protocol wrong type for socket" ]]
}

# As in the unit, where a long record may take the journal's way by a file.
@test "what may write no file is not killed for trying" {
	# shellcheck disable=SC2016 # sh in there has its own $0
	run prlimit --fsize=0 sh -c '"$0" -help >"$1"' "$WORKER" \
		"$BATS_TEST_TMPDIR/help"
	[ "$status" -eq 1 ]
}

@test "wrong options are refused with a sentence" {
	need_stderr
	refuses '-bogus is no option that I know, see -help' -bogus
	refuses '-listen needs an argument' -listen
	refuses '"eth0" is one argument too many' eth0
	refuses '-max-clients: "0" is no number from 1 to' -max-clients 0
	refuses '-max-clients: "-1" is no number from 1 to' -max-clients -1
	refuses '-ring: "1" is no number of MiB from 2 to 256' -ring 1
	refuses '-ring: "257" is no number of MiB from 2 to 256' -ring 257
	refuses '-ring: "8M" is no number of MiB from 2 to 256' -ring 8M
	refuses '-exclude: longer than' \
		-exclude "$(printf 'x%.0s' {1..2000})"
	refuses '-max-duration: "0" is no number from 1 to' -max-duration 0
	refuses '-max-snaplen: "9999999" is no number' -max-snaplen 9999999
	refuses '-interface: "a-name-of-16-bytes" is no' \
		-interface a-name-of-16-bytes
	refuses '-interface: "any" is no' -interface any
	refuses '-interface: "../x" is no' -interface 'lo ../x'
	refuses '-interface: names nothing' -interface ' '
	refuses '-host: "web1:8475" is no name of a host, without' \
		-host 'web2 web1:8475'
	refuses '-host: "web1." is no name' -host web1.
	refuses '-host: names nothing' -host ' '
	DDUMP_HOSTS='a/b' refuses 'in DDUMP_HOSTS: -host: "a/b" is no name'
	DDUMP_INTERFACES='' refuses 'in DDUMP_INTERFACES: -interface: names'
	DDUMP_MAX_DURATION=x refuses 'in DDUMP_MAX_DURATION: '
	DDUMP_RING=tiny refuses '-ring: "tiny" is no number of MiB'
}

@test "an -exclude that would shift what stands behind a word is refused" {
	need_stderr
	refuses '"pppoes" would shift what stands behind it: write "ether' \
		-exclude 'udp or (pppoes)'
	local word
	for word in geneve vxlan; do
		refuses "-exclude: \"$word\" would shift" -exclude "$word"
	done
	export DDUMP_EXCLUDE='tcp and not pppoes 7'
	refuses 'in DDUMP_EXCLUDE: -exclude: "pppoes"'
	# parts of other words are none of these
	DDUMP_EXCLUDE='host vxlan-1.geneve' enter "$WORKER" -version
}

@test "control characters of an argument are not repeated" {
	need_stderr
	run enter "$WORKER" -listen $'\e[31mred\nline'
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ "$output" == *'\x1b[31mred\x0aline'* ]]
}

@test "-help names every option, -version the version of both" {
	run "$WORKER" -help
	[ "$status" -eq 0 ]
	local option
	for option in listen exclude ring interface host max-duration max-snaplen \
		max-clients socket-mode socket-group version help; do
		[[ "$output" =~ "  "(-[a-z], )?-$option ]]
	done
	[ "$("$WORKER" --help)" = "$output" ]
	run "$WORKER" -version
	[ "$status" -eq 0 ]
	[[ "${lines[0]}" == "ddump-worker "[0-9]* ]]
	[[ "${lines[1]}" == libpcap* ]]
}
