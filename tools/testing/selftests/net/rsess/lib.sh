# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What the test scripts need: results in TAP, and waiting. Source this file.

here=$(dirname "$(readlink -f "$0")")
# shellcheck disable=SC2034
programs=${RSESS_SELFTESTS:-$here/../../../../../build/selftests}
tests=0
failed=0

# plan COUNT
plan() {
	echo "TAP version 13"
	echo "1..$1"
}

# result STATUS NAME
result() {
	local not=''

	tests=$((tests + 1))
	if [ "$1" -ne 0 ]; then
		not='not '
		failed=$((failed + 1))
	fi
	echo "${not}ok $tests $2"
}

# skip NAME REASON
skip() {
	tests=$((tests + 1))
	echo "ok $tests $1 # SKIP $2"
}

# until_true COMMAND...: asks again and again, at most PATIENCE or 40 seconds; longer
# on a machine that is slower than usual by RSESS_SLOW
until_true() {
	local end=$((SECONDS + ${PATIENCE:-40} * ${RSESS_SLOW:-1}))

	until "$@"; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "# in vain: $*"
			return 1
		fi
		sleep 0.1
	done
}

# counter NAME: of this namespace
counter() {
	awk -v name="Rsess$1" '$1 == name { print $2 }' /proc/net/rsess_stat
}

# Until the file $1 goes away, destroy the connections of $port.
tear() {
	local i

	for ((i = 0; i < 2000; i++)); do
		[ -e "$1" ] || return
		ss -Kt "sport = :$port" >/dev/null 2>&1
		sleep 0.1
	done
}
