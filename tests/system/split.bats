#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# -split: a file for each target, with real workers, disks and readers.

# shellcheck disable=SC2034,SC2153,SC2154,SC2164 # set and used by what is loaded
# shellcheck disable=SC2012 # the names are ours
# shellcheck disable=SC2016 # bash -c has variables of its own
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

setup() {
	need tcpdump
	need tshark
	need jq
	export HOME=$BATS_TEST_TMPDIR
	data=$BATS_TEST_DIRNAME/../data
	mkdir "$BATS_TEST_TMPDIR/files"
	cd "$BATS_TEST_TMPDIR/files"
}

# fields FILE NAME...: fields of each packet.
fields() {
	local file=$1 name names=()
	shift
	for name; do
		names+=(-e "$name")
	done
	tshark -nr "$file" -T fields "${names[@]}" 2>/dev/null
}

# interfaces_in FILE...: how many packets each interface has, over all files.
interfaces_in() {
	local file
	for file; do
		fields "$file" frame.interface_name
	done | sort | uniq -c
}

@test "real workers: each file has the packets and interfaces of its target in a merged file" {
	local targets split i
	need_capture_tools
	make_hosts 3
	start_workers
	targets_of 'filter=udp+port+4711'
	at_bridge
	start_merge -split -w s.pcapng -hold 0 -report report "${targets[@]}"
	split=$client
	capturing_on 3
	mv "$BATS_TEST_TMPDIR/ddump.err" "$BATS_TEST_TMPDIR/split.err"
	start_merge -w m.pcapng -hold 0 "${targets[@]}"
	capturing_on 3
	send_from 1 300 3000 10.9.0.2 4711
	send_from 2 200 3000 10.9.0.3 4711
	send_from 3 100 3000 10.9.0.1 4711
	on 1 "$TOOLS/udp_send" 50 100 3000 127.0.0.1 4711
	has_all() {
		[ "$(fields m.pcapng frame.number | wc -l)" -eq 1250 ] &&
			[ "$(sum s-h*.pcapng)" -eq 1250 ]
	}
	# each is seen twice, but those on lo once
	eventually has_all
	kill -INT "$split" "$client"
	for i in "$split" "$client"; do
		within 100 is_gone "$i"
	done
	[ "$(echo s*)" = "s-h1.pcapng s-h2.pcapng s-h3.pcapng" ]
	diff <(interfaces_in s-h1.pcapng s-h2.pcapng s-h3.pcapng) <(interfaces_in m.pcapng)
	for i in 1 2 3; do
		# nothing of the others: no packets, no interfaces, no counters
		[ "$(fields "s-h$i.pcapng" frame.interface_name | grep -cv "^h$i:")" -eq 0 ]
		[ "$(grep -ac 'h[1-3]:eth0' "s-h$i.pcapng")" -ge 1 ]
		run ! grep -aq "h$((i % 3 + 1)):" "s-h$i.pcapng"
		diff <(fields "s-h$i.pcapng" frame.time_epoch udp.payload) \
			<(tshark -nr m.pcapng -Y "frame.interface_name contains \"h$i:\"" \
				-T fields -e frame.time_epoch -e udp.payload 2>/dev/null)
		capinfos "s-h$i.pcapng" >/dev/null
		[ "$(jq -r ".targets[$((i - 1))].last_file" report)" = "s-h$i.pcapng" ]
		[ "$(jq ".targets[$((i - 1))].packets_written" report)" -eq "$(count "s-h$i.pcapng")" ]
	done
	[ "$(jq -c .output report)" = \
		'{"file":"s.pcapng","last_file":null,"files":3,"format":"pcapng"}' ]
}

@test "a directory: files have the labels as names, and pcap is in the order of one file" {
	serve
	local i
	mkdir d
	merge -split -w d -hold "$patient" "a=$url/stream?id=1&packets=400" \
		"b=$url/stream?id=2&packets=300" "$url/stream?id=3&packets=200"
	[ "$status" -eq 0 ]
	[ "$(ls d)" = "$(printf '127.0.0.1_%s.pcap\na.pcap\nb.pcap' "$port")" ]
	merge -w whole.pcap -hold "$patient" "$url/stream?id=2&packets=300"
	cmp d/b.pcap whole.pcap
	[ "$(sum d/*)" -eq 900 ]
	# again, as with -w: the files of the run before are replaced
	merge -split -w d/ -pcapng "a=$url/stream?packets=5"
	merge -split -w d/ "a=$url/stream?packets=7"
	[ "$(count d/a.pcap)" -eq 7 ]
	[ "$(count d/a.pcapng)" -eq 5 ]
}

@test "-C, -G and rings: each target has several files of its own, and no packet is lost" {
	serve
	merge -split -C 20K -w c.pcapng -hold "$patient" -report report \
		"web1=$url/stream?id=1&packets=2000&size=60-200" \
		"web11=$url/stream?id=2&packets=30&size=60-200" \
		"web1-1=$url/stream?id=3&packets=90&size=60-200"
	[ "$status" -eq 0 ]
	[ "$(jq '[.targets[].files] | add' report)" -eq "$(ls c-* | wc -l)" ]
	[ "$(jq .output.files report)" -eq "$(ls c-* | wc -l)" ]
	[ "$(jq '.targets[0].files' report)" -gt 9 ]
	[ "$(interfaces_in c-*)" = "$(printf '%7d %s\n' 2000 web1 90 web1-1 30 web11)" ]
	# no name of a file was that of another target's
	[ "$(grep -la web11 c-*)" = c-web11.pcapng ]
	[ "$(interfaces_in c-web1-1.pcapng)" = "$(printf '%7d %s\n' 90 web1-1)" ]
	merge -split -C 4K -W 3 -w k.pcap "web1=$url/stream?id=1&packets=2000&size=60-200" \
		"db1=$url/stream?id=2&packets=3000&size=60-200"
	[ "$status" -eq 0 ]
	[ "$(echo k*)" = "k-db1-0.pcap k-db1-1.pcap k-db1-2.pcap k-web1-0.pcap k-web1-1.pcap k-web1-2.pcap" ]
	[ "$(sum k*)" -gt 60 ]
	merge -split -G 1 -W 2 -w 'g-%s.pcap' "a=$url/stream?packets=90&end=never" \
		"b=$url/stream?packets=80&end=never"
	[ "$status" -eq 0 ]
	[ "$(ls g-*-a.pcap | wc -l) $(ls g-*-b.pcap | wc -l)" = "2 2" ]
	[ "$(sum g-*-a.pcap) $(sum g-*-b.pcap)" = "90 80" ]
	# both targets' files have the same times
	[ "$(ls g-*-a.pcap | cut -d - -f 2)" = "$(ls g-*-b.pcap | cut -d - -f 2)" ]
}

@test "-z: runs for each file of many targets, also for those that end at the same time" {
	serve
	local i
	cat >note <<-END
		#!/bin/sh
		sleep 4
		echo "\$1" >>"$PWD/notes"
	END
	chmod 755 note
	for ((i = 0; i < 150; i++)); do
		echo "t$i=$url/stream?packets=3"
	done >list
	# three after another, which take longer than ddump waits for the last ones
	merge -split -G 1 -W 1 -w z.pcap -z ./note @list
	[ "$status" -eq 0 ]
	run ! grep 'not started' "$said"
	diff <(ls z-*) <(sort notes)
	[ "$(ls z-* | wc -l)" -eq 150 ]
}

@test "hostile labels: all files are in the directory, and none is hidden or an option" {
	serve
	mkdir d
	curl -s "$url/stream?packets=3" >'x y;$(touch z)..pcap'
	{
		printf '%s\n' "..=$url/stream?packets=3" "-rf=$url/stream?packets=3" \
			".bashrc=$url/stream?packets=3"
		echo './x y;$(touch z)..pcap'
	} >list
	merge -split -w d/ @list
	[ "$status" -eq 0 ]
	[ "$(ls -A d | LC_ALL=C sort | xargs)" = "_..pcap _bashrc.pcap _rf.pcap x_y___touch_z_..pcap" ]
	[ "$(sum d/*)" -eq 12 ]
	[ "$(ls -A | wc -l)" -eq 3 ]
}

@test "two labels of one name, links, other files, inputs: refused before anything is written" {
	serve
	merge -split -w a.pcap x:1=exec:true
	merge -split -w a.pcap host:1 host_1=exec:true
	[ "$status" -eq 1 ]
	grep -qx 'ddump: -split: host:1 and host_1 would both be written to a-host_1.pcap; try other labels, LABEL=TARGET' "$said"
	merge -split -w a.pcap Web1=exec:true web1=exec:true
	[ "$status" -eq 1 ]
	ln -s victim a-web1.pcap
	merge -split -w a.pcap "web1=$url/stream?packets=3"
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot use a-web1.pcap: it is not a capture file' "$said"
	[ ! -e victim ]
	rm a-web1.pcap
	echo text >a-web1.pcap
	merge -split -w a.pcap "web1=$url/stream?packets=3"
	[ "$status" -eq 1 ]
	[ "$(cat a-web1.pcap)" = text ]
	rm a-web1.pcap
	curl -s "$url/stream?packets=3" >a-web1.pcap
	merge -split -w a.pcap web1=./a-web1.pcap
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot use a-web1.pcap: a target reads this file' "$said"
	[ "$(count a-web1.pcap)" -eq 3 ]
	[ "$(ls)" = a-web1.pcap ]
	merge -split -w no/ web1=exec:true
	grep -qx 'ddump: cannot use no: No such file or directory' "$said"
	mkfifo fifo
	merge -split -w fifo web1=exec:true
	grep -q '^ddump: cannot use fifo: -split needs a directory or the name of a file' "$said"
	local words
	for words in "" "-w -" "-print" "-C 1"; do
		# shellcheck disable=SC2086 # several words
		merge -split $words web1=exec:true
		[ "$status" -eq 1 ]
		grep -q '^ddump: -split: needs the name of a file or directory' "$said"
	done
}

@test "targets that do not answer: no file, an older one stays, and one that comes later has one" {
	serve
	local late
	late=$(free_port)
	merge -split -w a.pcap "gone=$url/stream?packets=9"
	cp a-gone.pcap older
	merge -split -w a.pcapng http://127.0.0.1:1
	[ "$status" -eq 1 ]
	[ ! -e a-127.0.0.1_1.pcapng ]
	start_merge -split -w a.pcap -require any -retry -hold 100 gone=http://127.0.0.1:1 \
		"here=$url/stream?packets=4&end=never" "late=http://127.0.0.1:$late/stream?packets=6" \
		"idle=$url/stream?packets=0&end=never"
	capturing_on 2
	# its header is there, before any packet
	eventually test -s a-idle.pcap
	start streams "$TOOLS/streams" -port "$late"
	eventually test -s a-late.pcap
	has_late() {
		[ "$(count a-late.pcap)" -eq 6 ]
	}
	eventually has_late
	kill -INT "$client"
	await_client
	grep -qx 'ddump: -split: no file of gone: no capture began' "$said"
	cmp a-gone.pcap older
	[ "$(sum a-here.pcap a-late.pcap a-idle.pcap)" -eq 10 ]
}

@test "notes: an outage is in the file of its target, and in no other" {
	serve
	merge -split -w a.pcapng "cut=$url/stream?packets=9&end=cut" "good=$url/stream?packets=9"
	[ "$status" -eq 2 ]
	grep -qa 'cut: the stream was cut' a-cut.pcapng
	run ! grep -qa 'cut' a-good.pcapng
}

@test "secrets: in the file of the target that sent them, also in each of several" {
	need editcap
	serve
	local file
	curl -s "$url/stream?packets=900&size=60-200" >plain.pcap
	printf 'CLIENT_RANDOM %064d %096d\n' 1 2 >keys
	editcap --inject-secrets tls,keys plain.pcap secret.pcapng 2>/dev/null
	merge -split -C 20K -w a.pcapng web1=./secret.pcapng db1=./plain.pcap
	[ "$status" -eq 0 ]
	[ "$(sum a-web1*.pcapng) $(sum a-db1*.pcapng)" = "900 900" ]
	for file in a-web1*.pcapng; do
		[ "$(grep -ca 'CLIENT_RANDOM' "$file")" -eq 1 ]
	done
	run ! grep -qa 'CLIENT_RANDOM' a-db1*.pcapng
}

@test "-print and -c: are about the packets of all targets" {
	serve
	merge -split -w a.pcap -print -n -c 70 -hold "$patient" "web1=$url/stream?id=1&packets=100" \
		"db1=$url/stream?id=2&packets=100"
	[ "$status" -eq 0 ]
	[ "$(sum a-*.pcap)" -eq 70 ]
	[ "$(grep -c '^web1 .*[0-9]:[0-9][0-9]\.' "$merged")" -eq "$(count a-web1.pcap)" ]
	[ "$(grep -c '^db1 .*[0-9]:[0-9][0-9]\.' "$merged")" -eq "$(count a-db1.pcap)" ]
}

@test "-paths: comments and ids are those of one file for all" {
	local i lab=()
	for i in web1 r1 db1; do
		lab+=("$i=$data/paths/$i.pcapng")
	done
	merge -paths -w all.pcapng "${lab[@]}"
	[ "$status" -eq 0 ]
	cp "$merged" table
	merge -paths -split -w a.pcapng "${lab[@]}"
	[ "$status" -eq 0 ]
	diff table "$merged"
	for i in web1 r1 db1; do
		diff <(fields "a-$i.pcapng" frame.interface_name frame.packet_id frame.comment) \
			<(fields all.pcapng frame.interface_name frame.packet_id frame.comment |
				grep "^$i:")
	done
	grep -qa 'not seen after r1:eth0' a-r1.pcapng
}

@test "nested: packets that a bastion has merged are in the bastion's file" {
	serve
	merge -split -w a.pcapng -hold "$patient" "direct=$url/stream?id=1&packets=5" \
		"bastion=exec:$DDUMP -quiet -pcapng web1='$url/stream?id=2&packets=6' db1='$url/stream?id=3&packets=7'"
	[ "$status" -eq 0 ]
	[ "$(ls)" = "$(printf 'a-bastion.pcapng\na-direct.pcapng')" ]
	[ "$(interfaces_in a-bastion.pcapng)" = \
		"$(printf '%7d bastion:%s\n' 7 db1 6 web1)" ]
}

@test "a full disk: the run ends with status 1, and each file has whole packets" {
	need_root
	serve
	mkdir disk
	unshare -m sh -c 'mount -t tmpfs -o size=100k none disk; "$@"; echo "status $?"
		cp disk/* .' sh "$DDUMP" -split -w disk/ "web1=$url/stream?packets=9000&size=60-200" \
		"db1=$url/stream?packets=9" >"$BATS_TEST_TMPDIR/seen" 2>&1
	cat "$BATS_TEST_TMPDIR/seen"
	grep -q '^status 1$' "$BATS_TEST_TMPDIR/seen"
	grep -q 'disk/.*.pcap: No space left on device' "$BATS_TEST_TMPDIR/seen"
	[ "$(count web1.pcap)" -gt 100 ]
	[ "$(count db1.pcap)" -le 9 ]
}

@test "one file cannot grow: the run ends with status 1, and the others are complete" {
	serve
	under=(sh -c 'trap "" XFSZ; ulimit -f 40; exec "$@"' sh)
	merge -split -w a.pcapng -report report "web1=$url/stream?packets=90000&size=60-200" \
		"db1=$url/stream?packets=9"
	[ "$status" -eq 1 ]
	grep -qx 'ddump: a-web1.pcapng: File too large' "$said"
	[ "$(count a-web1.pcapng)" -gt 50 ]
	[ "$(count a-db1.pcapng)" -eq 9 ]
	[ "$(jq -r .ended_by report)" = failure ]
	[ "$(jq '.packets_written - .packets_unwritten' report)" -eq "$(sum a-*)" ]
}

@test "too few descriptors: refused at the start, with what is needed" {
	serve
	under=(sh -c 'ulimit -n 60; exec "$@"' sh)
	local i targets=()
	for ((i = 0; i < 20; i++)); do
		targets+=("t$i=$url/stream?packets=3")
	done
	merge -split -w a.pcap "${targets[@]}"
	[ "$status" -eq 1 ]
	grep -qx 'ddump: -split: 20 targets need 72 descriptors, and the hard limit is 60; try ulimit -Hn 72 as root' "$said"
	[ -z "$(ls)" ]
	# 32, and 2 for each
	merge -split -w a.pcap "${targets[@]:0:14}"
	[ "$status" -eq 0 ]
	[ "$(sum a-*)" -eq 42 ]
}

@test "a thousand targets: a thousand files, in bounded memory" {
	serve
	local i
	for ((i = 0; i < 1000; i++)); do
		echo "t$i=$url/stream?packets=40&id=$i&size=1000-1400"
	done >list
	mkdir d
	under=("$TOOLS/cost" "$BATS_TEST_TMPDIR/peak")
	merge -split -w d/ -hold "$patient" @list
	[ "$status" -eq 0 ]
	[ "$(ls d | wc -l)" -eq 1000 ]
	bound_peak "-split, 1,000 targets" 250
	local counts
	counts=$(for i in d/*; do count "$i"; done | sort | uniq -c | tr -s ' ')
	[ "$counts" = " 1000 40" ]
}
