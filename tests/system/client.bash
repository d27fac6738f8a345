# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # DDUMP and more come from helpers.bash
#
# What the tests of the client share, on top of helpers.bash: the server of
# streams, the client itself, and its reader.

port=
url=
client=
reader=
merged= # what the client wrote
said=   # what it said on stderr
under=() # a command that start_merge runs the client under

# Where order must be exact, no packet leaves because of the clock: no machine
# is too slow for this hold.
patient=60000

# Starts the server of streams; sets url to it.
serve() {
	rm -f "$BATS_TEST_TMPDIR/streams.out"
	start streams "$TOOLS/streams" "$@"
	eventually grep -q '^listening' "$BATS_TEST_TMPDIR/streams.out"
	port=$(awk '/^listening/ { print $3 }' "$BATS_TEST_TMPDIR/streams.out")
	url=http://127.0.0.1:$port
}

# Have so many streams handed their last packet to the kernel?
have_sent() {
	[ "$(grep -c '^sent' "$BATS_TEST_TMPDIR/streams.out")" -eq "$1" ]
}

# Has everything been read that is under way to and from a port of loopback?
all_read() {
	awk -v port="$(printf ':%04X' "$1")\$" '
		$4 != "0A" && ($2 ~ port || $3 ~ port) {
			found = 1
			if ($5 != "00000000:00000000")
				unread = 1
		}
		END { exit !found || unread }' /proc/net/tcp
}

# Is something unread on so many of the connections to a port of loopback?
unread_on() {
	[ "$(awk -v port="$(printf ':%04X' "$2")\$" '
		$4 == "01" && $3 ~ port && $5 !~ ":00000000" { unread++ }
		END { print unread + 0 }' /proc/net/tcp)" -eq "$1" ]
}

sockets_of() {
	awk -v port="$(printf ':%04X' "$1")\$" '
		$2 ~ port || $3 ~ port { print $2, $3, $4, $5 }' /proc/net/tcp
}

# The same, and does nothing move any more?
stuck_on() {
	local before
	before=$(sockets_of "$2")
	sleep 0.2
	unread_on "$@" && [ "$(sockets_of "$2")" = "$before" ]
}

# Has a process taken every SIGINT that it was sent?
interrupt_taken() {
	! awk '/^(Sig|Shd)Pnd/ && substr($2, 16) ~ /[2367abef]/ { found = 1 }
		END { exit !found }' "/proc/$1/status"
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# Waits for the last command that was started; sets status to its.
finish() {
	local pid=${started[-1]} give_up=$((SECONDS + 100))
	until is_gone "$pid" || [ "$SECONDS" -ge "$give_up" ]; do
		sleep 0.05
	done
	is_gone "$pid" || kill -KILL "$pid"
	status=0
	wait "$pid" || status=$?
	unset 'started[-1]'
}

# Runs the client to its end: sets status; what it wrote is in $merged, what it
# said in $said.
merge() {
	merged=$BATS_TEST_TMPDIR/merged.pcap
	said=$BATS_TEST_TMPDIR/said
	status=0
	timeout 100 "${under[@]}" "$DDUMP" "$@" >"$merged" 2>"$said" </dev/null 3>&- ||
		status=$?
	echo "ddump ended with $status and said:"
	cat -v "$said"
}

# Starts the client, under a command if "under" is set; sets client to its
# process. If start_reader was called, it writes to that.
start_merge() {
	said=$BATS_TEST_TMPDIR/ddump.err
	if [ ! -p "$BATS_TEST_TMPDIR/ddump.out" ]; then
		merged=$BATS_TEST_TMPDIR/ddump.out
		rm -f "$merged"
	fi
	rm -f "$said"
	start ddump "${under[@]}" "$DDUMP" "$@"
	client=${started[-1]}
}

capturing_on() {
	eventually grep -q "capturing on $1 target" "$said"
}

# Waits for the client that was started.
finish_merge() {
	finish
	echo "ddump ended with $status and said:"
	cat -v "$said"
}

# Starts a slow reader for start_merge; what it reads is in $merged.
start_reader() {
	mkfifo "$BATS_TEST_TMPDIR/ddump.out"
	merged=$BATS_TEST_TMPDIR/read.pcap
	"$TOOLS/pipe_reader" "$@" <"$BATS_TEST_TMPDIR/ddump.out" \
		>"$merged" 2>/dev/null 3>&- &
	reader=$!
	started+=("$reader")
}

verify() {
	"$TOOLS/verify" "$@"
}

# Prints the peak that the cost tool has told, which must be below so many MiB;
# a sanitizer's own memory is not what is bounded.
bound_peak() {
	local peak
	peak=$(awk '/^peak/ { print $2 }' "$BATS_TEST_TMPDIR/peak")
	echo "# peak of $1: $((peak / 1024)) MiB" >&3
	[[ $BUILD == *sanitize* ]] || [ "$peak" -lt $(($2 * 1024)) ]
}
