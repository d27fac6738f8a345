# The targets that may become of the word at the cursor.
function __ddump_targets
    set -l word (commandline -ct)
    set -l label (string match -r '^[[:alnum:]._-]+=' -- $word)
    set -l rest (string replace -r '^[[:alnum:]._-]+=' '' -- $word)
    switch "$rest"
        case '@*'
            printf '@%s\n' (__fish_complete_path (string sub -s 2 -- $rest))
        case 'ssh://*' 'http://*' 'https://*'
            set -l head (string match -r '^[a-z]+://(?:[^@/?]*@)?' -- $rest)
            for host in (__fish_print_hostnames)
                echo "$label$head$host"
            end
        case '*'
            for host in (__fish_print_hostnames)
                echo "$label$host"
            end
            printf "$label%s\tprotocol\n" ssh:// http:// https://
            printf '@\tfile of targets\n'
    end
end

complete -c ddump -f
complete -c ddump -a '(__ddump_targets)'
complete -c ddump -o filter -l filter -x -d 'Capture what matches this pcap-filter(7)'
complete -c ddump -o interface -l interface -o i -l i -x -d 'Capture on this interface'
complete -c ddump -o snaplen -l snaplen -o s -l s -x -d 'Keep so many bytes of each packet'
complete -c ddump -o w -l w -rF -d 'Write to a file'
complete -c ddump -o pcapng -l pcapng -d 'Write pcapng'
complete -c ddump -o c -l c -x -d 'End after so many packets'
complete -c ddump -o duration -l duration -x -d 'End after so many seconds'
complete -c ddump -o hold -l hold -x -d 'The longest that a packet waits, in ms'
complete -c ddump -o align -l align -d 'Correct stamps by what the clocks tell'
complete -c ddump -o require -l require -xa 'all any' -d 'Must every target start?'
complete -c ddump -o retry -l retry -d 'Try a lost target again'
complete -c ddump -o ca -l ca -rF -d 'Trust these authorities and no others'
complete -c ddump -o crl -l crl -rF -d 'Refuse what these lists revoke'
complete -c ddump -o cert -l cert -rF -d 'Show servers this certificate'
complete -c ddump -o key -l key -rF -d 'The key of -cert'
complete -c ddump -o ssh -l ssh -xa '(__fish_complete_command)' -d 'Run this instead of ssh'
complete -c ddump -o netrc -l netrc -d 'Take passwords from ~/.netrc'
complete -c ddump -o status -l status -d 'Show how it is going'
complete -c ddump -o quiet -l quiet -d 'Say nothing but errors and warnings'
complete -c ddump -o verbose -l verbose -d 'Say more'
complete -c ddump -o version -l version -d 'Print versions'
complete -c ddump -o help -l help -o h -l h -d 'Print a summary'
