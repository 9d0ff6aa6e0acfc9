#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tear at the connections of one port, in the network namespace that this runs in, by
# three means in turn:
#
#   tcpkill  Debian's tcpkill (package dsniff) forges resets for what it sees on
#            the interface.  IPv4 only.  It goes on as long as anything flows, so
#            it gets a second at a time.
#   ss       ss -K: the kernel aborts its own end and resets the peer's.
#   nft      a rule that rejects with a TCP reset, for a moment.
#
# or for SCTP by sctpkill, which is built beside the other programs.
#
# What it counts is evidence, not attempts: the kernel's EstabResets, which grows
# by one for each established connection of this namespace that ends by a reset; of SCTP
# it is SctpAborteds.
#
# Prints a line for each turn and a summary; stop it with SIGTERM or SIGINT.

set -u

help() {
	cat <<-END
	usage: tear.sh [options] INTERFACE PORT
	  --sctp           not TCP
	  --kinds LIST     means to use in turn (default "tcpkill ss nft", or "sctpkill")
	  --seconds N      stop after N seconds (default 60)
	  --turns N        stop after N turns (default 1000)
	  --pause SECONDS  leave the connections alone between turns (default 0.3)
	END
	exit 2
}

kinds=
sctp=
seconds=60
turns=1000
pause=0.3

while [ $# -gt 0 ]; do
	case $1 in
	--sctp) sctp=1; shift ;;
	--kinds) kinds=$2; shift 2 ;;
	--seconds) seconds=$2; shift 2 ;;
	--turns) turns=$2; shift 2 ;;
	--pause) pause=$2; shift 2 ;;
	-*) help ;;
	*) break ;;
	esac
done
[ $# -eq 2 ] || help
dev=$1
port=$2

here=$(dirname "$(readlink -f "$0")")
programs=${RSESS_SELFTESTS:-$here/../../../../../build/selftests}
if [ -n "$sctp" ]; then
	all_kinds="sctpkill"
	needs="$programs/sctpkill"
else
	all_kinds="tcpkill ss nft"
	needs=$all_kinds
fi
kinds=${kinds:-$all_kinds}
declare -A found tried
child=
stop=
estab=0

# Sets estab to the namespace's count of established connections that were reset.
# The file is read at once: what is in it moves when a number gets a digit more.
read_estab() {
	local -a names values
	local text i

	if [ -n "$sctp" ]; then
		estab=$(awk '$1 == "SctpAborteds" { print $2 }' /proc/net/sctp/snmp)
		return
	fi
	text=$(</proc/net/snmp)
	text=${text#*$'\n'Tcp: }
	read -ra names <<<"${text%%$'\n'*}"
	text=${text#*$'\n'Tcp: }
	read -ra values <<<"${text%%$'\n'*}"
	for i in "${!names[@]}"; do
		[ "${names[i]}" != EstabResets ] || estab=${values[i]}
	done
}

# nap SECONDS: sleeps without a process.
nap() {
	read -rt "$1" -u "$never"
}

nft_off() {
	nft delete table inet rsess_tear 2>/dev/null
}

cleanup() {
	if [ -n "$child" ]; then
		kill -9 "$child" 2>/dev/null
		wait "$child" 2>/dev/null
	fi
	nft_off
}

summary() {
	local kind
	local line="tear:"
	local all=0
	local n=0

	for kind in $all_kinds; do
		line+=" $kind=${found[$kind]:-0}"
		all=$((all + ${found[$kind]:-0}))
		n=$((n + ${tried[$kind]:-0}))
	done
	echo "$line resets=$all turns=$n seconds=$SECONDS"
}

tear_tcpkill() {
	local i

	tcpkill -i "$dev" tcp port "$port" >/dev/null 2>&1 &
	child=$!
	# libpcap hands packets over up to half a second late.
	for ((i = 0; i < 20; i++)); do
		nap 0.1
		read_estab
		[ "$estab" -gt "$before" ] && break
	done
	kill -9 "$child" 2>/dev/null
	wait "$child" 2>/dev/null
	child=
}

# It ends by itself when it has met some.
tear_sctpkill() {
	"$programs/sctpkill" -q -i "$dev" -n 2 -t 2 "$port" 2>/dev/null
	nap 0.1
}

# Listeners are not in the list that ss takes by default.
tear_ss() {
	ss -K "( sport = :$port or dport = :$port )" >/dev/null 2>&1
}

tear_nft() {
	local i

	nft -f - <<-END
	table inet rsess_tear {
		chain input {
			type filter hook input priority 0;
			tcp dport $port reject with tcp reset
		}
		chain output {
			type filter hook output priority 0;
			tcp dport $port reject with tcp reset
		}
	}
	END
	for ((i = 0; i < 5; i++)); do
		nap 0.1
		read_estab
		[ "$estab" -gt "$before" ] && break
	done
	nft_off
}

for tool in $needs; do
	if ! command -v "$tool" >/dev/null; then
		echo "tear: $tool not found (packages: dsniff iproute2 nftables)" >&2
		exit 2
	fi
done

exec {never}<> <(:)
trap cleanup EXIT
trap 'stop=1' TERM INT

n=0
SECONDS=0
while [ -z "$stop" ] && [ "$n" -lt "$turns" ] && [ $SECONDS -lt "$seconds" ]; do
	for kind in $kinds; do
		if [ -n "$stop" ] || [ "$n" -ge "$turns" ]; then
			break
		fi
		nap "$pause"
		read_estab
		before=$estab
		"tear_$kind"
		read_estab
		tried[$kind]=$((${tried[$kind]:-0} + 1))
		found[$kind]=$((${found[$kind]:-0} + estab - before))
		n=$((n + 1))
		echo "tear: $SECONDS s $kind resets=$((estab - before))"
	done
done
summary
