# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Java NIO: a selector at each end, and 20 channels that do not block.
# shellcheck disable=SC2034,SC2086,SC2154

needs='openjdk-17-jdk-headless'
port=8084
java=(java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m -cp)

prepare() {
	javac -d "$work" "$here/Echo.java"
}

serve() {
	at_server "${java[@]}" "$work" Echo serve $server_addr $port
}

round() {
	at_client "${java[@]}" "$work" Echo ask $server_addr $port
}
