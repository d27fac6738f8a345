# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with tests/faults/run, which loads this
#
# Workers, clients, and the processes of single captures are killed at any time:
# files are whole, the other side ends, nothing remains, and the device of a promiscuous
# capture is as it was.

# Starts worker 1 or 2; $listeners has their processes.
start_listener() {
	"$WORKER" -listen "127.0.0.1:860$1" 2>>"listener$1" &
	listeners[$1]=$!
	eventually answers "860$1"
}

# No socket and no process of a capture remains, only the listeners.
is_quiet() {
	[ "$(wc -l </proc/net/packet)" -eq 1 ] &&
		ip -d link show lo | grep -q 'promiscuity 0 ' &&
		[ "$(pgrep -c -x 'ddump|ddump-worker')" -eq 2 ]
}

captures() {
	[ "$(wc -l </proc/net/packet)" -gt "$1" ]
}

# Kills the client, a listener, or the process of one capture.
kill_one() {
	local target=$((1 + RANDOM % 2))
	case $1 in
	0) victim=client pid=$client ;;
	1) victim=listener pid=${listeners[target]} ;;
	2) victim=capture pid=$(pgrep -o -P "${listeners[target]}") ;;
	esac
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
	if [ "$victim" = listener ]; then
		wait "$pid" 2>/dev/null
		killed=$target
	fi
}

# The client's file has whole records. If the client itself was killed during a
# write, only the last record may be cut.
judge_killed() {
	local file=$1 round=$2
	[ -s "$file" ] || return
	"$TOOLS/show" "$file" >shown 2>show.said && return
	if [ "$victim" = client ] && grep -q 'cut' show.said; then
		cut=$((cut + 1))
	else
		bad "round $round ($victim)" "$(cat show.said)"
	fi
}

kill_round() {
	local round=$1 file=killed.pcap filter='filter=udp+port+4711'
	killed=
	[ $((RANDOM % 2)) -eq 0 ] || file=killed.pcapng
	((round % 2)) || filter+='&interface=lo&linktype=native&promisc=1'
	rm -f "$file"
	"$DDUMP" -w "$file" "http://127.0.0.1:8601/capture?$filter" \
		"http://127.0.0.1:8602/capture?$filter" 2>said &
	client=$!
	sleep "0.$((RANDOM % 4))$((RANDOM % 10))$((RANDOM % 10))"
	kill_one $((RANDOM % 3))
	[ "$victim" = client ] || kill -TERM "$client"
	status=0
	within "$patience" is_gone "$client" || kill -KILL "$client"
	wait "$client" 2>/dev/null || status=$?
	# 143: before it had begun to catch that
	if [ "$victim" != client ] && [ "$status" -gt 2 ] &&
		{ [ "$status" -ne 143 ] || [ -e "$file" ]; }; then
		bad "round $round ($victim)" "the client ends with $status"
	fi
	[ -z "$killed" ] || start_listener "$killed"
	within "$patience" is_quiet || bad "round $round ($victim)" \
		"something stays: $(pgrep -a ddump) $(cat /proc/net/packet)" \
		"$(ip -d link show lo)"
	judge_killed "$file" "$round"
}

run_kill() {
	local rounds=$1 i seed=${SEED:-$RANDOM$RANDOM}
	case="kill"
	wrong=0
	cut=0
	export TMPDIR=$work/temporary
	mkdir -p "$TMPDIR"
	RANDOM=$seed
	echo "# SEED=$seed"
	start "$TOOLS/udp_send" 10000000 1400 10000 127.0.0.1 4711
	start_listener 1
	start_listener 2
	eventually is_quiet
	for ((i = 1; i <= rounds; i++)); do
		kill_round "$i"
	done
	kill "${listeners[@]}"
	wait "${listeners[@]}"
	# in a few rounds all may be killed before that
	[ "$rounds" -lt 20 ] || grep -q 'on lo in promiscuous mode' listener1 ||
		bad "at the end" "no capture was promiscuous"
	[ -z "$(ls -A "$TMPDIR")" ] || bad "at the end" "temporary files remain"
	echo "# in $cut rounds the last record was cut by the client's own death"
	verdict "kill: $rounds rounds, SEED=$seed"
}
