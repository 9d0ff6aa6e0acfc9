# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# HAProxy, which is told to read its configuration anew in the middle of each round: the
# process that comes takes over the listening sockets, and the one that goes ends its
# connections in order.
# shellcheck disable=SC2034,SC2086,SC2154

needs='haproxy curl'
port=8082
fetches=400

prepare() {
	head -c 40000 /dev/urandom >"$work/body"
	cat >"$work/haproxy.cfg" <<-END
	global
		tune.bufsize 65536
	defaults
		mode http
		timeout client 600s
		timeout http-request 600s
		timeout connect 60s
		timeout server 600s
	frontend f
		bind $server_addr:$port
		http-request return status 200 content-type application/octet-stream file $work/body
	END
}

serve() {
	at_server haproxy -W -f "$work/haproxy.cfg" -p "$work/haproxy.pid"
}

fetch_all() {
	rm -rf "$work/got"
	mkdir "$work/got"
	at_client curl --no-progress-meter --fail --fail-early --parallel \
		--parallel-max 8 "http://$server_addr:$port/[1-$fetches]" \
		--output "$work/got/#1"
}

as_wanted() {
	[ "$(sha256sum "$work/got"/* | cut -c 1-64 | sort | uniq -c)" = \
		"$(printf '%7d %s' $fetches "$(sha256sum <"$work/body" | cut -c 1-64)")" ]
}

round() {
	fetch_all &
	until_true test -e "$work/got/100"
	reload
	wait $! && as_wanted
}

# said N TEXT: the server has, so often
said() {
	[ "$(grep -c "$2" "$work/server.log")" -eq "$1" ]
}

# A signal may be missed by a process that is about to replace itself, so the next one is not sent
# before that has begun to serve; and if it is missed all the same, again.
reload() {
	local i

	for i in {1..4}; do
		kill -USR2 "$(cat "$work/haproxy.pid")"
		PATIENCE=10 until_true said $((number + 1)) 'Loading success' && return
	done
}

# Those that went have ended by themselves.
replaced() {
	said "$number" 'Former worker .* exited with code 0'
}

settle() {
	until_true replaced
}
