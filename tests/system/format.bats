#!/usr/bin/env bats
# Our reader of capture files against Wireshark's, on the corpus of pcapng.

load helpers
bats_require_minimum_version 1.5.0

# Where tshark 4.0 says something else, and why.
others=(
	packet-len-largest # its lengths end at 2^31-1
	tsresol-12         # the fraction overflows its 64 bits
	tsresol-19         # its clocks do not reach so far
	tsresol-127
	tsresol-binary-63
	tsresol-binary-127
)

# The corpus but for these.
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

# What tshark says of a file. Records that are no packets, as custom blocks and
# the journal's, have no interface there, and are left out.
theirs() {
	tshark -nr "$1" -T fields -e frame.time_epoch -e frame.len \
		-e frame.cap_len -e frame.interface_name 2>/dev/null |
		awk -F '\t' '$4 != ""'
}

ours() {
	"$TOOLS/show" "$1"
}

# Takes away what a reader has its own opinion of.
judged() {
	case $1 in
	# such packets have no stamp, and we have none without
	*simple-packets*) cut -f 2- ;;
	# tshark 4.0 names interfaces by number, those of the first section
	*sections-of-both*) cut -f -3 ;;
	*) cat ;;
	esac
}

same() {
	diff -u <(theirs "$1" | judged "$1") <(ours "$1" | judged "$1")
}

@test "the corpus is what its tool writes" {
	mkdir "$BATS_TEST_TMPDIR/again"
	"$TOOLS/blocks" "$BATS_TEST_TMPDIR/again"
	diff -r tests/data/pcapng "$BATS_TEST_TMPDIR/again"
}

@test "tshark sees the same packets" {
	local file failed=0
	while read -r file; do
		same "$file" || failed=$((failed + 1))
	done < <(comparable)
	[ "$failed" -eq 0 ]
}

# A reader that does not differ any more should be judged by again.
@test "where tshark 4.0 differs it still does" {
	local name order
	[[ "$(tshark --version 2>/dev/null)" == "TShark (Wireshark) 4.0."* ]] ||
		return 0
	for name in "${others[@]}"; do
		for order in big little; do
			run ! same "tests/data/pcapng/good-$name-$order"
		done
	done
}

# All of it in one section, in this machine's byte order. Packets without a
# stamp are left out, and those with verdicts, which mergecap 4.0 writes broken.
@test "what mergecap makes of the corpus is read" {
	local files=() merged=$BATS_TEST_TMPDIR/merged
	mapfile -t files < <(comparable | grep -v -e simple-packets \
		-e packet-options)
	mergecap -a -w "$merged" "${files[@]}"
	same "$merged"
	[ "$(ours "$merged" | wc -l)" -gt 100 ]
}
