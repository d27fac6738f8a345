#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Our reader of capture files against Wireshark's, on the pcapng corpus.

load helpers
bats_require_minimum_version 1.5.0

# Files that tshark 4.0 reads differently, with the reason.
others=(
	stamp-before-1970  # it has times before 1970 and after 2554
	stamp-lowest
	stamp-highest
	stamp-by-1-too-high
	stamp-of-seconds-too-high
	packet-len-largest # its lengths end at 2^31-1
	pseudo-headers     # it takes them off
	tsresol-12         # the fraction overflows its 64 bits
	tsresol-19         # its clocks do not reach so far
	tsresol-127
	tsresol-binary-63
	tsresol-binary-127
)

# The other files of the corpus.
comparable() {
	local file name
	for file in tests/data/pcapng/good-*; do
		name=${file##*/good-}
		[[ " ${others[*]} " == *" ${name%-*} "* ]] || echo "$file"
	done
}

setup() {
	need tshark
	need mergecap
	cd "$BATS_TEST_DIRNAME/../.." || return
	export HOME=$BATS_TEST_TMPDIR
}

# The packets of a file as tshark prints them. Records other than packets, such
# as custom blocks and journal entries, have no interface, and are left out.
theirs() {
	tshark -nr "$1" -T fields -e frame.time_epoch -e frame.len \
		-e frame.cap_len -e frame.interface_name 2>/dev/null |
		awk -F '\t' '$4 != ""'
}

ours() {
	"$TOOLS/show" "$1"
}

# Removes the fields that the readers print differently.
judged() {
	case $1 in
	# such packets have no timestamp, and we drop packets without one
	*simple-packets*) cut -f 2- ;;
	# tshark 4.0 names interfaces by number, those of the first section
	*sections-of-both*) cut -f -3 ;;
	*) cat ;;
	esac
}

same() {
	diff -u <(theirs "$1" | judged "$1") <(ours "$1" | judged "$1")
}

@test "tests/data/pcapng: the files that its tool writes" {
	mkdir "$BATS_TEST_TMPDIR/again"
	"$TOOLS/pcapng_corpus" "$BATS_TEST_TMPDIR/again"
	diff -r tests/data/pcapng "$BATS_TEST_TMPDIR/again"
}

@test "tshark and the reader: the same packets" {
	local file failed=0
	while read -r file; do
		same "$file" || failed=$((failed + 1))
	done < <(comparable)
	[ "$failed" -eq 0 ]
}

# If a new tshark agrees, the file belongs to the other list.
@test "files that tshark 4.0 reads in another way: still different" {
	local name order
	[[ "$(tshark --version 2>/dev/null)" == "TShark (Wireshark) 4.0."* ]] ||
		return 0
	for name in "${others[@]}"; do
		for order in big little; do
			run ! same "tests/data/pcapng/good-$name-$order"
		done
	done
}

# All packets in one section, in this machine's byte order. Packets without a
# timestamp are left out, and those with verdicts, which mergecap 4.0 damages.
@test "files that mergecap makes of the corpus: read" {
	local files=() merged=$BATS_TEST_TMPDIR/merged
	mapfile -t files < <(comparable | grep -v -e simple-packets \
		-e packet-options)
	mergecap -a -w "$merged" "${files[@]}"
	same "$merged"
	[ "$(ours "$merged" | wc -l)" -gt 100 ]
}
