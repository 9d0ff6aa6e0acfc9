#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make soak": that many resets over random transfers, in a VM.
#
# usage: soak.sh [RELEASE|SERIES|FLAVOUR] [RESETS]
#
# With TRANSPORT=sctp, mptcp or vsock in the environment it is over that.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
self=$here/selftests/net/rsess
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"

choose_kernel "${1:-6.1}"
resets=${2:-1000}
limit=$((600 + resets * 4))
mem=2G
args=(--over "${TRANSPORT:-tcp}")
if is_built "$release"; then
	limit=$((limit * 8))
	mem=4G
	# Each packet of SCTP is several objects that the kernel keeps watch on: with more
	# of them RCU needs minutes.
	[ "${TRANSPORT:-}" != sctp ] || args+=(--workers 2)
fi
need_packages gcc:gcc make:make nft:nftables ip:iproute2 \
	/usr/include/stdio.h:libc6-dev
make_for "$release" module
make -s -C "$self" "$root/build/selftests"/{soak,sctpkill}
exec "$here/vm/run" --kernel "$release" --mem "$mem" --timeout "$limit" -- \
	"$self/soak.sh" --resets "$resets" "${args[@]}"
