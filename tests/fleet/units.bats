#!/usr/bin/env bats
# The units in a booted systemd: what they let in, what a capture can do there,
# and what is left of it.

# shellcheck disable=SC2030,SC2031,SC2154 # bats; set by what is loaded
load ../system/helpers
load ../system/client
load fleet

teardown() {
	leave_all
}

listens_on() {
	inside "$1" ss -Hltn 'sport = :8475' | awk '{ print $4 }'
}

@test "as installed the socket listens on loopback alone" {
	[ "$(listens_on app1)" = 127.0.0.1:8475 ]
	merge app1
	[ "$status" -eq 1 ]
	grep -q "app1: can't connect.*Connection refused.*127.0.0.1 alone" \
		"$said"
}

@test "the unit scores 1.3 or less, live and offline" {
	local live
	start_capture -filter 'udp port 4701' web1
	live=$(instances web1)
	inside web1 systemd-analyze security --no-pager --threshold=13 "$live" \
		>"$BATS_TEST_TMPDIR/live"
	inside web1 systemd-analyze security --no-pager --offline=yes \
		--threshold=13 /lib/systemd/system/ddump-worker@.service \
		>"$BATS_TEST_TMPDIR/offline"
	end_capture
	figure "$(tail -n 1 "$BATS_TEST_TMPDIR/live")"
}

# What /proc tells of a process.
status_of() {
	awk -v name="$2:" '$1 == name { print $2 }' "/proc/$1/status"
}

# The bounding set takes CAP_SETPCAP to change. Under NoNewPrivs it gives
# nothing to anybody.
@test "a capturing process is a dynamic user without a capability" {
	local pid set uid
	start_capture -filter 'udp port 4702' web1
	pid=$(workers web1)
	for set in CapInh CapPrm CapEff CapAmb; do
		[ "$(status_of "$pid" $set)" = 0000000000000000 ]
	done
	[ "$(status_of "$pid" CapBnd)" = 0000000000002000 ]
	[ "$(status_of "$pid" NoNewPrivs)" -eq 1 ]
	[ "$(status_of "$pid" Seccomp)" -eq 2 ]
	# systemd's range for them
	uid=$(status_of "$pid" Uid)
	[ "$uid" -ge 61184 ] && [ "$uid" -le 65519 ]
	[ "$(property web1 "$(instances web1)" UID)" -eq "$uid" ]
	figure "a capture's memory:" "$(awk '/^[RP]ss:/ { print $1, $2, $3 }' \
		"/proc/$pid/smaps_rollup" | tr '\n' ' ')(ring: 8192 kB)"
	end_capture
}

# Says of each thing whether it could be done.
# shellcheck disable=SC2016 # for perl to expand
probe='
my $request = <STDIN>;
sub report { printf "%s: %s\n", $_[0], $_[1] ? "yes" : "no" }
report("shadow", open(my $shadow, "<", "/etc/shadow"));
opendir(my $proc, "/proc");
report("processes", scalar grep { /^\d+$/ && $_ != $$ } readdir $proc);
report("inet", socket(my $inet, 2, 1, 0));
report("inet6", socket(my $inet6, 10, 1, 0));
report("netlink", socket(my $netlink, 16, 3, 0));
report("unix", socket(my $unix, 1, 1, 0));
report("shell", system("/bin/sh", "-c", ":") == 0);
report("library shell", system("/usr/lib/klibc/bin/sh", "-c", ":") == 0);
report("data", open(my $data, "<", "/srv/probe"));
report("write", scalar grep { open(my $f, ">", "$_/probe") }
	qw(/ /etc /usr /var /run /root /home /tmp /var/tmp /dev/shm));
'

# Perl in the place of the worker, within the very unit.
probe_unit() {
	echo "$probe" >"$HOSTS/app1/root/usr/share/probe"
	echo >"$HOSTS/app1/root/srv/probe"
	# where Debian has one, for its initramfs
	inside app1 install -D /bin/sh /usr/lib/klibc/bin/sh
	drop_in app1 ddump-worker@.service <<-END
		[Service]
		ExecStart=
		ExecStart=-/usr/sbin/ddump-worker /usr/share/probe
		BindReadOnlyPaths=/usr/bin/perl:/usr/sbin/ddump-worker
	END
	on app1 bash -c 'exec 4<>/dev/tcp/127.0.0.1/8475
		echo >&4
		cat <&4'
}

@test "within the unit there is nothing to read, reach or run" {
	local all=$BATS_TEST_TMPDIR/all held=$BATS_TEST_TMPDIR/held
	probe_unit >"$held"
	cat "$held"
	# the probe itself works
	inside app1 perl /usr/share/probe >"$all"
	cat "$all"
	[ "$(grep -c ': yes$' "$all")" -eq 10 ]
	[ "$(wc -l <"$held")" -eq 10 ]
	[ "$(grep ': yes$' "$held")" = "unix: yes" ]
}

# Of all programs in a host's network.
# shellcheck disable=SC2016 # awk's own
datagrams_of() {
	on "$1" awk '$1 == "Udp:" && $5 ~ /^[0-9]/ { print $5 }' /proc/net/snmp
}

@test "a capture outlives restarts, reloads and upgrades" {
	local before count
	start_capture -filter 'udp port 4703' web1
	before=$(datagrams_of web2)
	# until it is ended
	start sender ip netns exec ddf-web2 "$TOOLS/udp_send" 1000000 100 400 \
		"$(address_of web1)" 4703
	restart_socket web1
	inside web1 systemctl daemon-reload
	apt_get web1 'install ./next/ddump-worker_*.deb'
	[[ $(version_of web1 ddump-worker) == *+next ]]
	inside web1 systemctl stop ddump-worker.socket
	inside web1 systemctl start ddump-worker.socket
	# all of that while packets were on their way; a new capture works, too
	kill "${started[-1]}"
	wait "${started[-1]}" || true
	unset 'started[-1]'
	count=$(($(datagrams_of web2) - before))
	"${under[@]}" curl -sf http://web1:8475/interfaces
	within 20 is_merged "$count"
	end_capture
	[ "$status" -eq 0 ]
	holds_all "$merged" 'frame.interface_name == "web1:eth0"' "$count"
}

@test "stopping an instance cuts its stream, and keeps what there was" {
	start_capture -filter 'udp port 4704' web1
	send web2 web1 4704 50
	within 20 is_merged 50
	inside web1 systemctl stop "$(instances web1)"
	finish_merge
	[ "$status" -eq 2 ]
	grep -q '^ddump: web1: .*cut' "$said"
	holds_all "$merged" udp 50
	within 10 is_idle web1
	records web1 DDUMP_FILTER="udp port 4704" | tail -n 1 |
		jq -e '.DDUMP_PACKETS == "50" and .DDUMP_REASON != ""'
}

# A smaller ring for them: 64 of 8 MiB are a lot for a machine of tests.
@test "64 captures, no more, and the next when one has ended" {
	local targets=() i one
	drop_in web2 ddump-worker@.service <<-END
		[Service]
		Environment=DDUMP_RING=2
	END
	for ((i = 1; i < 64; i++)); do
		targets+=("t$i=http://web2")
	done
	start one "${under[@]}" "$DDUMP" -filter 'udp port 4705' web2
	one=${started[-1]}
	start_merge -filter 'udp port 4705' "${targets[@]}"
	within 60 grep -q 'capturing on 63 targets' "$said"
	within 20 grep -q 'capturing on 1 target' "$BATS_TEST_TMPDIR/one.err"
	has_workers web2 64

	merge -duration 5 -filter 'udp port 4706' web2
	[ "$status" -eq 1 ]
	grep -q 'web2: .*too many captures' "$said"
	has_workers web2 64

	kill -INT "$one"
	within 20 has_workers web2 63
	within 20 has_instances web2 63
	merge -duration 1 -filter 'udp port 4706' web2
	[ "$status" -eq 0 ]
	stop_all
	within 20 is_idle web2
}

is_connected() {
	[ -n "$(on "$1" ss -Htn state established 'dport = :8475')" ]
}

@test "a connection that says nothing starts no process" {
	start silent "${under[@]}" bash -c 'exec 4<>/dev/tcp/web2/8475; sleep 60'
	within 10 is_connected client
	sleep 1
	is_idle web2
}

counts_of_socket() {
	echo "$(property "$1" ddump-worker.socket NAccepted)" \
		"$(property "$1" ddump-worker.socket NRefused)"
}

has_counted() {
	local accepted refused
	read -r accepted refused < <(counts_of_socket "$1")
	[ $((accepted + refused)) -ge "$2" ]
}

# Each has a request: connections that say nothing start no process. By
# default systemd takes 200 in two seconds for an attack, and stops listening.
@test "300 connections at once leave the socket listening" {
	local before
	before=$(counts_of_socket web2)
	# shellcheck disable=SC2016 # for that shell to expand
	"${under[@]}" bash -c 'for ((i = 0; i < 300; i++)); do
			exec {fd}<>/dev/tcp/web2/8475
			printf "GET /nowhere HTTP/1.1\r\n\r\n" >&$fd
		done' 3>&-
	within 30 has_counted web2 $((${before/ /+} + 300))
	[ "$(property web2 ddump-worker.socket ActiveState)" = active ]
	within 60 is_idle web2
	"${under[@]}" curl -sf http://web2:8475/interfaces
	counts_of_socket web2
	# it was a flood: more than there was room for
	[ "$(property web2 ddump-worker.socket NRefused)" -gt "${before#* }" ]
}
