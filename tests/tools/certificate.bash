# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Certificates for servers of tests.

# make_certificate NAME ISSUER EXTENSION: NAME.crt and NAME.key in this folder,
# signed by ISSUER.key, or by itself if NAME is ISSUER.
make_certificate() {
	local issuer=(-CA "$2.crt" -CAkey "$2.key")
	[ "$1" != "$2" ] || issuer=()
	openssl req -x509 -config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') \
		-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj "/CN=$1" -addext "$3" "${issuer[@]}" -keyout "$1.key" \
		-out "$1.crt"
}
