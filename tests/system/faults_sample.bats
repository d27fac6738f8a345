#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# A sample of make check-faults, which lets every call fail.

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

@test "client: failing calls, interruptions, short reads and writes" {
	try client_http client_pcapng client_https client_ssh client_list
}

@test "worker: failing calls, interruptions, short reads and writes" {
	try worker_pcap worker_pcapng worker_interfaces worker_head \
		worker_listen
}

@test "a full disk at some sizes: the error, the exit status, whole records" {
	try disk
}

@test "client or worker killed at any time: the other one ends, files are whole" {
	try kill
}
