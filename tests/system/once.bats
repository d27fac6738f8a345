#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -once: what it leaves is what one interface saw. The truth is that interface's part of a
# capture of all of them, as Wireshark reads it: each line of its packet list, with "TCP
# Retransmission", "TCP Dup ACK" and all others of its analysis.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
load hosts
load path_lab
load path_capture
load ../tools/certificate
bats_require_minimum_version 1.5.0

setup() {
	export HOME=$BATS_TEST_TMPDIR
	data=$BATS_TEST_DIRNAME/../data/paths
	lab=("$data/web1.pcapng" "$data/r1.pcapng" "$data/db1.pcapng")
	once=$BATS_TEST_TMPDIR/once.pcapng
	truth=$BATS_TEST_TMPDIR/truth.pcapng
	report=$BATS_TEST_TMPDIR/report.json
	said=$BATS_TEST_TMPDIR/said
}

# lose_in_r1: the router loses 5 % of TCP that has begun, in both directions.
lose_in_r1() {
	drop_at r1 lost meta l4proto tcp tcp flags '&' syn == 0 numgen random mod 100 '<' 5
}

# serve_both SIZE: the file by http and https, on IPv4.
serve_both() {
	need nginx
	need openssl
	mkdir -p "$BATS_TEST_TMPDIR/www"
	head -c "$1" /dev/urandom >"$BATS_TEST_TMPDIR/www/file"
	(cd "$BATS_TEST_TMPDIR" && make_certificate server server "subjectAltName=IP:$server_4")
	nginx_configure "$BATS_TEST_TMPDIR" "user root;" <<-END
		server {
			listen $server_4:80;
			listen $server_4:443 ssl;
			ssl_certificate $BATS_TEST_TMPDIR/server.crt;
			ssl_certificate_key $BATS_TEST_TMPDIR/server.key;
			root $BATS_TEST_TMPDIR/www;
		}
	END
	start_on 4 nginx nginx -c "$BATS_TEST_TMPDIR/nginx.conf" \
		-e "$BATS_TEST_TMPDIR/error.log"
	eventually on 4 curl -gsS -o /dev/null -r 0-0 "http://$server_4/file"
}

# fetch_both COUNT: downloads by http, then by https, over the router that loses packets.
fetch_both() {
	local i scheme
	for ((i = 1; i <= $1; i++)); do
		for scheme in http https; do
			at client curl -gsSk --max-time 60 --interface "$client_4" \
				-o "$BATS_TEST_TMPDIR/fetched" "$scheme://$server_4/file"
			cmp "$BATS_TEST_TMPDIR/www/file" "$BATS_TEST_TMPDIR/fetched"
		done
	done
}

# lines_of FILE [FILTER]: the packet list. A number in "TCP Dup ACK 5#1" is that of a line.
lines_of() {
	tshark -n -r "$1" -Y "${2:-frame}" -T fields -e frame.time_epoch \
		-e frame.interface_name -e frame.len -e _ws.col.Info 2>/dev/null |
		sed -E 's/Dup ACK [0-9]+#/Dup ACK #/; s/(reply|request) in [0-9]+/\1/; s/no response found!//'
}

# markings_of FILE: the number of packets with a remark of TCP's analysis.
markings_of() {
	tshark -n -r "$1" -Y tcp.analysis.flags -T fields -e frame.number 2>/dev/null | wc -l
}

# only_at FILE PLACE: writes the part of $merged that an interface saw.
only_at() {
	tshark -n -r "$merged" -Y "frame.interface_name == \"$2\"" -w "$1" 2>/dev/null
}

# is_as_seen_at PLACE OPTION...: -once of $merged is line for line what PLACE saw of TCP.
is_as_seen_at() {
	local place=$1
	shift
	"$DDUMP" "$@" -quiet -w "$once" "lab=$merged" >"$said.once" 2>&1
	cat "$said.once"
	only_at "$truth" "$place"
	lines_of "$truth" tcp >"$BATS_TEST_TMPDIR/truth.lines"
	# the name of an interface in a file has the label of that file before it
	lines_of "$once" tcp | sed 's/\tlab:/\t/' >"$BATS_TEST_TMPDIR/once.lines"
	echo "$place: $(markings_of "$truth") markings of $(wc -l <"$BATS_TEST_TMPDIR/truth.lines")," \
		"$(markings_of "$once") with -once, $(markings_of "$merged") without"
	[ "$(markings_of "$truth")" -gt 10 ]
	diff "$BATS_TEST_TMPDIR/truth.lines" "$BATS_TEST_TMPDIR/once.lines"
	[ "$(markings_of "$once")" -eq "$(markings_of "$truth")" ]
}

# make_lossy_capture SIZE: HTTP and TLS through a router that loses packets, as $merged.
make_lossy_capture() {
	lose_in_r1
	serve_both "$1"
	capture_lab client r1 server
	fetch_both 2
	all_captured
	end_capture
	[ "$status" -eq 0 ]
	[ "$(counted r1 lost)" -gt 5 ]
	[ "$(markings_of "$merged")" -gt 100 ]
}

# is_as_each_place_saw: of $merged, for the first place and for named ones.
is_as_each_place_saw() {
	is_as_seen_at client:to_r1 -once
	is_as_seen_at client:to_r1 -once-at client
	is_as_seen_at r1:to_client -once-at r1:to_client
	is_as_seen_at r1:to_server -once-at r1:to_server
	is_as_seen_at server:to_r1 -once-at server
}

@test "-once, a router that loses 5 %, offload off: the markings are those of the place" {
	need_lab_tools
	make_lab
	one_path r1
	offload off
	make_lossy_capture 400000
	is_as_each_place_saw
}

@test "-once, the same with segments made in the wire and joined behind it" {
	need_lab_tools
	make_lab
	one_path r1
	segment_in_wire
	make_lossy_capture 2000000
	# places have seen other segments
	[ "$(seen server:to_r1 4 'tcp.len > 1448')" -gt 10 ]
	is_as_each_place_saw
}

# has_printed COUNT: that many packets, as text.
has_printed() {
	[ "$(grep -c '^client:to_r1 ' "$BATS_TEST_TMPDIR/once.out")" -eq "$1" ]
}

# The text is complete while the capture runs: what has waited for its place is not kept.
@test "-once, live, with -w and -print: file and text are what the first place saw" {
	local live
	need_lab_tools
	make_lab
	one_path r1
	offload off
	lose_in_r1
	serve_both 100000
	capture_lab client r1 server
	lab_targets client r1 server
	start_on hub once "$DDUMP" -once -print -n -filter "$lab_filter" -w "$once" \
		-report "$report" "${targets[@]}"
	live=${started[-1]}
	eventually grep -q 'capturing on 3' "$BATS_TEST_TMPDIR/once.err"
	fetch_both 2
	send_datagrams 4 2 50
	send_pings 4 20
	at client ping -q -n -c 3 -s 4000 -I "$client_4" "$server_4"
	all_captured
	only_at "$truth" client:to_r1
	eventually has_printed "$(lines_of "$truth" | wc -l)"
	end_capture
	kill -INT "$live"
	wait "$live"
	cat "$BATS_TEST_TMPDIR/once.err"
	[ "$(seen client:to_r1 0 'ip.flags.mf == 1')" -gt 3 ]
	# each capture has timestamps of its own
	diff <(lines_of "$truth" | cut -f 2-) <(lines_of "$once" | cut -f 2-)
	[ "$(grep -vc '^client:to_r1 ' "$BATS_TEST_TMPDIR/once.out")" -eq 0 ]
	# counts of the summary and of the report
	grep -Eq '^ddump: client: ([0-9]+) packets, \1 written, 0 late;' "$BATS_TEST_TMPDIR/once.err"
	grep -Eq '^ddump: r1: ([0-9]+) packets, 0 written, \1 left out, 0 late;' \
		"$BATS_TEST_TMPDIR/once.err"
	grep -Eq '^ddump: -once: [0-9]+ packets left out, .*; [0-9]+ connections?$' \
		"$BATS_TEST_TMPDIR/once.err"
	jq -e '.once.at == null and .once.connections_split == 0
		and .once.packets_left_out == .targets[1].packets_left_out +
			.targets[2].packets_left_out
		and .packets_written == .targets[0].packets_received' "$report"
}

# The client sends by r1, and the server answers by r2: of these two no one sees both.
@test "-once, each direction over another router: each packet once, and it is reported" {
	need_lab_tools
	make_lab
	one_path r1
	ip -n "$(name_space server)" nexthop replace id 40 group 42
	offload off
	serve_both 100000
	capture_lab r1 r2
	fetch_both 1
	send_pings 4 20
	all_captured
	end_capture
	"$DDUMP" -once -report "$report" -w "$once" "lab=$merged" 2>"$said"
	cat "$said"
	grep -q ' connections, [1-9][0-9]* from several interfaces$' "$said"
	diff <(
		lines_of "$merged" 'frame.interface_name == "r1:to_client" or
			frame.interface_name == "r2:to_server"' | cut -f 1,3 | sort
	) <(lines_of "$once" | cut -f 1,3 | sort)
	jq -e '.once.connections_split == 3 and .once.packets_in_doubt == 0' "$report"
}

# numbers_in FILE: those of the datagrams.
numbers_in() {
	tshark -n -r "$1" -Y udp -T fields -e udp.payload 2>/dev/null | cut -c -8
}

has_datagrams() {
	[ "$(numbers_in "$once" | wc -l)" -ge "$1" ]
}

# The worker of the place is killed. Others see its packets on; those of the time in which
# they could be copies of its own are left out, and the report has their number.
@test "-once, the place of a connection is lost: it continues at another one" {
	local sender
	need_lab_tools
	make_lab
	one_path r1
	start_lab_workers client r1 server
	lab_targets client r1 server
	at_bridge
	start_merge -once -filter "$lab_filter" -report "$report" -w "$once" "${targets[@]}"
	capturing_on 3
	start_on 1 sender "$TOOLS/udp_send" 200 100 20 "$server_4" 5001
	sender=${started[-1]}
	eventually has_datagrams 20
	kill_worker "${number_of[client]}"
	wait "$sender"
	all_captured
	end_capture
	[ "$status" -eq 2 ]
	[ "$(numbers_in "$once" | sort | uniq -d | wc -l)" -eq 0 ]
	# a copy of the last one that the place saw may be in doubt, too
	[ $(($(numbers_in "$once" | wc -l) + $(jq .once.packets_in_doubt "$report"))) -ge 200 ]
	[ "$(jq .once.packets_in_doubt "$report")" -lt 100 ]
	diff <(numbers_in "$once" | tail -100) <("$TOOLS/udp_send" -print 200 100 0 | cut -c -8 | tail -100)
	grep -q 'warning: -once: up to [0-9]* packets are missing, which others saw while' "$said"
	grep -q ', 1 from several interfaces$' "$said"
	lines_of "$once" | tail -100 | cut -f 2 | sort -u | diff - <(echo r1:to_client)
}

@test "-once, the host of the place drops packets: a warning, also in the file" {
	need_capture_tools
	make_hosts 2
	start_worker 1 env DDUMP_RING=2
	start_worker 2 env DDUMP_RING=128
	targets_of filter=udp
	at_bridge
	start_merge -once -w "$once" "${targets[@]}"
	capturing_on 2
	send_from 1 1 0 10.9.0.2 4711
	eventually has_datagrams 1
	kill -STOP "$client"
	send_from 1 20000 0 10.9.0.2 4711 1400
	kill -CONT "$client"
	eventually grep -q 'warning: -once: h1 dropped packets; they are missing' "$said"
	end_capture
	[ "$status" -eq 2 ]
	[ "$(grep -c 'warning: -once: h1 dropped' "$said")" -eq 1 ]
	# if h1 has nothing for a while, packets of h2 are written
	[ "$(lines_of "$once" | wc -l)" -lt 20001 ]
	# the first one of each run has the number 0
	[ "$(numbers_in "$once" | sort | uniq -d | wc -l)" -le 1 ]
	capinfos -k "$once" | grep -q -- '-once: h1 dropped packets'
}

@test "-once, files: pcap, rings and rotation have each packet once, with -paths too" {
	cd "$BATS_TEST_TMPDIR"
	"$DDUMP" -quiet -w all.pcapng "${lab[@]}"
	merged=all.pcapng
	only_at "$truth" web1:eth0
	"$DDUMP" -quiet -once -w once.pcap "${lab[@]}"
	diff <(lines_of "$truth" | cut -f 1,3,4) <(lines_of once.pcap | cut -f 1,3,4)
	"$DDUMP" -quiet -once -C 4K -w several.pcapng "${lab[@]}"
	printf '%s\n' several* | sort -V >names
	[ "$(wc -l <names)" -gt 2 ]
	diff <(lines_of "$truth" | cut -f -3) \
		<(while read -r i; do lines_of "$i" | cut -f -3; done <names)
	"$DDUMP" -quiet -once -c 100 -w "$once" "${lab[@]}"
	diff <(lines_of "$truth" | head -100) <(lines_of "$once")
	"$DDUMP" -quiet -once -paths -w "$once" "${lab[@]}" >table
	diff <(lines_of "$truth") <(lines_of "$once")
	diff table <("$DDUMP" -quiet -paths "${lab[@]}")
	"$DDUMP" -quiet -once-at r1 -split -w split.pcapng "${lab[@]}"
	[ "$(lines_of split-web1.pcapng | wc -l)" -eq 0 ]
	[ "$(lines_of split-r1.pcapng | wc -l)" -eq 126 ]
	"$DDUMP" -quiet -once -w - "${lab[@]}" | "$DDUMP" -quiet -w "$once" -pcapng -
	diff <(lines_of "$truth" | cut -f 1,3,4) <(lines_of "$once" | cut -f 1,3,4)
}

@test "-once-at a host that not all connections pass: these are as first seen" {
	"$DDUMP" -once-at db1 -report "$report" -w "$once" "${lab[@]}" 2>"$said"
	cat "$said"
	grep -q '; 4 connections, 3 not seen by -once-at$' "$said"
	[ "$(lines_of "$once" 'frame.interface_name == "db1:eth0" && udp' | wc -l)" -eq 114 ]
	[ "$(lines_of "$once" 'frame.interface_name == "web1:eth0" && tcp' | wc -l)" -eq 9 ]
	[ "$(lines_of "$once" | wc -l)" -eq 123 ]
	jq -e '.once.at == "db1" and .once.connections_elsewhere == 3' "$report"
}

@test "-once, -report: has the members of the manual" {
	cd "$BATS_TEST_TMPDIR"
	"$DDUMP" -once-at web1 -quiet -report with.json -w "$once" "${lab[@]}"
	"$DDUMP" -quiet -report without.json -w "$once" "${lab[@]}"
	for i in with without; do
		jq -r 'paths(scalars) | map(if type == "number" then "[]" else "." + . end) |
			join("")[1:]' $i.json | sort -u >$i
	done
	diff <(comm -23 with without) <(
		sed -n '/^\.Ss Report of once/,/^\.El/s/^\.It Cm \(.*\) No : .*/\1/p' \
			"$OLDPWD/man/ddump.1" | sort -u
	)
}

@test "-once-at, wrong names: one sentence each; in files a name may come later" {
	merge -once-at nobody 127.0.0.1:1
	[ "$status" -eq 1 ]
	[ "$(cat "$said")" = "ddump: -once-at nobody: no target has this label; try one of them, or LABEL:INTERFACE" ]
	merge -once -paths "${lab[@]}"
	[ "$status" -eq 1 ]
	[ "$(cat "$said")" = "ddump: -once: -paths writes no packets without -w; try -w FILE" ]
	merge -once-at http://user:secret@web1 "${lab[@]}"
	[ "$status" -eq 1 ]
	run ! grep -q secret "$said"
	merge -once-at nobody -w "$once" "${lab[@]}"
	[ "$status" -eq 0 ]
	grep -q 'warning: -once-at nobody: no interface of this name saw a packet; .*check the name' "$said"
}
