# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two hosts, client and server, and programs that run on them. Source this file
# behind the selftests' lib.sh, and set $port and $rsessrun.
# shellcheck disable=SC2154

client=rsess-c-$$
server=rsess-s-$$
server_addr=10.9.0.2
# How long one command may take.
patience=$((300 * ${RSESS_SLOW:-1}))
run=()

# add_hosts FAMILY: what runs on them uses tcp or rsess
add_hosts() {
	local host

	run=()
	[ "$1" = tcp ] || run=("$rsessrun" --)
	ip netns add "$client" &&
	ip netns add "$server" &&
	ip -n "$client" link add veth0 type veth peer name veth0 \
		netns "$server" &&
	ip -n "$client" addr add 10.9.0.1/24 dev veth0 &&
	ip -n "$server" addr add $server_addr/24 dev veth0 || return
	for host in "$client" "$server"; do
		ip -n "$host" link set lo up
		ip -n "$host" link set veth0 up
	done
}

# What still runs on them ends with them.
del_hosts() {
	local host pids

	for host in "$client" "$server"; do
		[ -e "/run/netns/$host" ] || continue
		pids=$(ip netns pids "$host")
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill -9 $pids
		ip netns del "$host"
	done 2>/dev/null
}

at_server() {
	ip netns exec "$server" "${run[@]}" "$@"
}

at_client() {
	ip netns exec "$client" timeout "$patience" "${run[@]}" "$@"
}

# The transports of rsess are TCP connections, and so is what it listens with.
listening() {
	[ -n "$(ip netns exec "$server" ss -Hltn "sport = :$port")" ]
}

# stat HOST NAME: a counter
stat() {
	ip netns exec "$1" sed -n "s/^$2 \+//p" /proc/net/rsess_stat
}

# The counters that are not 0.
counters() {
	local host

	for host in "$client" "$server"; do
		echo "# $host:" "$(ip netns exec "$host" cat /proc/net/rsess_stat |
			sed -nE 's/^(\S+) +([1-9][0-9]*)$/\1=\2/p' | tr '\n' ' ')"
	done
}
