#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unchanged programs of Debian, server and client under rsessrun, while every TCP
# connection between them is reset once a second. The client must not see an
# error, and what it gets must be right. With plain TCP the same has to work as
# long as nothing is reset, and to break when something is. The hosts are those of
# net.sh; tear.sh is on the server.
#
# To be run in a guest that is thrown away. Prints TAP. Needs root, the module,
# rsessrun (make -C tools/rsess), and the programs, see packages.sh.
#
# A program is a file NAME.sh beside this one. It has
#
#   needs	packages of Debian, see ../apps.sh
#   port	where the server listens
#   serve	runs the server, in the foreground
#   round	the client's work; fails if there was an error or a wrong byte
#
# and if need be
#
#   rounds	how often the client does its work at least
#   prepare	makes what server and client need, in $work
#   populate	what is to be done once the server listens
#   settle	is all as it should be, after the last round?
#
# They find in $number which round it is, and what is in net.sh.

set -u

help() {
	cat <<-END
	usage: run.sh [options] [NAME...]
	  --packages DIR  what packages.sh has made; it is laid over /usr
	  --seconds N     how long it is torn at (default 60)
	  --quick         no plain TCP for comparison, and no minimum of rounds
	  --list          names the programs that are to be run, and ends
	END
	exit 2
}

here=$(dirname "$(readlink -f "$0")")
self=$here/../selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh
. "$self/lib.sh"
# shellcheck source-path=SCRIPTDIR source=net.sh
. "$here/net.sh"

names=(nginx redis pgsql ssh iperf3 rsync asyncio node memcached haproxy apache
	stunnel samba vsftpd mariadb mosquitto java)
packages=
seconds=60
quick=
list=
while [ $# -gt 0 ]; do
	case $1 in
	--packages) packages=$2; shift 2 ;;
	--seconds) seconds=$2; shift 2 ;;
	--quick) quick=1; shift ;;
	--list) list=1; shift ;;
	-*) help ;;
	*) break ;;
	esac
done
[ $# -eq 0 ] || names=("$@")
[ -z "$list" ] || { printf '%s\n' "${names[@]}"; exit; }

# --- one program ------------------------------------------------------------

# What a program need not have.
no_program() {
	rounds=1
	prepare() { :; }
	populate() { :; }
	settle() { :; }
}

serving() {
	! kill -0 "$server_pid" 2>/dev/null || listening
}

# start FAMILY: two new hosts and the server
start() {
	number=0
	: >"$work/client.log"
	: >"$work/tear.log"
	add_hosts "$1" || return
	serve >"$work/server.log" 2>&1 &
	server_pid=$!
	until_true serving && listening &&
	populate >>"$work/client.log" 2>&1
}

one_round() {
	number=$((number + 1))
	round >>"$work/client.log" 2>&1
}

torn_times() {
	grep -c 'resets=[1-9]' "$work/tear.log"
}

start_tearing() {
	ip netns exec "$server" "$self/tear.sh" --kinds ss --pause 0.6 \
		--seconds 3600 --turns 3600 veth0 "$port" >"$work/tear.log" &
	tear_pid=$!
}

stop_tearing() {
	kill "$tear_pid"
	wait "$tear_pid"
}

# enough TIMES ROUNDS: something was hit, and the client did its work, that often
enough() {
	[ "$(torn_times)" -ge "$1" ] && [ "$number" -ge "$2" ]
}

# torn_rounds SECONDS TIMES ROUNDS: so long, and until there was enough or one fails
torn_rounds() {
	local end=$((SECONDS + $1)) status=0

	start_tearing
	until [ "$SECONDS" -ge $end ] && enough "$2" "$3"; do
		one_round || { status=1; break; }
		if [ "$number" -ge 500 ]; then
			echo "# $number rounds, and torn at only $(torn_times) times"
			status=1
			break
		fi
	done
	stop_tearing
	return $status
}

# tell: what happened
tell() {
	echo "# $name: $number rounds, $(tail -n 1 "$work/tear.log")"
	[ "$1" = tcp ] || counters
}

show_logs() {
	local f

	for f in client server; do
		tail -n 12 "$work/$f.log" | sed "s/^/# $f: /"
	done
}

# --- the tests --------------------------------------------------------------

tcp_in_peace() {
	start tcp && one_round && settle >>"$work/client.log" 2>&1
}

# A client may wait for ever for what it has lost, or end as if nothing was.  A connection
# that is not accepted yet is torn too, but not counted: then that is no proof.
tcp_breaks() {
	local patience=$((60 * ${RSESS_SLOW:-1}))
	local tries

	for tries in 1 2 3; do
		if torn_rounds 0 20 0 && settle >>"$work/client.log" 2>&1; then
			echo "# plain TCP survived"
			return 1
		fi
		tell tcp
		[ "$(torn_times)" -eq 0 ] || return 0
	done
	echo "# nothing was torn, $tries times"
	return 1
}

rsess_survives() {
	local status=0

	start rsess && torn_rounds "$seconds" 10 "$rounds" &&
	settle >>"$work/client.log" 2>&1 || status=1
	tell rsess
	[ $status -eq 0 ] && listening &&
	[ "$(stat "$client" Resumes)" -gt 0 ]
}

# check NAME: a test, and what can be said of it when it fails
check() {
	local status=0

	"$1" || status=1
	result $status "$name.$1"
	[ $status -eq 0 ] || show_logs
}

compare_with_tcp() {
	check tcp_in_peace
	check tcp_breaks
	del_hosts
}

run_program() {
	work=$scratch/$name
	mkdir -m 755 "$work"
	echo "# $name: $(date +%T)"
	no_program
	# shellcheck source=/dev/null
	. "$here/$name.sh"
	[ -z "$quick" ] || rounds=1
	if ! prepare >"$work/prepare.log" 2>&1; then
		sed 's/^/# /' "$work/prepare.log"
		result 1 "$name.prepare"
		return
	fi
	[ -n "$quick" ] || compare_with_tcp
	check rsess_survives
	del_hosts
	rm -rf "$work"
}

set_up
plan $((${#names[@]} * (${#quick} ? 1 : 3)))
for name in "${names[@]}"; do
	run_program
done
[ "$failed" -eq 0 ]
