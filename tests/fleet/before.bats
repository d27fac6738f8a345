#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Enabled sockets before any request. By its name this is the first of the
# files: no other test has used the hosts yet.

# shellcheck disable=SC2154 # set by what is loaded
load ../system/helpers
load ../system/client
load fleet

@test "an enabled socket before any request: no process, no unit, no slice" {
	local host
	for host in web1 web2 db1 app1; do
		[ "$(property $host ddump-worker.socket ActiveState)" = active ]
		[ "$(property $host ddump-worker.socket NAccepted)" -eq 0 ] ||
			skip "somebody has asked $host already"
		is_idle $host
		[ "$(property $host system-ddump.slice ActiveState)" = inactive ]
		[ "$(property $host system-ddump.slice CPUWeight)" = 20 ]
		[ "$(property $host system-ddump.slice TasksMax)" = 256 ]
		[ "$(property $host system-ddump.slice MemoryMax)" = \
			$((1 << 30)) ]
		[ "$(property $host system-ddump.slice CPUUsageNSec)" = \
			"[not set]" ]
		[ "$(property $host system-ddump.slice MemoryCurrent)" = \
			"[not set]" ]
	done
}
