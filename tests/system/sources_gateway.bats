#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A worker behind a gateway that wants a token and rewrites the path, as the API of
# Kubernetes does: -header.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load client
load worker
bats_require_minimum_version 1.5.0

token=t0ken-of-the-user
path=/api/v1/namespaces/web/pods/web1:8475/proxy/capture

setup() {
	need_root
	need nginx
	need openssl
	make_network
	# shellcheck disable=SC2034 # the client runs under it
	under=("${isolated[@]}")
	cd "$BATS_TEST_TMPDIR" || return
	start_worker -listen 127.0.0.1:8475 -proxy yes
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost -keyout key.pem -out ca.pem 2>/dev/null
	nginx_configure "$BATS_TEST_TMPDIR" "user root;" <<-END
		log_format asked '\$request|\$http_authorization';
		server {
			listen 127.0.0.1:3128;
			access_log $PWD/asked asked;
		}
		server {
			listen 127.0.0.1:6443 ssl;
			listen 127.0.0.1:6480;
			ssl_certificate $PWD/ca.pem;
			ssl_certificate_key $PWD/key.pem;
			location / {
				if (\$http_authorization != "Bearer $token") { return 401; }
				rewrite ^/api/v1/namespaces/web/pods/web1:8475/proxy(/.*)\$ \$1 break;
				proxy_pass http://127.0.0.1:8475;
				proxy_http_version 1.1;
				proxy_set_header Authorization "";
				proxy_set_header Forwarded "for=\"_x\";by=\"_x:6443\"";
			}
		}
	END
	start nginx "${isolated[@]}" nginx -c "$BATS_TEST_TMPDIR/nginx.conf" -e "$PWD/error.log"
	eventually listens 6443
}

listens() {
	enter ss -Hltn "sport = $1" | grep -q LISTEN
}

teardown() {
	remove_network
}

holds() {
	[ "$(tcpdump -nr x.pcap 2>/dev/null | wc -l)" -eq "$1" ]
}

@test "-header: a token reaches a worker behind a gateway, and packets come at once" {
	echo "Authorization: Bearer $token" >token
	start_merge -ca ca.pem -header @token -w x.pcap -filter 'udp port 4711' \
		"pod=https://localhost:6443$path"
	capturing_on 1
	send 20 100 0 127.0.0.1 4711
	eventually holds 20
	run ! grep -qF "$token" "/proc/$client/cmdline" x.pcap "$said"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
}

@test "-header: a wrong token, and none, are rejected by the gateway" {
	merge -ca ca.pem -header 'Authorization: Bearer wrong' "https://localhost:6443$path"
	[ "$status" -eq 1 ]
	grep -q 'HTTP status 401' "$said"
	run ! grep -q wrong "$said"
	merge -ca ca.pem "https://localhost:6443$path"
	grep -q 'HTTP status 401' "$said"
}

@test "-header: not by http to other hosts, unless the user says so" {
	merge -header "Authorization: Bearer $token" 'http://web1:1/'
	[ "$status" -eq 1 ]
	grep -q 'web1:1: -header is sent by https or ssh' "$said"
	run ! grep -qF "$token" "$said"
	merge -header-http -header "Authorization: Bearer $token" http://web1.invalid:1
	grep -q 'resolve' "$said"
	merge -header "Authorization: Bearer $token" -header 'X-Other: 1' \
		"http://127.0.0.1:6480$path?duration=1"
	[ "$status" -eq 0 ]
}

@test "-header: a proxy does not receive the fields with CONNECT" {
	https_proxy=http://127.0.0.1:3128 merge -header "Authorization: Bearer $token" \
		https://web1.example
	[ "$status" -eq 1 ]
	eventually grep -q '^CONNECT web1.example.*|-$' asked
	run ! grep -qF "$token" asked
}
