# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the test scripts need: results in TAP, and waiting. Source this file.

here=$(dirname "$(readlink -f "$0")")
# shellcheck disable=SC2034
programs=${RSESS_SELFTESTS:-$here/../../../../../build/selftests}
tests=0
failed=0

# plan COUNT
plan() {
	echo "TAP version 13"
	echo "1..$1"
}

# result STATUS NAME
result() {
	local not=''

	tests=$((tests + 1))
	if [ "$1" -ne 0 ]; then
		not='not '
		failed=$((failed + 1))
	fi
	echo "${not}ok $tests $2"
}

# try NAME COMMAND...: a test; what the command says is told if it fails. Its status.
try() {
	local status=0 said

	said=$(mktemp)
	"${@:2}" >"$said" 2>&1 || status=$?
	[ $status -eq 0 ] || sed 's/^/# /' "$said"
	rm -f "$said"
	result $status "$1"
	return $status
}

# skip NAME REASON
skip() {
	tests=$((tests + 1))
	echo "ok $tests $1 # SKIP $2"
}

# until_true COMMAND...: asks again and again, at most PATIENCE or 40 seconds; longer
# on a machine that is slower than usual by RSESS_SLOW
until_true() {
	local end=$((SECONDS + ${PATIENCE:-40} * ${RSESS_SLOW:-1}))

	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "# in vain: $*"
			return 1
		fi
		sleep 0.1
	done
}

as_nobody() { # COMMAND...
	setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# counter NAME: of this namespace
counter() {
	awk -v name="Rsess$1" '$1 == name { print $2 }' /proc/net/rsess_stat
}

# Until the file $1 goes away, destroy the connections of $port.
tear() {
	local i

	for ((i = 0; i < 2000; i++)); do
		[ -e "$1" ] || return
		ss -Kt "sport = :$port" >/dev/null 2>&1
		sleep 0.1
	done
}

# --- a stream of rsess_cat over $port, from $dir/in to $dir/out ----------------

arrived() { # BYTES
	[ "$(stat -c %s "$dir/out")" -ge "$1" ]
}

# The dialer has 1000 bytes retained, of which so many wait for the transport.
unsent_are() { # BYTES
	awk -v n="$1" '$2 == "dialer" && $8 == 1000 && $9 == n { found = 1 }
		END { exit !found }' /proc/net/rsess
}

# Sets $pipe, which is $dir/in, and what stream_end waits for.
stream_begin() {
	mkfifo "$dir/in"
	"$programs/rsess_cat" -l 127.0.0.1 "$port" >"$dir/out" </dev/null 2>"$dir/said" &
	stream=$!
	"$programs/rsess_cat" -w 20 127.0.0.1 "$port" <"$dir/in" >/dev/null 2>>"$dir/said" &
	stream="$stream $!"
	exec {pipe}>"$dir/in"
	head -c 100000 /dev/zero >&"$pipe"
	until_true arrived 100000 || stream_fails
}

# What the two have said, and what is there of them. They need not be waited for.
stream_fails() {
	sed 's/^/# /' "$dir/said" /proc/net/rsess
	ss -tan | sed 's/^/# /'
	# shellcheck disable=SC2086
	kill $stream 2>/dev/null
	false
}

# It loses its connection with 1000 bytes on their way: they would need longer than any
# machine for what follows.
stream_loses_some() {
	tc qdisc add dev lo root netem delay 60s
	head -c 1000 /dev/zero >&"$pipe"
	until_true unsent_are 0
	ss -Kt "dport = :$port" >/dev/null
	tc qdisc del dev lo root
	until_true arrived 101000 || stream_fails
}

stream_end() {
	exec {pipe}>&-
	# shellcheck disable=SC2086
	wait $stream
}

# --- rsess_cat, which is $cat, as "dialer" and "listener" over $port -----------

# start NAME OPTION...: one of them, a pid more in $pids; what it says is in $dir/NAME
start() {
	"$cat" "${@:2}" 127.0.0.1 $port <"$dir/in" >/dev/null 2>"$dir/$1" &
	pids+=($!)
}

errors_are() { # DIALER LISTENER
	[ "$(tail -n 1 "$dir/dialer")" = "$1" ] &&
		[ "$(tail -n 1 "$dir/listener")" = "$2" ]
}
