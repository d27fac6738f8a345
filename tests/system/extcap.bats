#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# ddump as an interface of Wireshark: tshark with real workers.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load wireshark
bats_require_minimum_version 1.5.0

setup() {
	need tshark
	make_user
	make_network
}

teardown() {
	# a stopped process cannot end
	[ -z "${stopped:-}" ] || kill -CONT "$stopped" "$client" \
		2>/dev/null || true
	remove_network
}

start_two_workers() {
	need_root
	start_worker -listen "127.0.0.1:$port"
	start_worker_by "$WORKER" -listen "127.0.0.1:$((port + 1))"
	targets="a=127.0.0.1:$port 'b=http://127.0.0.1:$((port + 1))?snaplen=60'"
}

# Runs tshark to its end: sets status, output, and stderr.
tshark_to_end() {
	run --separate-stderr enter timeout 60 "${as_user[@]}" tshark "$@"
	echo "tshark ended with $status and said:"
	echo "$stderr"
}

# Does tshark end by itself with this message?
tshark_fails() {
	local sentence=$1
	shift
	tshark_to_end -i ddump "$@"
	[ "$status" -eq 1 ]
	# "by" became "from" in version 4.4
	[[ "$stderr" =~ Error\ (by|from)\ extcap\ pipe:\ ddump:\ (.*) ]]
	[[ "${BASH_REMATCH[2]}" == *"$sentence"* ]]
}

# Starts a capture by tshark; it has begun when this returns.
start_tshark() {
	start tshark "${isolated[@]}" "${as_user[@]}" tshark -i ddump \
		-w "$open_dir/home/out.pcapng" "$@"
	eventually has_packet_sockets 2
}

# Did it end well, without an error? Its messages are in tshark.err.
finish_tshark() {
	exit_status "${started[-1]}"
	cat "$BATS_TEST_TMPDIR/tshark.err"
	[ "$ended" -eq 0 ]
	lacks "Error by extcap" "$BATS_TEST_TMPDIR/tshark.err"
	eventually no_packet_sockets
	lacks "$extcap" /proc/[0-9]*/cmdline
}

# Packets that tshark has written: their hosts, counts, and sizes.
seen() {
	tshark -r "$open_dir/home/out.pcapng" -T fields \
		-e frame.interface_name -e frame.cap_len 2>/dev/null |
		sort | uniq -c | awk '{ print $2, $3, $1 }'
}

# Have packets of both hosts been written?
both_seen() {
	[ "$(seen | grep -c lo)" -eq 2 ]
}

# Starts ddump as Wireshark would, with a reader of its fifo.
start_extcap() {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	start reader timeout 60 cat "$BATS_TEST_TMPDIR/fifo"
	reader=${started[-1]}
	start ddump "${isolated[@]}" "$extcap" --capture \
		--extcap-interface ddump --fifo "$BATS_TEST_TMPDIR/fifo" "$@"
	client=${started[-1]}
}

@test "tshark -D and -L: list the interface of ddump and its link type" {
	tshark_to_end -D
	[[ "$output" == *" ddump (Many hosts)"* ]]
	tshark_to_end -i ddump -L
	[[ "$output" == *"LINUX_SLL"* ]]
}

@test "the dialog: in the format of extcap(4), with the options of ddump" {
	local name number=0 argument='\{(display|tooltip|placeholder|group)=[^{}]+\}'
	argument+='|\{type=(string|unsigned|selector|boolflag|fileselect|password)\}'
	argument+='|\{range=[0-9]+,[0-9]+\}|\{(required|mustexist)=true\}'
	argument+='|\{default=[0-9]+\}'
	run -0 "$extcap" --extcap-config --extcap-interface ddump
	while read -r line; do
		if [[ "$line" == value* ]]; then
			[[ "$line" == "value {arg=$((number - 1))}"* ]]
			continue
		fi
		echo "$line" | grep -qE \
			"^arg \{number=$number\}\{call=--[a-z-]+\}($argument)+\$"
		name=${line#*call=--}
		name=${name%%\}*}
		case $name in
		targets | passphrase) ;;
		*) "$DDUMP" -help | grep -Eq "^  (-[a-z-]+, )?-$name(,| |$)" ;;
		esac
		number=$((number + 1))
	done <<<"$output"
	[ "$number" -gt 10 ]
	[[ "$output" == *"call=--passphrase}"*"type=password}"* ]]
}

# Wireshark turns a number without a value into 0, saves it, and passes it from
# the second capture on.
@test "the dialog's defaults: those of ddump" {
	run -0 "$extcap" --extcap-config --extcap-interface ddump
	grep "type=unsigned" <<<"$output" >"$BATS_TEST_TMPDIR/numbers"
	lacks -v "{default=" "$BATS_TEST_TMPDIR/numbers"
	grep "call=--snaplen}.*{default=262144}" "$BATS_TEST_TMPDIR/numbers"
	"$DDUMP" -help | grep -q -- "-hold MS .*(default 2000)"
	grep "call=--hold}.*{default=2000}" "$BATS_TEST_TMPDIR/numbers"
}

@test "a filter: accepted unchecked, because only a worker can check it" {
	run -1 --separate-stderr "$extcap" --extcap-capture-filter "tcp prot" \
		--extcap-interface ddump
	[ -z "$output$stderr" ]
}

@test "tshark with two hosts: captures their packets" {
	start_two_workers
	start_tshark -c 20 -f "udp port 7777" \
		-o "extcap.ddump.targets:$targets" \
		-o "extcap.ddump.interface:lo" -o extcap.ddump.align:true \
		-o extcap.ddump.p:true
	send 5 100 1000 127.0.0.1 7776
	send 10 100 1000 127.0.0.1 7777
	finish_tshark
	[ "$(seen)" = "a:lo 144 10"$'\n'"b:lo 60 10" ]
}

@test "tshark ended by a signal: ddump ends" {
	local signal
	start_two_workers
	for signal in INT TERM; do
		start_tshark -f "udp port 7777" \
			-o "extcap.ddump.targets:$targets"
		start traffic "${isolated[@]}" "$TOOLS/udp_send" \
			10000 100 5000 127.0.0.1 7777
		eventually both_seen
		kill "-$signal" "${started[-2]}"
		unset 'started[-1]'
		finish_tshark
		both_seen
	done
}

@test "an error of ddump: shown by tshark at once" {
	local targets=extcap.ddump.targets:127.0.0.1:$port
	need_root
	tshark_fails "127.0.0.1: cannot connect" -o "$targets"
	tshark_fails "no target given"
	tshark_fails "--targets: a quote is not closed" -o "$targets \"x"
	tshark_fails '-hold: "soon" is not a number' -o "$targets" \
		-o extcap.ddump.hold:soon
	start_worker -listen "127.0.0.1:$port"
	tshark_fails "can't parse filter expression" -o "$targets" \
		-f "tcp prot 80"
}

# Has the client received that many packets of the first target?
has_taken() {
	kill -USR1 "$client"
	grep -q "a: $1 packets, 0 written" "$BATS_TEST_TMPDIR/ddump.err"
}

# The reader exits.
leave() {
	kill "$reader"
	exit_status "$reader"
}

# Wireshark closes the fifo, sends SIGTERM, or does both at once, while packets
# may still wait for another target, here one with a stopped worker.
@test "the end of a capture by reader or signal: exit 0 without an error" {
	local how
	start_two_workers
	for how in reader signal both; do
		rm -f "$BATS_TEST_TMPDIR"/{fifo,reader.out}
		start_extcap --targets "$targets" --hold 60000 \
			--extcap-capture-filter "udp port 7777"
		eventually test -s "$BATS_TEST_TMPDIR/reader.out"
		stopped=$(children)
		kill -STOP "$stopped"
		send 10 100 1000 127.0.0.1 7777
		eventually has_taken 10
		kill -STOP "$client"
		[ "$how" = signal ] || leave
		[ "$how" = reader ] || kill "$client"
		kill -CONT "$client"
		exit_status "$client"
		kill -CONT "$stopped"
		cat "$BATS_TEST_TMPDIR/ddump.err"
		[ "$ended" -eq 0 ]
		# except for the counts that were requested
		lacks -v "packets.* of 2 targets\|packets, .* written" \
			"$BATS_TEST_TMPDIR/ddump.err"
		eventually no_packet_sockets
	done
}

# Starts ddump as start_extcap does, with the control pipes of Wireshark's window. What
# comes is in control.out. Wireshark greets by "Initialized", and keeps its side open.
start_with_control() {
	mkfifo "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	start control timeout 60 cat "$BATS_TEST_TMPDIR/out"
	# shellcheck disable=SC2016 # for that shell to expand
	start greeting timeout 60 sh -c 'exec 3>"$1"; printf "T\0\0\2\0\0" >&3; exec sleep 60' \
		sh "$BATS_TEST_TMPDIR/in"
	start_extcap --extcap-control-in "$BATS_TEST_TMPDIR/in" \
		--extcap-control-out "$BATS_TEST_TMPDIR/out" "$@"
}

# control_has COMMAND TEXT: is there such a message, of no control or of the log?
control_has() {
	local number='\xff'
	[ "$1" -ne 2 ] || number='\x00'
	LC_ALL=C grep -aqP "T\\x00..$number\\x0$1$2" "$BATS_TEST_TMPDIR/control.out"
}

@test "the control pipe: progress in the status bar, failures at once, all in a log" {
	local first
	start_two_workers
	first=${started[0]}
	start_with_control --targets "$targets" --require any
	eventually control_has 2 '[0-9:]{8} UTC capturing on 2 targets'

	eventually control_has 6 'a: [0-9]+ packets, [0-9]+/s.*; b: [0-9]+ packets'
	kill -KILL "$first" $(pgrep -P "$first")
	eventually control_has 8 'a: .*the other targets continue'
	eventually control_has 2 '[0-9:]{8} UTC a: .*the other targets continue'
	kill "$client"
	exit_status "$client"
	# the lost target
	[ "$ended" -eq 2 ]
	eventually control_has 2 '[0-9:]{8} UTC .*packets of 2 targets'
	# Wireshark would show it again
	cat "$BATS_TEST_TMPDIR/ddump.err"
	lacks continue "$BATS_TEST_TMPDIR/ddump.err"
}

@test "Wireshark is killed: its end of the control pipe closes, and ddump ends" {
	start_two_workers
	start_with_control --targets "$targets"
	eventually control_has 2 '[0-9:]{8} UTC capturing on 2 targets'
	kill -KILL "${started[-3]}"
	exit_status "$client"
	[ "$ended" -eq 0 ]
	eventually no_packet_sockets
}

# Wireshark opens its side of the pipes without a limit of time.
@test "an error before the capture: the control pipes are opened, and Wireshark does not wait" {
	start_with_control --nonsense
	exit_status "$client"
	[ "$ended" -eq 1 ]
	eventually is_gone "${started[0]}"
	grep -q "unknown option --nonsense" "$BATS_TEST_TMPDIR/ddump.err"
}

@test "a wrong filter on two hosts: one message, which quotes it" {
	start_two_workers
	tshark_fails "\"tcp prot 80\": HTTP status 400: filter: can't parse" \
		-o "extcap.ddump.targets:a=127.0.0.1:$port b=127.0.0.1:$((port + 1))" -f "tcp prot 80"
	[ "$(grep -c "can't parse" <<<"$stderr")" -eq 1 ]
	grep -Eq 'ddump: (a, b|b, a): "tcp prot 80"' <<<"$stderr"
}

@test "a passphrase of the dialog: used, and visible nowhere" {
	start_two_workers
	cd "$BATS_TEST_TMPDIR"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=x \
		-keyout key.pem -out cert.pem -passout pass:open-sesame 2>/dev/null
	start_extcap --targets "x=u:open-barley@127.0.0.1:$port" --cert cert.pem \
		--key key.pem --passphrase open-sesame
	eventually test -s reader.out
	lacks -a "open-" "/proc/$client/cmdline"
	# no prompt at Wireshark's terminal, either
	[ "$(ps -o sid= -p "$client" | tr -d ' ')" -eq "$client" ]
	kill "$client"
	exit_status "$client"
	[ "$ended" -eq 0 ]
	rm fifo
	start_extcap --targets "127.0.0.1:$port" --cert cert.pem \
		--key key.pem --passphrase open-simsim
	exit_status "$client"
	[ "$ended" -eq 1 ]
	grep -q "key.pem: cannot decrypt the key" ddump.err
	lacks "open-" ddump.err
}

@test "an error before the capture: the reader of the fifo does not wait" {
	start_extcap --nonsense
	exit_status "$client"
	[ "$ended" -eq 1 ]
	grep -q "unknown option --nonsense" "$BATS_TEST_TMPDIR/ddump.err"
	exit_status "$reader"
	[ "$ended" -eq 0 ]
}

@test "a fifo that does not exist: an error, no file is created" {
	run -1 "$extcap" --capture --extcap-interface ddump --targets x \
		--fifo "$BATS_TEST_TMPDIR/gone"
	[[ "$output" == *"--fifo $BATS_TEST_TMPDIR/gone: No such file"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/gone" ]
	run -1 "$extcap" --capture --extcap-interface ddump --targets x
	[[ "$output" == *"--capture needs --fifo"* ]]
}
