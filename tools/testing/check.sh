#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check": builds everything, runs every test, prints TAP and, as its last
# line, how many passed, failed and were skipped.  Installs what it misses.
#
# usage: check.sh [RELEASE|SERIES]

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
self=$here/selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

choose_kernel "${1:-6.1}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# part NAME COMMAND...: one part of the tests.  TAP is collected; a part that
# fails without a failed test is a failed test itself.
part() {
	local name=$1 out status

	shift
	out=$(mktemp)
	echo "# --- $name"
	echo "TAP version 13" >>"$log"	# what came before is over
	status=0
	"$@" 2>&1 | tee "$out" || status=$?
	if [ "$status" -ne 0 ] && ! grep -q '^ *not ok' "$out"; then
		echo "not ok - $name: exit status $status" | tee -a "$out"
	fi
	grep -vE '^[0-9]+ passed, [0-9]+ failed' "$out" >>"$log" || true
	rm -f "$out"
}

build() {
	local kunit

	make -s -C "$root" KVER="$release" module kuser
	make -s -C "$self"
	kunit=$("$here/kunit/build.sh" "$release")
	make -s -C "$root" KVER="$release" KUNIT="$kunit" module
}

# A soak is not TAP: one test.
soak() {
	if "$here/soak.sh" "$release" 60; then
		echo "ok - soak"
	else
		echo "not ok - soak"
	fi
}

need_packages gcc:gcc make:make nft:nftables tcpkill:dsniff ip:iproute2 \
	/usr/include/stdio.h:libc6-dev \
	/usr/src/linux-source-6.1.tar.xz:linux-source-6.1 xz:xz-utils
build >&2

set -o pipefail
part lint "$here/lint.sh" "$release"
part vm "$here/vm/selftest.sh"
part kunit "$here/vm/run" --kernel "$release" --no-module -- \
	"$here/kunit/run.sh"
part selftests "$here/vm/run" --kernel "$release" --timeout 2400 -- \
	"$self/run.sh"
part kernel_user "$here/vm/run" --kernel "$release" --timeout 300 -- \
	"$self/kernel_user.sh"
part module "$here/vm/run" --kernel "$release" --autoload --timeout 120 -- \
	"$self/module.sh"
part soak soak

"$self/tap_total.sh" "$log"
