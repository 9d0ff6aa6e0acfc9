#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check-watch": what one watches sessions with, in VMs: Wireshark's dissector and
# the scripts of bpftrace.
#
# usage: watch.sh [RELEASE|SERIES]

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

vm() {
	"$here/vm/run" --kernel "$release" --timeout 1200 "$@"
}

choose_kernel "${1:-6.1}"
need_packages gcc:gcc make:make nft:nftables ip:iproute2 tshark:tshark tcpdump:tcpdump \
	bpftrace:bpftrace /usr/bin/python3:python3 /usr/include/stdio.h:libc6-dev
make_for "$release" module
make -s -C "$here/selftests/net/rsess" "$tree"/build/selftests/{sctpkill,rsess_cat}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
# Programs of BPF change the kernel's code while it runs.
{ vm -- "$here/watch/capture.sh" || status=1
	vm --one-thread -- "$here/watch/scripts.sh" || status=1; } > >(tee "$log")
wait $!
"$here/selftests/net/rsess/tap_total.sh" "$log" || status=1
exit $status
