#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each primitive of pcap-filter(7) matches the packets it describes, or is
# rejected.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker
load frames

# A frame of each kind: its name, and the words for frame_send.
arp_rest="00010800060400010200000000010a0900010000000000000a090002"
kinds="
arp eth is=0x0806 hex=$arp_rest
rarp eth is=0x8035 hex=$arp_rest
tcp eth ip4 tcp=9,80
udp eth ip4 udp=9,80
icmp eth ip4 is=1 hex=0800
igmp eth ip4 is=2 hex=11
igrp eth ip4 is=9
pim eth ip4 is=103
vrrp eth ip4 is=112
esp eth ip4 is=50
ah eth ip4 is=51
sctp eth ip4 sctp=9,80
ipip eth ip4 is=4 ip4=10.9.0.5,10.9.0.6 tcp=9,80
multi eth ip4=10.9.0.3,224.0.0.9 udp=520,520
later eth ip4 cut=1 is=6
tcp6 eth ip6 tcp=9,80
udp6 eth ip6 udp=9,80
icmp6 eth ip6 is=58 hex=8000
sctp6 eth ip6 sctp=9,80
multi6 eth ip6=fd09::3,ff02::9 udp=521,521
hop6 eth ip6 hop tcp=9,80
first6 eth ip6 frag=0 tcp=9,80
later6 eth ip6 frag=1 tcp=9,80
stp ieee hex=424203
isis ieee hex=fefe0383
ipx ieee hex=e0e003
netbeui ieee hex=f0f003
snap ieee hex=aaaa03080007809b
atalk eth is=0x809b
aarp eth is=0x80f3
decnet eth is=0x6003 hex=0a000202040104
lat eth is=0x6004
moprc eth is=0x6002
mopdl eth is=0x6001
sca eth is=0x6007
pppoed eth is=0x8863
pppoes eth is=0x8864 hex=1100000700300021 ip4 tcp=9,80
pppoes6 eth is=0x8864 hex=1100000800300057 ip6 tcp=9,80
vlan eth vlan=0x8100 ip4=10.9.0.7,10.9.0.8 tcp=9,81
qinq eth vlan=0x88a8 vlan=0x8100 ip4=10.9.0.7,10.9.0.8 tcp=9,81
"

# The frames that each primitive matches. Names for several:
v4="tcp udp icmp igmp igrp pim vrrp esp ah sctp ipip multi later vlan"
v6="tcp6 udp6 icmp6 sctp6 multi6 hop6 first6 later6"
llc="stp isis ipx netbeui snap"
cases="
ip: $v4
ip6: $v6
arp: arp
rarp: rarp
tcp: tcp later tcp6 first6 later6 vlan
udp: udp multi udp6 multi6
icmp: icmp
icmp6: icmp6
igmp: igmp
igrp: igrp
pim: pim
vrrp: vrrp
carp: vrrp
esp: esp
ah: ah
sctp: sctp sctp6
ip proto 4: ipip
ip6 proto 17: udp6 multi6
proto 17: udp multi udp6 multi6
ip multicast: multi
ip6 multicast: multi6
host 10.9.0.1: arp rarp tcp udp icmp igmp igrp pim vrrp esp ah sctp ipip later
src host 10.9.0.3: multi
dst host 10.9.0.8: vlan
ip host 224.0.0.9: multi
arp host 10.9.0.1: arp
rarp host 10.9.0.2: rarp
host fd09::3: multi6
net 10.9.0.4/30: vlan
net 224: multi
ip6 net ff02::/16: multi6
port 80: tcp udp sctp tcp6 udp6 sctp6
tcp port 80: tcp tcp6
src port 520: multi
dst portrange 80-81: tcp udp sctp tcp6 udp6 sctp6 vlan
sctp dst port 80: sctp sctp6
decnet: decnet
decnet host 1.2: decnet
lat: lat
moprc: moprc
mopdl: mopdl
sca: sca
pppoed: pppoed
pppoes: pppoes pppoes6
pppoes 8: pppoes6
pppoes and tcp port 80: pppoes pppoes6
ether proto 0x8863: pppoed
ether proto \\rarp: rarp
link proto 0x6007: sca
link[0:2] = 4 and link[20] = 0x42: stp
link[0:2] = 4 and link[20] = 0xfe: isis
link[0:2] = 4 and link[20] = 0xe0: ipx
link[0:2] = 4 and link[20] = 0xf0: netbeui
link[0:2] = 0x809b or (link[0:2] = 4 and link[26:2] = 0x809b): snap atalk
link[0:2] = 4: $llc
link[0:2] = 0x8100: qinq
link[10] = 1: everything
ip[16:4] = 0xe0000009: multi
tcp[2:2] = 81: vlan
udp[0:2] = 521 or udp[0:2] = 520: multi
icmp[icmptype] = icmp-echo: icmp
icmp6[icmp6type] = 128: icmp6
arp[6:2] = 1: arp
ip6[6] = 0: hop6
udp port 53 or ip[6:2] & 0x1fff != 0 or ip6[6] = 44: later first6 later6
igmp[0] = 0x11: igmp
tcp[tcpflags] & tcp-syn != 0: tcp vlan
not ip and not ip6 and not link[0:2] = 4: arp rarp atalk aarp decnet lat moprc $(
	)mopdl sca pppoed pppoes pppoes6 qinq
inbound: everything
not outbound: everything
"

make_names() {
	mapfile -t names < <(awk 'NF { print $1 }' <<<"$kinds")
}

# The names of the frames with these numbers.
names_of() {
	local number
	for number; do
		printf '%s ' "${names[number]}"
	done
}

sorted() {
	tr -s ' ' '\n' <<<"$1" | grep . | sort | xargs
}

# check_one NAME EXPRESSION EXPECTED: prints the errors of a capture that has
# the last frame.
check_one() {
	local got expected=$3
	# shellcheck disable=SC2046 # numbers
	got=$(sorted "$(names_of $(numbers "$1"))")
	[ "$expected" != everything ] || expected="${names[*]}"
	[ "$got" = "$(sorted "$expected")" ] ||
		printf '%s: got %s, not %s\n' "$2" "$got" \
			"$(sorted "$expected")"
}

# Runs cases, one a line, at once; appends errors to $wrong. Each capture also
# matches the last frame, which ends the wait. That term comes first, because
# pppoes changes the offsets of the terms after it.
try_batch() {
	local line i=0
	for line; do
		capture "c$i" "interface=va&filter=$(encode \
			"ether proto 0x88b5 or (${line%: *})")"
		i=$((i + 1))
	done
	last=192
	send_frames < <(awk 'NF { $1 = ""; print }' <<<"$kinds")
	i=0
	for line; do
		eventually has_length "c$i" "$last"
		wrong+=$(check_one "c$i" "${line%: *}" "${line##*: }")
		kill "${captures[c$i]}"
		i=$((i + 1))
	done
}

# An expression as a query's value.
encode() {
	sed 's/%/%25/g; s/&/%26/g; s/+/%2b/g; s/ /+/g; s/=/%3d/g' <<<"$1"
}

# In batches, so that not too many rings are open at once.
@test "every primitive of pcap-filter(7): matches what it describes" {
	make_peer
	make_names
	listen -ring 2
	local i=0 wrong=
	local -a batch
	mapfile -t batch < <(grep . <<<"$cases")
	while [ "$i" -lt "${#batch[@]}" ]; do
		try_batch "${batch[@]:i:16}"
		i=$((i + 16))
	done
	[ -z "$wrong" ] || {
		echo "$wrong"
		return 1
	}
}

@test "inbound and outbound: match received and sent packets" {
	make_peer
	listen
	capture in "interface=va&filter=inbound"
	capture out "interface=va&filter=outbound"
	"${peer[@]}" "$TOOLS/frame_send" pa <<<'eth is=0x88b5 size=200'
	enter "$TOOLS/frame_send" va <<<'eth is=0x88b5 size=300'
	"${peer[@]}" "$TOOLS/frame_send" pa <<<'eth is=0x88b5 size=400'
	enter "$TOOLS/frame_send" va <<<'eth is=0x88b5 size=500'
	eventually has_length in 400
	eventually has_length out 500
	[ "$(lengths in | grep -c '^[35]00$')" -eq 0 ]
	[ "$(lengths out | grep -c '^[24]00$')" -eq 0 ]
}

# The length of a packet is its length in the stream, also in the kernel's
# filter: from the first packet on, which libpcap would otherwise filter itself.
@test "greater, less, and len: use the lengths of the stream" {
	make_peer
	listen -ring 2
	local linktype header
	for linktype in sll sll2; do
		header=16
		[ $linktype = sll ] || header=20
		capture greater "interface=va&linktype=$linktype&$(
			)filter=$(encode "greater $((600 - 14 + header))")"
		capture less "interface=va&linktype=$linktype&$(
			)filter=$(encode "ether proto 0x88b5 or less $(
			)$((600 - 14 + header))")"
		capture len "interface=va&linktype=$linktype&$(
			)filter=$(encode "ether proto 0x88b5 or $(
			)len * 2 = 2 * $((600 - 14 + header))")"
		last=192
		send_frames < <(for i in {0..99}; do echo eth is=0x88b6; done)
		eventually has_length greater "$last" $header
		eventually has_length less "$last" $header
		eventually has_length len "$last" $header
		# the frame of 600 bytes is number 50
		[ "$(numbers greater $header)" = "$(seq -s ' ' 50 99)" ]
		[ "$(numbers less $header)" = "$(seq -s ' ' 0 50)" ]
		[ "$(numbers len $header)" = 50 ]
		kill "${captures[greater]}" "${captures[less]}" \
			"${captures[len]}"
	done
}

# Lengths in -exclude are those of the default link type, whatever the client
# requests.
@test "lengths in -exclude: those of the default link type" {
	make_peer
	listen -exclude "greater 602"
	local linktype
	for linktype in sll sll2; do
		capture $linktype "interface=va&linktype=$linktype"
		"${peer[@]}" "$TOOLS/frame_send" pa <<-END
			eth is=0x88b5 size=600
			eth is=0x88b5 size=599
		END
	done
	eventually has_length sll 599
	eventually has_length sll2 599 20
	[ "$(lengths sll | grep -c '^600$')" -eq 0 ]
	[ "$(lengths sll2 20 | grep -c '^600$')" -eq 0 ]
}
