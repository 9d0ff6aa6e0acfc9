# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Apache, and its own ab with connections that are kept.
# shellcheck disable=SC2034,SC2086,SC2154

needs='apache2 apache2-utils'
port=8083
requests=2000

prepare() {
	mkdir -p "$work/www"
	head -c 20000 /dev/urandom >"$work/www/file"
	cat >"$work/apache.conf" <<-END
	ServerRoot $work
	ServerName $server_addr
	Listen $server_addr:$port
	LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
	LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
	PidFile $work/apache.pid
	Mutex file:$work
	ErrorLog /dev/stderr
	User nobody
	Group nogroup
	DocumentRoot $work/www
	MaxKeepAliveRequests 0
	KeepAliveTimeout 600
	END
}

serve() {
	rm -f "$work/apache.pid"
	at_server apache2 -D FOREGROUND -f "$work/apache.conf"
}

as_wanted() {
	grep -q "^Complete requests: *$requests\$" "$work/ab.log" &&
	grep -q '^Failed requests: *0$' "$work/ab.log" &&
	grep -q "^HTML transferred: *$((20000 * requests)) bytes\$" "$work/ab.log"
}

round() {
	at_client ab -k -q -n $requests -c 8 \
		"http://$server_addr:$port/file" >"$work/ab.log" 2>&1 &&
	as_wanted && return
	cat "$work/ab.log"
	return 1
}
