# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Node.js: an HTTP server, and a client that keeps 20 connections and compares.
# shellcheck disable=SC2034,SC2086,SC2154

needs='nodejs'
port=8081

serve() {
	at_server node "$here/node.js" serve $server_addr $port
}

round() {
	at_client node "$here/node.js" ask $server_addr $port
}
