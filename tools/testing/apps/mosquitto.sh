# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Mosquitto: a client publishes 3,000 messages with QoS 0, which nobody sends again, and
# another one gets each of them, in order.
# shellcheck disable=SC2034,SC2086,SC2154

needs='mosquitto mosquitto-clients'
port=1883
messages=3000

prepare() {
	seq $messages >"$work/messages"
	cat >"$work/mosquitto.conf" <<-END
	listener $port $server_addr
	allow_anonymous true
	user root
	max_queued_messages 0
	log_type subscribe
	END
}

serve() {
	at_server mosquitto -c "$work/mosquitto.conf"
}

# The broker says so.
subscribed() {
	[ "$(grep -c ' 0 t$' "$work/server.log")" -ge "$number" ]
}

round() {
	local status=0 sub

	at_client mosquitto_sub -h $server_addr -p $port -q 0 -t t \
		-C $messages >"$work/got" &
	sub=$!
	until_true subscribed &&
	at_client mosquitto_pub -h $server_addr -p $port -q 0 -t t -l \
		<"$work/messages" || status=1
	[ $status -eq 0 ] || kill $sub
	wait $sub || status=1
	[ $status -eq 0 ] && cmp "$work/got" "$work/messages"
}
