# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# nginx for the parts of the benchmark, on top of lib.bash: files, plain and by
# https.

# shellcheck source=tests/tools/nginx.bash
. "$(dirname "$0")/../tools/nginx.bash"
# shellcheck source=tests/tools/certificate.bash
. "$(dirname "$0")/../tools/certificate.bash"

# Starts nginx on two ports, $plain and $tls.
start_nginx() {
	(
		cd "${work:?}" || exit
		make_certificate ca ca basicConstraints=critical,CA:true
		make_certificate server ca subjectAltName=IP:127.0.0.1
	) 2>/dev/null
	plain=$(free_port)
	tls=$(free_port)
	mkdir "$work/files"
	nginx_connections=16384
	nginx_configure "$work" "user root root; worker_rlimit_nofile 20000;" <<-END
		sendfile on;
		ssl_session_tickets off;
		ssl_certificate $work/server.crt;
		ssl_certificate_key $work/server.key;
		server {
			listen 127.0.0.1:$plain backlog=4096;
			listen 127.0.0.1:$tls ssl backlog=4096;
			root $work/files;
		}
	END
	start nginx -c "$work/nginx.conf" -e "$work/error.log"
	eventually answers "$plain"
}

# numbered COUNT URL: targets URL/1 and so on.
numbered() {
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "t$i=$2/$i"
	done
}
