#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check-apps": unchanged programs of Debian under rsessrun, in a VM.
#
# usage: apps.sh [RELEASE|SERIES|FLAVOUR [run.sh|field.sh [ARGUMENT...]]]
#
# What the two scripts do, and what they take, they say themselves: see apps/.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

# needs SCRIPT ARGUMENT...: the packages of the programs that it runs
needs() {
	local name

	if [ "$1" != run.sh ]; then
		echo python3 apache2-utils
		return
	fi
	"$here/apps/$1" --list "${@:2}" | while read -r name; do
		sed -n "s/^needs='\(.*\)'$/\1/p" "$here/apps/$name.sh"
	done
}

choose_kernel "${1:-6.1}"
script=${2:-run.sh}
slow=$(slowness_of "$release")
need_packages gcc:gcc make:make nft:nftables tcpkill:dsniff ip:iproute2 \
	/usr/include/stdio.h:libc6-dev
packages=$(needs "$script" "${@:3}")
# shellcheck disable=SC2086
programs=$("$here/apps/packages.sh" $packages)
make_for "$release" module
make -s -C "$root/tools/rsess"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
set -o pipefail
"$here/vm/run" --kernel "$release" --mem "$(memory_of "$release")" \
	--timeout $((4500 * slow)) -- env RSESS_SLOW=$slow \
	"$here/apps/$script" --packages "$programs" "${@:3}" |
	tee "$log" || status=$?
"$here/selftests/net/rsess/tap_total.sh" "$log" || exit $((status ? status : 1))
exit $status
