#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module comes when a socket asks for it, and stays while one is there.
# Runs in the VM, with --autoload.

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
cat=$programs/rsess_cat
port=7100
pid=

loaded() {
	[ -d /sys/module/rsess ]
}

listening() {
	ss -Hltn "sport = :$port" | grep -q .
}

stop() {
	kill "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
}

# Clients that say nothing, some that talk nonsense, and sessions that begin; dials
# that nobody answers. All of it is in the middle when the programs are killed.
handshakes() {
	local peer fd

	"$cat" -l 127.0.0.1 $port >/dev/null 2>&1 </dev/null &
	pids=($!)
	until_true listening || return
	for peer in $(seq 20); do
		(exec {fd}<>/dev/tcp/127.0.0.1/$port &&
			[ $((peer % 3)) -eq 0 ] || echo nonsense >&"$fd"
		sleep 1000) 2>/dev/null &
		pids+=($!)
		"$cat" 127.0.0.1 $((port + peer % 2)) >/dev/null 2>&1 \
			</dev/zero &
		pids+=($!)
	done
}

unload_during_handshakes() {
	local code round

	# Nothing that is sent there arrives.
	nft "add table inet rsess_module
		add chain inet rsess_module input { type filter hook input priority 0; }
		add rule inet rsess_module input tcp dport $((port + 1)) drop"
	for round in 1 2 3 4 5; do
		# 1: a session or nothing, so plain clients have to say HELLO
		modprobe rsess &&
			echo $((round % 2)) >/proc/sys/net/rsess/negotiate &&
			handshakes && sleep "0.$round" &&
			! modprobe -r rsess 2>/dev/null
		code=$?
		kill -9 "${pids[@]}" 2>/dev/null
		wait 2>/dev/null
		[ $code -eq 0 ] && until_true modprobe -r rsess 2>/dev/null ||
			return
		loaded && return 1
	done
	nft delete table inet rsess_module
}

# Not before, though the module is there.
sctp_comes_when_asked_for() {
	modprobe rsess && [ ! -d /sys/module/sctp ] &&
		python3 -c 'import socket; socket.socket(18, socket.SOCK_STREAM, 132)' &&
		[ -d /sys/module/sctp ]
}

# IPPROTO_RSESS is 258; the module is there as long as the socket.
socket_of_inet_loads_it() {
	local family

	for family in AF_INET AF_INET6; do
		loaded && return 1
		python3 -c "import os, socket
socket.socket(socket.$family, socket.SOCK_STREAM, 258)
os._exit(0 if os.path.isdir('/sys/module/rsess') else 1)" ||
			return
		until_true modprobe -r rsess 2>/dev/null || return
	done
}

plan 9

loaded
result $((! $?)) module.is_not_loaded_before

"$cat" -l 127.0.0.1 $port >/dev/null </dev/null &
pid=$!
until_true listening && loaded
result $? module.socket_loads_it

# What only lingers keeps nothing.
echo 3600000 >/proc/sys/net/rsess/listen_linger

modprobe -r rsess 2>/dev/null
result $((! $?)) module.unload_is_refused_while_a_socket_exists

stop
listening && until_true modprobe -r rsess 2>/dev/null && ! loaded &&
	! listening
result $? module.unload_when_the_last_socket_is_gone

unload_during_handshakes
result $? module.unload_during_handshakes

if [ -d /sys/module/sctp ]; then
	skip module.sctp_comes_when_asked_for "SCTP is part of this kernel"
else
	sctp_comes_when_asked_for && modprobe -r rsess
	result $? module.sctp_comes_when_asked_for
fi

socket_of_inet_loads_it
result $? module.socket_of_inet_loads_it

modprobe rsess family=19 &&
	[ "$(cat /sys/module/rsess/parameters/family)" -eq 19 ] &&
	! "$cat" -l 127.0.0.1 $port >/dev/null 2>&1 </dev/null
result $? module.family_is_a_parameter

modprobe -r rsess && ! modprobe rsess family=99 2>/dev/null && ! loaded
result $? module.family_out_of_range

[ "$failed" -eq 0 ]
