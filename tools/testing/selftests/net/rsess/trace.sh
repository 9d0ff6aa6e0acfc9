#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tracepoints tell of a session whose transport is destroyed in the middle, and of a
# frame that is none; nstat knows the counters.

# Functions are called by name.
# shellcheck disable=SC2317

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
tracing=/sys/kernel/tracing
port=7200
dir=$(mktemp -d)

cleanup() {
	echo 0 >"$tracing/events/rsess/enable" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

seen() { # EVENT PATTERN
	grep -q "$1: .*$2" "$dir/trace"
	result $? "trace.$1"
}

resumed() {
	grep -q ' live [1-9]' /proc/net/rsess
}

# Who sends no frame, where one is awaited.
talk_nonsense() {
	python3 - $port <<-'END'
	import socket, sys
	address = ("127.0.0.1", int(sys.argv[1]))
	listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 258)
	listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
	listener.setsockopt(0x5253, 4, 1)	# RSESS_NEGOTIATE: require
	listener.bind(address)
	listener.listen()
	peer = socket.create_connection(address)
	peer.sendall(b"\1\x80" + bytes(34))	# HELLO, with a flag that there is not
	try:
	    peer.recv(1)
	except ConnectionResetError:
	    pass
	END
}

nstat_has() { # NAME VALUE
	PROC_NET_SCTP_SNMP=/proc/net/rsess_stat NSTAT_HISTORY=$dir/history nstat -az |
		awk -v name="$1" '$1 == name { print $2 }' | grep -qx "$2"
}

plan 8
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing
echo 1 >$tracing/events/rsess/enable
: >$tracing/trace

stream_begin
ss -Kt "dport = :$port" >/dev/null
until_true resumed
stream_loses_some
stream_end
talk_nonsense
cat $tracing/trace >"$dir/trace"

who="id=[0-9a-f]\{32\} netns=[0-9]\+ family=2"
seen rsess_session_new "$who saddr=::ffff:127.0.0.1 .*dport=$port role=dialer tagged=0"
seen rsess_transport_lost "$who .*link=live"
seen rsess_resume "epoch=1"
seen rsess_retransmit "len=1000"
seen rsess_session_end "reason=closed"
seen rsess_frame_refused "sport=$port .*type=1 flags=0x80 length=0 error=flags"
nstat_has RsessResumes "$(counter Resumes)" && nstat_has RsessFramesMalformed 1
result $? trace.nstat_knows_the_counters
arrived 101000 && ! arrived 101001
result $? trace.nothing_lost
[ "$failed" -eq 0 ]
