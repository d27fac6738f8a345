#compdef ddump-worker

_ddump_worker() {
	local -a rows specs
	local row dash=- other=--

	rows=(
		'listen[listen there]:address\:port or unix\:path: '
		'exclude[what no client captures]:pcap-filter(7) expression: '
		"ring[size of a capture's ring]:MiB, 2 to 256: "
		'*interface[capture on nothing but these]:interface:_net_interfaces'
		'host[that clients may ask by]:names: '
		'max-duration[the longest that a capture lasts]:seconds: '
		'max-snaplen[the most bytes that are kept of a packet]:bytes: '
		'max-clients[of -listen, at once]:clients: '
		'socket-mode[of -listen unix\:]:octal mode: '
		'socket-group[of -listen unix\:]:group:_groups'
		'version[print versions]'
		'help[print a summary]'
		'h[print a summary]'
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
