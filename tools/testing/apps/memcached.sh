# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# memcached, and a client that pipelines and knows what each answer has to be.
# shellcheck disable=SC2034,SC2086,SC2154

needs='memcached python3'
port=11211

serve() {
	at_server memcached -u nobody -l $server_addr -p $port -U 0
}

round() {
	at_client python3 "$here/redis_verify.py" --memcached $server_addr $port
}
