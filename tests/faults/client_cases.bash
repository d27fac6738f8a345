# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with tests/faults/run, which loads this
#
# The client merges two streams: by HTTP into a file, as pcapng into a pipe, by
# HTTPS, and through a replacement for ssh. It also lists the interfaces of two targets.

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
	make_certificate server server subjectAltName=IP:127.0.0.1 2>/dev/null
	nginx_configure "$work" "user root;" <<-END
		ssl_certificate $work/server.crt;
		ssl_certificate_key $work/server.key;
		server {
			listen 127.0.0.1:8443 ssl;
			location / { proxy_pass http://127.0.0.1:$plain; }
		}
	END
	start nginx -c "$work/nginx.conf" -e "$work/error.log"
	eventually test -s nginx.pid
}

# A replacement for ssh: a connection to the server.
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

# A hold so long that packets are never written because of the clock.
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

run_client_list() {
	local i lists=()
	for i in 0 1; do
		mkdir -p "list$i"
		echo "[{\"index\":$((i + 1)),\"name\":\"eth$i\",\"up\":true,\"addresses\":[]}]" \
			>"list$i/interfaces"
		lists+=("web$i=http://127.0.0.1:$plain/file$work/list$i/capture")
	done
	ddump_with "$1" -D "${lists[@]}" >list
}

# judge_merge FAULT FILE: everything was written; or exit status and message
# report the loss, and the file has whole records.
judge_merge() {
	local fault=$1 file=$2
	if [ "$status" -eq 0 ]; then
		is_complete "$file" || forgets_query ||
			bad "$fault" "silent loss"
	elif ! grep -q '^ddump: ' said; then
		bad "$fault" "status $status without a message"
	elif [ -s "$file" ]; then
		is_whole "$file" || bad "$fault" "not whole"
	fi
}

# libcurl 7.88 sends the request without its query when memory for that is
# missing.
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

# All lists and status 0; or a message, and only whole lines.
judge_client_list() {
	local all=$'web0  1.eth0  up  -\nweb1  2.eth1  up  -'
	if [ "$status" -eq 0 ]; then
		[ "$(cat list)" = "$all" ] || bad "$1" "silent loss"
	elif ! grep -q '^ddump: ' said; then
		bad "$1" "status $status without a message"
	elif ! grep -q 'cannot write' said; then
		grep -vxF "$all" list >rest && bad "$1" "not whole"
	fi
}

judge_client_http() { judge_merge "$1" merged.pcap; }
judge_client_https() { judge_merge "$1" merged.pcap; }
judge_client_ssh() { judge_merge "$1" merged.pcap; }
judge_client_pcapng() { judge_merge "$1" merged.pcapng; }
