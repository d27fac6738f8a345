#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# TLS of the client: certificates that it accepts and sends, and its messages
# about failures. nginx serves captures with TLS; the authorities are made in
# setup.

# shellcheck disable=SC2034,SC2154 # used and set by what is loaded
# shellcheck disable=SC2030,SC2031 # bats' run sets them, in this very test
load helpers
load worker
load client
bats_require_minimum_version 1.5.0

recipes=("id=1&packets=300" "id=2&packets=200&swap=1")

past=(-startdate 20200101000000Z -enddate 20200201000000Z)
future=(-startdate 20900101000000Z -enddate 20900201000000Z)

# issue NAME ISSUER EXTENSIONS [DATES]...: makes NAME.pem and NAME.key with
# "openssl ca", the only command that accepts dates in the past.
issue() {
	local name=$1 issuer=$2 extensions=$3
	shift 3
	[ $# -gt 0 ] || set -- -days 30
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj "/CN=$name" -keyout "$name.key" -out "$name.csr"
	printf '%b' "$extensions" >"$name.ext"
	if [ "$issuer" = "$name" ]; then
		set -- -selfsign -keyfile "$name.key" "$@"
	else
		set -- -cert "$issuer.pem" -keyfile "$issuer.key" "$@"
	fi
	openssl ca -batch -notext -config ca.conf \
		-extfile "$name.ext" -in "$name.csr" -out "$name.pem" "$@"
}

# revoke NAME...: by the root authority.
revoke() {
	local name
	for name; do
		openssl ca -config ca.conf -cert root.pem -keyfile root.key \
			-revoke "$name.pem"
	done
}

# make_list NAME ISSUER [DATES]...: NAME.crl, of all certificates revoked so
# far.
make_list() {
	local name=$1 issuer=$2
	shift 2
	[ $# -gt 0 ] || set -- -crldays 30
	openssl ca -gencrl -config ca.conf -cert "$issuer.pem" \
		-keyfile "$issuer.key" -out "$name.crl" "$@"
}

make_authorities() {
	local authority='basicConstraints=critical,CA:true\n'
	local here='subjectAltName=IP:127.0.0.1\n'
	touch index
	echo 'unique_subject = no' >index.attr
	cat >ca.conf <<-END
		[ca]
		default_ca = here
		[here]
		database = index
		new_certs_dir = .
		default_md = sha256
		rand_serial = yes
		policy = any
		[any]
		commonName = supplied
	END
	issue root root "$authority"
	issue other other "$authority"
	issue server root "$here"
	issue elsewhere root 'subjectAltName=DNS:elsewhere.example\n'
	issue server-expired root "$here" "${past[@]}"
	issue alone alone "$here"
	# client certificates are issued by an intermediate authority
	issue between root "$authority"
	issue client between 'extendedKeyUsage=clientAuth\n'
	issue client-expired between 'extendedKeyUsage=clientAuth\n' \
		"${past[@]}"
	issue client-future between 'extendedKeyUsage=clientAuth\n' \
		"${future[@]}"
	cat client.pem between.pem >chain.pem
	# servers of intermediate authorities, one of which is revoked
	issue below between "$here"
	issue gone root "$authority"
	issue below-gone gone "$here"
	cat below.pem between.pem >below-chain.pem
	cat below-gone.pem gone.pem >below-gone-chain.pem
	cp below.key below-chain.key
	cp below-gone.key below-gone-chain.key
	issue revoked root "$here"
	revoke revoked gone
	issue client-other other 'extendedKeyUsage=clientAuth\n'
	issue client-revoked root 'extendedKeyUsage=clientAuth\n'
	revoke client-revoked
	make_list root root
	make_list between between
	make_list gone gone
	make_list other other
	make_list expired root -crl_lastupdate 20200101000000Z \
		-crl_nextupdate 20200201000000Z
	make_list future root -crl_lastupdate 20900101000000Z \
		-crl_nextupdate 20900201000000Z
	# one that claims to be issued by the root
	openssl ecparam -genkey -name prime256v1 -noout -out false.key
	openssl req -x509 -key false.key -subj /CN=root -days 30 \
		-addext subjectKeyIdentifier=none \
		-addext authorityKeyIdentifier=none -out false.pem
	make_list false false
	openssl pkey -aes256 -passout pass:open-sesame -in client.key \
		-out locked.key
	mkdir hashed hashed-other
	cp root.pem hashed/
	cp other.pem hashed-other/
	openssl rehash hashed
	openssl rehash hashed-other
}

# The files that nginx serves: captures as a worker would have sent them.
make_files() {
	local i
	serve
	for i in 0 1; do
		curl -sSo "www/$i.pcap" "$url/stream?${recipes[i]}"
	done
	stop_all
	cp www/0.pcap www/capture
	echo "no capture at all, but a line of text" >www/text
}

setup_file() {
	command -v nginx openssl curl >/dev/null || return 0
	export pki=$BATS_FILE_TMPDIR
	cd "$pki" || return
	make_authorities >log 2>&1
	mkdir www
	BATS_TEST_TMPDIR=$pki
	make_files
}

setup() {
	need nginx
	need openssl
	need curl
	web=$(free_port)
	nginx=()
}

teardown() {
	remove_network
}

# nginx writes its process id after it has opened its ports.
nginx_has_begun() {
	[ -s "$BATS_TEST_TMPDIR/nginx.pid" ] || is_gone "${started[-1]}"
}

# nginx as the user that runs the tests, one process; stdin is its "server"
# blocks. False if it did not start, because the port is in use.
start_nginx() {
	local dir=$BATS_TEST_TMPDIR
	{
		cat <<-END
			ssl_certificate $pki/server.pem;
			ssl_certificate_key $pki/server.key;
			default_type text/plain;
			root $pki/www;
		END
		cat
	} | nginx_configure "$dir" "master_process off;" "$dir/access.log"
	rm -f "$dir/nginx.pid"
	start nginx "${nginx[@]}" "$(command -v nginx)" -p "$dir" \
		-c "$dir/nginx.conf" -e "$dir/error.log"
	eventually nginx_has_begun
	[ -s "$dir/nginx.pid" ] || {
		cat "$dir/error.log" "$dir/nginx.err"
		return 1
	}
}

# serve_tls [DIRECTIVES]...: by default with a certificate of the root
# authority.
serve_tls() {
	local i
	for i in 1 2 3; do
		start_nginx <<-END && break
			server {
				listen 127.0.0.1:$web ssl;
				$*
			}
		END
		web=$(free_port)
	done
	url=https://127.0.0.1:$web
}

# A server certificate that is not the default one.
certificate() {
	echo "ssl_certificate $pki/$1.pem; ssl_certificate_key $pki/$1.key;"
}

asks_for_certificate() {
	echo "ssl_verify_client on; ssl_verify_depth 2;
		ssl_client_certificate $pki/root.pem;"
}

# The last merge is complete.
complete() {
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[0]}"
}

# The last merge failed, wrote nothing, and the message about the target "odd"
# matches.
refused() {
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -qiE "^ddump: odd: .*($1)" "$said"
	run ! grep -q "capturing on" "$said"
}

nobody_asked() {
	run ! grep -q '"GET' "$BATS_TEST_TMPDIR/access.log"
}

@test "a private certificate authority: not trusted by default" {
	serve_tls
	merge odd="$url"
	refused "certificate"
	grep -q -- "-ca FILE" "$said"
	nobody_asked
}

@test "-ca: the authority is trusted" {
	local dash
	serve_tls
	for dash in -ca --ca; do
		merge "$dash" "$pki/root.pem" "$url"
		complete
	done
}

@test "-ca with a bundle: every certificate in it is trusted" {
	serve_tls
	cat "$pki/other.pem" "$pki/root.pem" >"$BATS_TEST_TMPDIR/bundle.pem"
	merge -ca "$BATS_TEST_TMPDIR/bundle.pem" "$url"
	complete
}

@test "SSL_CERT_FILE and SSL_CERT_DIR: trusted" {
	serve_tls
	SSL_CERT_FILE=$pki/root.pem merge "$url"
	complete
	SSL_CERT_DIR=$pki/hashed merge "$url"
	complete
	SSL_CERT_FILE=$pki/other.pem SSL_CERT_DIR=$pki/hashed merge "$url"
	complete
}

# All authorities of a distribution, and our own. If the client read them for
# each connection, time and memory would grow with the targets.
@test "many targets and a large bundle: the bundle is read once" {
	local targets=() bundle=$BATS_TEST_TMPDIR/bundle.pem i
	local system=/etc/ssl/certs/ca-certificates.crt
	[ -e "$system" ] || system=/etc/pki/tls/certs/ca-bundle.crt
	[ -e "$system" ] || skip "needs ca-certificates"
	cat "$system" "$pki/root.pem" >"$bundle"
	serve_tls
	for ((i = 0; i < 200; i++)); do
		targets+=("t$i=$url")
	done
	for i in "-u SSL_CERT_DIR" "SSL_CERT_DIR=$pki/hashed"; do
		# shellcheck disable=SC2206 # two words
		under=(env $i SSL_CERT_FILE="$bundle"
			"$TOOLS/cost" "$BATS_TEST_TMPDIR/peak")
		merge -hold "$patient" "${targets[@]}"
		[ "$status" -eq 0 ]
		[ "$(grep -c " 300 packets, 300 written" "$said")" -eq 200 ]
		bound_peak "200 targets by TLS" 96
	done
}

@test "SSL_CERT_FILE and SSL_CERT_DIR with other authorities: rejected" {
	serve_tls
	SSL_CERT_FILE=$pki/other.pem merge odd="$url"
	refused "certificate"
	SSL_CERT_DIR=$pki/hashed-other merge odd="$url"
	refused "certificate"
}

@test "SSL_CERT_FILE that is not a certificate: an error that names it" {
	local file
	serve_tls
	for file in "$pki/missing" "$pki/www/text"; do
		SSL_CERT_FILE=$file merge odd="$url"
		refused "cannot read the certificate authorities in $file"
	done
	nobody_asked
}

@test "-ca: an authority that the system trusts is rejected" {
	serve_tls
	SSL_CERT_FILE=$pki/root.pem merge -ca "$pki/other.pem" odd="$url"
	refused "certificate"
	SSL_CERT_DIR=$pki/hashed merge -ca "$pki/other.pem" odd="$url"
	refused "certificate"
	nobody_asked
}

# Apache as a proxy that is reached by https, with this certificate.
serve_proxy() {
	local dir=$BATS_TEST_TMPDIR folder name program
	program=$(command -v apache2 || command -v httpd) || skip "needs apache"
	gate=$(free_port)
	{
		for folder in /usr/lib/apache2/modules /etc/httpd/modules; do
			for name in mpm_event unixd authz_core ssl proxy \
				proxy_connect; do
				[ ! -e "$folder/mod_$name.so" ] || echo \
					"LoadModule ${name}_module $folder/mod_$name.so"
			done
		done
		cat <<-END
			ServerRoot $dir
			DefaultRuntimeDir $dir
			ServerName localhost
			PidFile $dir/apache-$gate.pid
			ErrorLog $dir/apache.log
			TransferLog /dev/null
			Listen 127.0.0.1:$gate
			SSLEngine on
			SSLCertificateFile $pki/$1.pem
			SSLCertificateKeyFile $pki/$1.key
			ProxyRequests on
			AllowCONNECT $web
		END
	} >"$dir/apache.conf"
	start apache "$program" -D FOREGROUND -f "$dir/apache.conf"
	eventually answers "$gate"
	export https_proxy=https://127.0.0.1:$gate
}

@test "-ca and -crl: apply to a proxy that speaks TLS and to the server behind it" {
	serve_tls
	serve_proxy server
	merge -ca "$pki/root.pem" "$url"
	complete
	serve_proxy alone
	merge -ca "$pki/root.pem" odd="$url"
	refused "certificate"
	cat "$pki/alone.pem" "$pki/root.pem" >"$BATS_TEST_TMPDIR/both.pem"
	merge -ca "$BATS_TEST_TMPDIR/both.pem" "$url"
	complete
	serve_proxy revoked
	merge -ca "$pki/root.pem" -crl "$pki/root.crl" odd="$url"
	refused "certificate revoked by a list of -crl"
	serve_proxy elsewhere
	merge -ca "$pki/root.pem" odd="$url"
	refused "certificate is for another host name"
}

# libcurl's default bundle is replaced by the root authority, for the client
# alone.
@test "-ca with a proxy that speaks TLS: the system's authorities are rejected" {
	local system=/etc/ssl/certs/ca-certificates.crt
	need_root
	[ -e "$system" ] || system=/etc/pki/tls/certs/ca-bundle.crt
	[ -e "$system" ] || skip "needs ca-certificates"
	serve_tls
	serve_proxy alone
	# shellcheck disable=SC2016 # the shell's that unshare runs
	under=(unshare -m sh -c 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
		sh "$pki/root.pem" "$system")
	https_proxy='' merge "$url"
	complete
	merge -ca "$pki/alone.pem" odd="$url"
	refused "certificate"
	[ "$(grep -c '"GET' "$BATS_TEST_TMPDIR/access.log")" -eq 1 ]
}

# A target that would answer shows that no request was sent.
@test "-ca without a certificate in it: an error before any connection" {
	local file damaged=$BATS_TEST_TMPDIR/damaged.pem
	serve
	{
		cat "$pki/root.pem"
		sed '3s/^....../======/' "$pki/other.pem"
	} >"$damaged"
	: >"$BATS_TEST_TMPDIR/empty"
	for file in "$pki/www/text" "$pki/root.key" "$damaged" \
		"$BATS_TEST_TMPDIR/empty" "$pki/missing" "$pki"; do
		merge -ca "$file" "$url/stream?${recipes[0]}"
		[ "$status" -eq 1 ]
		[ ! -s "$merged" ]
		grep -qF -- "-ca $file: " "$said"
	done
	run ! grep -q "^GET" "$BATS_TEST_TMPDIR/streams.out"
}

@test "a certificate for another host: rejected" {
	serve_tls "$(certificate elsewhere)"
	merge -ca "$pki/root.pem" odd="$url"
	refused "certificate is for another host name"
	# another authority would not help
	run ! grep -q -- "-ca FILE" "$said"
	nobody_asked
}

@test "a certificate signed by an unknown authority: rejected" {
	serve_tls
	merge -ca "$pki/false.pem" odd="$url"
	refused "certificate signature failure; try -ca FILE"
	nobody_asked
}

@test "an expired certificate: rejected" {
	serve_tls "$(certificate server-expired)"
	merge -ca "$pki/root.pem" odd="$url"
	refused "expired"
	run ! grep -q -- "-ca FILE" "$said"
	nobody_asked
}

@test "a self-signed certificate: rejected, unless -ca is the certificate itself" {
	serve_tls "$(certificate alone)"
	merge odd="$url"
	refused "self.signed"
	merge -ca "$pki/root.pem" odd="$url"
	refused "self.signed"
	nobody_asked
	merge -ca "$pki/alone.pem" "$url"
	complete
}

# with_list SERVER LIST...: merges from a server with this certificate, with
# -crl of these lists.
with_list() {
	local server=$1
	shift
	serve_tls "$(certificate "$server")"
	cat "${@/#/$pki/}" >"$BATS_TEST_TMPDIR/lists.pem"
	merge -ca "$pki/root.pem" -crl "$BATS_TEST_TMPDIR/lists.pem" odd="$url"
	stop_all
}

@test "-crl: a certificate that is not revoked is accepted" {
	with_list server root.crl
	complete
	with_list below-chain root.crl between.crl
	complete
	# lists of other authorities may have any content
	with_list server expired.crl other.crl root.crl
	complete
}

@test "-crl: a revoked certificate is rejected, anywhere in the chain" {
	with_list revoked root.crl
	refused "certificate revoked by a list of -crl"
	nobody_asked
	with_list below-gone-chain root.crl gone.crl
	refused "certificate revoked by a list of -crl"
	nobody_asked
	# without -crl the revocation is not noticed
	serve_tls "$(certificate revoked)"
	merge -ca "$pki/root.pem" "$url"
	complete
}

@test "-crl without a current list of each authority: rejected" {
	with_list server other.crl
	refused "unable to get certificate CRL; -crl FILE needs a list of each authority"
	with_list below-chain root.crl
	refused "unable to get certificate CRL; -crl FILE needs a list of each authority"
	with_list below-chain between.crl
	refused "unable to get certificate CRL; -crl FILE needs a list of each authority"
	with_list server other.crl expired.crl
	refused "CRL has expired; try a newer -crl FILE"
	with_list server future.crl
	refused "CRL is not yet valid; try a newer -crl FILE"
	with_list server false.crl
	refused "CRL signature failure;.*forged"
	nobody_asked
}

# A certificate in that file does not make an authority trusted, either.
@test "-crl with certificates in it: no authority becomes trusted" {
	serve_tls
	cat "$pki/root.crl" "$pki/root.pem" >"$BATS_TEST_TMPDIR/lists.pem"
	merge -ca "$pki/other.pem" -crl "$BATS_TEST_TMPDIR/lists.pem" odd="$url"
	refused "certificate"
	nobody_asked
}

@test "one target that is trusted and one that is not: nothing is written" {
	serve
	local good="$url/stream?${recipes[0]}"
	serve_tls
	merge "$good" odd="$url"
	refused "certificate"
	merge -require any "$good" odd="$url"
	[ "$status" -eq 2 ]
	grep -q "odd: .*certificate" "$said"
	verify "$merged" "${recipes[0]}"
}

@test "https to a server without TLS: an error that says so" {
	start_nginx <<-END
		server { listen 127.0.0.1:$web; }
	END
	merge -ca "$pki/root.pem" odd="https://127.0.0.1:$web"
	refused "try http://"
	stop_all
	start worker "$WORKER" -listen "127.0.0.1:$web"
	eventually answers "$web"
	merge -ca "$pki/root.pem" odd="https://127.0.0.1:$web"
	refused "try http://"
}

# nginx answers in plain HTTP, with a page that says so.
@test "http to a server with TLS: an error that says so" {
	serve_tls
	merge odd="http://127.0.0.1:$web"
	refused "400.*https"
}

# Servers other than nginx answer with an alert or close the connection.
@test "http to a server with TLS that does not speak HTTP: an error that says so" {
	start s_server openssl s_server -accept "127.0.0.1:$web" -quiet \
		-cert "$pki/server.pem" -key "$pki/server.key"
	eventually answers "$web"
	merge odd="http://127.0.0.1:$web"
	refused "https|TLS"
}

# The host's own TLS settings must not be the reason for the failure.
@test "TLS 1.1: rejected" {
	cat >"$BATS_TEST_TMPDIR/openssl.cnf" <<-END
		openssl_conf = all
		[all]
		ssl_conf = ssl
		[ssl]
		system_default = lax
		[lax]
		MinProtocol = TLSv1
		CipherString = ALL:@SECLEVEL=0
	END
	export OPENSSL_CONF=$BATS_TEST_TMPDIR/openssl.cnf
	serve_tls "ssl_protocols TLSv1.1; ssl_ciphers ALL:@SECLEVEL=0;"
	# a client that supports it is served
	curl -sS --tlsv1.0 --cacert "$pki/root.pem" "$url/text"
	merge -ca "$pki/root.pem" odd="$url"
	refused "protocol version|TLS"
	run ! grep -q "GET /capture" "$BATS_TEST_TMPDIR/access.log"
}

beside_rekey() {
	local recipe="id=3&packets=500"
	under=(timeout -s KILL 60)
	start rekey "$TOOLS/rekey" "$@"
	eventually grep -q '^listening' "$BATS_TEST_TMPDIR/rekey.out"
	serve
	merge -require any -hold "$patient" -ca "$pki/root.pem" \
		"$url/stream?$recipe" bad="https://127.0.0.1:$(awk \
			'{ print $3 }' "$BATS_TEST_TMPDIR/rekey.out")"
	[ "$status" -eq 2 ]
	grep -q "^ddump: bad: more than 10000 TLS handshake messages" \
		"$said"
	verify "$merged" "$recipe"
	stop_all
}

@test "a server that does nothing after the handshake: the other targets continue" {
	beside_rekey
	beside_rekey "$pki/server.pem" "$pki/server.key"
}

@test "TLS 1.2 and 1.3: accepted" {
	local version
	for version in TLSv1.2 TLSv1.3; do
		serve_tls "ssl_protocols $version;"
		merge -ca "$pki/root.pem" "$url"
		complete
		stop_all
	done
}

@test "-cert and -key: sent, with the chain" {
	local dash
	serve_tls "$(asks_for_certificate)"
	for dash in - --; do
		merge "${dash}ca" "$pki/root.pem" \
			"${dash}cert" "$pki/chain.pem" \
			"${dash}key" "$pki/client.key" "$url"
		complete
	done
}

@test "-cert with certificate, chain, and key in one file: works without -key" {
	serve_tls "$(asks_for_certificate)"
	cat "$pki/chain.pem" "$pki/client.key" >"$BATS_TEST_TMPDIR/all.pem"
	merge -ca "$pki/root.pem" -cert "$BATS_TEST_TMPDIR/all.pem" "$url"
	complete
}

# The server does not have the intermediate certificate: the client must send
# it.
@test "-cert without its chain: rejected with the server's status" {
	serve_tls "$(asks_for_certificate)"
	merge -ca "$pki/root.pem" -cert "$pki/client.pem" \
		-key "$pki/client.key" odd="$url"
	refused "400.*-cert FILE with its chain"
}

@test "no -cert where the server asks for one: the server's message is shown" {
	serve_tls "$(asks_for_certificate)"
	merge -ca "$pki/root.pem" odd="$url"
	refused "400.*certificate.*-cert FILE with its chain"
}

# start_strict VERSION: a server that rejects clients in TLS, where nginx
# answers in HTTP.
start_strict() {
	cat "$pki"/{root,between}.{pem,crl} >"$BATS_TEST_TMPDIR/known.pem"
	start s_server openssl s_server -"$1" -WWW \
		-accept "127.0.0.1:$web" -cert "$pki/server.pem" \
		-key "$pki/server.key" -CAfile "$BATS_TEST_TMPDIR/known.pem" \
		-Verify 2 -verify_return_error -crl_check_all
	eventually answers "$web"
	url=https://127.0.0.1:$web
}

# In TLS 1.3 the rejection arrives after the client's handshake is complete.
@test "-cert that the server rejects: the TLS alert, and what to do" {
	local version who
	for version in tls1_2 tls1_3; do
		start_strict "$version"
		merge -ca "$pki/root.pem" odd="$url"
		refused "TLS alert .*; try -cert FILE"
		for who in client-other client-revoked; do
			merge -ca "$pki/root.pem" -cert "$pki/$who.pem" \
				-key "$pki/$who.key" odd="$url"
			refused "TLS alert \"(unknown ca|certificate revoked)\""
		done
		merge -ca "$pki/root.pem" -cert "$pki/chain.pem" \
			-key "$pki/client.key" odd="$url"
		# it takes the query for a part of the file's name
		refused "the stream is not a capture"
		stop_all
	done
}

# unusable SENTENCE OPTION...: an error before any connection; a target that
# would answer gets no request.
unusable() {
	local sentence=$1
	shift
	merge "$@" "$url/stream?${recipes[0]}"
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -qE -- "$sentence" "$said"
	run ! grep -q "^GET" "$BATS_TEST_TMPDIR/streams.out"
}

@test "-key that does not belong to -cert: an error before any connection" {
	serve
	unusable "-key $pki/server.key: .*does not belong to -cert" \
		-cert "$pki/chain.pem" -key "$pki/server.key"
	unusable "-key needs -cert" -key "$pki/client.key"
}

@test "-cert that is expired or not yet valid: an error before any connection" {
	serve
	unusable "-cert $pki/client-expired.pem: .*expired" \
		-cert "$pki/client-expired.pem" -key "$pki/client-expired.key"
	unusable "-cert $pki/client-future.pem: .*not valid yet" \
		-cert "$pki/client-future.pem" -key "$pki/client-future.key"
}

@test "-cert and -key without valid content: an error before any connection" {
	local file
	serve
	for file in "$pki/www/text" "$pki/missing" "$pki/client.key" "$pki"; do
		unusable "-cert $file: " -cert "$file" -key "$pki/client.key"
	done
	for file in "$pki/www/text" "$pki/missing" "$pki"; do
		unusable "-key $file: " -cert "$pki/chain.pem" -key "$file"
	done
}

@test "-crl without valid content, or expired: an error before any connection" {
	local file der=$BATS_TEST_TMPDIR/der damaged=$BATS_TEST_TMPDIR/damaged
	serve
	openssl crl -in "$pki/root.crl" -outform DER -out "$der"
	{
		cat "$pki/root.crl"
		sed '3s/^....../======/' "$pki/other.crl"
	} >"$damaged"
	for file in "$pki/www/text" "$pki/root.pem" "$der"; do
		unusable "-crl $file: .*no PEM revocation list.*DER" \
			-crl "$file"
	done
	unusable "-crl $damaged: .*damaged" -crl "$damaged"
	unusable "-crl $pki/missing: No such file" -crl "$pki/missing"
	unusable "-crl $pki: " -crl "$pki"
	unusable "-crl $pki/expired.crl: .*expired" -crl "$pki/expired.crl"
}

# A passphrase would not help.
@test "-key without a private key, or -cert alone: an error that says so" {
	local file
	serve
	for file in "$pki/www/text" "$pki/root.pem"; do
		unusable "-key $file: .*no PEM private key" \
			-cert "$pki/chain.pem" -key "$file"
	done
	unusable "-key.*no PEM private key" -cert "$pki/chain.pem"
}

# Starts the client at a terminal of its own, and returns when it prompts for
# the passphrase. Bytes written to descriptor 4 are typed there.
ask_at_terminal() {
	mkfifo "$BATS_TEST_TMPDIR/keyboard"
	merged=$BATS_TEST_TMPDIR/merged.pcap
	said=$BATS_TEST_TMPDIR/said
	export DDUMP url merged said
	# shellcheck disable=SC2016 # script's own shell expands them
	timeout -s KILL 30 script -qefc '"$DDUMP" -ca "$pki/root.pem" \
		-cert "$pki/chain.pem" -key "$pki/locked.key" \
		odd="$url" >"$merged" 2>"$said"' /dev/null \
		<"$BATS_TEST_TMPDIR/keyboard" \
		>"$BATS_TEST_TMPDIR/screen" 2>&1 3>&- &
	started+=($!)
	exec 4>"$BATS_TEST_TMPDIR/keyboard"
	eventually grep -q "$pki/locked.key" "$BATS_TEST_TMPDIR/screen"
}

# type_passphrases TEXT...: types them, and waits for the client's end.
type_passphrases() {
	ask_at_terminal
	printf '%s\r' "$@" >&4
	finish
	exec 4>&-
	echo "ddump ended with $status and said:"
	cat -v "$said" "$BATS_TEST_TMPDIR/screen"
}

@test "an encrypted key: the passphrase is read from the terminal" {
	need script
	serve_tls "$(asks_for_certificate)"
	# one prompt: libcurl must not prompt again
	type_passphrases open-sesame
	complete
	run ! grep -q sesame "$said"
	# the passphrase is not echoed
	run ! grep -q sesame "$BATS_TEST_TMPDIR/screen"
}

@test "an encrypted key with a wrong passphrase: an error" {
	need script
	serve_tls "$(asks_for_certificate)"
	# after a wrong one, another prompt is allowed
	type_passphrases open-barley open-barley
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -q -- "-key $pki/locked.key: .*passphrase" "$said"
	nobody_asked
}

# Without a terminal: stdin may be anything, and may never end.
@test "an encrypted key without a terminal: rejected, whatever stdin is" {
	merged=$BATS_TEST_TMPDIR/ddump.out
	said=$BATS_TEST_TMPDIR/ddump.err
	serve
	mkfifo "$BATS_TEST_TMPDIR/stdin"
	exec 4<>"$BATS_TEST_TMPDIR/stdin"
	# the limit is only for a client that reads stdin
	start ddump timeout -s KILL 20 setsid bash -c 'exec "$@" <&4' bash \
		"$DDUMP" -cert "$pki/chain.pem" -key "$pki/locked.key" \
		"$url/stream?${recipes[0]}"
	finish_merge
	exec 4>&-
	[ "$status" -eq 1 ]
	[ ! -s "$merged" ]
	grep -q -- "-key $pki/locked.key: .*terminal" "$said"
	run ! grep -q "^GET" "$BATS_TEST_TMPDIR/streams.out"
}

# No passphrase is read from stdin, which may be a list of targets.
@test "an encrypted key without a terminal: no line of stdin is read" {
	serve
	said=$BATS_TEST_TMPDIR/said
	status=0
	yes open-sesame 2>/dev/null | timeout -s KILL 20 setsid -w "$DDUMP" \
		-cert "$pki/chain.pem" -key "$pki/locked.key" \
		"$url/stream?${recipes[0]}" >/dev/null 2>"$said" || status=$?
	[ "$status" -eq 1 ]
	grep -q -- "-key $pki/locked.key: .*terminal" "$said"
	run ! grep -q "^GET" "$BATS_TEST_TMPDIR/streams.out"
}

# A user without the passphrase interrupts the prompt.
@test "an encrypted key, Ctrl-C at the prompt: ddump ends" {
	need script
	serve
	url="$url/stream?${recipes[0]}"
	ask_at_terminal
	printf '\003' >&4
	finish
	exec 4>&-
	[ "$status" -ne 0 ]
	[ ! -s "$merged" ]
	[ "$(grep -c Passphrase "$BATS_TEST_TMPDIR/screen")" -eq 1 ]
	run ! grep -q "^GET" "$BATS_TEST_TMPDIR/streams.out"
}

# The password "p:a@s/s%w?r d", which needs escapes, as nginx stores it.
password="p:a@s/s%w?r d"
encoded=p%3Aa%40s%2Fs%25w%3Fr%20d

asks_for_password() {
	printf 'me:%s\n' "$(openssl passwd -apr1 "$password")" \
		>"$BATS_TEST_TMPDIR/users"
	echo "auth_basic here; auth_basic_user_file $BATS_TEST_TMPDIR/users;"
}

@test "Basic authentication: user and password of the URL, with escapes decoded" {
	serve_tls "$(asks_for_password)"
	merge -ca "$pki/root.pem" "${url/127/me:$encoded@127}"
	complete
	grep -q " me .*GET /capture" "$BATS_TEST_TMPDIR/access.log"
}

@test "Basic authentication, none or wrong: 401, and what to do" {
	serve_tls "$(asks_for_password)"
	merge -ca "$pki/root.pem" odd="$url"
	refused "401.*USER:PASSWORD@.*-netrc"
	merge -ca "$pki/root.pem" odd="${url/127/me:wr0ng@127}"
	refused "401.*check user and password"
	run ! grep -q "wr0ng" "$said"
}

@test "Basic authentication from ~/.netrc: only with -netrc" {
	serve_tls "$(asks_for_password)"
	export HOME=$BATS_TEST_TMPDIR
	# this file cannot hold a space, in any version of libcurl
	password=pa:ss@w/d% asks_for_password >/dev/null
	printf 'machine %s\nlogin me\npassword %s\n' \
		elsewhere.example wrong 127.0.0.1 pa:ss@w/d% >"$HOME/.netrc"
	merge -netrc -ca "$pki/root.pem" "$url"
	complete
	merge -ca "$pki/root.pem" odd="$url"
	refused "401"
	# credentials of the target come first
	merge -netrc -ca "$pki/root.pem" odd="${url/127/me:wrong@127}"
	refused "401"
}

# One process talks to nginx all the time, so that there is something to
# observe.
@test "a password during and after a run: not visible anywhere" {
	local recipe="id=1&packets=10&end=never" file
	serve
	serve_tls "$(asks_for_password)" "location / {
		proxy_pass http://127.0.0.1:$port;
		proxy_set_header Authorization \"\";
		proxy_buffering off;
	}"
	start_merge -verbose -hold "$patient" -ca "$pki/root.pem" \
		"${url/127/me:$encoded@127}/stream?$recipe"
	capturing_on 1
	tr '\0' '\n' <"/proc/$client/cmdline" >"$BATS_TEST_TMPDIR/cmdline"
	kill -INT "$client"
	finish_merge
	[ "$status" -eq 0 ]
	verify "$merged" "$recipe"
	stop_all
	# the command line was recorded
	grep -q "id=1" "$BATS_TEST_TMPDIR/cmdline"
	grep -q " me .*GET /stream" "$BATS_TEST_TMPDIR/access.log"
	for file in cmdline ddump.err access.log error.log streams.out; do
		run ! grep -qF -e "$password" -e "$encoded" \
			-e "s/s%w" -e "s%2Fs" "$BATS_TEST_TMPDIR/$file"
	done
	# the proxy does not forward the password
	run ! grep -qi "Basic" "$BATS_TEST_TMPDIR/streams.out"
}

@test "redirects to this or another host: not followed" {
	serve
	local elsewhere="http://localhost:$port/stream?${recipes[0]}"
	serve_tls "$(asks_for_password)" \
		"location /there { return 301 $elsewhere; }" \
		"location /here { return 308 /capture; }"
	merge -ca "$pki/root.pem" odd="${url/127/me:$encoded@127}/there"
	refused "301.*redirect"
	merge -ca "$pki/root.pem" odd="${url/127/me:$encoded@127}/here"
	refused "308.*redirect"
	run ! grep -q "^GET" "$BATS_TEST_TMPDIR/streams.out"
	run ! grep -q "GET /capture" "$BATS_TEST_TMPDIR/access.log"
}

@test "an HTML page with status 404 or 200: rejected" {
	serve_tls "location /page { default_type text/html;
		return 200 '<html><body>welcome</body></html>'; }"
	merge -ca "$pki/root.pem" odd="$url/nothing-here"
	refused "404"
	run ! grep -q "<" "$said"
	merge -ca "$pki/root.pem" odd="$url/page"
	refused "not a capture"
}

@test "a text file: rejected" {
	serve_tls
	merge -ca "$pki/root.pem" odd="$url/text"
	refused "not a capture"
}

@test "a proxy whose worker is down: 502 is reported" {
	serve_tls "location / { proxy_pass http://127.0.0.1:1; }"
	merge -ca "$pki/root.pem" odd="$url"
	refused "502"
}

@test "files of both byte orders through nginx: merged" {
	serve_tls
	[ "$(head -c 4 "$pki/www/0.pcap" | od -An -tx1 | tr -d ' ')" != \
		"$(head -c 4 "$pki/www/1.pcap" | od -An -tx1 | tr -d ' ')" ]
	merge -hold "$patient" -ca "$pki/root.pem" "$url/0.pcap" "$url/1.pcap"
	[ "$status" -eq 0 ]
	verify "$merged" "${recipes[@]}"
}

# Everything at once: a real worker on a unix socket, and nginx with TLS, client
# certificates, and passwords.
@test "a worker behind nginx with mutual TLS and passwords: captured" {
	need_root
	need_stderr
	make_network
	nginx=("${isolated[@]}")
	web=8475
	start_worker -listen "unix:$BATS_TEST_TMPDIR/worker.sock"
	serve_tls "$(asks_for_certificate)" "$(asks_for_password)" \
		"location / {
			proxy_pass http://unix:$BATS_TEST_TMPDIR/worker.sock:;
			proxy_http_version 1.1;
			proxy_set_header Authorization \"\";
		}"
	# port and path are the defaults, for https, too
	under=("${isolated[@]}")
	start_merge -ca "$pki/root.pem" -cert "$pki/chain.pem" \
		-key "$pki/client.key" -c 5 -filter "udp port 4711" \
		"https://me:$encoded@127.0.0.1"
	capturing_on 1
	send 5 100 0 127.0.0.1 4711
	finish_merge
	[ "$status" -eq 0 ]
	tshark -nr "$merged" -T fields -e udp.payload 2>/dev/null |
		cmp - <("$TOOLS/udp_send" -print 5 100 0)
	eventually no_packet_sockets
	# the worker's error message arrives unchanged
	under=("${isolated[@]}")
	start_merge -ca "$pki/root.pem" -cert "$pki/chain.pem" \
		-key "$pki/client.key" odd="https://me:$encoded@127.0.0.1?filtre=x"
	finish_merge
	refused "400.*filtre"
}
