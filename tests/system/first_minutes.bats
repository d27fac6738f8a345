#!/usr/bin/env bats
# What goes wrong in the first minutes, and the sentence that says what to do.

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

# A worker, and the client next to it.
beside_worker() {
	need_root
	need_stderr
	make_network
	start_worker -listen "127.0.0.1:$port"
	under=("${isolated[@]}")
}

# nginx with TLS, on https://127.0.0.1:$web, that wants a password for /private.
serve_tls() {
	local dir=$BATS_TEST_TMPDIR
	need nginx
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=here -addext subjectAltName=IP:127.0.0.1 -days 2 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	echo "me:$(openssl passwd -apr1 right)" >"$dir/users"
	cat >"$dir/nginx.conf" <<-END
		daemon off;
		master_process off;
		pid $dir/nginx.pid;
		events {}
		http {
			access_log off;
			$(nginx_files "$dir")
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
		}
	END
	start nginx "$(command -v nginx)" -p "$dir" -c "$dir/nginx.conf" \
		-e "$dir/error.log"
	eventually answers "$web"
}

# tells SENTENCE ARGUMENT...: ddump captures nothing, and says that.
tells() {
	local sentence=$1
	shift
	merge "$@"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -qE -- "^ddump: .*$sentence" "$said"
}

@test "no target" {
	tells "no target given, see -help"
}

@test "no worker there, or only on its loopback" {
	tells "Connection refused .*ddump-worker.socket enabled.*port 8475 of 127.0.0.1 alone, which ssh://HOST reaches" \
		"127.0.0.1:$web"
}

# A label that no name may have is no question to any server.
@test "a name that does not resolve" {
	tells "resolve host.*check the name, or write the address" \
		"$(printf 'a%.0s' {1..64})"
}

@test "the port of another web server" {
	serve_tls
	tells "404: Not Found .no worker behind that port, or path" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" "https://127.0.0.1:$web"
}

@test "the port of something that is no web server" {
	need_root
	need sshd
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/host"
	start sshd "$(command -v sshd)" -D -f /dev/null -o PidFile=none \
		-h "$BATS_TEST_TMPDIR/host" -o "ListenAddress=127.0.0.1:$web"
	eventually answers "$web"
	tells "no worker there: is the port right. For TLS write https://" \
		"127.0.0.1:$web"
}

# A name that only the Host field has: the worker itself stands for a proxy.
@test "a name that the worker is not asked by" {
	beside_worker
	stop_all
	start_worker -listen "127.0.0.1:$port" -host db1
	http_proxy=http://127.0.0.1:$port \
		tells "403: the Host field says .*write the address, or have the name added there" \
		http://web1.example
}

@test "closed without an answer" {
	serve
	tells "closed without an answer .*the worker could not start: its journal says why" \
		"$url/nothing"
}

@test "the wrong path" {
	beside_worker
	tells "404: there is no /captur here, only /capture and /interfaces" \
		"http://127.0.0.1/captur"
}

@test "https to a worker, which speaks http" {
	beside_worker
	tells "no TLS on that port .*to the worker itself write http://" \
		"https://127.0.0.1"
}

@test "http to a proxy that speaks https" {
	serve_tls
	tells "plain HTTP request was sent to HTTPS port .write https://" \
		"http://127.0.0.1:$web"
}

@test "http to TLS that does not notice" {
	serve_tls
	start s_server openssl s_server -accept 127.0.0.1:$((web + 1)) -quiet \
		-cert "$BATS_TEST_TMPDIR/cert.pem" \
		-key "$BATS_TEST_TMPDIR/key.pem"
	eventually answers $((web + 1))
	tells "[Ww]rite https://" "http://127.0.0.1:$((web + 1))"
}

@test "a certificate of an authority that is not trusted" {
	serve_tls
	tells "certificate.*-ca FILE trusts another authority" \
		"https://127.0.0.1:$web"
}

@test "a certificate of another name" {
	serve_tls
	tells "name.*write the host as its certificate does" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" "https://localhost:$web"
}

@test "a password is asked for" {
	serve_tls
	tells "401.*put USER:PASSWORD@ in front of the host, or use -netrc" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" "https://127.0.0.1:$web/private"
	tells "401.*the user or the password is not accepted" \
		-ca "$BATS_TEST_TMPDIR/cert.pem" \
		"https://me:wrong@127.0.0.1:$web/private"
}

@test "a worker without the permission to capture" {
	need_root
	make_network
	make_open_dir
	cp "$WORKER" "$open_dir/"
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$open_dir/ddump-worker" -listen "127.0.0.1:$port"
	under=("${isolated[@]}")
	tells 'lacks CAP_NET_RAW: run "setcap cap_net_raw=eip" on ddump-worker, or start it by the unit ddump-worker.socket' \
		127.0.0.1
}

@test "a second worker on the port" {
	beside_worker
	run enter "$WORKER" -listen "127.0.0.1:$port"
	[ "$status" -eq 1 ]
	[[ $output == *"in use (by ddump-worker.socket? Stop that, or name another place by -listen)"* ]]
}

@test "a file that can't be written" {
	tells "/nonexistent/x.pcap: No such file.*-w takes a file in a folder that is there, where you may write" \
		-w /nonexistent/x.pcap 127.0.0.1
	tells "$BATS_TEST_TMPDIR: Is a directory .-w takes a file" \
		-w "$BATS_TEST_TMPDIR" 127.0.0.1
	need_root
	make_open_dir
	cp "$DDUMP" "$open_dir/"
	DDUMP=$open_dir/ddump
	under=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	tells "/x.pcap: Permission denied .-w takes a file" -w /x.pcap 127.0.0.1
}

@test "a terminal as output" {
	run ! "$TOOLS/pty" "$DDUMP" 127.0.0.1
	[[ $output == *'is a terminal: append "| tcpdump -nr -", or write to a file by -w FILE' ]]
}

# The shell takes what stands before the '&' for a command of its own.
@test "a '&' without quotes" {
	need script
	cat >"$BATS_TEST_TMPDIR/typed" <<-END
		$DDUMP http://127.0.0.1?filter=icmp&snaplen=100 | cat
		wait
	END
	run script -qec "bash -i $BATS_TEST_TMPDIR/typed" /dev/null
	[[ $output == *"in the background? A target with '&' takes quotes"* ]]
}

@test "a '#' in a URL" {
	tells "write '#' as %23 in a URL" 'http://web1?filter=icmp#'
}

@test "a filter without quotes" {
	tells "\"port\" is no target; a filter is one argument: -filter 'udp port 53'" \
		-filter tcp port 80 127.0.0.1
	tells "\"tcp port 80\" is no target" 127.0.0.1 'tcp port 80'
}

@test "a filter with a mistake in it" {
	beside_worker
	tells "400: filter: can't parse filter expression: syntax error .pcap-filter\(7\) has the syntax" \
		-filter 'tcp prt 80' 127.0.0.1
	tells "400: filter: unknown host .*: write the address" \
		-filter "host $(printf 'a%.0s' {1..64})" 127.0.0.1
}

@test "a parameter, or an interface, that is not there" {
	beside_worker
	tells '400: there is no parameter "filtre"; there are filter, interface,' \
		'http://127.0.0.1?filtre=icmp'
	tells "400: interface: there is no eth99 here, see /interfaces" \
		-i eth99 127.0.0.1
}

@test "an option that is not there, or lacks its value" {
	tells "-nn is no option that I know, see -help" -nn 127.0.0.1
	tells "-c needs an argument" 127.0.0.1 -c
	tells '-duration: "1m" is no whole number' -duration 1m 127.0.0.1
}

@test "a file of targets that is not there" {
	tells "@hosts: No such file" @hosts
}

# It hears nothing while it waits for an answer: that is when pipes break.
@test "a tcpdump that is not installed" {
	serve
	# shellcheck disable=SC2016 # the inner shell's
	run bash -c '"$0" "$1" | tcpdump-of-nobody -nr -; exit ${PIPESTATUS[0]}' \
		"$DDUMP" "$url/silent"
	[ "$status" -eq 1 ]
	[[ $output == *"tcpdump-of-nobody: command not found"* ]]
	[[ $output == *"left before a capture began (is it installed, and told the right things?)"* ]]
}

@test "a pipe that is closed early: quiet, and the counts" {
	serve
	# shellcheck disable=SC2016 # the inner shell's
	run bash -c '"$0" "$1" | tcpdump -c 1 -nr -; exit ${PIPESTATUS[0]}' \
		"$DDUMP" "$url/stream?id=1&packets=10&end=never"
	[ "$status" -eq 0 ]
	[[ $output == *"10 packets of 1 target"* ]]
	[[ ${output,,} != *pipe* ]]
}
