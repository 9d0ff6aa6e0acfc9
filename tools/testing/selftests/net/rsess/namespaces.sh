#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two hosts and a link that does all it can to break a session.
#
#   +---------------------+                     +---------------------+
#   |  namespace $client  |                     |  namespace $server  |
#   |                     |                     |                     |
#   |  rsess_cat   veth0 =========================== veth0  rsess_cat  |
#   |              10.9.0.1/24           10.9.0.2/24                   |
#   |              fd00:9::1/64          fd00:9::2/64                  |
#   +---------------------+                     +---------------------+
#
# Prints TAP.  Needs root, ip, ss, nft and tcpkill (packages iproute2, nftables,
# dsniff), and rsess_cat in $RSESS_SELFTESTS or build/selftests.  What is waited
# for is asked for again and again, with a limit.
#
# Functions are called by way of run_test().
# shellcheck disable=SC2317,SC2086

set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
cat=$programs/rsess_cat
client=rsess-c-$$
server=rsess-s-$$
other=rsess-o-$$
port=7000
chunk=100000

skip_all() {
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit 0
}

[ "$(id -u)" -eq 0 ] || skip_all "not root"
for tool in ip ss nft tcpkill; do
	command -v $tool >/dev/null || skip_all "$tool not found"
done
[ -x "$cat" ] || skip_all "$cat not found"

scratch=$(mktemp -d)

# --- the two hosts ----------------------------------------------------------

in_client() {
	ip netns exec "$client" "$@"
}

in_server() {
	ip netns exec "$server" "$@"
}

set_sysctl() { # NAMESPACE PATH-BELOW-NET VALUE
	ip netns exec "$1" sh -c "echo $3 >/proc/sys/net/$2"
}

add_server() {
	ip netns add "$server"
	ip -n "$client" link add veth0 type veth peer name veth0 \
		netns "$server"
	set_sysctl "$client" ipv6/conf/veth0/keep_addr_on_down 1
	ip -n "$client" addr add 10.9.0.1/24 dev veth0
	ip -n "$client" addr add fd00:9::1/64 dev veth0 nodad
	ip -n "$server" addr add 10.9.0.2/24 dev veth0
	ip -n "$server" addr add fd00:9::2/64 dev veth0 nodad
	ip -n "$server" link set lo up
	ip -n "$server" link set veth0 up
	ip -n "$client" link set veth0 up
	set_stall "$server"
}

add_hosts() {
	ip netns add "$client"
	ip -n "$client" link set lo up
	# Nobody listens; but the module is there afterwards.
	in_client "$cat" 127.0.0.1 1 </dev/null 2>/dev/null
	set_stall "$client"
	add_server
}

# Silence is noticed soon, on both sides.
set_stall() {
	set_sysctl "$1" rsess/stall_timeout_ms 2000
}

# What still runs in a namespace ends with it.
del_host() {
	local pid

	ip netns list | grep -qw "$1" || return
	for pid in $(ip netns pids "$1"); do
		kill -9 "$pid" 2>/dev/null
	done
	ip netns del "$1"
}

cleanup() {
	exec 3>&-
	del_host "$client"
	del_host "$server"
	del_host "$other"
	wait
	rm -rf "$scratch"
}
trap cleanup EXIT

# --- waiting ----------------------------------------------------------------

# stat HOST NAME: a counter
stat() {
	ip netns exec "$1" sed -n "s/^Rsess$2 \+//p" /proc/net/rsess_stat
}

grown() {
	[ "$(stat "$1" "$2")" -gt "$3" ]
}

listens() {
	grep -q listening "$scratch/server.err"
}

has_bytes() {
	[ "$(wc -c <"$1")" -ge "$2" ]
}

ended() {
	! kill -0 "$1" 2>/dev/null
}

# --- a session --------------------------------------------------------------

# The server sends a file of its own and keeps what it gets.
start_server() {
	# An old "listening" must not be taken for the new one.
	: >"$scratch/server.err"
	ip netns exec "$server" "$cat" -l "$server_addr" $port \
		<"$server_input" >"$scratch/up.got" 2>"$scratch/server.err" \
		4>&- &
	server_pid=$!
	until_true listens
}

# start [OPTION...]: both sides; the client's input is descriptor 3.  With $hold the
# server's does not end before descriptor 4 is closed.
# shellcheck disable=SC2120
start() {
	rm -f "$scratch"/*
	head -c $((chunk * 3)) /dev/urandom >"$scratch/down"
	: >"$scratch/up"
	mkfifo "$scratch/input"
	server_input=$scratch/down
	if [ -n "${hold-}" ]; then
		server_input=$scratch/held
		mkfifo "$server_input"
		exec 4<>"$server_input"
	fi
	start_server || return
	# It reads when the client is there.
	[ -z "${hold-}" ] || cat "$scratch/down" >&4 &
	ip netns exec "$client" "$cat" "$@" "$server_addr" $port \
		<"$scratch/input" >"$scratch/down.got" 2>"$scratch/client.err" \
		4>&- &
	client_pid=$!
	exec 3>"$scratch/input"
	send_chunk &&
	until_true has_bytes "$scratch/up.got" $chunk
}

# Some more bytes from the client; they need not arrive before it returns.
send_chunk() {
	head -c $chunk /dev/urandom >"$scratch/piece"
	cat "$scratch/piece" >>"$scratch/up"
	cat "$scratch/piece" >&3
}

# What the client has sent so far: a transport can be lost again.
all_arrived() {
	until_true has_bytes "$scratch/up.got" "$(wc -c <"$scratch/up")"
}

# finish: the end of input, and both files have arrived whole
finish() {
	exec 3>&-
	until_true ended $client_pid || return
	until_true ended $server_pid || return
	wait $client_pid || { cat "$scratch/client.err"; return 1; }
	wait $server_pid || { cat "$scratch/server.err"; return 1; }
	cmp "$scratch/up" "$scratch/up.got" &&
	cmp "$scratch/down" "$scratch/down.got"
}

# fails_with ERRNO: the client ends with this error
fails_with() {
	until_true ended $client_pid || return
	exec 3>&-
	if wait $client_pid; then
		echo "# the client has noticed nothing"
		return 1
	fi
	if [ "$(tail -n 1 "$scratch/client.err")" != "$1" ]; then
		sed 's/^/# /' "$scratch/client.err"
		return 1
	fi
}

# --- resets -----------------------------------------------------------------

# Each tears at the transport until the client has lost one.
# lose COMMAND...: it does
lose() {
	local before

	before=$(stat "$client" TransportsLost)
	"$@"
	send_chunk
	until_true grown "$client" TransportsLost "$before"
}

tear_ss() {
	in_client ss -K "dport = :$port" >/dev/null
}

tear_ss_server() {
	in_server ss -K "sport = :$port" >/dev/null
}

tcpkill_on() {
	: >"$scratch/tk"
	ip netns exec "$server" tcpkill -i veth0 tcp port $port \
		>/dev/null 2>"$scratch/tk" &
	tcpkill_pid=$!
	until_true grep -q listening "$scratch/tk"
}

tcpkill_off() {
	kill $tcpkill_pid
	wait $tcpkill_pid 2>/dev/null
}

nft_on() {
	in_server nft -f - <<-END
	table inet rsess_test {
		chain input {
			type filter hook input priority 0;
			tcp dport $port $1
		}
	}
	END
}

nft_off() {
	in_server nft delete table inet rsess_test
}

# --- the tests --------------------------------------------------------------

ss_kills() {
	start || return
	for _ in 1 2 3 4 5; do
		lose tear_ss || return
		lose tear_ss_server || return
	done
	finish
}

ss_kills_v6() {
	local server_addr=fd00:9::2

	ss_kills
}

tcpkill_kills() {
	local code

	start || return
	for _ in 1 2 3; do
		lose tcpkill_on
		code=$?
		tcpkill_off
		[ $code -eq 0 ] || return
		all_arrived || return
	done
	finish
}

# Messages were lost when a rule rejected with a TCP reset.
libzmq_3392_reject_with_tcp_reset() {
	local code

	start || return
	for _ in 1 2 3 4 5; do
		lose nft_on "reject with tcp reset"
		code=$?
		nft_off
		[ $code -eq 0 ] || return
		all_arrived || return
	done
	finish
}

# Nothing comes back: no reset, no ICMP.  The stall detector sees it.
black_hole() {
	local code

	start || return
	lose nft_on drop
	code=$?
	nft_off
	[ $code -eq 0 ] && finish
}

link_down() {
	local code

	start || return
	lose ip -n "$client" link set veth0 down
	code=$?
	ip -n "$client" link set veth0 up
	[ $code -eq 0 ] && finish
}

# A new lease: the address that the session began with is gone.
client_address_changes() {
	local code

	start || return
	lose ip -n "$client" addr del 10.9.0.1/24 dev veth0
	code=$?
	ip -n "$client" addr add 10.9.0.7/24 dev veth0
	[ $code -eq 0 ] && finish
	code=$?
	ip -n "$client" addr flush dev veth0
	ip -n "$client" addr add 10.9.0.1/24 dev veth0
	ip -n "$client" addr add fd00:9::1/64 dev veth0 nodad
	return $code
}

# The server is reached over another link, from another address of the client's.
route_moves() {
	local code

	ip -n "$client" link add veth1 type veth peer name veth1 \
		netns "$server"
	ip -n "$client" addr add 10.8.0.1/24 dev veth1
	ip -n "$server" addr add 10.8.0.2/24 dev veth1
	ip -n "$server" addr add 10.99.0.1/32 dev lo
	ip -n "$server" link set veth1 up
	ip -n "$client" link set veth1 up
	ip -n "$client" route add 10.99.0.1 via 10.9.0.2
	server_addr=10.99.0.1 start &&
	ip -n "$client" route replace 10.99.0.1 via 10.8.0.2 &&
	lose ip -n "$client" link set veth0 down &&
	finish
	code=$?
	ip -n "$client" link set veth0 up
	ip -n "$client" link del veth1
	ip -n "$server" addr del 10.99.0.1/32 dev lo
	return $code
}

# A middlebox that knows nothing of a connection any more as soon as it has seen a FIN.
# One direction ends at once, the other goes on: no FIN of TCP may be seen.
forgets_after_fin() {
	local code

	in_server nft -f - <<-END
	table inet rsess_test {
		set ended { type inet_service; }
		chain input {
			type filter hook input priority 0;
			tcp dport $port tcp flags & fin == fin \
				add @ended { tcp sport } drop
			tcp sport @ended drop
		}
	}
	END
	set_sysctl "$client" ipv4/tcp_fin_timeout 1
	set_sysctl "$server" ipv4/tcp_fin_timeout 1
	half_closed
	code=$?
	in_server nft list set inet rsess_test ended | grep -q elements && {
		echo "# a FIN was seen"
		code=1
	}
	nft_off
	exec 4>&-
	[ $code -eq 0 ] && finish
}

# The client says nothing more, but listens, for longer than tcp_fin_timeout.
half_closed() {
	local before

	hold=1 start || return
	before=$(stat "$client" TransportsLost)
	exec 3>&-
	until_true has_bytes "$scratch/down.got" $((chunk * 3)) || return
	sleep 3
	head -c $chunk /dev/urandom >"$scratch/piece"
	cat "$scratch/piece" >>"$scratch/down"
	cat "$scratch/piece" >&4
	until_true has_bytes "$scratch/down.got" $((chunk * 4)) &&
	[ "$(stat "$client" TransportsLost)" -eq "$before" ]
}

# add_router: the client is behind address translation that forgets a connection when
# it has been silent for two seconds, and then drops what belongs to it
#
#   client veth3 10.7.0.1 === 10.7.0.254 veth3 [$other] veth4 10.6.0.1 === 10.6.0.2
#   veth4 server
add_router() {
	ip netns add "$other"
	ip -n "$client" link add veth3 type veth peer name veth3 netns "$other"
	ip -n "$server" link add veth4 type veth peer name veth4 netns "$other"
	ip -n "$client" addr add 10.7.0.1/24 dev veth3
	ip -n "$other" addr add 10.7.0.254/24 dev veth3
	ip -n "$other" addr add 10.6.0.1/24 dev veth4
	ip -n "$server" addr add 10.6.0.2/24 dev veth4
	ip -n "$other" link set veth3 up
	ip -n "$other" link set veth4 up
	ip -n "$client" link set veth3 up
	ip -n "$server" link set veth4 up
	ip -n "$client" route add 10.6.0.0/24 via 10.7.0.254
	set_sysctl "$other" ipv4/ip_forward 1
	ip netns exec "$other" nft -f - <<-END
	table ip rsess_test {
		chain out {
			type nat hook postrouting priority 100;
			oifname veth4 masquerade
		}
		chain forward {
			type filter hook forward priority 0;
			ct state invalid drop
		}
	}
	END
	set_sysctl "$other" netfilter/nf_conntrack_tcp_loose 0
	set_sysctl "$other" netfilter/nf_conntrack_tcp_timeout_established 2
}

del_router() {
	del_host "$other"
	ip -n "$client" link del veth3 2>/dev/null
	ip -n "$server" link del veth4 2>/dev/null
}

# forgotten: the router knows nothing of the connection. Whoever reads of it has it look
# whether it has to know it still; otherwise it does so once in a minute.
forgotten() {
	ip netns exec "$other" cat /proc/net/nf_conntrack >/dev/null
	[ "$(ip netns exec "$other" cat \
		/proc/sys/net/netfilter/nf_conntrack_count)" -eq 0 ]
}

# The client speaks first: nothing comes back, not even a reset.
nat_forgets_client_speaks() {
	local code

	add_router
	server_addr=10.6.0.2 start &&
	until_true forgotten &&
	lose send_chunk &&
	finish
	code=$?
	del_router
	return $code
}

# The server speaks, and its bytes get nowhere. The client does not wait for any, but
# asks now and then whether the server is there, which may be before the server speaks.
nat_forgets_server_speaks() {
	local before code

	add_router
	set_sysctl "$client" rsess/probe_interval_ms 4000
	before=$(stat "$client" Resumes)
	hold=1 server_addr=10.6.0.2 start &&
	until_true has_bytes "$scratch/down.got" $((chunk * 3)) &&
	until_true forgotten
	code=$?
	head -c $chunk /dev/urandom >"$scratch/piece"
	cat "$scratch/piece" >>"$scratch/down"
	cat "$scratch/piece" >&4
	until_true has_bytes "$scratch/down.got" $((chunk * 4)) &&
	grown "$client" Resumes "$before" && [ $code -eq 0 ]
	code=$?
	exec 4>&-
	[ $code -eq 0 ] && finish
	code=$?
	set_sysctl "$client" rsess/probe_interval_ms 30000
	del_router
	return $code
}

# add_other: a host at the server's address that does not know its sessions
add_other() {
	ip netns add "$other"
	ip -n "$client" link add veth2 type veth peer name veth2 netns "$other"
	ip -n "$other" addr add 10.9.0.2/24 dev veth2
	ip -n "$other" link set lo up
	ip -n "$other" link set veth2 up
	ip -n "$client" link set veth2 up
	ip netns exec "$other" "$cat" -l 10.9.0.2 $port </dev/null \
		>/dev/null 2>"$scratch/other.err" &
	disown		# it is killed, and need not be said so
	until_true grep -q listening "$scratch/other.err"
}

# A load balancer takes the reconnect to a host that does not know the session, and
# later to the right one.
wrong_host_answers() {
	local code

	start -r || return
	add_other &&
	ip -n "$client" route add 10.9.0.2/32 dev veth2 src 10.9.0.1 &&
	ip -n "$other" route add 10.9.0.1/32 dev veth2 &&
	lose tear_ss &&
	until_true grown "$client" UnknownRetried 1
	code=$?
	ip -n "$client" route del 10.9.0.2/32 dev veth2
	del_host "$other"
	ip -n "$client" link del veth2 2>/dev/null
	[ $code -eq 0 ] && finish
}

# The program is gone before its last bytes are out, and the network too.
tail_after_close() {
	local code

	start || return
	nft_on drop
	send_chunk
	exec 3>&-
	tear_ss
	# All it had to write is written; what it would read no longer matters.
	kill $client_pid 2>/dev/null
	until_true ended $client_pid
	code=$?
	nft_off
	[ $code -eq 0 ] || return
	until_true has_bytes "$scratch/up.got" "$(wc -c <"$scratch/up")" &&
	cmp "$scratch/up" "$scratch/up.got"
	code=$?
	until_true ended $server_pid
	return $code
}

# Nobody is there any more.
server_deleted() {
	local code

	start -t 3000 || return
	ip -n "$client" link del veth0
	del_host "$server"
	send_chunk
	fails_with ETIMEDOUT
	code=$?
	add_server
	return $code
}

# Somebody else is there: the session is over, and no new one takes its place.
server_reborn() {
	local code resumes

	start || return
	resumes=$(stat "$client" Resumes)
	ip -n "$client" link del veth0
	del_host "$server"
	wait $server_pid 2>/dev/null
	add_server
	: >"$scratch/down"
	start_server || return
	send_chunk
	fails_with ECONNRESET
	code=$?
	if [ "$(stat "$client" Resumes)" != "$resumes" ]; then
		echo "# a session that was not known was resumed"
		code=1
	fi
	if [ -s "$scratch/up.got" ]; then
		echo "# the new server got bytes of the old session"
		code=1
	fi
	kill $server_pid
	wait $server_pid 2>/dev/null
	return $code
}

# Nothing stays behind of all this.
nothing_stays() {
	until_true no_session "$client" && until_true no_session "$server"
}

no_session() {
	[ "$(ip netns exec "$1" cat /proc/net/rsess | wc -l)" -le 1 ]
}

# What the server and the client said.
show_errors() {
	local f

	for f in client.err server.err; do
		[ ! -s "$scratch/$f" ] || sed "s/^/# $f: /" "$scratch/$f"
	done
}

kill_leftovers() {
	local host pid

	exec 3>&- 4>&-
	for host in "$client" "$server"; do
		for pid in $(ip netns pids "$host"); do
			kill -9 "$pid" 2>/dev/null
		done
	done
	wait 2>/dev/null
}

names=(ss_kills ss_kills_v6 tcpkill_kills libzmq_3392_reject_with_tcp_reset
	black_hole link_down client_address_changes route_moves
	forgets_after_fin nat_forgets_client_speaks nat_forgets_server_speaks
	wrong_host_answers tail_after_close
	nothing_stays server_deleted server_reborn)
[ $# -eq 0 ] || names=("$@")

server_addr=10.9.0.2
plan ${#names[@]}
add_hosts || exit 1
for name in "${names[@]}"; do
	echo "# $name"
	status=0
	"$name" || status=1
	result $status "namespaces.$name"
	[ $status -eq 0 ] || show_errors
	kill_leftovers
done
[ "$failed" -eq 0 ]
