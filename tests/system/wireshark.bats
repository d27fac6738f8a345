#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The profiles for Wireshark, and ddump -wireshark: a lab with a router, HTTP, TLS and
# DNS, which tshark opens from a file and by its interface ddump.

# shellcheck disable=SC2034,SC2153,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load client
load hosts
load path_lab
load path_capture
load wireshark
bats_require_minimum_version 1.5.0

setup() {
	need tshark
	make_user
}

teardown() {
	remove_hosts
	rm -rf "$open_dir"
}

# client, router and server; nothing is segmented or joined.
make_small_lab() {
	need_lab_tools
	install_profiles
	make_lab
	one_path r1
	offload off
	serve_web
	start_on 4 dns "$TOOLS/dns_answer" "$server_4" 192.0.2.77
	eventually grep -q listening "$BATS_TEST_TMPDIR/dns.out"
}

serve_web() {
	local dir=$BATS_TEST_TMPDIR
	need nginx
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=shop.example.com -days 2 -keyout "$dir/key.pem" \
		-out "$dir/cert.pem" 2>/dev/null
	mkdir "$dir/www"
	echo hello >"$dir/www/index.html"
	nginx_configure "$dir" "user root;" <<-END
		ssl_certificate $dir/cert.pem;
		ssl_certificate_key $dir/key.pem;
		server {
			listen $server_4:80;
			listen $server_4:443 ssl;
			root $dir/www;
		}
	END
	start_on 4 nginx nginx -c "$dir/nginx.conf" -e "$dir/error.log"
	eventually on 4 curl -ksS -o "$dir/index" "https://$server_4/"
}

# A query of DNS, a page by HTTP and one by TLS, and five datagrams of which the router
# drops one.
make_traffic() {
	drop_at r1 dropped "udp dport 5000-5999 @th,88,8 == 3"
	at client bash -c "exec 3<>/dev/udp/$server_4/53
		printf '\0\7\1\0\0\1\0\0\0\0\0\0\4shop\7example\3com\0\0\1\0\1' >&3
		head -c 1 <&3 >/dev/null"
	at client curl -sS --interface "$client_4" "http://$server_4/" \
		-o "$BATS_TEST_TMPDIR/page"
	at client curl -ksS --interface "$client_4" -o "$BATS_TEST_TMPDIR/page" \
		--resolve "shop.example.com:443:$server_4" https://shop.example.com/
	at client "$TOOLS/udp_send" 5 100 100 "$server_4" 5001
}

# read_as PROFILE OPTION...: lines of the list of packets, with tabs between columns.
read_as() {
	"${as_user[@]}" tshark -C "$1" -r "$merged" -T tabs "${@:2}" 2>"$BATS_TEST_TMPDIR/tshark.err"
}

# count_by_place FILTER: "PLACE COUNT" of the column "Seen on".
count_by_place() {
	read_as "${profile:-ddump}" -Y "$1" | cut -f 3 | sort | uniq -c | awk '{ print $2, $1 }' | xargs
}

# each_place COUNT: that of count_by_place if all four have it.
each_place() {
	echo "client:to_r1 $1 r1:to_client $1 r1:to_server $1 server:to_r1 $1"
}

# What the file of the lab shows with the profile, however it was captured.
shows_the_lab() {
	is "queries" "$(count_by_place 'dns.flags.response == 0')" "$(each_place 1)"
	is "answers" "$(count_by_place 'dns.flags.response == 1')" "$(each_place 1)"
	is "datagrams" "$(count_by_place 'udp.dstport == 5001')" \
		"client:to_r1 5 r1:to_client 5 r1:to_server 4 server:to_r1 4"
	is "dropped" "$(counted r1 dropped)" 1
	is "connections" "$(count_by_place 'tcp.flags == 2')" "$(each_place 2)"
	is "pages" "$(read_as ddump -Y http.request | wc -l)" 1
	is "names of TLS" "$(read_as ddump -Y tls.handshake.extensions_server_name | wc -l)" 1
	is "a host" "$(count_by_place "\${on:r1} and dns.flags.response == 0")" \
		"r1:to_client 1 r1:to_server 1"
	is "part of a name" "$(read_as ddump -Y "\${on:r}" | wc -l)" 0
}

copy_for_user() {
	cp "$merged" "$open_dir/home/lab.pcapng"
	chmod 644 "$open_dir/home/lab.pcapng"
	merged=$open_dir/home/lab.pcapng
}

@test "the profile, from a file: the columns, colours and macros have the lab" {
	local rules
	make_small_lab
	capture_lab client r1 server
	make_traffic
	all_captured
	end_capture
	[ "$status" -eq 0 ]
	copy_for_user
	shows_the_lab
	# an answer of the name server renames nothing
	lacks -F shop.example.com <(read_as ddump -Y "ip.addr == 192.0.2.77" | cut -f 4-5)
	rules=$("${as_user[@]}" tshark -C ddump -r "$merged" --color -T fields \
		-e frame.interface_name -e frame.coloring_rule.name 2>/dev/null |
		grep "Interface" | sort -u)
	echo "$rules"
	# one colour for each place
	[ "$(cut -f 1 <<<"$rules" | sort -u | wc -l)" -eq 4 ]
	[ "$(cut -f 2 <<<"$rules" | sort -u | wc -l)" -eq 4 ]
	lacks -i "warning\|error" "$BATS_TEST_TMPDIR/tshark.err"
}

# The last datagram, at all places, is the last packet.
live_is_complete() {
	live_has_datagrams "client:to_r1 5 r1:to_client 5 r1:to_server 4 server:to_r1 4"
}

# live_has_datagrams COUNTS: has Wireshark's file these, by place?
live_has_datagrams() {
	[ "$(count_by_place 'udp.dstport == 5001')" = "$1" ]
}

# capture_lab_live OPTION...: tshark captures on its interface ddump, until the lab's last
# packet has come.
capture_lab_live() {
	make_small_lab
	start_lab_workers client r1 server
	lab_targets client r1 server
	merged=$open_dir/home/live.pcapng
	start tshark ip netns exec "$hub" "${as_user[@]}" tshark -C ddump -i ddump -q \
		-f "$lab_filter" -o "extcap.ddump.targets:${targets[*]}" "$@" -w "$merged"
	local i
	for i in client r1 server; do
		eventually grep -q "captures filter" "$BATS_TEST_TMPDIR/worker${number_of[$i]}.err"
	done
	make_traffic
	eventually live_is_complete
	kill -INT "${started[-1]}"
	finish
	[ "$status" -eq 0 ]
}

@test "the profile, by the interface ddump of tshark: the same as from a file" {
	capture_lab_live
	shows_the_lab
}

@test "-paths in Wireshark: the lost packet has its comment, and sights one id" {
	capture_lab_live -o extcap.ddump.paths:true
	is "lost" "$(read_as ddump -Y 'frame.comment contains "not seen after"' | cut -f 3)" \
		r1:to_client
	is "queries" "$("${as_user[@]}" tshark -r "$merged" -Y "dns.flags.response == 0" \
		-T fields -e frame.packet_id | sort | uniq -c | awk '{ print $1, NF }')" "4 2"
	shows_the_path
}

# read_queries OPTION...: the queries of DNS in the profile ddump, with the column Path.
read_queries() {
	read_as ddump -o gui.column.hidden: -Y "dns.flags.response == 0" "$@" | cut -f 9
}

# The column Path is hidden, has what ddump.lua found, and without it is empty, not wrong.
shows_the_path() {
	local script=lua_script:$open_dir/share/ddump/ddump.lua
	is "path" "$(read_queries -2 -X "$script" | sed 's/ +[^ ]*//g')" \
		"seen on 4: client:to_r1 > r1:to_client > r1:to_server > server:to_r1"
	is "without the script" "$(read_queries | sort -u)" ""
	lacks -i "warning\|error" "$BATS_TEST_TMPDIR/tshark.err"
	lacks "seen on" <(read_as ddump -2 -X "$script" -Y "dns.flags.response == 0")
}

@test "-once-at in Wireshark: each packet once, as the server saw it" {
	make_small_lab
	start_lab_workers client r1 server
	lab_targets client r1 server
	start tshark ip netns exec "$hub" "${as_user[@]}" tshark -C ddump -i ddump -q \
		-f "$lab_filter" -o "extcap.ddump.targets:${targets[*]}" \
		-o extcap.ddump.onceat:server -o extcap.ddump.nonames:true \
		-w "$open_dir/home/live.pcapng"
	for i in client r1 server; do
		eventually grep -q "captures filter" "$BATS_TEST_TMPDIR/worker${number_of[$i]}.err"
	done
	make_traffic
	merged=$open_dir/home/live.pcapng
	eventually live_has_datagrams "server:to_r1 4"
	kill -INT "${started[-1]}"
	finish
	[ "$status" -eq 0 ]
	is "places" "$(count_by_place frame | cut -d ' ' -f 1)" server:to_r1
	is "connections" "$(count_by_place 'tcp.flags == 2')" "server:to_r1 2"
	is "retransmissions" "$(read_as ddump -Y tcp.analysis.retransmission | wc -l)" 0
	lacks server <(tshark -r "$merged" -q -z hosts 2>/dev/null)
}

# capture_native: one target for each interface of the lab's path.
capture_native() {
	local i query=linktype=native targets=()
	start_lab_workers client r1 server
	for i in client:to_r1 r1:to_client r1:to_server server:to_r1; do
		targets+=("${i%:*}${i#*:to}=http://10.9.0.${number_of[${i%:*}]}/capture?$query&interface=${i#*:}")
	done
	at_bridge
	start_merge -filter "$lab_filter" -w "$BATS_TEST_TMPDIR/merged.pcapng" "${targets[@]}"
	merged=$BATS_TEST_TMPDIR/merged.pcapng
	capturing_on 4
}

@test "the profile of native link headers: each interface has conversations of its own" {
	make_small_lab
	capture_native
	make_traffic
	all_captured
	end_capture
	[ "$status" -eq 0 ]
	copy_for_user
	profile=ddump
	is "first sights" "$(read_as ddump -Y http.request | wc -l)" 1
	# copies count as retransmissions
	[ "$(read_as ddump -Y tcp.analysis.flags | wc -l)" -gt 20 ]
	if ! tshark_is_at_least 4.4; then
		is "pages" "$(read_as ddump-native -Y http.request | wc -l)" 1
		grep -q "No such preference.*deinterlacing" "$BATS_TEST_TMPDIR/tshark.err"
		return
	fi
	is "pages" "$(read_as ddump-native -Y http.request | wc -l)" 4
	is "names of TLS" \
		"$(read_as ddump-native -Y tls.handshake.extensions_server_name | wc -l)" 4
	is "markings" "$(read_as ddump-native -Y tcp.analysis.flags | wc -l)" 0
}

@test "the interface: its help page is installed, and its log is a control" {
	local page
	install_profiles
	run -0 "$extcap" --extcap-interfaces
	echo "$output"
	page=$(sed -n 's/.*{help=file:\/\/\(.*\)}/\1/p' <<<"$output")
	grep -q "<title>ddump in Wireshark" "$page"
	grep -q '^control {number=0}{type=button}{role=logger}' <<<"$output"
	rm -r "$open_dir/share"
	lacks "{help=" <("$extcap" --extcap-interfaces)
}

# A program in place of Wireshark prints its arguments.
fake_wireshark() {
	mkdir -p "$open_dir/fake"
	printf '#!/bin/sh\nprintf "%%s\\n" "$@"\n' >"$open_dir/fake/wireshark"
	chmod +x "$open_dir/fake/wireshark"
	export PATH=$open_dir/fake:$PATH
	export HOME=$open_dir/home DISPLAY=:0
}

@test "-wireshark: every option reaches Wireshark, with the profile" {
	install_profiles
	fake_wireshark
	cd "$BATS_TEST_TMPDIR"
	echo https://web1 >hosts
	echo "X-Token: secret" >token
	run -0 --separate-stderr "$open_dir/bin/ddump" -wireshark -filter 'tcp port 80' \
		-i eth0 -i 'a b' -p -s 96 -payload 0 -require any -retry -ca ca.pem \
		-cert /c.pem -netrc -header @token -ssh 'ssh -F x' -hold 70 -align -paths -once-at db:eth1 -no-names -c 5 \
		-duration 9 -w x.pcapng @hosts 'db=https://db1?filter=port 5' x=./f.pcap
	echo "$stderr"
	[ -z "$stderr" ]
	diff - <(echo "$output") <<-END
		-C
		ddump
		-k
		-i
		ddump
		-X
		lua_script:$open_dir/share/ddump/ddump.lua
		-f
		tcp port 80
		-c
		5
		-a
		duration:9
		-w
		$PWD/x.pcapng
		-o
		extcap.ddump.targets:"@$PWD/hosts" "db=https://db1?filter=port 5" "x=$PWD/./f.pcap"
		-o
		extcap.ddump.interface:"eth0" "a b"
		-o
		extcap.ddump.p:true
		-o
		extcap.ddump.snaplen:96
		-o
		extcap.ddump.payload:0
		-o
		extcap.ddump.linktype:sll
		-o
		extcap.ddump.nonames:true
		-o
		extcap.ddump.require:any
		-o
		extcap.ddump.retry:true
		-o
		extcap.ddump.ca:$PWD/ca.pem
		-o
		extcap.ddump.crl:
		-o
		extcap.ddump.cert:/c.pem
		-o
		extcap.ddump.key:
		-o
		extcap.ddump.header:"@$PWD/token"
		-o
		extcap.ddump.netrc:true
		-o
		extcap.ddump.ssh:ssh -F x
		-o
		extcap.ddump.hold:70
		-o
		extcap.ddump.align:true
		-o
		extcap.ddump.paths:true
		-o
		extcap.ddump.once:true
		-o
		extcap.ddump.onceat:db:eth1
	END
	mkdir -p "$open_dir/share/ddump"
	touch "$open_dir/share/ddump/ddump.lua"
	run -0 "$open_dir/bin/ddump" -wireshark -linktype native -i eth0 web1
	[[ "$output" == *"ddump-native"*"lua_script:$open_dir/share/ddump/ddump.lua"* ]]
	# with -paths, too: Wireshark gets the packets
	run -0 "$open_dir/bin/ddump" -wireshark -paths -once web1
	[[ "$output" == *"extcap.ddump.paths:true"*"extcap.ddump.once:true"*"onceat:" ]]
}

# rejects SENTENCE ARGUMENT...
rejects() {
	run -1 "$DDUMP" -wireshark "${@:2}"
	echo "$output"
	[[ "$output" == *"$1"* ]]
}

@test "-wireshark: what Wireshark cannot get, or would save, is an error" {
	fake_wireshark
	rejects "u:@web1: cannot be passed to Wireshark, which would save its password" u:p@web1
	rejects "exec: cannot be passed to Wireshark" exec:ls
	rejects "-: cannot be passed" -
	rejects "-report: cannot be passed to Wireshark; leave it out, or pipe ddump -pcapng" \
		-report x web1
	rejects "-split: cannot be passed to Wireshark; leave it out, or leave out -wireshark" \
		-split -w x.pcapng web1
	rejects "-print: cannot be passed to Wireshark; leave it out, or leave out" -print web1
	rejects "-once-at web2: no target has this label" -once-at web2 web1
	rejects "-verbose: cannot be passed to Wireshark" web1 -verbose
	rejects "-header: with -wireshark, others could see" -header "X: secret" https://web1
	rejects "-hold: \"x\" is not a number" -hold x web1
	rejects "no target given"
	lacks secret <("$DDUMP" -wireshark -header "X: secret" https://web1 2>&1)
}

@test "-wireshark without Wireshark: the error names the package" {
	PATH=/nonexistent DISPLAY=:0 run -1 "$DDUMP" -wireshark web1
	[[ "$output" == *"cannot start wireshark: "*"install the package wireshark"* ]]
}

@test "-wireshark without a display: the error says where to start it" {
	fake_wireshark
	unset DISPLAY WAYLAND_DISPLAY WAYLAND_SOCKET QT_QPA_PLATFORM
	rejects "no display: DISPLAY and WAYLAND_DISPLAY are not set; start ddump where" web1
	WAYLAND_DISPLAY=wayland-0 run -0 "$DDUMP" -wireshark web1
}

# age FILE...: these files of the user's copy have a version before ours, from now on.
age() {
	sed -i '1s/ddump profile .*/ddump profile 0/' "${@/#/$HOME/.config/wireshark/profiles/ddump/}"
}

@test "-wireshark: a copy of the profile from an older version is reported" {
	install_profiles
	fake_wireshark
	lacks older <("$DDUMP" -wireshark web1 2>&1)
	# Wireshark writes a file without the version when the user changes it
	sed -i 1d "$HOME/.config/wireshark/profiles/ddump/preferences"
	age colorfilters
	lacks older <("$DDUMP" -wireshark web1 2>&1)
	age dfilter_macros
	run -0 --separate-stderr "$DDUMP" -wireshark web1
	[[ "$stderr" == *"$HOME/.config/wireshark/profiles/ddump: is the profile of an older"* ]]
	[[ "$output" == *"ddump.targets:\"web1\""* ]]
	lacks older <("$DDUMP" -wireshark -linktype native -i eth0 web1 2>&1)
}

@test "the profile: each file has the version of the program" {
	local version file
	version=$(sed -n 's/.*WIRESHARK_PROFILE_VERSION = \([0-9]*\).*/\1/p' \
		src/client/wireshark_profile.h)
	for file in preferences colorfilters dfilter_macros recent; do
		[ "$(head -n 1 "src/wireshark/$file")" = "# ddump profile $version" ]
	done
}
