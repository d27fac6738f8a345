#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The responses of the worker: every status with its message, response heads,
# and malicious requests.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker

setup() {
	make_network
	start_worker -listen "127.0.0.1:$port"
}

# answers_with STATUS SENTENCE PATH [OPTION]...: the sentence is the whole body,
# or the part before a "*".
answers_with() {
	local wanted="$1 $2" path=$3
	shift 3
	run ask_status "$path" "$@"
	# shellcheck disable=SC2053 # a pattern
	[[ "$output" == $wanted ]] || echo "$path: $output"
	# shellcheck disable=SC2053
	[[ "$output" == $wanted ]]
}

# sends_and_gets STATUS SENTENCE REQUEST: bytes by printf's escapes.
sends_and_gets() {
	local answer
	# shellcheck disable=SC2059 # the request is the format
	answer=$(printf "$3" | raw)
	[[ "$answer" == "HTTP/1.1 $1 "*$'\r\n\r\n'*"$2"* ]] ||
		echo "$3: $answer"
	[[ "$answer" == "HTTP/1.1 $1 "*$'\r\n\r\n'*"$2"* ]]
}

# An earlier program responded to every failure with 200 and no body.
@test "unknown, repeated, or invalid parameters: 400, the parameter is named" {
	local good='try filter, interface, snaplen, payload, count, duration*'
	answers_with 400 "unknown parameter \"filtre\"; $good" \
		'/capture?filtre=icmp'
	answers_with 400 "unknown parameter \"Filter\"; $good" \
		'/capture?Filter=icmp'
	answers_with 400 "unknown parameter \"\"; $good" '/capture?=icmp'
	answers_with 400 'filter: given more than once' \
		'/capture?filter=icmp&filter=tcp'
	answers_with 400 'count: given more than once' \
		'/capture?count=1&count=1'
	answers_with 400 'count: "0" is not a number from 1 to 2000000000' \
		'/capture?count=0'
	answers_with 400 'count: "-1" is not a number*' '/capture?count=-1'
	answers_with 400 'count: "" is not a number*' '/capture?count'
	answers_with 400 'duration: "1s" is not a number*' '/capture?duration=1s'
	answers_with 400 'duration: "99999999999999999999" is not a number*' \
		'/capture?duration=99999999999999999999'
	answers_with 400 'snaplen: "262145" is not a number from 1 to 262144' \
		'/capture?snaplen=262145'
	answers_with 400 'payload: "262145" is not a number from 0 to 262144' \
		'/capture?payload=262145'
	answers_with 400 'payload: "-1" is not a number*' '/capture?payload=-1'
	answers_with 400 'payload: "" is not a number*' '/capture?payload'
	answers_with 400 'watermark: "9" is not a number from 10 to 1000' \
		'/capture?watermark=9'
	answers_with 400 'watermark: "1001" is not a number*' '/capture?watermark=1001'
	answers_with 400 'format: "cap" is neither pcap nor pcapng' \
		'/capture?format=cap'
	answers_with 400 'precision: "NANO" is neither micro nor nano' \
		'/capture?precision=NANO'
	answers_with 400 'linktype: "ethernet" is neither sll, sll2 nor native' \
		'/capture?linktype=ethernet'
}

# An earlier program ignored interface=.
@test "an interface that does not exist: 400, the interface is named" {
	answers_with 400 'interface: "no0" does not exist; run "ip link" on that host' \
		'/capture?interface=no0'
	answers_with 400 'interface: "no0" does not exist*' \
		'/capture?interface=lo&interface=no0'
	local name
	for name in '' .. . /lo lo/../lo 'lo%20' a-name-of-16-byte; do
		answers_with 400 'interface: "*" is not an interface name' \
			"/capture?interface=$name" --path-as-is
	done
}

# HEAD compiles the filter, too, and needs no privilege for it.
@test "a filter that does not compile: 400 with libpcap's message" {
	need_root
	answers_with 400 "filter: can't parse filter expression: syntax error" \
		'/capture?filter=tcp+prot'
	answers_with 400 "filter: can't parse filter expression: syntax error" \
		'/capture?filter=tcp)+or+(udp'
	answers_with 400 'filter: *' '/capture?filter=vlan'
	[ "$(ask '/capture?filter=tcp+prot' -I -o /dev/null \
		-w '%{http_code}')" = 400 ]
}

@test "a filter that needs too much time or memory to compile: 400" {
	need_root
	# a sanitizer ends the process instead
	[[ $BUILD != *sanitize* ]] || return 0
	local terms
	terms=$(printf 'portrange+%d-60000+or+' {1..500})
	answers_with 400 'filter: needs more than 64 MiB to compile; make *' \
		"/capture?filter=${terms}ip"
}

# Otherwise libpcap would filter in the worker everything that the host sends
# and receives.
@test "a filter that the kernel rejects: 400" {
	need_root
	local terms option
	terms=$(printf '(ip[%d]=1+or+udp[%d]=2)+and+' {1..1000})
	for option in -s -I; do
		[ "$(ask '/capture?filter=ip6+protochain+6' $option \
			-o /dev/null -w '%{http_code}')" = 400 ]
		# a sanitizer needs more memory than the limit
		[[ $BUILD == *sanitize* ]] ||
			[ "$(ask "/capture?filter=${terms}ip" $option \
				-o /dev/null -w '%{http_code}')" = 400 ]
	done
	answers_with 400 'filter: not accepted by the kernel *' \
		'/capture?filter=ip+protochain+6'
	[[ $BUILD == *sanitize* ]] || answers_with 400 \
		'filter: has * instructions when compiled, the *' \
		"/capture?filter=${terms}ip"
	lacks 'Kernel filter' "$BATS_TEST_TMPDIR/worker.err"
	answers_with 200 '*' '/capture?filter=ip+proto+6&duration=1'
}

# The kernel has three fields of the SLL2 header, each with one size: all
# offsets in the header, and the first one after it.
@test "a filter that reads link header bytes the kernel does not have: 400" {
	need_root
	local at size query
	for at in {0..20}; do
		for size in 1 2 4; do
			query="filter=link[$at:$size]>3+and+udp"
			case $at-$size in
			0-2 | 4-4 | 10-1 | 20-*)
				answers_with 200 '*' "/capture?$query" -I
				capture "at$at-$size" "$query"
				;;
			*)
				answers_with 400 '*' "/capture?$query" -I
				answers_with 400 'filter: only link*of the link header *' \
					"/capture?$query"
				;;
			esac
		done
	done
}

# They would match nothing, without a message.
@test "a filter term that does not mean on this link type what it says: 400" {
	need_root
	local word
	for word in stp ipx isis netbeui 'ether+proto+4' atalk 'ether[0]>1' \
		geneve; do
		answers_with 400 'filter: *try *' "/capture?filter=udp+or+$word"
		answers_with 400 '*' "/capture?filter=$word" -I
	done
}

@test "a filter of spaces only: as without a filter" {
	need_root
	answers_with 200 '*' '/capture?filter=%20%0a&duration=1'
}

@test "invalid escapes and control characters: 400" {
	local bad
	for bad in % %4 %zz %%34 icmp%2; do
		answers_with 400 "query: '%' is not followed*" \
			"/capture?filter=$bad"
	done
	answers_with 400 'query: control character 0x00' \
		'/capture?filter=ip%00'
	answers_with 400 'query: control character 0x1b' \
		'/capture?filter=%1b[31m'
	answers_with 400 'query: control character 0x7f' \
		'/capture?%7f=1'
	answers_with 400 'query: a name or value has more than 31*' \
		"/capture?$(printf 'x%.0s' {1..60})"
	answers_with 400 'query: a name or value has more than 16383*' \
		"/capture?filter=$(printf '%017000d' 0)"
}

@test "request bytes quoted in a 400 message: escaped" {
	# e9 and 85: terminals may interpret them
	answers_with 400 'unknown parameter "\\xe9\\x85"; try *' \
		'/capture?%e9%85=1'
	answers_with 400 'count: "1\\x0aX: y" is not a number*' \
		'/capture?count=1%0aX:+y'
}

@test "unknown paths: 404" {
	local path
	for path in / /captur /capture/ /captures /CAPTURE '//capture' \
		'/%00' '/capture%00' /interfaces/lo; do
		answers_with 404 \
			"$path does not exist; try /capture or /interfaces" \
			"$path"
	done
	# these mean the same, RFC 3986, section 6.2.2
	answers_with 200 '*' '/%69nterfaces'
}

@test "methods other than GET and HEAD: 405 with Allow" {
	local method
	for method in POST PUT DELETE OPTIONS get PATCH; do
		answers_with 405 "method $method is not supported*" \
			/capture -X "$method" -D "$BATS_TEST_TMPDIR/head"
		grep -qx $'Allow: GET, HEAD\r' "$BATS_TEST_TMPDIR/head"
	done
	answers_with 400 '/interfaces takes no parameters' '/interfaces?a=b'
}

@test "a request line that is too long: 414" {
	sends_and_gets 414 'the request line is longer than 32768 bytes' \
		"GET /$(printf '%033000d' 0)"
}

@test "too many or too long header fields: 431" {
	local fields
	fields=$(printf 'A: b\\r\\n%.0s' {1..101})
	sends_and_gets 431 'more than 100 header fields' \
		"GET /capture HTTP/1.1\r\nHost: x\r\n$fields\r\n"
	sends_and_gets 431 'the request head is longer than 49152 bytes' \
		"GET /capture HTTP/1.1\r\nHost: x\r\nA: $(printf '%050000d' 0)"
	sends_and_gets 431 'the Forwarded fields are too long' \
		"GET /capture HTTP/1.1\r\nHost: x\r\nForwarded: for=$(
			printf '%02000d' 0)\r\n\r\n"
}

# The message says how to fix it.
@test "a worker without CAP_NET_RAW: 500" {
	need_root
	make_open_dir
	stop_all
	cp "$WORKER" "$open_dir/"
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$open_dir/ddump-worker" -listen "127.0.0.1:$port"
	answers_with 500 'the worker lacks CAP_NET_RAW; *' /capture
	[[ "$output" == *"by ddump-worker.socket"*"cap_net_raw=eip"* ]]
	# a client's mistake is still a 400, and everything else works
	answers_with 400 'unknown parameter*' '/capture?filtre=icmp'
	answers_with 200 '*"name":"lo"*' /interfaces
	no_packet_sockets
}

@test "HTTP versions: 505 for unsupported ones, 400 for malformed ones" {
	sends_and_gets 505 'only HTTP/1 is supported' \
		'GET /capture HTTP/2.0\r\nHost: x\r\n\r\n'
	local version
	for version in '' HTTP/1 http/1.1 HTTP/1.11 HTTP/x.1 'HTTP/1.1 '; do
		sends_and_gets 400 'the request line does not end in an HTTP' \
			"GET /capture $version\r\nHost: x\r\n\r\n"
	done
}

@test "an error response: one line of text/plain, no-store" {
	run ask /nowhere -i
	[ "${lines[0]}" = $'HTTP/1.1 404 Not Found\r' ]
	local field size
	size=$(printf '%s\n' "${lines[-1]}" | wc -c)
	for field in 'Content-Type: text/plain; charset=utf-8' \
		"Content-Length: $size" \
		'Cache-Control: no-store, no-transform' \
		'X-Content-Type-Options: nosniff' 'Connection: close'; do
		grep -qxF "$field"$'\r' <<<"$output"
	done
	# one message, and nothing else after the head
	[ "$(sed '1,/^\r$/d' <<<"$output" | wc -l)" -eq 1 ]
	# HEAD: the same without the message
	run ask /nowhere -I
	[ "${lines[0]}" = $'HTTP/1.1 404 Not Found\r' ]
	[[ "$output" != *"does not exist"* ]]
}

@test "the response head of a capture: status and header fields" {
	need_root
	ask '/capture?filter=icmp&duration=1' -D "$BATS_TEST_TMPDIR/head" \
		-o /dev/null
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/head")" = $'HTTP/1.1 200 OK\r' ]
	local field
	for field in 'Content-Type: application/vnd.tcpdump.pcap' \
		'Transfer-Encoding: chunked' 'Connection: close' \
		'Cache-Control: no-store, no-transform' \
		'X-Accel-Buffering: no' 'X-Content-Type-Options: nosniff'; do
		grep -qxF "$field"$'\r' "$BATS_TEST_TMPDIR/head"
	done
	grep -qE '^Ddump-Clock: [0-9]{19} [0-9]{19}'$'\r$' \
		"$BATS_TEST_TMPDIR/head"
	lacks -i '^content-length' "$BATS_TEST_TMPDIR/head"
}

# The client estimates the offset of a host's clock from it.
@test "Ddump-Clock: the times of request and response" {
	need_root
	local before after asked answered
	before=$(date +%s%N)
	ask '/capture?filter=icmp&duration=1' -D "$BATS_TEST_TMPDIR/head" \
		-o /dev/null
	after=$(date +%s%N)
	read -r _ asked answered < <(grep Ddump-Clock \
		"$BATS_TEST_TMPDIR/head" | tr -d '\r')
	[ "$before" -le "$asked" ]
	[ "$asked" -le "$answered" ]
	[ "$answered" -le "$after" ]
}

@test "the body: chunked for HTTP/1.1, until the connection closes for HTTP/1.0" {
	need_root
	printf '%s\r\n' 'GET /capture?filter=icmp&duration=1 HTTP/1.1' \
		'Host: x' '' | raw >"$BATS_TEST_TMPDIR/new"
	grep -qx $'Transfer-Encoding: chunked\r' "$BATS_TEST_TMPDIR/new"
	# one chunk of 24 bytes, the file's header, and the last chunk
	sed '1,/^\r$/d' "$BATS_TEST_TMPDIR/new" >"$BATS_TEST_TMPDIR/chunks"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/chunks")" -eq $((4 + 24 + 2 + 5)) ]
	[ "$(head -c 4 "$BATS_TEST_TMPDIR/chunks")" = $'18\r' ]
	[ "$(tail -c 5 "$BATS_TEST_TMPDIR/chunks" | od -An -tx1)" = \
		" 30 0d 0a 0d 0a" ]

	printf '%s\r\n' 'GET /capture?filter=icmp&duration=1 HTTP/1.0' '' |
		raw >"$BATS_TEST_TMPDIR/old"
	lacks -i '^transfer-encoding' "$BATS_TEST_TMPDIR/old"
	grep -qx $'Connection: close\r' "$BATS_TEST_TMPDIR/old"
	sed '1,/^\r$/d' "$BATS_TEST_TMPDIR/old" >"$BATS_TEST_TMPDIR/old.pcap"
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/old.pcap")" -eq 24 ]
	has_header old
}

# An earlier program started a capture for HEAD that never ended.
@test "HEAD: only the response head, and no packet socket" {
	need_root
	need strace
	stop_all
	start_worker_by strace -D -f -o "$BATS_TEST_TMPDIR/trace" \
		-e trace=socket,exit_group "$WORKER" -listen "127.0.0.1:$port"
	printf '%s\r\n' 'HEAD /capture?filter=icmp&interface=lo HTTP/1.1' \
		'Host: x' '' | raw >"$BATS_TEST_TMPDIR/head"
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/head")" = $'HTTP/1.1 200 OK\r' ]
	grep -qx $'Content-Type: application/vnd.tcpdump.pcap\r' \
		"$BATS_TEST_TMPDIR/head"
	# the empty line is the last
	[ "$(tail -c 4 "$BATS_TEST_TMPDIR/head" | od -An -tx1)" = \
		" 0d 0a 0d 0a" ]
	[ "$(grep -c '^.$' "$BATS_TEST_TMPDIR/head")" -eq 1 ]
	eventually no_children
	grep -q 'exit_group' "$BATS_TEST_TMPDIR/trace"
	lacks AF_PACKET "$BATS_TEST_TMPDIR/trace"
	# would an open socket have been seen?
	ask '/capture?filter=icmp&duration=1' -o /dev/null
	eventually grep -q AF_PACKET "$BATS_TEST_TMPDIR/trace"
}

@test "HEAD where GET would be rejected: the same status" {
	local path
	for path in '/capture?filtre=icmp' '/capture?interface=no0'; do
		[ "$(ask "$path" -I -o /dev/null -w '%{http_code}')" = 400 ]
	done
	[ "$(ask /interfaces -I -o /dev/null -w '%{http_code}')" = 200 ]
}

@test "/interfaces: a JSON list of the interfaces of the host" {
	need_root
	need jq
	make_peer
	ip -n "$ns" address add 10.1.0.9/24 dev va label va:9
	ip -n "$ns" address add fd00::1/64 dev va nodad
	ip -n "$ns" link set vb down
	ask /interfaces -D "$BATS_TEST_TMPDIR/head" >"$BATS_TEST_TMPDIR/json"
	grep -qx $'Content-Type: application/json\r' "$BATS_TEST_TMPDIR/head"
	[ "$(jq -r '[.[].name] | sort | join(" ")' \
		"$BATS_TEST_TMPDIR/json")" = "lo va vb" ]
	interface() {
		jq -c ".[] | select(.name == \"$1\") | $2" \
			"$BATS_TEST_TMPDIR/json"
	}
	[ "$(interface va .index)" = \
		"$(enter cat /sys/class/net/va/ifindex)" ]
	[ "$(interface va .up)" = true ]
	[ "$(interface vb .up)" = false ]
	[ "$(interface va '.addresses | map(select(test("^fe80") | not))')" = \
		'["10.1.0.1","10.1.0.9","fd00::1"]' ]
	[ "$(interface lo .addresses)" = '["127.0.0.1","::1"]' ]
}

# A name is any bytes but spaces and '/'; interface= accepts every listed name.
@test "/interfaces with unusual interface names: valid JSON" {
	need_root
	need jq
	make_peer
	local name
	for name in 'v"' 'v\n' 'v{}' $'v\e[1m' vé; do
		ip -n "$ns" link set va name "$name"
		ask /interfaces >"$BATS_TEST_TMPDIR/json"
		[ "$(jq --arg name "$name" 'map(select(.name == $name)) |
			length' "$BATS_TEST_TMPDIR/json")" = 1 ] ||
			cat "$BATS_TEST_TMPDIR/json"
		[ "$(jq --arg name "$name" 'map(select(.name == $name)) |
			length' "$BATS_TEST_TMPDIR/json")" = 1 ]
		ip -n "$ns" link set "$name" name va
	done
}

# A reset would destroy the message on its way to the client.
@test "an error response with more data after the request: arrives complete" {
	for _ in 1 2 3 4 5; do
		{
			printf '%s\r\n' 'POST /capture HTTP/1.1' 'Host: x' \
				'Content-Length: 1048576' ''
			head -c 1048576 /dev/zero
		} | raw >"$BATS_TEST_TMPDIR/answer"
		[ "$(tail -n 1 "$BATS_TEST_TMPDIR/answer")" = \
			"method POST is not supported; try GET or HEAD" ]
	done
	# so does data that is not HTTP
	{
		printf '\x16\x03\x01'
		head -c 1048576 /dev/zero
	} | raw >"$BATS_TEST_TMPDIR/answer"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/answer")" = \
		"not an HTTP request: it begins with byte 0x16" ]
}

@test "a client that never stops sending after an error response: disconnected" {
	run enter timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		trap '' PIPE
		printf 'GET /nowhere HTTP/1.0\r\n\r\n' >&3
		cat /dev/zero >&3"
	# 124 would be the timeout
	[ "$status" -eq 1 ]
	eventually no_children
}

@test "a request in several segments, or after an empty line: accepted" {
	run enter timeout 15 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		for piece in '\r' '\nGET /now' 'here HT' 'TP/1.1\r\nHo' \
			'st: x\r' '\n\r' '\n'; do
			printf \"\$piece\" >&3; sleep 0.02
		done
		cat <&3"
	[ "${lines[-1]}" = \
		"/nowhere does not exist; try /capture or /interfaces" ]
}

@test "malformed request heads: rejected" {
	local get='GET /interfaces HTTP/1.1\r\n'
	sends_and_gets 400 'the request head has a carriage return within a line' \
		"${get}Host: x\rA: b\r\n\r\n"
	sends_and_gets 400 'the request head has a carriage return within a line' \
		"GET /interfaces\r HTTP/1.1\r\nHost: x\r\n\r\n"
	sends_and_gets 400 'a line of the request head ends without a carriage return' \
		"${get}Host: x\nA: b\r\n\r\n"
	sends_and_gets 400 'the request head has a NUL byte' \
		"${get}Host: x\r\nA: \\000b\r\n\r\n"
	sends_and_gets 400 'folded header fields are not supported' \
		"${get}Host: x\r\n folded\r\n\r\n"
	sends_and_gets 400 'folded header fields are not supported' \
		"${get}Host: x\r\nA: b\r\n\tfolded\r\n\r\n"
	sends_and_gets 400 'a header line is not' \
		"${get}Host : x\r\n\r\n"
	sends_and_gets 400 'a header line is not' \
		"${get}Host: x\r\nno colon\r\n\r\n"
	sends_and_gets 400 'a header line is not' "${get}: x\r\n\r\n"
	sends_and_gets 400 'the field A has a control character' \
		"${get}Host: x\r\nA: \033[31m\r\n\r\n"
	sends_and_gets 400 'needs a Host field' "$get\r\n"
	sends_and_gets 400 'the field Host is repeated' \
		"${get}Host: x\r\nHost: x\r\n\r\n"
	sends_and_gets 400 'Host: "x y" is not a name' \
		"${get}Host: x y\r\n\r\n"
	sends_and_gets 400 'the field Origin is repeated' \
		"${get}Host: x\r\nOrigin: http://x\r\nOrigin: http://x\r\n\r\n"
	sends_and_gets 400 'name different hosts' \
		'GET http://y/interfaces HTTP/1.1\r\nHost: x\r\n\r\n'
}

@test "requests with a body: rejected" {
	local get='GET /interfaces HTTP/1.1\r\nHost: x\r\n'
	sends_and_gets 400 'requests with a body are not supported' \
		"${get}Content-Length: 5\r\n\r\nhello"
	sends_and_gets 400 'requests with a body are not supported' \
		"${get}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	sends_and_gets 400 'requests with a body are not supported' \
		"${get}content-length: 0, 0\r\n\r\n"
	sends_and_gets 400 'the field Content-Length is repeated' \
		"${get}Content-Length: 0\r\nContent-Length: 0\r\n\r\n"
	sends_and_gets 200 '"name":"lo"' "${get}Content-Length: 0\r\n\r\n"
}

@test "malformed request lines: rejected" {
	local rest=' HTTP/1.1\r\nHost: x\r\n\r\n'
	sends_and_gets 400 'the request line is not' "GET\r\n\r\n"
	sends_and_gets 400 'the request line is not' "GET /x\r\n\r\n"
	sends_and_gets 400 'not an HTTP request: it begins with byte 0x20' \
		" GET /interfaces$rest"
	sends_and_gets 400 'the request line is not' "G@T /interfaces$rest"
	sends_and_gets 400 'does not end in an HTTP version' \
		"GET /inter faces$rest"
	sends_and_gets 400 'is neither a path nor a URL' "GET interfaces$rest"
	sends_and_gets 400 'is neither a path nor a URL' "GET *$rest"
	sends_and_gets 400 'has byte 0xe9, which must be' \
		"GET /interfaces\\351$rest"
	sends_and_gets 400 'has byte 0x23, which must be' \
		"GET /interfaces#lo$rest"
	sends_and_gets 400 'has byte 0x09, which must be' \
		"GET /inter\\tfaces$rest"
}

@test "a URL as request target (RFC 9112, section 3.2.2): accepted" {
	sends_and_gets 200 '"name":"lo"' \
		'GET http://x/interfaces HTTP/1.1\r\nHost: x\r\n\r\n'
	sends_and_gets 404 '/nowhere does not exist' \
		'GET HTTPS://x:1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n'
}

@test "a second request on the same connection: not answered" {
	local answer
	answer=$(printf 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n%.0s' 1 2 |
		raw)
	[ "$(grep -c '^HTTP/1.1' <<<"$answer")" -eq 1 ]
}
