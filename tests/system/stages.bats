#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The end of a run of .ci/run: the sum of all stages, and status 0 only if
# nothing has failed.

bats_require_minimum_version 1.5.0

# sum_up SCRIPT: runs stages; sets status, output and lines.
sum_up() {
	run bash -uc '. "$0"; eval "$1"' \
		"$BATS_TEST_DIRNAME/../stages.bash" "$1"
}

@test "stages: a table with each stage, and the sum as the last line" {
	sum_up 'stage one echo "3 passed, 0 failed"
		stage two printf "1 passed, 0 failed\n2 passed, 0 failed\n"'
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "6 passed, 0 failed" ]
	[[ "$output" == *"| one "*" 3 | "*" 0 |"* ]]
	[[ "$output" == *"| two "*" 3 | "*" 0 |"* ]]
}

@test "failed tests in a stage: the run fails, and the next stage runs" {
	sum_up 'stage one bash -c "echo 3 passed, 2 failed; exit 1"
		stage two echo "1 passed, 0 failed"'
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "4 passed, 2 failed" ]
}

@test "a command without tests: counts as one test" {
	sum_up 'stage one true; stage two false'
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "1 passed, 1 failed" ]
}

@test "a command that fails although its tests passed: one failed test" {
	sum_up 'stage one bash -c "echo 3 passed, 0 failed; exit 2"'
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "3 passed, 1 failed" ]
}

@test "a stage that ends the run: it is in the table" {
	sum_up 'stage one false || exit; stage two true'
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "0 passed, 1 failed" ]
	[[ "$output" == *"| one "* ]]
	[[ "$output" != *"| two "* ]]
}

@test "a run without any test: fails" {
	sum_up true
	[ "$status" -eq 1 ]
	[ "${lines[-1]}" = "0 passed, 0 failed" ]
}

@test "a stage that fails without naming a test: its last lines, printable, are in the list" {
	sum_up 'stage fuzz bash -c "seq 20; printf \"a\\033[31mb\\0c\\n\\n\"; echo crash-17; exit 77"
		stage two bash -c "echo not ok 4 - x; echo more; exit 1"
		stage mute false
		stage good echo fine'
	[ "$status" -eq 1 ]
	listed=${output##*# failed:}
	[ "${listed%%|*}" = "$(printf '\n%s' "fuzz: 18" "fuzz: 19" "fuzz: 20" "fuzz: a[31mbc" \
		"fuzz: crash-17" "two: not ok 4 - x")"$'\n\n' ]
}
