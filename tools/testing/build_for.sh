#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Builds the module, and the one of tests that uses it, for kernels that nothing is
# run on, and prints TAP. A warning is a failure. Installs what it misses.
#
# usage: build_for.sh RELEASE|SERIES...

set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

[ $# -gt 0 ] || { echo "usage: build_for.sh RELEASE|SERIES..." >&2; exit 1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
tests=0
failed=0

build() {
	choose_kernel "$1"
	make_for "$release" module kuser
}

need_packages gcc:gcc make:make xz:xz-utils
echo "TAP version 13"
echo "1..$#"
for kernel in "$@"; do
	tests=$((tests + 1))
	status=0
	(build "$kernel") 2>&1 | tee "$log" >&2 || status=$?
	if [ "$status" -eq 0 ] && ! grep -q 'warning:' "$log"; then
		echo "ok $tests - build.$kernel"
	else
		echo "not ok $tests - build.$kernel"
		failed=1
	fi
done
exit "$failed"
