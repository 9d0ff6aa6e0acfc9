# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# nginx has files of 1 KB to 20 MB; curl fetches 2,000 in a round, over up to 16
# connections that it keeps.
# shellcheck disable=SC2034,SC2086,SC2154

needs='nginx curl'
port=8080
rounds=5

# SIZE:HOW-OFTEN
fetches='1000:1700 10000:250 100000:40 1000000:8 5000000:1 20000000:1'

prepare() {
	local f

	mkdir -p "$work/www" /var/lib/nginx
	for f in $fetches; do
		head -c "${f%:*}" /dev/urandom >"$work/www/${f%:*}"
		cat <<-END
		url = "http://$server_addr:$port/${f%:*}?[1-${f#*:}]"
		output = "$work/got/${f%:*}.#1"
		END
	done >"$work/fetches"
	(cd "$work/www" && sha256sum -- *) >"$work/sums"
	cat >"$work/nginx.conf" <<-END
	user root;
	worker_processes 2;
	daemon off;
	pid $work/nginx.pid;
	events { }
	http {
		sendfile on;
		tcp_nopush on;
		access_log off;
		server {
			listen $server_addr:$port;
			root $work/www;
		}
	}
	END
}

serve() {
	at_server nginx -e stderr -c "$work/nginx.conf"
}

# Every file is there, and is what it is a copy of.
as_wanted() {
	(cd "$1" && sha256sum -- *) | awk -v fetches="$fetches" '
		NR == FNR { sum[$2] = $1; next }
		{ sub(/\..*/, "", $2); n[$2] += $1 == sum[$2] }
		END {
			split(fetches, f)
			for (i in f) {
				split(f[i], want, ":")
				if (n[want[1]] != want[2]) {
					print n[want[1]], "right, not", f[i]
					exit 1
				}
			}
		}' "$work/sums" -
}

round() {
	rm -rf "$work/got"
	mkdir "$work/got"
	at_client curl --no-progress-meter --fail --fail-early --parallel \
		--parallel-max 16 --config "$work/fetches" || return
	as_wanted "$work/got"
}
