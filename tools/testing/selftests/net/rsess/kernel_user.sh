#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Users of AF_RSESS in the kernel: rsess_kuser.ko transfers in both directions,
# undisturbed and while its connections are destroyed.  Runs in the VM.

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
ko=${KUSER_KO:-$here/../../../../../build/$(uname -r)/rsess_kuser.ko}
port=7000

counter() {
	awk -v name="$1" '$1 == name { print $2 }' /proc/net/rsess_stat
}

# Until the file $1 goes away, destroy the connections of the port.
tear() {
	local i

	for ((i = 0; i < 2000; i++)); do
		[ -e "$1" ] || return
		ss -Kt "sport = :$port" >/dev/null 2>&1
		sleep 0.1
	done
}

insmod_kuser() { # MEGABYTES FAMILY
	insmod "$ko" port=$port mbytes="$1" family="$2" && rmmod rsess_kuser
}

plan 3

insmod_kuser 4 2
result $? kernel_user.the_test_passes_over_tcp

insmod_kuser 16 18
result $? kernel_user.both_directions

before=$(counter Resumes)
flag=$(mktemp)
tear "$flag" &
insmod_kuser 64 18
status=$?
rm -f "$flag"
wait
echo "# resumes: $(($(counter Resumes) - before))"
[ "$(counter Resumes)" -gt "$before" ] || status=1
result $status kernel_user.both_directions_under_resets

[ "$failed" -eq 0 ]
