# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Runs commands as stages, for .ci/run. The output of a stage is printed; its
# lines "N passed, N failed" are added up. A stage without such a line counts as
# one test. At the end come the names of the failed tests, or the last lines of a
# failed stage that names none, then a table of all stages, and the sum as last
# line.

stage_log=$(mktemp)
stage_rows=()
stage_failures=()
stage_name=    # the one that runs
stage_begin=0  # s
passed_in_all=0
failed_in_all=0

# stage NAME COMMAND...: runs it to its end. Returns its status.
stage() {
	local status
	stage_name=$1 stage_begin=$SECONDS
	echo "# stage $1: ${*:2}"
	"${@:2}" 2>&1 | tee "$stage_log"
	status=${PIPESTATUS[0]}
	end_stage "$status"
	return "$status"
}

# end_stage STATUS: adds the row of the stage that ran. If its command failed,
# it has at least one failed test.
end_stage() {
	local passed failed names
	read -r passed failed < <(awk -v status="$1" '
		/^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; sums++ }
		END {
			if (!sums && !status)
				passed = 1
			if (status && !failed)
				failed = 1
			print passed + 0, failed + 0
		}' "$stage_log")
	passed_in_all=$((passed_in_all + passed))
	failed_in_all=$((failed_in_all + failed))
	add_row "$stage_name" $((SECONDS - stage_begin)) "$passed" "$failed"
	names=$(grep -aE '^(not ok|\[  FAILED  \] [^0-9])' "$stage_log" | sort -u | head -n 20) ||
		names=
	[ -n "$names" ] || [ "$failed" -eq 0 ] || names=$(last_lines)
	[ -z "$names" ] || mapfile -t -O "${#stage_failures[@]}" stage_failures < <(
		printf '%s\n' "$names" | sed "s/^/$stage_name: /")
	stage_name=
}

# Prints the last lines of the stage's log, for example those of a fuzzer's crash.
last_lines() {
	tail -n 100 "$stage_log" | tr '\r' '\n' | LC_ALL=C tr -cd '\n\t -~' | cut -c 1-200 |
		awk '/[^[:space:]]/' | tail -n 5
}

# add_row NAME SECONDS PASSED FAILED
add_row() {
	stage_rows+=("$(printf '| %-20s | %3d:%02d | %6d | %6d |' "$1" \
		$(($2 / 60)) $(($2 % 60)) "$3" "$4")")
}

# Prints the table and the sum, and ends the shell: status 0 if nothing failed.
# A stage that still runs was interrupted.
end_stages() {
	[ -z "$stage_name" ] || end_stage 1
	rm -f "$stage_log"
	add_row "all" "$SECONDS" "$passed_in_all" "$failed_in_all"
	[ ${#stage_failures[@]} -eq 0 ] ||
		printf '\n# failed:\n%s\n' "$(printf '%s\n' "${stage_failures[@]}")"
	printf '\n| %-20s | %6s | %6s | %6s |\n' stage "min:s" passed failed
	printf '|%s|%s|%s|%s|\n' "$(printf -- '-%.0s' {1..22})" \
		-------: -------: -------:
	printf '%s\n' "${stage_rows[@]}"
	echo "$passed_in_all passed, $failed_in_all failed"
	[ "$failed_in_all" -eq 0 ] && [ "$passed_in_all" -gt 0 ]
	exit $?
}

trap end_stages EXIT
