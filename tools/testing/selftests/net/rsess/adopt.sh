#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rsess_adopt.ko: the sockets of a module that asks for TCP, rsess_kuser.ko, become
# sessions, and nobody else's do.  Runs in the VM.

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
built=$here/../../../../../build/$(uname -r)
parameters=/sys/module/rsess_adopt/parameters
port=7200
python=/usr/bin/python3

# adopted MODULE: how many of its sockets
adopted() {
	awk -v name="$1" '$1 == name { print $2 }' $parameters/adopted
}

load() { # [PARAMETER...]
	insmod "$built/rsess_adopt.ko" "$@"
}

unload() {
	rmmod rsess_adopt
}

# kuser [PARAMETER...]: its sockets are of AF_INET
kuser() {
	insmod "$built/rsess_kuser.ko" port=$port mbytes=4 family=2 "$@" &&
		rmmod rsess_kuser
}

# --- what is listed, and what is not -------------------------------------------

names() {
	echo "$1" >$parameters/modules 2>/dev/null
}

listed() {
	[ "$(cat $parameters/modules)" = "$1" ]
}

says_what_is_listed() {
	listed "" &&
	names "dlm,nvme-tcp:require,cifs:auto@445,sunrpc@2049" &&
	listed "dlm,nvme_tcp:require,cifs:auto@445,sunrpc@2049" &&
	names "" && listed ""
}

# One bad name, and none of the others is taken.
refuses_some_modules() {
	local name

	names "dlm" || return
	for name in rsess rds_tcp siw drbd smc nbd; do
		! names "cifs,$name" && listed "dlm" &&
		dmesg | grep -q "rsess_adopt: not for $name: " || return
	done
}

refuses_what_is_no_list() {
	names "dlm" || return
	! names "cifs:off" && ! names "cifs:" && ! names ":require" &&
	! names "cifs@" && ! names "cifs@0" && ! names "cifs@65536" &&
	! names "cifs@445:auto" && ! names "$(seq -s, 40)" &&
	! names "$(printf '%080d' 1)" && listed "dlm"
}

# --- sockets ----------------------------------------------------------------------

leaves_others_alone() {
	names "dlm" && kuser && [ -z "$(adopted rsess_kuser)" ]
}

# Both of those that it creates each time, by two functions of the kernel; until some were
# hit.
adopts_under_resets() {
	local before flag i status=0

	names "rsess_kuser" || return
	before=$(counter Resumes)
	flag=$(mktemp)
	tear "$flag" &
	for ((i = 0; i < 50; i++)); do
		[ "$(counter Resumes)" -eq "$before" ] || break
		kuser mbytes=32 adopted=1 || status=1
	done
	rm -f "$flag"
	wait $!
	echo "# resumes: $(($(counter Resumes) - before))"
	[ $status -eq 0 ] && [ "$(counter Resumes)" -gt "$before" ] &&
	[ "$(adopted rsess_kuser)" -eq $((2 * i)) ]
}

# By the third function, of IPv6 too.
adopts_of_each_ip() {
	local before

	before=$(adopted rsess_kuser)
	kuser v6only=1 && [ "$(adopted rsess_kuser)" -eq $((before + 2)) ]
}

# What asks for SCTP has that below.
adopts_of_sctp() {
	local before

	before=$(adopted rsess_kuser)
	{ [ -d /sys/module/sctp ] || modprobe sctp; } &&
	kuser protocol=132 adopted=1 &&
	[ "$(adopted rsess_kuser)" -eq $((before + 2)) ]
}

# What programs do is as before.
leaves_programs_alone() {
	local before

	before=$(adopted rsess_kuser)
	"$python" - <<-END || return
	import socket
	for family in socket.AF_INET, socket.AF_INET6:
	    s = socket.socket(family, socket.SOCK_STREAM)
	    assert s.getsockopt(socket.SOL_SOCKET, 38) == socket.IPPROTO_TCP
	END
	[ "$(adopted rsess_kuser)" -eq "$before" ]
}

stops_when_it_is_told() {
	local before

	before=$(adopted rsess_kuser)
	names "" && kuser && [ "$(adopted rsess_kuser)" -eq "$before" ]
}

# --- policy, with a peer that has TCP only ----------------------------------------

listening() {
	[ -n "$(ss -Hltn "sport = :$port")" ]
}

plain_peer() {
	"$python" - <<-END &
	import socket, time
	s = socket.create_server(("127.0.0.1", $port))
	time.sleep(1000)
	END
	peer=$!
	until_true listening
}

end_peer() {
	kill "$peer" 2>/dev/null
	wait "$peer" 2>/dev/null || :
}

falls_back() {
	local before

	before=$(counter FallbackPeer)
	plain_peer && names "rsess_kuser" && kuser dial=1 adopted=1 &&
	[ "$(counter FallbackPeer)" -gt "$before" ]
}

refused() {
	local said

	said=$("$@" 2>&1)
	[[ $said == *"Protocol not supported"* ]]
}

requires() {
	names "rsess_kuser:require" && refused kuser dial=1
}

# Where the list says nothing the namespace does.
obeys_the_namespace() {
	names "rsess_kuser" && sysctl -qw net.rsess.negotiate=1 &&
	refused kuser dial=1 && names "rsess_kuser:auto" && kuser dial=1 &&
	sysctl -qw net.rsess.negotiate=0
}

# A socket that connects or listens at another port is one of TCP, and nobody asks there
# for more.
adopts_at_its_port_only() {
	local before

	names "rsess_kuser:require@$port" && refused kuser dial=1 && end_peer &&
	kuser adopted=1 || return
	before=$(counter FallbackOff)
	kuser port=$((port + 1)) && [ "$(counter FallbackOff)" -gt "$before" ]
}

# --- loading and unloading -------------------------------------------------------------

# Without ftrace there would be plain sockets, and nobody would know.  Newer kernels never
# switch it off.
keeps_ftrace_on() {
	! sysctl -qw kernel.ftrace_enabled=0 2>/dev/null &&
	[ "$(sysctl -n kernel.ftrace_enabled)" = 1 ] && unload || return
	if sysctl -qw kernel.ftrace_enabled=0 2>/dev/null; then
		! load 2>/dev/null && ! [ -e $parameters ] &&
		sysctl -qw kernel.ftrace_enabled=1 || return
	fi
	load
}

refuses_to_load_with_a_bad_list() {
	unload && ! load modules=rds_tcp 2>/dev/null && ! [ -e $parameters ] &&
	load modules=rsess_kuser:require && listed "rsess_kuser:require"
}

patch=/sys/kernel/livepatch/rsess_patch

patched() {
	[ "$(cat $patch/transition)" = 0 ]
}

unpatch() {
	echo 0 >$patch/enabled && until_true no_patch && rmmod rsess_patch
}

no_patch() {
	! [ -e $patch ]
}

patched_calls() {
	cat /sys/module/rsess_patch/parameters/calls
}

# Whichever of the two is there first, the function is the patch's, and has its arguments
# from here.
lets_a_live_patch_be() {
	local before

	insmod "$built/rsess_patch.ko" && until_true patched || return
	names "rsess_kuser" && before=$(patched_calls) && kuser adopted=1 &&
	[ "$(patched_calls)" -gt "$before" ] || return
	unload && load modules=rsess_kuser && kuser adopted=1 && unpatch &&
	kuser adopted=1
}

# Sessions that were adopted are sessions still.
leaves_sessions_behind() {
	names "rsess_kuser" &&
	ip netns add rsess-adopt && ip -n rsess-adopt link set lo up &&
	ip netns exec rsess-adopt insmod "$built/rsess_kuser.ko" port=$port \
		family=2 stay=1 || return
	unload &&
	ip netns exec rsess-adopt grep -q ESTABLISHED /proc/net/rsess &&
	ip netns del rsess-adopt && rmmod rsess_kuser && load
}

# Sockets are made all the time, by programs and by a module.
make_sockets() {
	local i

	"$python" - "$1" <<-END &
	import os, socket, sys
	while os.path.exists(sys.argv[1]):
	    socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
	END
	for ((i = 0; i < 2000; i++)); do
		[ -e "$1" ] || break
		kuser v6only=1 || rm -f "$1"
	done
	wait
}

comes_and_goes_at_any_time() {
	local flag i status=0

	unload || return
	flag=$(mktemp)
	make_sockets "$flag" &
	for i in $(seq 30); do
		load modules=rsess_kuser && unload || status=1
	done
	[ -e "$flag" ] || status=1
	rm -f "$flag"
	wait $!
	return $status
}

load || exit 1
plan 18
for name in says_what_is_listed refuses_some_modules refuses_what_is_no_list \
	leaves_others_alone adopts_under_resets adopts_of_each_ip \
	adopts_of_sctp leaves_programs_alone stops_when_it_is_told falls_back requires \
	obeys_the_namespace adopts_at_its_port_only; do
	$name
	result $? adopt.$name
done
end_peer
for name in keeps_ftrace_on refuses_to_load_with_a_bad_list \
	lets_a_live_patch_be leaves_sessions_behind comes_and_goes_at_any_time; do
	$name
	result $? adopt.$name
done
[ "$failed" -eq 0 ]
