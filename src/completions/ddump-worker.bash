# shellcheck shell=bash
# shellcheck disable=SC2207 # no option or value has a blank in it
# shellcheck disable=SC2034 # _init_completion sets them
#
# Completion of ddump-worker, on top of bash-completion 2.8 or later.

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
		COMPREPLY=($(compgen -W "${interfaces[*]##*/}" -- "$cur"))
		return
		;;
	-socket-group)
		COMPREPLY=($(compgen -g -- "$cur"))
		return
		;;
	-listen | -exclude | -host | -ring | -max-duration | -max-snaplen | \
		-max-clients | -socket-mode)
		return
		;;
	esac

	local dash=-
	[[ $cur != --* ]] || dash=--
	[[ ! $cur || $cur == -* ]] || return
	local options='listen exclude ring interface host max-duration max-snaplen
		max-clients socket-mode socket-group version help h'
	COMPREPLY=($(compgen -P $dash -W "$options" -- "${cur#"$dash"}"))
} &&
	complete -F _ddump_worker ddump-worker
