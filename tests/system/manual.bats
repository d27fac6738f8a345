#!/usr/bin/env bats
# What is said of the programs, in manual, help, completions and README,
# against the programs themselves.

# shellcheck disable=SC2153,SC2154 # TOOLS and more come from what is loaded
# shellcheck disable=SC2016 # the backquotes are Markdown's
load helpers
load client
load fleet
bats_require_minimum_version 1.5.0

teardown() {
	remove_fleet
	[ -z "$fleet" ] || rm -rf "/etc/netns/$fleet"
}

# Options, one spelling a line, with a '+' behind those that take an argument:
# of the tables that the programs parse with,
table() {
	"$TOOLS/options" "$1" | sed 's/ .*/ +/' | sort
}

# of what -help prints,
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

# and of the manual.
manual_options() {
	sed -n 's/^\.It Fl //p' "$1" | sed 's/ , Fl /\n/g' |
		awk '{ print $1 (NF > 1 ? " +" : "") }' | sort
}

same() {
	[ -n "$1" ]
	diff <(echo "$1") <(echo "$2")
}

@test "-help lists the options that are parsed" {
	same "$(table ddump)" "$(help_options ddump)"
	same "$(table ddump-worker)" "$(help_options ddump-worker)"
}

@test "the manual lists the options that are parsed" {
	same "$(table ddump)" "$(manual_options man/ddump.1)"
	same "$(table ddump-worker)" "$(manual_options man/ddump-worker.8)"
}

# One line is the shell's: its prompt.
@test "-help fits a screen" {
	local program
	for program in "$DDUMP" "$WORKER"; do
		[ "$("$program" -help | wc -l)" -le 23 ]
		"$program" -help | run ! grep -qE ".{81}"
	done
}

# What the worker parses: the first column of a table of its source.
in_source() {
	sed -n "s/^\t*{\"*\([A-Za-z_0-9]*\)\"*, $2.*/\1/p" "src/worker/$1" |
		sort
}

# Items of a list of the manual that begin with a macro: items MACRO FILE
items() {
	sed -n "s/^\.It $1 //p" "$2" | sed 's/ , /\n/g' | sort
}

@test "the manual has the parameters of the API, and so has README" {
	local table
	table=$(in_source query.c '\(true\|false\), take_')
	same "$table" "$(items Cm man/ddump-worker.8 | grep -v GET)"
	same "$table" "$(sed -n '/^| parameter/,/^$/s/^| \(`.*\) |.*|$/\1/p' \
		README.md | grep -o '`[a-z]*`' | tr -d '`' | sort)"
}

@test "the manual has the statuses that the worker answers with" {
	same "$(in_source answer.c '"[A-Z]')" \
		"$(sed -n '/^\.It [45]/s/^.It //p' man/ddump-worker.8 |
			sed 's/ , /\n/g' | sort)"
}

@test "the manual has the variables that the worker reads, and so has -help" {
	local table
	table=$(in_source settings.c 'set_[a-z]*},' | grep DDUMP)
	same "$table" "$(items Ev man/ddump-worker.8)"
	same "$table" "$("$WORKER" -help | grep -o 'DDUMP_[A-Z_]*' | sort)"
}

@test "the manual has the fields of the journal" {
	same "$(grep -o 'DDUMP_[A-Z_]*=' src/worker/journal.c | tr -d = |
		sort -u)" \
		"$(sed -n 's/^\.Va \(DDUMP_[A-Z_]*\).*/\1/p' \
			man/ddump-worker.8 | grep -v MAX | sort -u)"
}

# The commands of a page, one a line: those that stand alone, and the blocks
# that begin like them, continuation lines joined.
examples() {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" |
		sed 's/^\.Dl //; s/\\(aq/'"'"'/g; s/\\e$/\\/' |
		sed ':a; /\\$/ { N; s/\\\n */ /; ta }' | grep -E "^($2) "
}

# Those that end by themselves do; the others get two seconds.
runs() {
	local status=0
	echo "$1"
	on hub env PATH="$BIN:$PATH" bash -o pipefail -c "$1" || status=$?
	[ "$status" -eq 0 ]
}

# ip-netns(8) puts this in the place of /etc/hosts.
name_hosts() {
	mkdir -p "/etc/netns/$fleet"
	printf '%s\n' "127.0.0.1 localhost" "10.9.0.1 web1" "10.9.0.2 web2" \
		"10.9.0.3 db1" >"/etc/netns/$fleet/hosts"
}

# Without what this test has not: Wireshark, a proxy, sshd. The other tests
# have the latter two.
@test "the examples of ddump(1) run" {
	local line
	need_root
	need tshark
	make_fleet 3
	start_workers
	name_hosts
	cd "$BATS_TEST_TMPDIR" || return
	printf 'web1\nweb2\ndb1\n' >hosts
	examples "$OLDPWD/man/ddump.1" ddump |
		grep -v 'wireshark\|ssh://\|-ca ' >commands
	cat commands
	[ "$(wc -l <commands)" -eq 4 ]
	while read -r line; do
		runs "${line/#ddump/ddump -duration 2}" </dev/null
	done <commands 2>&1 | tee log
	[ "${PIPESTATUS[0]}" -eq 0 ]
	[ "$(grep -c 'capturing on' log)" -eq 4 ]
	capinfos -c both.pcap night.pcapng
}

@test "the examples of ddump-worker(8) run" {
	local line
	need_root
	make_fleet 1
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

@test "the pages look right at 80 columns" {
	local page
	need mandoc
	for page in man/ddump.1 man/ddump-worker.8; do
		mandoc -Tutf8 -O width=80 "$page" | col -b |
			LC_ALL=C.UTF-8 run ! grep -E '.{81}'
	done
}

@test "the units have the worker's page" {
	local root=$BATS_TEST_TMPDIR/root unit
	need mandoc
	env -u MAKEFLAGS -u MAKELEVEL -u SANITIZE make -s install \
		DESTDIR="$root" PREFIX=/usr
	cd "$root/usr/share/man" || return
	for unit in ddump-worker.socket ddump-worker@.service; do
		mandoc -Tutf8 "man8/$unit.8" | grep -q 'DDUMP-WORKER(8)'
	done
}
