#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check-apps": unchanged programs of Debian under rsessrun, in a VM, see
# apps/run.sh.
#
# usage: apps.sh [RELEASE|SERIES|FLAVOUR] [OPTION of run.sh]... [NAME...]

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

choose_kernel "${1:-6.1}"
[ $# -eq 0 ] || shift
slow=1
mem=2G
if is_built "$release"; then
	slow=8
	mem=4G
fi
need_packages gcc:gcc make:make nft:nftables tcpkill:dsniff ip:iproute2 \
	/usr/include/stdio.h:libc6-dev
programs=$("$here/apps/packages.sh" nginx curl redis-server redis-tools \
	postgresql openssh-server openssh-client iperf3 rsync python3 \
	apache2-utils)
make_for "$release" module
make -s -C "$root/tools/rsess"
exec "$here/vm/run" --kernel "$release" --mem "$mem" \
	--timeout $((1800 * slow)) -- env RSESS_SLOW=$slow \
	"$here/apps/run.sh" --packages "$programs" "$@"
