# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2207 # no option or value has a blank in it
# shellcheck disable=SC2034 # _init_completion sets them
# shellcheck disable=SC2030,SC2031,SC2317 # a subshell has its own COMPREPLY
#
# Completion of ddump; needs bash-completion 2.8 or later.
#
# Names of hosts, files and commands may contain any character. compgen -W and an
# unquoted array would expand them, $(...) included. So they are read line by
# line, and quoted for the command line.

# Adds each line of stdin, after a prefix, to COMPREPLY.
_ddump_add()
{
	local word
	while IFS= read -r word; do
		printf -v word %q "$word"
		COMPREPLY+=("$1$word")
	done
}

# Prints the hosts of ssh's configuration and /etc/hosts. Runs in a subshell with
# network lookups off: bash-completion expands the names that they return.
_ddump_hosts()
(
	ruptime() { :; }
	COMP_KNOWN_HOSTS_WITH_AVAHI='' COMPREPLY=()
	_known_hosts_real -a -- "$1"
	[ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}"
)

# Adds the targets that begin with a word to COMPREPLY.
_ddump_targets()
{
	local label='' protocol='' user='' rest=$1 file
	[[ $rest =~ ^[[:alnum:]._-]+= ]] && label=${BASH_REMATCH[0]}
	rest=${rest#"$label"}
	if [[ $rest == @* && ! $label ]]; then
		while IFS= read -r file; do
			[[ ! -d $file ]] || { file+=/ && compopt -o nospace; }
			_ddump_add @ <<<"$file"
		done < <(compgen -f -- "${rest#@}")
		return
	fi
	if [[ $rest == file:* || $rest == unix:* || $rest =~ ^[^:?#@]*/ ]]; then
		[[ ! $rest =~ ^(file|unix): ]] || {
			label+=${BASH_REMATCH[0]}
			rest=${rest#"${BASH_REMATCH[0]}"}
		}
		while IFS= read -r file; do
			[[ ! -d $file ]] || { file+=/ && compopt -o nospace; }
			_ddump_add "$label" <<<"$file"
		done < <(compgen -f -- "$rest")
		return
	fi
	# a command cannot be completed
	[[ $rest != exec:* ]] || return
	[[ $rest =~ ^(http|https|ssh|tcpdump\+ssh):// ]] && protocol=${BASH_REMATCH[0]}
	rest=${rest#"$protocol"}
	[[ $rest =~ ^[^@/?]*@ ]] && user=${BASH_REMATCH[0]}
	rest=${rest#"$user"}
	# port, path and query cannot be completed
	[[ $rest == *[:/?]* ]] && return
	_ddump_add "$label$protocol$user" < <(_ddump_hosts "$rest")
	[[ $protocol$user ]] || _ddump_add "$label" < <(
		compgen -W 'ssh:// tcpdump+ssh:// http:// https:// exec: file: unix:' -- "$rest")
	[[ ${COMPREPLY[0]} != *:// && ${COMPREPLY[0]} != *@(exec|file|unix): ]] || compopt -o nospace
}

# Readline ends a word at ':' or '=', and replaces only what comes after it.
_ddump_cut()
{
	local breaks=${COMP_WORDBREAKS//[^:=@]/}
	[[ ! $breaks || $1 != *["$breaks"]* ]] ||
		COMPREPLY=("${COMPREPLY[@]#"${1%"${1##*["$breaks"]}"}"}")
}

_ddump()
{
	local cur prev words cword option
	_init_completion -n :=@ || return

	option=$prev
	if [[ $cur == -*=* ]]; then
		option=${cur%%=*}
		cur=${cur#*=}
	fi
	case ${option/#--/-} in
	-w | -report | -ca | -crl | -cert | -key)
		_filedir
		return
		;;
	-require)
		COMPREPLY=($(compgen -W 'all any' -- "$cur"))
		return
		;;
	-linktype)
		COMPREPLY=($(compgen -W 'sll sll2 native' -- "$cur"))
		return
		;;
	-ssh | -z)
		_ddump_add '' < <(compgen -c -- "$cur")
		return
		;;
	-header)
		if [[ $cur == @* ]]; then
			_ddump_targets "$cur"
			_ddump_cut "$cur"
		fi
		return
		;;
	-filter | -interface | -i | -snaplen | -s | -payload | -c | -duration | -hold | \
		-once-at | -paths-delay | -print-options | -C | -G | -W)
		return
		;;
	esac

	local dash=-
	[[ $cur != --* ]] || dash=--
	if [[ $cur == -* ]]; then
		local options='filter interface i p D snaplen s payload linktype w report split
			C G W z ring wireshark print n print-options pcapng no-names c
			duration hold align align-traffic require retry paths paths-delay
			once once-at
			ca crl cert key ssh header
			header-http allow-exec
			netrc status quiet verbose version help h'
		COMPREPLY=($(compgen -P $dash -W "$options" -- "${cur#"$dash"}"))
	else
		_ddump_targets "$cur"
		_ddump_cut "$cur"
	fi
} &&
	complete -F _ddump ddump
