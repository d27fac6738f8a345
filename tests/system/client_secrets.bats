#!/usr/bin/env bats
# The client's secrets: each way in which a password or passphrase gets in, with
# each end that a run can have, and no place outside where it gets to.

# shellcheck disable=SC2154 # set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load client
bats_require_minimum_version 1.5.0

# As it is, in a URL, and one that can't be decoded.
password='s3sam3:op@n'
encoded=s3sam3%3Aop%40n
pieces=(-e s3sam3 -e op@n -e op%40n)

# What a run reads is in from, what it leaves in left: files, its output too.
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

# Each way in: ARGUMENTS for a target "SCHEME://HOST...", which ends up in
# given, and, if need be, in files.
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

# A proxy's password is in the environment, and nowhere else.
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

# Does any of these files have a piece of a secret in it?
shown_in() {
	grep -aqrF "${pieces[@]}" -- "$@"
}

# ends WAY TARGET: a run to its end, which leaves no secret.
ends() {
	local given proxy=
	echo "# $1 $2"
	rm -rf "${from:?}"/* "$from/.netrc" "${left:?}"/*
	"$1" "$2"
	# there is nothing in it that would go on
	[[ ${given[0]} == --capture ]] || given+=(-verbose -status -pcapng)
	status=0
	http_proxy=$proxy https_proxy=$proxy timeout 60 "$DDUMP" "${given[@]}" \
		>"$left/out" 2>"$left/said" <"$([ -e "$from/list" ] &&
			echo "$from/list" || echo /dev/null)" 3>&- || status=$?
	cat -v "$left/said"
	[ "$status" -lt 124 ]
	run ! shown_in "$left"
}

# Its certificate is its own.
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
	by_dialog)

# A good end, and what can go wrong from the name to the last byte.
@test "no secret in output, messages or files, whatever a run ends with" {
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
	# they were used, by those who may know them
	[ "$(grep -c '^GET /auth.*Basic' "$BATS_TEST_TMPDIR/streams.out")" -ge 5 ]
	run ! grep -q "^GET /stream.*id=9.*Basic" \
		"$BATS_TEST_TMPDIR/streams.out"
}

@test "no secret in what is said of a target that can't be parsed" {
	local way target
	for way in by_argument by_second_argument by_file by_stdin by_dialog; do
		for target in "ftp://127.0.0.1/" "http://127.0.0.1:99999/" \
			"http://127.0.0.1:port/" "http://127.0.0.1/#x" \
			"http://[::1/" "http://" "http://127.0.0.1 x" \
			"ssh://127.0.0.1/" "http://@127.0.0.1/" \
			"http://127.0.0.1?snaplen=1&snaplen=2&x=%zz"; do
			ends "$way" "$target"
		done
		# and of a password that should have been encoded
		for encoded in 's3sam3/op@n' 's3sam3?op@n' 's3sam3#op@n' \
			's3sam3%zzop@n' 's3sam3%00op@n' 's3sam3 op@n'; do
			ends "$way" "http://127.0.0.1:$port/status/401"
		done
		encoded=s3sam3%3Aop%40n
	done
}

@test "no secret in what is said of an option whose value is missing" {
	local option
	for option in filter interface snaplen w c duration hold require ca \
		crl cert key ssh nonsense; do
		for target in "http://me:$encoded@127.0.0.1:$port/status/401" \
			"me:$encoded@127.0.0.1"; do
			merge "-$option" "$target"
			[ "$status" -eq 1 ]
			run ! shown_in "$said"
			merge "-$option=$target" 127.0.0.1:1
			[ "$status" -eq 1 ]
			run ! shown_in "$said"
		done
	done
	run ! shown_in "$left"
}

# The one that holds them all is started by an environment of its own.
@test "no secret in arguments, environment or descriptors while it runs" {
	local way given proxy
	for way in "${ways[@]}"; do
		[ "$way" != by_proxy ] || continue
		# nor may it be taken for begun by what the last one wrote
		rm -rf "${from:?}"/* "$from/.netrc" "${left:?}"/*
		"$way" "http://127.0.0.1:$port/auth?id=1&end=never"
		merged=$left/out said=$BATS_TEST_TMPDIR/ddump.err
		"$DDUMP" "${given[@]}" >"$merged" 2>"$said" 3>&- \
			<"$([ -e "$from/list" ] && echo "$from/list" ||
				echo /dev/null)" &
		client=$!
		started+=("$client")
		# its header is there
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

# Run as somebody whose own the process would be.
start_as_user() {
	open_dir=$(mktemp -d "/tmp/ddump-test.XXXXXX")
	chmod 777 "$open_dir"
	cp "$DDUMP" "$TOOLS/cost" "$open_dir"
	as_user=(env -C "$open_dir")
	[ "$(id -u)" -ne 0 ] ||
		as_user+=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	ulimit -c unlimited
}

# dies COMMAND...: by SIGSEGV; sets core to what is left of it.
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

@test "no secret in a core dump, nor for another process of the user" {
	local owner core
	start_as_user
	dies "$open_dir/ddump" \
		"http://me:$encoded@127.0.0.1:$port/auth?id=1&end=never"
	[ "$owner" -eq 0 ]
	[ "$core" -eq 0 ]
	run ! shown_in "$open_dir"
	# where that says something: another program leaves one
	dies sleep 60
	[ "$(id -u)" -ne 0 ] || [ "$owner" -ne 0 ]
	echo "# a program that hides nothing leaves $core core dumps" >&3
}

# That has made /proc/self root's: what is named there must still open.
@test "descriptors by name, as another user" {
	start_as_user
	# shellcheck disable=SC2016 # the inner shell expands it
	"${as_user[@]}" bash -c './ddump -w /dev/fd/5 @<(echo "$1") 5>&1 >&2 |
		cat' bash "$url/stream?id=1&packets=50" >"$left/merged"
	verify "$left/merged" "id=1&packets=50"
}
