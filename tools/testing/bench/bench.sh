#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Measures what a session costs, in a machine whose clock counts instructions.
# bench.c has the rows, and performance.rst what they are for.
#
# usage: bench.sh [--quick | --update | --plot] [--rounds N] [--profile ROW] [KERNEL] [ROW...]
#
# --quick    the rows that have a baseline, with less of each: fails where a ratio is
#            worse than there; prints TAP
# --update   the same, and makes the baseline of it
# --plot     measures nothing: draws the figures of the last run for performance.rst
# --profile  where the instructions of a row go: perf, over sessions only
#
# The table is on stdout; the figures go to build/bench/bench.json too. Without an option the
# rows with a baseline run once more, on two processors that do not count: what stands
# still there comes to no end, and fails.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../../..")
# shellcheck source-path=SCRIPTDIR source=../vm/lib.sh disable=SC1091
. "$here/../vm/lib.sh"

out=$root/build/bench
form=
rounds=5
profile=
while [ $# -gt 0 ]; do
	case $1 in
	--quick | --update | --plot) form=${1#--} ;;
	--rounds) rounds=$2; shift ;;
	--profile) profile=$2; shift ;;
	-*) sed -n '/^# usage/,/^$/s/^# \?//p' "$0" >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
kernel=${1:-6.1}
[ $# -eq 0 ] || shift

if [ "$form" = plot ]; then
	[ -e "$out/bench.json" ] || { say "no figures yet: make bench"; exit 1; }
	need_packages /usr/lib/python3/dist-packages/matplotlib:python3-matplotlib
	exec "$here/plot.py" "$out/bench.json" \
		"$root/Documentation/networking/rsess/performance.svg"
fi

need_packages gcc:gcc make:make /usr/include/libmnl/libmnl.h:libmnl-dev \
	/usr/bin/python3:python3 tc:iproute2
[ -z "$profile" ] || need_packages perf:linux-perf
make -s -C "$here" >&2
choose_kernel "$kernel"
make_for "$release" module >&2

# measure COMMAND...
measure() {
	"$here/../vm/run" --kernel "$release" --count --mem 4G --timeout 1500 -- "$@"
}

on_two_processors() { # [ROW...]
	"$here/../vm/run" --kernel "$release" --mem 4G --timeout 900 -- \
		"$out/bench" -q -r 1 "$@" >"$out/two"
	echo "two processors: $(wc -l <"$out/two") measurements have come to an end"
}

if [ -n "$profile" ]; then
	measure "$here/profile.sh" "$out/bench" "$profile"
	exit
fi
case $form in
quick) args=(-q -r 3) judge=(--tap --baseline "$here/baseline.json") ;;
update) args=(-q -r 3) judge=(--update --baseline "$here/baseline.json") ;;
*) args=(-r "$rounds") judge=() ;;
esac
measure "$out/bench" "${args[@]}" "$@" >"$out/lines"
"$here/bench.py" --json "$out/bench.json" ${judge[@]+"${judge[@]}"} <"$out/lines"
[ -n "$form" ] || on_two_processors "$@"
