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

choose_kernel "${1:-6.1}"
script=${2:-run.sh}
slow=$(slowness_of "$release")
need_packages gcc:gcc make:make nft:nftables tcpkill:dsniff ip:iproute2 \
	/usr/include/stdio.h:libc6-dev
programs=$("$here/apps/packages.sh" nginx curl redis-server redis-tools \
	postgresql openssh-server openssh-client iperf3 rsync python3 \
	apache2-utils)
make_for "$release" module
make -s -C "$root/tools/rsess"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
set -o pipefail
"$here/vm/run" --kernel "$release" --mem "$(memory_of "$release")" \
	--timeout $((1800 * slow)) -- env RSESS_SLOW=$slow \
	"$here/apps/$script" --packages "$programs" "${@:3}" |
	tee "$log" || status=$?
"$here/selftests/net/rsess/tap_total.sh" "$log" || exit $((status ? status : 1))
exit $status
