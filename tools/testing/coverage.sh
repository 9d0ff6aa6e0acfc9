#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make coverage": which lines and branches of the module the selftests reach, and
# how many of them the quick form, counted by gcov on User-mode Linux. Each row, a
# program with one variant, runs by itself. Prints TAP.
#
# usage: coverage.sh [--choose]
#
# --choose prints what the file "quick" of the selftests should be, from the counts
# of the last run.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
self=$here/selftests/net/rsess
out=$root/build/coverage
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

need_packages python3:python3 gcov:gcc make:make
if [ "${1:-}" = --choose ]; then
	exec "$here/coverage/choose.py" "$out/rows" "$self/quick" --choose
fi
choose_kernel gcov
make_for "$release" module
make -s -C "$self"
mkdir -p "$out"
mapfile -t programs < <("$self/run.sh" --list | sed "/\.sh$/!s|^|$root/build/selftests/|")
"$here/vm/run" --kernel "$release" --mem 4G \
	--timeout 7200 -- "$here/coverage/rows.py" "$root/build/$release" "$self" \
	"${programs[@]}" >"$out/rows"
"$here/coverage/choose.py" "$out/rows" "$self/quick" | tee "$out/tap"
"$self/tap_total.sh" "$out/tap"
