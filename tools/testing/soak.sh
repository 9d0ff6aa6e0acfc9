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
slow=$(slowness_of "$release")
args=(--over "${TRANSPORT:-tcp}")
if [ "$slow" -gt 1 ]; then
	# Each packet of SCTP is several objects that the kernel keeps watch on: with more
	# of them RCU needs minutes.  One work carries all packets of vsock, in turn: with
	# more of them that is a queue of seconds.
	case ${TRANSPORT:-} in
	sctp | vsock) args+=(--workers 2) ;;
	esac
fi
need_packages gcc:gcc make:make nft:nftables ip:iproute2 \
	/usr/include/stdio.h:libc6-dev
make_for "$release" module
make -s -C "$self" "$root/build/selftests"/{soak,sctpkill}
exec "$here/vm/run" --kernel "$release" --mem "$(memory_of "$release")" \
	--timeout $(((600 + resets * 4) * slow)) -- env RSESS_SLOW="$slow" \
	"$self/soak.sh" --resets "$resets" "${args[@]}"
