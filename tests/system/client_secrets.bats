#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The client's secrets: each way to give a password or passphrase, with each way
# in which a run can end. No secret may appear in output, messages, files,
# arguments, environment, or core dumps.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

# as it is, in a URL, and one that cannot be decoded
password='s3sam3:op@n'
encoded=s3sam3%3Aop%40n
pieces=(-e s3sam3 -e op@n -e op%40n)
token=$(printf 'me:%s' "$password" | base64)
pieces+=(-e "$token")

# Files that a run reads are in "from", files that it writes, its output among
# them, in "left".
setup() {
	from=$BATS_TEST_TMPDIR/from
	left=$BATS_TEST_TMPDIR/left
	mkdir "$from" "$left"
	cd "$left" || return
	export TMPDIR=$left HOME=$from
	serve -auth "$(printf 'me:%s' "$password" | base64)"
}

teardown() {
	stop_all
	[ -z "${open_dir:-}" ] || rm -rf "$open_dir"
}

# Each way: ARGUMENTS for a target "SCHEME://HOST...", which are put in "given",
# and in files if necessary.
by_argument() {
	given=("odd=${1/:\/\//://me:$encoded@}")
}

by_second_argument() {
	given=("http://127.0.0.1:$port/stream?id=9" \
		"${1/:\/\//://me:$encoded@}")
}

by_file() {
	echo "odd=${1/:\/\//://me:$encoded@} # one" >"$from/list"
	given=("@$from/list")
}

by_stdin() {
	echo "odd=${1/:\/\//://me:$encoded@}" >"$from/list"
	given=(@-)
}

by_netrc() {
	printf 'default login me password %s\n' "$password" >"$from/.netrc"
	given=(-netrc "odd=$1")
}

by_header() {
	given=(-header "Authorization: Basic $token" "odd=$1")
}

by_header_file() {
	echo "Authorization: Basic $token" >"$from/header"
	given=("-header=@$from/header" "odd=$1")
}

# The password of a proxy is only in the environment.
by_proxy() {
	given=("odd=$1")
	proxy=http://me:$encoded@127.0.0.1:$port
}

by_dialog() {
	mkfifo "$from/fifo"
	cat "$from/fifo" >"$left/read" 3>&- &
	started+=($!)
	given=(--capture --extcap-interface ddump --fifo "$from/fifo"
		--passphrase "$password"
		--targets "'odd=${1/:\/\//://me:$encoded@}'")
}

# Does any of these files contain a part of a secret?
shown_in() {
	grep -aqrF "${pieces[@]}" -- "$@"
}

# ends WAY TARGET: runs to the end, and leaves no secret.
ends() {
	local given proxy=
	echo "# $1 $2"
	rm -rf "${from:?}"/* "$from/.netrc" "${left:?}"/*
	"$1" "$2"
	# extcap takes none of these options
	[[ ${given[0]} == --capture ]] || given+=(-verbose -status -pcapng)
	status=0
	http_proxy=$proxy https_proxy=$proxy timeout 60 "$DDUMP" "${given[@]}" \
		>"$left/out" 2>"$left/said" <"$([ -e "$from/list" ] &&
			echo "$from/list" || echo /dev/null)" 3>&- || status=$?
	cat -v "$left/said"
	[ "$status" -lt 124 ]
	run ! shown_in "$left"
}

# A self-signed certificate.
serve_untrusted() {
	need openssl
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=x -keyout "$BATS_TEST_TMPDIR/key.pem" \
		-out "$BATS_TEST_TMPDIR/cert.pem" 2>/dev/null
	start s_server openssl s_server -accept "127.0.0.1:$1" -quiet \
		-cert "$BATS_TEST_TMPDIR/cert.pem" \
		-key "$BATS_TEST_TMPDIR/key.pem"
	eventually answers "$1"
}

ways=(by_argument by_second_argument by_file by_stdin by_netrc by_proxy
	by_dialog by_header by_header_file)

# A good end, and failures from name resolution to the last byte.
@test "passwords in output, messages, or files: none, however a run ends" {
	local way target deaf tls
	deaf=$(free_port) tls=$(free_port)
	serve_untrusted "$tls"
	for way in "${ways[@]}"; do
		for target in "http://127.0.0.1:$port/auth?id=1&packets=5" \
			"http://127.0.0.1:$port/status/401" \
			"http://127.0.0.1:$port/status/407" \
			"http://127.0.0.1:$port/redirect?to=http://localhost" \
			"http://127.0.0.1:$port/garbage" \
			"http://127.0.0.1:$port/escape" \
			"http://127.0.0.1:$port/stream?id=1&packets=5&end=cut" \
			"http://127.0.0.1:$deaf/" \
			"https://127.0.0.1:$tls/" \
			"http://nowhere.invalid/"; do
			ends "$way" "$target"
		done
	done
	# the secrets were sent to the servers that they are for
	[ "$(grep -c '^GET /auth.*Basic' "$BATS_TEST_TMPDIR/streams.out")" -ge 5 ]
	run ! grep -q "^GET /stream.*id=9.*Basic" \
		"$BATS_TEST_TMPDIR/streams.out"
}

@test "a target that cannot be parsed: no password in the message" {
	local way target
	for way in by_argument by_second_argument by_file by_stdin by_dialog; do
		for target in "ftp://127.0.0.1/" "http://127.0.0.1:99999/" \
			"http://127.0.0.1:port/" "http://127.0.0.1/#x" \
			"http://[::1/" "http://" "http://127.0.0.1 x" \
			"ssh://127.0.0.1/" "http://@127.0.0.1/" \
			"http://127.0.0.1?snaplen=1&snaplen=2&x=%zz"; do
			ends "$way" "$target"
		done
		# and of a password that should have been escaped
		for encoded in 's3sam3/op@n' 's3sam3?op@n' 's3sam3#op@n' \
			's3sam3%zzop@n' 's3sam3%00op@n' 's3sam3 op@n'; do
			ends "$way" "http://127.0.0.1:$port/status/401"
		done
		encoded=s3sam3%3Aop%40n
	done
}

@test "an option without its value: no password in the message" {
	local option
	for option in filter interface snaplen payload linktype w report C G W z print-options c \
		duration hold paths-delay once-at require ca crl cert key ssh header nonsense; do
		for target in "http://me:$encoded@127.0.0.1:$port/status/401" \
			"me:$encoded@127.0.0.1"; do
			merge "-$option" "$target"
			[ "$status" -eq 1 ]
			run ! shown_in "$said"
			merge "-$option=$target" 127.0.0.1:1
			[ "$status" -eq 1 ]
			run ! shown_in "$said"
			merge "-$option$target" 127.0.0.1:1
			[ "$status" -eq 1 ]
			run ! shown_in "$said"
		done
	done
	run ! shown_in "$left"
}

# The wrapper that holds all secrets is started with an environment of its own.
@test "passwords in arguments, environment, or descriptors during a run: none" {
	local way given proxy
	for way in "${ways[@]}"; do
		[ "$way" != by_proxy ] || continue
		# output of the last run must not look like the start of this
		# one
		rm -rf "${from:?}"/* "$from/.netrc" "${left:?}"/*
		"$way" "http://127.0.0.1:$port/auth?id=1&end=never"
		merged=$left/out said=$BATS_TEST_TMPDIR/ddump.err
		"$DDUMP" "${given[@]}" >"$merged" 2>"$said" 3>&- \
			<"$([ -e "$from/list" ] && echo "$from/list" ||
				echo /dev/null)" &
		client=$!
		started+=("$client")
		# its header has been written
		eventually test -s "$left/$([ "$way" = by_dialog ] &&
			echo read || echo out)"
		run ! shown_in "/proc/$client/cmdline" "/proc/$client/environ" \
			"$left" "$said"
		[ -z "$(ps -o pid= --ppid "$client")" ]
		kill "$client"
		wait "$client" || true
		unset 'started[-1]'
	done
}

# Runs as a user that could read the process.
start_as_user() {
	open_dir=$(mktemp -d "/tmp/ddump-test.XXXXXX")
	chmod 777 "$open_dir"
	cp "$DDUMP" "$TOOLS/cost" "$open_dir"
	as_user=(env -C "$open_dir")
	[ "$(id -u)" -ne 0 ] ||
		as_user+=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	# sudo sets the limit to 0, and not every root can raise it
	ulimit -c unlimited 2>/dev/null || ulimit -c "$(ulimit -Hc)"
}

# dies COMMAND...: by SIGSEGV; sets core to the core file.
dies() {
	rm -f "$open_dir/took"
	start dying "${as_user[@]}" "$open_dir/cost" took "$@"
	eventually grep -q ^pid "$open_dir/took"
	client=$(awk '/^pid/ { print $2 }' "$open_dir/took")
	[ "$1" = sleep ] || eventually grep -q "capturing on" \
		"$BATS_TEST_TMPDIR/dying.err"
	owner=$(stat -c %u "/proc/$client/environ")
	kill -SEGV "$client"
	eventually grep -q ^core "$open_dir/took"
	core=$(awk '/^core/ { print $2 }' "$open_dir/took")
}

@test "passwords in a core dump or for another process of the user: none" {
	local owner core
	start_as_user
	dies "$open_dir/ddump" \
		"http://me:$encoded@127.0.0.1:$port/auth?id=1&end=never"
	[ "$owner" -eq 0 ]
	[ "$core" -eq 0 ]
	run ! shown_in "$open_dir"
	# the comparison only makes sense if another program leaves a core file
	dies sleep 60
	[ "$(id -u)" -ne 0 ] || [ "$owner" -ne 0 ]
	echo "# a program that hides nothing leaves $core core dumps" >&3
}

# In such a process /proc/self belongs to root; files named there must still
# open.
@test "-w and @FILE with descriptors by name, as another user: work" {
	start_as_user
	# shellcheck disable=SC2016 # the inner shell expands it
	"${as_user[@]}" bash -c './ddump -w /dev/fd/5 @<(echo "$1") 5>&1 >&2 |
		cat' bash "$url/stream?id=1&packets=50" >"$left/merged"
	verify "$left/merged" "id=1&packets=50"
}
