# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with tests/faults/run, which loads this
#
# The worker, started by inetd and by itself, with traffic to capture.

start_traffic() {
	start "$TOOLS/udp_send" 10000000 100 2000 127.0.0.1 4711
}

# Each connection to this port is a worker's stdin, as by inetd.
start_activator() {
	echo none >order
	start systemd-socket-activate -a --inetd -l "127.0.0.1:$port" \
		-E "LD_PRELOAD=$library" -E "DDUMP_FAULT=@$work/order" \
		-E "DDUMP_FAULT_LOG=$DDUMP_FAULT_LOG" \
		-E "ASAN_OPTIONS=$ASAN_OPTIONS" "$WORKER" 2>>activator
	activator=${pids[-1]}
	eventually grep -q 'Listening on' activator
}

# A worker that hangs keeps the port.
restart_activator() {
	kill -KILL "$activator"
	wait "$activator" 2>/dev/null
	start_activator
}

ask() {
	rm -f answer
	asked=0
	code=$(curl -gsS --max-time "$patience" -o answer -w '%{http_code}' "$@" \
		2>curl.said) || asked=$?
}

has_died() {
	grep -q '^Child [0-9]* died' activator
}

# ask_inetd FAULT PATH [OPTION]...: sets asked, code, and status.
ask_inetd() {
	local path=$2
	echo "$1" >order
	: >faults
	: >activator
	ask "http://127.0.0.1:$port$path" "${@:3}"
	within "$patience" has_died || restart_activator
	status=$(sed -n 's/^Child [0-9]* died with code //p' activator)
	[[ "$status" =~ ^[0-9]+$ ]] || status=255
	grep -vE '^(Child|Spawned|Communication|Connection)' activator >said
}

run_worker_pcap() {
	ask_inetd "$1" '/capture?count=10&filter=udp+port+4711'
}

run_worker_pcapng() {
	ask_inetd "$1" '/capture?count=10&interface=lo&format=pcapng'
}

run_worker_interfaces() {
	ask_inetd "$1" /interfaces
}

run_worker_head() {
	ask_inetd "$1" '/capture?count=10&filter=udp' --head
}

is_listening() {
	grep -q 'listens on' said || ! kill -0 "$child" 2>/dev/null
}

run_worker_listen() {
	local fault=$1
	: >faults
	: >said
	LD_PRELOAD=$library DDUMP_FAULT=$fault "$WORKER" \
		-listen "127.0.0.1:$((port + 1))" 2>said &
	child=$!
	eventually is_listening
	ask "http://127.0.0.1:$((port + 1))/capture?count=10&filter=udp"
	kill -TERM "$child" 2>/dev/null
	status=0
	for ((i = 0; i < patience * 100; i++)); do
		kill -0 "$child" 2>/dev/null || break
		sleep 0.01
	done
	kill -KILL "$child" 2>/dev/null
	wait "$child" || status=$?
}

# judge_answer FAULT: status 200 and complete; or an error status and message
# that blame the worker, not the client; or a connection that did not end well,
# and a log message, unless the fault was in the connection.
judge_answer() {
	if [ "$asked" -eq 0 ] && [ "$code" = 200 ]; then
		"is_complete_$case" || bad "$1" "silent loss"
	elif [ "$asked" -eq 0 ] && [ "$code" -ge 500 ]; then
		[ "$(wc -l <answer)" -eq 1 ] || [ "$case" = worker_head ] ||
			bad "$1" "$code without a message"
	elif [ "$asked" -eq 0 ]; then
		# memory for a filter is limited, and that error is the client's
		grep -qE '^filter|refused \(400\): filter' answer said ||
			bad "$1" "blames the client: $code $(cat answer)"
	elif ! grep -v ' listens on ' said | grep -q 'ddump-worker: ' &&
		[ "$status" -eq 0 ] && ! grep -q '^fault send' faults; then
		bad "$1" "no message (curl: $asked)"
	fi
}

# Ten datagrams in sequence, and no packet of our own connection.
is_capture() {
	tcpdump -nxr answer 2>/dev/null | awk '
		/ IP / { tcp += / Flags /; udp = / UDP,/ }
		$1 == "0x0010:" && udp {
			number = $9
			gap += count++ && !follows(before, number)
			before = number
		}
		function value(hex,  i, sum) {
			for (i = 1; i <= 4; i++)
				sum = sum * 16 + index("0123456789abcdef",
					substr(hex, i, 1)) - 1
			return sum
		}
		function follows(a, b) {
			return (value(a) + 1) % 65536 == value(b)
		}
		END { exit !(count >= '"$1"' && count <= 10 && !tcp && !gap) }'
}

is_complete_worker_pcap() { is_capture 10; }
is_complete_worker_pcapng() { is_capture 5; }
is_complete_worker_listen() { is_capture 10; }
is_complete_worker_interfaces() {
	[ -e interfaces ] || cp answer interfaces
	cmp -s answer interfaces
}
is_complete_worker_head() { grep -q '^Content-Type: application/vnd' answer; }

judge_worker_pcap() { judge_answer "$1"; }
judge_worker_pcapng() { judge_answer "$1"; }
judge_worker_interfaces() { judge_answer "$1"; }
judge_worker_head() { judge_answer "$1"; }
judge_worker_listen() { judge_answer "$1"; }
