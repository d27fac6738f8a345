#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The proxies of units/examples as shipped, with a worker on a unix socket: what
# arrives, who is accepted, and which errors are reported.

# shellcheck disable=SC2034,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats runs each test in a subshell
load helpers
load worker
load client
load proxies
load ../tools/certificate
bats_require_minimum_version 1.5.0

datagram=20000 # bytes
datagrams=300  # as many as a ring holds, and more than sockets do
patience=90    # seconds, beyond the 60 of nginx's and Apache's defaults

has_all() {
	[ "$(id -u)" -eq 0 ] && command -v nginx && command -v haproxy &&
		command -v caddy && apache_program &&
		command -v systemd-socket-activate && command -v openssl &&
		command -v curl && command -v tcpdump
}

# Long captures run beside the tests; the last test checks them.
setup_file() {
	has_all >/dev/null || return 0
	export pki=$BATS_FILE_TMPDIR
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/file" "$pki"
	(make_certificates) >"$pki/log" 2>&1
	BATS_TEST_TMPDIR=$pki
	start_patience
	# for the last test: each runs in a process of its own
	begun=$EPOCHSECONDS
	declare -p namespaces captures client said merged begun |
		sed 's/^declare -\(-\|\([aA]\)\)/declare -g\2/' >"$pki/state"
}

teardown_file() {
	remove_sites
}

setup() {
	need_root
	local program
	for program in nginx haproxy caddy openssl curl tcpdump \
		systemd-socket-activate; do
		need "$program"
	done
	apache_program >/dev/null || skip "needs apache2"
	options_of_ann
}

teardown() {
	remove_sites
}

start_site() {
	start_backend
	start_proxy "$@"
}

begins_at_once() {
	start_site
	start_fetch a filter=udp
	# the header of the file, and no packet yet
	eventually has_header a
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq 24 ]
	send 1 100 0 127.0.0.1 4711
	eventually has 1 a udp port 4711
	send 1 100 0 127.0.0.1 4711
	eventually has 2 a udp port 4711
	# both arrived while the stream was open
	kill -0 "${captures[a]}"
}

@test "through each proxy: a stream begins at once and is not buffered" {
	through_each begins_at_once
}

captures_in_order() {
	start_site
	start_merge "${as_ann[@]}" "https://127.0.0.1?filter=udp&count=500"
	capturing_on 1
	send 500 200 0 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(tcpdump -nr - <"$merged" 2>/dev/null | wc -l)" -eq 500 ]
	# the worker parses the IPv6 addresses of the proxy, too
	[ "$(host='[::1]' fetch /capture?duration=1 -o /dev/null \
		-w '%{http_code}')" = 200 ]
}

@test "through each proxy: ddump captures with the default port" {
	through_each captures_in_order
}

# A rejection in TLS 1.3 arrives after the client has sent its request; a server
# that closes at once may destroy its own message.
no_entry="certificate|unknown ca|getpeername|reset by peer"

# The last merge failed with a message that matches; no worker got the request.
refused() {
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -qiE "^ddump: 127.0.0.1: .*($1)" "$said"
	lacks "captures\|refused" "$BATS_TEST_TMPDIR/$site-worker.err"
}

accepted() {
	[ "$status" -eq 0 ]
	grep -q "captures" "$BATS_TEST_TMPDIR/$site-worker.err"
}

asks_for_certificates() {
	local target='https://127.0.0.1?duration=1'
	start_site
	merge "${trusting[@]}" "$target"
	refused "$no_entry"
	merge "${trusting[@]}" -cert "$pki/mallory.crt" \
		-key "$pki/mallory.key" "$target"
	refused "$no_entry"
	# the proxy does not have the intermediate certificate, and the client
	# does not send it
	merge "${trusting[@]}" -cert "$pki/ann.crt" -key "$pki/ann.key" \
		"$target"
	refused "$no_entry"
	merge "${as_ann[@]}" "$target"
	accepted
}

@test "without a certificate of the right authority: no capture" {
	through_each asks_for_certificates
}

asks_for_passwords() {
	local query='duration=1'
	start_backend
	with_users
	start_proxy "${edits[@]}"
	merge "${as_ann[@]}" "https://127.0.0.1?$query"
	refused "401.*-netrc"
	merge "${as_ann[@]}" "https://ann:guess@127.0.0.1?$query"
	refused "401.*check user and password"
	merge "${as_ann[@]}" "https://bob:${users#*:}@127.0.0.1?$query"
	refused "401.*check user and password"
	# a password is not enough
	merge "${trusting[@]}" "https://$users@127.0.0.1?$query"
	refused "$no_entry"
	merge "${as_ann[@]}" "https://$users@127.0.0.1?$query"
	accepted
}

@test "without the right password: no capture" {
	through_each asks_for_passwords
}

# A backend that stores the head of a request.
start_stand_in() {
	start stand-in "${isolated[@]}" systemd-socket-activate -a --inetd \
		-l "$open_dir/socket" sh -c "sed '/^.\$/q' >'$open_dir/head'
		printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'"
	eventually test -S "$open_dir/socket"
	chmod 666 "$open_dir/socket"
}

tells_the_worker() {
	local from
	start_stand_in
	with_users
	start_proxy "${edits[@]}"
	from=$(fetch /capture -u "$users" -H 'Forwarded: for=x;by="_:22"' \
		-H 'Connection: close, Forwarded' \
		-H 'Accept-Encoding: gzip' -w '%{local_port}')
	tr -d '\r' <"$open_dir/head" >"$open_dir/lines"
	cat "$open_dir/lines"
	grep -q '^GET /capture HTTP/1.1$' "$open_dir/lines"
	lacks -i '^authorization' "$open_dir/lines"
	lacks "$(printf %s "$users" | base64)" "$open_dir/lines"
	# only the proxy's own field
	[ "$(grep -ic '^forwarded' "$open_dir/lines")" -eq 1 ]
	grep -qi "^forwarded: for=\"127.0.0.1:$from\";by=\"_proxy:8475\"$" \
		"$open_dir/lines"
}

@test "through each proxy: the worker gets no password, and only the proxy's Forwarded" {
	through_each tells_the_worker
}

survives_the_worker() {
	local target='https://127.0.0.1?duration=1'
	start_site
	merge "${as_ann[@]}" "$target"
	accepted
	kill "$worker"
	wait "$worker" || true
	# first nothing listens, then the socket is gone
	merge "${as_ann[@]}" "$target"
	[ "$status" -eq 1 ]
	grep -q "127.0.0.1: HTTP status 50[23]" "$said"
	rm -f "$open_dir/socket"
	merge "${as_ann[@]}" "$target"
	[ "$status" -eq 1 ]
	grep -q "127.0.0.1: HTTP status 50[23]" "$said"
	# no proxy remembers the failure
	start_backend
	merge "${as_ann[@]}" "$target"
	accepted
}

@test "a worker that was down: the proxy connects again at once" {
	through_each survives_the_worker
}

tells_of_a_cut() {
	local name
	start_site
	for name in KILL TERM; do
		start_merge "${as_ann[@]}" 'https://127.0.0.1?filter=udp'
		capturing_on 1
		send 1 100 0 127.0.0.1 4711
		eventually file_has_data "$merged"
		kill "-$name" "$(children)"
		finish_merge
		[ "$status" -eq 2 ]
		grep -q "127.0.0.1: the stream was cut" "$said"
		# the packets before the failure are complete
		[ "$(tcpdump -nr - <"$merged" 2>/dev/null | wc -l)" -eq 1 ]
		eventually no_children
	done
}

file_has_data() {
	[ "$(stat -c %s "$1")" -gt 24 ]
}

# Caddy 2.6 ends the body as if it were complete: only the stream shows the cut.
@test "a worker that is killed or stopped: ddump reports it" {
	through_each tells_of_a_cut
}

notices_a_leave() {
	local begun
	start_site
	start_merge "${as_ann[@]}" 'https://127.0.0.1?filter=icmp'
	capturing_on 1
	has_children 1
	begun=$SECONDS
	kill -KILL "$client"
	eventually no_children
	# and not because of a timeout of a minute
	[ $((SECONDS - begun)) -lt 30 ]
	grep -q "the client left" "$BATS_TEST_TMPDIR/$site-worker.err"
}

@test "a client that disconnects while it is quiet: its capture ends" {
	through_each notices_a_leave
}

# pcap has no watermarks that would make the proxy notice.
notices_a_leave_in_pcap() {
	local begun
	start_site
	start_fetch a filter=icmp
	begun=$SECONDS
	kill -KILL "${captures[a]}"
	eventually no_children
	[ $((SECONDS - begun)) -lt 30 ]
}

@test "the same in pcap through nginx and HAProxy: the capture ends" {
	local proxies=(nginx haproxy)
	through_each notices_a_leave_in_pcap
}

# The pcapng has a watermark every 50 ms: without the exclusion each of them
# would be captured by the other captures, without end.
@test "two captures of everything for 20 s: do not capture each other" {
	local name it
	for name in "${proxies[@]}"; do
		make_site "$name"
		start_site
		start_fetch "$name-a" ''
		start_fetch "$name-b" 'format=pcapng'
		start_fetch "$name-c" ''
	done
	sleep 20
	for name in "${proxies[@]}"; do
		echo "# $name"
		go_to "$name"
		for it in a b c; do
			kill -0 "${captures[$name-$it]}"
			has 0 "$name-$it"
		done
		# and not because the capture is dead
		fetch /interfaces -o /dev/null
		send 1 100 0 127.0.0.1 4711
		for it in a b c; do
			eventually has 1 "$name-$it" udp
			has 0 "$name-$it" tcp
		done
	done
}

feeds_itself() {
	start_site -e '/Forwarded/d'
	fetch '/capture?filter=tcp+port+8475&count=100' -o /dev/null
	eventually grep -q 'captured 100 packets' "$BATS_TEST_TMPDIR/$site-worker.err"
}

@test "a proxy without Forwarded: its own stream is captured" {
	through_each feeds_itself
}

answers_elsewhere() {
	enter curl -sS --max-time 5 -o /dev/null "http://127.0.0.1:$other/"
}

has_idle() {
	[ "$(enter ss -Htn state established 'dport = :8475' | wc -l)" -eq "$1" ]
}

# More connections than Apache has threads, and more than HAProxy accepts in
# all. None of them sends more than a byte.
idle_connections_stop_nobody() {
	local count=400 limit=(-e 's/^global$/&\n\tmaxconn 300/')
	[ "$proxy" != apache ] || count=$((threads + 5))
	[ "$proxy" = haproxy ] || limit=()
	start_site "${limit[@]}"
	answers_elsewhere
	start crowd "${isolated[@]}" "$TOOLS/crowd" "$count" 127.0.0.1 8475 x
	eventually grep -q begun "$BATS_TEST_TMPDIR/crowd.out"
	eventually answers_elsewhere
	# HAProxy before 3.1 lets them wait, the others close them
	[ "$proxy" = haproxy ] || eventually has_idle 0
}

@test "idle connections without a certificate: other sites still answer" {
	through_each idle_connections_stop_nobody
}

# For each proxy a pcap capture without packets, and one whose reader pauses;
# and a quiet pcapng capture behind an nginx with its default read timeout.
start_patience() {
	local name
	options_of_ann
	for name in "${proxies[@]}"; do
		make_site "$name"
		start_site
		start_fetch "$name-quiet" 'filter=udp+port+4712&count=1'
		start_fetch "$name-paused" \
			"filter=udp+port+4711&count=$datagrams"
		kill -STOP "${captures[$name-paused]}"
		send "$datagrams" "$datagram" 0 127.0.0.1 4711
	done
	make_site default nginx
	start_site -e '/proxy_read_timeout/d'
	start_fetch default-quiet 'filter=udp+port+4712&count=1'
	start_merge "${as_ann[@]}" 'https://127.0.0.1?filter=udp'
	capturing_on 1
}

# Each has run since before the first test.
@test "quiet captures and readers that pause: outlive the proxies' default timeouts" {
	local name BATS_TEST_TMPDIR=$pki
	# shellcheck disable=SC1091 # declarations
	. "$pki/state"
	while [ $((EPOCHSECONDS - begun)) -lt "$patience" ]; do
		sleep 1
	done
	for name in "${proxies[@]}"; do
		echo "# $name"
		go_to "$name"
		kill -0 "${captures[$name-quiet]}"
		send 1 100 0 127.0.0.1 4712
		eventually has 1 "$name-quiet"
		kill -0 "${captures[$name-paused]}"
		kill -CONT "${captures[$name-paused]}"
		eventually has "$datagrams" "$name-paused"
		eventually is_gone "${captures[$name-paused]}"
		[ ! -s "$pki/$name-paused.err" ]
	done
	echo "# nginx with its own read timeout"
	go_to default
	# its timeout cuts silent streams, and watermarks are not silence
	is_gone "${captures[default-quiet]}"
	kill -0 "$client"
	send 1 100 0 127.0.0.1 4711
	eventually file_has_data "$merged"
	kill -INT "$client"
	eventually is_gone "$client"
	cat "$said"
	grep -q "1 packets of 1 target$" "$said"
}
