#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The DLM of Debian's kernel on two nodes, unchanged: their connections are reset all the
# time while both count in the same lock value blocks. The sum of the counters has to be
# what they have counted, and the DLM must not have noticed.
#
# What dlm_controld does for a cluster, by configfs and sysfs, is done here: there is no
# corosync.
#
# To be run in two guests that are thrown away, vm/run --nodes 2. The first one prints TAP.
# Needs root and the modules.
#
# usage: dlm.sh --old DLM.KO [--named DLM.KO] [--table] [TEST...]
#
# --old is the DLM as it was before it resent what a connection had lost, see build_dlm.sh;
# --named is one that asks for sessions itself, see there.
# --table is for the demo: not TAP, but TCP beside sessions.

set -u
# shellcheck source-path=SCRIPTDIR source=nodes.sh
. "$(dirname "$(readlink -f "$0")")/nodes.sh"
cluster=/sys/kernel/config/dlm/cluster
port=21064
greeting='dlm: got connection from'
resources=20
seconds=30
old=
named=
table=
tests_wanted=(is_adopted counts_under_resets leaves
	counts_under_resets_without_midcomms counts_under_resets_over_sctp
	counts_under_resets_over_ipv6 fences falls_back)

# --- what each node does ---------------------------------------------------------

# A struct sockaddr_storage of AF_INET, or of AF_INET6, without a port: what vm/run has
# given the nodes, and fd09::NODE; the second one for SCTP is 10.8.0.NODE.
address_of() { # WIRE NODE
	case $1 in
	second) printf '%b' "\\2\\0\\0\\0\\12\\10\\0\\0$2" ;;
	tcp6) printf '%b' '\12\0\0\0\0\0\0\0\0375\11\0\0\0\0\0\0' \
		"\\0\\0\\0\\0\\0\\0\\0\\0$2" ;;
	*) printf '%b' "\\2\\0\\0\\0\\12\\11\\0\\0$2" ;;
	esac | dd bs=128 conv=sync status=none
}

# What carries the connections is a WIRE: tcp, tcp6 or sctp; or named, which is TCP, too.
prepare_wire() { # WIRE
	case $1 in
	tcp6) ip addr replace "fd09::$NODE/64" dev eth0 nodad ;;
	sctp)
		ip addr replace "10.8.0.$NODE/24" dev eth0 && modprobe sctp &&
		echo 1 >$cluster/protocol ;;
	named) echo 3 >$cluster/protocol ;;
	esac
}

tell_address() { # WIRE NODE
	address_of "$1" "$2" | dd of="$cluster/comms/$2/addr" bs=128 status=none
}

know() { # WIRE NODE
	mkdir "$cluster/comms/$2" && echo "$2" >"$cluster/comms/$2/nodeid" &&
	{ [ "$2" != "$NODE" ] || echo 1 >"$cluster/comms/$2/local"; } &&
	tell_address "$1" "$2" && { [ "$1" != sctp ] || tell_address second "$2"; }
}

load_dlm() { # WIRE [KO]
	mount_configfs || return
	if [ $# -gt 1 ]; then insmod "$2"; else modprobe dlm; fi &&
	mkdir $cluster && echo rsess >$cluster/cluster_name &&
	echo 1 >$cluster/log_info && prepare_wire "$1" &&
	know "$1" 1 && know "$1" 2
}

appears() {
	[ -e "$1" ]
}

add_member() { # LOCKSPACE NODE
	local node=$cluster/spaces/$1/nodes/$2

	mkdir "$node" && echo "$2" >"$node/nodeid"
}

# Both nodes at once: the group has both from the start.
join() { # LOCKSPACE
	local n space=$cluster/spaces/$1 control=/sys/kernel/dlm/$1

	"$adopters/dlm_locks.py" join "$1" &
	mkdir "$space" && until_true appears "$control/control" || return
	for n in 1 2; do
		add_member "$1" $n || return
	done
	echo 4660 >"$control/id" && echo 1 >"$control/control" &&
	echo 0 >"$control/event_done" && wait $!
}

leave() { # LOCKSPACE
	local control=/sys/kernel/dlm/$1

	"$adopters/dlm_locks.py" leave "$1" &
	while kill -0 $! 2>/dev/null; do
		echo 0 >"$control/event_done"
		sleep 0.2
	done 2>/dev/null
	wait $! && rmdir "$cluster/spaces/$1"/nodes/* "$cluster/spaces/$1"
}

# What dlm_controld does with a node that was fenced, and when it is back.
expel() { # LOCKSPACE NODE
	echo 0 >"/sys/kernel/dlm/$1/control" &&
	rmdir "$cluster/spaces/$1/nodes/$2" "$cluster/comms/$2" &&
	echo 1 >"/sys/kernel/dlm/$1/control"
}

admit() { # LOCKSPACE NODE
	echo 0 >"/sys/kernel/dlm/$1/control" && know tcp "$2" &&
	add_member "$1" "$2" && echo 1 >"/sys/kernel/dlm/$1/control"
}

# As if it had no power: nothing of the DLM comes out of it, nor in.
cut_off() {
	nft -f - <<-END
	table inet cut {
		chain out {
			type filter hook output priority 0;
			tcp dport $port drop
			tcp sport $port drop
		}
		chain in {
			type filter hook input priority 0;
			tcp dport $port drop
			tcp sport $port drop
		}
	}
	END
}

join_up() {
	nft delete table inet cut
}

unload_dlm() {
	rmdir $cluster/comms/* $cluster && rmmod dlm
}

hold() { # LOCKSPACE
	echo $BASHPID >/run/dlm-hold
	exec "$adopters/dlm_locks.py" hold "$1" $resources $((NODE - 1)) 2
}

end_hold() {
	kill "$(</run/dlm-hold)"
}

count() { # LOCKSPACE
	"$adopters/dlm_locks.py" count "$1" $resources $seconds
}

# --- what the first one does with both ------------------------------------------------

# begin MODULES WIRE [KO]: a lockspace of both; MODULES are adopted
begin() {
	case $2 in
	sctp) tear_options=(--sctp) ;;
	tcp6) tear_options=(--kinds ss) ;;
	*) tear_options=() ;;
	esac
	[ ! -e $cluster ] || end || return
	both adopt "$1" && both load_dlm "${@:2}" && both join ls
}

end() {
	both leave ls && both unload_dlm
}

# Counters have to stay where they are, each with one of the nodes.
hold_both() {
	rm -f "$scratch"/hold.*
	hold ls >"$scratch/hold.1" &
	other hold ls >"$scratch/hold.2" &
	until_true grep -q held "$scratch/hold.1" &&
	until_true grep -q held "$scratch/hold.2"
}

# Sets $operations and $worst; $sum is - if one of them has waited in vain.
count_both() {
	local status=0

	operations=0
	worst=-
	sum=-
	hold_both || return
	other count ls >"$scratch/count.2" &
	count ls >"$scratch/count.1" || status=1
	wait $! || status=1
	operations=$(cat "$scratch"/count.* | value operations)
	worst=$(sed -n 's/.*worst=//p' "$scratch"/count.* | sort -n | tail -n 1)
	[ $status -ne 0 ] ||
		sum=$("$adopters/dlm_locks.py" sum ls $resources | value sum)
	both end_hold
	[ "$sum" = "$operations" ]
}

# --- the tests ---------------------------------------------------------------------------

# A listener of each node, and the socket of one that has connected.
is_adopted() {
	local mine theirs

	mine=$(adopted dlm)
	theirs=$(other adopted dlm)
	echo "# adopted: $mine, $theirs; sessions: $(sessions), $(other sessions)"
	[ "$mine" -ge 1 ] && [ "$theirs" -ge 1 ] && [ $((mine + theirs)) -ge 3 ] &&
	[ "$(sessions)" -ge 1 ] && [ "$(other sessions)" -eq "$(sessions)" ] &&
	[ "$(reconnects)" -ge 1 ]
}

counts_under_resets() {
	local status=0

	torn_unnoticed count_both || status=1
	echo "# $operations operations, sum $sum, the longest took $worst s"
	return $status
}

has_the_port() {
	/usr/bin/python3 -c "import socket; socket.create_server(('', $port))" \
		2>/dev/null
}

leaves() {
	end && ! grep -q '^dlm ' /proc/modules && until_true has_the_port &&
	until_true other has_the_port && [ "$(sessions)" -eq 0 ]
}

counts_under_resets_without_midcomms() {
	begin dlm tcp "$old" && counts_under_resets && end
}

# Each association has all four addresses.
has_both_addresses() {
	awk '$12 == port || $13 == port {
			all++
			four += /10\.9\.0\.1/ && /10\.8\.0\.1/ &&
				/10\.9\.0\.2/ && /10\.8\.0\.2/
		}
		END { exit !(all && four == all) }' port=$port /proc/net/sctp/assocs
}

counts_under_resets_over_sctp() {
	begin dlm sctp && counts_under_resets && until_true has_both_addresses && end
}

counts_under_resets_over_ipv6() {
	begin dlm tcp6 && counts_under_resets && end
}

counts_under_resets_by_name() {
	begin "" named "$named" && counts_under_resets && end
}

# A node has lost its power while both count.  The other one closes its connections and
# counts on; and the first one is back, with a new lockspace: what was for the old one is
# lost.
fences() {
	local mine theirs status=0

	begin dlm tcp || return
	other count ls >"$scratch/count.2" &
	theirs=$!
	count ls >"$scratch/count.1" &
	mine=$!
	until_true has_sessions && sleep 5 && other cut_off && expel ls 2 &&
	until_true has_none || status=1
	other expel ls 1 || status=1
	wait $mine || status=1
	wait $theirs || status=1
	echo "# alone: $(cat "$scratch/count.1")"
	[ $status -eq 0 ] && other leave ls && other unload_dlm && other join_up &&
	other load_dlm tcp || return
	other join ls &
	admit ls 2 && wait $! && counts_under_resets && end
}

# The other node has no sessions.
falls_back() {
	local before

	before=$(counter FallbackPeer)
	other adopt "" && adopt dlm && both load_dlm tcp && both join ls &&
	count_both && [ "$(sessions)" -eq 0 ] &&
	[ "$(counter FallbackPeer)" -gt "$before" ] && end
}

# --- the table -----------------------------------------------------------------------------

print_row() {
	printf '%-31s %6s %7s %8s %10s %8s %9s  %s\n' "$@"
}

row() { # NAME MODULES WIRE [KO]
	local right=yes

	echo "demo: $1: both nodes count for $seconds seconds, while their connections" \
		"are reset"
	begin "${@:2}" || return
	torn count_both || right=NO
	[ "$sum" != - ] || right="NO: waits for ever"
	print_row "$1" "$resets" "$resumes" "$again" "$operations" "$sum" "$worst s" \
		"$right" >>"$scratch/table"
	[ "$right" = yes ]
}

# The last one stays as it is: a DLM that waits for ever cannot be removed.
show_table() {
	local status=0

	row "DLM, sessions" dlm tcp && [ "$again" -eq 0 ] || status=1
	end >/dev/null
	row "DLM, TCP" "" tcp || status=1
	end >/dev/null
	row "DLM without midcomms, sessions" dlm tcp "$old" && [ "$again" -eq 0 ] ||
		status=1
	end >/dev/null
	! row "DLM without midcomms, TCP" "" tcp "$old" || status=1
	echo
	print_row '' resets resumes connects operations counted 'longest' right
	cat "$scratch/table"
	echo
	if [ $status -eq 0 ]; then
		echo "demo: PASS"
	else
		echo "demo: FAIL"
	fi
	return $status
}

answer_call "$@"
while [ $# -gt 0 ]; do
	case $1 in
	--old) old=$2; shift 2 ;;
	--named)
		named=$2
		tests_wanted+=(counts_under_resets_by_name)
		shift 2 ;;
	--table) table=yes; shift ;;
	-*) exit 2 ;;
	*) break ;;
	esac
done
[ $# -eq 0 ] || tests_wanted=("$@")
serve_the_first
if [ -n "$table" ]; then
	show_table
	failed=$?
else
	plan $((${#tests_wanted[@]} + 1))
	begin dlm tcp
	result $? dlm.joins
	run_tests dlm "${tests_wanted[@]}"
fi
[ "$failed" -eq 0 ]
