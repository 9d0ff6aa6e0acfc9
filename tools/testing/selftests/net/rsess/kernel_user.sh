#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Users of AF_RSESS in the kernel: rsess_kuser.ko transfers in both directions,
# undisturbed and while its connections are destroyed, also when it takes its sockets for
# those of TCP.  Runs in the VM.

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
ko=${KUSER_KO:-$here/../../../../../build/$(uname -r)/rsess_kuser.ko}
port=7000

insmod_kuser() { # MEGABYTES FAMILY [PARAMETER...]
	insmod "$ko" port=$port mbytes="$1" family="$2" "${@:3}" &&
		rmmod rsess_kuser
}

# The same while its connections are destroyed: again, if it was over before one of them was.
torn_kuser() {
	local before status=0 rounds=0 flag

	before=$(counter Resumes)
	flag=$(mktemp)
	"${tear:-tear}" "$flag" &
	while :; do
		insmod_kuser "$@" || { status=1; break; }
		rounds=$((rounds + 1))
		[ "$(counter Resumes)" -eq "$before" ] && [ $rounds -lt 50 ] ||
			break
	done
	rm -f "$flag"
	wait $!
	echo "# resumes: $(($(counter Resumes) - before))"
	[ $status -eq 0 ] && [ "$(counter Resumes)" -gt "$before" ]
}

plan 14

insmod_kuser 4 2
result $? kernel_user.the_test_passes_over_tcp

insmod_kuser 16 18
result $? kernel_user.both_directions

torn_kuser 64 18
result $? kernel_user.both_directions_under_resets

insmod_kuser 4 2 casts=1 read_sock=1
result $? kernel_user.writes_into_sockets_of_tcp
torn_kuser 32 18 casts=1
result $? kernel_user.writes_where_tcp_has_something_under_resets
torn_kuser 32 18 read_sock=1
result $? kernel_user.reads_by_read_sock_under_resets

# --- over SCTP, with two addresses ---------------------------------------------

tear_sctp() { # FLAG
	local pid

	"$here/tear.sh" --sctp --seconds 600 lo $port >/dev/null &
	pid=$!
	while [ -e "$1" ]; do
		sleep 0.1
	done
	kill $pid
	wait $pid
}

# Of the associations that there are, at any time: how many, and how many have shown both
# addresses.  The columns are as many as addresses.  One that ends lets its addresses go one after
# the other, so what was seen but once does not count.
look_at_addresses() { # FLAG
	while [ -e "$1" ]; do
		grep -w $port /proc/net/sctp/assocs
	done | awk '{ seen[$7]++ }
		/ 127\.0\.0\.(1 127\.0\.0\.2|2 127\.0\.0\.1) <-> / { both[$7] = 1; next }
		{ last[$7] = $0 }
		END {
			for (id in seen) {
				if (seen[id] < 2 && !(id in both))
					continue
				all++
				if (id in both)
					two++
				else if (odd++ < 5)
					print "# " last[id]
			}
			print all + 0, two + 0
		}'
}

# Transports that come later are bound to both, too.
sctp_torn() {
	local flag status=0 all two pid

	flag=$(mktemp)
	look_at_addresses "$flag" >"$flag.seen" &
	pid=$!
	tear=tear_sctp torn_kuser 64 18 protocol=132 || status=1
	rm -f "$flag"
	wait $pid
	grep '^#' "$flag.seen"
	read -r all two < <(grep -v '^#' "$flag.seen")
	echo "# associations: $all seen, $two with both addresses"
	[ $status -eq 0 ] && [ "$all" -gt 0 ] && [ "$two" -eq "$all" ]
}

modprobe sctp 2>/dev/null
insmod_kuser 4 18 protocol=132 casts=1
result $? kernel_user.both_directions_over_sctp
sctp_torn
result $? kernel_user.both_directions_over_sctp_under_resets

insmod_kuser 0 2 v6only=1 port=7001
result $? kernel_user.listens_at_a_port_of_each_ip_over_tcp
insmod_kuser 0 18 v6only=1 port=7001
result $? kernel_user.listens_at_a_port_of_each_ip

# The session outlives its socket, which held no network namespace: now the session
# does. The device goes with the namespace.
references() {
	cat /sys/module/rsess/refcnt
}

listening() {
	ss -Hltn "sport = :$port" | grep -q .
}

connected() {
	ip netns exec $ns grep -q ESTABLISHED /proc/net/rsess
}

is_gone() {
	[ ! -e /sys/class/net/u0 ]
}

has_let_go() {
	[ "$(references)" -lt "$with" ]
}

leave_behind() {
	local with pid

	ip netns exec $ns sysctl -qw net.rsess.orphan_timeout_ms=5000 &&
		ip link add u0 type veth peer name u1 netns $ns &&
		ip addr add 10.3.0.1/24 dev u0 && ip link set u0 up &&
		ip -n $ns addr add 10.3.0.2/24 dev u1 &&
		ip -n $ns link set u1 up || return
	"$programs/rsess_cat" -l 10.3.0.1 $port < <(sleep 120) >/dev/null 2>&1 &
	server=$!
	until_true listening || return
	ip netns exec $ns insmod "$ko" port=$port family=18 device=u1 \
		server=10.3.0.1 &
	pid=$!
	until_true connected && ip -n $ns link set u1 down && wait $pid &&
		rmmod rsess_kuser || return
	# It has no transport any more, and cannot get another one.
	ip netns exec $ns ss -Kt >/dev/null 2>&1
	with=$(references)
	ip netns del $ns
	until_true is_gone && until_true has_let_go
}

ns=rsess-kuser
server=
ip netns add $ns
leave_behind
result $? kernel_user.leaves_a_session_behind
[ -z "$server" ] || kill "$server"

# Sockets of a user in the kernel that do not keep their namespace end with it. The user
# has them still, and gives them back when it hears of the end.
late=

has_heard() {
	late=$(cat /sys/module/rsess_kuser/parameters/late)
	[ -n "$late" ]
}

end_with_namespace() { # FAMILY
	ip netns add $ns && ip -n $ns link set lo up &&
		ip link add u0 type veth peer name u1 netns $ns &&
		ip netns exec $ns insmod "$ko" port=$port family="$1" stay=1 ||
		return
	ip netns del $ns
	until_true is_gone && until_true has_heard && rmmod rsess_kuser
}

end_with_namespace 2
result $? kernel_user.ends_with_its_namespace_over_tcp
end_with_namespace 18
result $? kernel_user.ends_with_its_namespace

# What is asked for then finds that it has ended: ENETDOWN.
echo "# connect, bind, listen: $late"
[ "$late" = "-100 -100 -100" ]
result $? kernel_user.begins_nothing_after_its_namespace

[ "$failed" -eq 0 ]
