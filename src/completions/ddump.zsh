#compdef ddump

_ddump_targets() {
	# LABEL=
	compset -P '[[:alnum:]._-]##='
	if compset -P '@'; then
		_files
	elif compset -P 'ssh://'; then
		compset -P '*@'
		_ssh_hosts
	elif compset -P '(http|https)://'; then
		compset -P '*@'
		_hosts
	else
		_alternative 'hosts:host:_hosts' \
			'protocols:protocol:compadd -S "" ssh:// http:// https://' \
			'files:file of targets:compadd -S "" @'
	fi
}

_ddump() {
	local -a rows specs
	local row dash=- other=--

	rows=(
		'filter[capture what matches this]:pcap-filter(7) expression: '
		'*interface[capture on this interface]:interface there: '
		'*i[capture on this interface]:interface there: '
		'snaplen[keep so many bytes of each packet]:bytes: '
		's[keep so many bytes of each packet]:bytes: '
		'w[write to a file]:capture file:_files'
		'pcapng[write pcapng]'
		'c[end after so many packets]:packets: '
		'duration[end after so many seconds]:seconds: '
		'hold[the longest that a packet waits for a silent target]:ms: '
		'align[correct stamps by what the clocks of the hosts tell]'
		'require[must every target start?]:targets:(all any)'
		'retry[try a lost target again]'
		'ca[trust these certificate authorities and no others]:PEM file:_files'
		'crl[refuse certificates that these lists revoke]:PEM file:_files'
		'cert[show servers this certificate]:PEM file:_files'
		'key[the key of -cert]:PEM file:_files'
		'ssh[run this for ssh\:// targets instead of ssh]:command:_command_names -e'
		'netrc[take users and passwords from ~/.netrc]'
		'status[show how it is going]'
		'quiet[say nothing but errors and warnings]'
		'verbose[say more]'
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
	_arguments $specs '*:target:_ddump_targets'
}

_ddump "$@"
