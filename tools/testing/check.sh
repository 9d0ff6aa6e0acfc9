#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check": builds everything, runs every test, prints TAP and, as its last
# line, how many passed, failed and were skipped; in front of it, what failed.
# Installs what it misses.
#
# usage: check.sh [RELEASE|SERIES|FLAVOUR] [PART...]
#
# A FLAVOUR is a kernel with checks of its own, see kernel/build.sh. "um" and
# "debug" run the same tests; "debug" has more: memory that cannot be had, and
# mistakes that the kernel has to see. "kcsan" gets a soak and such a mistake.

set -eu
here=$(dirname "$(readlink -f "$0")")
self=$here/selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

kernel=${1:-6.1}
[ $# -eq 0 ] || shift
parts=(lint model fuzz vm kunit selftests kernel_user module apps field soak)
case $kernel in
debug) parts+=(faults seeded) ;;
kcsan) parts=(soak seeded) ;;
esac
[ $# -eq 0 ] || parts=("$@")

choose_kernel "$kernel"
slow=$(slowness_of "$release")
mem=$(memory_of "$release")
resets=60
case $kernel in
debug | kcsan) resets=300 ;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# run_part NAME: TAP is collected; a part that fails without a failed test is a
# failed test itself.
run_part() {
	local name=$1 out status

	out=$(mktemp)
	echo "# --- $name"
	echo "TAP version 13" >>"$log"	# what came before is over
	status=0
	"part_$name" 2>&1 | tee "$out" || status=$?
	if [ "$status" -ne 0 ] && ! grep -q '^ *not ok' "$out"; then
		echo "not ok - $name: exit status $status" | tee -a "$out"
	fi
	grep -vE '^[0-9]+ passed, [0-9]+ failed' "$out" >>"$log" || true
	rm -f "$out"
}

# vm SECONDS OPTION... -- COMMAND...
vm() {
	"$here/vm/run" --kernel "$release" --mem "$mem" \
		--timeout $(($1 * slow)) "${@:2}"
}

# The sources are the same for any kernel.
part_lint() {
	"$here/lint.sh" "$(is_installed "$release" && echo "$release" || echo 6.1)"
}

part_model() {
	"$here/model.sh"
}

part_fuzz() {
	"$here/fuzz/run.sh" --quick
}

part_vm() {
	"$here/vm/selftest.sh" "$release"
}

part_kunit() {
	vm 1800 --no-module -- "$here/kunit/run.sh"
}

part_selftests() {
	vm 3600 -- env RSESS_SLOW=$slow "$self/run.sh" \
		--timeout $((1200 * slow))
}

part_kernel_user() {
	vm 300 -- "$self/kernel_user.sh"
}

part_module() {
	vm 300 --autoload -- "$self/module.sh"
}

# Two of the programs of "make check-apps", for a shorter time.
part_apps() {
	"$here/apps.sh" "$release" run.sh --quick --seconds 15 nginx redis
}

part_field() {
	"$here/apps.sh" "$release" field.sh
}

part_faults() {
	# shellcheck disable=SC2046
	vm 1800 -- env RSESS_SLOW=$slow "$self/run.sh" \
		--timeout $((900 * slow)) \
		$(make -s -C "$self" print-fault-tests)
}

part_seeded() {
	"$here/seeded.sh" "$kernel"
}

# A soak is not TAP: one test.
soak() {
	if TRANSPORT=$1 "$here/soak.sh" "$release" "$2"; then
		echo "ok - soak.$1"
	else
		echo "not ok - soak.$1"
	fi
}

part_soak() {
	soak tcp "$resets"
	# That kernel has nothing else.
	[ "$kernel" != kcsan ] || return 0
	soak sctp 40
	soak mptcp 40
	soak vsock 40
}

build() {
	local kunit

	make_for "$release" module kuser
	make -s -C "$self"
	make -s -C "$here/../rsess"
	kunit=$("$here/kunit/build.sh" "$release")
	make_for "$release" KUNIT="$kunit" module
}

need_packages gcc:gcc make:make nft:nftables tcpkill:dsniff ip:iproute2 \
	/usr/include/stdio.h:libc6-dev /usr/include/liburing.h:liburing-dev \
	/usr/src/linux-source-6.1.tar.xz:linux-source-6.1 xz:xz-utils \
	/usr/bin/python3:python3 systemd-socket-activate:systemd
build >&2

set -o pipefail
for name in "${parts[@]}"; do
	run_part "$name"
done
"$self/tap_total.sh" --tell "$log"
