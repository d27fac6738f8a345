# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # DDUMP and more come from helpers.bash
#
# The parts that the tests of the client share, on top of helpers.bash: the
# server of streams, the client itself, and its reader.

port=
url=
client=
reader=
merged= # what the client wrote
said=   # what it said on stderr
under=() # a command that start_merge runs the client under

# A hold that no machine is too slow for, for tests of the exact order: no
# packet is written because of the clock.
patient=60000

# Starts the server of streams; sets url to it.
serve() {
	rm -f "$BATS_TEST_TMPDIR/streams.out"
	start streams "$TOOLS/streams" "$@"
	eventually grep -q '^listening' "$BATS_TEST_TMPDIR/streams.out"
	port=$(awk '/^listening/ { print $3 }' "$BATS_TEST_TMPDIR/streams.out")
	url=http://127.0.0.1:$port
}

# have_sent COUNT: have that many streams handed their last packet to the
# kernel?
have_sent() {
	[ "$(grep -c '^sent' "$BATS_TEST_TMPDIR/streams.out")" -eq "$1" ]
}

# all_read PORT: have the receivers read everything on the connections of a port
# of loopback?
all_read() {
	awk -v port="$(printf ':%04X' "$1")\$" '
		$4 != "0A" && ($2 ~ port || $3 ~ port) {
			found = 1
			if ($5 != "00000000:00000000")
				unread = 1
		}
		END { exit !found || unread }' /proc/net/tcp
}

# unread_on COUNT PORT: do that many connections to a port of loopback have
# unread bytes?
unread_on() {
	[ "$(awk -v port="$(printf ':%04X' "$2")\$" '
		$4 == "01" && $3 ~ port && $5 !~ ":00000000" { unread++ }
		END { print unread + 0 }' /proc/net/tcp)" -eq "$1" ]
}

sockets_of() {
	awk -v port="$(printf ':%04X' "$1")\$" '
		$2 ~ port || $3 ~ port { print $2, $3, $4, $5 }' /proc/net/tcp
}

# The same, and are the connections unchanged for a while?
stuck_on() {
	local before
	before=$(sockets_of "$2")
	sleep 0.2
	unread_on "$@" && [ "$(sockets_of "$2")" = "$before" ]
}

# Has a process received every SIGINT that was sent to it?
interrupt_taken() {
	! awk '/^(Sig|Shd)Pnd/ && substr($2, 16) ~ /[2367abef]/ { found = 1 }
		END { exit !found }' "/proc/$1/status"
}

# Waits for the last command that was started; sets status to its exit status.
finish() {
	local pid=${started[-1]}
	within 100 is_gone "$pid" || kill -KILL "$pid"
	status=0
	wait "$pid" || status=$?
	unset 'started[-1]'
}

# Runs the client to its end; sets status. Its output is in $merged, its stderr
# in $said.
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

# Ends the client, whatever was started after it; sets status.
end_capture() {
	kill -INT "$client"
	await_client
}

# Waits for the client; sets status.
await_client() {
	local i others=()
	for i in "${started[@]}"; do
		[ "$i" = "$client" ] || others+=("$i")
	done
	started=("${others[@]}" "$client")
	finish_merge
}

# Starts a slow reader for start_merge; the bytes it reads are in $merged.
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

# bound_peak NAME MIB: prints the peak memory that the cost tool reported; it
# must be below that, except under a sanitizer or an emulator, which use more
# memory themselves.
bound_peak() {
	local peak
	peak=$(awk '/^peak/ { print $2 }' "$BATS_TEST_TMPDIR/peak")
	echo "# peak of $1: $((peak / 1024)) MiB" >&3
	[[ $BUILD == *sanitize* || -n ${EMULATED:-} ]] || [ "$peak" -lt $(($2 * 1024)) ]
}

# Serves the folder $BATS_TEST_TMPDIR/files; sets files to its URL.
serve_files() {
	local place
	need nginx
	place=$(free_port)
	nginx_configure "$BATS_TEST_TMPDIR" "user root;" <<-END
		server {
			listen 127.0.0.1:$place;
			root $BATS_TEST_TMPDIR/files;
		}
	END
	start nginx nginx -c "$BATS_TEST_TMPDIR/nginx.conf" \
		-e "$BATS_TEST_TMPDIR/error.log"
	eventually answers "$place"
	files=http://127.0.0.1:$place
}

# count FILE: the number of its packets, if tcpdump takes it whole.
count() {
	tcpdump -nr "$1" --count 2>"$BATS_TEST_TMPDIR/reader" | awk '{ print $1 }'
	[ "${PIPESTATUS[0]}" -eq 0 ]
}

# The sum of the packets of files.
sum() {
	local file all=0 some
	for file; do
		some=$(count "$file")
		all=$((all + some))
	done
	echo "$all"
}
