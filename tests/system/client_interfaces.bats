#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ddump -D: the interfaces of workers, and of hosts with tcpdump; targets that have no list;
# and answers of malicious servers.

# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load worker
load ssh
load ../tools/certificate
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	[ -z "$ns" ] || remove_network
	stop_all
	[ -z "$keys" ] || rm -rf "$keys"
}

# A host with three interfaces: one has addresses, one is down.
make_host() {
	need_root
	make_network
	make_peer
	ip -n "$ns" address add 2001:db8::11/64 dev va nodad
	ip -n "$ns" link set vb down
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
}

# lists LABEL: its interfaces are those of the host.
lists() {
	grep -qE "^$1  1\.lo  up  Ethernet  127\.0\.0\.1 ::1\$" "$merged"
	# the kernel has no order of IPv6 addresses
	grep -qE "^$1  [0-9]+\.va  up  Ethernet  10\.1\.0\.1 (fe80:.* )?2001:db8::11( fe80:.*)?\$" \
		"$merged"
	grep -qE "^$1  [0-9]+\.vb  down  Ethernet  10\.2\.0\.1\$" "$merged"
	[ "$(grep -c "^$1  " "$merged")" -eq 3 ]
}

# failed LABEL TEXT: its failure is reported once, and has no other line.
failed() {
	[ "$(grep -c "^ddump: $1: " "$said")" -eq 1 ]
	grep -qF "ddump: $1: $2" "$said"
	run ! grep -q "^$1  " "$merged"
}

# make_list NAME [TEXT]: the text, or stdin, is the list of $url/file$PWD/NAME/capture.
make_list() {
	mkdir -p "$1"
	if [ $# -gt 1 ]; then
		echo "$2" >"$1/interfaces"
	else
		cat >"$1/interfaces"
	fi
}

@test "-D: workers by http, with a path, and by a unix socket" {
	make_host
	listen
	start_worker -listen "unix:$PWD/w.sock"
	merge -D 127.0.0.1 "a=http://127.0.0.1:8475/capture?interface=vb" "unix:$PWD/w.sock?snaplen=60"
	[ "$status" -eq 0 ]
	[ ! -s "$said" ]
	lists 127.0.0.1
	lists a
	lists w.sock
	[ "$(wc -l <"$merged")" -eq 9 ]
	# in the order of the command line, and each field is where awk expects it
	[ "$(awk '{ print $1 }' "$merged" | uniq | tr '\n' ' ')" = "127.0.0.1 a w.sock " ]
	[ "$(awk '$1 == "a" && $3 == "down" { print $5 }' "$merged")" = 10.2.0.1 ]
}

@test "-D: a worker by ssh" {
	need sshd
	make_host
	listen
	make_keys
	start_sshd
	merge -D -ssh "ssh -F $keys/config" ssh://fleet1
	[ "$status" -eq 0 ]
	[ ! -s "$said" ]
	lists fleet1
}

@test "-D: tcpdump+ssh lists what tcpdump -D prints there" {
	need sshd
	need tcpdump
	make_host
	make_keys
	start_sshd
	merge -D -ssh "ssh -F $keys/config" 'tcpdump+ssh://fleet1?filter=icmp' \
		two=tcpdump+ssh://fleet2
	[ "$status" -eq 0 ]
	[ ! -s "$said" ]
	"${isolated[@]}" tcpdump -D >expected
	grep -q '^[0-9]*\.va ' expected
	diff <(sed 's/^/fleet1  /' expected; sed 's/^/two  /' expected) "$merged"
}

@test "-D: tcpdump+ssh, what fails is reported once, with what to do" {
	need sshd
	make_host
	make_keys
	merge -D -ssh "ssh -F $keys/config" tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	failed fleet1 'ssh: connect to host 127.0.0.1 port 2222: Connection refused'
	# scripts instead of ssh
	printf '#!/bin/sh\necho "Welcome!"\necho 1.eth0\n' >banner
	printf '#!/bin/sh\nexit 122\n' >bare
	printf '#!/bin/sh\nyes "1.eth0 [Up]"\n' >endless
	chmod +x banner bare endless
	merge -D -ssh "$PWD/banner" tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	failed fleet1 'the output of tcpdump -D is not a list of interfaces: it has the line "Welcome!"'
	merge -D -ssh "$PWD/bare" tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	failed fleet1 'the host has no tcpdump; install it there'
	merge -D -ssh "$PWD/endless" tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	failed fleet1 'the list of interfaces has more than 2097152 bytes'
	merge -D -ssh "$PWD/missing" tcpdump+ssh://fleet1
	[ "$status" -eq 1 ]
	failed fleet1 ''
}

@test "-D: one of two targets fails, the other is listed, exit 1" {
	make_host
	listen
	merge -D bad=http://127.0.0.1:1 good=127.0.0.1
	[ "$status" -eq 1 ]
	lists good
	failed bad 'cannot connect: '
	[ "$(wc -l <"$merged")" -eq 3 ]
	[ "$(wc -l <"$said")" -eq 1 ]
}

@test "-D: options of captures have no effect, no file is written" {
	make_host
	listen
	merge -D -w x.pcap -c 1 -i nowhere -filter 'no filter' -report r.json -print -C 1 -W 2 127.0.0.1
	[ "$status" -eq 0 ]
	lists 127.0.0.1
	[ ! -s "$said" ]
	[ ! -e x.pcap ]
	[ ! -e x.pcap0 ]
	[ ! -e r.json ]
	# the command line must still be right
	merge -D -C 1 127.0.0.1
	[ "$status" -eq 1 ]
	grep -q '^ddump: -C and -G: need the name of a file' "$said"
	merge -D
	[ "$status" -eq 1 ]
	grep -q '^ddump: no target given' "$said"
}

@test "-D: user, password and header fields are sent" {
	local token
	token=$(printf me:secret | base64)
	serve -auth "$token"
	# the tool answers with a capture, which is no list
	merge -D "x=http://me:secret@127.0.0.1:$port/auth/capture"
	[ "$status" -eq 1 ]
	failed x 'the answer is not a list of interfaces; '
	merge -D -header "Authorization: Basic $token" "x=$url/auth/capture"
	[ "$status" -eq 1 ]
	failed x 'the answer is not a list of interfaces; '
	merge -D "x=$url/auth/capture"
	[ "$status" -eq 1 ]
	failed x "HTTP status 401: who are you?"
}

@test "-D: TLS as for a capture, with -ca and the client's certificate" {
	need nginx
	local place
	place=$(free_port)
	make_certificate ca ca 'basicConstraints=critical,CA:true'
	make_certificate server ca 'subjectAltName=IP:127.0.0.1'
	make_certificate client ca 'extendedKeyUsage=clientAuth'
	make_list list '[{"index":1,"name":"eth0","up":true,"addresses":[]}]'
	nginx_configure "$PWD" "user root;" <<-END
		server {
			listen 127.0.0.1:$place ssl;
			ssl_certificate $PWD/server.crt;
			ssl_certificate_key $PWD/server.key;
			ssl_client_certificate $PWD/ca.crt;
			ssl_verify_client on;
			root $PWD;
		}
	END
	start nginx nginx -c "$PWD/nginx.conf" -e "$PWD/error.log"
	eventually answers "$place"
	merge -D "x=https://127.0.0.1:$place/list/capture"
	[ "$status" -eq 1 ]
	failed x 'SSL certificate problem: '
	merge -D -ca ca.crt "x=https://127.0.0.1:$place/list/capture"
	[ "$status" -eq 1 ]
	failed x 'HTTP status 400: No required SSL certificate was sent'
	merge -D -ca ca.crt -cert client.crt -key client.key "x=https://127.0.0.1:$place/list/capture"
	[ "$status" -eq 0 ]
	[ "$(cat "$merged")" = 'x  1.eth0  up  -' ]
	merge -D -ca missing.pem "x=https://127.0.0.1:$place/list/capture"
	[ "$status" -eq 1 ]
	grep -q '^ddump: .*missing.pem' "$said"
}

@test "-D: programs and files have no interfaces" {
	touch x.pcap
	merge -D 'exec:touch made' ./x.pcap - http://127.0.0.1:1/x.pcap
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	[ ! -e made ]
	failed exec 'cannot list the interfaces: the target is a program, not a host'
	failed x 'cannot list the interfaces: the target is a file, not a host'
	failed stdin 'cannot list the interfaces: the target is a file, not a host'
	failed 127.0.0.1:1 'cannot list the interfaces: the path of a worker ends in /capture'
	[ "$(wc -l <"$said")" -eq 4 ]
}

@test "-D: a list with terminal sequences, line breaks and spaces in names" {
	serve
	make_list bad <<-'END'
		[{"index":1,"name":"\u001b]0;x\u0007\nforged  2.eth0","up":true,"addresses":[],
		"linktype":"A B\u009b"}]
	END
	merge -D "x=$url/file$PWD/bad/capture"
	[ "$status" -eq 0 ]
	[ "$(cat "$merged")" = 'x  1.\x1b]0;x\x07\x0aforged\x20\x202.eth0  up  A\x20B\xc2\x9b' ]
}

@test "-D: an answer that is no list, cut, or too large, beside a good one" {
	local name targets=()
	serve
	make_list good '[{"index":1,"name":"eth0","up":true,"addresses":["192.0.2.1"]}]'
	make_list page '<html>'
	make_list cut '[{"index":1,"name":"eth0","up":true,"addresses":["192.0.2.1"]}'
	make_list address '[{"index":1,"name":"eth0","up":true,"addresses":["\u001b[2J"]}]'
	head -c 2097153 /dev/zero | tr '\0' ' ' | make_list large
	for name in page cut address large good; do
		targets+=("$name=$url/file$PWD/$name/capture")
	done
	merge -D "${targets[@]}" "gone=$url/file$PWD/gone/capture" "endless=$url/endless/capture" \
		"nothing=$url/nothing/capture" "gzip=$url/gzip/capture" "packed=$url/packed/capture" \
		"escape=$url/escape/capture"
	[ "$status" -eq 1 ]
	[ "$(cat "$merged")" = 'good  1.eth0  up  -  192.0.2.1' ]
	failed page 'the answer is not a list of interfaces; check port and path'
	failed cut "the list of interfaces is damaged at byte 63: ']' is missing"
	failed address 'the list of interfaces is damaged at byte 60: an address is wrong'
	failed large 'the list of interfaces has more than 2097152 bytes'
	failed gone 'HTTP status 404'
	failed endless 'HTTP status 500'
	failed nothing 'connection closed without a response'
	failed packed 'the response is compressed, but ddump did not request that'
	failed escape 'HTTP status 500: \x1b[2J\x1b]0;owned\x07 first line'
	failed gzip 'the answer is not a list of interfaces'
	[ "$(wc -l <"$said")" -eq 10 ]
}

@test "-D: an interrupt ends the wait, what has arrived is printed" {
	serve
	make_list good '[{"index":1,"name":"eth0","up":true,"addresses":[]}]'
	start_merge -D "good=$url/file$PWD/good/capture" "mute=$url/silent/capture"
	eventually has_closed
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 1 ]
	[ "$(cat "$said")" = 'ddump: interrupted while waiting for mute' ]
	[ "$(cat "$merged")" = 'good  1.eth0  up  -' ]
}

# Has the client closed a connection? A closed one is in TIME_WAIT, on either side.
has_closed() {
	awk -v port="$(printf ':%04X' "$port")\$" '
		($2 ~ port || $3 ~ port) && $4 == "06" { found = 1 }
		END { exit !found }' /proc/net/tcp
}

@test "-D: stdout that is closed, full, or without a reader" {
	serve
	make_list good '[{"index":1,"name":"eth0","up":true,"addresses":[]}]'
	local target=good=$url/file$PWD/good/capture
	status=0
	timeout 60 "$DDUMP" -D "$target" >&- 2>said 3>&- || status=$?
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot write to standard output: Bad file descriptor$' said
	status=0
	timeout 60 "$DDUMP" -D "$target" >/dev/full 2>said 3>&- || status=$?
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot write to standard output: No space left on device$' said
	status=0
	timeout 60 "$DDUMP" -D "mute=$url/silent/capture" 2>said 3>&- | true || true
	grep -q "^ddump: the output's reader ended before all targets answered\$" said
}
