#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Completions as installed, run by the shells themselves: bash and zsh at a
# terminal in which TAB is typed, and fish, which prints its candidates.

# shellcheck disable=SC2016,SC2154 # other shells' variables, and what is loaded
load helpers
bats_require_minimum_version 1.5.0

bash_completion=/usr/share/bash-completion/bash_completion
network= # a namespace that the shell runs in
inside=()

setup_file() {
	export root=$BATS_FILE_TMPDIR/root
	env -u MAKEFLAGS -u MAKELEVEL -u SANITIZE make -s install \
		DESTDIR="$root" PREFIX=/usr
}

setup() {
	export HOME=$BATS_TEST_TMPDIR LINE=$BATS_TEST_TMPDIR/line
	export HITS=$BATS_TEST_TMPDIR/hits TERM=dumb
	export XDG_DATA_DIRS=$root/usr/share:/usr/local/share:/usr/share
	export XDG_CONFIG_HOME=$HOME/config PATH=$BIN:$PATH
	mkdir "$HOME/.ssh" "$HOME/config"
	echo "known7.example ssh-ed25519 AAAA" >"$HOME/.ssh/known_hosts"
	cd "$HOME" || return
	touch fleet.txt shot.pcap root.pem
}

teardown() {
	[ ! -e /dev/fd/4 ] || exec 4>&-
	stop_all
	[ -z "$network" ] || ip netns del "$network"
}

write_bashrc() {
	cat >rc <<-END
		PS1='ready> '
		. $bash_completion
		line() { printf %s "\$READLINE_LINE" >"\$LINE"; }
		bind -x '"\C-g": line'
	END
}

# All completions of zsh end in compadd.
write_zshrc() {
	cat >.zshrc <<-'END'
		PS1='ready> '
		fpath=($root/usr/share/zsh/site-functions $fpath)
		autoload -U compinit
		compinit -u -D
		compadd() {
			local -a hits
			if [[ " ${(j: :)@[1,(i)-(|-)]} " != *\ -[OAD]\ * ]]; then
				builtin compadd -A hits "$@"
				print -l -- $hits >>$HITS
			fi
			builtin compadd "$@"
		}
		line() { print -rn -- $BUFFER >$LINE }
		zle -N line
		bindkey '^G' line
	END
}

# Starts a shell at a terminal; bytes written to descriptor 4 are typed there.
start_shell() {
	need script
	need "$1"
	mkfifo keyboard
	case $1 in
	bash)
		[ -e "$bash_completion" ] || skip "needs bash-completion"
		write_bashrc
		start screen "${inside[@]}" script -qfc "bash --rcfile rc -i" /dev/null
		;;
	zsh)
		write_zshrc
		start screen "${inside[@]}" script -qfc "ZDOTDIR=$HOME zsh -i" /dev/null
		;;
	esac
	eventually grep -q 'ready>' screen.out
}

# start gives no stdin, this function does
start() {
	local name=$1
	shift
	"$@" >"$name.out" 2>"$name.err" <keyboard 3>&- &
	started+=($!)
	exec 4>keyboard
}

# The line after TAB is typed at its end.
tab() {
	rm -f "$LINE" "$HITS"
	printf '%s\t\a' "$1" >&4
	eventually test -s "$LINE"
	printf '\025' >&4
	cat "$LINE"
}

# Completes lines by a command; "|" marks the end of the typed part, and is at
# the end if there is no candidate.
completes() {
	local line typed left became
	while read -r line; do
		typed=${line%%|*}
		left=${line#*|}
		became=$("$1" "$typed")
		echo "of $line became: $became"
		[ "${became%% }" = "$typed$left" ]
	done <<-'END'
		ddump -req|uire
		ddump --req|uire
		ddump -require an|y
		ddump -linktype nat|ive
		ddump -hol|d
		ddump -w sh|ot.pcap
		ddump -ca ro|ot.pem
		ddump -filter ssh:|
		ddump -i know|
		ddump @fl|eet.txt
		ddump ss|h://
		ddump know|n7.example
		ddump ssh://know|n7.example
		ddump db=ssh://me@know|n7.example
		ddump -quiet db=know|n7.example
		ddump -c 5 https://know|n7.example
		ddump http://elsewhere:84|
		ddump-worker -max-d|uration
		ddump-worker --socket-g|roup
		ddump-worker -interface l|o
		ddump-worker -exclude sh|
	END
}

@test "bash: completes options, values, files, and targets" {
	start_shell bash
	completes tab
}

@test "zsh: completes options, values, files, and targets" {
	start_shell zsh
	completes tab
}

# Names of interfaces, files, hosts, and commands that write a file "hit" if a
# shell expands them; the lookup of hosts returns such a name, too.
make_traps() {
	local trap='zz$(>hit)'
	need_root
	network=ddt-$$-$BATS_TEST_NUMBER
	inside=(ip netns exec "$network")
	ip netns add "$network"
	ip -n "$network" link add "$trap" type bridge
	touch "$trap"
	echo "$trap ssh-ed25519 AAAA" >>.ssh/known_hosts
	mkdir commands
	cp /bin/true "commands/$trap"
	printf '#!/bin/sh\necho "\$(>hit).a"\n' >commands/ruptime
	printf '#!/bin/sh\necho "=;;;;;;zy\$(>hit).b;;;"\n' >commands/avahi-browse
	chmod +x commands/*
	export PATH=$HOME/commands:$PATH COMP_KNOWN_HOSTS_WITH_AVAHI=yes
}

# No part of the completed lines is run: the word is the name, unchanged.
escapes() {
	local line words
	for line in 'ddump-worker -interface zz' 'ddump @zz' 'ddump zz' \
		'ddump ssh://me@zz' 'ddump db=zz' 'ddump -ssh zz'; do
		words=()
		tab "$line" >became
		[ ! -e hit ]
		echo "of $line became: $(<became)"
		eval "words=($(<became))"
		[ ! -e hit ]
		[ "${words[*]}" = "$line\$(>hit)" ]
	done
}

@test "bash: a name with shell syntax is quoted, not run" {
	make_traps
	start_shell bash
	escapes
}

@test "zsh: a name with shell syntax is quoted, not run" {
	make_traps
	start_shell zsh
	escapes
}

@test "fish: a name with shell syntax is not run" {
	local line
	need fish
	make_traps
	for line in 'ddump-worker -interface zz' 'ddump @zz' 'ddump zz' \
		'ddump ssh://me@zz' 'ddump db=zz' 'ddump -ssh zz'; do
		"${inside[@]}" fish -c 'complete -C $argv[1]' "$line" |
			cut -f 1 >offered
		grep -qxF "${line##* }\$(>hit)" offered
		[ ! -e hit ]
	done
}

# The line with the only candidate, if there is exactly one. fish 4 also offers
# words that are similar: --require for -req.
fish_tab() {
	local offered
	mapfile -t offered < <(fish -c 'complete -C $argv[1]' "$1" |
		cut -f 1 | awk -v word="${1##* }" 'index($0, word) == 1')
	if [ ${#offered[@]} -eq 1 ]; then
		echo "${1% *} ${offered[0]}"
	else
		echo "$1"
	fi
}

@test "fish: completes options, values, files, and targets" {
	need fish
	completes fish_tab
}

# The options that are parsed, with one dash and with two.
parsed() {
	"$TOOLS/options" "$1" | sed "s/^/$2/; s/ .*//" | sort
}

# offers NAMES COMMAND...: prints them, one a line.
offers() {
	local wanted=$1
	shift
	diff <(sort -u <<<"$wanted") <("$@" | sort -u)
}

bash_offers() {
	bash -c '. '"$bash_completion"'
		_completion_loader $0
		COMP_WORDS=("$0" "$1") COMP_CWORD=1
		COMP_LINE="$0 $1" COMP_POINT=${#COMP_LINE}
		"_${0/-/_}"
		printf "%s\n" "${COMPREPLY[@]}"' "$1" "$2"
}

@test "bash: offers exactly the options that are parsed" {
	local program dash
	[ -e "$bash_completion" ] || skip "needs bash-completion"
	for program in ddump ddump-worker; do
		for dash in - --; do
			offers "$(parsed $program $dash)" \
				bash_offers $program $dash
		done
	done
}

zsh_offers() {
	tab "$1 $2" >/dev/null
	grep . "$HITS"
}

@test "zsh: offers exactly the options that are parsed" {
	local program dash
	start_shell zsh
	for program in ddump ddump-worker; do
		for dash in - --; do
			offers "$(parsed $program $dash)" \
				zsh_offers $program $dash
		done
	done
}

fish_offers() {
	fish -c 'complete -C $argv[1]' "$1 $2" | cut -f 1
}

@test "fish: offers exactly the options that are parsed" {
	local program
	need fish
	for program in ddump ddump-worker; do
		offers "$(parsed $program -; parsed $program --)" \
			fish_offers $program -
	done
}
