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
cat=$programs/rsess_cat
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

arrived() { # BYTES
	[ "$(stat -c %s "$dir/out")" -ge "$1" ]
}

# The dialer has given all to its transport.
unsent_are() { # BYTES
	awk -v n="$1" '$2 == "dialer" && $8 == 1000 && $9 == n { found = 1 }
		END { exit !found }' /proc/net/rsess
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

mkfifo "$dir/in"
"$cat" -l 127.0.0.1 $port >"$dir/out" </dev/null &
"$cat" -w 20 127.0.0.1 $port <"$dir/in" >/dev/null &
exec {pipe}>"$dir/in"
head -c 100000 /dev/zero >&"$pipe"
until_true arrived 100000
ss -Kt "dport = :$port" >/dev/null
until_true resumed
# These bytes are lost: they would need longer than any machine for what follows.
tc qdisc add dev lo root netem delay 60s
head -c 1000 /dev/zero >&"$pipe"
until_true unsent_are 0
ss -Kt "dport = :$port" >/dev/null
tc qdisc del dev lo root
until_true arrived 101000
exec {pipe}>&-
wait
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
