#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Targets that are programs: exec:COMMAND.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
# shellcheck disable=SC2016 # the shell that ddump starts expands them
load helpers
load client
load worker
bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	remove_network
}

# captures NAME...: makes captures by the recipes that verify knows.
recipes=("id=1&packets=3000&nano=1" "id=2&packets=3000&swap=1" "id=3&packets=3000&format=pcapng")
make_captures() {
	local i
	serve
	for i in 0 1 2; do
		curl -s -o "$i" "$url/stream?${recipes[i]}"
	done
}

@test "exec: programs in one merge with a server, complete and in order" {
	make_captures
	merge -hold "$patient" "$url/stream?${recipes[0]}" b=exec:'cat 1' exec:'cat 2 | cat'
	[ "$status" -eq 0 ]
	verify -linktype 113 -precision nano "$merged" "${recipes[@]}"
	grep -q '^ddump: b: 3000 packets, 3000 written, 0 late' "$said"
	grep -q '^ddump: exec: 3000 packets, 3000 written, 0 late' "$said"
}

@test "exec: a program that writes byte by byte" {
	serve
	curl -s -o small "$url/stream?id=1&packets=20"
	merge exec:'dd if=small bs=1 status=none'
	[ "$status" -eq 0 ]
	verify "$merged" "id=1&packets=20"
}

@test "exec: label and command are in the pcapng file, the command as it was typed" {
	make_captures
	merge -pcapng -w x.pcapng "two=exec:cat 1 #a?b&c"
	[ "$status" -eq 0 ]
	capinfos -I x.pcapng >info
	grep -q 'Name = two$' info
	grep -qF 'Description = two, exec:cat 1 #a?b&c' info
}

@test "exec: the exit status, the signal, and the last line of stderr are reported" {
	make_captures
	merge a=exec:'cat 0; echo "no more" >&2; exit 3' b=exec:'cat 1; kill -9 $$' c=exec:'cat 2'
	[ "$status" -eq 2 ]
	grep -q '^ddump: a: no more$' "$said"
	grep -q '^ddump: a: the program exited with status 3: no more' "$said"
	grep -q '^ddump: b: the program was ended by signal 9' "$said"
	grep -q '^ddump: c: 3000 packets, 3000 written' "$said"
	verify -linktype 113 -precision nano "$merged" "${recipes[@]}"
}

@test "exec: a program that does not exist, writes nothing, or no capture" {
	merge exec:/nonexistent/program
	[ "$status" -eq 1 ]
	grep -q '^ddump: exec: the program exited with status 127: .*not found' "$said"
	merge exec:true
	[ "$status" -eq 1 ]
	grep -q '^ddump: exec: the stream ended before a capture began' "$said"
	merge exec:'echo good morning to everybody who is here; sleep 1000'
	[ "$status" -eq 1 ]
	grep -q '^ddump: exec: the stream is not a capture: it begins with "good mor"' "$said"
	eventually has_ended '^sleep 1000$'
}

@test "exec: a stream that is cut, and one whose program does not exit" {
	make_captures
	merge exec:'head -c 5000 0'
	[ "$status" -eq 2 ]
	grep -q '^ddump: exec: the stream was cut within a packet' "$said"
	merge exec:'cat 0; exec >&-; sleep 1001'
	[ "$status" -eq 2 ]
	grep -q '^ddump: exec: the program closed its output, and did not exit within 2 s' "$said"
	eventually has_ended '^sleep 1001$'
}

@test "exec: stderr is printable, limited, and drained; -quiet prints none of it" {
	make_captures
	merge exec:'printf "\033[31mred\n" >&2; seq 100000 >&2; cat 0'
	[ "$status" -eq 0 ]
	grep -qF 'ddump: exec: \x1b[31mred' "$said"
	[ "$(wc -l <"$said")" -lt 30 ]
	grep -q 'exec: 99981 more lines' "$said"
	merge -quiet exec:'echo hello >&2; cat 0'
	[ "$status" -eq 0 ]
	[ ! -s "$said" ]
}

@test "exec: -retry runs the program again after a failure, not after its end" {
	make_captures
	merge -retry -w x.pcapng \
		exec:'cat 0; [ -e again ] || { touch again; exit 1; }'
	[ "$status" -eq 2 ]
	grep -q 'status 1; reconnecting' "$said"
	grep -q ': exec: reconnected' "$said"
	grep -q '^ddump: exec: 6000 packets' "$said"
}

has_ended() {
	! pgrep -f "$1" >/dev/null
}

@test "exec: an interrupt, -c and kill -9 end the program and its children" {
	local how
	make_captures
	for how in INT KILL; do
		start_merge -w x.pcap exec:'cat 0; sleep 1002 | sleep 1003'
		capturing_on 1
		eventually pgrep -f '^sleep 1003$'
		kill -"$how" "$client"
		[ "$how" = KILL ] || finish_merge
		[ "$how" = KILL ] || [ "$status" -eq 0 ]
		[ "$how" = INT ] || eventually has_ended '^/bin/sh -c cat 0; sleep 1002'
		[ "$how" = KILL ] || eventually has_ended '^sleep 100[23]$'
		pkill -f '^sleep 100[23]$' || true
	done
	merge -c 10 exec:'cat 0; sleep 1004'
	[ "$status" -eq 0 ]
	eventually has_ended '^sleep 1004$'
}

@test "exec: the program's stdin is open, and ends with ddump" {
	make_captures
	start_merge -w x.pcap exec:'cat 0; cat; touch ended'
	capturing_on 1
	[ ! -e ended ]
	kill -KILL "$client"
	start_merge -w x.pcap exec:'trap "" TERM; cat 0; cat; touch ended2'
	capturing_on 1
	[ ! -e ended2 ]
	kill -KILL "$client"
	eventually test -e ended2
}

@test "exec: the program inherits no descriptor of ddump" {
	make_captures
	merge "$url/stream?${recipes[1]}" exec:'ls /proc/self/fd >fds; cat 0' -w x.pcap 7</dev/null
	[ "$status" -eq 0 ]
	[ "$(tr '\n' ' ' <fds)" = "0 1 2 3 " ]
}

@test "exec: a queue that is full pauses the program" {
	serve
	curl -s -o big "$url/stream?id=1&packets=60000&size=1000-1000"
	start_reader -stop-after 100000
	start_merge exec:'cat big; sleep 0.01'
	capturing_on 1
	# the program cannot write all of it while the output's reader stops
	eventually blocked_on_pipe
	kill -USR1 "$reader"
	finish_merge
	[ "$status" -eq 0 ]
	wait "$reader"
	verify "$merged" "id=1&packets=60000&size=1000-1000"
}

# Is "cat big" in a write to a full pipe?
blocked_on_pipe() {
	grep -q pipe_write "/proc/$(pgrep -x -f 'cat big')/wchan" ||
		grep -q '^1 0x1 ' "/proc/$(pgrep -x -f 'cat big')/syscall"
}

@test "exec: in a file of targets only with -allow-exec" {
	make_captures
	printf '# programs\none=exec:cat 0 # a comment of the shell\n' >list
	merge @list
	[ "$status" -eq 1 ]
	grep -q 'list, line 2: exec: needs the option -allow-exec' "$said"
	merge -allow-exec @list
	[ "$status" -eq 0 ]
	grep -q '^ddump: one: 3000 packets' "$said"
}

@test "exec: options for a worker's query do not apply, and ddump warns of it" {
	make_captures
	merge -filter icmp exec:'cat 0'
	[ "$status" -eq 0 ]
	grep -q 'warning: exec: -filter, -interface, -linktype, -p, -payload and -snaplen do not apply to programs and files' "$said"
}

@test "exec: never from Wireshark's dialog" {
	mkfifo fifo
	timeout 20 cat fifo >/dev/null &
	run "$DDUMP" --capture --extcap-interface ddump --fifo fifo --targets "'exec:touch made'"
	[ "$status" -eq 1 ]
	[[ $output == *'exec: is not allowed in Wireshark'* ]]
	[ ! -e made ]
	printf 'exec:touch made\n' >list
	timeout 20 cat fifo >/dev/null &
	run "$DDUMP" --capture --extcap-interface ddump --fifo fifo --targets "@list"
	[ "$status" -eq 1 ]
	[[ $output == *'needs the option -allow-exec'* ]]
	[ ! -e made ]
}

@test "exec: curl at a worker, and tcpdump, in a network namespace" {
	need_root
	need tcpdump
	make_network
	start_worker -listen "127.0.0.1:$port"
	start_merge -w x.pcapng \
		w=exec:"ip netns exec $ns curl -sN 'http://127.0.0.1:$port/capture?format=pcapng&filter=udp+port+4711'" \
		t=exec:"ip netns exec $ns tcpdump -i lo -U -w - udp port 4711"
	capturing_on 2
	eventually grep -q 't: tcpdump: listening on lo' "$said"
	send 20 100 0 127.0.0.1 4711
	eventually holds 40
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(tshark -n -r x.pcapng -T fields -e frame.interface_name 2>/dev/null | sort | uniq -c |
		tr -s ' ')" = " 20 t
 20 w:lo" ]
}

holds() {
	[ "$(tshark -r x.pcapng 2>/dev/null | wc -l)" -eq "$1" ]
}
