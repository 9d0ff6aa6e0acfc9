# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# iperf3: one stream, four, and four the other way.
# shellcheck disable=SC2034,SC2086,SC2154

needs='iperf3'
port=5201

serve() {
	at_server iperf3 --server --bind $server_addr --port $port
}

measure() {
	at_client iperf3 --client $server_addr --port $port --time 4 "$@"
}

round() {
	measure && measure --parallel 4 && measure --parallel 4 --reverse
}
