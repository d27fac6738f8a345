# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2207 # no option has a blank in it
# shellcheck disable=SC2034 # _init_completion sets them
#
# Completion of ddump-worker, on top of bash-completion 2.8 or later.
#
# An interface may be called $(...). compgen -W and an array without quotes would
# expand that, so names are read line by line, and quoted for the command line
# that they end up in.

# Adds to COMPREPLY the words of stdin, one a line, that begin as $1 does.
_ddump_worker_add()
{
	local word
	while IFS= read -r word; do
		[[ $word == "$1"* ]] || continue
		printf -v word %q "$word"
		COMPREPLY+=("$word")
	done
}

_ddump_worker()
{
	local cur prev words cword option
	_init_completion -n :=@ || return

	option=$prev
	if [[ $cur == -*=* ]]; then
		option=${cur%%=*}
		cur=${cur#*=}
	fi
	case ${option/#--/-} in
	-interface)
		local interfaces=(/sys/class/net/*)
		_ddump_worker_add "$cur" < <(
			printf '%s\n' "${interfaces[@]##*/}")
		return
		;;
	-socket-group)
		_ddump_worker_add "$cur" < <(compgen -g -- "$cur")
		return
		;;
	-proxy)
		COMPREPLY=($(compgen -W 'yes no' -- "$cur"))
		return
		;;
	-listen | -capture | -exclude | -host | -ring | -max-duration | -max-snaplen | \
		-max-payload | -max-filter | -max-clients | -socket-mode)
		return
		;;
	esac

	local dash=-
	[[ $cur != --* ]] || dash=--
	[[ ! $cur || $cur == -* ]] || return
	local options='listen capture exclude ring interface host proxy no-promisc no-names max-duration
		max-snaplen max-payload max-filter max-clients socket-mode socket-group version help h'
	COMPREPLY=($(compgen -P $dash -W "$options" -- "${cur#"$dash"}"))
} &&
	complete -F _ddump_worker ddump-worker
