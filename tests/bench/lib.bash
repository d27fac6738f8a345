# SPDX-License-Identifier: MIT
# Functions of all parts of the benchmark. A part prints rows of the table on
# stdout, and nothing else; progress messages go to stderr. BIN and BUILD come
# from make; $work is a folder that is removed when the part ends. With SMOKE
# each row is measured once and briefly: the value means nothing, but shows that
# the row works, even on a busy machine.

set -euo pipefail
shopt -s inherit_errexit
# shellcheck source=tests/tools/wait.bash
. "$(dirname "$0")/../tools/wait.bash"
TOOLS=$BUILD/tests/tools
export TOOLS
rounds=1 # of turns(); a part may have more

# the user's environment must not influence the results
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY
unset ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR

# Ends all background processes, and calls the part's part_end().
part_end() { :; }
end_jobs() {
	local pid
	for pid in $(jobs -p); do
		kill "$pid" 2>/dev/null || true
	done
	wait || true
}
end() {
	part_end || true
	end_jobs
	rm -rf "$work"
}
work=$(mktemp -d)
trap end EXIT
trap 'exit 1' INT TERM HUP

# start COMMAND...: in the background, until the part ends; $! is its pid.
start() { "$@" & }

say() { echo "# $*" >&2; }

# attempt COMMAND...: runs it in a subshell that ends at the first failure, and
# ends what was started in there. Sets $status and always succeeds, because bash
# ignores set -e in the commands of a condition.
attempt() {
	set +e
	(
		trap end_jobs EXIT
		set -e
		"$@"
	)
	status=$?
	set -e
}

# row WHAT AGAINST GOAL COMMAND...: prints a row of the table. The command
# prints the value, and then, after a tab, remarks if there are any; if the
# command fails, the value is "failed".
row() {
	say "$1 / $2"
	attempt "${@:4}" >"$work/figure"
	((status == 0)) || echo failed >"$work/figure"
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$(cat "$work/figure")"
}

# cost COMMAND...: runs it, and stores its cost for took().
cost() { "$TOOLS/cost" "$work/cost" "$@"; }

# took cpu|wall|peak: of the last cost(), in microseconds or KiB.
took() { awk -v what="$1" '$1 == what { print $2 }' "$work/cost"; }

# spread [FORMAT]: of the numbers on stdin the median, a tab, and minimum to
# maximum, without a newline. Fails if there are none.
spread() {
	sort -g | awk -v format="${1:-%.2f}" '
		{ value[NR] = $1 }
		END {
			if (NR == 0)
				exit 1
			printf format "\t" format " - " format,
				value[int((NR + 1) / 2)], value[1], value[NR]
		}'
}

# turns FORMAT COMMAND...: runs it $rounds times, and prints the spread() of the
# first column of its output. $work/turns has all columns.
turns() {
	local turn
	rm -f "$work/turns"
	for ((turn = 0; turn < rounds; turn++)); do
		"${@:2}"
	done >"$work/turning"
	mv "$work/turning" "$work/turns"
	awk '{ print $1 }' "$work/turns" | spread "$1"
}

# peaks: prints the spread() of the second column of turns(), from KiB to MB.
peaks() { awk '{ print $2 * 1024 / 1e6 }' "$work/turns" | spread "%.0f MB"; }

# ratio cpu|wall OURS THEIRS: runs two functions, each with one cost() in it, and
# prints the ratio of what they took, and the peak of the first.
ratio() {
	local ours peak
	"$2"
	ours=$(took "$1")
	peak=$(took peak)
	"$3"
	awk -v ours="$ours" -v theirs="$(took "$1")" -v peak="$peak" \
		'BEGIN { print ours / theirs, peak }'
}
