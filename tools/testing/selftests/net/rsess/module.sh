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

plan 6

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

modprobe rsess family=19 &&
	[ "$(cat /sys/module/rsess/parameters/family)" -eq 19 ] &&
	! "$cat" -l 127.0.0.1 $port >/dev/null 2>&1 </dev/null
result $? module.family_is_a_parameter

modprobe -r rsess && ! modprobe rsess family=99 2>/dev/null && ! loaded
result $? module.family_out_of_range

[ "$failed" -eq 0 ]
