#!/usr/bin/env bats
# Enabled, and never asked. The first of the files, by its name: no other test
# has been at the hosts yet.

# shellcheck disable=SC2154 # set by what is loaded
load ../system/helpers
load ../system/client
load fleet

@test "an enabled socket is all there is: no process, no unit, no slice" {
	local host
	for host in web1 web2 db1 app1; do
		[ "$(property $host ddump-worker.socket ActiveState)" = active ]
		[ "$(property $host ddump-worker.socket NAccepted)" -eq 0 ] ||
			skip "somebody has asked $host already"
		is_idle $host
		[ "$(property $host system-ddump.slice ActiveState)" = inactive ]
		[ "$(property $host system-ddump.slice CPUUsageNSec)" = \
			"[not set]" ]
		[ "$(property $host system-ddump.slice MemoryCurrent)" = \
			"[not set]" ]
	done
}
