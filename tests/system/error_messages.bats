#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Errors that users meet first, and the message that says what to do.

# shellcheck disable=SC2034,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load client
bats_require_minimum_version 1.5.0

setup() {
	port=8475 # what a target means that has none
	web=$(free_port)
}

teardown() {
	remove_network
}

# A worker, and the client on the same host.
beside_worker() {
	need_root
	need_stderr
	make_network
	start_worker -listen "127.0.0.1:$port"
	under=("${isolated[@]}")
}

# nginx with TLS on https://127.0.0.1:$web; /private needs a password.
serve_tls() {
	local dir=$BATS_TEST_TMPDIR
	need nginx
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=here -addext subjectAltName=IP:127.0.0.1 -days 2 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	echo "me:$(openssl passwd -apr1 right)" >"$dir/users"
	nginx_configure "$dir" "master_process off;" <<-END
		ssl_certificate $dir/cert.pem;
		ssl_certificate_key $dir/key.pem;
		root $dir;
		server {
			listen 127.0.0.1:$web ssl;
			location /private {
				auth_basic here;
				auth_basic_user_file $dir/users;
			}
		}
	END
	start nginx "$(command -v nginx)" -p "$dir" -c "$dir/nginx.conf" \
		-e "$dir/error.log"
	eventually answers "$web"
}

# tells SENTENCE ARGUMENT...: ddump captures nothing, and its message matches.
tells() {
	local sentence=$1
	shift
	merge "$@"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -qE -- "^ddump: .*$sentence" "$said"
}

@test "no target: the error says what to do" {
	tells "no target given; see -help"
}

@test "no worker on the host, or only on its loopback: the error says what to do" {
	tells "port $web.*: Connection refused; try ssh://HOST" \
		"127.0.0.1:$web"
}

# The label is too long for a name, so no name server is asked.
@test "a host name that does not resolve: the error says what to do" {
	tells "resolve host.*check the name, or use the address" \
		"$(printf 'a%.0s' {1..64})"
}

@test "the port of another web server: the error says what to do" {
	serve_tls
	tells "404: Not Found; no worker at this port and path" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" "https://127.0.0.1:$web"
}

@test "the port of a server that does not speak HTTP: the error says what to do" {
	need_root
	need sshd
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/host"
	start sshd "$(command -v sshd)" -D -f /dev/null -o PidFile=none \
		-h "$BATS_TEST_TMPDIR/host" -o "ListenAddress=127.0.0.1:$web"
	eventually answers "$web"
	tells "check the port, or try https://" \
		"127.0.0.1:$web"
}

# A name that is only in the Host field: the worker is used as a proxy.
@test "a host name that the worker does not accept: the error says what to do" {
	beside_worker
	stop_all
	start_worker -listen "127.0.0.1:$port" -host db1
	http_proxy=http://127.0.0.1:$port \
		tells "403: the Host field is" \
		http://web1.example
}

@test "a connection closed without a response: the error says what to do" {
	serve
	tells "closed without a response; .* a worker that cannot start" \
		"$url/nothing"
}

@test "a wrong path: the error says what to do" {
	beside_worker
	tells "404: /captur does not exist; try /capture or /interfaces" \
		"http://127.0.0.1/captur"
}

@test "https to a worker, which speaks http: the error says what to do" {
	beside_worker
	tells "the port does not use TLS; try http://" \
		"https://127.0.0.1"
}

@test "http to a proxy that speaks https: the error says what to do" {
	serve_tls
	tells "plain HTTP request was sent to HTTPS port; a proxy may require https://" \
		"http://127.0.0.1:$web"
}

@test "http to a TLS server that does not notice: the error says what to do" {
	serve_tls
	start s_server openssl s_server -accept 127.0.0.1:$((web + 1)) -quiet \
		-cert "$BATS_TEST_TMPDIR/cert.pem" \
		-key "$BATS_TEST_TMPDIR/key.pem"
	eventually answers $((web + 1))
	tells "try https://" "http://127.0.0.1:$((web + 1))"
}

@test "a certificate of an unknown authority: the error says what to do" {
	serve_tls
	tells "certificate.*try -ca FILE" \
		"https://127.0.0.1:$web"
}

@test "a certificate for another name: the error says what to do" {
	serve_tls
	tells "is for another host name; use a name that is in it" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" "https://localhost:$web"
}

@test "a password is required: the error says what to do" {
	serve_tls
	tells "401.*try USER:PASSWORD@HOST, or -netrc" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" "https://127.0.0.1:$web/private"
	tells "401.*check user and password" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" \
		"https://me:wrong@127.0.0.1:$web/private"
}

@test "a worker without permission to capture: the error says what to do" {
	need_root
	make_network
	make_open_dir
	cp "$WORKER" "$open_dir/"
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$open_dir/ddump-worker" -listen "127.0.0.1:$port"
	under=("${isolated[@]}")
	tells 'lacks CAP_NET_RAW; start it by ddump-worker.socket, run "setcap cap_net_raw=eip" on ddump-worker, or give its container NET_RAW' \
		127.0.0.1
}

# A router that answers "administratively prohibited", as firewalls do.
@test "a firewall that rejects the connection: the error says what to do" {
	need_root
	make_network
	make_peer
	"${peer[@]}" sysctl -q net.ipv4.ip_forward=1 \
		net.ipv6.conf.all.forwarding=1
	ip -n "$ns-peer" route add prohibit 10.9.0.1
	ip -n "$ns" route add 10.9.0.1 via 10.1.0.2
	ip -n "$ns" address add fd00:1::1/64 dev va nodad
	ip -n "$ns-peer" address add fd00:1::2/64 dev pa nodad
	ip -n "$ns-peer" route add prohibit fd00:9::1
	ip -n "$ns" route add fd00:9::1 via fd00:1::2
	under=("${isolated[@]}")
	tells "cannot connect: .*: No route to host; the host is down, or a firewall rejects" \
		10.9.0.1
	tells "cannot connect: .*: Permission denied; a firewall rejects" \
		'[fd00:9::1]'
}

@test "a second worker on the port: the error says what to do" {
	beside_worker
	run enter "$WORKER" -listen "127.0.0.1:$port"
	[ "$status" -eq 1 ]
	[[ $output == *"in use; stop ddump-worker.socket, or choose another address by -listen"* ]]
}

@test "an output file that cannot be written: the error says what to do" {
	tells "cannot open /nonexistent/x.pcap: No such file.*; -w needs a file in a directory where you may write" \
		-w /nonexistent/x.pcap 127.0.0.1
	tells "$BATS_TEST_TMPDIR: Is a directory; -w needs a file" \
		-w "$BATS_TEST_TMPDIR" 127.0.0.1
	need_root
	make_open_dir
	cp "$DDUMP" "$open_dir/"
	DDUMP=$open_dir/ddump
	under=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	tells "/x.pcap: Permission denied; -w needs a file" -w /x.pcap 127.0.0.1
}

@test "a terminal as output: the error says what to do" {
	run ! "$TOOLS/pty" "$DDUMP" -w - 127.0.0.1
	[[ $output == *'is a terminal; try | tcpdump -nr - or -w FILE' ]]
}

# The shell takes the part before the '&' as a command.
@test "a '&' without quotes: the error says what to do" {
	need script
	cat >"$BATS_TEST_TMPDIR/typed" <<-END
		$DDUMP http://127.0.0.1?filter=icmp&snaplen=100 | cat
		wait
	END
	run script -qec "bash -i $BATS_TEST_TMPDIR/typed" /dev/null
	[[ $output == *"-w FILE (quote a URL with '&')"* ]]
}

@test "a '#' in a URL: the error says what to do" {
	tells "write '#' as %23 in a URL" 'http://web1?filter=icmp#'
}

@test "a filter without quotes: the error says what to do" {
	tells "\"port\" is not a target; quote a filter, as in -filter 'udp port 53'" \
		-filter tcp port 80 127.0.0.1
	tells "\"tcp port 80\" is not a target" 127.0.0.1 'tcp port 80'
}

@test "a filter with a mistake in it: the error says what to do" {
	beside_worker
	tells "400: filter: can't parse filter expression: syntax error; see pcap-filter\(7\)" \
		-filter 'tcp prt 80' 127.0.0.1
	tells "400: filter: unknown host .*use addresses" \
		-filter "host $(printf 'a%.0s' {1..64})" 127.0.0.1
}

@test "an unknown parameter or interface: the error says what to do" {
	beside_worker
	tells '400: unknown parameter "filtre"; try filter, interface,' \
		'http://127.0.0.1?filtre=icmp'
	tells '400: interface: "eth99" does not exist; run "ip link" on that host' \
		-i eth99 127.0.0.1
}

@test "an unknown option, or one without its value: the error says what to do" {
	tells "-nn: is an option of tcpdump; try -print -print-options '-nn'" -nn 127.0.0.1
	tells "-c needs an argument" 127.0.0.1 -c
	tells '-duration: "1m" is not a number' -duration 1m 127.0.0.1
}

@test "a file of targets that does not exist: the error says what to do" {
	tells "@hosts: No such file" @hosts
}

@test "a hard limit of descriptors below the number of targets: the error says what to do" {
	local dir=$BATS_TEST_TMPDIR i
	for ((i = 1; i <= 100; i++)); do
		echo "host$i"
	done >"$dir/hosts"
	ulimit -n 100
	tells "100 targets need 132 descriptors, and the hard limit is 100; try ulimit -Hn 132" \
		"@$dir/hosts"
}

# The pipe closes while ddump waits for a response and reads nothing.
@test "tcpdump is not installed: the error says what to do" {
	serve
	# shellcheck disable=SC2016 # the inner shell's
	run bash -c '"$0" "$1" | tcpdump-of-nobody -nr -; exit ${PIPESTATUS[0]}' \
		"$DDUMP" "$url/silent"
	[ "$status" -eq 1 ]
	[[ $output == *"tcpdump-of-nobody: command not found"* ]]
	[[ $output == *"reader ended before a capture started; check its command line"* ]]
}

@test "a pipe that is closed early: no error, only the counts" {
	serve
	# shellcheck disable=SC2016 # the inner shell's
	run bash -c '"$0" "$1" | tcpdump -c 1 -nr -; exit ${PIPESTATUS[0]}' \
		"$DDUMP" "$url/stream?id=1&packets=10&end=never"
	[ "$status" -eq 0 ]
	[[ $output == *"10 packets of 1 target"* ]]
	[[ ${output,,} != *pipe* ]]
}
