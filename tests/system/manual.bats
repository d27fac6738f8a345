#!/usr/bin/env bats
# What is said of the programs, in manual, help, completions and README,
# against the programs themselves.

# shellcheck disable=SC2153 # TOOLS and more come from helpers.bash
load helpers
bats_require_minimum_version 1.5.0

# Options, one spelling a line, with a '+' behind those that take an argument:
# of the tables that the programs parse with,
table() {
	"$TOOLS/options" "$1" | sed 's/ .*/ +/' | sort
}

# of what -help prints,
help_options() {
	"$BIN/$1" -help | awk '/^  -/ {
		count = split(substr($0, 3, 20), words, /[ ,]+/)
		takes = ""
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^[A-Za-z]/)
				takes = " +"
		for (i = 1; i <= count; i++)
			if (words[i] ~ /^-/)
				print substr(words[i], 2) takes
	}' | sort
}

# and of the manual.
manual_options() {
	sed -n 's/^\.It Fl //p' "$1" | sed 's/ , Fl /\n/g' |
		awk '{ print $1 (NF > 1 ? " +" : "") }' | sort
}

same() {
	[ -n "$1" ]
	diff <(echo "$1") <(echo "$2")
}

@test "-help lists the options that are parsed" {
	same "$(table ddump)" "$(help_options ddump)"
	same "$(table ddump-worker)" "$(help_options ddump-worker)"
}

@test "the manual lists the options that are parsed" {
	same "$(table ddump)" "$(manual_options man/ddump.1)"
	same "$(table ddump-worker)" "$(manual_options man/ddump-worker.8)"
}

# One line is the shell's: its prompt.
@test "-help fits a screen" {
	local program
	for program in "$DDUMP" "$WORKER"; do
		[ "$("$program" -help | wc -l)" -le 23 ]
		"$program" -help | run ! grep -qE ".{81}"
	done
}
