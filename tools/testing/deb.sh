#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# "make check-deb": builds the Debian packages, installs them, uses them, purges them.
#
# usage: deb.sh [SERIES...]
#
# A SERIES is one of Debian 12's kernels that the module is built for and loaded in (6.1
# and 6.12). An emulated processor compiles too slowly, so packages are installed in a
# root of its own: this machine's, under a layer that takes all writes. What is in the
# layer then is laid over the guest's root, who loads what DKMS has built. Nothing of this
# machine changes. Installs what it misses.

set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
# shellcheck source-path=SCRIPTDIR source=vm/lib.sh disable=SC1091
. "$here/vm/lib.sh"
# shellcheck source=selftests/net/rsess/lib.sh disable=SC1091
. "$here/selftests/net/rsess/lib.sh"

# DKMS, and what it needs that this machine lacks.
fetch_dkms() {
	local packages

	packages=$(set -o pipefail
		apt-get -qq -s install --no-install-recommends dkms |
			sed -nE 's/^Inst (\S+) (\[\S+\] )?\((\S+) .*/\1=\3/p') || return
	mkdir -p "$tmp/dkms"
	# shellcheck disable=SC2086
	[ -z "$packages" ] || (cd "$tmp/dkms" &&
		apt-get -qq -o APT::Sandbox::User=root download $packages >&2)
}

get_dkms() {
	fetch_dkms 2>/dev/null || { apt-get -qq update >&2 && fetch_dkms; }
}

# In a mount namespace of its own: see deb/root.sh.
in_layer() {
	unshare -m --propagation private "$here/deb/root.sh" "$tmp" "$root/build/deb" \
		"$first" "${releases[@]}"
}

# guest RELEASE OPTION... -- SCRIPT
guest() {
	local options=()

	while [ "$2" != -- ]; do
		options+=("$2")
		set -- "$1" "${@:3}"
	done
	"$here/vm/run" --kernel "$1" --no-module --timeout 600 "${options[@]}" -- \
		"$here/deb/$3" "$tmp/installed.tar" "$version"
}

# Each kernel that DKMS builds for is in the table of those that were tested.
table_has_kernels() {
	local series

	for series in $(sed -n "s/^BUILD_EXCLUSIVE_KERNEL='^(\(.*\)).*/\1/p" \
		"$root/debian/rsess-dkms.dkms" | tr -d '\\' | tr '|' ' '); do
		grep -q "^$series  *" "$root/Documentation/networking/rsess/deploy.rst" ||
			return
	done
}

[ "$(id -u)" -eq 0 ] || { say "only root can install packages"; exit 1; }
[ $# -gt 0 ] || set -- 6.1 6.12
releases=()
for series in "$@"; do
	choose_kernel "$series"
	releases+=("$release")
done
first=${releases[0]}
unset 'releases[0]'
need_packages gcc:gcc make:make ip:iproute2 /usr/bin/python3:python3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$root/debian/changelog")
get_dkms || { say "could not fetch dkms"; exit 1; }

run_all() {
	echo "TAP version 13"
	try deb.packages_are_built_and_lintian_is_silent "$root/tools/deb.sh"
	try deb.table_has_kernels table_has_kernels
	in_layer || failed=1
	# rsess_adopt changes the kernel's code while it runs.
	for release in "$first" "${releases[@]}"; do
		guest "$release" --one-thread -- load.sh || failed=1
	done
	guest "$first" --append module.sig_enforce=1 -- enforce.sh || failed=1
	return $failed
}

status=0
run_all > >(tee "$tmp/log") || status=$?
wait $!
"$here/selftests/net/rsess/tap_total.sh" "$tmp/log" || status=1
exit $status
