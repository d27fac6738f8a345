#compdef ddump
# SPDX-License-Identifier: MIT

_ddump_targets() {
	# LABEL=
	compset -P '[[:alnum:]._-]##='
	if compset -P '@'; then
		_files
	elif compset -P '(file|unix):' || [[ $PREFIX == [^:?#@]#/* ]]; then
		_files
	elif compset -P 'exec:'; then
		_message 'shell command'
	elif compset -P '(ssh|tcpdump+ssh)://'; then
		compset -P '*@'
		_ssh_hosts
	elif compset -P '(http|https)://'; then
		compset -P '*@'
		_hosts
	else
		_alternative 'hosts:host:_hosts' \
			'protocols:protocol:compadd -S "" ssh:// tcpdump+ssh:// http:// https:// exec\: file\: unix\:' \
			'files:file of targets:compadd -S "" @'
	fi
}

_ddump() {
	local -a rows specs
	local row dash=- other=--

	rows=(
		'filter[capture packets that match this]:pcap-filter(7) expression: '
		'*interface[capture on this interface]:interface: '
		'*i[capture on this interface]:interface: '
		'p[do not set these interfaces promiscuous]'
		'D[list the interfaces of each target]'
		'snaplen[keep this many bytes of each packet]:bytes: '
		's[keep this many bytes of each packet]:bytes: '
		'wireshark[show the packets in Wireshark]'
		'payload[keep this many bytes after the headers]:bytes: '
		'linktype[headers of the packets]:link type:(sll sll2 native)'
		'w[write to a file]:capture file:_files'
		'report[write a report of the run to a file]:JSON file:_files'
		'C[begin a new file at this size]:size (100, 64K, 100M or 2G): '
		'G[begin a new file after this many seconds]:seconds: '
		'W[write this many files]:files: '
		'z[run this for each finished file]:command:_command_names -e'
		'split[write a file for each target]'
		'ring[overwrite the oldest file of -W]'
		'print[print packets as text]'
		'n[print addresses as numbers]'
		'print-options[options of tcpdump for the text]:options: '
		'pcapng[write pcapng]'
		'no-names[write no names of hosts into pcapng]'
		'c[stop after this many packets]:packets: '
		'duration[stop after this many seconds]:seconds: '
		'hold[wait at most this many ms for a silent target]:ms: '
		'align[correct timestamps by the offset of each clock]'
		'align-traffic[with -paths, also by the packets between the hosts]'
		'require[start only if all or any targets answer]:targets:(all any)'
		'retry[reconnect lost targets]'
		'paths[print where packets are lost between the targets]'
		'paths-delay[packets of -paths wait this many ms for comments]:ms: '
		'once[write connections as one interface saw them]'
		'once-at[the same, preferably as this target saw them]:LABEL or LABEL\:INTERFACE: '
		'ca[trust only these certificate authorities]:PEM file:_files'
		'crl[reject server certificates that these lists revoke]:PEM file:_files'
		'cert[send this certificate with its chain]:PEM file:_files'
		'key[private key of -cert]:PEM file:_files'
		'ssh[run this for ssh\:// targets instead of ssh]:command:_command_names -e'
		'*header[send this header field, or those of @FILE]:NAME\: VALUE, or @FILE: '
		'header-http[allow -header over http]'
		'allow-exec[allow exec\: in files of targets]'
		'netrc[read users and passwords from ~/.netrc]'
		'status[print a status line]'
		'quiet[print only errors and warnings]'
		'verbose[print more details]'
		'version[print versions]'
		'help[print help]'
		'h[print help]'
	)
	# accept one dash and two; offer what was typed
	[[ $PREFIX != --* ]] || dash=-- other=-
	for row in $rows; do
		if [[ $row == \** ]]; then
			specs+=("*$dash${row#\*}" "!*$other${row#\*}")
		else
			specs+=("$dash$row" "!$other$row")
		fi
	done
	_arguments $specs '*:target:_ddump_targets'
}

_ddump "$@"
