# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# stunnel on both hosts: what is reset is TLS, and redis-server is behind it.
# shellcheck disable=SC2034,SC2086,SC2154

needs='stunnel4 redis-server redis-tools python3'
port=6390
inside=6379

prepare() {
	echo "rsess:$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" \
		>"$work/secrets"
	chmod 600 "$work/secrets"
	cat >"$work/server.conf" <<-END
	foreground = yes
	pid =
	[s]
	accept = $server_addr:$port
	connect = 127.0.0.1:$inside
	ciphers = PSK
	PSKsecrets = $work/secrets
	END
	cat >"$work/client.conf" <<-END
	foreground = yes
	pid =
	[c]
	client = yes
	accept = 127.0.0.1:$inside
	connect = $server_addr:$port
	ciphers = PSK
	PSKsecrets = $work/secrets
	END
}

serve() {
	ip netns exec "$server" redis-server --bind 127.0.0.1 --port $inside \
		--save '' --dir "$work" &
	at_server stunnel "$work/server.conf"
}

populate() {
	ip netns exec "$client" "${run[@]}" stunnel "$work/client.conf" &
	until_true answers
}

answers() {
	ip netns exec "$client" redis-cli -p $inside ping | grep -q PONG
}

round() {
	ip netns exec "$client" timeout -k 10 "$patience" \
		python3 "$here/redis_verify.py" 127.0.0.1 $inside
}
