# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Python's asyncio: 40 clients at once, each with many messages of all sizes.
# shellcheck disable=SC2034,SC2086,SC2154

needs='python3'
port=8888

serve() {
	at_server python3 "$here/streams.py" serve $server_addr $port
}

round() {
	at_client python3 "$here/streams.py" ask $server_addr $port
}
