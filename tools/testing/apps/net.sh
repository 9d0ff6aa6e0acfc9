# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Two hosts, client and server, and programs that run on them. Source this file
# behind the selftests' lib.sh, and set $port and $packages.
#
#   +--------------------+                    +--------------------+
#   |  namespace $client |                    |  namespace $server |
#   |                    |                    |                    |
#   |   client   veth0 ========================== veth0   server   |
#   |          10.9.0.1/24                    10.9.0.2/24          |
#   +--------------------+                    +--------------------+
#
# shellcheck disable=SC2154

client=rsess-c-$$
server=rsess-s-$$
server_addr=10.9.0.2
# How long one command may take.
patience=$((300 * ${RSESS_SLOW:-1}))
run=()

# The programs are Debian's, not somebody's own. A guest is thrown away, so it may
# have them where they belong.
PATH=/usr/sbin:/usr/bin:/sbin:/bin

lay_over() {
	[ -z "$packages" ] ||
		mount -t overlay -o "ro,lowerdir=$packages/usr:/usr" overlay /usr
}

# Not every user can read what is in the repository.
take_rsessrun() {
	cp "$here/../../../build/rsessrun"/{rsessrun,librsessrun.so} "$scratch/"
	rsessrun=${RSESSRUN:-$scratch/rsessrun}
}

# set_up: sets $scratch, which is gone at the end, as are the hosts
set_up() {
	lay_over || exit 4
	scratch=$(mktemp -d)
	trap 'del_hosts; rm -rf "$scratch"' EXIT
	chmod 755 "$scratch"
	take_rsessrun || exit 4
}

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

# What still runs on them ends with them, and is waited for.
del_hosts() {
	local host pids

	for host in "$client" "$server"; do
		[ -e "/run/netns/$host" ] || continue
		pids=$(ip netns pids "$host")
		# shellcheck disable=SC2086
		[ -z "$pids" ] || kill -9 $pids
		ip netns del "$host"
	done 2>/dev/null
	wait 2>/dev/null
}

# Does not return, so it is for the background.
at_server() {
	exec ip netns exec "$server" "${run[@]}" "$@"
}

at_client() {
	ip netns exec "$client" timeout -k 10 "$patience" "${run[@]}" "$@"
}

# The transports of rsess are TCP connections, and so is what it listens with.
listening() {
	[ -n "$(ip netns exec "$server" ss -Hltn "sport = :$port")" ]
}

# stat HOST NAME: a counter
stat() {
	ip netns exec "$1" sed -n "s/^Rsess$2 \+//p" /proc/net/rsess_stat
}

# The counters that are not 0.
counters() {
	local host

	for host in "$client" "$server"; do
		echo "# $host:" "$(ip netns exec "$host" cat /proc/net/rsess_stat |
			sed -nE 's/^Rsess(\S+) +([1-9][0-9]*)$/\1=\2/p' | tr '\n' ' ')"
	done
}
