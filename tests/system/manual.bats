#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The manual and -help, compared with the programs.

# shellcheck disable=SC2153,SC2154 # TOOLS and more come from what is loaded
# shellcheck disable=SC2016 # awk has its own
load helpers
load client
load hosts
bats_require_minimum_version 1.5.0

teardown() {
	remove_hosts
	[ -z "$hub" ] || rm -rf "/etc/netns/$hub"
}

# The options, one spelling a line, with a '+' after those that take an
# argument: from the tables that the programs parse with,
table() {
	"$TOOLS/options" "$1" | sed 's/ .*/ +/' | sort
}

# from -help,
help_options() {
	"$BIN/$1" -help | awk '/^  -/ {
		count = split(substr($0, 3, 20), words, /[ ,]+/)
		takes = ""
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^[A-Za-z]/)
				takes = " +"
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^-/)
				print substr(words[i], 2) takes
	}' | sort
}

# and from the manual.
manual_options() {
	sed -n 's/^\.It Fl //p' "$1" | sed 's/ , Fl /\n/g' |
		awk '{ print $1 (NF > 1 ? " +" : "") }' | sort
}

same() {
	[ -n "$1" ]
	diff <(echo "$1") <(echo "$2")
}

@test "-help: lists the options that are parsed" {
	same "$(table ddump)" "$(help_options ddump)"
	same "$(table ddump-worker)" "$(help_options ddump-worker)"
}

@test "the manual: lists the options that are parsed" {
	same "$(table ddump)" "$(manual_options man/ddump.1)"
	same "$(table ddump-worker)" "$(manual_options man/ddump-worker.8)"
}

# The options that are used most are on the first screen.
@test "-help: a line for each option, and none is too long" {
	local program
	[ "$("$WORKER" -help | wc -l)" -le 25 ]
	[ "$("$DDUMP" -help | wc -l)" -le 50 ]
	"$DDUMP" -help | head -n 23 | grep -q -- '-retry'
	for program in "$DDUMP" "$WORKER"; do
		"$program" -help | run ! grep -qE ".{81}"
	done
}

# The parameters that the worker parses: the first column of a table in its
# source.
in_source() {
	sed -n "s/^\t*{\"*\([A-Za-z_0-9]*\)\"*, $2.*/\1/p" "src/worker/$1" |
		sort
}

# items MACRO FILE: the items of a list of the manual that begin with a macro
items() {
	sed -n "s/^\.It $1 //p" "$2" | sed 's/ , /\n/g' | sort
}

@test "parameters of the API: all in the manual" {
	same "$(in_source capture_params.c '\(true\|false\), \(take\|parse\)_')" \
		"$(items Cm man/ddump-worker.8 | grep -v GET)"
}

@test "HTTP statuses of the worker: all in the manual" {
	same "$(in_source http_response.c '"[A-Z]')" \
		"$(sed -n '/^\.It [45]/s/^.It //p' man/ddump-worker.8 |
			sed 's/ , /\n/g' | sort)"
}

@test "environment variables of the worker: all in the manual and in -help" {
	local table
	table=$(in_source config.c 'set_[a-z]*},' | grep DDUMP)
	same "$table" "$(items Ev man/ddump-worker.8)"
	same "$table" "$("$WORKER" -help | grep -o 'DDUMP_[A-Z_]*' | sort)"
}

@test "fields of the journal: all in the manual" {
	same "$(grep -o '"DDUMP_[A-Z_]*"' src/worker/journal.c | tr -d '"' |
		sort -u)" \
		"$(sed -n 's/^\.Va \(DDUMP_[A-Z_]*\).*/\1/p' \
			man/ddump-worker.8 | grep -v MAX | sort -u)"
}

@test "header fields of responses: all in ddump-stream(5)" {
	same "$(grep -o '"[A-Z][A-Za-z-]*: ' src/worker/http_response.c |
		tr -d '": ' | sort -u)" "$(items Cm man/ddump-stream.5)"
}

@test "content types, application name, and watermark interval: all in ddump-stream(5)" {
	local types interval
	types=$(sed -n 's/.*pcapng ? "\(.*\)" : "\(.*\)",/application\/\1\
application\/\2/p' src/worker/http_response.c)
	same "$types" "$(grep -o 'application/[a-z.-]*[a-z]' \
		man/ddump-stream.5)"
	grep -q '^static const char worker\[\] = "ddump-worker ";' \
		src/format/pcapng_read.c
	grep -qF '.Ql ddump-worker\~' man/ddump-stream.5
	interval=$(sed -n 's/.*PARAMS_WATERMARK = \([0-9]*\),.*/\1/p' \
		src/worker/capture_params.h)
	grep -q "one comes about every $interval ms" man/ddump-stream.5
}

# Options of pcapng in a page, one a line: block and number; of names the block alone.
stream_options() {
	sed -n -e 's/^\.It Va \([a-z]*\)_[a-z]* , No option \([0-9]*\)$/\1 \2/p' \
		-e 's/^\.It Va nrb_record_.*/block 4/p' "$1" |
		sed 's/^shb/section/; s/^if/interface/; s/^opt/interface/; s/^isb/statistics/' |
		sort -u
}

@test "pcapng options of the worker's stream: all in ddump-stream(5)" {
	need_root
	make_hosts 1
	start_workers
	cd "$BATS_TEST_TMPDIR" || return
	on hub curl -s -o s.pcapng \
		'http://10.9.0.1:8475/capture?format=pcapng&filter=udp&payload=0&duration=1'
	same "$("$TOOLS/list" s.pcapng | cut -d ' ' -f 1,2 | sort -u)" \
		"$(stream_options "$OLDPWD/man/ddump-stream.5")"
}

@test "the example of ddump-stream(5): a valid stream" {
	local stream=$BATS_TEST_TMPDIR/s.pcapng bytes
	need tshark
	bytes=$(sed -n '/^\.Bd -literal$/,/^\.Ed/p' man/ddump-stream.5 |
		grep -oE '^([0-9a-f]{8} ?)+' | tr -d ' \n' | sed 's/../\\x&/g')
	printf %b "$bytes" >"$stream"
	[ "$(tshark -r "$stream" -T fields -e frame.time_epoch \
		-e frame.interface_name -e udp.dstport)" = \
		$'1796066718.055452864\tlo\t5353' ]
	# it has no limit of payload, and so no comment, and no addresses
	[ "$("$TOOLS/list" "$stream" | cut -d ' ' -f 1,2 | sort -u)" = \
		"$(stream_options man/ddump-stream.5 | grep -vx -e 'interface 1' -e 'block 4')" ]
}

# The commands of a page, one a line: those that stand alone, and the code
# blocks that begin like them, with continuation lines joined.
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh [DS]/p' "$1" |
		sed 's/^\.Dl //; s/\\(aq/'"'"'/g; s/\\e$/\\/' |
		sed ':a; /\\$/ { N; s/\\\n */ /; ta }' | grep -E "^($2) "
}

# Commands that end by themselves run to their end; the others for two seconds.
runs() {
	local status=0
	echo "$1"
	on hub env PATH="$BIN:$PATH" bash -o pipefail -c "$1" || status=$?
	[ "$status" -eq 0 ]
}

# ip-netns(8) mounts this file at /etc/hosts.
name_hosts() {
	mkdir -p "/etc/netns/$hub"
	printf '%s\n' "127.0.0.1 localhost" "10.9.0.1 web1" "10.9.0.2 web2 r1" \
		"10.9.0.3 db1" >"/etc/netns/$hub/hosts"
}

# Without the examples that need Wireshark, a proxy, or sshd; other tests have
# the latter two.
@test "the examples of ddump(1): run without an error" {
	local line
	need_root
	need tshark
	make_hosts 3
	start_workers
	name_hosts
	cd "$BATS_TEST_TMPDIR" || return
	printf 'web1\nweb2\ndb1\n' >hosts
	examples "$OLDPWD/man/ddump.1" ddump |
		grep -v 'wireshark\|ssh://\|-ca ' >commands
	cat commands
	[ "$(wc -l <commands)" -eq 7 ]
	while read -r line; do
		runs "${line/#ddump/ddump -duration 2}" </dev/null
	done <commands 2>&1 | tee log
	[ "${PIPESTATUS[0]}" -eq 0 ]
	[ "$(grep -ac 'capturing on' log)" -eq 6 ]
	capinfos -c both.pcap night.pcapng
}

@test "the examples of ddump-worker(8): run without an error" {
	local line
	need_root
	make_hosts 1
	cd "$BATS_TEST_TMPDIR" || return
	examples "$OLDPWD/man/ddump-worker.8" 'curl|ddump-worker' >commands
	cat commands
	[ "$(wc -l <commands)" -eq 4 ]
	line=$(grep ^ddump-worker commands)
	start_on hub worker bash -c "PATH=$BIN:\$PATH exec $line"
	eventually grep -q 'listens on' worker.err
	grep ^curl commands >questions
	while read -r line; do
		line=${line/icmp/"icmp&duration=2"}
		runs "${line/duration=5/duration=2}" </dev/null
	done <questions | tee log
	[ "${PIPESTATUS[0]}" -eq 0 ]
	grep -q '"name":"lo"' log
	tcpdump -nr 5s.pcap
}

# The texts of the source in one line: literals joined, no placeholders of numbers.
source_texts() {
	cat src/client/*.c src/format/*.c src/worker/*.c | tr -s '\n\t' '  ' |
		sed -E 's/" ?PRI[a-z0-9]+ ?"//g; s/" ?"//g; s/\\"/"/g'
}

# The messages of the page's DIAGNOSTICS, one a line.
diagnostics() {
	sed -n '/^\.Sh DIAGNOSTICS/,/^\.Sh SEE/s/^\.It Sy "\(.*\)"$/\1/p' "$1"
}

# "..." stands for a part that varies; all other parts are in the source.
@test "DIAGNOSTICS of ddump(1): each message is in the source" {
	local texts=$BATS_TEST_TMPDIR/texts message part
	source_texts >"$texts"
	diagnostics man/ddump.1 >"$BATS_TEST_TMPDIR/messages"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/messages")" -ge 15 ]
	while read -r message; do
		while read -r part; do
			echo "$message: $part"
			grep -qF -- "$part" "$texts"
		done <<<"${message//.../$'\n'}"
	done <"$BATS_TEST_TMPDIR/messages"
}

@test "the manual pages: no line above 80 columns" {
	local page
	need mandoc
	for page in man/*.[158]; do
		mandoc -Tutf8 -O width=80 "$page" | LC_ALL=C.UTF-8 col -bx |
			LC_ALL=C.UTF-8 run ! grep -E '.{81}'
	done
}

@test "the names of the units: have the worker's manual page" {
	local root=$BATS_TEST_TMPDIR/root unit
	need mandoc
	env -u MAKEFLAGS -u MAKELEVEL -u SANITIZE make -s install \
		DESTDIR="$root" PREFIX=/usr
	cd "$root/usr/share/man" || return
	for unit in ddump-worker.socket ddump-worker@.service; do
		mandoc -Tutf8 "man8/$unit.8" | grep -q 'DDUMP-WORKER(8)'
	done
}
