#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Complaints about TCP that are heard again and again, and what rsess makes of
# them: programs that know nothing of it, under rsessrun. The hosts are those of
# net.sh.
#
# To be run in a guest that is thrown away. Prints TAP. Needs what run.sh needs,
# and ab (package apache2-utils).
#
# usage: field.sh [--packages DIR] [NAME...]
#
# Functions are called by name.
# shellcheck disable=SC2317,SC2034

set -u
here=$(dirname "$(readlink -f "$0")")
self=$here/../selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=../selftests/net/rsess/lib.sh
. "$self/lib.sh"
# shellcheck source-path=SCRIPTDIR source=net.sh
. "$here/net.sh"

port=7000
packages=
if [ "${1:-}" = --packages ]; then
	packages=$2
	shift 2
fi
names=(crowd tcp_answer_is_cut answer_is_whole cable_is_pulled all_is_lost)
[ $# -eq 0 ] || names=("$@")

ended() {
	! kill -0 "$1" 2>/dev/null
}

# serve COMMAND...: in the background, until it listens; sets $server_pid
serve() {
	at_server "$@" &
	server_pid=$!
	until_true listening
}

field=(python3 "$here/field.py" "$server_addr" "$port")

# slow_link OPTION...: of netem, for what the server sends
slow_link() {
	ip netns exec "$server" tc qdisc add dev veth0 root netem "$@"
}

# --- 1000 clients at once, a backlog of 128 ------------------------------------

clients=1000

# overflowed FAMILY: more clients came than the backlog holds
overflowed() {
	case $1 in
	tcp) [ "$(ip netns exec "$server" nstat -asz TcpExtListenOverflows |
		awk '/Overflows/ { print $2 }')" -gt 0 ] ;;
	rsess) [ "$(stat "$server" AcceptQueueFull)" -gt 0 ] ;;
	esac
}

# meet_crowd FAMILY: what ab says is in $scratch/ab
meet_crowd() {
	local status=0

	rm -f "$scratch/go"
	add_hosts "$1" && slow_link delay 20ms limit 10000 &&
	serve "${field[@]}" web "$scratch/go" || return
	at_client ab -q -s 300 -c $clients -n $((clients * 3)) \
		"http://$server_addr:$port/" >"$scratch/ab" 2>&1 &
	until_true overflowed "$1" || status=1
	touch "$scratch/go"
	wait $! || status=1
	grep -oE '(apr_|Total of|Complete|Failed|Non-2xx|Time taken).*' \
		"$scratch/ab" | sed "s/^/# $1: /"
	[ "$1" = tcp ] || counters
	del_hosts
	return $status
}

# What becomes of plain TCP here is told, but not judged.
crowd() {
	ulimit -n 4096
	meet_crowd tcp
	meet_crowd rsess &&
	grep -q "^Complete requests: *$((clients * 3))$" "$scratch/ab" &&
	grep -q "^Failed requests: *0$" "$scratch/ab" &&
	! grep -q "^Non-2xx" "$scratch/ab"
}

# --- a server that does not read all, on a slow link ---------------------------

# get_answer FAMILY: what the client says is in $scratch/ask
get_answer() {
	local status=0

	add_hosts "$1" && slow_link rate 1mbit delay 20ms &&
	serve "${field[@]}" answer || return
	at_client "${field[@]}" ask >"$scratch/ask" || status=1
	sed 's/^/# /' "$scratch/ask"
	del_hosts
	return $status
}

tcp_answer_is_cut() {
	! get_answer tcp && grep -q 'reset by peer' "$scratch/ask"
}

answer_is_whole() {
	get_answer rsess
}

# --- a cable that is pulled ------------------------------------------------------

say_something() {
	head -c 100000 /dev/urandom | tee -a "$scratch/said" >&3
}

heard_all() {
	[ "$(wc -c <"$scratch/heard")" -eq "$(wc -c <"$scratch/said")" ]
}

lost_one() {
	[ "$(stat "$client" TransportsLost)" -gt 0 ]
}

# A client whose input is descriptor 3.
start_talk() {
	: >"$scratch/said"
	rm -f "$scratch/input"
	mkfifo "$scratch/input"
	add_hosts rsess || return
	for host in "$client" "$server"; do
		ip netns exec "$host" \
			sh -c 'echo 2000 >/proc/sys/net/rsess/stall_timeout_ms'
	done
	serve "${field[@]}" take >"$scratch/heard"
	at_client "${field[@]}" give <"$scratch/input" &
	client_pid=$!
	exec 3>"$scratch/input"
}

# interrupt PULL PLUG: two functions
interrupt() {
	start_talk || return
	say_something
	until_true heard_all || return
	"$1"
	say_something
	until_true lost_one || return
	say_something
	"$2"
	say_something
	exec 3>&-
	until_true ended "$client_pid" && wait "$client_pid" &&
	until_true ended "$server_pid" && wait "$server_pid" &&
	cmp "$scratch/said" "$scratch/heard"
}

talk() {
	local status=0

	interrupt "$@" || status=1
	exec 3>&-
	counters
	del_hosts
	return $status
}

link_down() {
	ip -n "$client" link set veth0 down
}

link_up() {
	ip -n "$client" link set veth0 up
}

lose_all() {
	ip netns exec "$client" tc qdisc add dev veth0 root netem loss 100%
}

lose_none() {
	ip netns exec "$client" tc qdisc del dev veth0 root
}

cable_is_pulled() {
	talk link_down link_up
}

all_is_lost() {
	talk lose_all lose_none
}

set_up
plan ${#names[@]}
for name in "${names[@]}"; do
	echo "# $name"
	status=0
	"$name" || status=1
	result $status "field.$name"
done
[ "$failed" -eq 0 ]
