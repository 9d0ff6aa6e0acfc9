#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The scripts of tools/bpftrace tell of a session that is reset, and of a socket that
# falls back. Runs in the VM.

# Functions are called by name.
# shellcheck disable=SC2317

set -u

# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh disable=SC1091
. "$(dirname "$(readlink -f "$0")")/../selftests/net/rsess/lib.sh"
programs=$here/../../../build/selftests
scripts=$here/../../bpftrace
port=7400
dir=$(mktemp -d)
declare -A pids

cleanup() {
	[ ${#pids[@]} -eq 0 ] || kill -9 "${pids[@]}" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# perf_event descriptors of a process
events_of() {
	find "/proc/$1/fd" -lname 'anon_inode:\[perf_event\]' 2>/dev/null | wc -l
}

# Each script has a descriptor for each of its tracepoints, beside one for each processor.
attached() { # SCRIPT
	local probes

	probes=$(grep -c '^tracepoint:' "$scripts/$1.bt")
	[ "$(events_of "${pids[$1]}")" -ge $(($(nproc) + probes)) ]
}

start() { # SCRIPT
	bpftrace "$scripts/$1.bt" >"$dir/$1" 2>&1 </dev/null &
	pids[$1]=$!
	PATIENCE=300 until_true attached "$1"
	result $? "watch.$1.is_attached"
}

# What it has to tell when it ends.
stop() { # SCRIPT
	kill -INT "${pids[$1]}"
	wait "${pids[$1]}"
	result $? "watch.$1.ends"
	unset "pids[$1]"
}

tells() { # SCRIPT NAME PATTERN
	grep -qE -- "$3" "$dir/$1" || { sed 's/^/# /' "$dir/$1"; false; }
	result $? "watch.$1.$2"
}

# A plain server.
fall_back() {
	python3 - $port <<-'END'
	import socket, sys
	listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
	dialer = socket.socket(socket.AF_INET, socket.SOCK_STREAM, 258)
	dialer.connect(listener.getsockname())
	END
}

all='rsess-resumes rsess-downtime rsess-fallback rsess-retrans'
plan 12
for script in $all; do
	start "$script"
done
stream_begin
stream_loses_some
stream_end
fall_back
for script in $all; do
	stop "$script"
done
tells rsess-resumes tells_who '::ffff:127.0.0.1 +7400 +1 ([0-9a-f]{2} ?){16}'
tells rsess-downtime tells_how_long '^\[[0-9KM, )]*.*@'
tells rsess-fallback tells_why '^@fallbacks\[plain_peer, ::ffff:127.0.0.1\]: 1$'
tells rsess-retrans tells_how_many_bytes '^@bytes\[::ffff:127.0.0.1\]: 1000$'
[ "$failed" -eq 0 ]
