#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Other programs read a request as the worker does: if the worker accepts it,
# nginx and Go's net/http (in Caddy) accept it with the same path, query, and
# parameters. A request that two programs read differently can bypass one of
# them.

# shellcheck disable=SC2154 # set by what is loaded
load helpers
load worker

setup() {
	need_root
	need nginx
	need caddy
	make_network
	make_open_dir
	start_mirror_nginx
	start_mirror_caddy
}

# Both answer with the request as they read it.
start_mirror_nginx() {
	nginx_configure "$open_dir" "" <<-END
		client_header_buffer_size 64k;
		large_client_header_buffers 4 64k;
		server {
			listen 127.0.0.1:8001;
			add_header X-Path \$uri always;
			add_header X-Query \$args always;
			location / {
				return 200 "";
			}
		}
	END
	start nginx "${isolated[@]}" nginx -p "$open_dir" \
		-c "$open_dir/nginx.conf" -e "$open_dir/error.log"
	eventually enter bash -c 'echo >/dev/tcp/127.0.0.1/8001'
}

start_mirror_caddy() {
	local name body=
	for name in filter interface snaplen count duration format precision \
		linktype payload promisc watermark; do
		body+="{http.request.uri.query.$name}\\u001f"
	done
	cat >"$open_dir/caddy.json" <<-END
		{"admin": {"disabled": true}, "apps": {"http": {"servers": {
		"mirror": {"listen": ["127.0.0.1:8002"],
		"automatic_https": {"disable": true},
		"routes": [{"handle": [{"handler": "static_response",
			"status_code": 200, "body": "$body",
			"headers": {"X-Path": ["{http.request.uri.path}"],
			"X-Query": ["{http.request.uri.query}"]}}]}]}}}}}
	END
	start caddy "${isolated[@]}" env HOME="$open_dir" \
		XDG_CONFIG_HOME="$open_dir" XDG_DATA_HOME="$open_dir" \
		caddy run --config "$open_dir/caddy.json"
	eventually enter bash -c 'echo >/dev/tcp/127.0.0.1/8002'
}

@test "random requests: the worker, nginx, and Go read them alike" {
	local corpus=("$BATS_TEST_DIRNAME"/../fuzz/corpus/fuzz_request/*)
	enter "$TOOLS/differ" 8001 8002 "${ROUNDS:-3000}" "${corpus[@]}" |
		sed 's/^/# /' >&3
	[ "${PIPESTATUS[0]}" -eq 0 ]
}
