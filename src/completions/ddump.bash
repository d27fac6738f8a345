# shellcheck shell=bash
# shellcheck disable=SC2207 # no option, value or host has a blank in it
# shellcheck disable=SC2034 # _init_completion sets them
#
# Completion of ddump, on top of bash-completion 2.8 or later.

# Adds to COMPREPLY the targets that may become of a word.
_ddump_targets()
{
	local label='' protocol='' user='' rest=$1 file
	[[ $rest =~ ^[[:alnum:]._-]+= ]] && label=${BASH_REMATCH[0]}
	rest=${rest#"$label"}
	if [[ $rest == @* && ! $label ]]; then
		while IFS= read -r file; do
			[[ ! -d $file ]] || { file+=/ && compopt -o nospace; }
			printf -v file %q "$file"
			COMPREPLY+=("@$file")
		done < <(compgen -f -- "${rest#@}")
		return
	fi
	[[ $rest =~ ^(http|https|ssh):// ]] && protocol=${BASH_REMATCH[0]}
	rest=${rest#"$protocol"}
	[[ $rest =~ ^[^@/?]*@ ]] && user=${BASH_REMATCH[0]}
	rest=${rest#"$user"}
	# what stands behind the host is nobody's to guess
	[[ $rest == *[:/?]* ]] && return
	_known_hosts_real -a -- "$rest"
	[[ $protocol$user ]] ||
		COMPREPLY+=($(compgen -W 'ssh:// http:// https://' -- "$rest"))
	[[ ${COMPREPLY[0]} != *:// ]] || compopt -o nospace
	COMPREPLY=("${COMPREPLY[@]/#/$label$protocol$user}")
}

# Readline takes a ':' or '=' for the end of a word, and puts in what is behind.
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
	-w | -ca | -crl | -cert | -key)
		_filedir
		return
		;;
	-require)
		COMPREPLY=($(compgen -W 'all any' -- "$cur"))
		return
		;;
	-ssh)
		COMPREPLY=($(compgen -c -- "$cur"))
		return
		;;
	-filter | -interface | -i | -snaplen | -s | -c | -duration | -hold)
		return
		;;
	esac

	local dash=-
	[[ $cur != --* ]] || dash=--
	if [[ $cur == -* ]]; then
		local options='filter interface i snaplen s w pcapng c duration
			hold align require retry ca crl cert key ssh netrc status
			quiet verbose version help h'
		COMPREPLY=($(compgen -P $dash -W "$options" -- "${cur#"$dash"}"))
	else
		_ddump_targets "$cur"
		_ddump_cut "$cur"
	fi
} &&
	complete -F _ddump ddump
