#compdef ddump-worker
# SPDX-License-Identifier: MIT

_ddump_worker() {
	local -a rows specs
	local row dash=- other=--

	rows=(
		'listen[listen on address\:port or unix\:path]:address\:port or unix\:path: '
		'capture[capture to stdout, without HTTP]:query\: filter=icmp&duration=9: '
		'exclude[never capture what matches this]:pcap-filter(7) expression: '
		"ring[size of a capture's ring]:MiB, 2 to 256: "
		'*interface[capture only on this interface]:interface:_net_interfaces'
		'host[allowed values of Host]:names: '
		'proxy[require a proxy that sends its port]:answer:(yes no)'
		'no-promisc[never set an interface promiscuous]'
		'no-names[send no addresses of this host in streams]'
		'max-duration[longest duration of a capture]:seconds: '
		'max-snaplen[most bytes kept of a packet]:bytes: '
		"max-payload[most bytes kept after a packet's headers]:bytes: "
		"max-filter[most steps of a client's filter]:steps, up to 65536: "
		'max-clients[most captures at once with -listen]:clients: '
		'socket-mode[mode of the socket with -listen unix\:]:octal mode: '
		'socket-group[group of the socket with -listen unix\:]:group:_groups'
		'version[print versions]'
		'help[print this help]'
		'h[print this help]'
	)
	# both dashes are known, those that were typed are offered
	[[ $PREFIX != --* ]] || dash=-- other=-
	for row in $rows; do
		if [[ $row == \** ]]; then
			specs+=("*$dash${row#\*}" "!*$other${row#\*}")
		else
			specs+=("$dash$row" "!$other$row")
		fi
	done
	_arguments $specs
}

_ddump_worker "$@"
