# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by the tests that load this
# shellcheck disable=SC2153,SC2154 # WORKER and more come from what is loaded
#
# Sites, on top of helpers.bash, worker.bash, and client.bash: each is a network
# with one of the proxies before a worker, configured by units/examples. There
# can be several at once.

proxies=(nginx haproxy caddy apache)
examples=$BATS_TEST_DIRNAME/../../units/examples
users=ann:let-me-in

other=8081 # where the proxy has another site, with nothing of ddump's
threads=25 # of Apache, for both

site=  # the name of the current one
proxy= # and what stands in it
declare -gA namespaces
folders=()

# The files of /etc/ddump and of clients, in $pki.
make_certificates() {
	local authority=basicConstraints=critical,CA:true
	cd "$pki" || return
	make_certificate ca ca "$authority"
	make_certificate clients clients "$authority"
	make_certificate between clients "$authority"
	make_certificate server ca subjectAltName=IP:127.0.0.1,IP:::1
	make_certificate ann between extendedKeyUsage=clientAuth
	make_certificate other other "$authority"
	make_certificate mallory other extendedKeyUsage=clientAuth
	cat ann.crt between.crt >chain.crt
	echo "ann:$(openssl passwd -6 "${users#*:}")" >users
	chmod 644 ./*.key users
}

group_of() {
	if [ "$1" = haproxy ]; then
		echo haproxy
	else
		id -gn nobody
	fi
}

# make_site NAME [PROXY]: a network of its own, and a folder that the proxy can
# read.
make_site() {
	site=$1
	proxy=${2:-$1}
	namespaces[$site]=ddump-$site-$$-${BATS_TEST_NUMBER:-0}
	ip netns add "${namespaces[$site]}"
	ip -n "${namespaces[$site]}" link set lo up
	go_to "$site"
	make_open_dir
	folders+=("$open_dir")
}

# From now on commands run in the network of that site.
go_to() {
	ns=${namespaces[$1]}
	isolated=(ip netns exec "$ns" sh -c "$without_journal" sh)
	under=("${isolated[@]}")
}

start_backend() {
	rm -f "$open_dir/socket" "$BATS_TEST_TMPDIR/$site-worker.err"
	start "$site-worker" "${isolated[@]}" "$WORKER" \
		-listen "unix:$open_dir/socket" -socket-group "$(group_of "$proxy")"
	worker=${started[-1]}
	eventually grep -q 'listens on' "$BATS_TEST_TMPDIR/$site-worker.err"
}

# example NAME [SED OPTION]...: an example as installed, with the paths of
# certificates and socket replaced.
example() {
	local name=$1
	shift
	sed -E -e "s|/etc/ddump/|$pki/|g; s|/run/ddump-worker.sock|$open_dir/socket|g" \
		"$@" "$examples/$name"
}

# Enables the lines for passwords in an example: "#" without a space after it.
with_users() {
	local hash=
	case $proxy in
	haproxy) hash=$(openssl passwd -6 "${users#*:}") ;;
	caddy) hash=$(caddy hash-password --plaintext "${users#*:}") ;;
	esac
	edits=(-e 's/^([[:blank:]]*)#([^ ])/\1\2/' -e "s|HASH|$hash|")
}

# start_proxy [SED OPTION]...: the proxy of the site.
start_proxy() {
	"start_$proxy" "$@"
	eventually "${isolated[@]}" bash -c 'echo >/dev/tcp/127.0.0.1/8475'
	kill -0 "${started[-1]}"
}

# The parts of a distribution's nginx.conf that matter.
start_nginx() {
	example nginx.conf "$@" >"$open_dir/ddump.conf"
	nginx_configure "$open_dir" "user nobody $(group_of nginx);" <<-END
		gzip on;
		include $open_dir/ddump.conf;
		server {
			listen $other;
			return 200;
		}
	END
	start nginx "${isolated[@]}" nginx -c "$open_dir/nginx.conf" \
		-e "$open_dir/error.log"
}

start_haproxy() {
	example haproxy.cfg "$@" >"$open_dir/haproxy.cfg"
	cat >>"$open_dir/haproxy.cfg" <<-END
		listen other
			mode http
			bind :$other
			timeout client 5s
			timeout server 5s
			timeout connect 5s
			http-request return status 200
	END
	start haproxy "${isolated[@]}" haproxy -db -f "$open_dir/haproxy.cfg"
}

start_caddy() {
	{
		example Caddyfile "$@"
		printf 'http://:%d {\n\trespond other\n}\n' "$other"
	} >"$open_dir/Caddyfile"
	mkdir "$open_dir/home"
	chown nobody "$open_dir/home"
	start caddy "${isolated[@]}" env -u XDG_CONFIG_HOME -u XDG_DATA_HOME \
		HOME="$open_dir/home" setpriv --reuid nobody \
		--regid "$(group_of caddy)" --clear-groups \
		caddy run --adapter caddyfile --config "$open_dir/Caddyfile"
}

# The modules that a distribution loads, and those that the example enables by
# a2enmod.
apache_modules() {
	local name folder
	for folder in /usr/lib/apache2/modules /etc/httpd/modules; do
		for name in mpm_event unixd authn_core authn_file authz_core \
			authz_user auth_basic reqtimeout deflate env filter ssl \
			headers proxy proxy_http; do
			[ ! -e "$folder/mod_$name.so" ] || echo \
				"LoadModule ${name}_module $folder/mod_$name.so"
		done
	done
}

start_apache() {
	example apache.conf "$@" >"$open_dir/ddump.conf"
	{
		apache_modules
		cat <<-END
			ServerRoot $open_dir
			DefaultRuntimeDir $open_dir
			ServerName localhost
			PidFile $open_dir/apache.pid
			ErrorLog $open_dir/error.log
			User nobody
			Group $(group_of apache)
			AddOutputFilterByType DEFLATE text/plain
			Include $open_dir/ddump.conf
			ServerLimit 1
			ThreadsPerChild $threads
			MaxRequestWorkers $threads
			Listen $other
			<VirtualHost *:$other>
				Timeout 5
			</VirtualHost>
		END
	} >"$open_dir/apache.conf"
	start apache "${isolated[@]}" "$(apache_program)" -D FOREGROUND \
		-f "$open_dir/apache.conf"
}

apache_program() {
	command -v apache2 || command -v httpd
}

# Ends all sites.
remove_sites() {
	local it
	stop_all
	for it in "${namespaces[@]}"; do
		[ ! -e "/run/netns/$it" ] || ip netns del "$it"
	done
	[ ${#folders[@]} -eq 0 ] || rm -rf "${folders[@]}"
	namespaces=() folders=()
}

# through_each COMMAND...: once for each proxy, alone in its site.
through_each() {
	local it
	for it in "${proxies[@]}"; do
		echo "# through $it:"
		make_site "$it"
		"$@"
		remove_sites
	done
}

# Options of the client: -ca, -cert, and -key.
options_of_ann() {
	trusting=(-ca "$pki/ca.crt")
	as_ann=("${trusting[@]}" -cert "$pki/chain.crt" -key "$pki/ann.key")
}

# fetch PATH [CURL OPTION]...: through the proxy, with a certificate.
fetch() {
	local path=$1
	shift
	enter curl -gsS -N --max-time 30 --cacert "$pki/ca.crt" \
		--cert "$pki/chain.crt" --key "$pki/ann.key" "$@" \
		"https://${host:-127.0.0.1}:8475$path"
}

# start_fetch NAME QUERY: the same in the background, into NAME.pcap; it has
# begun when this returns. ${captures[NAME]} is its process.
start_fetch() {
	local file=$BATS_TEST_TMPDIR/$1.pcap
	rm -f "$file"
	start "$1" "${isolated[@]}" curl -gsSf -N --cacert "$pki/ca.crt" \
		--cert "$pki/chain.crt" --key "$pki/ann.key" -o "$file" \
		"https://127.0.0.1:8475/capture?$2"
	captures[$1]=${started[-1]}
	eventually test -s "$file"
}
