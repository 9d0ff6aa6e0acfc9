# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# redis-server with redis-benchmark, and a client that pipelines: it knows what
# each answer has to be.
# shellcheck disable=SC2034,SC2086,SC2154

needs='redis-server redis-tools python3'
port=6379

serve() {
	at_server redis-server --bind $server_addr --port $port --save '' \
		--protected-mode no --dir "$work"
}

round() {
	at_client python3 "$here/redis_verify.py" $server_addr $port &&
	at_client redis-benchmark -h $server_addr -p $port -q -c 20 -P 4 \
		-n 10000 -d 200 -t set,get,lrange_100
}
