# SPDX-License-Identifier: MIT
# Functions of all system tests. BIN and BUILD come from make; every test has
# BATS_TEST_TMPDIR to itself, and ends all processes that it started.

# shellcheck disable=SC2034 # used by those who load this
DDUMP=$BIN/ddump WORKER=$BIN/ddump-worker TOOLS=$BUILD/tests/tools
started=()
load ../tools/nginx
load ../tools/wait

# sh -c "$without_journal" sh COMMAND...: runs the command where it does not find
# the host's journal, because with a journal a worker writes nothing to stderr.
without_journal='[ ! -d /run/systemd/journal ] ||
	mount -t tmpfs none /run/systemd/journal; exec "$@"'

# The environment of the user must not influence the tests.
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY
unset ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR
unset DDUMP_EXCLUDE DDUMP_HOSTS DDUMP_PROXY DDUMP_RING DDUMP_INTERFACES
unset DDUMP_PROMISC DDUMP_NAMES SSH_CONNECTION DDUMP_MAX_DURATION DDUMP_MAX_SNAPLEN
unset DDUMP_MAX_PAYLOAD DDUMP_MAX_FILTER

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

need() {
	command -v "$1" >/dev/null || skip "needs $1"
}

# start NAME COMMAND...: starts a command in the background; its output is in
# $BATS_TEST_TMPDIR/NAME.out and NAME.err.
start() {
	local name=$1
	shift
	# a test that waits for a message must not find an old one
	rm -f "$BATS_TEST_TMPDIR/$name.err"
	"$@" >"$BATS_TEST_TMPDIR/$name.out" 2>"$BATS_TEST_TMPDIR/$name.err" \
		3>&- </dev/null &
	started+=($!)
}

is_stopped() {
	grep -q '^State:.T' "/proc/$1/status" 2>/dev/null
}

# A stopped process cannot end. SIGCONT is only for stopped ones, because it
# would undo the stop that LeakSanitizer makes at the end of a process.
stop_all() {
	local pid
	for pid in "${started[@]}"; do
		kill "$pid" 2>/dev/null || true
		! is_stopped "$pid" || kill -CONT "$pid"
	done
	for pid in "${started[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	started=()
}
