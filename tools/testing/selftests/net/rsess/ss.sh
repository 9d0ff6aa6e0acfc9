#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What a patched ss shows of sessions: $SS, see tools/testing/iproute2.sh. Runs in the VM,
# with --autoload.

# Functions are called by name.
# shellcheck disable=SC2317

set -u

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"
cat=$programs/rsess_cat
port=7300
dir=$(mktemp -d)
pids=()

cleanup() {
	kill "${pids[@]}" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

check() { # NAME COMMAND...
	"${@:2}"
	result $? "ss.$1"
}

# shows PATTERN OPTION...: how many lines have it
shows() {
	local n

	n=$("$SS" -Hn --rsess "${@:2}" | tee "$dir/shown" | grep -cE "$1")
	[ "$n" -ne 0 ] || sed 's/^/# /' "$dir/shown" >&2
	echo "$n"
}

does_not_load() {
	[ -z "$("$SS" -Hna --rsess)" ] && ! "$SS" -Hna | grep -q '^rsess ' &&
		! [ -d /sys/module/rsess ]
}

listens() {
	[ "$(shows "^LISTEN +0 +1 +127.0.0.1:$port .*\"rsess_cat\",pid=${pids[0]}," -lp)" -eq 1 ]
}

connected() {
	start dialer
	until_true are_established
}

are_established() {
	[ "$(shows "^ESTAB " -p)" -eq 2 ]
}

have_processes() {
	[ "$(shows "\"rsess_cat\",pid=(${pids[0]}|${pids[1]}),")" -eq 0 ] &&
		[ "$(shows "\"rsess_cat\",pid=(${pids[0]}|${pids[1]})," -p)" -eq 2 ]
}

have_state() {
	[ "$(shows ' dialer link:live resumes:0 lost:0 epoch:0 .* age:[0-9]+ms downtime:0ms' -iO)" -eq 1 ] &&
		[ "$(shows ' acceptor link:live resumes:0 lost:0 ' -iO)" -eq 1 ] &&
		[ "$(shows ' skmem:\(r' -mO)" -eq 2 ]
}

are_filtered() {
	[ "$(shows . "sport = :$port")" -eq 1 ] &&
		[ "$(shows . "dport = :$port")" -eq 1 ] &&
		[ "$(shows . state fin-wait-1)" -eq 0 ] &&
		[ "$(shows . -4)" -eq 2 ] && [ "$(shows . -6)" -eq 0 ] &&
		[ "$("$SS" -Hn -A rsess | wc -l)" -eq 2 ] &&
		[ "$("$SS" -Hn | grep -c '^rsess ')" -eq 2 ]
}

# The socket of TCP below a session has the cookie that is told.
have_transports() {
	local cookie

	cookie=$("$SS" -Hne --rsess "dport = :$port" |
		sed -nE 's/.* transport:([0-9a-f]+).*/\1/p')
	[ -n "$cookie" ] && "$SS" -Hnte "dport = :$port" | grep -qw "sk:$cookie"
}

are_told_to_nobody() {
	[ "$(shows ' id:[0-9a-f]{32}( |$)' -eO)" -eq 2 ] &&
		[ "$(as_nobody "$SS" -Hn --rsess | wc -l)" -eq 2 ] &&
		! as_nobody "$SS" -HneO --rsess | grep -q ' id:'
}

are_not_killed_by_nobody() {
	as_nobody "$SS" -HnK --rsess 2>&1 | grep -q 'not permitted' &&
		are_established
}

are_killed() {
	"$SS" -HnK --rsess "dport = :$port" >/dev/null &&
		until_true errors_are ECONNABORTED ECONNRESET &&
		until_true none_are_left
}

none_are_left() {
	[ "$(shows . -a)" -eq 0 ]
}

has_fallen_back() {
	echo 2 >/proc/sys/net/rsess/negotiate
	start listener -l
	until_true listens_again && exec 4<>"/dev/tcp/127.0.0.1/$port" &&
		until_true falls_back
}

listens_again() {
	[ "$(shows '^LISTEN ' -l)" -eq 1 ]
}

falls_back() {
	[ "$(shows ' fallback:off' -iO)" -eq 1 ]
}

plan 11
mkfifo "$dir/in"
exec 3<>"$dir/in"
check does_not_load_the_module does_not_load
start listener -l
check a_listener until_true listens
check a_session connected
check processes have_processes
check state have_state
check filters are_filtered
check transports have_transports
check no_id_to_others are_told_to_nobody
check no_kill_by_others are_not_killed_by_nobody
check kill are_killed
check fallback has_fallen_back
exit $((failed > 0))
