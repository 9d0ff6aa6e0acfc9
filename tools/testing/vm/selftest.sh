#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# usage: selftest.sh [KERNEL]
#
# Tests of "run". Prints TAP. Boots twelve times, which takes about a minute.
#
# Functions are called by way of check().
# shellcheck disable=SC2317

set -u
here=$(dirname "$(readlink -f "$0")")
scratch=$(mktemp -d)
dir="$scratch/a dir"
mkdir "$dir" "$scratch/tmp"
trap 'rm -rf "$scratch"' EXIT
cd "$dir" || exit 1
kernel=${1:-6.1}
count=0
failed=0

# vm OPTION... -- COMMAND...: sets $code, and what was printed is in files
vm() {
	code=0
	TMPDIR=$scratch/tmp "$here/run" --kernel "$kernel" --timeout 300 --log "$scratch/log" "$@" \
		>"$scratch/out" 2>"$scratch/err" || code=$?
}

# check NAME COMMAND...: the test passes if COMMAND does
check() {
	local name=$1

	shift
	count=$((count + 1))
	if "$@"; then
		echo "ok $count - $name"
		return
	fi
	echo "not ok $count - $name"
	failed=1
	echo "# failed: $*"
	echo "# exit status $code"
	tail -n 20 "$scratch/err" | sed 's/^/# /'
}

# skip NAME REASON
skip() {
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

# But for what a boot says that had to be tried again.
none_said() {
	! grep -qv -e '^| ' -e ': once more$' "$scratch/err"
}

line() {
	grep -qxF -- "$1" "$scratch/out"
}

complaint() {
	grep -qF -- "$1" "$scratch/err"
}

# No file, and no process that was told of one.
nothing_left() {
	[ -z "$(ls -A "$scratch/tmp")" ] &&
		! grep -qsa "$scratch/[t]mp" /proc/[0-9]*/cmdline
}

wait_for() {
	for _ in $(seq 600); do
		! "$@" 2>/dev/null || return 0
		sleep 0.1
	done
	false
}

# On a new machine it says what it installs: the tests begin after that.
vm --no-module -- true

# --- a kernel that does not begin -----------------------------------------

tries() {
	[ "$(grep -c 'before its first program: once more' "$scratch/err")" -eq "$1" ]
}

vm --no-module --append 'rdinit=/none panic=-1' -- true
check start__fails_without_a_program [ $code -eq 125 ]
check start__is_tried_three_times tries 2

# --- a command that fails --------------------------------------------------

# shellcheck disable=SC2016
printf 'to stderr\nto stderr\nargument: x  y "\n\t\r\xff\x01$z' >"$scratch/expected"
# shellcheck disable=SC2016
vm --no-module -- bash -c '
	echo to stderr >&2
	echo to stderr >/dev/stderr
	echo "argument: $1"
	printf "\t\r\xff\x01\$z"
	pwd >here
	echo "uid $(id -u) modules $(grep -c "^rsess " /proc/modules)" >/dev/kmsg
	cat here >/dev/kmsg
	echo changed >expected
	echo changed >/etc/rsess-selftest
	sleep 1000 &
	exit 42' -- 'x  y "'
check status__is_passed_on [ $code -eq 42 ]
check output__is_complete_and_clean cmp "$scratch/out" "$scratch/expected"
check messages__are_none none_said
check command__runs_as_root grep -q 'uid 0 ' "$scratch/log"
check command__runs_in_the_same_directory grep -qF "] $dir" "$scratch/log"
check no_module__loads_none grep -q 'modules 0$' "$scratch/log"
check log__is_from_the_start grep -q 'Linux version' "$scratch/log"
check host__is_not_written_to [ ! -e "$dir/here" -a ! -e "$dir/expected" \
	-a ! -e /etc/rsess-selftest ]
check files__are_removed nothing_left

# --- the module, a warning -------------------------------------------------

vm -- sh -c 'cut -d" " -f1 /proc/modules
	echo "WARNING: CPU: 0 PID: 1 at selftest.c:1" >/dev/kmsg'
check module__is_loaded line rsess
check warning__fails [ $code -eq 125 ]
check warning__is_shown complaint 'at selftest.c:1'

# --- the module loaded on demand, an oops ----------------------------------

vm --autoload -- sh -c '! grep "^rsess " /proc/modules || echo too early
	modprobe rsess && echo loaded
	modprobe -r rsess && echo unloaded
	modinfo -n rsess
	[ ! -e /proc/sysrq-trigger ] || { echo c >/proc/sysrq-trigger; sleep 100; }'
check autoload__loads_nothing_by_itself sh -c "! grep 'too early' '$scratch/out'"
check autoload__modprobe_finds_the_module line loaded
check autoload__modprobe_unloads_it line unloaded
if [ "$kernel" = um ] || [[ $kernel == *-um-* ]]; then
	skip oops__fails "no sysrq on User-mode Linux"
	skip oops__is_shown "no sysrq on User-mode Linux"
else
	check oops__fails [ $code -eq 125 ]
	check oops__is_shown complaint 'sysrq triggered crash'
fi

# --- two machines ---------------------------------------------------------

if [ "$kernel" = um ] || [[ $kernel == *-um-* ]]; then
	skip nodes__are_joined "no wire on User-mode Linux"
	skip nodes__are_told_apart "no wire on User-mode Linux"
	skip nodes__one_that_fails "no wire on User-mode Linux"
else
	# shellcheck disable=SC2016
	vm --no-module --smp 1 --nodes 2 -- sh -c 'echo "node $NODE"
		[ $NODE = 2 ] || exec busybox nc -l -p 9
		until echo joined | busybox nc 10.9.0.1 9; do sleep 0.1; done
		exit 1'
	check nodes__are_joined line joined
	check nodes__are_told_apart sh -c "grep -qx 'node 1' '$scratch/out' &&
		grep -qx '# 2: node 2' '$scratch/out'"
	check nodes__one_that_fails [ $code -eq 1 ]
fi

# --- too long, interrupted, not possible -----------------------------------

vm --no-module --timeout 3 -- sleep 100
check timeout__is_124 [ $code -eq 124 ]
check timeout__leaves_nothing nothing_left

TMPDIR=$scratch/tmp "$here/run" --kernel "$kernel" --no-module -- sh -c 'echo up; sleep 1000' \
	>"$scratch/out" 2>"$scratch/err" &
pid=$!
check output__comes_at_once wait_for line up
kill -TERM $pid
code=0
wait $pid || code=$?
check term__ends_it [ $code -eq 143 ]
check term__leaves_nothing nothing_left

vm --no-module --kernel 0.0 -- true
check kernel__unknown_is_125 [ $code -eq 125 ]
vm --no-module -- /no/such/command
check command__missing_is_127 [ $code -eq 127 ]

echo "1..$count"
exit $failed
