# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with tests/faults/run, which loads this
#
# The client, merging two streams: by HTTP into a file, as pcapng into a pipe,
# by HTTPS, and through what stands for ssh.

start_streams() {
	start "$TOOLS/streams" -lifetime 100000 >streams.out 2>&1
	eventually grep -q '^listening' streams.out
	plain=$(awk '/^listening/ { print $3 }' streams.out)
	targets=()
	tls=()
	ssh=()
	local i
	for i in 0 1; do
		targets+=("http://127.0.0.1:$plain/stream?${recipes[i]}")
		tls+=("https://127.0.0.1:8443/stream?${recipes[i]}")
		ssh+=("ssh://host$i/stream?${recipes[i]}")
	done
}

start_nginx() {
	printf '[req]\ndistinguished_name = dn\n[dn]\n' >plain.conf
	openssl req -x509 -config plain.conf -newkey ec -nodes -days 2 \
		-pkeyopt ec_paramgen_curve:P-256 -subj /CN=127.0.0.1 \
		-addext subjectAltName=IP:127.0.0.1 \
		-keyout server.key -out server.crt 2>/dev/null
	cat >nginx.conf <<-END
		daemon off;
		user root;
		worker_processes 1;
		pid $work/nginx.pid;
		error_log $work/nginx.log;
		events {}
		http {
			access_log off;
			$(nginx_files "$work")
			ssl_certificate $work/server.crt;
			ssl_certificate_key $work/server.key;
			server {
				listen 127.0.0.1:8443 ssl;
				location / { proxy_pass http://127.0.0.1:$plain; }
			}
		}
	END
	start nginx -c "$work/nginx.conf" -e "$work/nginx.log"
	eventually test -s nginx.pid
}

# Instead of ssh: what it would lead to.
make_ssh() {
	cat >ssh <<-END
		#!/usr/bin/env bash
		case " \$* " in *" -G "*) exit ;; esac
		exec 3<>/dev/tcp/127.0.0.1/$plain
		cat <&3 &
		cat >&3
		wait
	END
	chmod +x ssh
}

# Never by the clock: packets leave when they may.
ddump_with() {
	local fault=$1
	shift
	rm -f merged.pcap merged.pcapng
	run_with "$fault" "${under[@]}" "$DDUMP" -hold 60000 "$@" </dev/null
}

run_client_http() {
	ddump_with "$1" -w merged.pcap "${targets[@]}"
}

run_client_pcapng() {
	cat fifo >cat.pcapng &
	ddump_with "$1" -pcapng "${targets[@]}" >fifo
	wait $!
	mv cat.pcapng merged.pcapng
}

run_client_https() {
	ddump_with "$1" -ca server.crt -w merged.pcap "${tls[@]}"
}

run_client_ssh() {
	ddump_with "$1" -ssh "$work/ssh" -w merged.pcap "${ssh[@]}"
}

# judge_merge FAULT FILE: all is there; or status and words say that it is not,
# and what is there is whole.
judge_merge() {
	local fault=$1 file=$2
	if [ "$status" -eq 0 ]; then
		is_complete "$file" || forgets_query ||
			bad "$fault" "silent loss"
	elif ! grep -q '^ddump: ' said; then
		bad "$fault" "status $status without a word"
	elif [ -s "$file" ]; then
		is_whole "$file" || bad "$fault" "not whole"
	fi
}

# libcurl 7.88 asks without the query where it had no memory for that.
forgets_query() {
	sed '/^[^ ]*\/ddump(/,$d' faults | grep -A 1 '(curl_url_get+' |
		grep -q '/libcurl\.so'
}

is_complete() {
	case $1 in
	*.pcapng) is_whole "$1" && [ "$(wc -l <shown)" -eq 40 ] ;;
	*) "$TOOLS/verify" "$1" "${recipes[@]}" >/dev/null 2>&1 ;;
	esac
}

is_whole() {
	case $1 in
	*.pcapng) "$TOOLS/show" "$1" >shown 2>/dev/null ;;
	*) "$TOOLS/verify" -partial "$1" "${recipes[@]}" >/dev/null 2>&1 ;;
	esac
}

judge_client_http() { judge_merge "$1" merged.pcap; }
judge_client_https() { judge_merge "$1" merged.pcap; }
judge_client_ssh() { judge_merge "$1" merged.pcap; }
judge_client_pcapng() { judge_merge "$1" merged.pcapng; }
