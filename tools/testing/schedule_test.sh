#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tests of schedule.py, with jobs of the shell; and of the forms that "make check" has, which
# takes the selftests to be built. Prints TAP.
#
# Functions are called by way of check().
# shellcheck disable=SC2317,SC2016

set -u
here=$(dirname "$(readlink -f "$0")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
count=0
failed=0

# run OPTION...: the jobs are standard input; sets $code
run() {
	rm -rf out
	code=0
	timeout 60 "$here/schedule.py" "$@" out >said 2>&1 || code=$?
}

# check NAME COMMAND...: the test passes if COMMAND does
check() {
	count=$((count + 1))
	if "${@:2}"; then
		echo "ok $count - schedule.$1"
		return
	fi
	echo "not ok $count - schedule.$1"
	echo "# exit status $code"
	sed 's/^/# /' said
	failed=1
}

said() {
	grep -qxE -- "$1" said
}

not_said() {
	! grep -qE -- "$1" said
}

# lines_are FILE LINE...
lines_are() {
	[ "$(cat "$1")" = "$(printf '%s\n' "${@:2}")" ]
}

# wait_for COMMAND...
wait_for() {
	for _ in $(seq 300); do
		! "$@" || return 0
		sleep 0.1
	done
	false
}

# --- order ---------------------------------------------------------------------

run --at-once 1 <<-'END'
short 1 0 echo short >>order
long 9 0 echo long >>order
middle 5 0 echo middle >>order
END
check longest_is_first lines_are order long middle short
check nothing_failed [ $code -eq 0 ]

# Each of the first two ends when it has seen the other; a third at the same time
# would have been seen too.
meet='touch $1.here; for i in $(seq 300); do ls *.here | wc -l >>most;
	[ $(ls *.here | wc -l) -lt 2 ] || break; sleep 0.1; done; sleep 1; rm $1.here'
echo "$meet" >meet
run --at-once 2 <<-'END'
a 9 0 bash meet a
b 8 0 bash meet b
c 7 0 bash meet c
d 6 0 bash meet d
END
check two_run_at_once [ "$(sort -n most | tail -n 1)" -eq 2 ]

# --- results -------------------------------------------------------------------

# There are more than ten tests, of which y is one of the slowest.
printf '%s\n' f.a.one f.a.two f.a.three f.b.one f.b.one >names
run <<-'END'
dies 5 @names echo "1..5"; echo "#  RUN           f.a.one ..."; echo "ok 1 f.a.one"; echo "#  RUN           f.a.two ..."; echo "ok 2 # SKIP not here"; echo "ok 3 f.b.one"; echo last words >&2; kill -9 $$
fails 4 0 exit 7
tells 3 3 echo "1..3"; echo "ok 1 - x # SKIP why"; sleep 1; echo "not ok 2 - y"; echo "not ok 3 - z # TODO"; exit 1
sums 2 2 echo "    ok 1 inner"; echo "    ok 2 inner"; echo "ok 1 suite"; echo "ok 2 next"
END
check dead__says_how_many_it_took grep -qx \
	'# dies ended with status -9 and took 2 tests along' out/dies.out
check dead__tests_are_named [ "$(grep -c '^not ok' out/dies.out)" -eq 2 ]
check dead__those_without_result grep -qx 'not ok - f.a.three # no result' out/dies.out
check dead__also_the_second_of_a_name grep -qx 'not ok - f.b.one # no result' out/dies.out
check dead__tells_at_once said '# dies: not ok - f.a.three # no result'
check output__is_kept grep -qx 'last words' out/dies.out
check skipped__needs_no_name not_said 'not ok.*f\.a\.two'
check status__is_a_failure grep -qx 'not ok - fails: exit status 7' out/fails.out
check failed__is_told said '# tells: not ok 2 - y'
check failed__once not_said 'tells: not ok.*status'
check todo__is_no_failure said '# tells: 3 tests, 1 failed, 0:0.'
check sum__is_no_test said '# sums: 3 tests, 0 failed, 0:0.'
check times__of_parts said '#   0:0.  dies, 5 tests'
check times__of_tests said '#   0:0.  y \(tells\)'
check total__fits_tap_total sh -c "'$here/selftests/net/rsess/tap_total.sh' out/*.out |
	grep -qx '6 passed, 4 failed, 2 skipped'"

# --- progress ------------------------------------------------------------------

run --at-once 1 --every 0.3 <<-'END'
first 60 4 echo "ok 1 a"; sleep 2; echo "ok 2 b"; echo "ok 3 c"; echo "ok 4 d"
second 60 6 echo "1..6"; seq -f 'ok %g x' 6
END
check progress__counts said '# 0:0[0-9]: 1 of 10 tests, 0 failed; about 2 min left; first 1/4'

# --- forms ---------------------------------------------------------------------

# forms FORM: the tests of the selftests in a form; who has not built them has none
forms() {
	"$here/selftests/net/rsess/run.sh" "--$1" --list-tests
}

code=0
{ forms quick && forms rest; } 2>said | sort >halves
forms all 2>>said | sort >whole
check forms__are_tests [ -s whole ]
check forms__quick_and_rest_are_all cmp halves whole

# --- stopped -------------------------------------------------------------------

echo 'job 9 0 touch up; sleep 600 & echo $! >child; wait' |
	"$here/schedule.py" out >said 2>&1 &
pid=$!
check stopped__was_running wait_for test -s child
kill -TERM $pid
code=0
wait $pid || code=$?
check stopped__status_is_1 [ $code -eq 1 ]
check stopped__children_end wait_for sh -c '! kill -0 $(cat child) 2>/dev/null'

echo "1..$count"
exit $failed
