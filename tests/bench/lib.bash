# What the parts of the benchmark share. A part prints rows of the table on
# stdout, and nothing else; words of its progress go to stderr. BIN and BUILD
# are make's; $work is a directory that goes with the part.

set -euo pipefail
shopt -s inherit_errexit
TOOLS=$BUILD/tests/tools
export TOOLS

# whoever runs this must not decide it
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY
unset ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR

# Ends what runs in the background, and what a part adds by its part_end().
part_end() { :; }
end() {
	local pid
	part_end || true
	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null || true
	done
	wait || true
	rm -rf "$work"
}
work=$(mktemp -d)
trap end EXIT
trap 'exit 1' INT TERM HUP

# start COMMAND...: in the background, until the part ends; $! is its pid.
start() { "$@" & }

# eventually COMMAND...: until it succeeds, for 30 s at most.
eventually() {
	local turn
	for ((turn = 0; turn < 600; turn++)); do
		"$@" && return
		sleep 0.05
	done
	echo "waited in vain for: $*" >&2
	return 1
}

say() { echo "# $*" >&2; }

# row WHAT AGAINST GOAL FIGURE [SPREAD]: a line of the table.
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "${5:-}"; }

# cost COMMAND...: runs it; what it took is for took() to tell.
cost() { "$TOOLS/cost" "$work/cost" "$@"; }

# took cpu|wall|peak: of the last cost(), in microseconds or KiB.
took() { awk -v what="$1" '$1 == what { print $2 }' "$work/cost"; }

# spread [FORMAT]: of numbers on stdin the median, a tab, and least to most.
# Fails if there are none.
spread() {
	sort -g | awk -v format="${1:-%.2f}" '
		{ value[NR] = $1 }
		END {
			if (NR == 0)
				exit 1
			printf format "\t" format " - " format "\n",
				value[int((NR + 1) / 2)], value[1], value[NR]
		}'
}

# ratios ROUNDS cpu|wall OURS THEIRS: runs two functions by turns, each with
# one cost() in it, and prints the ratio of every turn.
ratios() {
	local turn ours
	for ((turn = 0; turn < $1; turn++)); do
		"$3"
		ours=$(took "$2")
		"$4"
		awk -v ours="$ours" -v theirs="$(took "$2")" \
			'BEGIN { print ours / theirs }'
	done
}
