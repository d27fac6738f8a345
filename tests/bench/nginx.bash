# shellcheck shell=bash
# nginx for the parts of the benchmark, on top of lib.bash: files, plain and by
# https.

# shellcheck source=tests/tools/nginx.bash
. "$(dirname "$0")/../tools/nginx.bash"

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

answers() { (: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# make_certificate NAME ISSUER EXTENSION: NAME.crt and NAME.key.
make_certificate() {
	local issuer=(-CA "$work/$2.crt" -CAkey "$work/$2.key")
	[ "$1" != "$2" ] || issuer=()
	openssl req -x509 -config "$work/plain.conf" -newkey ec -nodes \
		-days 30 -pkeyopt ec_paramgen_curve:P-256 -subj "/CN=bench $1" \
		-addext "$3" "${issuer[@]}" -keyout "$work/$1.key" \
		-out "$work/$1.crt" 2>/dev/null
}

# A file for plain, one for https.
start_nginx() {
	printf '[req]\ndistinguished_name = dn\n[dn]\n' >"$work/plain.conf"
	make_certificate ca ca basicConstraints=critical,CA:true
	make_certificate server ca subjectAltName=IP:127.0.0.1
	plain=$(free_port)
	tls=$(free_port)
	mkdir "$work/files"
	cat >"$work/nginx.conf" <<-END
		daemon off;
		user root root;
		worker_processes 1;
		worker_rlimit_nofile 8192;
		pid $work/nginx.pid;
		events { worker_connections 4096; }
		http {
			access_log off;
			sendfile on;
			$(nginx_files "$work")
			ssl_session_tickets off;
			ssl_certificate $work/server.crt;
			ssl_certificate_key $work/server.key;
			server {
				listen 127.0.0.1:$plain backlog=4096;
				listen 127.0.0.1:$tls ssl backlog=4096;
				root $work/files;
			}
		}
	END
	start nginx -c "$work/nginx.conf" -e "$work/nginx.log"
	eventually answers "$plain"
}

# numbered COUNT URL: targets URL/1 and so on.
numbered() {
	local i
	for ((i = 1; i <= $1; i++)); do
		echo "t$i=$2/$i"
	done
}
