#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Web pages cannot use a visitor's browser against the worker: requests as
# browsers send them for a page of another site, and for a page whose name
# resolves to the worker. Requests of programs must still work.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker

chrome=('User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0.0.0'
	'Accept: */*' 'Accept-Encoding: gzip, deflate'
	'Accept-Language: en-US,en;q=0.9')
firefox=('User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Firefox/115.0'
	'Accept: */*' 'Accept-Language: en-US,en;q=0.5'
	'Accept-Encoding: gzip, deflate')
# it did not send a language before about version 110
headless=('User-Agent: Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/90.0'
	'Accept: */*' 'Accept-Encoding: gzip, deflate')
# the embedding program sets the agent
embedded=('User-Agent: Reader/1.0' 'Accept-Language: en')

# request METHOD TARGET HOST [FIELD]...: its bytes.
request() {
	printf '%s %s HTTP/1.1\r\nHost: %s\r\n' "$1" "$2" "$3"
	shift 3
	[ $# -eq 0 ] || printf '%s\r\n' "$@"
	printf '\r\n'
}

# gets STATUS METHOD TARGET HOST [FIELD]...: the response has nothing that helps
# a page, and nothing of a capture.
gets() {
	local wanted=$1
	shift
	request "$@" | raw >"$BATS_TEST_TMPDIR/answer"
	grep -qa "^HTTP/1.1 $wanted " "$BATS_TEST_TMPDIR/answer" ||
		{ echo "not $wanted: $*"; cat "$BATS_TEST_TMPDIR/answer"; }
	grep -qa "^HTTP/1.1 $wanted " "$BATS_TEST_TMPDIR/answer"
	lacks -ai '^access-control' "$BATS_TEST_TMPDIR/answer"
	[ "$(grep -ac '^HTTP/' "$BATS_TEST_TMPDIR/answer")" -eq 1 ]
}

# The same, with the fields of each browser added.
every_browser_gets() {
	gets "$@" "${chrome[@]}"
	gets "$@" "${firefox[@]}"
	gets "$@" "${headless[@]}"
	gets "$@" "${embedded[@]}"
}

# Each rejection is one line in the log, and none of them was a capture.
only_refusals() {
	eventually no_children
	[ "$(said | grep -c 'refused (4')" -eq "$(($(said | wc -l) - 1))" ]
	no_packet_sockets
}

@test "a page of another site (fetch, image, form, link, frame): gets nothing" {
	listen
	local host mode field
	local target='/capture?duration=1&filter=icmp'
	for host in "127.0.0.1:$port" '[::1]'; do
		# fetch, no-cors and cors, images, scripts, styles
		for mode in no-cors cors; do
			every_browser_gets 403 GET "$target" "$host" \
				'Sec-Fetch-Site: cross-site' \
				"Sec-Fetch-Mode: $mode" 'Sec-Fetch-Dest: image'
		done
		every_browser_gets 403 GET "$target" "$host" \
			'Origin: http://evil.example'
		every_browser_gets 403 GET "$target" "$host" 'Origin: null'
		# a link, a form with GET, a frame
		every_browser_gets 403 GET "$target" "$host" \
			'Sec-Fetch-Site: cross-site' 'Sec-Fetch-User: ?1' \
			'Sec-Fetch-Mode: navigate' 'Upgrade-Insecure-Requests: 1'
		every_browser_gets 403 GET "$target" "$host" \
			'Sec-Fetch-Site: same-site' 'Sec-Fetch-Mode: navigate'
		# a WebSocket
		every_browser_gets 403 GET "$target" "$host" \
			'Origin: http://evil.example' 'Connection: Upgrade' \
			'Upgrade: websocket' 'Sec-WebSocket-Version: 13' \
			'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='
		# a preflight request, and one for private networks
		every_browser_gets 405 OPTIONS "$target" "$host" \
			'Access-Control-Request-Method: GET' \
			'Access-Control-Request-Private-Network: true' \
			'Origin: http://evil.example'
	done
	# addresses of a network, for which no browser sends Sec-Fetch fields
	every_browser_gets 403 GET "$target" "192.0.2.1:$port"
	every_browser_gets 403 GET /interfaces "192.0.2.1:$port"
	# one sign is enough
	for field in 'Accept-Language: x' 'Accept-Language:' 'Origin: null' \
		'Referer: http://evil.example/' 'Sec-GPC: 1' \
		'Upgrade-Insecure-Requests: 1' 'User-Agent: Mozilla/4.0'; do
		gets 403 GET "$target" "127.0.0.1:$port" "$field"
	done
	only_refusals
}

@test "a form POST with a second request in its body: one response, an error" {
	listen
	local body
	body=$(request GET '/capture?duration=1' x; echo .)
	body=${body%.}
	{
		request POST /capture "127.0.0.1:$port" "${chrome[@]}" \
			'Origin: http://evil.example' \
			'Content-Type: text/plain' \
			"Content-Length: ${#body}"
		printf '%s' "$body"
	} | raw >"$BATS_TEST_TMPDIR/answer"
	[ "$(grep -ac '^HTTP/' "$BATS_TEST_TMPDIR/answer")" -eq 1 ]
	grep -q '^HTTP/1.1 405 ' "$BATS_TEST_TMPDIR/answer"
	# a TLS handshake whose name is a request
	printf '\x16\x03\x01\0\x40%s' "$body" | raw \
		>"$BATS_TEST_TMPDIR/answer"
	[ "$(grep -ac '^HTTP/' "$BATS_TEST_TMPDIR/answer")" -eq 1 ]
	grep -q '^HTTP/1.1 400 ' "$BATS_TEST_TMPDIR/answer"
	only_refusals
}

@test "DNS rebinding, a page whose own name resolves to the worker: gets nothing" {
	listen
	local target host
	for target in '/capture?duration=1' /interfaces; do
		for host in "evil.example:$port" 127.1; do
			every_browser_gets 403 GET "$target" "$host"
			# with fields that the page's scripts may set
			every_browser_gets 403 GET "$target" "$host" \
				'X-Requested-With: curl' 'Accept: text/plain'
			# and a browser that sends the site of the page
			every_browser_gets 403 GET "$target" "$host" \
				'Sec-Fetch-Site: same-origin' \
				'Sec-Fetch-Mode: cors' 'Sec-Fetch-Dest: empty'
			every_browser_gets 403 GET "$target" "$host" \
				'Sec-Fetch-Site: none' \
				'Sec-Fetch-Mode: navigate'
			every_browser_gets 403 GET "$target" "$host" \
				'Sec-Fetch-Site: same-origin' \
				"Origin: http://$host"
		done
	done
	gets 403 HEAD /capture evil.example "${chrome[@]}"
	# the names in target and Host are the same for every client
	gets 400 GET http://127.0.0.1/interfaces evil.example "${chrome[@]}"
	gets 400 GET http://evil.example/interfaces 127.0.0.1 "${chrome[@]}"
	only_refusals
}

@test "the worker's address typed into a browser: answered" {
	listen -host 'web1.example db1'
	local host
	for host in "127.0.0.1:$port" localhost '[::1]:1' a.localhost; do
		gets 200 GET /interfaces "$host" "${chrome[@]}" \
			'Sec-Fetch-Site: none' 'Sec-Fetch-Mode: navigate' \
			'Upgrade-Insecure-Requests: 1'
		gets 200 GET /interfaces "$host" "${firefox[@]}" \
			'Sec-Fetch-Site: same-origin' "Origin: http://$host"
	done
	# as behind a TLS proxy that passes names on
	gets 200 GET /interfaces WEB1.example:443 "${chrome[@]}" \
		'Sec-Fetch-Site: none'
	gets 403 GET /interfaces web1.example "${chrome[@]}"
	gets 403 GET /interfaces web1.example "${chrome[@]}" \
		'Sec-Fetch-Site: cross-site'
}

@test "-host and DDUMP_HOSTS: the Host names that any client may use" {
	listen -host 'web1.example db1'
	local host
	for host in web1.example:1 DB1 db1. 127.0.0.1 localhost 192.0.2.1; do
		gets 200 GET /interfaces "$host"
	done
	gets 403 GET /interfaces evil.example
	grep -q 'the Host field is "evil.example": clients must use an address' \
		"$BATS_TEST_TMPDIR/answer"
	grep -q 'or a name of the worker.s -host (DDUMP_HOSTS' \
		"$BATS_TEST_TMPDIR/answer"
	# a request without Host has none of these names
	printf 'GET /interfaces HTTP/1.0\r\n\r\n' | raw |
		grep 'the Host field is missing: clients must use an address,'
	stop_all
	DDUMP_HOSTS='web2' listen
	gets 200 GET /interfaces web2
	gets 403 GET /interfaces web1.example
	stop_all
	# emptied by a drop-in
	DDUMP_HOSTS='' listen
	gets 200 GET /interfaces web1.example
}

# Node's fetch() sends Accept-Language, PowerShell calls itself Mozilla/.
@test "a program that looks like a browser: the rejection says which header to send" {
	listen
	local field
	for field in 'Accept-Language: *' 'User-Agent: Mozilla/5.0 (Windows)'; do
		gets 403 GET /interfaces localhost "$field"
		grep -q 'like a browser.*may send "Sec-Fetch-Site: none"' \
			"$BATS_TEST_TMPDIR/answer"
		gets 200 GET /interfaces localhost "$field" \
			'Sec-Fetch-Site: none'
	done
}

@test "curl, wget, and ddump with any Host name: answered" {
	listen
	local name
	for name in web1 web1.example.org 127.0.0.1 localhost; do
		enter curl -sSf --resolve "$name:$port:127.0.0.1" \
			"http://$name:$port/interfaces" | grep '"name":"lo"'
		enter wget -q -O - --header "Host: $name:$port" \
			"http://127.0.0.1:$port/interfaces" | grep '"name":"lo"'
	done
	# ddump has no option for names: an /etc/hosts of its own
	printf '127.0.0.1 web1.example.org\n' >"$BATS_TEST_TMPDIR/hosts"
	# shellcheck disable=SC2016 # it is the inner shell's
	enter unshare -m sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' \
		"$BATS_TEST_TMPDIR/hosts" "$DDUMP" -duration 1 -filter icmp \
		"web1.example.org:$port" >"$BATS_TEST_TMPDIR/ddump.pcap"
	has_header ddump
}
