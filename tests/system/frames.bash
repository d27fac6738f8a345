# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2154 # set by what is loaded before
# Frames made by frame_send, distinguished by their lengths. To be loaded after
# helpers.bash and worker.bash.

# Sends frames, one a line on stdin, from the other host. Each is 8 bytes longer
# than the one before, across calls, because a lost tag makes one 4 bytes
# shorter. The last one is for any frame that a capture lets pass.
last=192

send_frames() {
	local frame size=$((last + 8))
	first=$size
	while read -r frame; do
		echo "$frame size=$size"
		size=$((size + 8))
	done >"$BATS_TEST_TMPDIR/frames"
	echo "eth is=0x88b5 size=$size" >>"$BATS_TEST_TMPDIR/frames"
	last=$size
	"${peer[@]}" "$TOOLS/frame_send" pa <"$BATS_TEST_TMPDIR/frames"
}

# lengths NAME [LINK HEADER SIZE]: the lengths of the packets of a capture, as
# those of frames.
lengths() {
	od -An -v -tu1 -w1 -j 24 "$BATS_TEST_TMPDIR/$1.pcap" 2>/dev/null |
		awk -v header="${2:-16}" '
			skip > 0 { skip--; next }
			# bytes 8 to 15 of 16: captured and original length
			{ at++ }
			at > 8 && at <= 12 { skips += $1 * 256 ^ (at - 9) }
			at > 12 { length_ += $1 * 256 ^ (at - 13) }
			at == 16 {
				print length_ - header + 14
				skip = skips
				at = skips = length_ = 0
			}'
}

# has_length NAME LENGTH [LINK HEADER SIZE]
has_length() {
	lengths "$1" "${3:-16}" | grep -qx "$2"
}

# The numbers of the frames of the last send_frames that a capture has. NAME
# [LINK HEADER SIZE]
numbers() {
	lengths "$@" | awk -v first="$first" -v last="$last" '
		$1 >= first - 4 && $1 < last {
			printf "%s%d", separator, ($1 - first + 4) / 8
			separator = " "
		}'
}

# The same, after the last frame has arrived.
passed() {
	eventually has_length "$1" "$last" "${2:-16}"
	numbers "$@"
}
