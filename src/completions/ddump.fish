# SPDX-License-Identifier: MIT
# Prints completions of the target at the cursor.
function __ddump_targets
    set -l word (commandline -ct)
    set -l label (string match -r '^[[:alnum:]._-]+=' -- $word)
    set -l rest (string replace -r '^[[:alnum:]._-]+=' '' -- $word)
    switch "$rest"
        case '@*'
            printf '@%s\n' (__fish_complete_path (string sub -s 2 -- $rest))
        case 'ssh://*' 'tcpdump+ssh://*' 'http://*' 'https://*'
            set -l head (string match -r '^[a-z+]+://(?:[^@/?]*@)?' -- $rest)
            for host in (__fish_print_hostnames)
                printf '%s\n' "$label$head$host"
            end
        case 'exec:*'
        case './*' '/*' 'file:*' 'unix:*'
            set -l head (string match -r '^(?:file:|unix:)?' -- $rest)
            for file in (__fish_complete_path (string replace -r '^(file|unix):' '' -- $rest))
                printf '%s\n' "$label$head$file"
            end
        case '*'
            for host in (__fish_print_hostnames)
                printf '%s\n' "$label$host"
            end
            printf '%s\tprotocol\n' "$label"{ssh,tcpdump+ssh,http,https}://
            printf '%s\tprogram\n' "$label"exec:
            printf '%s\tcapture file\n' "$label"file:
            printf '%s\tsocket of a worker\n' "$label"unix:
            printf '@\tfile of targets\n'
    end
end

complete -c ddump -f
complete -c ddump -a '(__ddump_targets)'
complete -c ddump -o filter -l filter -x -d 'Capture packets that match this pcap-filter(7)'
complete -c ddump -o interface -l interface -o i -l i -x -d 'Capture on this interface'
complete -c ddump -o p -l p -d 'Do not set these interfaces promiscuous'
complete -c ddump -o D -l D -d 'List the interfaces of each target'
complete -c ddump -o snaplen -l snaplen -o s -l s -x -d 'Keep this many bytes of each packet'
complete -c ddump -o wireshark -l wireshark -d 'Show the packets in Wireshark'
complete -c ddump -o payload -l payload -x -d 'Keep this many bytes after the headers'
complete -c ddump -o linktype -l linktype -xa 'sll sll2 native' -d 'Headers of the packets'
complete -c ddump -o w -l w -rF -d 'Write to a file'
complete -c ddump -o report -l report -rF -d 'Write a report of the run to a file'
complete -c ddump -o C -l C -x -d 'Begin a new file at this size: 100, 64K, 100M or 2G'
complete -c ddump -o split -l split -d 'Write a file for each target'
complete -c ddump -o G -l G -x -d 'Begin a new file after this many seconds'
complete -c ddump -o W -l W -x -d 'Write this many files'
complete -c ddump -o z -l z -xa '(__fish_complete_command)' -d 'Run this for each finished file'
complete -c ddump -o ring -l ring -d 'Overwrite the oldest file of -W'
complete -c ddump -o print -l print -d 'Print packets as text'
complete -c ddump -o n -l n -d 'Print addresses as numbers'
complete -c ddump -o print-options -l print-options -x -d 'Options of tcpdump for the text'
complete -c ddump -o pcapng -l pcapng -d 'Write pcapng'
complete -c ddump -o no-names -l no-names -d 'Write no names of hosts into pcapng'
complete -c ddump -o c -l c -x -d 'Stop after this many packets'
complete -c ddump -o duration -l duration -x -d 'Stop after this many seconds'
complete -c ddump -o hold -l hold -x -d 'Wait at most this many ms for a silent target'
complete -c ddump -o align -l align -d 'Correct timestamps by the clock offsets'
complete -c ddump -o align-traffic -l align-traffic -d 'With -paths, also by packets between hosts'
complete -c ddump -o require -l require -xa 'all any' -d 'Start only if all or any targets answer'
complete -c ddump -o retry -l retry -d 'Reconnect lost targets'
complete -c ddump -o paths -l paths -d 'Print where packets are lost'
complete -c ddump -o paths-delay -l paths-delay -x -d 'Packets of -paths wait this many ms for comments'
complete -c ddump -o once -l once -d 'Write connections as one interface saw them'
complete -c ddump -o once-at -l once-at -x -d 'The same, preferably as this target saw them'
complete -c ddump -o ca -l ca -rF -d 'Trust only these authorities'
complete -c ddump -o crl -l crl -rF -d 'Reject certificates that these lists revoke'
complete -c ddump -o cert -l cert -rF -d 'Send this certificate'
complete -c ddump -o key -l key -rF -d 'Private key of -cert'
complete -c ddump -o ssh -l ssh -xa '(__fish_complete_command)' -d 'Run this instead of ssh'
complete -c ddump -o header -l header -x -d 'Send this header field, or those of @FILE'
complete -c ddump -o header-http -l header-http -d 'Allow -header over http'
complete -c ddump -o allow-exec -l allow-exec -d 'Allow exec: in files of targets'
complete -c ddump -o netrc -l netrc -d 'Read passwords from ~/.netrc'
complete -c ddump -o status -l status -d 'Print a status line'
complete -c ddump -o quiet -l quiet -d 'Print only errors and warnings'
complete -c ddump -o verbose -l verbose -d 'Print more details'
complete -c ddump -o version -l version -d 'Print versions'
complete -c ddump -o help -l help -o h -l h -d 'Print help'
