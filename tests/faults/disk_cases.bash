# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with tests/faults/run, which loads this
#
# Outputs of the client that cannot grow, at each size.

# judge_disk SIZE FILE: for an output that could have SIZE bytes.
judge_disk() {
	local size=$1 file=$2
	if is_broken; then
		bad "$size bytes" "$why ($status)"
	elif [ "$size" -ge "$(stat -c %s "undisturbed.${file##*.}")" ]; then
		{ [ "$status" -eq 0 ] && is_complete "$file"; } ||
			bad "$size bytes" "not complete ($status)"
	elif [ "$status" -ne 1 ]; then
		bad "$size bytes" "status $status"
	elif ! grep -qE 'File too large|No space' said; then
		bad "$size bytes" "without a message"
	elif [ -s "$file" ] && ! is_whole "$file"; then
		bad "$size bytes" "not whole"
	fi
}

# The sizes of an output to try, up to more than it needs: each, or a few.
sizes() {
	local step=1
	[ "$sample" = no ] || step=8009
	seq 0 "$step" $(($(stat -c %s "$1") + 50))
}

# A limit of the process, for every size in bytes.
try_limits() {
	local size file=merged.$1
	wrong=0
	tried=0
	for size in $(sizes "undisturbed.$1"); do
		# messages go through a pipe, so the limit does not apply to
		# them
		cat words >said.all &
		# shellcheck disable=SC2016 # sh has its own $@
		under=(sh -c 'exec "$@" 2>words' sh
			prlimit "--fsize=$size:$size")
		ddump_with none -w "$file" "${targets[@]}"
		wait $!
		mv said.all said
		judge_disk "$size" "$file"
		tried=$((tried + 1))
	done
	under=()
	verdict "disk, $1: $tried limits of its size"
}

# A file system, which has pages; for stdout as well.
try_disks() {
	local pages file=disk/merged.$1 options=()
	[ "$1" = pcap ] || options=(-pcapng)
	wrong=0
	mkdir -p disk
	for pages in {1..12}; do
		mount -t tmpfs -o "size=$((pages * 4))k" none disk
		ddump_with none "${options[@]}" "${targets[@]}" >"$file"
		judge_disk $((pages * 4096)) "$file"
		umount disk
	done
	verdict "disk, $1: 12 file systems of some pages"
}

run_disk() {
	local kind
	case="disk"
	for kind in pcap pcapng; do
		ddump_with none -w "merged.$kind" "${targets[@]}"
		mv "merged.$kind" "undisturbed.$kind"
		try_limits "$kind"
		try_disks "$kind"
	done
}
