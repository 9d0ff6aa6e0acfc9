#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Users of TCP in the kernel whose sockets rsess_adopt.ko makes sessions, in a VM.
#
# usage: adopters.sh [RELEASE|SERIES [SCRIPT...]]
#
# A SCRIPT is one of adopters/; none is all. What it needs of a machine is in the table
# below.

set -eu
here=$(dirname "$(readlink -f "$0")")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

# NAME, memory, size of the disk, packages of Debian
scripts='
nfs	256M	1G	nfs-kernel-server
'

# run NAME MEMORY DISK PACKAGE...
run() {
	local packages

	packages=$("$here/apps/packages.sh" "${@:4}")
	"$here/vm/run" --kernel "$release" --mem "$2" --disk "$3" --timeout 1200 \
		-- "$here/adopters/$1.sh" --packages "$packages"
}

# wanted NAME SCRIPT...
wanted() {
	[ $# -eq 1 ] || [[ " ${*:2} " == *" $1 "* ]]
}

choose_kernel "${1:-6.1}"
[ $# -eq 0 ] || shift
need_packages gcc:gcc make:make ip:iproute2 /usr/bin/python3:python3 \
	mkfs.ext4:e2fsprogs mkswap:util-linux
make_for "$release" module
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
while read -r name memory disk packages; do
	[ -n "$name" ] && wanted "$name" "$@" || continue
	# shellcheck disable=SC2086
	run "$name" "$memory" "$disk" $packages </dev/null || status=$?
done <<<"$scripts" > >(tee "$log")
wait $!
"$here/selftests/net/rsess/tap_total.sh" "$log" || exit $((status ? status : 1))
exit $status
