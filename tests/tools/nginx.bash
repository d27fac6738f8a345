# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The configuration of every nginx of the tests.

# nginx_configure DIR MAIN [ACCESS_LOG]: writes DIR/nginx.conf. MAIN is directives
# of the main context, such as the user; the http block is on stdin. All files of
# nginx are in DIR. Requests are logged only if ACCESS_LOG is given.
nginx_configure() {
	local dir=$1 kind
	{
		echo "daemon off; worker_processes 1;"
		echo "$2"
		echo "pid $dir/nginx.pid;"
		echo "error_log $dir/error.log;"
		echo "events { worker_connections ${nginx_connections:-512}; }"
		echo "http {"
		echo "access_log ${3:-off};"
		for kind in client_body proxy fastcgi uwsgi scgi; do
			echo "${kind}_temp_path $dir/$kind;"
		done
		cat
		echo "}"
	} >"$dir/nginx.conf"
}
