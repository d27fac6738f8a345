# shellcheck shell=bash
#
# What every nginx of the tests needs in its "http" block.

# nginx_files DIR: instead of the distribution's folders for temporary files.
nginx_files() {
	local kind
	for kind in client_body proxy fastcgi uwsgi scgi; do
		echo "${kind}_temp_path $1/$kind;"
	done
}
