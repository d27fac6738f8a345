# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Waiting, and what most scripts wait for: a port, a process. Every test script
# loads this.

# within SECONDS COMMAND...: repeats the command until it succeeds. Its output is
# not shown. Fails, with a line on stderr, when the time is over.
within() {
	local give_up=$((SECONDS + $1))
	until "${@:2}" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$give_up" ] || {
			echo "# still false after $1 s: ${*:2}" >&2
			return 1
		}
		sleep 0.05
	done
}

# eventually COMMAND...: the same for two minutes, so that no machine is too slow.
eventually() {
	within 120 "$@"
}

# is_gone PROCESS
is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# answers PORT: does a process listen on this port of loopback?
answers() {
	(: >"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Prints a port of loopback on which no process listens.
free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 12000))
		answers "$port" || break
	done
	echo "$port"
}
