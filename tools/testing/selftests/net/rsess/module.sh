#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module comes when a socket asks for it, and stays while one is there.
# Runs in the VM, with --autoload.

set -u

here=$(dirname "$(readlink -f "$0")")
cat=${RSESS_SELFTESTS:-$here/../../../../../build/selftests}/rsess_cat
port=7100
tests=0
failed=0
pid=

result() { # STATUS NAME
	tests=$((tests + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tests module.$2"
	else
		echo "not ok $tests module.$2"
		failed=1
	fi
}

# until_true COMMAND...: at most 20 seconds
until_true() {
	local i

	for ((i = 0; i < 200; i++)); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

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

echo "TAP version 13"
echo "1..6"

loaded
result $((! $?)) "is_not_loaded_before"

"$cat" -l 127.0.0.1 $port >/dev/null </dev/null &
pid=$!
until_true listening && loaded
result $? "socket_loads_it"

modprobe -r rsess 2>/dev/null
result $((! $?)) "unload_is_refused_while_a_socket_exists"

stop
until_true modprobe -r rsess 2>/dev/null && ! loaded
result $? "unload_when_the_last_socket_is_gone"

modprobe rsess family=19 &&
	[ "$(cat /sys/module/rsess/parameters/family)" -eq 19 ] &&
	! "$cat" -l 127.0.0.1 $port >/dev/null 2>&1 </dev/null
result $? "family_is_a_parameter"

modprobe -r rsess && ! modprobe rsess family=99 2>/dev/null && ! loaded
result $? "family_out_of_range"

[ "$failed" -eq 0 ]
