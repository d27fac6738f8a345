#!/usr/bin/env bats
# What the worker answers: every status with its sentence, heads, and what it
# makes of requests that mean harm.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker

setup() {
	make_network
	start_worker -listen "127.0.0.1:$port"
}

# answers_with STATUS SENTENCE PATH [OPTION]...: all of the body is the
# sentence, up to a "*".
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

# Fault 8: every failure was a 200 without a body.
@test "400: parameters are refused by name" {
	local good='there are filter, interface, snaplen, count, duration*'
	answers_with 400 "there is no parameter \"filtre\"; $good" \
		'/capture?filtre=icmp'
	answers_with 400 "there is no parameter \"Filter\"; $good" \
		'/capture?Filter=icmp'
	answers_with 400 "there is no parameter \"\"; $good" '/capture?=icmp'
	answers_with 400 'the parameter filter comes twice' \
		'/capture?filter=icmp&filter=tcp'
	answers_with 400 'the parameter count comes twice' \
		'/capture?count=1&count=1'
	answers_with 400 'count: "0" is no number from 1 to 2000000000' \
		'/capture?count=0'
	answers_with 400 'count: "-1" is no number*' '/capture?count=-1'
	answers_with 400 'count: "" is no number*' '/capture?count'
	answers_with 400 'duration: "1s" is no number*' '/capture?duration=1s'
	answers_with 400 'duration: "99999999999999999999" is no number*' \
		'/capture?duration=99999999999999999999'
	answers_with 400 'snaplen: "262145" is no number from 1 to 262144' \
		'/capture?snaplen=262145'
	answers_with 400 'format: "cap" is neither pcap nor pcapng' \
		'/capture?format=cap'
	answers_with 400 'precision: "NANO" is neither micro nor nano' \
		'/capture?precision=NANO'
	answers_with 400 'linktype: "ethernet" is neither sll nor sll2' \
		'/capture?linktype=ethernet'
}

# Fault 17: interface= was ignored.
@test "400: an interface that is not here" {
	answers_with 400 'interface: there is no no0 here, see /interfaces' \
		'/capture?interface=no0'
	answers_with 400 'interface: there is no no0 here*' \
		'/capture?interface=lo&interface=no0'
	local name
	for name in '' .. . /lo lo/../lo 'lo%20' a-name-of-16-byte; do
		answers_with 400 'interface: "*" is no interface'\''s name' \
			"/capture?interface=$name" --path-as-is
	done
}

# Fault 8. HEAD compiles, too, and needs no privilege for it.
@test "400: a filter, with the sentence of libpcap" {
	need_root
	answers_with 400 "filter: can't parse filter expression: syntax error" \
		'/capture?filter=tcp+prot'
	answers_with 400 "filter: can't parse filter expression: syntax error" \
		'/capture?filter=tcp)+or+(udp'
	answers_with 400 'filter: *' '/capture?filter=vlan'
	[ "$(ask '/capture?filter=tcp+prot' -I -o /dev/null \
		-w '%{http_code}')" = 400 ]
}

@test "400: a filter that takes too much to compile" {
	need_root
	# a sanitizer ends the process instead
	[[ $BUILD != *sanitize* ]] || return 0
	local terms
	terms=$(printf 'portrange+%d-60000+or+' {1..500})
	answers_with 400 'filter: it takes more than 64 MiB to compile, make *' \
		"/capture?filter=${terms}ip"
}

# libpcap would filter by itself then, all that the host sends and receives.
@test "400: a filter that the kernel does not take" {
	need_root
	local terms option
	terms=$(printf '(ip[%d]=1+or+udp[%d]=2)+and+' {1..1000})
	for option in -s -I; do
		[ "$(ask '/capture?filter=ip6+protochain+6' $option \
			-o /dev/null -w '%{http_code}')" = 400 ]
		[ "$(ask "/capture?filter=${terms}ip" $option \
			-o /dev/null -w '%{http_code}')" = 400 ]
	done
	answers_with 400 'filter: the kernel does not take it, *' \
		'/capture?filter=ip+protochain+6'
	# a sanitizer takes more memory than there is for that
	[[ $BUILD == *sanitize* ]] || answers_with 400 \
		'filter: it has * instructions when compiled, the *' \
		"/capture?filter=${terms}ip"
	lacks 'Kernel filter' "$BATS_TEST_TMPDIR/worker.err"
	answers_with 200 '*' '/capture?filter=ip+proto+6&duration=1'
}

# libpcap would filter by itself then, too, and say nothing. All the bytes of
# the SLL2 header, and the first behind it.
@test "400: a filter that reads what the kernel does not have" {
	need_root
	local at size query
	for at in {0..20}; do
		for size in 1 4; do
			query="filter=link[$at:$size]>3+and+udp"
			case $at in
			0 | 4 | 10 | 20)
				answers_with 200 '*' "/capture?$query" -I
				capture "at$at-$size" "$query"
				;;
			*)
				answers_with 400 '*' "/capture?$query" -I
				answers_with 400 'filter: it reads *' \
					"/capture?$query"
				;;
			esac
		done
	done
}

@test "a filter of blanks is no filter" {
	need_root
	answers_with 200 '*' '/capture?filter=%20%0a&duration=1'
}

@test "400: escapes that are none, and control characters" {
	local bad
	for bad in % %4 %zz %%34 icmp%2; do
		answers_with 400 "the query has a '%' that is not followed*" \
			"/capture?filter=$bad"
	done
	answers_with 400 'the query has a control character (0x00)' \
		'/capture?filter=ip%00'
	answers_with 400 'the query has a control character (0x1b)' \
		'/capture?filter=%1b[31m'
	answers_with 400 'the query has a control character (0x7f)' \
		'/capture?%7f=1'
	answers_with 400 'the query has a name or value of more than 31*' \
		"/capture?$(printf 'x%.0s' {1..60})"
	answers_with 400 'the query has a name or value of more than 16383*' \
		"/capture?filter=$(printf '%017000d' 0)"
}

@test "400: what a sentence repeats is escaped" {
	# e9 and 85: nobody knows what a terminal makes of them
	answers_with 400 'there is no parameter "\\xe9\\x85"; there are *' \
		'/capture?%e9%85=1'
	answers_with 400 'count: "1\\x0aX: y" is no number*' \
		'/capture?count=1%0aX:+y'
}

@test "404: other paths" {
	local path
	for path in / /captur /capture/ /captures /CAPTURE '//capture' \
		'/%00' '/capture%00' /interfaces/lo; do
		answers_with 404 \
			"there is no $path here, only /capture and /interfaces" \
			"$path"
	done
	# these mean the same, RFC 3986, section 6.2.2
	answers_with 200 '*' '/%69nterfaces'
}

@test "405: other methods, with Allow" {
	local method
	for method in POST PUT DELETE OPTIONS get PATCH; do
		answers_with 405 "the method $method is not for this*" \
			/capture -X "$method" -D "$BATS_TEST_TMPDIR/head"
		grep -qx $'Allow: GET, HEAD\r' "$BATS_TEST_TMPDIR/head"
	done
	answers_with 400 '/interfaces takes no parameters' '/interfaces?a=b'
}

@test "414: a request line without end" {
	sends_and_gets 414 'the request line is longer than 32768 bytes' \
		"GET /$(printf '%033000d' 0)"
}

@test "431: too many fields, or too long" {
	local fields
	fields=$(printf 'A: b\\r\\n%.0s' {1..101})
	sends_and_gets 431 'more than 100 header fields' \
		"GET /capture HTTP/1.1\r\nHost: x\r\n$fields\r\n"
	sends_and_gets 431 'the head is longer than 49152 bytes' \
		"GET /capture HTTP/1.1\r\nHost: x\r\nA: $(printf '%050000d' 0)"
	sends_and_gets 431 'the Forwarded fields are too long' \
		"GET /capture HTTP/1.1\r\nHost: x\r\nForwarded: for=$(
			printf '%02000d' 0)\r\n\r\n"
}

# Fault 8. The cure stands in the sentence.
@test "500: without CAP_NET_RAW" {
	need_root
	make_open_dir
	stop_all
	cp "$WORKER" "$open_dir/"
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$open_dir/ddump-worker" -listen "127.0.0.1:$port"
	answers_with 500 'the worker lacks CAP_NET_RAW: run "setcap*' /capture
	[[ "$output" == *"cap_net_raw=eip"*"the unit ddump-worker.socket" ]]
	# the client's mistakes stay its own, and the rest works
	answers_with 400 'there is no parameter*' '/capture?filtre=icmp'
	answers_with 200 '*"name":"lo"*' /interfaces
	no_packet_sockets
}

@test "505 and 400: other versions" {
	sends_and_gets 505 'only HTTP/1 is spoken here' \
		'GET /capture HTTP/2.0\r\nHost: x\r\n\r\n'
	local version
	for version in '' HTTP/1 http/1.1 HTTP/1.11 HTTP/x.1 'HTTP/1.1 '; do
		sends_and_gets 400 'the request line does not end in an HTTP' \
			"GET /capture $version\r\nHost: x\r\n\r\n"
	done
}

@test "a refusal is one line of text/plain, and not stored" {
	run ask /nowhere -i
	[ "${lines[0]}" = $'HTTP/1.1 404 Not Found\r' ]
	local field size
	size=$(printf '%s\n' "${lines[-1]}" | wc -c)
	for field in 'Content-Type: text/plain; charset=us-ascii' \
		"Content-Length: $size" \
		'Cache-Control: no-store, no-transform' \
		'X-Content-Type-Options: nosniff' 'Connection: close'; do
		grep -qxF "$field"$'\r' <<<"$output"
	done
	# nothing after the sentence, and nothing but it after the head
	[ "$(sed '1,/^\r$/d' <<<"$output" | wc -l)" -eq 1 ]
	# HEAD: the same without it
	run ask /nowhere -I
	[ "${lines[0]}" = $'HTTP/1.1 404 Not Found\r' ]
	[[ "$output" != *"there is no"* ]]
}

@test "a capture's head" {
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

# The client estimates the offset of a host's clock by it.
@test "Ddump-Clock holds the times of request and answer" {
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

@test "HTTP/1.1 gets chunks, HTTP/1.0 what ends with the connection" {
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

# Fault 3: a HEAD started a capture that never ended.
@test "HEAD answers the head alone and opens no packet socket" {
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
	# would it have been seen?
	ask '/capture?filter=icmp&duration=1' -o /dev/null
	eventually grep -q AF_PACKET "$BATS_TEST_TMPDIR/trace"
}

@test "HEAD is refused where GET would be" {
	local path
	for path in '/capture?filtre=icmp' '/capture?interface=no0'; do
		[ "$(ask "$path" -I -o /dev/null -w '%{http_code}')" = 400 ]
	done
	[ "$(ask /interfaces -I -o /dev/null -w '%{http_code}')" = 200 ]
}

@test "/interfaces is JSON of what is there" {
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

# A name is any bytes but blanks and '/'; interface= takes what this tells.
@test "/interfaces tells unusual names" {
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

# A reset would throw the sentence away that is on its way.
@test "a refusal arrives whole, whatever was sent behind the request" {
	for _ in 1 2 3 4 5; do
		{
			printf '%s\r\n' 'POST /capture HTTP/1.1' 'Host: x' \
				'Content-Length: 1048576' ''
			head -c 1048576 /dev/zero
		} | raw >"$BATS_TEST_TMPDIR/answer"
		[ "$(tail -n 1 "$BATS_TEST_TMPDIR/answer")" = \
			"the method POST is not for this, only GET and HEAD" ]
	done
	# so does one that is no HTTP at all
	{
		printf '\x16\x03\x01'
		head -c 1048576 /dev/zero
	} | raw >"$BATS_TEST_TMPDIR/answer"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/answer")" = \
		"this is no HTTP request: it begins with byte 0x16" ]
}

@test "a client that sends behind a refusal for ever is cut" {
	run enter timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		trap '' PIPE
		printf 'GET /nowhere HTTP/1.0\r\n\r\n' >&3
		cat /dev/zero >&3"
	# 124 would be the time-out
	[ "$status" -eq 1 ]
	eventually no_children
}

@test "a request in pieces, and one after an empty line, are requests" {
	run enter timeout 15 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		for piece in '\r' '\nGET /now' 'here HT' 'TP/1.1\r\nHo' \
			'st: x\r' '\n\r' '\n'; do
			printf \"\$piece\" >&3; sleep 0.02
		done
		cat <&3"
	[ "${lines[-1]}" = \
		"there is no /nowhere here, only /capture and /interfaces" ]
}

@test "hostile heads are refused" {
	local get='GET /interfaces HTTP/1.1\r\n'
	sends_and_gets 400 'a carriage return that ends no line' \
		"${get}Host: x\rA: b\r\n\r\n"
	sends_and_gets 400 'a carriage return that ends no line' \
		"GET /interfaces\r HTTP/1.1\r\nHost: x\r\n\r\n"
	sends_and_gets 400 'a line ends without a carriage return' \
		"${get}Host: x\nA: b\r\n\r\n"
	sends_and_gets 400 'a NUL byte in the head' \
		"${get}Host: x\r\nA: \\000b\r\n\r\n"
	sends_and_gets 400 'a folded header field is not taken' \
		"${get}Host: x\r\n folded\r\n\r\n"
	sends_and_gets 400 'a folded header field is not taken' \
		"${get}Host: x\r\nA: b\r\n\tfolded\r\n\r\n"
	sends_and_gets 400 'a header line is not' \
		"${get}Host : x\r\n\r\n"
	sends_and_gets 400 'a header line is not' \
		"${get}Host: x\r\nno colon\r\n\r\n"
	sends_and_gets 400 'a header line is not' "${get}: x\r\n\r\n"
	sends_and_gets 400 'the field A has a control character' \
		"${get}Host: x\r\nA: \033[31m\r\n\r\n"
	sends_and_gets 400 'needs a Host field' "$get\r\n"
	sends_and_gets 400 'the field Host comes twice' \
		"${get}Host: x\r\nHost: x\r\n\r\n"
	sends_and_gets 400 'the Host field says "x y", which is no host: a name' \
		"${get}Host: x y\r\n\r\n"
	sends_and_gets 400 'the field Origin comes twice' \
		"${get}Host: x\r\nOrigin: http://x\r\nOrigin: http://x\r\n\r\n"
	sends_and_gets 400 'name two hosts' \
		'GET http://y/interfaces HTTP/1.1\r\nHost: x\r\n\r\n'
}

@test "requests with a body are refused" {
	local get='GET /interfaces HTTP/1.1\r\nHost: x\r\n'
	sends_and_gets 400 'a request with a body is not taken' \
		"${get}Content-Length: 5\r\n\r\nhello"
	sends_and_gets 400 'a request with a body is not taken' \
		"${get}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	sends_and_gets 400 'a request with a body is not taken' \
		"${get}content-length: 0, 0\r\n\r\n"
	sends_and_gets 400 'the field Content-Length comes twice' \
		"${get}Content-Length: 0\r\nContent-Length: 0\r\n\r\n"
	sends_and_gets 200 '"name":"lo"' "${get}Content-Length: 0\r\n\r\n"
}

@test "hostile request lines are refused" {
	local rest=' HTTP/1.1\r\nHost: x\r\n\r\n'
	sends_and_gets 400 'the request line is not' "GET\r\n\r\n"
	sends_and_gets 400 'the request line is not' "GET /x\r\n\r\n"
	sends_and_gets 400 'this is no HTTP request: it begins with byte 0x20' \
		" GET /interfaces$rest"
	sends_and_gets 400 'the request line is not' "G@T /interfaces$rest"
	sends_and_gets 400 'does not end in an HTTP version' \
		"GET /inter faces$rest"
	sends_and_gets 400 'is neither a path nor a URL' "GET interfaces$rest"
	sends_and_gets 400 'is neither a path nor a URL' "GET *$rest"
	sends_and_gets 400 'has a byte (0xe9) that must be' \
		"GET /interfaces\\351$rest"
	sends_and_gets 400 'has a byte (0x23) that must be' \
		"GET /interfaces#lo$rest"
	sends_and_gets 400 'has a byte (0x09) that must be' \
		"GET /inter\\tfaces$rest"
}

@test "a URL as target is accepted, RFC 9112, section 3.2.2" {
	sends_and_gets 200 '"name":"lo"' \
		'GET http://x/interfaces HTTP/1.1\r\nHost: x\r\n\r\n'
	sends_and_gets 404 'there is no /nowhere here' \
		'GET HTTPS://x:1/nowhere HTTP/1.1\r\nHost: x\r\n\r\n'
}

@test "one connection is one request" {
	local answer
	answer=$(printf 'GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n%.0s' 1 2 |
		raw)
	[ "$(grep -c '^HTTP/1.1' <<<"$answer")" -eq 1 ]
}
