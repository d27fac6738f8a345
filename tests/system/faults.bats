#!/usr/bin/env bats
# What fails, of what may: a few of each kind. make check-faults tries all.

# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
bats_require_minimum_version 1.5.0

# try CASE...: of tests/faults/run.
try() {
	need_root
	need nginx
	need openssl
	need curl
	need tcpdump
	need prlimit
	need systemd-socket-activate
	BIN=$BIN BUILD=$BUILD FAULTS=sample KILLS=5 \
		"$BATS_TEST_DIRNAME/../faults/run" "$@"
}

@test "the client: failing calls, interruptions, short reads and writes" {
	try client_http client_pcapng client_https client_ssh
}

@test "the worker: failing calls, interruptions, short reads and writes" {
	try worker_pcap worker_pcapng worker_interfaces worker_head \
		worker_listen
}

@test "a full disk, at some sizes: said, the status, and whole records" {
	try disk
}

@test "either side is killed at any time: the other ends, files are whole" {
	try kill
}
