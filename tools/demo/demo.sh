#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Transfers real files, both directions at once, between two network namespaces
# while tear.sh resets the connections: over plain TCP, then over AF_RSESS; or over plain
# SCTP and over AF_RSESS over SCTP.
#
#     demo-a 10.65.0.1 --veth-- 10.65.0.2 demo-b
#     dials, torn at            listens
#
# Needs root, the module loaded, and xfer built.  Every number printed is read
# from the output of xfer and from the kernel's counters.

set -u

help() {
	cat <<-END
	usage: demo.sh [options] DIRECTORY
	  --rate BYTES   a second and direction (default 1000000)
	  --transport T  tcp or sctp (default tcp)
	  --limit N      seconds for each of the two transfers (default 180)
	DIRECTORY has the files "a" and "b", and "sums" by sha256sum.
	END
	exit 2
}

rate=1000000
limit=180
transport=tcp
while [ $# -gt 0 ]; do
	case $1 in
	--rate) rate=$2; shift 2 ;;
	--limit) limit=$2; shift 2 ;;
	--transport) transport=$2; shift 2 ;;
	-*) help ;;
	*) break ;;
	esac
done
[ $# -eq 1 ] || help
case $transport in
tcp) kinds=(tcpkill ss nft) tear=() ;;
sctp) kinds=(sctpkill) tear=(--sctp) ;;
*) help ;;
esac
files=$(readlink -f "$1")

here=$(dirname "$(readlink -f "$0")")
tools=$(readlink -f "$here/../testing/selftests/net/rsess")
xfer=${OUTPUT:-$tools/../../../../../build/selftests}/xfer
a=demo-a
b=demo-b
port=7000
dir=
pids=()
declare -A result file_sum resets

fail() {
	echo "demo: FAIL $*"
	exit 1
}

cleanup() {
	[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
	wait
	ip netns del $a 2>/dev/null
	ip netns del $b 2>/dev/null
	[ -z "$dir" ] || rm -rf "$dir"
}

read_sums() {
	local sum name

	while read -r sum name; do
		file_sum[$name]=$sum
		echo "demo: file $name: $(stat -c %s "$files/$name") bytes, SHA-256 $sum"
	done <"$files/sums"
	[ -n "${file_sum[a]:-}" ] && [ -n "${file_sum[b]:-}" ]
}

net() {
	ip "$@" || fail "ip $*"
}

make_net() {
	local ns

	net netns add $a
	net netns add $b
	net link add veth0 netns $a type veth peer name veth0 netns $b
	net -n $a addr add 10.65.0.1/24 dev veth0
	net -n $b addr add 10.65.0.2/24 dev veth0
	for ns in $a $b; do
		net -n "$ns" link set lo up
		net -n "$ns" link set veth0 up
	done
}

# field KEY LINE: the value in a line of KEY=VALUE.
field() {
	local word

	for word in $2; do
		[ "${word%%=*}" = "$1" ] && echo "${word#*=}"
	done
}

# One line on how far it is, from the newest lines of xfer and tear.sh.
tell() {
	local family=$1 line torn

	line=$(tail -n 1 "$dir/$family.progress")
	torn=$(awk '{ sub("resets=", "", $5); n[$4] += $5 }
		END { last = split(kinds, kind)
			for (i = 1; i <= last; i++)
				printf("%s %d%s", kind[i], n[kind[i]],
				       i < last ? ", " : "")
		}' kinds="${kinds[*]}" "$dir/$family.tear")
	awk -v family="$family" -v seconds="$SECONDS" -v torn="$torn" \
	    -v sent="$(field sent "$line")" -v received="$(field received "$line")" \
	    -v resumes="$(field resumes "$line")" 'BEGIN {
		printf "demo: %s %d s: sent %.1f MiB, received %.1f MiB, resets: %s, resumes: %d\n",
			family, seconds, sent / 1048576, received / 1048576, torn, resumes }'
}

# transfer FAMILY: sets result[FAMILY.a], result[FAMILY.b] and resets[FAMILY].
transfer() {
	local family=$1
	local common="--over $transport --rate $rate --period 1 --stall 60 --progress"
	local side start

	[ "$family" = rsess ] || common+=" --family plain"
	: >"$dir/$family.tear"
	: >"$dir/$family.progress"
	start=$SECONDS
	# shellcheck disable=SC2086
	ip netns exec $b timeout "$limit" "$xfer" $common --listen --send "$files/b" \
		10.65.0.2 $port >"$dir/$family.b" 2>"$dir/$family.b.err" &
	pids=($!)
	# shellcheck disable=SC2086
	ip netns exec $a timeout "$limit" "$xfer" $common --connect --send "$files/a" \
		10.65.0.2 $port >"$dir/$family.a" 2>"$dir/$family.progress" &
	pids+=($!)
	ip netns exec $a "$tools/tear.sh" "${tear[@]}" --seconds "$limit" veth0 $port \
		>"$dir/$family.tear" 2>&1 &
	pids+=($!)
	while kill -0 "${pids[0]}" 2>/dev/null || kill -0 "${pids[1]}" 2>/dev/null; do
		sleep 0.5
		if [ $((SECONDS - start)) -ge 3 ]; then
			start=$SECONDS
			tell "$family"
		fi
	done
	kill "${pids[2]}" 2>/dev/null
	wait "${pids[@]}"
	pids=()
	tell "$family"
	for side in a b; do
		result[$family.$side]=$(grep '^xfer: ok=' "$dir/$family.$side")
	done
	# Of the kernel's counter, while tear.sh was at it.
	result[$family.tear]=$(grep "^tear: ${kinds[0]}=" "$dir/$family.tear")
	[ -n "${result[$family.tear]}" ] ||
		fail "$family: tear.sh: $(tail -n 1 "$dir/$family.tear")"
	resets[$family]=$(field resets "${result[$family.tear]}")
	[ -n "${result[$family.a]}" ] ||
		fail "$family: the dialling side: $(tail -n 1 "$dir/$family.progress")"
	[ -n "${result[$family.b]}" ] ||
		fail "$family: the listening side: $(tail -n 1 "$dir/$family.b.err")"
}

# intact FAMILY SENDER RECEIVER: did the whole file arrive?
intact() {
	[ "$(field sha256_received "${result[$1.$3]}")" = "${file_sum[$2]}" ]
}

row() {
	local family=$1 from=$2 to=$3
	local out=${result[$1.$2]} in=${result[$1.$3]}
	local received equal=NO

	received=$(field received "$in")
	intact "$family" "$from" "$to" && equal=yes
	printf '%-9s %s>%s %10s %10s %10s %10s %7s %8s %13s %8s  %s\n' \
		"$family" "$from" "$to" "$(stat -c %s "$files/$from")" \
		"$(field sent "$out")" "$received" \
		$(($(stat -c %s "$files/$from") - received)) "${resets[$family]}" \
		"$(field resumes "$out")" $equal "$(field seconds "$in")" \
		"$(field error "$in")"
}

# The module's counters of a namespace that are not 0.
counters() {
	echo "$1:" "$(ip netns exec "$1" cat /proc/net/rsess_stat |
		sed -nE 's/^Rsess(\S+) +([1-9][0-9]*)$/\1=\2/p' | tr '\n' ' ')"
}

table() {
	local family

	echo
	printf '%-9s %s %10s %10s %10s %10s %7s %8s %13s %8s  %s\n' \
		transport dir file sent received missing resets resumes \
		'SHA-256 equal' seconds error
	for family in "$transport" rsess; do
		row "$family" a b
		row "$family" b a
	done
	echo
	counters $a
	counters $b
	echo
}

verdict() {
	local plain=$transport
	local resumes kind torn

	if intact "$plain" a b && intact "$plain" b a; then
		fail "plain ${plain^^} lost nothing (resets=${resets[$plain]})"
	fi
	[ "${resets[$plain]}" -ge 1 ] ||
		fail "plain ${plain^^} lost, but met no reset"
	for kind in a b; do
		[ "$(field ok "${result[rsess.$kind]}")" = 1 ] ||
			fail "AF_RSESS: $(field error "${result[rsess.$kind]}")"
	done
	if ! intact rsess a b || ! intact rsess b a; then
		fail "AF_RSESS: what arrived differs from the file"
	fi
	[ "${resets[rsess]}" -ge 10 ] ||
		fail "AF_RSESS met only ${resets[rsess]} resets"
	resumes=$(field resumes "${result[rsess.a]}")
	[ "$resumes" -ge 10 ] || fail "AF_RSESS resumed only $resumes times"
	for kind in "${kinds[@]}"; do
		torn=$(field $kind "${result[rsess.tear]}")
		[ "$torn" -ge 1 ] || fail "no reset by $kind was seen"
	done
	echo "demo: PASS resets=${resets[rsess]} resumes=$resumes" \
		"bytes=$(($(field received "${result[rsess.a]}") +
			  $(field received "${result[rsess.b]}")))"
}

[ -x "$xfer" ] || fail "$xfer is not built"
trap cleanup EXIT
trap 'exit 130' INT TERM
dir=$(mktemp -d)
read_sums || fail "no files in $files"
make_net
echo "demo: kernel $(uname -r), $(nproc) processors, $rate bytes a second each way"
SECONDS=0
transfer "$transport"
SECONDS=0
transfer rsess
table
verdict
