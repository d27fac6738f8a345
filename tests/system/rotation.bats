#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Several output files: -C, -G, -W, -ring and -z, with real disks and readers.

# shellcheck disable=SC2153,SC2154,SC2164 # set by what is loaded
# shellcheck disable=SC2012 # the names are ours
# shellcheck disable=SC2016 # bash -c has variables of its own
load helpers
load client
bats_require_minimum_version 1.5.0

setup() {
	need tcpdump
	export HOME=$BATS_TEST_TMPDIR
	serve
	mkdir "$BATS_TEST_TMPDIR/files"
	cd "$BATS_TEST_TMPDIR/files"
}

teardown() {
	stop_all
}

# each_packet FILE...: a line for each packet of each file, in this order.
each_packet() {
	local file
	for file; do
		"$TOOLS/show" "$file"
	done
}

@test "-C: each file is a capture, and a counted stream is whole over all of them" {
	merge -C 20K -w a.pcap -hold "$patient" "$url/stream?id=1&packets=4000&size=60-200"
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' a*.pcap | wc -l)" -gt 20 ]
	[ "$(sum a*.pcap)" -eq 4000 ]
	local i files=(a.pcap)
	for ((i = 1; i < $(printf '%s\n' a*.pcap | wc -l); i++)); do
		files+=("a$i.pcap")
	done
	merge -w whole.pcap -hold "$patient" "$url/stream?id=1&packets=4000&size=60-200"
	cmp <(each_packet "${files[@]}") <(each_packet whole.pcap)
	# all but the last are as large as -C says, and one packet more at most
	for ((i = 0; i < ${#files[@]} - 1; i++)); do
		[ "$(stat -c %s "${files[i]}")" -ge 20480 ]
		[ "$(stat -c %s "${files[i]}")" -lt 21000 ]
	done
}

@test "-C with pcapng: each file has the interfaces, counters and notes of its own" {
	need tshark
	need capinfos
	need_root
	local worker file
	worker=127.0.0.1:$(free_port)
	start worker unshare -m sh -c "$without_journal" sh "$WORKER" -listen "$worker"
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker.err"
	start_merge -C 4K -w a.pcapng -require any -hold 100 \
		"w=http://$worker?interface=lo&filter=udp port 4711" \
		"cut=$url/stream?packets=2&size=60-70&end=cut"
	capturing_on 2
	"$TOOLS/udp_send" 100 100 1000 127.0.0.1 4711
	eventually test -e a3.pcapng
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 2 ]
	for file in a*.pcapng; do
		[ "$(count "$file")" -gt 0 ]
		tshark -nr "$file" -T fields -e frame.interface_name >"$BATS_TEST_TMPDIR/names" \
			2>/dev/null
		grep -q '^w:lo' "$BATS_TEST_TMPDIR/names"
		# the counters are those of this interface
		grep -qa 'w:any' "$file"
	done
	# the target was cut before the second file, and each file says that it is missing
	[ "$(grep -La 'cut: the stream was cut' a*.pcapng | wc -l)" -eq 0 ]
	for file in a[1-9].pcapng; do
		capinfos -k "$file" | grep -q 'cut: the stream was cut'
	done
}

@test "-C under load from a worker: no packet is lost between the files" {
	need_root
	local worker
	worker=127.0.0.1:$(free_port)
	start worker unshare -m sh -c "$without_journal" sh "$WORKER" -listen "$worker"
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/worker.err"
	start_merge -C 100K -w l.pcapng "http://$worker?interface=lo&filter=udp port 4711&count=40000"
	capturing_on 1
	"$TOOLS/udp_send" 40000 200 20000 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 0 ]
	grep -q '^ddump: .*: 40000 packets, 40000 written, 0 late; 40000 received.* 0 dropped' "$said"
	[ "$(sum l*.pcapng)" -eq 40000 ]
	[ "$(printf '%s\n' l*.pcapng | wc -l)" -gt 80 ]
}

@test "-C with pcapng: secrets that came with one target are in each file" {
	need editcap
	local file
	curl -s "$url/stream?packets=900&size=60-200" >plain.pcap
	printf 'CLIENT_RANDOM %064d %096d\n' 1 2 >keys
	editcap --inject-secrets tls,keys plain.pcap secret.pcapng 2>/dev/null
	merge -C 20K -w a.pcapng "$url/file$PWD/secret.pcapng"
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' a*.pcapng | wc -l)" -gt 4 ]
	[ "$(sum a*.pcapng)" -eq 900 ]
	for file in a*.pcapng; do
		[ "$(grep -ca 'CLIENT_RANDOM' "$file")" -eq 1 ]
	done
}

# Is a file of the client none that it still writes?
is_finished() {
	local inode
	inode=$(stat -L -c %i "$1")
	! stat -L -c %i "/proc/$client/fd/"* 2>/dev/null | grep -qx "$inode" &&
		[ -e "/proc/$client/exe" ]
}

@test "-C -W: a ring of numbered files, of which each finished one can be read while it turns" {
	need_root
	start_merge -C 10K -W 5 -w r.pcap -hold 0 \
		"$url/stream?id=1&packets=20000&size=60-200&pieces=200"
	capturing_on 1
	local file reads=0
	while [ -e "/proc/$client/exe" ] && ((reads < 200)); do
		for file in r*.pcap; do
			{ exec 7<"$file"; } 2>/dev/null || continue
			is_finished /dev/fd/7 || continue
			tcpdump -nr /dev/fd/7 --count >/dev/null
			reads=$((reads + 1))
		done
	done
	echo "# read $reads finished files" >&3
	[ "$reads" -gt 0 ]
	exec 7<&-
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(echo r*)" = "r0.pcap r1.pcap r2.pcap r3.pcap r4.pcap" ]
	# they are the last packets of the stream, without a hole
	curl -s "$url/stream?id=1&packets=20000&size=60-200" >whole.pcap
	each_packet r*.pcap | sort -n >"$BATS_TEST_TMPDIR/kept"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/kept")" -gt 200 ]
	diff "$BATS_TEST_TMPDIR/kept" \
		<(each_packet whole.pcap | sort -n | tail -n "$(wc -l <"$BATS_TEST_TMPDIR/kept")")
}

@test "-G: files have names of the time, an interval without packets has a file, -W ends" {
	merge -G 1 -W 3 -w 'g-%Y%m%d-%H%M%S.pcap' -report report.json \
		"$url/stream?packets=90&end=never"
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' g-*.pcap | wc -l)" -eq 3 ]
	[ "$(sum g-*.pcap)" -eq 90 ]
	[[ $(echo g-*.pcap | cut -d ' ' -f 1) =~ ^g-20[0-9]{6}-[0-2][0-9]{5}.pcap$ ]]
	[ "$(jq -r .ended_by report.json)" = duration ]
	[ "$(jq -r .output.files report.json)" -eq 3 ]
	[ "$(jq -r .output.last_file report.json)" = "$(printf '%s\n' g-*.pcap | tail -n 1)" ]
}

@test "-G -ring: the newest files are kept, and other files stay" {
	echo text >g-other.pcap
	start_merge -G 1 -W 2 -ring -w 'g-%s.pcap' "$url/stream?packets=9&end=never"
	capturing_on 1
	fourth_begins() {
		[ "$(grep -c . <<<"$seen")" -ge 4 ] || {
			seen=$(printf '%s\n%s\n' "$seen" "$(ls g-1* g-2* 2>/dev/null)" | sort -u)
			return 1
		}
	}
	local seen=
	eventually fourth_begins
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(printf '%s\n' g-[0-9]*.pcap | wc -l)" -eq 2 ]
	[ "$(cat g-other.pcap)" = text ]
}

@test "a ring whose name is another file or a link: refused, and nothing is changed" {
	echo text >r1.pcap
	merge -C 1 -W 3 -w r.pcap "$url/stream?packets=9"
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot use r1.pcap: it is not a capture file' "$said"
	rm r1.pcap
	cp "$BATS_TEST_DIRNAME/../fuzz/corpus/fuzz_reader/good-modified-big" target
	ln -s target r2.pcap
	merge -C 1 -W 3 -w r.pcap "$url/stream?packets=9"
	[ "$status" -eq 1 ]
	grep -q '^ddump: cannot use r2.pcap' "$said"
	cmp target "$BATS_TEST_DIRNAME/../fuzz/corpus/fuzz_reader/good-modified-big"
	[ "$(echo *)" = "r2.pcap target" ]
}

@test "a ring, no capture starts: the old files stay" {
	merge -C 10K -W 3 -w r.pcap "$url/stream?packets=200&size=60-200"
	cp r0.pcap copy
	merge -C 10K -W 3 -w r.pcap http://127.0.0.1:1/
	[ "$status" -eq 1 ]
	cmp r0.pcap copy
}

@test "the next file cannot be opened: the present one continues, then the next is begun" {
	mkdir sub
	start_merge -G 1 -w 'sub/g-%s.pcap' -hold 0 "$url/stream?packets=9&end=never"
	capturing_on 1
	mv sub away
	eventually grep -q 'warning: cannot open sub/g-.*: No such file.*; the present file continues' \
		"$said"
	[ "$(grep -c 'the present file continues' "$said")" -eq 1 ]
	mv away sub
	local before
	before=$(ls sub | wc -l)
	is_continued() {
		[ "$(ls sub | wc -l)" -gt "$before" ]
	}
	within 30 is_continued
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	[ "$(sum sub/*)" -eq 9 ]
}

@test "a full disk: the run ends with status 1, and each file has whole packets" {
	need_root
	mkdir disk
	unshare -m sh -c 'mount -t tmpfs -o size=100k none disk; "$@"; echo "status $?"
		cp disk/* .' sh "$DDUMP" -C 20K -w disk/a.pcap "$url/stream?packets=9000&size=60-200" \
		>"$BATS_TEST_TMPDIR/seen" 2>&1
	cat "$BATS_TEST_TMPDIR/seen"
	grep -q '^status 1$' "$BATS_TEST_TMPDIR/seen"
	grep -q 'disk/.*: No space left on device' "$BATS_TEST_TMPDIR/seen"
	[ "$(printf '%s\n' a*.pcap | wc -l)" -ge 4 ]
	local file
	for file in a*.pcap; do
		[ "$(count "$file")" -gt 0 ]
	done
}

@test "a disk that is full when the next file begins: no empty file is left, reported or passed on" {
	need_root
	need jq
	mkdir disk
	note
	unshare -m sh -c 'mount -t tmpfs -o size=40k none disk; "$@" & run=$!
		until [ -e disk/a1.pcapng ]; do sleep 0.05; done
		cat /dev/zero >disk/fill
		wait $run; echo "status $?"; cp disk/a* .' sh "$DDUMP" -G 1 -w disk/a.pcapng \
		-z "$BATS_TEST_TMPDIR/note" -report report "$url/stream?packets=9&size=60&end=never" \
		>"$BATS_TEST_TMPDIR/seen" 2>&1
	cat "$BATS_TEST_TMPDIR/seen"
	grep -q '^status 1$' "$BATS_TEST_TMPDIR/seen"
	[ "$(jq .output.files report)" -eq "$(printf '%s\n' a*.pcapng | wc -l)" ]
	test -s "$(jq -r '.output.last_file[5:]' report)"
	diff <(printf '1 disk/%s\n' a*.pcapng) <(sort "$BATS_TEST_TMPDIR/notes")
}

@test "no inode is left for the next file: the present one continues, no packet is lost" {
	need_root
	mkdir disk
	unshare -m sh -c 'mount -t tmpfs -o nr_inodes=4 none disk; "$@"; echo "status $?"
		cp disk/* .' sh "$DDUMP" -C 10K -w disk/a.pcap "$url/stream?packets=2000&size=60-200" \
		>"$BATS_TEST_TMPDIR/seen" 2>&1
	cat "$BATS_TEST_TMPDIR/seen"
	grep -q '^status 0$' "$BATS_TEST_TMPDIR/seen"
	grep -q 'cannot open disk/a3.pcap: No space.*; the present file continues' \
		"$BATS_TEST_TMPDIR/seen"
	[ "$(echo a*)" = "a.pcap a1.pcap a2.pcap" ]
	[ "$(sum a*.pcap)" -eq 2000 ]
}

@test "a ring on a disk that has space for its files only: it turns" {
	need_root
	mkdir disk
	unshare -m sh -c 'mount -t tmpfs -o size=80k none disk; "$@"; echo "status $?"' sh \
		"$DDUMP" -C 20K -W 3 -w disk/a.pcap "$url/stream?packets=4000&size=60-200" \
		>"$BATS_TEST_TMPDIR/seen" 2>&1
	cat "$BATS_TEST_TMPDIR/seen"
	grep -q '^status 0$' "$BATS_TEST_TMPDIR/seen"
}

@test "SIGKILL between two files: the first has all its packets, the second its header" {
	local stream="$url/stream?id=1&packets=2000&size=60-200" packets
	note 'kill -KILL "$PPID"'
	merge -C 10K -w k.pcap -hold "$patient" -z "$BATS_TEST_TMPDIR/note" "$stream&end=never"
	[ "$status" -eq 137 ]
	[ "$(stat -c %s k.pcap)" -ge 10240 ]
	packets=$(count k.pcap)
	merge -w whole.pcap -hold "$patient" "$stream"
	cmp <(each_packet k.pcap) <(each_packet whole.pcap | head -n "$packets")
	[ "$(stat -c %s k1.pcap)" -ge 24 ]
}

@test "SIGKILL at any time: each file but the last can be read, the last one as far as it goes" {
	local i file last
	for i in 1 2 3 4 5; do
		rm -f k*.pcapng
		start_merge -C 10K -w k.pcapng -hold 0 \
			"$url/stream?packets=200000&size=60-200&pieces=3000&id=$i"
		enough() {
			[ -e "k$((20 * i)).pcapng" ]
		}
		eventually enough
		kill -KILL "$client"
		finish_merge
		last=$(printf '%s\n' k*.pcapng | wc -l)
		last=k$((last - 1)).pcapng
		for file in k*.pcapng; do
			[ "$file" = "$last" ] || [ "$(count "$file")" -gt 0 ]
		done
	done
}

# A command for -z that notes its arguments.
note() {
	cat >"$BATS_TEST_TMPDIR/note" <<-END
		#!/bin/sh
		printf '%s %s\n' "\$#" "\$1" >>"$BATS_TEST_TMPDIR/notes"
		$1
	END
	chmod 755 "$BATS_TEST_TMPDIR/note"
}

@test "-z: gets each finished file, also the last, as its one argument and without a shell" {
	note 'tcpdump -nr "$1" --count >/dev/null 2>&1 || echo broken >>"'"$BATS_TEST_TMPDIR"'/notes"'
	local name='-a $(touch x); "q'
	merge -C 20K -w "$name" -z "$BATS_TEST_TMPDIR/note" "$url/stream?packets=600&size=60-200"
	[ "$status" -eq 0 ]
	noted() {
		[ "$(grep -c . "$BATS_TEST_TMPDIR/notes")" -eq "$(printf '%s\n' ./-a* | wc -l)" ]
	}
	eventually noted
	[ "$(printf '%s\n' ./-a* | wc -l)" -gt 2 ]
	diff <(printf '1 %s\n' ./-a* | sort) <(sort "$BATS_TEST_TMPDIR/notes")
	[ ! -e x ]
}

@test "-z: a command that fails, hangs or does not exist is reported, and no packet waits for it" {
	note 'exit 3'
	merge -C 20K -w a.pcap -z "$BATS_TEST_TMPDIR/note" "$url/stream?packets=300&size=60-200"
	[ "$status" -eq 0 ]
	grep -q "^ddump: warning: -z .*/note: a.pcap: failed with exit status 3" "$said"
	merge -C 20K -w b.pcap -z /no/such/command "$url/stream?packets=300&size=60-200"
	[ "$status" -eq 0 ]
	grep -q '^ddump: warning: -z /no/such/command: b.pcap: No such file' "$said"
	[ "$(sum b*.pcap)" -eq 300 ]
	note 'exec sleep 60'
	merge -C 2K -w c.pcap -z "$BATS_TEST_TMPDIR/note" "$url/stream?packets=3000&size=60-200"
	[ "$status" -eq 0 ]
	[ "$(sum c*.pcap)" -eq 3000 ]
	grep -q 'warning: -z .*/note: c.*: not started, because too many commands still run' "$said"
	grep -q 'warning: -z: 64 commands still run' "$said"
	local pid
	for pid in $(pgrep -x sleep); do
		[ "$(readlink "/proc/$pid/cwd")" != "$PWD" ] || kill "$pid"
	done
}

@test "names with control characters: escaped in messages, exact for files and the command" {
	need jq
	note 'exit 1'
	local name=$'a\nb\e[31m.pcap'
	merge -C 20K -w "$name" -z "$BATS_TEST_TMPDIR/note" -report report \
		"$url/stream?packets=300&size=60-200"
	[ "$status" -eq 0 ]
	[ -e "$name" ]
	[ -e $'a\nb\e[31m1.pcap' ]
	grep -qF '/note: a\x0ab\x1b[31m.pcap: failed with exit status 1' "$said"
	run ! grep -q $'\e' "$said"
	grep -qF "$(printf '1 a\nb')" "$BATS_TEST_TMPDIR/notes"
	run ! grep -q $'\e' report
	jq -e .output.last_file report >/dev/null
	# a name that cannot be opened is in a message, too
	merge -C 20K -w $'no\e[31m/a.pcap' "$url/stream?packets=3"
	[ "$status" -eq 1 ]
	grep -qF 'cannot open no\x1b[31m/a.pcap: No such file' "$said"
}

@test "-z with a ring: says that renamed files are not part of the ring" {
	note 'mv "$1" "$1.done"'
	merge -C 20K -W 2 -w a.pcap -z "$BATS_TEST_TMPDIR/note" "$url/stream?packets=600&size=60-200"
	[ "$status" -eq 0 ]
	grep -q '^ddump: -z: files that the command renames are not part of the ring of -W' "$said"
}
