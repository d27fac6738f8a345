#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The content of captures, including what they never contain, their begin and
# end, and their privileges.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load vanished_host

setup_file() {
	[ "$(id -u)" -ne 0 ] || vanish
}

teardown_file() {
	remove_gone
}

# The payloads that udp_send has sent and those of a capture are the same, each
# once.
holds_datagrams() {
	fields "$1" udp.payload | sort >"$BATS_TEST_TMPDIR/got"
	"$TOOLS/udp_send" -print "$2" "$3" 0 | sort |
		cmp - "$BATS_TEST_TMPDIR/got"
}

# In an earlier program 62 % of the packets had bytes of the next one.
@test "a capture: every packet arrives once, byte for byte" {
	listen
	capture a 'filter=udp+port+4711&count=5000'
	send 5000 300 50000 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	holds_datagrams a 5000 300
	[ "$(fields a frame.len frame.cap_len | sort -u)" = $'344\t344' ]
}

@test "the largest UDP datagram: arrives whole" {
	listen
	capture a 'filter=udp+port+4711&count=3'
	send 3 65507 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	holds_datagrams a 3 65507
}

@test "packets of many sizes, IPv4 and IPv6: arrive unchanged" {
	listen
	capture a 'filter=ip6+and+udp+port+4711'
	local size total=0
	for size in 4 5 63 64 65 1499 1500 9000 65000; do
		send 7 "$size" 0 ::1 4711
		"$TOOLS/udp_send" -print 7 "$size" 0 >>"$BATS_TEST_TMPDIR/all"
		total=$((total + 7))
	done
	eventually has "$total" a
	fields a udp.payload >"$BATS_TEST_TMPDIR/got"
	cmp "$BATS_TEST_TMPDIR/all" "$BATS_TEST_TMPDIR/got"
}

@test "filter=: only matching packets arrive" {
	listen
	capture a 'filter=udp+and+dst+port+4712'
	capture b 'filter=udp%20dst%20port%204711%0Aor%20icmp'
	capture all ''
	send 4 100 0 127.0.0.1 4711
	send 3 100 0 127.0.0.1 4712
	eventually has 7 all udp
	eventually has 3 a
	eventually has 4 b udp
	has 0 a not udp port 4712
	has 0 b udp port 4712
	# nothing listens there, so ICMP errors are sent
	eventually has 7 b icmp
}

# An earlier program ignored interface=.
@test "interface= with one or several interfaces: only their packets arrive" {
	make_peer
	listen
	capture one 'filter=udp&interface=va'
	capture two 'filter=udp&interface=va&interface=vb'
	capture all 'filter=udp&interface=vb&interface=any'
	send 2 100 0 127.0.0.1 4711
	send 3 100 0 10.2.0.2 4712
	send 4 100 0 10.1.0.2 4713
	eventually has 9 all
	eventually has 7 two
	eventually has 4 one
	has 0 one not port 4713
	has 0 two port 4711
	# with a filter with an "or", and an exclusion before it
	capture mixed 'filter=port+4711+or+port+4712&interface=vb'
	send 2 100 0 127.0.0.1 4711
	send 3 100 0 10.2.0.2 4712
	eventually has 3 mixed
	has 0 mixed port 4711
}

# No packet would arrive any more, not even from a new interface of that name.
@test "an interface of interface= is removed: its captures end" {
	make_peer
	listen
	capture one 'filter=udp&interface=va'
	capture two 'filter=udp&interface=vb&interface=va'
	capture other 'filter=udp&interface=vb'
	capture all 'filter=udp'
	send 1 100 0 10.1.0.2 4711
	eventually has 1 one
	ip -n "$ns" link delete va
	ip -n "$ns" link add va type veth peer vc
	local name
	for name in one two; do
		# 18: the last chunk never arrived
		exit_status "${captures[$name]}"
		[ "$ended" -eq 18 ]
		has 1 "$name"
	done
	[ "$(grep -c 'captured 1 packets.*: the interface va is gone' \
		"$BATS_TEST_TMPDIR/worker.err")" -eq 2 ]
	send 1 100 0 10.2.0.2 4712
	eventually has 1 other
	eventually has 2 all
}

@test "an interface of -interface is removed: a capture of all interfaces ends" {
	make_peer
	listen -interface 'va vb'
	capture a 'filter=udp'
	ip -n "$ns" link delete va
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	# the next capture works without that interface
	capture a 'filter=udp&count=1'
	send 1 100 0 10.2.0.2 4712
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
}

# An earlier program had 9000 in the header, and kept 1600 bytes without a
# message.
@test "snaplen=: packets are cut, the original length is kept" {
	listen
	local snaplen linktype size
	for linktype in sll sll2; do
		size=$((16 + 20 + 8 + 1000))
		[ $linktype = sll ] || size=$((size + 4))
		for snaplen in 1 15 16 19 20 21 64 1000; do
			capture a "filter=udp&snaplen=$snaplen&count=2$(
				)&linktype=$linktype"
			send 2 1000 0 127.0.0.1 4711
			exit_status "${captures[a]}"
			[ "$ended" -eq 0 ]
			[ "$(header_number a 16)" -eq "$snaplen" ]
			# all of the file: two records of that many bytes
			[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq \
				$((24 + 2 * (16 + snaplen))) ]
			[ "$(od -An -tu4 -j 32 -N 8 \
				"$BATS_TEST_TMPDIR/a.pcap" | xargs)" = \
				"$snaplen $size" ]
			[ "$(od -An -tu4 -j $((24 + 16 + snaplen + 8)) \
				-N 8 "$BATS_TEST_TMPDIR/a.pcap" | xargs)" = \
				"$snaplen $size" ]
		done
	done
}

# libpcap filters the ring's first block again, with the bytes that the kernel
# has kept.
@test "a filter that reads beyond the snaplen: the first packet matches, too" {
	listen
	local snaplen filter
	for snaplen in 8 96; do
		for filter in 'udp port 4711' 'udp[300:4] != 1' \
			'udp[(udp[4:2] - 4):4] != 1' 'ip[2:2] > 500'; do
			capture a "count=1&snaplen=$snaplen&$(
				)filter=$(printf '%s' "$filter" |
				sed 's/ /+/g; s/=/%3d/g')" --max-time 10
			send 1 500 0 127.0.0.1 4711
			exit_status "${captures[a]}"
			[ "$ended" -eq 0 ]
			# one record: bytes kept, and original length
			[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq \
				$((24 + 16 + snaplen)) ]
			[ "$(od -An -tu4 -j 32 -N 8 \
				"$BATS_TEST_TMPDIR/a.pcap" | xargs)" = \
				"$snaplen 544" ]
		done
	done
}

# Segments on loopback are as large as those of an offloading card.
@test "without snaplen=: packets of every size arrive whole" {
	listen
	local query
	for query in '' 'snaplen=0&'; do
		capture a "${query}filter=udp&count=1"
		send 1 65507 0 127.0.0.1 4711
		exit_status "${captures[a]}"
		[ "$(header_number a 16)" -eq 262144 ]
		[ "$(fields a frame.len frame.cap_len)" = \
			$'65551\t65551' ]
	done
}

@test "count=N: the capture ends after N packets" {
	listen
	capture a 'filter=udp&count=100'
	send 300 50 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 100 a
	holds_datagrams a 100 50
	eventually no_packet_sockets
	eventually grep -q 'captured 100 packets.*: the count was reached' \
		"$BATS_TEST_TMPDIR/worker.err"
}

@test "duration= without any traffic: the capture ends in time" {
	listen
	# curl's own limit is much longer
	capture a 'filter=icmp&duration=1'
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	has 0 a
	eventually grep -q 'captured 0 packets.*in 1\..*the duration was over' \
		"$BATS_TEST_TMPDIR/worker.err"
}

@test "duration=: packets captured before the end arrive" {
	listen
	capture a 'filter=udp&duration=5'
	send 200 50 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	holds_datagrams a 200 50
}

# An earlier program had microseconds only.
@test "precision=nano: timestamps in nanoseconds, with the magic number for it" {
	listen
	local precision begun
	begun=$(date +%s)
	for precision in nano micro; do
		capture "$precision" "filter=udp&precision=$precision&count=20"
	done
	send 20 50 0 127.0.0.1 4711
	exit_status "${captures[nano]}"
	exit_status "${captures[micro]}"
	[ "$(od -An -tx4 -N 4 "$BATS_TEST_TMPDIR/nano.pcap")" = " a1b23c4d" ]
	[ "$(od -An -tx4 -N 4 "$BATS_TEST_TMPDIR/micro.pcap")" = " a1b2c3d4" ]
	# twenty packets are never all at full microseconds
	fields nano frame.time_epoch | grep -qv '000$'
	# to the microsecond these are the current timestamps of the same
	# packets
	[ "$(fields nano frame.time_epoch | sed 's/...$/000/')" = \
		"$(fields micro frame.time_epoch)" ]
	fields nano frame.time_epoch | awk -v now="$(date +%s)" \
		-v begun="$begun" '$1 > now + 1 || $1 < begun { wrong++ }
		END { exit wrong || NR != 20 }'
}

# The link type of the header is that of the packets.
@test "linktype=: tcpdump and tshark read that link type" {
	make_peer
	listen
	capture sll 'filter=udp&count=2'
	capture sll2 'filter=udp&linktype=sll2&count=2'
	send 1 64 0 127.0.0.1 4711
	send 1 64 0 10.1.0.2 4711
	exit_status "${captures[sll]}"
	exit_status "${captures[sll2]}"
	[ "$(header_number sll 20)" -eq 113 ]
	[ "$(header_number sll2 20)" -eq 276 ]
	local name
	for name in sll sll2; do
		has 1 "$name" -e udp and dst host 127.0.0.1
		has 1 "$name" udp and dst host 10.1.0.2
		[ "$(fields "$name" udp.dstport | xargs)" = "4711 4711" ]
	done
	[ "$(fields sll sll.pkttype sll.hatype sll.etype)" = \
		$'0\t772\t0x0800\n4\t1\t0x0800' ]
	[ "$(fields sll2 sll.ifindex sll.pkttype sll.hatype sll.etype)" = \
		"1"$'\t0\t772\t0x0800\n'"$(
			enter cat /sys/class/net/va/ifindex
		)"$'\t4\t1\t0x0800' ]
}

# An earlier program sent head and packets once a second.
@test "a capture without packets: response head and file header arrive at once" {
	listen
	local i time best=9
	for i in 1 2 3 4 5; do
		# time to the first byte of the body; the duration is one second
		time=$(ask '/capture?filter=icmp&duration=1' \
			-o "$BATS_TEST_TMPDIR/$i.pcap" \
			-w '%{time_starttransfer}')
		has_header "$i"
		best=$(printf '%s\n' "$best" "$time" | sort -n | head -n 1)
	done
	# the best of five, because the machine may be busy
	awk -v best="$best" 'BEGIN { exit best > 0.5 }'
}

@test "a quiet capture: the file header is not held back" {
	listen
	capture a 'filter=icmp'
	# has_header has seen it; the file has nothing else
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/a.pcap")" -eq 24 ]
	kill -0 "${captures[a]}"
}

@test "SIGTERM to the worker: buffered packets arrive, and the stream ends as cut" {
	listen
	capture a 'filter=udp'
	capture old 'filter=udp' --http1.0
	send 2000 200 0 127.0.0.1 4711
	kill "$worker"
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	# HTTP/1.0 cannot show that the stream was cut
	exit_status "${captures[old]}"
	[ "$ended" -eq 0 ]
	exit_status "$worker"
	[ "$ended" -eq 0 ]
	holds_datagrams a 2000 200
	holds_datagrams old 2000 200
	[ "$(said | grep -c 'captured 2000 packets.*the worker was stopped')" \
		-eq 2 ]
}

@test "SIGTERM to the process of one capture: only that capture ends, exit 0" {
	need systemd-socket-activate
	start activator "${isolated[@]}" systemd-socket-activate -a --inetd \
		-l "127.0.0.1:$port" sh -c \
		"'$WORKER' <&1 & echo \$! >'$BATS_TEST_TMPDIR/pid'
		wait \$!; echo \$? >'$BATS_TEST_TMPDIR/status'"
	eventually grep -q 'Listening on' "$BATS_TEST_TMPDIR/activator.err"
	capture a 'filter=udp'
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	exit_status "${captures[a]}"
	[ "$ended" -eq 18 ]
	eventually test -s "$BATS_TEST_TMPDIR/status"
	[ "$(cat "$BATS_TEST_TMPDIR/status")" = 0 ]
}

# An earlier program leaked sockets and rings, and noticed that a client had
# left when it wrote the next matching packet.
@test "the client disconnects while it is quiet: process and socket are gone" {
	listen
	no_packet_sockets
	local i
	for i in 1 2 3 4 5; do
		capture a 'filter=icmp'
		capture b 'filter=icmp'
		has_packet_sockets 2
		kill -KILL "${captures[a]}" "${captures[b]}"
		eventually no_packet_sockets
		eventually no_children
	done
	[ "$(said | grep -c ': the client left$')" -eq 10 ]
}

@test "the client disconnects under traffic: process and socket are gone" {
	listen
	# for longer than any machine needs
	start traffic "${isolated[@]}" "$TOOLS/udp_send" 10000000 200 20000 \
		127.0.0.1 4711
	local i
	for i in 1 2 3 4 5; do
		capture a 'filter=udp'
		has_packet_sockets 1
		kill -KILL "${captures[a]}"
		eventually no_packet_sockets
		eventually no_children
	done
	# there was traffic until the end
	kill -0 "${started[1]}"
}

@test "the client disconnects while it does not read: process and socket are gone" {
	listen
	capture a 'filter=udp'
	kill -STOP "${captures[a]}"
	# more than the socket's buffers take
	send 500 60000 0 127.0.0.1 4711
	kill -KILL "${captures[a]}"
	eventually no_packet_sockets
	eventually no_children
}

# An earlier program never counted drops.
@test "packets dropped by the kernel: counted in the log" {
	listen -ring 2
	capture a 'filter=udp'
	kill -STOP "${captures[a]}"
	send 1000 60000 0 127.0.0.1 4711
	kill -KILL "${captures[a]}"
	eventually grep -q 'bytes sent, [1-9][0-9]* packets dropped' \
		"$BATS_TEST_TMPDIR/worker.err"
}

@test "a slow client: receives everything that the ring buffer could hold" {
	listen
	capture a 'filter=udp&count=300'
	kill -STOP "${captures[a]}"
	send 300 20000 0 127.0.0.1 4711
	kill -CONT "${captures[a]}"
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	holds_datagrams a 300 20000
}

# An earlier program had a log line and two writes for each packet.
@test "many packets: sent in batches, without a log line for each" {
	need strace
	start_worker_by strace -D -f -o "$BATS_TEST_TMPDIR/trace" \
		-e trace=sendto,?send,write,writev,sendmsg "$WORKER" \
		-listen "127.0.0.1:$port"
	capture a 'filter=udp&count=2000'
	send 2000 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	holds_datagrams a 2000 100
	eventually no_children
	[ "$(grep -c '(' "$BATS_TEST_TMPDIR/trace")" -lt 200 ]
	# one line each: listens, captures, has captured
	[ "$(said | wc -l)" -eq 3 ]
}

# marks NAME N: the N-th marker has arrived, and so have all packets before it.
marks() {
	eventually has "$2" "$1" udp port 4711
}

# Captures a and b have the packets that were sent, and nothing of each other's
# streams.
stay_apart() {
	local i
	for i in 1 2 3; do
		send 50 500 0 127.0.0.1 4711
		marks a $((i * 50))
		marks b $((i * 50))
	done
	has 0 a tcp
	has 0 b tcp
}

# Fault 6, over TCP.
@test "two captures of everything: do not capture each other's traffic" {
	start_worker -listen ":$port"
	# a capture that feeds itself would not end by itself
	capture a 'count=5000'
	capture b 'count=5000&linktype=sll2'
	stay_apart
	# nor a third capture's stream, nor a request
	ask /interfaces -o /dev/null
	send 1 500 0 127.0.0.1 4711
	marks a 151
	has 0 a tcp
	# other TCP is captured
	enter bash -c 'echo >/dev/tcp/127.0.0.1/1' 2>/dev/null || true
	eventually has 2 a tcp port 1
}

# proxy PORT FORWARDED: a real one, as another user, before the worker's unix
# socket.
proxy() {
	need nginx
	make_open_dir
	start_worker -listen "unix:$open_dir/socket" -socket-group nogroup
	nginx_configure "$open_dir" "user nobody nogroup;" <<-END
		server {
			listen 127.0.0.1:$1;
			location / {
				proxy_pass http://unix:$open_dir/socket;
				proxy_http_version 1.1;
				proxy_set_header Forwarded "$2";
			}
		}
	END
	start nginx "${isolated[@]}" nginx -c "$open_dir/nginx.conf" \
		-e "$open_dir/error.log"
	port=$1
	eventually enter curl -sf "http://127.0.0.1:$port/interfaces"
}

# In an earlier program the recommended setup captured its own stream, and the
# proxy could not use its socket.
@test "two captures through a proxy: do not capture each other's traffic" {
	# shellcheck disable=SC2016 # nginx's own variables
	proxy 8080 'for=\"$remote_addr:$remote_port\";by=\"$server_addr:$server_port\"'
	capture a 'count=5000'
	capture b 'count=5000'
	stay_apart
	kill -KILL "${captures[a]}" "${captures[b]}"
	eventually no_packet_sockets
}

# The same without the header, to show that the test above can fail.
@test "a proxy that sends no Forwarded: its connections are captured" {
	proxy 8080 ''
	capture a 'filter=tcp+port+8080&count=1000'
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
}

@test "-proxy yes without the proxy's port in Forwarded: 403" {
	listen -proxy yes
	local field
	for field in 'X: y' 'Forwarded: for=192.0.2.1' \
		'Forwarded: for=192.0.2.1:80;by=203.0.113.1'; do
		run ask_status '/capture?duration=1' -H "$field"
		[[ "$output" == "403 the worker's -proxy yes needs a Forwarded field "* ]]
	done
	run ask_status '/capture?duration=1' --head
	[[ "$output" == 403\ * ]]
	[ "$(ask '/capture?duration=1' -H 'Forwarded: by="_proxy:8475"' \
		-o /dev/null -w '%{http_code}')" = 200 ]
	[ "$(ask /interfaces -o /dev/null -w '%{http_code}')" = 200 ]
}

# flow PORT: some TCP packets to a port on which nothing listens.
flow() {
	"$@" bash -c 'echo >/dev/tcp/127.0.0.1/5000' 2>/dev/null || true
}

# For the kernel's filter a packet with a VLAN tag in it is not TCP.
@test "the worker's own packets with a VLAN tag: not captured" {
	make_peer
	listen
	capture a "interface=va&filter=outbound+and+$(
		)((link[20]%3d0x45+and+link[29]%3d6)+or+$(
		)(link[20]%3d0x60+and+link[26]%3d6))"
	local from protocol version
	for from in "$port" 4711; do
		for protocol in 0x8100 0x88a8; do
			for version in 4 6; do
				enter "$TOOLS/tagged_send" va $protocol \
					$version "$from"
			done
		done
	done
	# the last packets, which belong to no connection of the worker
	eventually has_bytes "$BATS_TEST_TMPDIR/a.pcap" \
		$((24 + 2 * (16 + 16 + 40) + 2 * (16 + 16 + 60)))
}

has_bytes() {
	[ "$(stat -c %s "$1")" -eq "$2" ]
}

@test "Forwarded from a peer on this host: used" {
	listen
	capture by 'filter=tcp+port+5000+or+udp' \
		-H 'Forwarded: for=unknown;by="192.0.2.1:5000"'
	capture from 'filter=tcp+port+5000+or+udp' \
		-H 'Forwarded: for="127.0.0.1:5000", for="[2001:db8::1]:1"'
	capture other 'filter=tcp+port+5000+or+udp' \
		-H 'Forwarded: for="192.0.2.1:5000";by=_hidden'
	flow enter
	send 1 50 0 127.0.0.1 4711
	marks by 1
	marks from 1
	marks other 1
	has 0 by tcp
	has 0 from tcp
	# the address is part of the flow
	has 2 other tcp
	answers_400 'Forwarded: for="'
	answers_400 'Forwarded: by=127.0.0.1:99999'
	answers_400 'Forwarded: for=evil) or (tcp'
}

answers_400() {
	run ask_status /capture -H "$1"
	[[ "$output" == "400 the Forwarded field is malformed: "* ]]
}

@test "Forwarded from any other peer: ignored" {
	make_peer
	start_worker -listen ":$port"
	start a "${peer[@]}" curl -sS -N --max-time 60 \
		-H 'Forwarded: for="127.0.0.1:5000";by="127.0.0.1:5000"' \
		-o "$BATS_TEST_TMPDIR/a.pcap" \
		"http://10.1.0.1:$port/capture?filter=tcp+port+5000+or+udp"
	eventually has_header a
	flow enter
	send 1 50 0 127.0.0.1 4711
	marks a 1
	has 2 a tcp
}

# excludes WHAT: with any filter, port 4712 is not captured.
excludes() {
	local filter
	for filter in '' udp 'udp port 4712' 'not udp port 1' \
		'udp or (vlan and udp)' 'geneve or udp' 'pppoes or udp' \
		'mpls or udp' 'udp or geneve' 'udp or pppoes' 'udp or mpls' \
		'vlan or udp' 'udp or vlan' 'udp) or (udp' \
		'1 = 1) or (1 = 1' 'udp))) or ((udp' 'udp #' 'udp or' \
		"udp port 4712 or not (ip or ip6)"; do
		# invalid filters are rejected; the others must not match it
		[ -z "$filter" ] || filter="udp port 4711 or ($filter)"
		run ask_status /capture -G --data-urlencode "filter=$filter" \
			--data duration=1 -I
		[ "${output%% *}" != 400 ] || continue
		rm -f "$BATS_TEST_TMPDIR/a.pcap"
		capture a "$(printf '%s' "filter=$filter" |
			sed 's/ /+/g; s/=/%3d/2g')"
		send 1 50 0 127.0.0.1 4712
		send 1 50 0 127.0.0.1 4711
		marks a 1
		has 0 a udp port 4712
		kill -KILL "${captures[a]}"
		seen=$((seen + 1))
	done
}

# In an earlier program the exclusion came after the user's filter.
@test "-exclude and any filter: excluded packets are never captured" {
	listen -exclude 'udp port 4712 or udp port 9999'
	seen=0
	excludes
	[ "$seen" -ge 5 ]
}

@test "DDUMP_EXCLUDE and any filter: excluded packets are never captured" {
	start_worker_by env DDUMP_EXCLUDE='udp port 4712' "$WORKER" \
		-listen "127.0.0.1:$port"
	seen=0
	excludes
	[ "$seen" -ge 5 ]
}

# In an earlier program "tcp) or (udp" was joined unchanged.
@test "filters with unbalanced parentheses: rejected" {
	listen -exclude 'udp port 4712'
	local filter
	for filter in 'tcp) or (udp' 'udp) or (udp' ') or (' '(udp' 'udp)'; do
		run ask_status /capture -G --data-urlencode "filter=$filter"
		[[ "$output" == "400 filter: "* ]]
	done
}

@test "an invalid -exclude: 500, not 400" {
	listen -exclude 'udp prot 4712'
	run ask_status '/capture?filter=icmp&duration=1'
	[[ "$output" == 500\ * ]]
	no_packet_sockets
}

@test "the process of a capture: no capabilities, and none to gain" {
	listen
	capture a 'filter=icmp'
	local set child
	child=$(children)
	for set in CapEff CapPrm CapInh CapAmb; do
		grep -qP "^$set:\\t0000000000000000$" "/proc/$child/status"
	done
	grep -qP '^NoNewPrivs:\t1$' "/proc/$child/status"
	# sanitizers make system calls of their own
	[[ $BUILD == */sanitize-* ]] ||
		grep -qP '^Seccomp:\t2$' "/proc/$child/status"
	# no more descriptors are open than it needs
	[ "$(find "/proc/$child/fd" -lname '*packet*' -o -lname 'socket:*' |
		wc -l)" -le 3 ]
}

# The child that compiles can receive no packets and has no capability; no
# packet arrives before the filter is attached; then the last capability is
# dropped.
@test "compiling a filter: without privileges, and the filter is locked before packets arrive" {
	need strace
	start_worker_by strace -D -f -o "$BATS_TEST_TMPDIR/trace" \
		-e trace=socket,bind,setsockopt,capset,close_range,setitimer,$(
		)sendto,?send,poll "$WORKER" -listen "127.0.0.1:$port"
	capture a 'filter=udp+port+4711'
	kill -KILL "${captures[a]}"
	eventually no_children
	# the ring is TPACKET_V3, which libpcap uses unless immediate mode is
	# requested
	grep -q 'PACKET_VERSION, \[\?\(TPACKET_V3\|2\)\]\?' \
		"$BATS_TEST_TMPDIR/trace"
	lacks TPACKET_V2 "$BATS_TEST_TMPDIR/trace"
	local steps child
	steps=$(sed '/HTTP\/1.1 200/q' "$BATS_TEST_TMPDIR/trace" |
		grep -oE 'socket\(AF_PACKET|PACKET_RX_RING|capset|'\
'setitimer|close_range\(3, 4294967295|ETH_P_ALL|'\
'SO_(ATTACH|LOCK)_FILTER|HTTP/1.1 200' | xargs)
	# first all capabilities but CAP_NET_RAW are dropped; a filter is tried
	# on another socket
	[ "$steps" = "capset close_range(3, 4294967295 capset setitimer $(
		)SO_ATTACH_FILTER socket(AF_PACKET PACKET_RX_RING $(
		)SO_ATTACH_FILTER SO_LOCK_FILTER ETH_P_ALL capset $(
		)HTTP/1.1 200" ]
	# one process does everything without privileges
	child=$(awk '/setitimer\(/ { print $1 }' "$BATS_TEST_TMPDIR/trace")
	[ "$(grep -c "^$child .*\(close_range\|capset\)(" \
		"$BATS_TEST_TMPDIR/trace")" -eq 2 ]
}

# As in a container with all capabilities dropped but CAP_NET_RAW.
@test "root that cannot switch to nobody: no response, the reason is logged" {
	local drop
	for drop in -setuid -setgid; do
		start_worker_by setpriv --bounding-set "$drop" \
			--inh-caps "$drop" "$WORKER" -listen "127.0.0.1:$port"
		run ask /interfaces
		[ "$status" -ne 0 ]
		eventually grep -q "cannot become nobody: .*; start the worker $(
			)as another user, or give it CAP_SETUID and" \
			"$BATS_TEST_TMPDIR/worker.err"
		stop_all
	done
}

# It would be root outside, too, and could read root's files.
@test "root of a user namespace without nobody, started by root: no response" {
	unshare -r true || skip "needs user namespaces"
	# there root may not enter a home of mode 0700
	make_open_dir
	cp "$WORKER" "$open_dir/"
	start_worker_by unshare -r "$open_dir/ddump-worker" \
		-listen "127.0.0.1:$port"
	run ask /interfaces
	[ "$status" -ne 0 ]
	eventually grep -q "cannot become nobody: the user namespace has no such user" \
		"$BATS_TEST_TMPDIR/worker.err"
}

@test "root of a user namespace without nobody: serves as the user that created it" {
	local user=(setpriv --reuid 65533 --regid 65533 --clear-groups)
	"${user[@]}" unshare -r true || skip "needs user namespaces for users"
	make_open_dir
	cp "$WORKER" "$open_dir/"
	start_worker_by "${user[@]}" unshare -r "$open_dir/ddump-worker" \
		-listen "127.0.0.1:$port"
	answer=$(ask_status /interfaces)
	[[ "$answer" == 200* ]]
	[ "$(stat -c %u "/proc/$worker")" -eq 65533 ]
}

# A name server might answer the next question with 700 addresses.
@test "host names in a filter: looked up in the process with the CPU limit" {
	need strace
	start_worker_by strace -D -f -o "$BATS_TEST_TMPDIR/trace" \
		-e trace=openat,setitimer "$WORKER" -listen "127.0.0.1:$port"
	capture a 'filter=udp+and+host+localhost'
	local bounded asking
	bounded=$(awk '/setitimer\(ITIMER_PROF/ { print $1 }' \
		"$BATS_TEST_TMPDIR/trace")
	asking=$(awk '/"\/etc\/hosts"/ { print $1 }' \
		"$BATS_TEST_TMPDIR/trace" | sort -u)
	[ -n "$bounded" ]
	[ "$asking" = "$bounded" ]
}

# The README's way to run without root.
@test "a worker of a normal user with setcap: captures" {
	make_open_dir
	cp "$WORKER" "$open_dir/"
	setcap cap_net_raw=eip "$open_dir/ddump-worker"
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$open_dir/ddump-worker" -listen "127.0.0.1:$port"
	capture a 'filter=udp&count=5'
	send 5 100 0 127.0.0.1 4711
	exit_status "${captures[a]}"
	[ "$ended" -eq 0 ]
	holds_datagrams a 5 100
	capture b 'filter=udp'
	grep -qP '^Uid:\t65534\t65534\t65534\t65534$' \
		"/proc/$(children)/status"
	grep -qP '^CapPrm:\t0000000000000000$' "/proc/$(children)/status"
	# they end with the listener
	kill -KILL "$worker"
	exit_status "${captures[b]}"
	[ "$ended" -eq 18 ]
	eventually no_packet_sockets
}

# As under systemd: all workers have the same user, and a core dump may be piped
# to a program.
@test "other processes of the worker's user: cannot read its memory or trace it" {
	make_open_dir
	cp "$WORKER" "$open_dir/"
	start_worker_by setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps -all,+net_raw --ambient-caps -all,+net_raw \
		"$open_dir/ddump-worker" -listen "127.0.0.1:$port"
	capture a 'filter=udp'
	grep -qP '^Uid:\t65534\t65534\t65534\t65534$' \
		"/proc/$(children)/status"
	[ "$(stat -c %u "/proc/$(children)/environ")" -eq 0 ]
}

@test "a client that never stops sending after its request: disconnected" {
	listen
	run enter timeout 20 bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		trap '' PIPE
		printf 'GET /capture?filter=icmp HTTP/1.0\r\n\r\n' >&3
		cat /dev/zero >&3"
	[ "$status" -eq 1 ]
	eventually no_packet_sockets
	eventually no_children
	# a small amount is allowed
	start b "${isolated[@]}" bash -c "exec 3<>/dev/tcp/127.0.0.1/$port
		printf 'GET /capture?filter=udp&count=1 HTTP/1.0\r\n\r\n' >&3
		head -c 20000 /dev/zero >&3
		cat <&3"
	eventually grep -q 'application/vnd' "$BATS_TEST_TMPDIR/b.out"
	send 1 100 0 127.0.0.1 4711
	exit_status "${started[-1]}"
	[ "$ended" -eq 0 ]
	grep -q 'captured 1 packets' "$BATS_TEST_TMPDIR/worker.err"
}

# The durations of captures that ended because of their client, in whole
# seconds.
gone_after() {
	sed -n 's/.* packets.* in \([0-9]*\)\..*: the client left$/\1/p' \
		"$BATS_FILE_TMPDIR/here.err"
}

all_are_gone() {
	[ "$(gone_after | wc -l)" -eq 4 ]
}

# The last tests of the file: the part in setup_file takes most of a minute.
@test "a client host that vanishes without FIN or RST: its capture ends within a minute" {
	eventually all_are_gone || eventually all_are_gone
	gone_after | xargs
	[ "$(gone_after | sort -n | tail -n 1)" -lt 60 ]
	[ "$(ip netns exec "$(cat "$BATS_FILE_TMPDIR/gone")" \
		cat /proc/net/packet | wc -l)" -eq 1 ]
}

@test "a worker host that vanishes without FIN or RST: reported within half a minute" {
	local name status seconds
	for name in client_silent client_watermarks; do
		cat "$BATS_FILE_TMPDIR/$name".{out,err}
		read -r status seconds <"$BATS_FILE_TMPDIR/$name.out"
		[ "$status" -eq 2 ]
		[ "$seconds" -lt 35 ]
		grep -q '^ddump: 10.3.0.2: ' "$BATS_FILE_TMPDIR/$name.err"
	done
}
