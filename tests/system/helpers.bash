# What the system tests share. BIN and BUILD come from make; every test has
# BATS_TEST_TMPDIR to itself, and ends by process id all that it started.

# shellcheck disable=SC2034 # used by those who load this
DDUMP=$BIN/ddump WORKER=$BIN/ddump-worker TOOLS=$BUILD/tests/tools
started=()
load ../tools/nginx

# The environment of whoever runs the tests must not decide them.
unset http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY
unset ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR
unset DDUMP_EXCLUDE DDUMP_HOSTS DDUMP_RING DDUMP_INTERFACES
unset DDUMP_MAX_DURATION DDUMP_MAX_SNAPLEN

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

need() {
	command -v "$1" >/dev/null || skip "needs $1"
}

# Starts a command in the background; its output is in $BATS_TEST_TMPDIR/$1.
start() {
	local name=$1
	shift
	# who waits for words must not find those of one before
	rm -f "$BATS_TEST_TMPDIR/$name.err"
	"$@" >"$BATS_TEST_TMPDIR/$name.out" 2>"$BATS_TEST_TMPDIR/$name.err" \
		3>&- </dev/null &
	started+=($!)
}

is_stopped() {
	grep -q '^State:.T' "/proc/$1/status" 2>/dev/null
}

# Who is stopped can't end. But to one that LeakSanitizer is about to stop, at
# its end, SIGCONT would take that back, and it would wait for ever.
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

# Repeats a command until it succeeds, for up to a minute.
eventually() {
	local give_up=$((SECONDS + 60))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$give_up" ] || {
			echo "still false after a minute: $*" >&2
			return 1
		}
		sleep 0.05
	done
}

# A port of loopback on which nobody listens.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		(echo >"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

answers() {
	(echo >"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}
